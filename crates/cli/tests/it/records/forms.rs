//! What leaves in other people's forms, read by other people's libraries: DSSE and in-toto, COSE, CloudEvents.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::rig::{Said, World, lines};
use crate::real::tools;

fn read_by_others(what: &str, files: &[&str]) -> Said {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/records/forms.py");
    let mut command = Command::new(tools::python());
    Said::of(command.arg("-B").arg(script).arg(what).args(files).output().unwrap())
}

/// What they make of it.
fn seen(what: &str, files: &[&str]) -> Value {
    let said = read_by_others(what, files);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

/// The bytes that a command printed.
fn bytes(world: &World, words: &[&str]) -> Vec<u8> {
    let output = world.lastlook(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    output.stdout
}

/// The statement that the receipt itself holds.
fn statement(world: &World, id: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let receipt: Value = serde_json::from_str(&world.ok(&["receipt", id])).unwrap();
    serde_json::from_slice(&STANDARD.decode(receipt["payload"].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
fn a_receipt_is_an_envelope_that_in_totos_own_libraries_verify() {
    let world = World::new();
    let mut client = world.client();
    let ids = [world.edited(&mut client, "a.md"), world.refused(&mut client, "b.md")];
    let key = world.file("key.pem", world.ok(&["keys", "export", "--pem"]));
    let other = World::new();
    other.client().close();
    let foreign = other.file("key.pem", other.ok(&["keys", "export", "--pem"]));
    for id in &ids {
        let envelope = bytes(&world, &["receipt", id, "--as", "dsse"]);
        let file = world.file("r.dsse", &envelope);
        let read = seen("dsse", &[&key, &file]);
        let pinned = world.ok(&["keys", "export"]);
        // The key itself is base64, and may have a plus.
        let named: Vec<&str> = pinned.splitn(3, '+').take(2).collect();
        assert_eq!(read["accepted"], json!([named.join("+")]));
        assert_eq!(read["type"], "application/vnd.in-toto+json");
        assert_eq!(read["statement"], statement(&world, id));
        assert!(read_by_others("dsse", &[&foreign, &file]).err.starts_with("refused: VerificationError"));
        // Every part that is signed, and the signature, may not be another.
        let envelope: Value = serde_json::from_slice(&envelope).unwrap();
        for (at, put) in
            [("/payload", "e30="), ("/payloadType", "application/json"), ("/signatures/0/sig", "AAAA")]
        {
            let mut changed = envelope.clone();
            *changed.pointer_mut(at).unwrap() = json!(put);
            let file = world.file("changed.dsse", changed.to_string());
            assert!(read_by_others("dsse", &[&key, &file]).err.starts_with("refused"), "{at}");
        }
    }
}

#[test]
fn a_receipt_is_a_cose_statement_with_a_cose_receipt_of_its_inclusion() {
    let world = World::new();
    let mut client = world.client();
    let ids = [world.edited(&mut client, "a.md"), world.refused(&mut client, "b.md")];
    let key = world.file("key.pem", world.ok(&["keys", "export", "--pem"]));
    let name = world.ok(&["keys", "export"]).split('+').next().unwrap().to_owned();
    for id in &ids {
        let message = bytes(&world, &["receipt", id, "--as", "cose"]);
        let read = seen("cose", &[&key, &world.file("r.cose", &message)]);
        assert_eq!(read["statement"], statement(&world, id));
        assert_eq!(read["type"], "application/vnd.in-toto+json");
        assert_eq!((&read["algorithm"], &read["structure"]), (&json!(-8), &json!(1)));
        assert_eq!(read["claims"], json!({"1": name, "2": format!("attempt/{id}")}));
        // The tree is the one of the checkpoint that everybody else sees.
        let origin = read["log"]["2"].as_str().unwrap();
        let checkpoints = world.ok(&["log", "checkpoints"]);
        let note = &checkpoints[checkpoints.find(&format!("{origin}\n")).unwrap()..];
        let size = read["size"].as_u64().unwrap().to_string();
        assert_eq!(note.lines().take(2).collect::<Vec<_>>(), [origin, size.as_str()]);
        assert_eq!(note.lines().nth(2), read["root"].as_str());
        // Whatever bit is flipped, something does not add up: both signatures and the proof are checked.
        for at in (0..message.len()).step_by(message.len() / 12) {
            let mut changed = message.clone();
            changed[at] ^= 1;
            let said = read_by_others("cose", &[&key, &world.file("changed.cose", &changed)]);
            assert!(said.code == 1 && said.err.starts_with("refused"), "byte {at}: {said:?}");
        }
    }
}

#[test]
fn other_forms_hold_no_values_and_nothing_unverified_is_signed() {
    let world = World::new();
    let mut client = world.client();
    let id = world.edited(&mut client, "a.md");
    client.close();
    for form in ["dsse", "cose"] {
        world.run(&["receipt", &id, "--as", form, "--with-values"]).fails(2, "cannot be used with");
    }
    world.run(&["receipt", &id, "--as", "xml"]).fails(2, "[possible values: receipt, dsse, cose]");
    assert_eq!(world.ok(&["receipt", &id, "--as", "receipt"]), world.ok(&["receipt", &id]));
    world.tamper(
        "UPDATE entries SET payload = replace(payload, 'succeeded', 'succeedes') WHERE kind = 'outcome'",
    );
    for form in ["dsse", "cose"] {
        let said = world.run(&["receipt", &id, "--as", form]);
        assert!(said.code != 0 && said.out.is_empty(), "{said:?}");
    }
}

#[test]
fn every_entry_is_an_event_that_others_read_and_the_order_is_the_same_each_time() {
    let world = World::new();
    let (mut client, _) = world.unknown("x.md");
    let edited = world.edited(&mut client, "a.md");
    world.refused(&mut client, "b.md");
    client.close();
    // A second writer, so that there are two logs to merge.
    let (mut one, mut two) = (world.client(), world.client());
    world.edited(&mut one, "c.md");
    world.edited(&mut two, "d.md");
    world.edited(&mut one, "e.md");
    one.close();
    two.close();
    let text = world.ok(&["log", "--as", "cloudevents"]);
    let read = seen("events", &[&world.file("events.jsonl", &text)]);
    let read = read.as_array().unwrap();
    // As many as the logs have entries, each once: what the checkpoints say.
    let sizes: u64 =
        world.ok(&["log", "checkpoints"]).lines().filter_map(|line| line.parse::<u64>().ok()).sum();
    assert_eq!(read.len() as u64, sizes);
    let mut next = std::collections::BTreeMap::new();
    for event in read {
        let source = event["source"].as_str().unwrap();
        let at: &mut u64 = next.entry(source.to_owned()).or_default();
        assert_eq!(event["id"], at.to_string(), "{source}");
        *at += 1;
        let predicate = &event["data"]["predicate"];
        assert_eq!(predicate["origin"], source);
        assert_eq!(event["type"], format!("dev.lastlook.entry.{}", predicate["kind"].as_str().unwrap()));
        assert_eq!(event["subject"], format!("attempt/{}", predicate["attempt"].as_str().unwrap()));
        assert_eq!(event["data"]["subject"][0]["name"], event["subject"]);
        assert_eq!(event["content"], "application/vnd.in-toto+json");
        assert_eq!(event["schema"], "https://lastlook.dev/entry/v1");
        // Python keeps microseconds.
        let time = predicate["time"].as_str().unwrap();
        assert_eq!(event["time"].as_str().unwrap().get(..26), time.get(..26));
    }
    assert!(next.len() >= 2, "{next:?}");
    let times: Vec<&Value> = read.iter().map(|event| &event["data"]["predicate"]["time"]).collect();
    assert!(times.is_sorted_by_key(|time| time.as_str().unwrap()), "{times:?}");
    assert_eq!(text, world.ok(&["log", "--as", "cloudevents"]));

    // The filters are those of the table.
    let of = |words: &[&str]| lines(&world.ok(&[&["log", "--as", "cloudevents"], words].concat()));
    let kinds = |words: &[&str]| -> Vec<String> {
        of(words)
            .iter()
            .map(|line| line["type"].as_str().unwrap().replace("dev.lastlook.entry.", ""))
            .collect()
    };
    assert_eq!(kinds(&["--kind", "refused"]), ["refused"]);
    assert_eq!(kinds(&["--code", "fact-changed"]), ["refused"]);
    assert_eq!(kinds(&["--tool", "nothing"]), [""; 0]);
    assert_eq!(kinds(&["--outcome", "unknown"]), ["outcome"]);
    assert_eq!(kinds(&["--since", "1h"]).len(), read.len());
    assert_eq!(kinds(&["--since", "2999-01-01"]), [""; 0]);
    let last = of(&["--limit", "2"]);
    assert_eq!(last, lines(&text)[read.len() - 2..]);
    let ended = of(&["--kind", "outcome", "--tool", "notes.edit_note"]);
    assert!(ended.is_empty() || ended.iter().any(|event| event["subject"] == format!("attempt/{edited}")));
}

#[test]
fn events_are_followed_as_they_come() {
    use std::io::{BufRead as _, BufReader};
    let world = World::new();
    let mut client = world.client();
    world.edited(&mut client, "a.md");
    let mut command = world.lastlook(&["log", "--as", "cloudevents", "--follow", "--kind", "refused"]);
    let mut following = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&printed.next().unwrap().unwrap()).unwrap();
    for note in ["b.md", "c.md"] {
        let refused = world.refused(&mut client, note);
        assert_eq!(next()["subject"], format!("attempt/{refused}"));
    }
    following.kill().unwrap();
    following.wait().unwrap();
}
