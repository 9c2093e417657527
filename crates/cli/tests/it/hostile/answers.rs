//! Answers that are not what they should be: what they may prove, and what of them passes.

use lastlook_ledger::Kind;
use serde_json::{Value, json};

use super::client::{Client, text_of};
use super::rig::World;

/// What cannot be read strictly proves nothing: the effect's outcome stays unknown, and a read has failed.
#[test]
fn an_answer_that_two_readers_could_take_differently_is_not_passed_on() {
    for (mode, says) in [
        ("duplicate-keys", "duplicate key"),
        ("bad-utf8", "invalid UTF-8"),
        ("deep=10000", "nested more than 128"),
    ] {
        let world = World::new();
        let mut client = world.open(&[]);
        let read = client.call("read", "get", json!({"key": "alpha", "mode": mode}));
        let message = read["error"]["message"].as_str().unwrap_or_else(|| panic!("{mode}: {read}"));
        assert!(message.contains("not passed on") && message.contains(says), "{message}");
        let write = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": mode}));
        world.lost(&write, "answer-lost");
        client.end_quietly();
        world.check();
        assert_eq!(world.effects().len(), 1);
    }
}

#[test]
fn an_answer_of_100_mb_is_dropped_and_whoever_waits_is_told() {
    let world = World::new();
    let mut client = world.open(&[]);
    for (id, mode) in [("first", "huge=100000000"), ("last", "huge-id-last=100000000")] {
        let read = client.call(id, "get", json!({"key": "alpha", "mode": mode}));
        let message = read["error"]["message"].as_str().unwrap_or_else(|| panic!("{mode}: {read}"));
        assert!(message.contains("larger than 67108864 bytes"), "{message}");
    }
    let write =
        client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "huge-id-last=100000000"}));
    world.lost(&write, "answer-lost");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_large_answer_passes_whole() {
    let world = World::new();
    let mut client = world.open(&[]);
    let read = client.call("read", "get", json!({"key": "alpha", "mode": "huge=3000000"}));
    assert!(text_of(&read).len() > 2_900_000);
    let write = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "huge=3000000"}));
    assert!(text_of(&write).len() > 2_900_000);
    world.ran(&write, "succeeded", "answer");
    client.end_quietly();
    world.check();
}

#[test]
fn answers_to_nobody_settle_nothing() {
    let world = World::new();
    let mut client = world.open(&[]);
    let write = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "strange-ids"}));
    assert_eq!(text_of(&write), "set");
    world.ran(&write, "succeeded", "answer");
    client.end();
    world.check();
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn the_first_answer_counts_and_the_second_is_not_the_calls() {
    let world = World::new();
    let mut client = world.open(&[]);
    let write = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "twice"}));
    assert_eq!(text_of(&write), "set");
    world.ran(&write, "succeeded", "answer");
    let ended = client.end();
    assert!(ended.rest.iter().all(|frame| frame["result"].get("_meta").is_none()), "{ended:?}");
    let record = world.check();
    assert_eq!(record.iter().filter(|entry| entry.kind == Kind::Outcome).count(), 1);
}

/// A server that guesses the id of a call it has not been sent cannot answer it: the call is judged as if it had not.
#[test]
fn a_call_cannot_be_answered_before_it_was_sent() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.call("read", "get", json!({"key": "write", "mode": "hang-again"}));
    client.call("guess", "get", json!({"key": "write", "mode": "guess"}));
    client.end();

    let world = World::new();
    let mut client = world.open(&[]);
    // The look repeats this reading, and with it the server's guess: an answer to the call that is being judged.
    client.call("read", "get", json!({"key": "write", "mode": "guess"}));
    assert!(client.has_kept(|frame| frame["id"] == "write"), "an answer to nobody passes");
    client.answer("write");
    let answer = client.call("write", "set", json!({"key": "write", "value": "1", "mode": "error-after"}));
    assert_eq!(text_of(&answer), "set", "the guess was taken for the answer");
    world.ran(&answer, "unknown", "error-answer");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 1);
}

/// As for the client's side: a carriage return would let the server slip an answer past the record.
#[test]
fn a_carriage_return_does_not_carry_an_answer_past_the_record() {
    let world = World::new();
    let mut client = world.open(&[]);
    let write = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "carriage-return"}));
    assert_eq!(text_of(&write), "set");
    world.ran(&write, "succeeded", "answer");
    let ended = client.end_quietly();
    assert!(!ended.rest.iter().any(|frame| frame["method"] == "notifications/x"), "{ended:?}");
    world.check();
}

