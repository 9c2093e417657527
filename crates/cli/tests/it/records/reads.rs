//! Calls that only read: passed unjudged, counted, and on record in summaries.

use serde_json::{Value, json};

use super::rig::{World, lines, until};

/// The predicates of all summaries, oldest first.
fn summaries(world: &World) -> Vec<Value> {
    let events = lines(&world.ok(&["log", "--as", "cloudevents", "--kind", "reads"]));
    events.iter().map(|event| event["data"]["predicate"].clone()).collect()
}

/// How often each tool was called, by all summaries together.
fn counted(summaries: &[Value]) -> Vec<(String, u64)> {
    let calls = summaries.iter().flat_map(|summary| summary["calls"].as_array().unwrap());
    let mut counts = std::collections::BTreeMap::new();
    for call in calls {
        *counts.entry(call["tool"].as_str().unwrap().to_owned()).or_default() +=
            call["count"].as_u64().unwrap();
    }
    counts.into_iter().collect()
}

fn of(counts: &[(&str, u64)]) -> Vec<(String, u64)> {
    counts.iter().map(|(tool, count)| ((*tool).to_owned(), *count)).collect()
}

#[test]
fn what_only_reads_is_counted_and_on_record_when_the_session_ends() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut client = world.client();
    for _ in 0..7 {
        client.call("read_note", json!({"path": "a.md"}));
    }
    client.call("list_notes", json!({}));
    client.call("edit_note", super::rig::edit("a.md", "old", "new"));
    // A refusal of the tool's own is a call that passed, too.
    client.call("read_note", json!({"path": "missing.md"}));
    assert_eq!(summaries(&world), [json!(null); 0], "no call waits for a summary");
    client.close();

    let [summary] = &summaries(&world)[..] else { panic!("{:?}", summaries(&world)) };
    assert_eq!(counted(std::slice::from_ref(summary)), of(&[("list_notes", 1), ("read_note", 8)]));
    let [first, last, time] = ["first", "last", "time"].map(|name| summary[name].as_str().unwrap());
    assert!(first < last && last <= time, "{summary}");
    assert_eq!(summary["mode"], "enforce");
    assert!(summary["principal"]["id"].as_str().unwrap().starts_with("User::"), "{summary}");
    assert!(summary.get("others").is_none() && summary.get("tool").is_none(), "{summary}");
    let upstream = summary["calls"][0]["upstream"].as_str().unwrap();

    // It is part of the log like everything else, and no attempt.
    world.ok(&["verify"]);
    let told: Value = serde_json::from_str(&world.ok(&["log", "stats", "--json"])).unwrap();
    let reads = |counts: Value| {
        let counts = counts.as_object().unwrap();
        counts
            .iter()
            .map(|(tool, n)| (format!("{upstream}.{tool}"), n.clone()))
            .collect::<serde_json::Map<_, _>>()
    };
    assert_eq!(told["reads"], Value::Object(reads(json!({"list_notes": 1, "read_note": 8}))));
    assert_eq!((&told["attempts"], &told["words"]), (&json!(1), &json!({})));
    assert!(world.ok(&["log", "stats"]).contains("passed unjudged, as reads"));
    for (words, expected) in [
        (vec!["--tool", "read_note"], json!({"read_note": 8})),
        (vec!["--tool", "edit_note"], json!({})),
        (vec!["--kind", "outcome"], json!({})),
        (vec!["--since", "2999-01-01"], json!({})),
        (vec!["--principal", "User::\"nobody\""], json!({})),
    ] {
        let told = world.ok(&[&["log", "stats", "--json"], &words[..]].concat());
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["reads"], Value::Object(reads(expected)), "{words:?}");
    }
    // Lines are of attempts; summaries come when they are asked for.
    assert_eq!(world.log(&[]).len(), 1);
    let line = &world.log(&["--kind", "reads"])[0];
    assert_eq!((&line["kind"], &line["reads"]), (&json!("reads"), &json!(9)));
    assert!(world.ok(&["log", "--kind", "reads"]).contains("9 reads"));
    world.ok(&["show", line["receipt"].as_str().unwrap()]);
    world.run(&["receipt", line["receipt"].as_str().unwrap()]).fails(2, "reads-");
}

#[test]
fn a_session_without_reads_records_none() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut client = world.client();
    client.call("edit_note", super::rig::edit("a.md", "old", "new"));
    client.close();
    assert_eq!(summaries(&world), [json!(null); 0]);
}

#[test]
fn every_now_and_then_what_was_counted_is_recorded_and_each_call_counts_once() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut boundary = world.boundary(&[]);
    boundary.env("LASTLOOK_READS_EVERY", "20");
    let mut client = world.client_of(boundary);
    let mut called = 0;
    // Each time more than before is on record while the session goes on.
    for seen in 1..=3 {
        client.call("read_note", json!({"path": "a.md"}));
        called += 1;
        until("what was counted is on record", || (summaries(&world).len() == seen).then_some(()));
    }
    for _ in 0..50 {
        client.call("read_note", json!({"path": "a.md"}));
        called += 1;
    }
    client.close();
    assert_eq!(counted(&summaries(&world)), of(&[("read_note", called)]));
    world.ok(&["verify"]);
}

#[test]
fn a_writer_that_is_killed_loses_no_more_than_its_last_minute() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut boundary = world.boundary(&[]);
    boundary.env("LASTLOOK_READS_EVERY", "20");
    let mut client = world.client_of(boundary);
    client.call("read_note", json!({"path": "a.md"}));
    until("it is on record", || (summaries(&world).len() == 1).then_some(()));
    client.kill();
    world.client().close();
    assert_eq!(counted(&summaries(&world)), of(&[("read_note", 1)]));
    world.ok(&["verify"]);
}

#[test]
fn calls_that_a_rule_judges_have_entries_of_their_own_and_are_not_counted() {
    let world = World::new();
    world.put("a.md", "old\n");
    let config = world.file(
        "config.toml",
        "trust_annotations = true\n[upstream.notes]\ncommand = [\"x\"]\n[guard.g]\non = [\"notes.read_note\"]\nwhen = 'args.path != \"b.md\"'\n",
    );
    let mut client = world.client_of(world.boundary(&["--config", &config, "--upstream", "notes"]));
    client.call("read_note", json!({"path": "a.md"}));
    client.call("list_notes", json!({}));
    client.close();
    assert_eq!(counted(&summaries(&world)), of(&[("list_notes", 1)]));
    assert_eq!(world.log(&[])[0]["tool"], "read_note");
}
