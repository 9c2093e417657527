//! When people are asked, about what, and what they are shown.

use std::time::Duration;

use serde_json::{Value, json};

use super::people::{
    again, approve, asks, finance, held, introduce, json_of, refused, request_of, state_of, waiting,
};
use crate::guards::served::Says;
use crate::guards::world::{World, became, write_args};
use crate::real::rig::clean;

#[test]
fn only_what_the_condition_asks_about_waits() {
    let world = World::new();
    world.configure(&asks("approve = { when = 'args.path != \"plan.md\"', by = 'Role::\"finance\"' }"));
    let mut agent = world.agent();
    assert_eq!(again(&mut agent), "ran");
    request_of(&agent.call("write_note", json!({"path": "other.md", "content": "x"})));
    // What is refused anyway asks nobody.
    drop(agent);
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nwhen = 'args.path == \"other.md\"'"));
    let mut agent = world.agent();
    assert_eq!(again(&mut agent), "condition-false approval-required");
    assert_eq!(waiting(&world).len(), 1);
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn what_people_are_shown_hides_nothing() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nwhen = 'now.rate.body.n == 5'"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    // What is refused in arguments may stand in facts; and some of what terminals fall for is ordinary text.
    let evil = "safe\u{202e}txt.exe\u{200b}\u{1b}[2J<script>alert(1)</script>";
    world.rate.json(&json!({"status": evil, "n": 5}).to_string());
    let text = "one\u{2028}two 👩\u{200d}🚀";
    let answer = agent.call("write_note", json!({"path": "plan.md", "content": text}));
    let request = request_of(&answer);
    for words in [vec!["approvals"], vec!["approvals", &request], vec!["approvals", &request, "--json"]] {
        let page = world.lastlook(&words).output().unwrap();
        let page = String::from_utf8(page.stdout).unwrap();
        assert!(!page.contains(['\u{202e}', '\u{200b}', '\u{200d}', '\u{1b}', '\u{2028}']), "{page:?}");
    }
    let whole = json_of(&world.lastlook(&["approvals", &request, "--json"]).output().unwrap());
    assert_eq!(whole["arguments"]["content"], json!(text));
    assert!(whole["facts"].to_string().contains("txt.exe"), "{whole}");
}

#[test]
fn a_flood_of_requests_has_an_end() {
    let world = World::new();
    world.configure(&finance());
    let mut agent = world.agent();
    let mut became_last = String::new();
    for n in 0..101 {
        let answer: Value = agent.call("write_note", write_args(n));
        became_last = became(&answer);
    }
    assert_eq!(became_last, "too-many-held");
    assert_eq!(waiting(&world).len(), 100);
}

