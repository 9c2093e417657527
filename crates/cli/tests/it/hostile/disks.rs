//! Disks that take no more, before the effect and after it.
//!
//! The boundary gets a limit on the size of the files it writes while it runs (`prlimit`), so that the next flush fails at
//! exactly the moment the test chose; the server beside it does not have it.

use std::time::Instant;

use lastlook_ledger::Kind;
use rustix::process::{Resource, Rlimit, prlimit};
use serde_json::{Value, json};

use super::client::{Client, PATIENCE, text_of};
use super::rig::World;

/// Nothing can be written at all.
const NOTHING: u64 = 0;
/// The log can be written; the ballast of 4 MiB cannot be laid down again.
const NO_BALLAST: u64 = 3 << 20;

impl Client {
    /// From now on the boundary can write files up to this size only.
    fn limit_files(&self, bytes: u64) {
        set_limit(self, Some(bytes));
    }

    fn lift_limit(&self) {
        set_limit(self, None);
    }
}

fn set_limit(client: &Client, bytes: Option<u64>) {
    prlimit(Some(client.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

fn code_of(answer: &Value) -> Value {
    answer["result"]["_meta"]["dev.lastlook/verdict"]["codes"][0].clone()
}

fn sentence_of(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

/// Repeats a call until it is no longer refused: the ballast is tried once a second.
fn until_it_runs(client: &mut Client, key: &str) -> Value {
    let deadline = Instant::now() + PATIENCE;
    let mut n = 0;
    loop {
        let answer = client.set(&format!("{key}-{n}"), key, &n.to_string());
        if answer["result"]["isError"] != true {
            return answer;
        }
        assert!(Instant::now() < deadline, "still refused: {answer}");
        n += 1;
    }
}

#[test]
fn an_intent_that_cannot_be_recorded_is_not_sent() {
    let world = World::new();
    let mut client = world.open(&[]);
    world.ran(&client.set("before", "alpha", "1"), "succeeded", "answer");
    client.limit_files(NOTHING);
    for id in ["one", "two"] {
        let answer = client.set(id, "alpha", "2");
        assert_eq!(
            (&answer["result"]["isError"], code_of(&answer)),
            (&json!(true), json!("store-unavailable"))
        );
        assert!(sentence_of(&answer).contains("nothing runs unrecorded"), "{answer}");
        assert_eq!(answer["result"]["_meta"]["dev.lastlook/verdict"]["receipt"], Value::Null);
    }
    // Reads go on.
    assert_eq!(text_of(&client.get("read", "alpha")), "1");
    assert_eq!(world.effects().len(), 1);
    client.lift_limit();
    client.get("again", "alpha");
    until_it_runs(&mut client, "alpha");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 2);
}

#[test]
fn an_outcome_that_cannot_be_recorded_is_said_so_and_stops_effects_until_it_can() {
    let world = World::new();
    let mut client = world.open(&[]);
    let arguments = json!({"key": "alpha", "value": "1", "mode": "hold"});
    client.ask("\"write\"", "set", arguments.clone());
    client.arrived("alpha");
    client.limit_files(NOTHING);
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
    let answer = client.answer("write");
    assert_eq!((&answer["result"]["isError"], code_of(&answer)), (&json!(true), json!("unrecorded")));
    let says = sentence_of(&answer);
    assert!(says.contains("may have happened") && says.contains("Nothing more will run"), "{says}");
    let stopped = client.set("stopped", "beta", "1");
    assert_eq!(code_of(&stopped), "unrecorded");
    assert_eq!(world.effects().len(), 1);

    client.lift_limit();
    world.ran(&until_it_runs(&mut client, "beta"), "succeeded", "answer");
    client.end_quietly();
    // The outcome that was owed came first.
    let record = world.check();
    let outcomes: Vec<&Value> = record
        .iter()
        .filter(|entry| entry.kind == Kind::Outcome)
        .map(|entry| &entry.body["outcome"])
        .collect();
    assert_eq!(outcomes, ["succeeded", "succeeded"]);
    assert_eq!(world.effects().len(), 2);
}

#[test]
fn without_the_ballast_outcomes_are_recorded_and_effects_are_not_begun() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1", "mode": "hold"}));
    client.arrived("alpha");
    client.limit_files(NO_BALLAST);
    std::fs::remove_file(world.state().join("reserve")).unwrap();
    let refused = client.set("refused", "beta", "1");
    assert_eq!(code_of(&refused), "store-full");
    assert!(sentence_of(&refused).contains("make room"), "{refused}");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
    let answer = client.answer("write");
    assert_eq!(world.effects().len(), 1);
    client.lift_limit();
    until_it_runs(&mut client, "beta");
    client.end_quietly();
    world.ran(&answer, "succeeded", "answer");
    world.check();
    assert_eq!(world.effects().len(), 2);
}

/// A boundary that ends while it owes a record leaves the attempt armed: the next one finds it.
#[test]
fn what_was_never_recorded_is_unknown_to_the_next_session() {
    let world = World::new();
    let mut client = world.open(&[]);
    let arguments = json!({"key": "alpha", "value": "1", "mode": "hold"});
    client.ask("\"write\"", "set", arguments.clone());
    client.arrived("alpha");
    client.limit_files(NOTHING);
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
    assert_eq!(code_of(&client.answer("write")), "unrecorded");
    client.end();
    let mut next = world.open(&[]);
    world.refused(&next.call("again", "set", arguments), "in-doubt");
    next.end_quietly();
    let record = world.check();
    assert!(record.iter().any(|entry| entry.body["evidence"] == "writer-died"));
    assert_eq!(world.effects().len(), 1);
}

/// The database is taken away under the boundary's feet: what is open stays open, and the record is still one.
#[test]
fn a_database_made_unreadable_meanwhile_refuses_and_sends_nothing() {
    let world = World::new();
    let mut client = world.open(&[]);
    world.ran(&client.set("before", "alpha", "1"), "succeeded", "answer");
    client.end_quietly();
    let database = world.state().join("lastlook.db");
    let whole = std::fs::read(&database).unwrap();
    let mut client = world.open(&[]);
    let half = std::fs::OpenOptions::new().write(true).open(&database).unwrap();
    half.set_len(whole.len() as u64 / 2).unwrap();
    let answer = client.set("during", "alpha", "2");
    // Whether the pages it needs are still in its cache or not: never an effect without a record.
    let ran = answer["result"]["isError"] != true;
    assert_eq!(world.effects().len(), if ran { 2 } else { 1 }, "{answer}");
    assert!(ran || !sentence_of(&answer).is_empty());
    client.end();
}
