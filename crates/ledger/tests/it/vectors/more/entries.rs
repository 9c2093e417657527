//! Entries of every kind with each member changed, numbers and times at their limits, JSON that is none.

use super::changes::{STRANGE_JSON, flips, members};
use crate::fixture::{self, DONE, entry};
use crate::vectors::put_bytes;
use lastlook_ledger::{Entry, Kind, leaf_of_payload};
use serde_json::{Value, json};

fn statement(entry: Entry) -> Value {
    serde_json::from_slice(&entry.to_payload().unwrap()).unwrap()
}

fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap()
}

fn done() -> (Value, String) {
    let payload = fixture::first().payloads.swap_remove(DONE);
    (serde_json::from_slice(&payload).unwrap(), String::from_utf8(payload).unwrap())
}

/// An entry of each kind with every member that is listed for it.
fn full() -> Vec<Value> {
    let hash = "cd".repeat(32);
    let commitment = json!({ "commitment": format!("sha256:{hash}") });
    let facts = json!([{ "tool": "read_file", "was": null, "now": commitment }]);
    let all = json!({ "definition": null, "class": { "is": "write", "by": "declared" } });
    let own = |kind| match kind {
        Kind::Armed => json!({ "child": {} }),
        Kind::Refused => json!({ "arguments": commitment }),
        Kind::Held => json!({
            "verdict": "hold", "arguments": commitment, "asked": commitment, "epoch": 3, "after": "word",
            "asks": [{ "guard": "refund", "digest": hash, "by": "Role::\"finance\"", "quorum": 1 }],
        }),
        Kind::Outcome => json!({ "facts": facts, "begun_ns": 4, "rebased": 0, "settles": false }),
        Kind::Operator => json!({
            "from": hash, "to": hash, "scope": { "of": "tool", "name": "files.edit_file" }, "signed": "{}",
            "approver": { "name": "ada", "key": "KEY", "fingerprint": hash, "by": "ada", "groups": [] },
            "log": { "origin": "lastlook/3f9a2c/1", "first": hash },
            "heads": [{ "origin": "lastlook/3f9a2c/1", "size": 7, "root": hash }],
            "lost": [{ "origin": "lastlook/3f9a2c/1", "size": 9, "root": hash }],
        }),
        Kind::Confirmation | Kind::Reads => json!({}),
    };
    Kind::ALL
        .map(|kind| {
            let mut more = all.clone();
            more.as_object_mut().unwrap().extend(own(kind).as_object().unwrap().clone());
            statement(entry(kind, "full", more))
        })
        .to_vec()
}

