//! Frames from the client that are no message, or would be another message to another reader.

use serde_json::{Value, json};

use super::client::{Client, call};
use super::rig::{World, rogue};

/// Sends bytes that must not reach the server; the error must say this, under this id.
fn stopped(frame: &[u8], id: Value, says: &str) {
    stopped_one_of(&[(frame.to_vec(), id, says)]);
}

/// As [`stopped`], one after the other in one session that works before and after.
fn stopped_one_of(cases: &[(Vec<u8>, Value, &str)]) {
    let world = World::new();
    let mut client = world.open(&[]);
    let passed = || {
        let seen = world.seen();
        // The boundary's own listing comes when it comes.
        seen.into_iter().filter(|line| !line.contains("\"lastlook-")).collect::<Vec<_>>()
    };
    let before = passed().len();
    for (frame, id, says) in cases {
        client.send_bytes(frame);
        client.send_bytes(b"\n");
        let answer = client.answer(id.clone());
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("no error: {answer}"));
        assert!(message.contains(says), "`{message}` does not say `{says}`");
    }
    client.settle("after");
    let seen = passed();
    assert_eq!(seen.len(), before + 1, "something got through: {:?}", &seen[before..]);
    assert_eq!(world.effects().len(), 0);
    let answer = client.set("works", "alpha", "1");
    world.ran(&answer, "succeeded", "answer");
    client.end_quietly();
    world.check();
}

fn set(id: &str, key: &str) -> String {
    call(id, "set", &json!({"key": key, "value": "v"}))
}

#[test]
fn batches_are_not_taken_apart() {
    let batch = format!("[{},{}]", set("1", "alpha"), set("2", "beta"));
    stopped_one_of(&[
        (batch.clone().into_bytes(), Value::Null, "send one message a line"),
        (format!(" \t{batch}").into_bytes(), Value::Null, "send one message a line"),
        (b"[]".to_vec(), Value::Null, "send one message a line"),
        (format!("[{}", set("1", "alpha")).into_bytes(), Value::Null, "send one message a line"),
    ]);
}

#[test]
fn a_key_given_twice_refuses_the_frame_at_any_depth_and_in_any_spelling() {
    let case = |frame: &str| (frame.as_bytes().to_vec(), json!(5), "duplicate key");
    stopped_one_of(&[
        case(
            r#"{"jsonrpc":"2.0","id":5,"method":"ping","method":"tools/call","params":{"name":"set","arguments":{}}}"#,
        ),
        case(
            r#"{"jsonrpc":"2.0","id":5,"method":"ping","m\u0065thod":"tools/call","params":{"name":"set","arguments":{}}}"#,
        ),
        case(
            r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get","name":"set","arguments":{"key":"alpha"}}}"#,
        ),
        case(
            r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"set","arguments":{"key":"alpha","key":"beta"}}}"#,
        ),
        case(
            r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"set","arguments":{"key":"alpha","value":[{"a":{"b":1,"\u0062":2}}]}}}"#,
        ),
    ]);
    // Two ids: nobody can say whose frame it was.
    stopped(br#"{"jsonrpc":"2.0","id":5,"id":6,"method":"ping"}"#, Value::Null, "duplicate key `id`");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let frame = |bad: &[u8]| {
        let mut frame =
            br#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"set","arguments":{"key":"al"#
                .to_vec();
        frame.extend_from_slice(bad);
        frame.extend_from_slice(br#"pha"}}}"#);
        frame
    };
    stopped_one_of(&[
        (frame(&[0xff]), json!(5), "invalid UTF-8"),
        (frame(&[0xc0, 0xaf]), json!(5), "invalid UTF-8"),
        (frame(&[0xed, 0xa0, 0x80]), json!(5), "invalid UTF-8"),
        (frame(b"\\ud800"), json!(5), "surrogate"),
        (frame(b"\0"), json!(5), "control character"),
        ([b"\xef\xbb\xbf".as_slice(), set("5", "alpha").as_bytes()].concat(), json!(5), "byte order mark"),
    ]);
}

