//! Calls that are messages, and ask for something they should not get, or not in this way.

use lastlook_ledger::Kind;
use serde_json::{Value, json};

use super::client::{Client, call, text_of};
use super::rig::{World, rogue};

#[test]
fn a_call_is_a_call_however_it_is_spelt() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.get("read", "alpha");
    world.somebody_else_sets("alpha", "changed");
    for (id, method, name) in
        [(1, "tools\\/call", "set"), (2, "tools\\u002fcall", "s\\u0065t"), (3, "\\u0074ools/call", "set")]
    {
        client.send(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"m\u0065thod":"{method}","par\u0061ms":{{"n\u0061me":"{name}","arguments":{{"key":"al\u0070ha","value":"1"}}}}}}"#
        ));
        world.refused(&client.answer(id), "fact-changed");
    }
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn a_tool_nobody_lists_is_refused_whatever_its_name() {
    let world = World::new();
    let mut client = world.open(&[]);
    for (id, name) in [
        (1, r"set\u0000"),
        (2, r"\u0000"),
        (3, ""),
        (4, "SET"),
        (5, "set "),
        (6, r"\u202eset"),
        (7, "rogue.set"),
    ] {
        client.send(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{name}","arguments":{{"key":"alpha"}}}}}}"#
        ));
        let says = world.refused(&client.answer(id), "tool-unknown");
        assert!(says.contains("List the tools"), "{says}");
    }
    let long = "x".repeat(2_000);
    client.ask("8", &long, json!({}));
    let message = client.answer(8)["error"]["message"].clone();
    assert!(message.as_str().unwrap().contains("longer than 1024 bytes"), "{message}");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn arguments_that_are_no_object_are_refused() {
    let world = World::new();
    let mut client = world.open(&[]);
    for (id, arguments) in [(1, r#"["alpha"]"#), (2, r#""alpha""#), (3, "null"), (4, "7"), (5, "true")] {
        client.send(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"set","arguments":{arguments}}}}}"#
        ));
        let says = world.refused(&client.answer(id), "invalid-call");
        assert!(says.contains("`arguments`") && says.contains("must be an object"), "{says}");
    }
    assert_eq!(world.effects().len(), 0);
    // None at all are no arguments, as MCP has it.
    client.send(r#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"set"}}"#);
    world.ran(&client.answer(6), "succeeded", "answer");
    client.end_quietly();
    world.check();
}

