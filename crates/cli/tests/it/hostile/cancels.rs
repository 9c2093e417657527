//! Cancellations, at every moment at which one can come.

use lastlook_ledger::Kind;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::client::Client;
use super::rig::World;

fn cancel(client: &mut Client, id: Value) {
    client.send(&cancellation(&id));
}

fn cancellation(id: &Value) -> String {
    json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}}).to_string()
}

fn go(client: &mut Client) {
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
}

fn reached_the_server(world: &World, id: &Value) -> bool {
    world.seen().contains(&cancellation(id))
}

#[test]
fn before_the_gate_it_prevents_and_stays_here() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"read\"", "get", json!({"key": "alpha", "mode": "hold"}));
    client.arrived("alpha");
    go(&mut client);
    client.answer("read");
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1"}));
    // The look is under way: its repetition of the reading is with the server.
    client.arrived("alpha");
    cancel(&mut client, json!("write"));
    go(&mut client);
    client.settle("after");
    let ended = client.end();
    assert!(ended.rest.iter().all(|frame| frame["id"] != "write"), "{ended:?}");
    let record = world.check();
    // After it comes the summary of reads with which the session ended.
    let refused = record.iter().rfind(|entry| entry.kind != Kind::Reads).unwrap();
    assert_eq!(
        (refused.kind.as_str(), &refused.body["reasons"][0]["code"]),
        ("refused", &json!("cancelled"))
    );
    assert!(!reached_the_server(&world, &json!("write")));
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn after_the_gate_it_is_forwarded_and_the_answer_still_decides() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1", "mode": "hold"}));
    client.arrived("alpha");
    cancel(&mut client, json!("write"));
    client.heard("notifications/cancel-arrived");
    go(&mut client);
    world.ran(&client.answer("write"), "succeeded", "answer");
    assert!(reached_the_server(&world, &json!("write")));
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn after_the_gate_and_without_an_answer_the_outcome_is_unknown() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1", "mode": "hang"}));
    client.arrived("alpha");
    cancel(&mut client, json!("write"));
    // The same again is refused for as long as nobody knows.
    let says = world.refused(
        &client.call("again", "set", json!({"key": "alpha", "value": "1", "mode": "hang"})),
        "in-doubt",
    );
    assert!(says.contains("lastlook resolve"), "{says}");
    let ended = client.end_quietly();
    assert!(ended.rest.iter().all(|frame| frame["id"] != "write"), "{ended:?}");
    let record = world.check();
    let outcome = record.iter().find(|entry| entry.kind.as_str() == "outcome").unwrap();
    assert_eq!(
        (&outcome.body["outcome"], &outcome.body["evidence"]),
        (&json!("unknown"), &json!("cancelled"))
    );
    assert!(reached_the_server(&world, &json!("write")));
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn of_nothing_that_is_in_flight_it_passes() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.set("done", "alpha", "1");
    for id in [json!("done"), json!("never"), json!(424_242)] {
        cancel(&mut client, id.clone());
        client.settle("after");
        assert!(reached_the_server(&world, &id), "{id}");
    }
    for odd in [
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":[1]}}"#,
    ] {
        client.send(odd);
        client.settle("after");
        assert!(world.seen().iter().any(|line| line == odd), "{odd}");
    }
    world.ran(&client.set("works", "alpha", "2"), "succeeded", "answer");
    client.end_quietly();
    world.check();
}

#[test]
fn of_a_read_it_passes_and_the_id_is_free() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"read\"", "get", json!({"key": "alpha", "mode": "hold"}));
    client.arrived("alpha");
    cancel(&mut client, json!("read"));
    client.settle("after");
    assert!(reached_the_server(&world, &json!("read")));
    world.ran(&client.set("read", "alpha", "1"), "succeeded", "answer");
    client.end_quietly();
    world.check();
}

#[test]
fn of_a_call_that_waits_for_the_list_of_tools_it_drops_the_call() {
    let world = World::new();
    let mut client = world.start(&["mute-list"]);
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1"}));
    cancel(&mut client, json!("write"));
    client.settle("after");
    client.signal(Signal::TERM);
    let ended = client.end();
    assert_eq!((ended.code, ended.rest.len()), (Some(0), 0), "{ended:?}");
    assert!(!reached_the_server(&world, &json!("write")));
    world.check();
    assert_eq!(world.effects().len(), 0);
}

/// Spelt otherwise, it is the same id: an escaped string, a number with a point.
#[test]
fn an_id_is_recognized_however_the_cancellation_spells_it() {
    for (asked, cancelled) in [("\"write\"", "\"wr\\u0069te\""), ("41", "41.0"), ("42.0", "4.2e1")] {
        let world = World::new();
        let mut client = world.open(&[]);
        client.ask("\"read\"", "get", json!({"key": "alpha", "mode": "hold"}));
        client.arrived("alpha");
        go(&mut client);
        client.answer("read");
        client.ask(asked, "set", json!({"key": "alpha", "value": "1"}));
        client.arrived("alpha");
        client.send(&format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{{"requestId":{cancelled}}}}}"#
        ));
        go(&mut client);
        client.settle("after");
        client.end_quietly();
        world.check();
        assert_eq!(world.effects().len(), 0, "{asked} was not cancelled by {cancelled}");
    }
}
