//! Halt and resume, from outside: real processes on one state, and the tool's own log of what it did (I13, I14).

mod commands;
mod gate;
mod moments;
mod races;
mod scopes;

use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};
use crate::guards::world::{World, became};

/// A halt's answer.
fn halt(world: &World, scope: &[&str]) -> Value {
    let mut words = vec!["halt", "--json", "--reason", "an incident"];
    words.extend(scope);
    said(world, &words)
}

/// Ends halts.
fn resume(world: &World, which: &[&str]) -> Value {
    let mut words = vec!["resume", "--json", "--reason", "it is over"];
    words.extend(which);
    said(world, &words)
}

/// What a command that succeeds prints as JSON.
fn said(world: &World, words: &[&str]) -> Value {
    let done = world.lastlook(words).output().unwrap();
    assert!(done.status.success(), "{words:?}: {done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

/// What a command that fails says: its exit code, its message, its hint.
fn fails(world: &World, words: &[&str]) -> (i32, String) {
    let done = world.lastlook(words).output().unwrap();
    assert!(!done.status.success(), "{words:?}: {done:?}");
    (done.status.code().unwrap(), String::from_utf8(done.stderr).unwrap())
}

fn write(agent: &mut Client, note: &str) -> String {
    became(&agent.call("write_note", json!({"path": note, "content": "x"})))
}

fn read(agent: &mut Client, note: &str) -> String {
    became(&agent.call("read_note", json!({"path": note})))
}

/// The receipts in one list of a halt's answer.
fn receipts(ack: &Value, list: &str) -> Vec<String> {
    ack[list].as_array().unwrap().iter().map(|past| past["receipt"].as_str().unwrap().to_owned()).collect()
}

/// The note that an attempt was about.
fn note_of(world: &World, receipt: &str) -> String {
    said(world, &["show", receipt, "--json"])["arguments"]["value"]["path"].as_str().unwrap().to_owned()
}

/// An agent whose server waits this long after a call has come, before it does anything.
fn slow_agent(world: &World, before_ms: u64) -> Client {
    let mut command = world.lastlook(&["mcp", "--upstream", "notes"]);
    command.env("DEMO_NOTES_SLOW_BEFORE_MS", before_ms.to_string());
    command.env("DEMO_NOTES_ARRIVALS", world.at("arrivals.jsonl"));
    let mut agent = Client::spawn(&mut command);
    agent.initialize();
    agent
}

/// Waits until the server has got this many calls of effects.
fn arrived(world: &World, count: usize) {
    let deadline = std::time::Instant::now() + PATIENCE;
    let arrivals = || std::fs::read_to_string(world.at("arrivals.jsonl")).unwrap_or_default().lines().count();
    while arrivals() < count {
        assert!(std::time::Instant::now() < deadline, "nothing arrives");
        std::thread::sleep(std::time::Duration::from_millis(2)); // backoff: another process writes the file
    }
}