/// Two such integers have one double: a decision on one of them would cover the other.
#[test]
fn a_number_without_an_exact_form_is_refused_in_an_effect_and_passes_in_a_read() {
    let world = World::new();
    let mut client = world.open(&[]);
    for (id, number) in
        [(1, "9007199254740993"), (2, "-9007199254740993"), (3, "1e400"), (4, "100000000000000000000")]
    {
        client.send(
            &call(&id.to_string(), "set", &json!({"key": "alpha", "value": [{"n": "N"}]}))
                .replace("\"N\"", number),
        );
        let says = world.refused(&client.answer(id), "number-inexact");
        assert!(says.contains("(/value/0/n)") && says.contains("as a string"), "{says}");
        let entry = world.record().pop().unwrap();
        assert!(!entry.body.to_string().contains(&number[1..]), "the value is in the clear: {}", entry.body);
    }
    // The name of the place may be as long as it likes: neither the answer nor the record grows with it.
    let long = "k".repeat(3_000_000);
    client.send(&format!(
        r#"{{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{{"name":"set","arguments":{{"{long}":1e400}}}}}}"#
    ));
    let says = world.refused(&client.answer(5), "number-inexact");
    assert!(says.len() < 2_000, "{} bytes", says.len());
    assert_eq!(world.effects().len(), 0);
    client.send(r#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":"get","arguments":{"key":"alpha","n":9007199254740993}}}"#);
    assert_eq!(text_of(&client.answer(6)), "nothing");
    client.end_quietly();
    world.check();
}

#[test]
fn an_effect_that_asks_to_be_a_task_is_refused() {
    let world = World::new();
    let mut client = world.open(&[]);
    for (id, task) in [(1, r#"{"ttl":60000}"#), (2, "null"), (3, "[]")] {
        client.send(&format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"set","task":{task},"arguments":{{"key":"alpha"}}}}}}"#
        ));
        let says = world.refused(&client.answer(id), "task-unsupported");
        assert!(says.contains("without `task`"), "{says}");
    }
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn a_tool_that_changed_is_refused_until_the_client_has_listed_it_again() {
    for change in ["notifications/change", "notifications/change-silently"] {
        let world = World::new();
        let mut client = world.open(&[]);
        world.ran(&client.set("before", "alpha", "1"), "succeeded", "answer");
        client.send(&format!(r#"{{"jsonrpc":"2.0","method":"{change}"}}"#));
        client.settle("changed");
        if change == "notifications/change" {
            client.heard("notifications/tools/list_changed");
            for id in ["one", "two"] {
                let says = world.refused(&client.set(id, "alpha", "2"), "tool-changed");
                assert!(says.contains("List the tools again"), "{says}");
            }
            assert_eq!(world.effects().len(), 1);
        }
        client.send(r#"{"jsonrpc":"2.0","id":"again","method":"tools/list"}"#);
        assert!(client.answer("again")["result"]["tools"].to_string().contains("version 2"));
        let ran = world.ran(&client.set("after", "alpha", "3"), "succeeded", "answer");
        assert_ne!(ran.body["definition"], Value::Null);
        client.end_quietly();
        let definitions: std::collections::BTreeSet<String> = world
            .check()
            .iter()
            .filter(|entry| entry.kind == Kind::Outcome)
            .map(|entry| entry.body["definition"].to_string())
            .collect();
        assert_eq!(definitions.len(), 2, "{change}: the receipts bind the definition each was decided on");
    }
}

#[test]
fn a_tool_that_changes_while_the_call_is_on_its_way_is_refused() {
    let world = World::new();
    let mut client = world.open(&[]);
    client.call("read", "get", json!({"key": "alpha", "mode": "change"}));
    client.send(r#"{"jsonrpc":"2.0","id":"again","method":"tools/list"}"#);
    client.answer("again");
    // The repeated reading announces another change in the middle of the look.
    world.refused(&client.set("write", "alpha", "1"), "tool-changed");
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), 0);
}

#[test]
fn progress_passes_for_the_call_and_is_not_asked_for_by_the_look() {
    let world = World::new();
    let mut client = world.open(&[]);
    let with_token = |id: &str, tool: &str, token: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{{"key":"alpha","mode":"progress"}},"_meta":{{"progressToken":{token},"kept":1}}}}}}"#
        )
    };
    client.send(&with_token("1", "get", "\"t-read\""));
    client.answer(1);
    assert_eq!(client.heard("notifications/progress")["params"]["progressToken"], "t-read");
    client.send(&with_token("2", "set", "2"));
    world.ran(&client.answer(2), "succeeded", "answer");
    assert_eq!(client.heard("notifications/progress")["params"]["progressToken"], 2);
    client.settle("after");
    let seen = world.seen();
    let repeated: Vec<&String> =
        seen.iter().filter(|line| line.contains("lastlook-") && line.contains("tools/call")).collect();
    assert_eq!(repeated.len(), 2, "the look, and the rebase: {seen:?}");
    assert!(
        repeated.iter().all(|line| !line.contains("progressToken") && line.contains("\"kept\":1")),
        "{repeated:?}"
    );
    client.end_quietly();
    world.check();
}

/// Audit mode refuses nothing, and says on record what it would have refused; what cannot be recorded is still not sent.
#[test]
fn in_audit_mode_what_would_be_refused_runs_and_is_on_record_as_that() {
    let world = World::new();
    let mut audit = world.lastlook(&["mcp", "--audit", "--"]);
    audit.arg(rogue()).arg(world.folder());
    let mut client = Client::start(audit);
    client.shake_hands();
    let cases = [
        (1, "number-inexact", r#"{"name":"set","arguments":{"key":"alpha","value":9007199254740993}}"#),
        (2, "task-unsupported", r#"{"name":"set","task":{},"arguments":{"key":"alpha"}}"#),
        (3, "invalid-call", r#"{"name":"set","arguments":["alpha"]}"#),
        (4, "tool-unknown", r#"{"name":"other\u0000","arguments":{}}"#),
    ];
    for (id, code, params) in cases {
        client.send(&format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#));
        let entry = world.entry_of(&client.answer(id));
        let said = (&entry.body["mode"], &entry.body["verdict"], &entry.body["reasons"][0]["code"]);
        assert_eq!(said, (&json!("audit"), &json!("deny"), &json!(code)));
    }
    // A frame that is no message is none in any mode.
    client.send(r#"{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"set","name":"get"}}"#);
    assert!(client.answer(5)["error"]["message"].to_string().contains("duplicate key"));
    client.end_quietly();
    world.check();
    assert_eq!(world.effects().len(), cases.len());
}

#[test]
fn many_effects_at_once_are_each_on_record_once() {
    let world = World::new();
    let mut client = world.open(&[]);
    for n in 0..300 {
        client.ask(&n.to_string(), "set", json!({"key": format!("key{}", n % 7), "value": n}));
    }
    for n in 0..300 {
        world_ran(&client.answer(n));
    }
    client.end_quietly();
    let record = world.check();
    assert_eq!(world.effects().len(), 300);
    assert_eq!(record.iter().filter(|entry| entry.kind == Kind::Outcome).count(), 300);
}

fn world_ran(answer: &Value) {
    assert!(answer["result"]["_meta"]["dev.lastlook/receipt"].is_string(), "{answer}");
}
