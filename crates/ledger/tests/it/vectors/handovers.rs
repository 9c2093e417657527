//! Vectors of handovers: the statement, which keys a verifier then goes by, and receipts that bring one along.

use lastlook_ledger::receipt::handovers as brought;
use lastlook_ledger::{
    Checkpoint, Handover, Hash, SigningKey, VerifierKey, VerifyError, Why, follow, open_checkpoint,
    verify_receipt,
};
use serde_json::{Value, json};

use super::{bytes, each, expect, keys, put_bytes, read, receipts, text};
use crate::fixture::{STATE, first, forge};

const TIME: &str = "2026-02-01T09:30:00.000000000Z";

/// The keys of one state, in the order of their lives.
fn key(n: u8) -> SigningKey {
    SigningKey::from_seed(STATE, &[n; 32]).unwrap()
}

fn vkey(n: u8) -> String {
    key(n).verifier().to_string()
}

fn handover(why: Why, old: u8, new: u8, logs: &[Checkpoint]) -> Handover {
    let (old, new) = (key(old).verifier(), key(new).verifier());
    Handover { why, time: TIME.to_owned(), old, new, logs: logs.to_vec() }
}

fn signed(why: Why, old: u8, new: u8, logs: &[Checkpoint]) -> String {
    handover(why, old, new, logs).sign(&key(old), &key(new)).unwrap()
}

fn log(writer: u32, size: u64, root: u8) -> Checkpoint {
    Checkpoint { origin: format!("{STATE}/{writer}"), size, root: Hash::from_slice(&[root; 32]).unwrap() }
}

/// The two logs at the handover.
fn heads() -> Vec<Checkpoint> {
    vec![log(1, 11, 0x11), log(2, 4, 0x22)]
}

/// Any text, signed by these keys.
fn note(text: &str, by: &[u8]) -> String {
    let lines = by.iter().map(|n| {
        let note = forge(STATE, &[*n; 32], text);
        note.rsplit_once("\n\n").unwrap().1.to_owned()
    });
    format!("{text}\n{}", lines.collect::<String>())
}

fn text_of(note: &str) -> String {
    format!("{}\n", note.rsplit_once("\n\n").unwrap().0)
}

pub fn handovers() -> Value {
    json!({
        "good": good(), "malformed": malformed(), "following": following(), "not_followed": not_followed(),
        "receipts": brought_good(), "receipts_refused": brought_refused(),
    })
}

fn good() -> Vec<Value> {
    let rotated = signed(Why::Rotated, 1, 2, &heads());
    let stranger = note(&text_of(&rotated), &[1, 7, 2]);
    let twice = note(&text_of(&rotated), &[2, 1, 1]);
    let cases = [
        ("rotated, two logs", rotated),
        ("compromised", signed(Why::Compromised, 1, 2, &heads())),
        ("before any entry", signed(Why::Rotated, 1, 2, &[])),
        ("a stranger's signature between the two", stranger),
        ("the new key first, the old one twice", twice),
        ("a log of the largest size", signed(Why::Rotated, 2, 3, &[log(9, u64::MAX, 0)])),
        (
            "origins in the order of their bytes",
            signed(Why::Rotated, 1, 2, &[log(1, 1, 1), log(10, 1, 1), log(2, 1, 1)]),
        ),
    ];
    let good = |(name, note): (&str, String)| {
        let mut vector = json!({ "name": name, "note": note });
        let found = Handover::open(note.as_bytes()).unwrap();
        for (member, value) in summary(&found).as_object().unwrap() {
            vector[member] = value.clone();
        }
        vector
    };
    cases.into_iter().map(good).collect()
}

fn summary(found: &Handover) -> Value {
    let Handover { why, time, old, new, logs } = found;
    let logs: Vec<_> = logs
        .iter()
        .map(|log| json!({ "origin": log.origin, "size": log.size, "root": log.root.to_hex() }))
        .collect();
    let id = |key: &VerifierKey| hex::encode(key.id());
    json!({ "why": why.as_str(), "time": time, "old": id(old), "new": id(new), "logs": logs })
}

