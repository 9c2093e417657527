//! A halt at every moment of an effect's life, in one process and beside it.

use serde_json::json;

use super::{arrived, halt, note_of, receipts, resume, said, slow_agent, write};
use crate::client::Client;
use crate::guards::world::{Lost, World, became};

/// What a call that stands still becomes when everything is halted meanwhile.
fn halted_at(point: &str) -> (World, String) {
    let world = World::new();
    world.configure("");
    let mut agent = world.paused_at(point);
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    let ack = halt(&world, &["--all"]);
    assert_eq!(receipts(&ack, "in_flight"), Vec::<String>::new(), "{point}: it has not passed the gate");
    world.go();
    let told = became(&agent.result(asked));
    (world, told)
}

#[test]
fn a_halt_before_the_gate_prevents_wherever_the_attempt_stands() {
    for point in ["before:arm", "after:arm", "before:look", "after:look", "before:gate"] {
        let (world, told) = halted_at(point);
        assert_eq!(told, "halted", "{point}");
        assert_eq!(world.effects(), Vec::<String>::new(), "{point}");
    }
}

#[test]
fn a_halt_before_the_gate_prevents_in_audit_mode_too() {
    let world = World::new();
    world.configure("");
    let mut command = world.lastlook(&["mcp", "--upstream", "notes", "--audit"]);
    command.env("LASTLOOK_PAUSE_AT", format!("after:look={}", world.at("pause").display()));
    let mut agent = Client::spawn(&mut command);
    agent.initialize();
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    halt(&world, &["--upstream", "notes"]);
    world.go();
    assert_eq!(became(&agent.result(asked)), "halted");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn what_is_out_of_scope_is_looked_at_again_and_runs() {
    let world = World::new();
    world.configure("");
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    halt(&world, &["--tool", "notes.delete_note"]);
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
    assert_eq!(world.effects(), ["a.md"]);
}

#[test]
fn a_halt_ended_before_the_gate_is_reached_holds_nothing_up() {
    let world = World::new();
    world.configure("");
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    halt(&world, &["--all"]);
    resume(&world, &["--all"]);
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
}

#[test]
fn what_had_passed_is_listed_by_every_halt_until_its_outcome_is_on_record() {
    let world = World::new();
    world.configure("");
    let mut agent = world.paused_at("after:gate");
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    for scope in [["--tool", "notes.write_note"], ["--upstream", "notes"], ["--agent", "a test"]] {
        let ack = halt(&world, &scope);
        let listed = receipts(&ack, "in_flight");
        assert_eq!(listed.len(), 1, "{scope:?}: {ack}");
        assert_eq!(note_of(&world, &listed[0]), "a.md");
    }
    let elsewhere = halt(&world, &["--tool", "notes.delete_note"]);
    assert_eq!(receipts(&elsewhere, "in_flight"), Vec::<String>::new(), "it is not in that scope");
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran", "past the gate it is not taken back");
    assert_eq!(world.effects(), ["a.md"]);
    assert_eq!(receipts(&halt(&world, &["--all"]), "in_flight"), Vec::<String>::new(), "it has ended");
}

#[test]
fn a_halt_waits_for_no_server_and_lists_what_hangs_in_it() {
    let world = World::new();
    world.configure("");
    let mut agent = slow_agent(&world, 3_600_000);
    let hanging = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    let cancelled = agent.ask("write_note", json!({"path": "b.md", "content": "x"}));
    arrived(&world, 2);
    agent.notify("notifications/cancelled", json!({"requestId": cancelled.0}));
    let unknown = || said(&world, &["halts", "--json"]).is_object() && unknowns(&world) == 1;
    let deadline = std::time::Instant::now() + crate::client::PATIENCE;
    while !unknown() {
        assert!(std::time::Instant::now() < deadline, "the cancelled one is never given up");
        std::thread::sleep(std::time::Duration::from_millis(20)); // backoff: another process waits for an answer
    }
    let ack = halt(&world, &["--all"]);
    let (in_flight, unknown) = (receipts(&ack, "in_flight"), receipts(&ack, "unknown"));
    assert_eq!(in_flight.iter().map(|id| note_of(&world, id)).collect::<Vec<_>>(), ["a.md"], "{ack}");
    // Its outcome is on record as unknown, and it may happen yet: to leave it out would be a lie.
    assert_eq!(unknown.iter().map(|id| note_of(&world, id)).collect::<Vec<_>>(), ["b.md"], "{ack}");
    assert_eq!(write(&mut agent, "c.md"), "halted");
    let _ = hanging;
}

fn unknowns(world: &World) -> usize {
    let log = world.lastlook(&["log", "--json", "--outcome", "unknown"]).output().unwrap();
    String::from_utf8(log.stdout).unwrap().lines().count()
}

#[test]
fn two_processes_on_one_state_are_stopped_by_one_word() {
    let world = World::new();
    world.configure("");
    let mut still = world.paused_at("after:look");
    let mut other = world.agent();
    assert_eq!(write(&mut other, "other.md"), "ran");
    let asked = still.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    halt(&world, &["--all"]);
    assert_eq!(write(&mut other, "b.md"), "halted");
    world.go();
    assert_eq!(became(&still.result(asked)), "halted");
    assert_eq!(world.effects(), ["other.md"]);
}

#[test]
fn what_a_killed_process_had_let_pass_is_listed_and_what_it_had_not_is_not() {
    for (point, listed) in [("after:look", 0), ("before:gate", 0), ("after:gate", 1), ("before:send", 1)] {
        let world = World::new();
        world.configure("");
        world.loses(Lost::Unsaid);
        let mut command = world.lastlook(&["mcp", "--upstream", "notes"]);
        command.env("LASTLOOK_CRASH_AT", point);
        let mut dies = Client::spawn(&mut command);
        dies.initialize();
        dies.ask("write_note", json!({"path": "a.md", "content": "x"}));
        dies.wait();
        drop(dies);
        let ack = halt(&world, &["--all"]);
        assert_eq!(receipts(&ack, "in_flight").len(), listed, "{point}: {ack}");
        assert_eq!(receipts(&ack, "unknown").len(), 0, "{point}: {ack}");
        // The next life of that writer marks what it left: from then on nobody knows how it ended.
        let mut next = world.agent();
        assert_eq!(write(&mut next, "b.md"), "halted", "{point}");
        let ack = halt(&world, &["--all"]);
        assert_eq!(receipts(&ack, "in_flight").len(), 0, "{point}: {ack}");
        assert_eq!(receipts(&ack, "unknown").len(), 1, "{point}: {ack}");
        assert_eq!(world.effects(), Vec::<String>::new(), "{point}");
    }
}
