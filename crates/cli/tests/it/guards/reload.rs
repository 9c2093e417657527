//! Rules that change while a session runs.

use serde_json::{Value, json};

use super::world::{World, became};
use crate::client::{Client, PATIENCE};

const LOOSE: &str = "[guard.size]\non = [\"notes.write_note\"]\nlimit = [{ count = 100, per = \"1h\" }]\n";
const STRICT: &str = "[guard.plan]\non = [\"notes.write_note\"]\nwhen = 'args.path != \"plan.md\"'\n";

fn write(agent: &mut Client) -> String {
    became(&agent.call("write_note", json!({"path": "plan.md", "content": "x"})))
}

/// Waits until the boundary has said something, as often as given.
fn says(agent: &Client, what: &str, times: usize) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while agent.complaints().matches(what).count() < times {
        assert!(std::time::Instant::now() < deadline, "it never said `{what}`: {}", agent.complaints());
        std::thread::sleep(std::time::Duration::from_millis(20)); // backoff: another process looks at its files
    }
}

#[test]
fn a_stricter_file_is_taken_over_a_wrong_one_is_not_and_a_weaker_one_waits_for_an_operator() {
    let world = World::new();
    world.configure(LOOSE);
    let mut agent = world.agent();
    assert_eq!(write(&mut agent), "ran");

    world.configure(&format!("{LOOSE}{STRICT}"));
    says(&agent, "the configuration was reloaded", 1);
    assert_eq!(write(&mut agent), "condition-false");

    world.configure(&format!("{LOOSE}{STRICT}[guard.odd]\non = [\"notes.write_nte\"]\nwehn = 1\n"));
    says(&agent, "is wrong, so the old one stays in force", 1);
    assert_eq!(write(&mut agent), "condition-false");

    world.configure(LOOSE);
    says(&agent, "is weaker, so the old one stays in force", 1);
    assert!(agent.complaints().contains("plan"), "{}", agent.complaints());
    assert_eq!(write(&mut agent), "condition-false");

    let word =
        world.lastlook(&["reload", "--accept", "--reason", "the plan may change again"]).output().unwrap();
    assert!(word.status.success(), "{word:?}");
    says(&agent, "the configuration was reloaded", 2);
    assert_eq!(write(&mut agent), "ran");
    assert_eq!(world.effects().len(), 2);
    drop(agent);

    // Each is an entry with both digests, in a record that verifies.
    let verified = world.lastlook(&["verify"]).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let told = world.lastlook(&["log", "--json"]).output().unwrap();
    let lines: Vec<Value> = String::from_utf8(told.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let about =
        lines.iter().filter(|line| line["receipt"].as_str().unwrap().starts_with("configuration")).count();
    // Two reloads and an operator's word.
    assert_eq!(about, 3, "{lines:?}");
}

#[test]
fn a_reload_between_arming_and_the_gate_is_looked_at_again() {
    let world = World::new();
    world.configure(LOOSE);
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", json!({"path": "plan.md", "content": "x"}));
    world.reached();
    world.configure(&format!("{LOOSE}{STRICT}"));
    // The attempt was allowed under the old rules, and stands before the gate while the new ones come into force.
    says(&agent, "the configuration was reloaded", 1);
    world.go();
    assert_eq!(became(&agent.result(asked)), "condition-false");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn what_was_let_off_by_a_guard_that_watched_is_not_let_through_by_one_that_refuses() {
    let world = World::new();
    let once = "[guard.plan]\non = [\"notes.write_note\"]\nonce = \"plan\"\n";
    world.configure(&format!("{once}mode = \"audit\"\n"));
    let mut first = world.agent();
    assert_eq!(write(&mut first), "ran");
    let mut agent = world.paused_at("after:arm");
    let asked = agent.ask("write_note", json!({"path": "plan.md", "content": "y"}));
    world.reached();
    world.configure(once);
    says(&agent, "the configuration was reloaded", 1);
    world.go();
    assert_eq!(became(&agent.result(asked)), "configuration-changed");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn policies_that_forbid_less_or_permit_more_wait_for_an_operator() {
    let world = World::new();
    let all = "@id(\"all\") permit(principal, action, resource);\n";
    let frozen = "@id(\"frozen\") forbid(principal, action == Action::\"notes.write_note\", resource);\n";
    let file = world.file("policy.cedar", &format!("{all}{frozen}"));
    world.configure(&format!("[policy]\nfile = {file:?}\n"));
    let mut agent = world.agent();
    assert_eq!(write(&mut agent), "policy-denied");

    world.file("policy.cedar", all);
    says(&agent, "is weaker, so the old one stays in force", 1);
    assert!(agent.complaints().contains("`frozen` no longer forbids"), "{}", agent.complaints());
    assert_eq!(write(&mut agent), "policy-denied");

    // More that is forbidden is taken over.
    let more = "@id(\"more\") forbid(principal, action == Action::\"notes.delete_note\", resource);\n";
    world.file("policy.cedar", &format!("{frozen}{all}{more}"));
    says(&agent, "the configuration was reloaded", 1);
    assert_eq!(became(&agent.call("delete_note", json!({"path": "plan.md"}))), "policy-denied");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_secret_that_changed_is_noticed_and_never_shown() {
    let world = World::new();
    // What a server's environment holds is a secret: here, which folder it serves.
    for (folder, status) in [("hunter1", "open"), ("hunter2", "paid")] {
        std::fs::create_dir(world.at(folder)).unwrap();
        std::fs::write(world.at(folder).join("plan.md"), format!(r#"{{"status":"{status}"}}"#)).unwrap();
    }
    let serve = format!("exec '{}' demo-notes-server \"$NOTES\"", env!("CARGO_BIN_EXE_lastlook"));
    let rules = |folder: &str| {
        format!(
            "[upstream.side]\ncommand = {}\nenv = {{ NOTES = {:?} }}\nprofile = \"none\"\n\
             [tool.\"side.read_note\"]\nclass = \"read\"\n\
             [fact.plan]\nmcp = {{ tool = \"side.read_note\", args = {{ path = \"plan.md\" }} }}\n\
             [guard.paid]\non = [\"notes.write_note\"]\nwhen = 'now.plan.status == \"paid\"'\n",
            json!(["/bin/sh", "-c", serve]),
            world.at(folder)
        )
    };
    world.configure(&rules("hunter1"));
    let mut agent = world.agent();
    assert_eq!(write(&mut agent), "condition-false");
    world.configure(&rules("hunter2"));
    // Another environment is another server, so an operator has a word in it.
    says(&agent, "upstream `side` is started differently", 1);
    assert_eq!(write(&mut agent), "condition-false");
    let word = world.lastlook(&["reload", "--accept", "--reason", "a new key"]).output().unwrap();
    assert!(word.status.success(), "{word:?}");
    says(&agent, "the configuration was reloaded", 1);
    assert_eq!(write(&mut agent), "ran");
    assert!(!agent.complaints().contains("hunter"), "{}", agent.complaints());
}

#[test]
fn what_waits_for_a_restart_is_named_and_who_acts_stays_who_it_was() {
    let world = World::new();
    let who = |id: &str| {
        format!(
            "[principal]\nid = '{id}'\n[guard.who]\non = [\"notes.write_note\"]\nwhen = 'principal == User::\"ada\"'\n"
        )
    };
    world.configure(&who("User::\"ada\""));
    let mut agent = world.agent();
    assert_eq!(write(&mut agent), "ran");
    let file = world.configure(&who("Robot::\"r\""));
    let text =
        std::fs::read_to_string(&file).unwrap().replace("[defaults]\n", "[defaults]\nreceipt_meta = false\n");
    world.file("lastlook.toml", &text);
    says(&agent, "not before a restart: [principal] id, [defaults]", 1);
    assert_eq!(write(&mut agent), "ran");
    drop(agent);
    assert_eq!(write(&mut world.agent()), "condition-false");
}
