//! Rules about what is on record: steps that were undone, earlier attempts that are counted, effects that never showed, and
//! calendar periods that end while an attempt is under way.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::world::{World, became, write_args};
use crate::client::{Client, PATIENCE};

fn guard(on: &str, parts: &str) -> String {
    format!("[guard.g]\non = [\"notes.{on}\"]\n{parts}\n")
}

fn write(agent: &mut Client, note: &str) -> String {
    became(&agent.call("write_note", json!({"path": note, "content": "paid"})))
}

fn edit(note: &str) -> Value {
    json!({"path": note, "old_text": "paid", "new_text": "paid, and seen"})
}

/// An edit needs the note to have been written before; whoever deletes a note undoes that.
fn undoing(world: &World, about: &str) {
    let step = format!(
        "after = [{{ tool = \"notes.write_note\", where = 'step.args.path == {about}', accept = \"succeeded\" }}]"
    );
    let file = world.configure(&guard("edit_note", &step));
    let text = std::fs::read_to_string(file).unwrap();
    let tool = "[tool.\"notes.delete_note\"]\n";
    assert!(text.contains(tool));
    world.file("lastlook.toml", &text.replace(tool, &format!("{tool}undoes = [\"notes.write_note\"]\n")));
}

#[test]
fn a_step_that_another_tool_undid_counts_again_only_once_it_is_done_again() {
    let world = World::new();
    undoing(&world, "args.path");
    let mut agent = world.agent();
    assert_eq!(became(&agent.call("edit_note", edit("a.md"))), "step-missing");
    assert_eq!(write(&mut agent, "a.md"), "ran");
    assert_eq!(became(&agent.call("edit_note", edit("a.md"))), "ran");
    // What is undone about another note leaves this one's step alone.
    assert_eq!(write(&mut agent, "b.md"), "ran");
    assert_eq!(became(&world.agent().call("delete_note", json!({"path": "b.md"}))), "ran");
    assert_eq!(became(&agent.call("edit_note", edit("a.md"))), "ran");
    let undone = world.agent().call("delete_note", json!({"path": "a.md"}));
    assert_eq!(became(&undone), "ran");
    // Somebody else puts it back, so that only the record refuses.
    world.note("a.md", "paid");
    let refused = agent.call("edit_note", edit("a.md"));
    assert_eq!(became(&refused), "step-undone");
    let by = undone["_meta"]["dev.lastlook/receipt"].as_str().unwrap();
    assert!(refused["content"].to_string().contains(by), "it does not say what undid it: {refused}");
    assert_eq!(write(&mut agent, "a.md"), "ran");
    assert_eq!(became(&agent.call("edit_note", edit("a.md"))), "ran");
    assert_eq!(world.effects(), ["a.md", "a.md", "b.md", "b.md", "a.md", "a.md", "a.md", "a.md"]);
}

#[test]
fn a_step_that_is_undone_or_may_be_at_the_last_instant_does_not_count() {
    for unknown in [false, true] {
        let world = World::new();
        undoing(&world, "\"step.md\"");
        assert_eq!(write(&mut world.agent(), "step.md"), "ran");
        let mut agent = world.paused_at("before:gate");
        let asked = agent.ask("edit_note", edit("plan.md"));
        world.reached();
        if unknown {
            // Deleting what is not there is an error: nobody knows what it did.
            std::fs::remove_file(world.at("notes/step.md")).unwrap();
        }
        let told = became(&world.agent().call("delete_note", json!({"path": "step.md"})));
        assert_eq!(told == "ran", !unknown, "{told}");
        world.go();
        assert_eq!(became(&agent.result(asked)), "step-undone");
        assert!(!world.effects().contains(&"plan.md".to_owned()), "{:?}", world.effects());
    }
}

#[test]
fn a_condition_may_rest_on_how_often_something_was_done_before() {
    let world = World::new();
    let fact = "[fact.writes]\nledger = { tool = \"notes.write_note\", where = 'step.args.path == args.path', within = \"1h\" }\n\n";
    let when = "when = 'now.writes.count < 2 && (!(now.writes has last) || now.writes.last.outcome == \"succeeded\")'";
    world.configure(&format!("{fact}{}", guard("edit_note", when)));
    let mut agent = world.agent();
    let mut tried = || became(&agent.call("edit_note", edit("plan.md")));
    let wrote = |note: &str| assert_eq!(write(&mut world.agent(), note), "ran");
    assert_eq!(tried(), "ran", "nothing was written yet");
    wrote("plan.md");
    assert_eq!(tried(), "ran", "one is less than two");
    wrote("other.md");
    wrote("other.md");
    assert_eq!(tried(), "ran", "another note's are not counted");
    wrote("plan.md");
    assert_eq!(tried(), "condition-false", "two are not less than two");
    world.passes(Duration::from_secs(3_700));
    assert_eq!(tried(), "ran", "neither was within the hour");
    assert_eq!(world.effects().len(), 8);
}

#[test]
fn what_is_counted_as_done_before_is_not_the_attempt_that_asks() {
    let world = World::new();
    let fact = "[fact.writes]\nledger = { tool = \"notes.write_note\" }\n\n";
    world.configure(&format!("{fact}{}", guard("write_note", "when = 'now.writes.count < 2'")));
    let mut agent = world.agent();
    let told = [0, 1, 2].map(|_| write(&mut agent, "a.md"));
    assert_eq!(told, ["ran", "ran", "condition-false"]);
    assert_eq!(world.effects().len(), 2);
}