fn malformed() -> Vec<Value> {
    let good = signed(Why::Rotated, 1, 2, &heads());
    let text = text_of(&good);
    let with = |old: &str, new: &str| note(&text.replacen(old, new, 1), &[1, 2]);
    let (one, two) = (vkey(1), vkey(2));
    let other_name = SigningKey::from_seed("lastlook/77", &[2; 32]).unwrap().verifier().to_string();
    let unsigned = |by: &[u8]| note(&text, by);
    let flipped = good.replacen("rotated", "compromised", 1);
    let cut = |lines: usize| text.split_inclusive('\n').take(lines).collect::<String>();
    let logs: Vec<&str> = text.split_inclusive('\n').skip(5).collect();
    let swapped = format!("{}{}{}", cut(5), logs[1], logs[0]);
    let doubled = format!("{}{}{}", cut(5), logs[0], logs[0]);
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", vec![], "handover-malformed"),
        ("not UTF-8", vec![0xff; 8], "handover-malformed"),
        ("a tab", with("rotated", "rotated\t").into_bytes(), "handover-malformed"),
        ("a carriage return", with("rotated\n", "rotated\r\n").into_bytes(), "handover-malformed"),
        ("no empty line", text.clone().into_bytes(), "handover-malformed"),
        ("another version", with("/v1", "/v2").into_bytes(), "handover-format"),
        ("a checkpoint", first().note().into_bytes(), "handover-format"),
        (
            "an empty text",
            format!("\n\n{}", good.rsplit_once("\n\n").unwrap().1).into_bytes(),
            "handover-format",
        ),
        ("four lines", note(&cut(4), &[1, 2]).into_bytes(), "handover-malformed"),
        ("another reason", with("rotated", "lost").into_bytes(), "handover-malformed"),
        ("a reason in capitals", with("rotated", "Rotated").into_bytes(), "handover-malformed"),
        ("a day that does not exist", with("02-01T", "02-30T").into_bytes(), "handover-malformed"),
        ("a time without fraction", with(".000000000Z", "Z").into_bytes(), "handover-malformed"),
        ("an old key that is none", with(&one, "lastlook/3f9a2c").into_bytes(), "key-form"),
        ("a new key with another id", with(&two, &two.replacen('+', "+0", 1)).into_bytes(), "key-id"),
        ("keys of two names", with(&two, &other_name).into_bytes(), "handover-keys"),
        ("a key that follows itself", with(&two, &one).into_bytes(), "handover-keys"),
        ("another state's log", with("3f9a2c/1 ", "3f9a2d/1 ").into_bytes(), "handover-malformed"),
        ("a log without entries", with("/1 11 ", "/1 0 ").into_bytes(), "handover-malformed"),
        ("a size with a leading zero", with("/1 11 ", "/1 011 ").into_bytes(), "handover-malformed"),
        ("a size of 2^64", with("/1 11 ", "/1 18446744073709551616 ").into_bytes(), "handover-malformed"),
        ("two spaces", with("/1 11 ", "/1  11 ").into_bytes(), "handover-malformed"),
        ("a root that is cut", with("ERERERE=", "ERERERE").into_bytes(), "handover-malformed"),
        ("a word after the root", with("=\nlastlook", "= x\nlastlook").into_bytes(), "handover-malformed"),
        (
            "an empty line before the logs",
            with(logs[0], &format!("\n{}", logs[0])).into_bytes(),
            "handover-malformed",
        ),
        ("logs in another order", note(&swapped, &[1, 2]).into_bytes(), "handover-malformed"),
        ("a log twice", note(&doubled, &[1, 2]).into_bytes(), "handover-malformed"),
        ("no signature", format!("{text}\n").into_bytes(), "handover-malformed"),
        ("a last line that is not ended", good.trim_end().as_bytes().to_vec(), "handover-malformed"),
        ("not signed by the old key", unsigned(&[2]).into_bytes(), "handover-unsigned"),
        ("not signed by the new key", unsigned(&[1]).into_bytes(), "handover-unsigned"),
        ("signed by strangers", unsigned(&[7, 8]).into_bytes(), "handover-unsigned"),
        ("another reason than was signed", flipped.into_bytes(), "handover-bad-signature"),
        (
            "a second signature of the new key, over another text",
            format!("{good}{}", note(&cut(5), &[2]).rsplit_once("\n\n").unwrap().1).into_bytes(),
            "handover-bad-signature",
        ),
    ];
    let malformed = |(name, note, code): (&str, Vec<u8>, &str)| {
        let mut vector = json!({ "name": name, "code": code });
        put_bytes(&mut vector, "note", &note);
        vector
    };
    cases.into_iter().map(malformed).collect()
}

