//! What a grant covers, and what it does not.

use serde_json::json;

use super::rig::{bob, call, finance, give, is_held, listed, revoke, world};
use crate::approvals::people::json_of;
use crate::client::Client;
use crate::guards::served::Says;
use crate::guards::world::{Lost, became};

#[test]
fn a_grant_is_for_one_tool_one_principal_one_agent_and_its_resources() {
    let both = finance("resource = 'Note::\"${args.path}\"'")
        .replace("[\"notes.write_note\"]", "[\"notes.write_note\", \"notes.delete_note\"]");
    let world = world(&both);
    let mut agent = world.agent();
    let mut n = 0;
    let mut held = |words: &[&str]| {
        let grant = give(&world, "ada", words);
        n += 1;
        is_held(&call(&mut agent, n));
        revoke(&world, &grant);
    };
    held(&["--to", "User::\"another\""]);
    held(&["--tool", "notes.delete_note"]);
    held(&["--agent", "another"]);
    held(&["--resource", "Note::\"note-99.md\""]);
    held(&["--resource", "Notes::\"note-5.md\"", "--resource", "Note::\"note-50.md\""]);
    assert_eq!(world.effects(), Vec::<String>::new());
    give(
        &world,
        "ada",
        &[
            "--agent",
            "a test",
            "--resource",
            "Note::\"x\"",
            "--resource",
            "Note :: \"note\\u{2d}7.md\"",
            "--to",
            "User :: \"agent\"",
        ],
    );
    assert_eq!(became(&call(&mut agent, 7)), "ran");
    is_held(&call(&mut agent, 8));
    assert_eq!(world.effects(), ["note-7.md"]);
}

#[test]
fn its_condition_is_judged_on_what_is_true_at_the_look() {
    let world = world(&finance("facts = [\"rate\"]"));
    let mut agent = world.agent();
    give(&world, "ada", &["--when", "args.content == \"text 1\" && now.rate.body.status == \"paid\""]);
    is_held(&call(&mut agent, 2));
    world.rate.json(r#"{"status":"open","n":5}"#);
    is_held(&call(&mut agent, 1));
    // What cannot be evaluated is not covered: people are asked.
    world.rate.json(r#"{"n":5}"#);
    is_held(&call(&mut agent, 1));
    world.rate.say(Says::Nothing);
    assert_ne!(became(&call(&mut agent, 1)), "ran");
    assert_eq!(world.effects(), Vec::<String>::new());
    world.rate.json(r#"{"status":"paid","n":5}"#);
    assert_eq!(became(&call(&mut agent, 1)), "ran");
    drop(agent);
    world.verifies();
}

/// Between arming and the look the world moves out of the condition: nothing runs, and people are asked.
#[test]
fn a_condition_must_still_hold_when_it_is_looked_at_once_more() {
    let world = world(&finance("facts = [\"rate\"]"));
    let grant = give(&world, "ada", &["--when", "now.rate.body.status == \"paid\"", "--uses", "1"]);
    let mut agent = world.paused_at("after:arm");
    let asked = agent.ask("write_note", json!({"path": "note-1.md", "content": "x"}));
    world.reached();
    assert_eq!(listed(&world, &[&grant])[0]["reserved"], json!("1"));
    world.rate.json(r#"{"status":"open","n":5}"#);
    world.go();
    is_held(&agent.result(asked));
    assert_eq!(world.effects(), Vec::<String>::new());
    // It was not used: it is good for another.
    let one = &listed(&world, &[&grant])[0];
    assert_eq!((&one["used"], &one["reserved"]), (&json!("0"), &json!("0")));
    world.rate.json(r#"{"status":"paid","n":5}"#);
    assert_eq!(became(&call(&mut world.agent(), 2)), "ran");
    drop(agent);
    world.verifies();
}

#[test]
fn a_limit_is_summed_up_over_all_that_ran() {
    let world = world(&finance(""));
    // The server takes no number: what it is given as text counts, and runs.
    give(&world, "ada", &["--limit", "args.content=10"]);
    let mut agent = world.agent();
    let mut write = |path: &str, content: &str| {
        became(&agent.call("write_note", json!({"path": path, "content": content})))
    };
    assert_eq!(write("a.md", "6"), "ran");
    assert_eq!(write("b.md", "4.5"), "approval-required");
    assert_eq!(write("c.md", "many"), "approval-required");
    assert_eq!(write("d.md", "-3"), "approval-required");
    assert_eq!(write("e.md", "4"), "ran");
    assert_eq!(write("f.md", "0.1"), "approval-required");
    assert_eq!(world.effects(), ["a.md", "e.md"]);
    drop(agent);
    world.verifies();
}

/// What may have happened keeps its part of the grant until somebody says how it ended.
#[test]
fn a_use_whose_outcome_nobody_knows_stays_taken() {
    let world = world(&finance(""));
    world.loses(Lost::Unsaid);
    let grant = give(&world, "ada", &["--uses", "1"]);
    let mut agent = world.paused_at("after:gate");
    let _ = agent.ask("write_note", json!({"path": "note-1.md", "content": "x"}));
    world.reached();
    agent.kill();
    let mut agent = world.agent();
    is_held(&call(&mut agent, 2));
    assert_eq!(listed(&world, &[&grant])[0]["reserved"], json!("1"));
    let verified = json_of(&world.lastlook(&["verify", "--json"]).output().unwrap());
    let unknown = verified["attempts"]["unknown"][0].as_str().unwrap_or_else(|| panic!("{verified}"));
    let said =
        world.lastlook(&["resolve", unknown, "--as", "failed", "--reason", "looked"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    assert_eq!(became(&call(&mut agent, 2)), "ran");
    assert_eq!(world.effects(), ["note-2.md"]);
    drop(agent);
    world.verifies();
}

#[test]
fn another_giver_takes_over_where_one_grant_is_used_up() {
    let world = world(&finance(""));
    bob(&world);
    give(&world, "ada", &["--uses", "1"]);
    give(&world, "bob", &["--uses", "1"]);
    let mut agent: Client = world.agent();
    assert_eq!(became(&call(&mut agent, 1)), "ran");
    assert_eq!(became(&call(&mut agent, 2)), "ran");
    is_held(&call(&mut agent, 3));
    assert_eq!(world.effects().len(), 2);
}