#[test]
fn what_is_not_json_is_refused() {
    let case = |frame: &str, id: Value, says| (frame.as_bytes().to_vec(), id, says);
    stopped_one_of(&[
        case("hello", Value::Null, "unexpected character"),
        case(r#"{"jsonrpc":"2.0","id":5,"method":"ping"} {}"#, json!(5), "data after the end"),
        case(r#"{"jsonrpc":"2.0","id":5,"method":"ping",}"#, json!(5), "unexpected character"),
        case(
            r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"set""#,
            json!(5),
            "unexpected end",
        ),
        case(r#"{"jsonrpc":"2.0","id":5,"method":"x","params":{"n":NaN}}"#, json!(5), "unexpected character"),
        case("7", Value::Null, "not an object"),
    ]);
}

#[test]
fn ten_thousand_levels_are_too_deep() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let arguments = format!(
        r#"{{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{{"name":"set","arguments":{{"key":"alpha","value":{deep}}}}}}}"#
    );
    let open = format!(r#"{{"jsonrpc":"2.0","id":6,"method":"ping","params":{}"#, r#"{"a":"#.repeat(10_000));
    stopped_one_of(&[
        (arguments.into_bytes(), json!(5), "nested more than 128 deep"),
        (open.into_bytes(), json!(6), "nested more than 128 deep"),
    ]);
}

#[test]
fn a_frame_of_100_mb_is_dropped_and_its_sender_told_wherever_the_id_stands() {
    let text = format!("{}\\\"{{", "x".repeat(97)).repeat(1_000_000);
    let first = format!(
        r#"{{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{{"name":"set","arguments":{{"value":"{text}"}}}}}}"#
    );
    // The official Python SDK writes the id last.
    let last = format!(
        r#"{{"method":"tools/call","params":{{"name":"set","arguments":{{"id":7,"value":"{text}"}}}},"jsonrpc":"2.0","id":"six"}}"#
    );
    stopped_one_of(&[
        (first.into_bytes(), json!(5), "larger than 67108864 bytes"),
        (last.into_bytes(), json!("six"), "larger than 67108864 bytes"),
    ]);
}

/// A server on a text stream (Python's default) ends a line at a carriage return: what is one message here would be
/// three there, and the one in the middle is a call that nobody judged.
#[test]
fn a_carriage_return_cannot_carry_a_second_message() {
    let smuggled = format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\",\"params\":{{\"a\":\r{}\r}}}}",
        set("9", "alpha")
    );
    let in_a_request = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"ping\",\"params\":{{\"a\":\r\n{}\r}}}}",
        set("9", "alpha").replace(":", ":\r")
    )
    .replace('\n', "");
    stopped_one_of(&[
        (smuggled.into_bytes(), Value::Null, "carriage return"),
        (in_a_request.into_bytes(), json!(8), "carriage return"),
    ]);
}

#[test]
fn a_carriage_return_before_the_line_break_is_no_harm() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.send_bytes(b"\r\n");
    client.send_bytes(format!("{}\r\n", set("5", "alpha")).as_bytes());
    world.ran(&client.answer(5), "succeeded", "answer");
    client.end_quietly();
    assert_eq!(world.check().len(), 2);
}