fn following() -> Vec<Value> {
    use Why::{Compromised, Rotated};
    let first = signed(Rotated, 1, 2, &heads());
    let second = signed(Rotated, 2, 3, &[log(1, 20, 0x33), log(2, 4, 0x22)]);
    let bad = signed(Compromised, 1, 2, &heads());
    let by = |n: u8, log: Checkpoint| key(n).sign_checkpoint(&log).unwrap();
    let both = note(&text_of(&by(1, log(1, 11, 0x11))), &[1, 2]);
    let case = |name: &str, pinned: &[u8], handovers: &[&String], checkpoint: Option<String>, ids: &[u8]| {
        let ids: Vec<_> = ids.iter().map(|n| hex::encode(key(*n).verifier().id())).collect();
        let pinned: Vec<_> = pinned.iter().map(|n| vkey(*n)).collect();
        let mut vector = json!({ "name": name, "keys": pinned, "handovers": handovers, "goes_by": ids });
        if let Some(checkpoint) = checkpoint {
            vector["checkpoint"] = json!(checkpoint);
        }
        vector
    };
    vec![
        case("nothing to follow", &[1], &[], Some(by(1, log(1, 99, 9))), &[1]),
        case("from the old key to the new", &[1], &[&first], Some(by(2, log(1, 12, 9))), &[1, 2]),
        case("from the new key back to the old", &[2], &[&first], Some(by(1, log(1, 10, 9))), &[2, 1]),
        case("the old key's last checkpoint", &[1], &[&first], Some(by(1, log(2, 4, 0x22))), &[1, 2]),
        case("the last checkpoint, signed by both", &[2], &[&first], Some(both.clone()), &[2, 1]),
        case("the empty log of a writer to come", &[1], &[&first], Some(by(2, log(7, 1, 9))), &[1, 2]),
        case(
            "along two handovers, given backwards",
            &[1],
            &[&second, &first],
            Some(by(3, log(1, 21, 9))),
            &[1, 2, 3],
        ),
        case("back along two handovers", &[3], &[&first, &second], Some(by(1, log(1, 1, 9))), &[3, 2, 1]),
        case("one handover twice", &[1], &[&first, &first], None, &[1, 2]),
        case("both keys pinned", &[2, 1], &[&first], None, &[2, 1]),
        case("between strangers", &[1], &[&second], Some(by(1, log(1, 99, 9))), &[1]),
        case("nobody follows a compromised key", &[1], &[&bad], Some(by(1, log(1, 11, 0x11))), &[1]),
        case(
            "the new key vouches for the last checkpoint of a compromised one",
            &[2],
            &[&bad],
            Some(both),
            &[2, 1],
        ),
        case("the new key after a compromised one", &[2], &[&bad], Some(by(2, log(1, 12, 9))), &[2, 1]),
        case("on from the key that came after a compromised one", &[2], &[&bad, &second], None, &[2, 1, 3]),
    ]
}

