//! Sessions that end otherwise than they should.

use std::fs::OpenOptions;

use lastlook_ledger::Kind;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use serde_json::json;

use super::client::{Client, Unread, call};
use super::oracle::receipt_of;
use super::rig::World;

impl World {
    /// Makes the named pipe at which the server waits.
    fn make_gate(&self) {
        mknodat(CWD, self.folder().join("gate"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    }

    /// Lets the server go on: returns once it is there.
    fn open_gate(&self) {
        OpenOptions::new().write(true).open(self.folder().join("gate")).unwrap();
    }
}

#[test]
fn a_client_that_says_goodbye_still_gets_its_answers() {
    let world = World::new();
    world.make_gate();
    let mut client = world.open(&[]);
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1", "mode": "wait"}));
    client.arrived("alpha");
    client.close();
    world.open_gate();
    world.ran(&client.answer("write"), "succeeded", "answer");
    client.end_quietly();
    world.check();
}

#[test]
fn a_client_that_is_gone_altogether_leaves_a_whole_record() {
    let world = World::new();
    world.make_gate();
    let mut client = Unread::start(world.boundary(&[]));
    client.send(&call("1", "set", &json!({"key": "alpha", "value": "1", "mode": "wait"})));
    client.vanish();
    world.open_gate();
    assert_eq!(client.end().code(), Some(0));
    let record = world.check();
    assert_eq!(record.last().unwrap().body["outcome"], "succeeded");
}

#[test]
fn a_signal_ends_a_session_with_an_effect_under_way_and_the_next_one_finds_it() {
    for signal in [Signal::TERM, Signal::INT, Signal::KILL] {
        let world = World::new();
        let mut client = world.open(&[]);
        client.ask("\"write\"", "set", json!({"key": "dir/alpha", "value": "1", "mode": "hang"}));
        client.arrived("dir/alpha");
        client.signal(signal);
        let ended = client.end();
        assert_eq!(ended.code, (signal != Signal::KILL).then_some(0), "{ended:?}");
        let record = world.check();
        let kinds: Vec<Kind> = record.iter().map(|entry| entry.kind).collect();
        // With time to say goodbye, it says that nobody knows; without, the next one does.
        let (expected, evidence) = match signal {
            Signal::KILL => (vec![Kind::Armed], "writer-died"),
            _ => (vec![Kind::Armed, Kind::Outcome], "answer-lost"),
        };
        assert_eq!(kinds, expected);

        let mut next = world.open(&[]);
        let again = next.call("again", "set", json!({"key": "dir/alpha", "value": "1", "mode": "hang"}));
        let says = world.refused(&again, "in-doubt");
        assert!(says.contains(&record[0].attempt), "{says}");
        // Other words, the same thing: still in doubt.
        world.refused(&next.set("other", "dir/../dir/alpha", "2"), "in-doubt");
        world.ran(&next.set("elsewhere", "dir/beta", "3"), "succeeded", "answer");
        next.end_quietly();
        let record = world.check();
        let found = record.iter().find(|entry| entry.kind == Kind::Outcome).unwrap();
        assert_eq!((&found.body["outcome"], &found.body["evidence"]), (&json!("unknown"), &json!(evidence)));
        assert_eq!(world.effects().len(), 2);
    }
}

/// I26: positive evidence. The server's process has ended, the tool is declared `local`, and nothing shows.
#[test]
fn what_was_never_done_is_settled_by_the_readings() {
    let world = World::new();
    let more = "[tool.\"rogue.set\"]\nclass = \"write\"\nlocal = true";
    let open = || {
        let mut client = Client::start(world.configured(&[], more));
        client.shake_hands();
        client
    };
    let mut client = open();
    client.get("read", "alpha");
    let answer = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "die-before"}));
    world.lost(&answer, "answer-lost");
    assert_eq!(client.end_by_itself().code, Some(4));

    let mut next = open();
    let answer = next.call("again", "set", json!({"key": "alpha", "value": "1", "mode": "plain"}));
    world.ran(&answer, "succeeded", "answer");
    next.end_quietly();
    let record = world.check();
    assert!(
        record
            .iter()
            .any(|entry| entry.body["evidence"] == "readings-unchanged" && entry.body["outcome"] == "failed")
    );
    assert_eq!(world.effects().len(), 1);

    // And where something shows, nothing is proven.
    let mut client = open();
    client.get("read", "alpha");
    let answer = client.call("write", "set", json!({"key": "alpha", "value": "2", "mode": "die-after"}));
    let lost = receipt_of(&answer);
    client.end();
    let mut next = open();
    let again = next.call("again", "set", json!({"key": "alpha", "value": "2", "mode": "die-after"}));
    assert!(world.refused(&again, "in-doubt").contains(&lost));
    next.end_quietly();
    world.check();
}

/// I28: killed right after the answer is out, everything in it is on record.
#[test]
fn nothing_leaves_before_it_is_durable() {
    let world = World::new();
    for round in 0..5 {
        let mut client = world.open(&[]);
        let value = round.to_string();
        let answer = client.call("write", "set", json!({"key": "alpha", "value": value}));
        client.signal(Signal::KILL);
        world.ran(&answer, "succeeded", "answer");
        drop(client);
        let mut client = world.open(&[]);
        client.get("read", "alpha");
        world.somebody_else_sets("alpha", "other");
        let answer = client.set("refused", "alpha", &value);
        client.signal(Signal::KILL);
        world.refused(&answer, "fact-changed");
        drop(client);
        world.check();
    }
}

#[test]
fn a_client_that_does_not_read_can_be_ended() {
    let world = World::new();
    let mut client = Unread::start(world.boundary(&[]));
    client.send(&call("1", "get", &json!({"key": "alpha", "mode": "flood=5000"})));
    client.send(&call("2", "set", &json!({"key": "beta", "value": "1"})));
    client.wait_until_full();
    client.signal(Signal::TERM);
    assert_eq!(client.end().code(), Some(0));
    // How far the effect came depends on the moment; the record agrees with the world either way.
    world.check();
}

#[test]
fn a_server_that_does_not_read_can_be_ended() {
    let world = World::new();
    let mut client = world.start(&["deaf"]);
    client.send("[]");
    client.error_to_nobody();
    client.fill(r#"{"jsonrpc":"2.0","method":"notifications/x","params":{"x":"filling the pipe"}}"#);
    client.signal(Signal::TERM);
    let ended = client.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    world.check();
}
