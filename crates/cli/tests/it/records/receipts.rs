//! `lastlook receipt`, `keys export` and `verify FILE`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::rig::{World, lines};

/// A receipt with something changed in it.
fn changed(receipt: &str, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json: Value = serde_json::from_str(receipt).unwrap();
    change(&mut json);
    serde_json::to_vec(&json).unwrap()
}

/// Everything one could read in a receipt.
fn readable(receipt: &str) -> String {
    let json: Value = serde_json::from_str(receipt).unwrap();
    let payloads = [&json["payload"], &json["armed"]["payload"]];
    let decoded = payloads.into_iter().filter_map(Value::as_str).map(|text| STANDARD.decode(text).unwrap());
    decoded.fold(receipt.to_owned(), |all, payload| all + &String::from_utf8(payload).unwrap())
}

#[test]
fn a_receipt_verifies_anywhere_with_nothing_but_the_key() {
    let world = World::new();
    let mut client = world.client();
    let (edited, refused) = (world.edited(&mut client, "a.md"), world.refused(&mut client, "b.md"));
    let key = world.key();
    for (id, says) in [
        (&edited, "edit_note succeeded (answer)"),
        (&refused, "edit_note was refused (fact-changed); nothing was sent"),
    ] {
        let receipt = world.ok(&["receipt", &id[..10]]);
        let file = world.file("r.json", &receipt);
        let said = world.verify(&[&file, "--key", &key], b"");
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
        let told = [
            &format!("{file} verifies"),
            &format!("{id}: {says}"),
            "by the pinned key lastlook/",
            "not proven",
            "witness",
        ];
        told.iter().for_each(|part| assert!(said.out.contains(part), "`{part}` is not in {}", said.out));
        let said = world.verify(&["-", "--key", &key, "--json"], receipt.as_bytes());
        let told: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(
            (&told["ok"], &told["receipt"], &told["file"]),
            (&json!(true), &json!(id), &json!("standard input"))
        );
        assert_eq!(told["statement"]["tool"], "edit_note");
    }
}

#[test]
fn no_value_leaves_without_being_asked_for() {
    let world = World::new();
    let mut client = world.client();
    world.put("tulip-7731.md", "rose-1842\n");
    client.call("read_note", json!({"path": "tulip-7731.md"}));
    world.put("tulip-7731.md", "daisy-9903\n");
    let refused = super::rig::receipt(
        &client.call("edit_note", super::rig::edit("tulip-7731.md", "rose", "lily-5520")),
    );
    client.call("read_note", json!({"path": "tulip-7731.md"}));
    let edited = super::rig::receipt(
        &client.call("edit_note", super::rig::edit("tulip-7731.md", "daisy", "lily-5520")),
    );
    let secrets = ["tulip-7731", "rose-1842", "daisy-9903", "lily-5520"];
    let key = world.key();
    for id in [&refused, &edited] {
        let plain = world.ok(&["receipt", id]);
        let read = readable(&plain);
        secrets.iter().for_each(|secret| assert!(!read.contains(secret), "{secret} leaks:\n{read}"));
        assert!(!read.contains("\"salt\"") && !read.contains("\"values\""));
        let full = world.ok(&["receipt", id, "--with-values"]);
        for secret in ["tulip-7731", "daisy-9903", "lily-5520"] {
            assert!(full.contains(secret), "{secret} is not in\n{full}");
        }
        let said = world.verify(&["-", "--key", &key], full.as_bytes());
        assert!(
            said.code == 0 && said.out.contains("basis/0/was") && said.out.contains("arguments"),
            "{said:?}"
        );
        let forged = changed(&full, |json| json["values"][0]["value"] = json!("{}"));
        world.verify(&["-", "--key", &key], &forged).fails(1, "value-does-not-open");
    }
    client.close();
    world.tamper("DELETE FROM \"values\"");
    let said = world.run(&["receipt", &edited, "--with-values"]);
    assert!(said.code == 0 && said.err.contains("note: no values of the outcome entry are kept"), "{said:?}");
    assert_eq!(said.out, world.ok(&["receipt", &edited]));
}