fn not_followed() -> Vec<Value> {
    use Why::{Compromised, Rotated};
    let first = signed(Rotated, 1, 2, &heads());
    let bad = signed(Compromised, 1, 2, &heads());
    let elsewhere = signed(Rotated, 1, 4, &heads());
    let later = signed(Rotated, 1, 2, &[log(1, 12, 0x11)]);
    let by = |n: u8, log: Checkpoint| key(n).sign_checkpoint(&log).unwrap();
    let both = note(&text_of(&by(1, log(1, 12, 9))), &[1, 2]);
    let ended = "checkpoint-key-ended";
    let compromised = "checkpoint-key-compromised";
    let case = |name: &str, pinned: &[u8], handovers: &[&String], checkpoint: Option<String>, code: &str| {
        let pinned: Vec<_> = pinned.iter().map(|n| vkey(*n)).collect();
        let mut vector = json!({ "name": name, "keys": pinned, "handovers": handovers, "code": code });
        if let Some(checkpoint) = checkpoint {
            vector["checkpoint"] = json!(checkpoint);
        }
        vector
    };
    vec![
        case(
            "the new key without its handover",
            &[1],
            &[],
            Some(by(2, log(1, 12, 9))),
            "checkpoint-unknown-key",
        ),
        case("the old key after its end", &[1], &[&first], Some(by(1, log(1, 12, 9))), ended),
        case(
            "the old key after its end, its successor pinned",
            &[2],
            &[&first],
            Some(by(1, log(1, 12, 9))),
            ended,
        ),
        case(
            "another last checkpoint than was handed over",
            &[1],
            &[&first],
            Some(by(1, log(1, 11, 9))),
            ended,
        ),
        case("the old key on a log that did not exist", &[1], &[&first], Some(by(1, log(7, 1, 9))), ended),
        case("the old key on the empty log of none", &[1], &[&first], Some(by(1, log(7, 0, 9))), ended),
        case("a checkpoint that both signed after the end", &[1], &[&first], Some(both), ended),
        case(
            "nobody follows a compromised key",
            &[1],
            &[&bad],
            Some(by(2, log(1, 12, 9))),
            "checkpoint-unknown-key",
        ),
        case("a compromised key before its end", &[2], &[&bad], Some(by(1, log(1, 10, 9))), compromised),
        case("a compromised key after its end", &[1], &[&bad], Some(by(1, log(1, 12, 9))), compromised),
        case("a compromised key, another root", &[1, 2], &[&bad], Some(by(1, log(1, 11, 9))), compromised),
        case("a handover to somebody else besides", &[1], &[&first, &elsewhere], None, "handover-conflict"),
        case("the same, the right key pinned", &[2], &[&first, &elsewhere], None, "handover-conflict"),
        case("two handovers to one key that differ", &[1], &[&first, &later], None, "handover-conflict"),
        case(
            "a thief hands over what was declared compromised",
            &[1],
            &[&bad, &elsewhere],
            None,
            "handover-conflict",
        ),
        case(
            "a handover that was altered",
            &[1],
            &[&first.replacen("11", "12", 1)],
            None,
            "handover-bad-signature",
        ),
    ]
}

/// A receipt of the first log under the next key, and what it brings along.
fn receipt(handovers: &[String]) -> Vec<u8> {
    let mut receipt = first().receipt(1);
    receipt.checkpoint = key(2).sign_checkpoint(&first().checkpoint()).unwrap();
    receipt.to_json_with(handovers)
}

fn with_file(name: &str, pinned: u8, file: &[u8]) -> Value {
    let mut vector = json!({ "name": name, "keys": [vkey(pinned)] });
    put_bytes(&mut vector, "file", file);
    vector
}

fn brought_good() -> Vec<Value> {
    let handed = signed(Why::Rotated, 1, 2, &[log(1, 1, 9)]);
    let cases = [
        ("a receipt that brings its handover", 1, receipt(std::slice::from_ref(&handed))),
        ("the same, the new key pinned", 2, receipt(&[handed])),
        ("the new key pinned, nothing brought", 2, receipt(&[])),
        (
            "a compromised key before, the new one pinned",
            2,
            receipt(&[signed(Why::Compromised, 1, 2, &heads())]),
        ),
    ];
    let good = |(name, pinned, file): (&str, u8, Vec<u8>)| {
        let mut vector = with_file(name, pinned, &file);
        vector["proves"] = receipts::summary(&verify_receipt(&file, &[key(2).verifier()]).unwrap());
        vector
    };
    cases.into_iter().map(good).collect()
}