/// Nothing was done: the retry, with the input, is another attempt with a look of its own.
#[test]
fn a_server_that_wants_input_first_has_done_nothing() {
    let world = World::new();
    let mut client = world.open(&[]);
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28"});
    let mut params =
        json!({"name": "set", "arguments": {"key": "alpha", "value": "1", "mode": "input"}, "_meta": meta});
    let frame = |id: &str, params: &Value| {
        json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()
    };
    client.send(&frame("one", &params));
    let asks = client.answer("one");
    assert_eq!(asks["result"]["resultType"], "input_required");
    world.ran(&asks, "failed", "input-required");
    assert_eq!(world.effects().len(), 0);
    params["inputResponses"] = json!({"a": {"action": "accept"}});
    params["requestState"] = json!("s");
    client.send(&frame("two", &params));
    let done = client.answer("two");
    assert_eq!(done["result"]["resultType"], "complete");
    world.ran(&done, "succeeded", "answer");
    // A refusal is right for its era as well.
    params["task"] = json!({});
    client.send(&frame("three", &params));
    let refused = client.answer("three");
    world.refused(&refused, "task-unsupported");
    assert_eq!(refused["result"]["resultType"], "complete");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_task_for_an_answer_is_no_outcome() {
    let world = World::new();
    let mut client = world.open(&[]);
    let answer = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "task"}));
    assert!(answer["result"]["task"].is_object());
    world.ran(&answer, "unknown", "task-answer");
    let again = client.call("again", "set", json!({"key": "alpha", "value": "1", "mode": "task"}));
    world.refused(&again, "in-doubt");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn an_error_for_an_answer_proves_nothing_unless_the_tool_is_declared_so() {
    for (mode, effects) in [("error", 0), ("rpc-error", 0), ("error-after", 1)] {
        let world = World::new();
        let mut client = world.open(&[]);
        let arguments = json!({"key": "alpha", "value": "1", "mode": mode});
        let answer = client.call("write", "set", arguments.clone());
        match answer.get("result") {
            Some(_) => drop(world.ran(&answer, "unknown", "error-answer")),
            // An error has no `_meta` to name a receipt in.
            None => assert_eq!(world.record().last().unwrap().body["evidence"], "error-answer"),
        }
        world.refused(&client.call("again", "set", arguments), "in-doubt");
        client.end_quietly();
        world.check();
        assert_eq!(world.effects().len(), effects, "{mode}");
    }
    let world = World::new();
    let more = "[tool.\"rogue.set\"]\nclass = \"write\"\nerrors = \"no-effect\"";
    let mut client = Client::start(world.configured(&[], more));
    client.shake_hands();
    for id in ["one", "two"] {
        let answer = client.call(id, "set", json!({"key": "alpha", "value": "1", "mode": "error"}));
        world.ran(&answer, "failed", "no-effect-declared");
    }
    client.end_quietly();
    world.check();
}

#[test]
fn an_answer_that_is_no_result_proves_nothing() {
    let world = World::new();
    let mut client = world.open(&[]);
    for n in 0..4 {
        let id = format!("write-{n}");
        let answer =
            client.call(&id, "set", json!({"key": "alpha", "value": n, "mode": format!("odd-result={n}")}));
        assert!(answer.get("error").is_none(), "it passes as it is: {answer}");
        let entry = world.record().pop().unwrap();
        assert_eq!(
            (&entry.body["outcome"], &entry.body["evidence"]),
            (&json!("unknown"), &json!("error-answer"))
        );
    }
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 4);
}

/// The receipt in an answer is the boundary's word, whatever the server wrote in its place.
#[test]
fn a_server_cannot_forge_a_receipt() {
    let world = World::new();
    let mut client = world.open(&[]);
    let answer = client.call("write", "set", json!({"key": "alpha", "value": "1", "mode": "forged-receipt"}));
    assert_ne!(answer["result"]["_meta"]["dev.lastlook/receipt"], "forged");
    assert_eq!(answer["result"]["_meta"]["kept"], json!([1, 2]));
    world.ran(&answer, "succeeded", "answer");
    client.end_quietly();
    world.check();
}