#[test]
fn a_changed_receipt_does_not_verify() {
    let world = World::new();
    let mut client = world.client();
    let id = world.edited(&mut client, "a.md");
    world.refused(&mut client, "b.md");
    let key = world.key();
    let receipt = world.ok(&["receipt", &id]);
    let fails =
        |bytes: &[u8], code: &str| world.verify(&["-", "--key", &key], bytes).fails(1, &format!("({code})"));
    let payload = |change: fn(&str) -> String| {
        changed(&receipt, |json| {
            let text =
                String::from_utf8(STANDARD.decode(json["payload"].as_str().unwrap()).unwrap()).unwrap();
            json["payload"] = json!(STANDARD.encode(change(&text)));
        })
    };
    fails(&payload(|text| text.replace("\"succeeded\"", "\"failed\"")), "not-included");
    fails(&payload(|text| text.replace("\"succeeded\"", "\"perhaps\"")), "entry-member");
    fails(&payload(|text| text.replacen(":", ": ", 1)), "entry-not-canonical");
    fails(&changed(&receipt, |json| json["index"] = json!(2)), "not-included");
    fails(&changed(&receipt, |json| json["index"] = json!(99)), "index-out-of-range");
    fails(&changed(&receipt, |json| json["inclusion"] = json!([])), "proof-length");
    fails(&changed(&receipt, |json| json["armed"]["index"] = json!(1)), "not-included");
    fails(
        &changed(&receipt, |json| {
            json["checkpoint"] = json!(json["checkpoint"].as_str().unwrap().replace("\n4\n", "\n5\n"))
        }),
        "checkpoint-bad-signature",
    );
    fails(&changed(&receipt, |json| json["verified"] = json!(true)), "receipt-shape");
    fails(&changed(&receipt, |json| json["format"] = json!("lastlook-receipt/v9")), "receipt-format");
    fails(&receipt.as_bytes()[..receipt.len() / 2], "receipt-json");
    fails(b"", "receipt-json");
    fails(b"\x7fELF\x00\xff", "receipt-json");
    fails(b"[]", "receipt-shape");
    let said = world.verify(&["-", "--key", &key], br#"{"\u001b[2J\u009b":1,"\u001b[2J\u009b":1}"#);
    assert!(said.code == 1 && !said.err.contains(['\u{1b}', '\u{9b}']), "{said:?}");
    fails(b"{\"format\":\"lastlook-receipt/v1\",\"format\":\"lastlook-receipt/v1\"}", "receipt-json");
}

#[test]
fn only_the_pinned_key_counts() {
    let (world, other) = (World::new(), World::new());
    let mut client = world.client();
    let id = world.edited(&mut client, "a.md");
    other.client().close();
    let (file, key, foreign) = (world.file("r.json", world.ok(&["receipt", &id])), world.key(), other.key());
    world.verify(&[&file, "--key", &foreign], b"").fails(1, "(checkpoint-unknown-key)");
    // A key that is pinned beside others is enough.
    let both = world.file(
        "both.pub",
        format!("# ours\n{}\n{}", other.ok(&["keys", "export"]), world.ok(&["keys", "export"])),
    );
    assert_eq!(world.verify(&[&file, "--key", &both], b"").code, 0);
    assert_eq!(world.verify(&[&file, "--key", &foreign, "--key", &key], b"").code, 0);

    world.verify(&[&file], b"").fails(2, "no key is pinned");
    world.verify(&[&file, "--key", "missing.pub"], b"").fails(2, "the key file `missing.pub` cannot be read");
    let empty = world.file("empty.pub", "# nothing yet\n");
    world.verify(&[&file, "--key", &empty], b"").fails(2, "holds no key");
    let garbled = world.file("garbled.pub", world.ok(&["keys", "export"]).replace('+', "-"));
    world.verify(&[&file, "--key", &garbled], b"").fails(2, "(key-form)");
    let mixed = world.ok(&["keys", "export"]).replacen("lastlook/", "lastlook/0", 1);
    world.verify(&[&file, "--key", &world.file("mixed.pub", mixed)], b"").fails(2, "(key-id)");
    world.verify(&[&file, "--key", &file], b"").fails(2, "is not a file of keys");

    let exported: Value = serde_json::from_str(&world.ok(&["keys", "export", "--json"])).unwrap();
    assert_eq!(exported["key"], world.ok(&["keys", "export"]).trim());
}

#[test]
fn of_several_receipts_the_worst_decides() {
    let world = World::new();
    let mut client = world.client();
    let id = world.edited(&mut client, "a.md");
    let (good, key) = (world.file("good.json", world.ok(&["receipt", &id])), world.key());
    let bad = world.file("bad\u{1b}[2J.json", "{}");
    assert_eq!(world.verify(&[&good, &good, "--key", &key], b"").code, 0);
    let said = world.verify(&["missing.json", &good, "--key", &key], b"");
    said.fails(2, "`missing.json` cannot be read");
    assert!(said.out.contains("verifies"));
    let said = world.verify(&["missing.json", &bad, &good, "--key", &key], b"");
    said.fails(1, "does not verify");
    assert!(said.err.contains(r"bad\u{1b}[2J.json"));
    let notes = world.path("notes").display().to_string();
    world.verify(&[&notes, "--key", &key], b"").fails(2, "cannot be read");
    let said = world.verify(&["missing.json", &bad, &good, "--key", &key, "--json"], b"");
    let told: Vec<Value> = lines(&said.out).into_iter().map(|line| line["code"].clone()).collect();
    assert_eq!((said.code, told), (1, vec![json!("unreadable"), json!("receipt-shape"), Value::Null]));
}

#[test]
fn an_attempt_under_way_has_no_receipt() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut slow = world.boundary(&[]);
    slow.env("DEMO_NOTES_SLOW_BEFORE_MS", "600000");
    let mut client = world.client_of(slow);
    client.ask("edit_note", super::rig::edit("a.md", "old", "new"));
    let line = world.log_until(|line| line["kind"] == "armed");
    world.run(&["receipt", line["receipt"].as_str().unwrap()]).fails(2, "has not ended");
    client.kill();
}