/// Payloads that are entries, at the limits of what is allowed.
fn good_payloads() -> Vec<(String, Vec<u8>)> {
    let (statement, _) = done();
    let with = |name: &str, pointer: &str, value: Value| {
        let mut changed = statement.clone();
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[last] = value;
        (name.to_owned(), canonical(&changed))
    };
    let longest = {
        let text = String::from_utf8(canonical(&statement)).unwrap();
        (
            "an id of 128 characters".to_owned(),
            text.replace("\"done\"", &format!("\"{}\"", "a".repeat(128)))
                .replace("attempt/done", &format!("attempt/{}", "a".repeat(128)))
                .into_bytes(),
        )
    };
    let deep = (0..29).fold(json!([]), |inner, _| json!([inner]));
    let mut cases = vec![
        with("a clock at the beginning of time", "/predicate/time", json!("0000-02-29T00:00:00.000000000Z")),
        with("a clock at the end of time", "/predicate/time", json!("9999-12-31T23:59:59.999999999Z")),
        with("a leap day of a century", "/predicate/time", json!("2000-02-29T00:00:00.000000000Z")),
        with(
            "the largest integers",
            "/predicate/later",
            json!([9_007_199_254_740_991_i64, -9_007_199_254_740_991_i64, 0]),
        ),
        with("32 levels", "/predicate/later", deep),
        with(
            "names in the order of UTF-16",
            "/predicate/later",
            json!({ "\u{e000}": 1, "\u{10000}": 2, "\u{20ac}": 3, "": 4, "\u{0}": 5 }),
        ),
        with(
            "every escape",
            "/predicate/later",
            json!("\u{0}\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"\\/\u{7f}\u{80}\u{2028}\u{feff}\u{ffff}\u{1f600}"),
        ),
        with("an empty array and an empty object", "/predicate/later", json!([[], {}])),
        with("a fact with nothing but its tool", "/predicate/facts", json!([{ "tool": "read_file" }])),
        with("a listed name of another kind", "/predicate/as", json!(7)),
        with("no reasons where none are asked for", "/predicate/reasons", json!([])),
        with("a code of 64 bytes", "/predicate/evidence", json!("a".repeat(64))),
        with("an origin of 255 characters", "/predicate/origin", json!("o".repeat(255))),
        longest,
    ];
    for whole in full() {
        let name = format!("{}, every member", whole["predicate"]["kind"].as_str().unwrap());
        cases.push((name, canonical(&whole)));
    }
    cases
}

pub fn good() -> Vec<Value> {
    let vector = |(name, payload): (String, Vec<u8>)| {
        let kind = Entry::from_payload(&payload).unwrap_or_else(|error| panic!("{name}: {error}")).kind;
        let mut vector =
            json!({ "name": name, "kind": kind.as_str(), "leaf": leaf_of_payload(&payload).to_hex() });
        put_bytes(&mut vector, "payload", &payload);
        vector
    };
    good_payloads().into_iter().map(vector).collect()
}

pub fn malformed() -> Vec<Value> {
    let changed = [each_member(), spelt(), values()].concat().into_iter();
    // A change that leaves an entry an entry (an optional member gone) is no vector.
    changed
        .filter_map(|(name, payload)| {
            let code = Entry::from_payload(&payload).err()?.code();
            let mut vector = json!({ "name": name, "code": code });
            put_bytes(&mut vector, "payload", &payload);
            Some(vector)
        })
        .collect()
}

type Case = (String, Vec<u8>);

fn each_member() -> Vec<Case> {
    let mut cases = Vec::new();
    for whole in full() {
        let kind = whole["predicate"]["kind"].as_str().unwrap().to_owned();
        let mut places = vec!["/predicate".to_owned()];
        if kind == "outcome" {
            places.extend(["", "/subject/0", "/subject/0/digest"].map(str::to_owned));
        }
        // The objects inside, and those in lists.
        for (name, member) in whole["predicate"].as_object().unwrap() {
            match member {
                Value::Object(inner) if !inner.is_empty() => places.push(format!("/predicate/{name}")),
                Value::Array(inner) if inner.first().is_some_and(Value::is_object) => {
                    places.push(format!("/predicate/{name}/0"));
                }
                _ => (),
            }
        }
        for at in places {
            for (name, changed) in members(&whole, &at) {
                // What all kinds have is gone through once.
                let common = ["/principal", "/class", "/mode", "/definition", "/upstream", "/tool "];
                if kind != "outcome" && common.iter().any(|part| name.contains(part)) {
                    continue;
                }
                cases.push((format!("{kind}: {name}"), canonical(&changed)));
            }
        }
    }
    cases
}

/// Bytes that say the same or nothing.
fn spelt() -> Vec<Case> {
    let (_, text) = done();
    let put = |what: &str| {
        text.replacen("\"tail_ns\":9007199254740991", &format!("\"tail_ns\":{what}"), 1).into_bytes()
    };
    let raw = |name: &str, payload: Vec<u8>| (name.to_owned(), payload);
    let mut cases: Vec<_> =
        STRANGE_JSON.iter().map(|(name, json)| raw(&format!("JSON: {name}"), put(json))).collect();
    let digits = "9".repeat(400);
    for number in [
        "9007199254740992",
        "9007199254740993",
        "-9007199254740992",
        "1e400",
        "-1e400",
        "1E2",
        "0.0",
        "-0.0",
        "1e-7",
        "0e0",
        &digits,
    ] {
        cases.push(raw(&format!("the number {:.30}", number), put(number)));
    }
    cases.extend([
        raw("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        raw("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        raw(
            "a surrogate in UTF-8",
            put("\"S\"")
                .into_iter()
                .flat_map(|byte| if byte == b'S' { vec![0xed, 0xa0, 0x80] } else { vec![byte] })
                .collect(),
        ),
        raw("an overlong zero", [&text.as_bytes()[..2], b"\xc0\x80", &text.as_bytes()[2..]].concat()),
        raw("a zero byte after it", format!("{text}\0").into_bytes()),
        raw("white space before it", format!(" {text}").into_bytes()),
        raw("an escape in upper case", put(r#""\u001F""#)),
        raw("an escaped slash", put(r#""\/""#)),
        raw("a long escape where there is a short one", put(r#""\u000a""#)),
        raw("an escaped pair", put(r#""\ud83d\ude00""#)),
        raw("a thousand open brackets", vec![b'['; 1000]),
        raw("a thousand open objects", "{\"\":".repeat(1000).into_bytes()),
        raw("a text", b"\"entry\"".to_vec()),
        raw("a number", b"1".to_vec()),
        raw("null", b"null".to_vec()),
        raw("an array", b"[]".to_vec()),
        raw("an empty object", b"{}".to_vec()),
        raw("cut in the middle", text.as_bytes()[..text.len() / 2].to_vec()),
        raw("the last byte is missing", text.as_bytes()[..text.len() - 1].to_vec()),
    ]);
    let twice = |name: &str, member: &str| {
        raw(
            &format!("{name} stands twice"),
            text.replacen(member, &format!("{member}null,{member}"), 1).into_bytes(),
        )
    };
    cases.extend(
        ["_type", "predicate", "subject", "mode", "sha256", "commitment", "id"]
            .map(|name| twice(name, &format!("\"{name}\":"))),
    );
    cases.extend(
        flips(text.as_bytes()).into_iter().filter(|(_, payload)| Entry::from_payload(payload).is_err()),
    );
    cases
}

/// Values that are nearly right.
fn values() -> Vec<Case> {
    let (statement, text) = done();
    let set = |pointer: &str, value: Value| {
        let mut changed = statement.clone();
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        changed.pointer_mut(parent).unwrap()[last] = value;
        (format!("{last}: a value that is nearly right"), canonical(&changed))
    };
    let mut cases = Vec::new();
    let mut nearly = |pointer: &str, values: &[Value]| {
        for (n, value) in values.iter().enumerate() {
            let (name, payload) = set(pointer, value.clone());
            cases.push((format!("{name} ({n})"), payload));
        }
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| json!(text)).collect::<Vec<_>>();
    nearly(
        "/predicate/time",
        &texts(&[
            "",
            "2026-05-17 09:30:00.123456789Z",
            "2026-05-17T09:30:00.123456789z",
            "2026-05-17t09:30:00.123456789Z",
            "2026-05-17T09:30:00.123456789+00:00",
            "2026-05-17T09:30:00.12345678Z",
            "2026-05-17T09:30:00.1234567890Z",
            "2026-00-17T09:30:00.123456789Z",
            "2026-13-17T09:30:00.123456789Z",
            "2026-05-00T09:30:00.123456789Z",
            "2026-05-32T09:30:00.123456789Z",
            "2026-04-31T09:30:00.123456789Z",
            "1900-02-29T09:30:00.123456789Z",
            "2026-05-17T24:00:00.000000000Z",
            "2026-05-17T09:60:00.000000000Z",
            "2026-05-17T23:59:60.000000000Z",
            "+2026-05-17T09:30:00.123456789Z",
            "-001-05-17T09:30:00.123456789Z",
            "12026-05-17T09:30:00.123456789Z",
            "2026-05-17T09:30:00.123456789Z\n",
            "2026-05-17T09:30:00.\u{661}23456789Z",
            "2026-05-17T09:30:00,123456789Z",
        ]),
    );
    nearly("/predicate/origin", &texts(&["", "a+b", "a b", "\u{7f}", "\u{e9}", "a\n", &"o".repeat(256)]));
    nearly(
        "/predicate/evidence",
        &texts(&["", "Answer", "an-", "-an", "a--b", "a_b", "\u{e9}", &"a".repeat(65)]),
    );
    nearly(
        "/predicate/sent",
        &texts(&["", &"AB".repeat(32), &"a".repeat(63), &"a".repeat(65), &"g".repeat(64)]),
    );
    nearly(
        "/predicate/answer",
        &[
            json!({}),
            json!({ "commitment": "" }),
            json!({ "commitment": "a".repeat(64) }),
            json!({ "commitment": format!("sha256:{}", "A".repeat(64)) }),
            json!({ "commitment": format!("sha256:{}", "a".repeat(63)) }),
            json!({ "commitment": format!("sha512:{}", "a".repeat(64)) }),
            json!({ "commitment": format!("SHA256:{}", "a".repeat(64)) }),
            json!({ "commitment": format!("sha256:{}", "a".repeat(64)), "more": 1 }),
            json!([{ "commitment": format!("sha256:{}", "a".repeat(64)) }]),
        ],
    );
    nearly("/predicate/gap_ns", &[json!(-1), json!("1"), json!(true), json!([])]);
    nearly(
        "/predicate/reasons",
        &[json!({}), json!([null]), json!(["code"]), json!([{}]), json!([{ "code": "A" }]), json!([[]])],
    );
    nearly("/predicate/verdict", &texts(&["Allow", "hold", "refuse", ""]));
    nearly(
        "/subject",
        &[
            json!([]),
            json!({}),
            json!([statement["subject"][0], statement["subject"][0]]),
            json!(statement["subject"][0]),
        ],
    );
    nearly(
        "/subject/0/name",
        &texts(&["done", "attempt/", "attempt/done/", "Attempt/done", "attempt/other"]),
    );
    for id in ["", "a b", "a/b", "\u{e9}", &"a".repeat(129)] {
        let payload = text
            .replace("\"attempt\":\"done\"", &format!("\"attempt\":\"{id}\""))
            .replace("attempt/done", &format!("attempt/{id}"));
        cases.push((format!("the id `{id:.8}`"), payload.into_bytes()));
    }
    cases
}
