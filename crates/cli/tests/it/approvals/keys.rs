//! A caller's own key: what carries the same one is the same action said again, and is done once.

use std::sync::Barrier;

use serde_json::{Value, json};

use super::people::{approve, finance, introduce, json_of, request_of, says, state_of, waiting};
use crate::client::{Asked, Client};
use crate::guards::world::{Lost, World, became, write_args};

const MEMBER: &str = "dev.lastlook/idempotency-key";

fn ask_with(agent: &mut Client, key: Value, arguments: Value) -> Asked {
    let params = json!({"name": "write_note", "arguments": arguments, "_meta": {MEMBER: key}});
    agent.request("tools/call", params)
}

fn call_with(agent: &mut Client, key: &str, arguments: Value) -> Value {
    let asked = ask_with(agent, json!(key), arguments);
    agent.result(asked)
}

fn receipt_of(answer: &Value) -> String {
    answer["_meta"]["dev.lastlook/receipt"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn text_of(answer: &Value) -> &str {
    answer["content"][0]["text"].as_str().unwrap()
}

/// The key that each of an attempt's entries names.
fn keys_on_record(world: &World, attempt: &str) -> Vec<Value> {
    let shown = json_of(&world.lastlook(&["show", attempt, "--json"]).output().unwrap());
    let entries = shown["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["body"]["idempotency_key"].clone()).collect()
}

#[test]
fn identical_calls_with_different_keys_are_two_requests_and_each_runs_once() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let call = |agent: &mut Client, key| call_with(agent, key, write_args(1));
    let first = request_of(&call(&mut agent, "first"));
    let second = request_of(&call(&mut agent, "second"));
    let plain = request_of(&agent.call("write_note", write_args(1)));
    assert!(first != second && first != plain && second != plain);
    assert_eq!(waiting(&world).len(), 3);
    // With the same key they join, from another session too.
    assert_eq!(request_of(&call(&mut world.agent(), "first")), first);
    assert_eq!(request_of(&agent.call("write_note", write_args(1))), plain);
    let page = String::from_utf8(world.lastlook(&["approvals", &first]).output().unwrap().stdout).unwrap();
    assert!(page.contains("key      first"), "{page}");

    // What was approved for one serves no other, and not what has none.
    approve(&world, &first, "ada");
    assert_eq!(request_of(&call(&mut agent, "second")), second);
    assert_eq!(request_of(&agent.call("write_note", write_args(1))), plain);
    assert!(request_of(&call(&mut agent, "third")).starts_with("ask-"));
    assert_eq!(world.effects(), Vec::<String>::new());
    let ran = call(&mut agent, "first");
    assert_eq!(became(&ran), "ran");
    assert_eq!(world.effects().len(), 1);
    assert!(keys_on_record(&world, &receipt_of(&ran)).iter().all(|key| key == "first"));

    // Its end is told, and it never runs again, whoever approves what.
    let again = call(&mut world.agent(), "first");
    assert_eq!(became(&again), "once-done");
    assert!(
        text_of(&again).contains(&receipt_of(&ran)) && again.to_string().contains("succeeded"),
        "{again}"
    );
    approve(&world, &second, "ada");
    approve(&world, &plain, "ada");
    assert_eq!(became(&call(&mut agent, "first")), "once-done");
    assert_eq!(became(&call(&mut agent, "second")), "ran");
    assert_eq!(became(&agent.call("write_note", write_args(1))), "ran");
    assert_eq!(world.effects().len(), 3);
    for request in [&first, &second, &plain] {
        assert_eq!(state_of(&world, request), "used");
    }
    // A no is to the one that was asked for.
    let third = request_of(&call(&mut agent, "third"));
    assert!(says(&world, "reject", &third, "ada").status.success());
    assert_eq!(became(&call(&mut agent, "third")), "approval-rejected");
    assert_ne!(request_of(&call(&mut agent, "fourth")), third);
    assert_eq!(world.effects().len(), 3);
    drop(agent);
    world.verifies();
}

/// Whoever can write to the store and gives an approved request another key gets nothing: the key is in the id that was
/// signed.
#[test]
fn an_approval_that_was_given_another_key_by_hand_serves_nobody() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = request_of(&call_with(&mut agent, "first", write_args(1)));
    approve(&world, &request, "ada");
    let store = rusqlite::Connection::open(world.at("state/lastlook.db")).unwrap();
    let moved = store.execute(
        "UPDATE requests SET key = 'other', detail = CAST(replace(CAST(detail AS TEXT), '\"first\"', '\"other\"') AS BLOB)",
        [],
    );
    assert_eq!(moved.unwrap(), 1);
    let answer = call_with(&mut agent, "other", write_args(1));
    assert_ne!(request_of(&answer), request, "{answer}");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_key_is_good_for_one_action() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    let ran = call_with(&mut agent, "k", write_args(1));
    assert_eq!(became(&ran), "ran");
    for _ in 0..2 {
        let again = call_with(&mut world.agent(), "k", write_args(1));
        assert_eq!(became(&again), "once-done");
        assert!(text_of(&again).contains(&receipt_of(&ran)), "{again}");
    }
    let other = call_with(&mut agent, "k", write_args(2));
    assert_eq!(became(&other), "key-reused");
    assert!(text_of(&other).contains(&receipt_of(&ran)), "{other}");
    // Without a key, and under another one, it is a new action as ever.
    assert_eq!(became(&agent.call("write_note", write_args(1))), "ran");
    assert_eq!(became(&call_with(&mut agent, "l", write_args(1))), "ran");
    assert_eq!(world.effects().len(), 3);
    drop(agent);
    world.verifies();
}

#[test]
fn what_is_no_key_runs_nothing() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    let bad = [
        json!(""),
        json!("k".repeat(256)),
        json!(7),
        json!(null),
        json!(["k"]),
        json!("a\u{0}"),
        json!("\u{202e}k"),
    ];
    for key in bad {
        let asked = ask_with(&mut agent, key.clone(), write_args(1));
        let answer = agent.answer(asked);
        assert_eq!(answer["error"]["code"], json!(-32602), "{key}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().contains(MEMBER), "{answer}");
    }
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(became(&call_with(&mut agent, &"k".repeat(255), write_args(1))), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn what_may_have_happened_under_a_key_is_in_doubt_until_somebody_says() {
    let world = World::new();
    world.configure("");
    world.loses(Lost::Unsaid);
    let mut agent = world.paused_at("after:send");
    let _ = ask_with(&mut agent, json!("k"), write_args(1));
    world.reached();
    agent.kill();
    let mut agent = world.agent();
    let answer = call_with(&mut agent, "k", write_args(1));
    assert_eq!(became(&answer), "in-doubt");
    // Another action about something else does not get past it either.
    let other = call_with(&mut agent, "k", json!({"path": "other.md", "content": "x"}));
    assert_eq!(became(&other), "in-doubt", "{other}");
    let before = world.effects().len();
    let verified = json_of(&world.lastlook(&["verify", "--json"]).output().unwrap());
    let unknown =
        verified["attempts"]["unknown"][0].as_str().unwrap_or_else(|| panic!("{verified}")).to_owned();
    let said =
        world.lastlook(&["resolve", &unknown, "--as", "failed", "--reason", "looked"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    // It did not happen: the key is free again.
    assert_eq!(became(&call_with(&mut agent, "k", write_args(1))), "ran");
    assert_eq!(world.effects().len(), before + 1);
    drop(agent);
    world.verifies();
}

#[test]
fn of_many_calls_with_one_key_one_runs() {
    let world = World::new();
    world.configure("");
    const PROCESSES: usize = 4;
    const EACH: usize = 6;
    let barrier = Barrier::new(PROCESSES);
    let found: Vec<String> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..PROCESSES)
            .map(|_| {
                scope.spawn(|| {
                    let mut agent = world.agent();
                    barrier.wait();
                    let asked: Vec<_> =
                        (0..EACH).map(|_| ask_with(&mut agent, json!("k"), write_args(1))).collect();
                    asked.into_iter().map(|asked| became(&agent.result(asked))).collect::<Vec<_>>()
                })
            })
            .collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(world.effects().len(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|one| *one == "ran").count(), 1, "{found:?}");
    assert!(found.iter().all(|one| ["ran", "once-done", "in-doubt"].contains(&one.as_str())), "{found:?}");
    world.verifies();
}
