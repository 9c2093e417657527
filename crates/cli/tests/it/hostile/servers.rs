//! Servers that misbehave, at every moment at which they can.

use serde_json::json;

use super::client::{Client, text_of};
use super::oracle::receipt_of;
use super::rig::World;

#[test]
fn what_a_server_prints_beside_its_messages_does_not_reach_the_client() {
    let world = World::new();
    let mut client = world.open(&["noise"]);
    let answer = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "noise"}));
    world.ran(&answer, "succeeded", "answer");
    let ended = client.end_quietly();
    assert!(
        ended.stderr.contains("something that is no message") && ended.stderr.contains("debug: here"),
        "{ended:?}"
    );
    world.check();
}

/// Whoever starts the boundary may never read its standard error: what is said there must have an end.
#[test]
fn a_server_that_prints_without_end_is_complained_of_a_few_times_only() {
    let world = World::new();
    let mut client = world.open(&[]);
    for n in 0..40 {
        client.call(&n.to_string(), "get", json!({"key": "alpha", "mode": "noise"}));
    }
    let ended = client.end_quietly();
    let complaints = ended.stderr.matches("something that is no message").count();
    assert!((1..=20).contains(&complaints), "{complaints} complaints");
    assert!(ended.stderr.contains("no more of these are shown"), "{}", ended.stderr);
}

#[test]
fn a_server_that_dies_before_it_answers_leaves_the_outcome_unknown() {
    for (mode, effects) in [("die-before", 0), ("die-after", 1), ("die-half", 1)] {
        let world = World::new();
        let mut client = world.open(&[]);
        client.ask("\"read\"", "get", json!({"key": "other", "mode": "hold"}));
        client.arrived("other");
        let answer = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": mode}));
        let says = world.lost(&answer, "answer-lost");
        assert!(says.contains("Do not repeat it"), "{says}");
        // Whoever else waits is told as well.
        let message = client.answer("read")["error"]["message"].to_string();
        assert!(message.contains("the server ended before it answered"), "{message}");
        let ended = client.end_by_itself();
        assert_eq!(ended.code, Some(4), "{mode}: {ended:?}");
        assert!(ended.stderr.contains("ended") && ended.stderr.contains("hint:"), "{ended:?}");
        world.check();
        assert_eq!(world.effects().len(), effects, "{mode}");
        // I26: blind retry is refused, until somebody says how it ended.
        let mut next = world.open(&[]);
        let again = next.call("again", "set", json!({"key": "alpha", "value": "1", "mode": mode}));
        let says = world.refused(&again, "in-doubt");
        assert!(says.contains("lastlook resolve"), "{says}");
        world.check();
        assert_eq!(world.effects().len(), effects, "{mode}");
        // The way out: an operator's word.
        let lost = receipt_of(&answer);
        let word = ["resolve", &lost, "--as", "failed", "--reason", "looked at the file"];
        let resolved = world.lastlook(&word).output().unwrap();
        assert!(resolved.status.success(), "{resolved:?}");
        let again = next.call("free", "set", json!({"key": "alpha", "value": "1", "mode": mode}));
        world.lost(&again, "answer-lost");
        assert_ne!(receipt_of(&again), lost);
        next.end();
        world.check();
    }
}

#[test]
fn a_whole_answer_counts_though_the_server_dies_before_its_line_break() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"read\"", "get", json!({"key": "other", "mode": "hold"}));
    client.arrived("other");
    let answer = client.call("write", "get", json!({"key": "alpha", "mode": "die-without-line-break"}));
    assert_eq!(text_of(&answer), "nothing");
    client.answer("read");
    assert_eq!(client.end_by_itself().code, Some(4));
    let mut client = world.open(&[]);
    let answer =
        client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "die-without-line-break"}));
    world.ran(&answer, "succeeded", "answer");
    assert_eq!(client.end_by_itself().code, Some(4));
    world.check();
}