/// The lines of the log about this attempt, oldest first, once the last of them says this.
fn until(world: &World, receipt: &str, member: &str, wanted: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let printed = world.lastlook(&["log", "--json"]).output().unwrap();
        let lines = serde_json::Deserializer::from_slice(&printed.stdout).into_iter::<Value>();
        let line = lines.map(Result::unwrap).filter(|line| line["receipt"] == receipt).last().unwrap();
        if line[member] == wanted {
            return line;
        }
        assert!(Instant::now() < deadline, "`{member}` never became `{wanted}`: {line}");
        std::thread::sleep(Duration::from_millis(20)); // backoff: the boundary writes to its record
    }
}

fn confirm(within: &str, settle: &str) -> String {
    format!("confirm = {{ when = 'now.rate.body.status == \"void\"', within = \"{within}\"{settle} }}")
}

#[test]
fn an_effect_that_is_absent_when_the_request_can_no_longer_land_contradicts_the_tool() {
    let world = World::new();
    // Still looked for when it has settled: the agent is told, in place of the tool's own word.
    world.configure(&guard("write_note", &confirm("30s", ", settle = \"100ms\"")));
    assert_eq!(write(&mut world.agent(), "a.md"), "contradicted");
    // Nobody says when it has settled: absence proves nothing, however long it is looked for.
    world.configure(&guard("write_note", &confirm("300ms", "")));
    let mut agent = world.agent();
    let ran = agent.call("write_note", write_args(6));
    assert_eq!(became(&ran), "ran");
    until(&world, ran["_meta"]["dev.lastlook/receipt"].as_str().unwrap(), "confirmation", "unconfirmed");
    assert_eq!(world.effects(), ["a.md", "plan.md"]);
    world.verifies();
}

#[test]
fn an_effect_is_looked_for_once_more_when_it_has_settled() {
    for (late, found) in [(false, "contradicted"), (true, "confirmed")] {
        let world = World::new();
        world.configure(&guard("write_note", &confirm("50ms", ", settle = \"5s\"")));
        let mut agent = world.agent();
        let ran = agent.call("write_note", write_args(6));
        // Answered before it has settled: nobody knows yet.
        assert_eq!(became(&ran), "ran");
        if late {
            world.rate.json(r#"{"status":"void","n":5}"#);
        }
        until(&world, ran["_meta"]["dev.lastlook/receipt"].as_str().unwrap(), "confirmation", found);
        assert_eq!(world.effects(), ["plan.md"]);
        world.verifies();
    }
}

#[test]
fn an_unknown_outcome_is_a_failure_once_its_effect_can_no_longer_come_and_frees_what_it_held() {
    let world = World::new();
    let once = "once = \"the one\"";
    world.configure(&guard("edit_note", &format!("{once}\n{}", confirm("50ms", ", settle = \"1s\""))));
    let mut agent = world.agent();
    // An error that may mean anything.
    let odd = json!({"path": "plan.md", "old_text": "not there", "new_text": "x"});
    agent.call("edit_note", odd);
    let printed = world.lastlook(&["log", "--json"]).output().unwrap();
    let line: Value =
        serde_json::from_slice(printed.stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let line = until(&world, line["receipt"].as_str().unwrap(), "confirmation", "contradicted");
    assert_eq!(line["outcome"], "failed", "{line}");
    // The receipt is of how it ended in the end, and a stranger can check it.
    let said = |words: &[&str]| {
        let output = world.lastlook(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let receipt = said(&["receipt", line["receipt"].as_str().unwrap(), "--with-values"]);
    let (receipt, key) =
        (world.file("receipt.json", &receipt), world.file("key.pub", &said(&["keys", "export"])));
    said(&["verify", receipt.to_str().unwrap(), "--key", key.to_str().unwrap()]);
    assert_eq!(became(&agent.call("edit_note", edit("plan.md"))), "ran");
    assert_eq!(world.effects(), ["plan.md"]);
    world.verifies();
}

/// How long it is until the next day has begun, in UTC.
fn until_tomorrow() -> Duration {
    let second = jiff::Timestamp::now().as_second().rem_euclid(86_400);
    Duration::from_secs(86_400 - second.unsigned_abs() + 60)
}

#[test]
fn what_was_counted_in_a_day_does_not_run_in_the_next() {
    for point in ["after:arm", "before:gate"] {
        for (part, full) in [
            ("limit = [{ count = 1, per = \"day\", tz = \"UTC\" }]", "limit-exceeded"),
            ("once = { key = \"the one\", per = \"day\", tz = \"UTC\" }", "once-done"),
        ] {
            let world = World::new();
            world.configure(&guard("write_note", part));
            let mut agent = world.paused_at(point);
            let asked = agent.ask("write_note", write_args(6));
            world.reached();
            world.passes(until_tomorrow());
            world.go();
            assert_eq!(became(&agent.result(asked)), "standing-changed", "{point}, {part}");
            assert_eq!(world.effects(), Vec::<String>::new(), "{point}, {part}");
            // Nothing happened, and so nothing is used up: neither yesterday nor today.
            assert_eq!(write(&mut agent, "a.md"), "ran", "{point}, {part}");
            assert_eq!(write(&mut agent, "b.md"), full, "{point}");
        }
    }
}