fn brought_refused() -> Vec<Value> {
    let handed = signed(Why::Rotated, 1, 2, &[log(1, 1, 9)]);
    let bad = signed(Why::Compromised, 1, 2, &heads());
    let file = |extensions: Value| {
        let mut file: Value = serde_json::from_slice(&receipt(&[])).unwrap();
        file["extensions"] = extensions;
        // Whether objects keep their order depends on what else is built.
        serde_json_canonicalizer::to_vec(&file).unwrap()
    };
    let unknown = "checkpoint-unknown-key";
    let cases = [
        ("no handover", receipt(&[]), unknown),
        ("a compromised key", receipt(&[bad]), unknown),
        (
            "an altered handover",
            receipt(&[handed.replacen("rotated", "compromised", 1)]),
            "handover-bad-signature",
        ),
        ("a handover that is no text", file(json!({ "handovers": [7] })), "handover-malformed"),
        ("more than 64", file(json!({ "handovers": vec![handed.as_str(); 65] })), "handover-malformed"),
        ("a text and no array", file(json!({ "handovers": handed })), unknown),
        ("null", file(json!({ "handovers": null })), unknown),
        ("another member", file(json!({ "handover": [handed] })), unknown),
        ("extensions that are no object", file(json!([[handed]])), "receipt-shape"),
        ("no JSON", b"{".to_vec(), "receipt-json"),
    ];
    let refused = |(name, file, code): (&str, Vec<u8>, &str)| {
        let mut vector = with_file(name, 1, &file);
        vector["code"] = json!(code);
        vector
    };
    cases.into_iter().map(refused).collect()
}

#[test]
fn handovers_are_read_as_the_vectors_say() {
    let file = read("handovers.json");
    each(&file["good"], |vector| {
        let found = Handover::open(&bytes(vector, "note")).map_err(|error| error.to_string())?;
        let found = summary(&found);
        found.as_object().unwrap().iter().try_for_each(|(name, value)| expect(value, &vector[name]))
    });
    each(&file["malformed"], |vector| {
        let found = Handover::open(&bytes(vector, "note"));
        expect(found.map_err(|error| error.code()), Err(text(vector, "code")))
    });
}

/// The keys a verifier goes by, and whether the checkpoint verifies with them.
fn followed(vector: &Value) -> Result<Vec<String>, &'static str> {
    let handovers = vector["handovers"].as_array().unwrap().iter();
    let handovers: Result<Vec<_>, _> =
        handovers.map(|note| Handover::open(note.as_str().unwrap().as_bytes())).collect();
    let keys =
        handovers.and_then(|handovers| follow(&keys(vector), &handovers)).map_err(|error| error.code())?;
    if let Some(note) = vector["checkpoint"].as_str() {
        open_checkpoint(note, &keys).map_err(|error| error.code())?;
    }
    Ok(keys.iter().map(|key| hex::encode(key.id())).collect())
}

#[test]
fn handovers_are_followed_as_the_vectors_say() {
    let file = read("handovers.json");
    each(&file["following"], |vector| expect(json!(followed(vector)?), vector["goes_by"].clone()));
    each(&file["not_followed"], |vector| expect(followed(vector), Err(text(vector, "code"))));
}

#[test]
fn receipts_with_handovers_are_read_as_the_vectors_say() {
    let file = read("handovers.json");
    let verified = |vector: &Value| {
        let file = bytes(vector, "file");
        let keys = follow(&keys(vector), &brought(&file)?)?;
        verify_receipt(&file, &keys)
    };
    each(&file["receipts"], |vector| {
        let found = verified(vector).map_err(|error: VerifyError| error.to_string())?;
        expect(receipts::summary(&found), vector["proves"].clone())
    });
    each(&file["receipts_refused"], |vector| {
        expect(verified(vector).map_err(|error| error.code()).err(), Some(text(vector, "code")))
    });
}