/// A lenient server runs a call whether it has an id or not; without one nobody could be told how it ended.
#[test]
fn a_call_without_an_id_is_not_passed_on() {
    let call = |head: &str| {
        format!(r#"{{"jsonrpc":"2.0",{head}"params":{{"name":"set","arguments":{{"key":"alpha"}}}}}}"#)
    };
    let case = |head: &str, says| (call(head).into_bytes(), Value::Null, says);
    stopped_one_of(&[
        case(r#""method":"tools/call","#, "needs an `id`"),
        case(r#""method":"tools\/call","#, "needs an `id`"),
        case(r#""id":null,"method":"tools/call","#, "`id` has a type"),
        case(r#""id":[1],"method":"tools/call","#, "`id` has a type"),
        case(r#""id":{},"method":"tools/call","#, "`id` has a type"),
        case(r#""id":true,"method":"tools/call","#, "`id` has a type"),
    ]);
}

#[test]
fn a_frame_that_is_two_kinds_of_message_is_none() {
    let params = r#""params":{"name":"set","arguments":{"key":"alpha"}}"#;
    stopped_one_of(&[
        (
            format!(r#"{{"jsonrpc":"2.0","id":5,"method":"tools/call","result":{{}},{params}}}"#)
                .into_bytes(),
            json!(5),
            "neither",
        ),
        (
            format!(r#"{{"jsonrpc":"2.0","id":5,"method":"tools/call","error":{{}},{params}}}"#).into_bytes(),
            json!(5),
            "neither",
        ),
        (br#"{"jsonrpc":"2.0","id":5,"result":1,"error":{}}"#.to_vec(), json!(5), "neither"),
        (format!(r#"{{"jsonrpc":"2.0","id":5,{params}}}"#).into_bytes(), json!(5), "neither"),
        (
            format!(r#"{{"jsonrpc":"2.0","id":5,"method":["tools/call"],{params}}}"#).into_bytes(),
            json!(5),
            "`method` has a type",
        ),
    ]);
}

#[test]
fn params_of_the_wrong_types_are_no_call() {
    let case = |params: &str| {
        let frame = format!(r#"{{"jsonrpc":"2.0","id":5,"method":"tools/call"{params}}}"#);
        (frame.into_bytes(), json!(5), "needs `params` with a `name`")
    };
    stopped_one_of(&[
        case(""),
        case(r#","params":null"#),
        case(r#","params":["set",{"key":"alpha"}]"#),
        case(r#","params":"set""#),
        case(r#","params":{"arguments":{"key":"alpha"}}"#),
        case(r#","params":{"name":7,"arguments":{"key":"alpha"}}"#),
        case(r#","params":{"name":["set"],"arguments":{"key":"alpha"}}"#),
        case(r#","params":{"name":null}"#),
    ]);
}

#[test]
fn a_last_line_without_a_line_break_is_a_line() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.get("read", "alpha");
    // The look's own frames follow the ping's on the server's input: they must not end up on one line.
    client.send(&call("5", "set", &json!({"key": "alpha", "value": "1"})));
    client.send_bytes(br#"{"jsonrpc":"2.0","id":6,"method":"ping"}"#);
    client.close();
    assert!(client.answer(6).get("result").is_some());
    world.ran(&client.answer(5), "succeeded", "answer");
    client.end_quietly();
    let lines = world.seen();
    assert!(lines.iter().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{lines:?}");
    world.check();
}

#[test]
fn a_call_as_the_last_line_without_a_line_break_is_judged_like_any_other() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.send_bytes(call("5", "set", &json!({"key": "alpha", "value": "1"})).as_bytes());
    client.close();
    world.ran(&client.answer(5), "succeeded", "answer");
    client.end_quietly();
    assert_eq!(world.check().len(), 2);
}

/// I31: what is not ours to judge passes byte for byte, both ways; what is ours gains a receipt and nothing else.
#[test]
fn nothing_is_spelt_anew() {
    let world = World::new();
    let mut client = world.open(&[]);
    let odd = r#"{ "method":"tools/ca\u006cl" ,"params":{"arguments" : {"mode":"odd-spelling","key":"alpha","n":1.0e2,"z":"\u00e9\/"},"name":"s\u0065t"}, "id":5 ,"jsonrpc":"2.0"}"#;
    let unknown =
        r#"{"jsonrpc":"2.0", "id":6, "method":"does/not\/exist", "params":[1.0, 12345678901234567890]}"#;
    let response = r#"{"jsonrpc":"2.0", "id":"rogue-0", "result":{"n":1.00}}"#;
    client.send(odd);
    let answer = client.answer(5);
    client.send(unknown);
    assert_eq!(client.answer(6)["error"]["code"], -32601);
    client.send(response);
    client.settle("after");
    let seen = world.seen();
    for frame in [odd, unknown, response] {
        assert_eq!(seen.iter().filter(|line| *line == frame).count(), 1, "{frame} is not among {seen:?}");
    }
    assert_eq!(world.effects()[0].frame, format!("{odd}\n"));
    let receipt = world.ran(&answer, "succeeded", "answer").attempt;
    client.end_quietly();
    world.check();

    // The same answer without the boundary, as the server spells it.
    let mut direct = std::process::Command::new(rogue());
    direct.arg(world.folder());
    let mut direct = Client::start(direct);
    direct.send(odd);
    let plain = direct.next_bytes();
    direct.end();
    let mut again = world.open(&[]);
    again.send(&odd.replace("\"z\"", "\"again\""));
    let through = again.next_bytes();
    again.end_quietly();
    let through = String::from_utf8(through).unwrap();
    let start = through.find("\"_meta\":{\"dev.lastlook/receipt\":\"").unwrap();
    let end = through[start..].find("\"},").unwrap() + start + 3;
    assert_eq!(format!("{}{}", &through[..start], &through[end..]), String::from_utf8(plain).unwrap());
    assert_ne!(receipt, "");
}
