//! Vectors of the parts: keys, commitments, entries, the tree, checkpoints.

use super::put_bytes;
use crate::fixture::{self, first, key, pinned};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::tree::{consistency_proof, inclusion_proof, leaf_hash, root_of};
use lastlook_ledger::{Commitment, Entry, Hash, Kind, Salt, SigningKey, leaf_of_payload};
use serde_json::{Value, json};

fn vkeys() -> Vec<String> {
    pinned().iter().map(ToString::to_string).collect()
}

pub fn keys() -> Value {
    let vkey = vkeys().remove(0);
    let published = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let good = |name: &str, vkey: &str| {
        let key: lastlook_ledger::VerifierKey = vkey.parse().unwrap();
        json!({
            "name": name, "vkey": vkey, "key_name": key.name(), "id": hex::encode(key.id()),
            "public": hex::encode(key.public_bytes()),
        })
    };
    let mut own = good("the key of the other vectors", &vkey);
    own["seed"] = json!(hex::encode([1; 32]));
    let weak = STANDARD.encode([&[1, 1][..], &[0; 31]].concat());
    let malformed = [
        ("id of another name", vkey.replace("3f9a2c", "3f9a2d"), "key-id"),
        (
            "upper-case id",
            vkey.replacen(&good("", &vkey)["id"].as_str().unwrap().to_owned(), "ABCDEF01", 1),
            "key-id",
        ),
        ("one plus", vkey.replacen('+', "-", 1), "key-form"),
        ("truncated", vkey[..vkey.len() - 4].to_owned(), "key-form"),
        ("not base64", format!("{vkey}!"), "key-form"),
        ("another signature type", "lastlook/x+00000000+BAID".to_owned(), "key-type"),
        (
            "the neutral element, for which anybody can sign",
            format!("lastlook/x+00000000+{weak}"),
            "key-weak",
        ),
        ("a space in the name", vkey.replacen("lastlook", "last look", 1), "key-name"),
        ("no name", vkey[vkey.find('+').unwrap()..].to_owned(), "key-name"),
    ];
    json!({
        "good": [own, good("published with the format", published)],
        "malformed": malformed.map(|(name, vkey, code)| json!({ "name": name, "vkey": vkey, "code": code })),
    })
}

pub fn commitments() -> Value {
    let cases: [(&str, &[u8]); 5] = [
        ("arguments", fixture::ARGUMENTS),
        ("basis/0/was", fixture::WAS),
        ("facts/12/now", b""),
        ("answer", fixture::ANSWER),
        ("\u{e9}", "\u{1F600}".as_bytes()),
    ];
    let vectors = cases.map(|(label, value)| {
        let seed = fixture::seed(label, Kind::Armed);
        let salt = Salt::derive(&seed, label);
        let mut vector = json!({
            "name": label, "seed": hex::encode(seed), "label": label, "salt": hex::encode(salt.as_bytes()),
            "commitment": Commitment::of(&salt, value).to_json(),
        });
        put_bytes(&mut vector, "value", value);
        vector
    });
    json!({ "good": vectors })
}

pub fn entries() -> Value {
    let good: Vec<_> = [first().payloads, fixture::second().payloads]
        .concat()
        .iter()
        .map(|payload| {
            let Entry { kind, attempt, .. } = Entry::from_payload(payload).unwrap();
            let mut vector = json!({
                "name": format!("{kind} of {attempt}"), "kind": kind.as_str(), "leaf": leaf_of_payload(payload).to_hex(),
            });
            put_bytes(&mut vector, "payload", payload);
            vector
        })
        .collect();
    let malformed: Vec<_> = malformed_payloads()
        .into_iter()
        .map(|(name, payload, code)| {
            let mut vector = json!({ "name": name, "code": code });
            put_bytes(&mut vector, "payload", &payload);
            vector
        })
        .collect();
    json!({ "good": good, "malformed": malformed })
}