#[test]
fn a_server_that_dies_in_the_middle_of_a_look_refuses_it() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"read\"", "get", json!({"key": "alpha", "mode": "hold"}));
    client.arrived("alpha");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
    client.answer("read");
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1"}));
    client.arrived("alpha");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/die"}"#);
    world.refused(&client.answer("write"), "fact-unreadable");
    assert_eq!(client.end_by_itself().code, Some(4));
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn a_reading_that_cannot_be_repeated_in_time_refuses() {
    let world = World::new();
    let more = "[defaults]\nfact_timeout = \"200ms\"\n[tool.\"rogue.set\"]\nclass = \"write\"";
    let mut client = Client::start(world.configured(&[], more));
    client.shake_hands();
    client.call("read", "get", json!({"key": "alpha", "mode": "hang-again"}));
    let says = world.refused(&client.set("write", "alpha", "1"), "fact-unreadable");
    assert!(says.contains("could not be read again") && says.contains("alpha"), "{says}");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn a_reading_that_moves_by_itself_is_no_basis() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.call("read", "get", json!({"key": "alpha", "mode": "moving"}));
    let says = world.refused(&client.set("write", "alpha", "1"), "fact-unstable");
    assert!(says.contains("keeps changing"), "{says}");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn a_flood_of_notifications_drowns_no_answer() {
    let world = World::new();
    let mut client = world.open(&[]);
    let read = client.call("read", "get", json!({"key": "alpha", "mode": "flood=20000"}));
    assert_eq!(text_of(&read), "nothing");
    let write = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "flood=20000"}));
    world.ran(&write, "succeeded", "answer");
    let ended = client.end_quietly();
    // The look repeated the reading, and the rebase did: what came with those was not the client's.
    let messages = ended.rest.iter().filter(|frame| frame["method"] == "notifications/message").count();
    assert_eq!(messages, 40_000);
    world.check();
}

#[test]
fn a_server_may_ask_the_client_during_its_calls_but_not_during_the_boundarys() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.ask("\"read\"", "get", json!({"key": "alpha", "mode": "ask"}));
    let answer_it = |client: &mut Client| {
        let asked = client.heard("sampling/createMessage");
        client
            .send(&json!({"jsonrpc": "2.0", "id": asked["id"], "result": {"role": "assistant"}}).to_string());
    };
    answer_it(&mut client);
    assert_eq!(text_of(&client.answer("read")), "nothing");
    client.ask("\"write\"", "set", json!({"key": "alpha", "value": "1", "mode": "ask"}));
    answer_it(&mut client);
    let answer = client.answer("write");
    world.ran(&answer, "succeeded", "answer");
    let ended = client.end_quietly();
    assert!(!ended.rest.iter().any(|frame| frame["method"] == "sampling/createMessage"), "{ended:?}");
    let asked = world.seen().iter().filter(|line| line.contains("nobody to ask")).count();
    assert_eq!(asked, 2, "the look and the rebase were each told that there is nobody to ask");
    world.check();
}

#[test]
fn a_list_of_many_pages_is_read_to_its_end() {
    let world = World::new();
    let mut client = world.start(&["pages=40"]);
    // Before any listing of its own: the boundary lists by itself, all of it.
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    world.ran(&client.set("write", "alpha", "1"), "succeeded", "answer");
    client.end_quietly();
    world.check();
}

#[test]
fn a_list_without_end_or_without_sense_refuses_every_effect() {
    for trick in ["endless", "list-error", "list-nonsense"] {
        let world = World::new();
        let mut client = world.start(&[trick]);
        for id in ["one", "two"] {
            world.refused(&client.set(id, "alpha", "1"), "tool-unknown");
        }
        // What is not judged goes on.
        client.settle("after");
        let ended = client.end_quietly();
        assert!(ended.stderr.contains("could not be listed"), "{trick}: {ended:?}");
        world.check();
        assert_eq!(world.effects().len(), 0);
    }
}

#[test]
fn a_server_that_will_not_tell_its_tools_holds_all_calls_up_once_not_each_in_turn() {
    let world = World::new();
    let mut client = world.start(&["late-list"]);
    for id in 0..8 {
        client.ask(&id.to_string(), "set", json!({"key": "alpha", "value": "1"}));
    }
    client.settle("parked");
    client.send(r#"{"jsonrpc":"2.0","method":"notifications/go"}"#);
    for id in 0..8 {
        world.refused(&client.answer(id), "tool-unknown");
    }
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
    let asked = world.seen().iter().filter(|line| line.contains("tools/list")).count();
    assert!(asked < 8, "asked {asked} times");
}

#[test]
fn a_list_that_changes_with_every_look_at_it_refuses_and_does_not_spin() {
    let world = World::new();
    let mut client = world.start(&["always-changing"]);
    client.send(r#"{"jsonrpc":"2.0","id":"list","method":"tools/list"}"#);
    client.answer("list");
    let answer = client.set("write", "alpha", "1");
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    client.settle("after");
    client.end();
    world.check();
    assert_eq!(world.effects().len(), 0);
}
