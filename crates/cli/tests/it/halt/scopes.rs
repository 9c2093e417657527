//! What a halt stops, and what it does not.

use serde_json::json;

use super::{halt, read, receipts, resume, write};
use crate::client::Client;
use crate::guards::world::{World, became};

#[test]
fn what_is_halted_is_refused_before_anything_and_resumed_it_runs() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    assert_eq!(write(&mut agent, "a.md"), "ran");
    let ack = halt(&world, &["--all"]);
    assert_eq!(receipts(&ack, "in_flight"), Vec::<String>::new());
    assert_eq!(receipts(&ack, "unknown"), Vec::<String>::new());
    let refused = agent.call("write_note", json!({"path": "b.md", "content": "x"}));
    assert_eq!(became(&refused), "halted");
    let sentence = refused["content"].to_string();
    assert!(sentence.contains("operator has halted it") && sentence.contains(ack["halt"].as_str().unwrap()));
    assert!(!sentence.contains("an incident"), "the reason is for people: {sentence}");
    assert_eq!(read(&mut agent, "a.md"), "ran", "what only reads goes on");
    // A session that begins later finds it as well.
    assert_eq!(write(&mut world.agent(), "b.md"), "halted");
    resume(&world, &[ack["halt"].as_str().unwrap()]);
    assert_eq!(write(&mut agent, "b.md"), "ran");
    assert_eq!(world.effects(), ["a.md", "b.md"]);
}

#[test]
fn each_scope_stops_what_it_names_and_nothing_else() {
    let world = World::new();
    world.configure("[principal]\nid = 'User::\"ada\"'\n");
    let mut agent = world.agent();
    assert_eq!(write(&mut agent, "a.md"), "ran");
    for (scope, writes, deletes) in [
        (["--tool", "notes.write_note"], "halted", "ran"),
        (["--tool", "notes.delete_note"], "ran", "halted"),
        (["--upstream", "notes"], "halted", "halted"),
        (["--upstream", "other"], "ran", "ran"),
        (["--principal", "User::\"ada\""], "halted", "halted"),
        (["--principal", "User::\"eve\""], "ran", "ran"),
        (["--agent", "a test"], "halted", "halted"),
        (["--agent", "another"], "ran", "ran"),
    ] {
        halt(&world, &scope);
        assert_eq!(write(&mut agent, "a.md"), writes, "{scope:?}");
        assert_eq!(became(&agent.call("delete_note", json!({"path": "a.md"}))), deletes, "{scope:?}");
        resume(&world, &["--all"]);
        assert_eq!(write(&mut agent, "a.md"), "ran", "{scope:?}");
    }
}

#[test]
fn one_halt_of_two_goes_on_holding_when_the_other_ends() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    let tool = halt(&world, &["--tool", "notes.write_note"]);
    let all = halt(&world, &["--all"]);
    resume(&world, &[tool["halt"].as_str().unwrap()]);
    assert_eq!(write(&mut agent, "a.md"), "halted");
    resume(&world, &[all["halt"].as_str().unwrap()]);
    assert_eq!(write(&mut agent, "a.md"), "ran");
}

#[test]
fn a_client_of_the_stateless_revision_is_known_by_its_own_name_too() {
    let world = World::new();
    world.configure("");
    drop(world.agent());
    halt(&world, &["--agent", "a robot"]);
    let mut agent = Client::spawn(&mut world.lastlook(&["mcp", "--upstream", "notes"]));
    let call = |agent: &mut Client, name: &str| {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": name, "version": "0"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let arguments = json!({"path": "a.md", "content": "x"});
        let params = json!({"name": "write_note", "arguments": arguments, "_meta": meta});
        let asked = agent.request("tools/call", params);
        became(&agent.result(asked))
    };
    assert_eq!(call(&mut agent, "a robot"), "halted");
    assert_eq!(call(&mut agent, "a person"), "ran");
}

#[test]
fn reads_that_are_judged_go_on() {
    let world = World::new();
    world.configure("[guard.seen]\non = [\"notes.read_note\"]\nlimit = [{ count = 100, per = \"1h\" }]\n");
    let mut agent = world.agent();
    halt(&world, &["--all"]);
    assert_eq!(read(&mut agent, "plan.md"), "ran");
    assert_eq!(write(&mut agent, "plan.md"), "halted");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn audit_mode_lets_everything_run_but_what_is_halted() {
    let world = World::new();
    world.configure("[guard.never]\non = [\"notes.write_note\"]\nwhen = 'args.content == \"y\"'\n");
    let mut agent = Client::spawn(&mut world.lastlook(&["mcp", "--upstream", "notes", "--audit"]));
    agent.initialize();
    assert_eq!(write(&mut agent, "a.md"), "ran");
    halt(&world, &["--tool", "notes.write_note"]);
    assert_eq!(write(&mut agent, "b.md"), "halted");
    assert_eq!(world.effects(), ["a.md"]);
    resume(&world, &["--all"]);
    assert_eq!(write(&mut agent, "b.md"), "ran");
}

#[test]
fn nothing_runs_when_nobody_can_tell_what_is_halted() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    let mut watching = Client::spawn(&mut world.lastlook(&["mcp", "--upstream", "notes", "--audit"]));
    watching.initialize();
    assert_eq!(write(&mut agent, "a.md"), "ran");
    let database = rusqlite::Connection::open(world.at("state/lastlook.db")).unwrap();
    database.execute_batch("ALTER TABLE halts RENAME TO gone").unwrap();
    assert_eq!(write(&mut agent, "b.md"), "store-unavailable");
    assert_eq!(write(&mut watching, "b.md"), "store-unavailable");
    assert_eq!(read(&mut agent, "a.md"), "ran");
    database.execute_batch("ALTER TABLE gone RENAME TO halts").unwrap();
    assert_eq!(write(&mut agent, "b.md"), "ran");
    assert_eq!(world.effects(), ["a.md", "b.md"]);
}
