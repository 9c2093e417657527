//! The protocol as it is: no order of its steps breaks a promise.

use std::time::Instant;

use stateright::{Checker as _, Expectation, Model as _};

use super::protocol::Protocol;

/// Goes through every state; `comes_by` must be among them, so many at the least.
fn check(protocol: Protocol, at_least: usize, comes_by: &[&'static str]) {
    let began = Instant::now();
    let checked = protocol.checker().threads(2).spawn_bfs().join();
    let found = checked.discoveries();
    for property in protocol.properties() {
        let path = found.get(property.name);
        if let (Expectation::Always, Some(path)) = (&property.expectation, path) {
            panic!("not so: {}\n{}", property.name, super::weakened::told(path.clone()));
        }
    }
    let missing: Vec<_> = comes_by.iter().filter(|name| !found.contains_key(*name)).collect();
    assert!(missing.is_empty(), "never came by {missing:?}");
    let states = checked.unique_state_count();
    println!("{protocol:?}: {states} states, {:?}", began.elapsed());
    assert!(states >= at_least, "only {states} states");
}

#[test]
fn three_processes_and_whoever_revokes() {
    let protocol = Protocol { processes: 3, revoker: true, deaths: 2, strangers: 2, ..Protocol::default() };
    check(
        protocol,
        90_000,
        &[
            "ran",
            "a loser learns who won",
            "prevented after it was claimed",
            "in flight, and not sent yet",
            "in flight, and ended already",
            "too late to revoke",
            "killed past the gate, and nothing sent",
            "killed before the gate, and found",
            "given back, and used by another",
        ],
    );
}

#[test]
fn three_processes_and_whoever_halts_and_resumes() {
    let protocol = Protocol { processes: 3, halter: true, deaths: 1, ..Protocol::default() };
    check(
        protocol,
        150_000,
        &[
            "ran",
            "a loser learns who won",
            "halted before the gate",
            "halted with one in flight",
            "lifted, and asked anew",
            "lifted after whoever halted had died",
            "killed past the gate, and nothing sent",
        ],
    );
}

#[test]
fn two_processes_and_all_of_them() {
    let protocol = Protocol { processes: 2, revoker: true, halter: true, deaths: 1, ..Protocol::default() };
    check(
        protocol,
        250_000,
        &[
            "prevented after it was claimed",
            "in flight, and not sent yet",
            "halted with one in flight",
            "lifted, and asked anew",
        ],
    );
}
