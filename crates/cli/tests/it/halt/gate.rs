//! The lock that processes share at their gates: stuck, removed, left behind.

use std::fs::File;

use serde_json::json;

use super::{fails, halt, receipts, write};
use crate::guards::world::{World, became};

#[test]
fn a_process_that_does_not_leave_its_gate_is_named_and_everything_else_is_stopped_all_the_same() {
    let world = World::new();
    world.configure("");
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    // Stands for a process that was stopped inside of its gate: it holds the lock as that would.
    let stuck = File::open(world.at("state/gate")).unwrap();
    stuck.lock_shared().unwrap();
    let (code, said) = fails(&world, &["halt", "--all", "--reason", "an incident"]);
    assert_eq!(code, 4, "{said}");
    let pid = std::process::id();
    assert!(said.contains(&format!("process {pid} has been inside its gate for 5 s")), "{said}");
    assert!(said.contains("is on record and holds") && said.contains(&format!("kill -9 {pid}")), "{said}");
    world.go();
    assert_eq!(became(&agent.result(asked)), "halted");
    assert_eq!(world.effects(), Vec::<String>::new());
    stuck.unlock().unwrap();
    assert_eq!(receipts(&halt(&world, &["--all"]), "in_flight"), Vec::<String>::new());
}

#[test]
fn while_somebody_shuts_it_nothing_passes_and_then_everything_goes_on() {
    let world = World::new();
    world.configure("");
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", json!({"path": "a.md", "content": "x"}));
    world.reached();
    let shutting = File::open(world.at("state/gate")).unwrap();
    shutting.lock().unwrap();
    world.go();
    // It waits for the lock; the rest of the process does not.
    assert_eq!(super::read(&mut agent, "plan.md"), "ran");
    assert_eq!(world.effects(), Vec::<String>::new());
    shutting.unlock().unwrap();
    assert_eq!(became(&agent.result(asked)), "ran");
}

#[test]
fn a_gate_that_was_removed_is_shut() {
    for file in ["state/gate", "state/writers/1.flight"] {
        let world = World::new();
        world.configure("");
        let mut agent = world.agent();
        assert_eq!(write(&mut agent, "a.md"), "ran");
        std::fs::remove_file(world.at(file)).unwrap();
        // Whoever halts would write into another file of that name, and learn of nothing.
        assert_eq!(write(&mut agent, "b.md"), "store-unavailable", "{file}");
        assert_eq!(world.effects(), ["a.md"]);
        drop(agent);
        assert_eq!(write(&mut world.agent(), "b.md"), "ran", "{file}");
    }
}