/// Payloads that are no entries, whoever signed them.
pub fn malformed_payloads() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let outcome = first().payloads.swap_remove(fixture::DONE);
    let text = String::from_utf8(outcome.clone()).unwrap();
    let raw = |name, payload: String, code| (name, payload.into_bytes(), code);
    let changed = |name, pointer: &str, value: Value, code| {
        let mut statement: Value = serde_json::from_slice(&outcome).unwrap();
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        statement.pointer_mut(parent).unwrap()[last] = value;
        (name, serde_json_canonicalizer::to_vec(&statement).unwrap(), code)
    };
    let removed = |name, member: &str| {
        let mut statement: Value = serde_json::from_slice(&outcome).unwrap();
        statement["predicate"].as_object_mut().unwrap().remove(member).unwrap();
        (name, serde_json_canonicalizer::to_vec(&statement).unwrap(), "entry-member")
    };
    let deep = (0..32).fold(json!(0), |inner, _| json!([inner]));
    vec![
        raw("empty", String::new(), "entry-json"),
        raw("duplicate key", text.replacen("\"kind\":", "\"kind\":\"armed\",\"kind\":", 1), "entry-json"),
        raw(
            "duplicate key, escaped",
            text.replacen("\"kind\":", "\"k\\u0069nd\":0,\"kind\":", 1),
            "entry-json",
        ),
        raw("lone surrogate", text.replacen("answer", "\\udead", 1), "entry-json"),
        raw("trailing data", format!("{text}{{}}"), "entry-json"),
        ("invalid UTF-8", [&outcome[..20], b"\xc3", &outcome[20..]].concat(), "entry-json"),
        raw("white space", text.replacen(':', ": ", 1), "entry-not-canonical"),
        raw("final newline", format!("{text}\n"), "entry-not-canonical"),
        raw("needless escape", text.replacen("answer", "\\u0061nswer", 1), "entry-not-canonical"),
        raw(
            "member order",
            format!("{{\"predicateType\":0,{}", &text[1..]).replacen("\"predicateType\":0,", "\"z\":0,", 1),
            "entry-not-canonical",
        ),
        raw("fraction", text.replacen("80123", "80123.5", 1), "entry-number"),
        raw("integer spelt as a fraction", text.replacen("80123", "80123.0", 1), "entry-number"),
        raw("exponent", text.replacen("80123", "8e4", 1), "entry-number"),
        raw("beyond 2^53-1", text.replacen("9007199254740991", "9007199254740992", 1), "entry-number"),
        raw("beyond 64 bits", text.replacen("80123", "99999999999999999999", 1), "entry-number"),
        raw("negative zero", text.replacen("80123", "-0", 1), "entry-not-canonical"),
        changed("33 levels", "/predicate/later", deep, "entry-json"),
        changed(
            "another statement type",
            "/_type",
            json!("https://in-toto.io/Statement/v0.1"),
            "entry-statement",
        ),
        changed(
            "another version",
            "/predicateType",
            json!("https://lastlook.dev/entry/v2"),
            "entry-statement",
        ),
        changed("a member beside the predicate", "/more", json!(1), "entry-statement"),
        changed("unknown kind", "/predicate/kind", json!("permit"), "entry-statement"),
        changed("subject of another attempt", "/predicate/attempt", json!("another"), "entry-statement"),
        changed("upper-case digest", "/subject/0/digest/sha256", json!("AB".repeat(32)), "entry-statement"),
        changed("a second digest", "/subject/0/digest/sha512", json!("00"), "entry-statement"),
        changed("time without fraction", "/predicate/time", json!("2026-05-17T09:30:00Z"), "entry-member"),
        changed(
            "a day that does not exist",
            "/predicate/time",
            json!("2026-02-29T09:30:00.000000000Z"),
            "entry-member",
        ),
        changed("origin with a space", "/predicate/origin", json!("lastlook/3f9a2c /1"), "entry-member"),
        changed("asserted is not a flag", "/predicate/principal/asserted", json!("false"), "entry-member"),
        changed("deny outside audit mode", "/predicate/verdict", json!("deny"), "entry-member"),
        changed("no verdict, though sent", "/predicate/verdict", json!(null), "entry-member"),
        changed("negative duration", "/predicate/gap_ns", json!(-1), "entry-member"),
        changed("plain value for a commitment", "/predicate/answer", json!("text"), "entry-member"),
        changed("unknown closure", "/predicate/closure", json!("perfect"), "entry-member"),
        removed("no mode", "mode"),
        removed("no outcome", "outcome"),
        removed("sent without closure", "closure"),
    ]
}