#[test]
fn a_call_may_wait_for_people_and_says_so_meanwhile() {
    let world = World::new();
    let file = world.configure(&finance());
    let text = std::fs::read_to_string(&file).unwrap();
    world.file("lastlook.toml", &text.replace("[defaults]\n", "[defaults]\nwait_for_approval = \"60s\"\n"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let asked = agent.request(
        "tools/call",
        json!({"name": "write_note", "arguments": write_args(1), "_meta": {"progressToken": "p-1"}}),
    );
    let told = agent.notification("notifications/progress");
    assert_eq!(told["params"]["progressToken"], json!("p-1"), "{told}");
    let waits = waiting(&world);
    assert!(told["params"]["message"].as_str().unwrap().contains(&waits[0]), "{told} {waits:?}");
    assert_eq!(approve(&world, &waits[0], "ada"), "approved");
    assert_eq!(became(&agent.result(asked)), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_server_that_could_approve_for_people_is_not_started() {
    let world = World::new();
    let file = world.configure(&finance());
    // The notes server is handed a folder that the rules lie in.
    let inside = world.at("notes/lastlook.toml");
    world.file("notes/lastlook.toml", &std::fs::read_to_string(file).unwrap());
    let mut command = clean(env!("CARGO_BIN_EXE_lastlook"), &world.at("home"), &world.at("unused"));
    command
        .args(["mcp", "--upstream", "notes", "--state"])
        .arg(world.at("state"))
        .arg("--config")
        .arg(inside);
    let said = command.output().unwrap();
    let told = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(2), "{told}");
    assert!(told.contains("guard `paid` asks people to approve"), "{told}");
}

#[test]
fn whether_there_is_anybody_to_ask_is_told_beforehand() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', quorum = 2 }"));
    let told = |world: &World| {
        let said = world.lastlook(&["doctor"]).output().unwrap();
        String::from_utf8(said.stdout).unwrap()
    };
    assert!(
        told(&world).contains("asks 2 of Role::\"finance\": 0 can say yes; what it holds waits"),
        "{}",
        told(&world)
    );
    introduce(&world, "ada", "finance", None);
    introduce(&world, "dee", "sales", Some("ada"));
    assert!(told(&world).contains("1 can say yes; what it holds waits"), "{}", told(&world));
    introduce(&world, "bob", "finance", Some("ada"));
    assert!(told(&world).contains("asks 2 of Role::\"finance\": 2 can say yes\n"), "{}", told(&world));
}

#[test]
fn what_is_different_by_now_is_shown_to_whoever_decides() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nfacts = [\"rate\"]"));
    let mut agent = world.agent();
    let request = held(&mut agent);
    let shown = |world: &World| {
        let said = world.lastlook(&["approvals", &request, "--now"]).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        String::from_utf8(said.stdout).unwrap()
    };
    assert!(shown(&world).contains("read again just now\n  rate: the same"), "{}", shown(&world));
    world.rate.json(r#"{"status":"open","n":5}"#);
    let page = shown(&world);
    let (_, now) =
        page.split_once("read again just now\n  rate: different\n").unwrap_or_else(|| panic!("{page}"));
    assert!(now.contains("\"open\""), "{page}");
    world.rate.say(Says::Nothing);
    assert!(shown(&world).contains("rate: it cannot be read"), "{}", shown(&world));
    // Under the same name another question: its answer is no *now* of what people saw.
    world.rate.json(r#"{"status":"paid","n":5}"#);
    let rules = std::fs::read_to_string(world.at("lastlook.toml")).unwrap();
    world.file("lastlook.toml", &rules.replace(&world.rate.url(), &format!("{}?of=other", world.rate.url())));
    assert!(shown(&world).contains("rate: it asks something else by now"), "{}", shown(&world));
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn only_those_guards_ask_whose_condition_holds_and_one_that_joins_later_is_asked_too() {
    let world = World::new();
    let small = "[guard.small]\non = [\"notes.write_note\"]\napprove = { by = 'Role::\"finance\"' }\n";
    let large = "[guard.large]\non = [\"notes.write_note\"]\n\
                 approve = { when = 'now.rate.body.n > 100', by = 'Role::\"board\"' }\n";
    world.configure(&format!("{small}{large}"));
    introduce(&world, "ada", "finance", None);
    introduce(&world, "bea", "board", Some("ada"));
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert!(refused(&world, "approve", &request, "bea").contains("not among those who are asked"));
    assert_eq!(approve(&world, &request, "ada"), "approved");
    // It is large by now: finance alone is not enough.
    world.rate.json(r#"{"status":"paid","n":500}"#);
    assert_eq!(again(&mut agent), "approval-required");
    assert_eq!(state_of(&world, &request), "void");
    let next = waiting(&world);
    assert_eq!(approve(&world, &next[0], "ada"), "pending");
    assert_eq!(approve(&world, &next[0], "bea"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_guard_made_stricter_while_a_call_waits_holds_for_it() {
    let world = World::new();
    let rules = |quorum: u32| {
        let file =
            world.configure(&asks(&format!("approve = {{ by = 'Role::\"finance\"', quorum = {quorum} }}")));
        let text = std::fs::read_to_string(&file).unwrap();
        world.file(
            "lastlook.toml",
            &text.replace("[defaults]\n", "[defaults]\nwait_for_approval = \"60s\"\n"),
        );
    };
    rules(1);
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let asked = agent.ask("write_note", write_args(1));
    let patience = std::time::Instant::now() + crate::client::PATIENCE;
    while waiting(&world).is_empty() {
        assert!(std::time::Instant::now() < patience, "nothing is held");
    }
    let request = waiting(&world).remove(0);
    rules(2);
    while !agent.complaints().contains("the configuration was reloaded") {
        assert!(std::time::Instant::now() < patience, "{}", agent.complaints());
        std::thread::sleep(Duration::from_millis(20)); // backoff: another process looks at its files
    }
    approve(&world, &request, "ada");
    let answer = agent.result(asked);
    assert_ne!(became(&answer), "ran", "{answer}");
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(state_of(&world, &request), "void");
}

#[test]
fn what_ran_out_makes_room_for_others() {
    let world = World::new();
    world.configure(&finance());
    let mut agent = world.agent();
    for n in 0..100 {
        request_of(&agent.call("write_note", write_args(n)));
    }
    assert_eq!(became(&agent.call("write_note", write_args(200))), "too-many-held");
    world.passes(Duration::from_secs(25 * 3600));
    request_of(&agent.call("write_note", write_args(200)));
    assert_eq!(waiting(&world).len(), 1);
}

#[test]
fn nobody_is_asked_about_what_was_done_already() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nonce = \"plan\""));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(became(&agent.call("write_note", write_args(2))), "once-done");
    assert_eq!(waiting(&world), Vec::<String>::new());
}

#[test]
fn no_other_server_stands_in_for_the_one_that_people_are_asked_about() {
    let step = "[guard.g]\non = [\"notes.delete_note\"]\nafter = [{ tool = \"notes.write_note\", accept = \"succeeded\" }]";
    let procedure = "[procedure.p]\nsteps = [{ tool = \"notes.write_note\", accept = \"succeeded\" }]\n\n\
                     [guard.g]\non = [\"notes.delete_note\"]\nafter = [{ procedure = \"p\" }]";
    let (finance, on_record) = (finance(), "takes `notes.write_note` for a step that was taken");
    for (rules, why) in
        [(finance.as_str(), "asks people to approve"), (step, on_record), (procedure, on_record)]
    {
        let world = World::new();
        world.configure(rules);
        let said = world.lastlook(&["mcp", "--upstream", "notes", "--", "/bin/cat"]).output().unwrap();
        let told = String::from_utf8(said.stderr).unwrap();
        assert_eq!(said.status.code(), Some(2), "{told}");
        assert!(told.contains("no other command can stand in for it") && told.contains(why), "{told}");
    }
}