pub fn tree() -> Value {
    let data: Vec<_> = (0..12).map(|n| if n == 0 { String::new() } else { format!("leaf {n}") }).collect();
    let all: Vec<Hash> = data.iter().map(|data| leaf_hash(data.as_bytes())).collect();
    let hexes = |proof: Vec<Hash>| proof.iter().map(Hash::to_hex).collect::<Vec<_>>();
    let root = |size: u64| root_of(&all[..size as usize]).to_hex();
    let inclusion = |size: u64, index: u64| {
        json!({
            "name": format!("{index} of {size}"), "size": size, "index": index, "root": root(size), "good": true,
            "leaf": all[index as usize].to_hex(), "proof": hexes(inclusion_proof(&all, index, size).unwrap()),
        })
    };
    let consistency = |old: u64, new: u64| {
        json!({
            "name": format!("{old} to {new}"), "old_size": old, "new_size": new, "old_root": root(old),
            "new_root": root(new), "proof": hexes(consistency_proof(&all, old, new).unwrap()), "good": true,
        })
    };
    let bad = |name: &str, mut vector: Value, change: &dyn Fn(&mut Value)| {
        change(&mut vector);
        vector["name"] = json!(name);
        vector["good"] = json!(false);
        vector
    };
    let pop = |it: &mut Value| drop(it["proof"].as_array_mut().unwrap().pop());
    let push = |it: &mut Value| it["proof"].as_array_mut().unwrap().push(json!(root(1)));
    let swap = |it: &mut Value| it["proof"].as_array_mut().unwrap().swap(0, 1);
    let mut inclusions: Vec<_> = [(1, 0), (2, 1), (3, 2), (7, 0), (7, 6), (8, 5), (11, 10), (12, 3)]
        .map(|(size, at)| inclusion(size, at))
        .to_vec();
    inclusions.extend([
        bad("truncated", inclusion(7, 0), &pop),
        bad("extended", inclusion(7, 0), &push),
        bad("out of order", inclusion(7, 0), &swap),
        bad("another index", inclusion(7, 0), &|it| it["index"] = json!(1)),
        bad("index is the size", inclusion(7, 6), &|it| it["index"] = json!(7)),
        bad("another size", inclusion(7, 6), &|it| it["size"] = json!(8)),
        bad("another leaf", inclusion(7, 0), &|it| it["leaf"] = json!(all[1].to_hex())),
        bad("a node for a leaf", inclusion(8, 0), &|it| {
            it["leaf"] = json!(root(2));
            it["proof"].as_array_mut().unwrap().remove(0);
        }),
        bad("empty tree", inclusion(1, 0), &|it| it["size"] = json!(0)),
    ]);
    let mut consistencies: Vec<_> = [(0, 5), (1, 2), (3, 7), (4, 7), (6, 8), (8, 12), (5, 5), (11, 12)]
        .map(|(old, new)| consistency(old, new))
        .to_vec();
    consistencies.extend([
        bad("truncated", consistency(3, 7), &pop),
        bad("extended", consistency(3, 7), &push),
        bad("another old root", consistency(3, 7), &|it| it["old_root"] = json!(root(4))),
        bad("another new root", consistency(3, 7), &|it| it["new_root"] = json!(root(8))),
        bad("backwards", consistency(3, 7), &|it| it["old_size"] = json!(8)),
        bad("equal sizes, two roots", consistency(5, 5), &|it| it["old_root"] = json!(root(4))),
    ]);
    json!({
        "leaves": data.iter().zip(&all).map(|(data, leaf)| json!({ "data": data, "leaf": leaf.to_hex() })).collect::<Vec<_>>(),
        "roots": (0..=12).map(|size| json!({ "name": size.to_string(), "size": size, "root": root(size) })).collect::<Vec<_>>(),
        "inclusion": inclusions,
        "consistency": consistencies,
    })
}

pub fn checkpoints() -> Value {
    let checkpoint = first().checkpoint();
    let note = first().note();
    let (body, line) = note.split_once("\n\n").unwrap();
    let witness = "\u{2014} witness.example/w1 AAAAAQEBAQEBAQ==\n";
    let good = [
        ("signed", note.clone()),
        ("cosigned by an unknown witness", format!("{note}{witness}")),
        ("an unknown signature first", format!("{body}\n\n{witness}{line}")),
        ("an extension line", fixture::forge(fixture::STATE, &[1; 32], &format!("{body}\nmore\n"))),
        (
            "our name with the id of another key",
            format!("{note}\u{2014} {} AAAAAQEBAQEBAQ==\n", fixture::STATE),
        ),
    ];
    let other =
        SigningKey::from_seed(fixture::STATE, &[2; 32]).unwrap().sign_checkpoint(&checkpoint).unwrap();
    let other_line = other.split_once("\n\n").unwrap().1.to_owned();
    let ours_by_other = {
        let mut bytes = STANDARD.decode(other_line.trim_end().rsplit(' ').next().unwrap()).unwrap();
        bytes[..4].copy_from_slice(&key().verifier().id());
        format!("\u{2014} {} {}\n", fixture::STATE, STANDARD.encode(bytes))
    };
    let malformed = [
        ("no signature", format!("{body}\n"), "checkpoint-unsigned"),
        ("no signature after the blank line", format!("{body}\n\n"), "checkpoint-unsigned"),
        ("empty", String::new(), "checkpoint-unsigned"),
        ("signed by another key", other.clone(), "checkpoint-unknown-key"),
        (
            "signed by another key under our id",
            format!("{body}\n\n{ours_by_other}"),
            "checkpoint-bad-signature",
        ),
        (
            "a good and a bad signature of one key",
            format!("{note}{ours_by_other}"),
            "checkpoint-bad-signature",
        ),
        ("another size", note.replacen("\n11\n", "\n12\n", 1), "checkpoint-bad-signature"),
        ("another log of the same state", note.replacen("/1\n", "/2\n", 1), "checkpoint-bad-signature"),
        ("an extension line added", note.replacen("\n\n", "\nmore\n\n", 1), "checkpoint-bad-signature"),
        ("size with a leading zero", note.replacen("\n11\n", "\n011\n", 1), "checkpoint-malformed"),
        (
            "root of 31 bytes",
            note.replacen(&STANDARD.encode(checkpoint.root.as_bytes()), &STANDARD.encode([0; 31]), 1),
            "checkpoint-malformed",
        ),
        ("an empty extension line", note.replacen("\n\n", "\n\nmore\n\n", 1), "checkpoint-malformed"),
        ("carriage returns", note.replace('\n', "\r\n"), "checkpoint-malformed"),
        ("no final newline", note.trim_end().to_owned(), "checkpoint-malformed"),
        ("a line that is no signature", format!("{note}more\n"), "checkpoint-malformed"),
        ("a signature of four bytes", format!("{note}\u{2014} w AAAAAA==\n"), "checkpoint-malformed"),
        ("65 signatures", format!("{note}{}", witness.repeat(64)), "checkpoint-malformed"),
    ];
    // A key pinned for `lastlook/3f9a` must not speak for `lastlook/3f9a2c/1`.
    let short = SigningKey::from_seed("lastlook/3f9a", &[3; 32]).unwrap().verifier().to_string();
    let foreign = fixture::forge("lastlook/3f9a", &[3; 32], &format!("{body}\n"));
    let good = good.map(|(name, note)| {
        json!({
            "name": name, "keys": vkeys(), "note": note, "origin": checkpoint.origin, "size": checkpoint.size,
            "root": checkpoint.root.to_hex(),
        })
    });
    let mut bad: Vec<_> = malformed
        .map(|(name, note, code)| json!({ "name": name, "keys": vkeys(), "note": note, "code": code }))
        .to_vec();
    bad.extend([
        json!({ "name": "nothing pinned", "keys": [], "note": note, "code": "checkpoint-unknown-key" }),
        json!({ "name": "a key of another state", "keys": [short], "note": foreign, "code": "checkpoint-foreign-origin" }),
    ]);
    json!({ "good": good, "malformed": bad })
}
