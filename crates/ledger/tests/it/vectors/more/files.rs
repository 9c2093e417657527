//! Receipts and logs: each member, each value of a byte, each place and proof, other logs and older checkpoints.

use super::changes::{STRANGE_JSON, flips, members};
use crate::fixture::*;
use crate::vectors::{put_bytes, receipts::summary, sorted};
use lastlook_ledger::tree::inclusion_proof;
use lastlook_ledger::{Armed, Kind, Receipt, verify_log, verify_receipt};
use serde_json::{Value, json};

type Case = (String, Vec<u8>);

fn compact(value: Value) -> Vec<u8> {
    sorted(value).to_string().into_bytes()
}

fn parsed(receipt: &Receipt) -> Value {
    serde_json::from_slice(&receipt.to_json()).unwrap()
}

fn text(receipt: &Receipt) -> String {
    String::from_utf8(compact(parsed(receipt))).unwrap()
}

/// A small receipt with everything in it: a log of an armed entry and its outcome, the armed entry, a value.
fn small() -> Receipt {
    let log =
        Log::new(7).with(&[entry(Kind::Armed, "done", json!({})), entry(Kind::Outcome, "done", json!({}))]);
    Receipt {
        values: vec![value("done", Kind::Armed, "arguments", ARGUMENTS)],
        ..log.receipt_with_armed(1, 0)
    }
}

/// Adds further vectors to those of the file.
pub fn receipts(file: Value) -> Value {
    let vector = |name: &str, file: &[u8]| {
        let mut vector = json!({ "name": name, "keys": [key().verifier().to_string()] });
        put_bytes(&mut vector, "file", file);
        vector
    };
    let good = good_receipts().into_iter().map(|(name, file)| {
        let found = verify_receipt(&file, &pinned()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut vector = vector(&name, &file);
        vector["proves"] = summary(&found);
        vector
    });
    let bad =
        [each_member(), spelt(), places(), stories()].concat().into_iter().filter_map(|(name, file)| {
            let code = verify_receipt(&file, &pinned()).err()?.code();
            let mut vector = vector(&name, &file);
            vector["code"] = json!(code);
            Some(vector)
        });
    super::add(file, good.collect(), bad.collect())
}

fn good_receipts() -> Vec<Case> {
    let alone = second().receipt(0);
    let plain = text(&alone);
    let strange = json!({ "big": 0, "deep": (0..61).fold(json!([]), |inner, _| json!([inner])) });
    let extended = {
        let mut receipt = parsed(&alone);
        receipt["extensions"] = strange;
        String::from_utf8(compact(receipt)).unwrap()
    };
    let bytes_as_base64 = {
        let mut receipt = parsed(&small());
        let shown = receipt["values"][0].as_object_mut().unwrap();
        shown.remove("value");
        shown.insert("value_base64".to_owned(), json!("eyJwYXRoIjoibm90ZXMvcGxhbi5tZCJ9"));
        compact(receipt)
    };
    let both = Receipt { values: vec![], ..small() };
    [
        ("compact, members in another order", plain.clone().into_bytes()),
        ("white space everywhere", format!("\t\r\n {}\n\n", plain.replace(",\"", " ,\r\n\t\"")).into_bytes()),
        ("escapes where none are needed", plain.replacen("\"format\"", "\"\\u0066ormat\"", 1).into_bytes()),
        ("an index of minus zero", plain.replacen("\"index\":0", "\"index\":-0", 1).into_bytes()),
        ("64 levels in extensions", extended.clone().into_bytes()),
        (
            "numbers past every limit in extensions",
            extended.replacen("\"big\":0", "\"big\":[1e400,-0.0,9007199254740993]", 1).into_bytes(),
        ),
        ("text as base64", bytes_as_base64),
        (
            "no values shown",
            compact({
                let mut it = parsed(&both);
                it["values"] = json!([]);
                it
            }),
        ),
        ("armed and outcome in one small log", compact(parsed(&small()))),
    ]
    .map(|(name, file)| (name.to_owned(), file))
    .to_vec()
}

fn each_member() -> Vec<Case> {
    let whole = parsed(&small());
    let mut cases = Vec::new();
    for at in ["", "/armed", "/values/0"] {
        cases.extend(members(&whole, at).into_iter().map(|(name, it)| (name, compact(it))));
    }
    cases
}

fn spelt() -> Vec<Case> {
    let receipt = Receipt { armed: None, values: vec![], ..small() };
    let plain = text(&receipt);
    let put = |what: &str| plain.replacen("\"index\":1", &format!("\"index\":{what}"), 1).into_bytes();
    let raw = |name: &str, file: Vec<u8>| (name.to_owned(), file);
    let mut cases: Vec<_> =
        STRANGE_JSON.iter().map(|(name, json)| raw(&format!("JSON: {name}"), put(json))).collect();
    let digits = "9".repeat(400);
    for number in [
        "2",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "18446744073709551616",
        "-1",
        "-0.0",
        "1.0",
        "1e0",
        "1E0",
        "1e400",
        "0",
        "-0",
        &digits,
    ] {
        cases.push(raw(&format!("the index {number:.30}"), put(number)));
    }
    cases.extend([
        raw("a byte order mark", format!("\u{feff}{plain}").into_bytes()),
        raw("UTF-16", plain.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        raw("a zero byte after it", format!("{plain}\0").into_bytes()),
        raw("a no-break space before it", format!("\u{a0}{plain}").into_bytes()),
        raw("a thousand open brackets", vec![b'['; 1000]),
        raw("null", b"null".to_vec()),
        raw(
            "65 levels in extensions",
            plain
                .replacen(
                    '{',
                    &format!("{{\"extensions\":{{\"a\":{}{}}},", "[".repeat(63), "]".repeat(63)),
                    1,
                )
                .into_bytes(),
        ),
        raw(
            "a member twice in extensions",
            plain.replacen('{', "{\"extensions\":{\"a\":1,\"\\u0061\":1},", 1).into_bytes(),
        ),
        raw(
            "a format in other letters",
            plain.replacen("lastlook-receipt/v1", "Lastlook-receipt/v1", 1).into_bytes(),
        ),
        raw("a member in other letters", plain.replacen("\"index\"", "\"Index\"", 1).into_bytes()),
    ]);
    for name in ["format", "payload_type", "payload", "index", "inclusion", "checkpoint"] {
        cases.push(raw(
            &format!("{name} stands twice"),
            plain.replacen(&format!("\"{name}\":"), &format!("\"{name}\":null,\"{name}\":"), 1).into_bytes(),
        ));
    }
    cases.extend(flips(plain.as_bytes()));
    cases
}

/// Every place and every proof of the log but the right ones.
fn places() -> Vec<Case> {
    let log = first();
    let receipt = log.receipt(EARLY);
    let mut cases = Vec::new();
    for index in (0..12).filter(|index| *index != EARLY as u64) {
        let mut moved = receipt.clone();
        moved.entry.index = index;
        cases.push((format!("said to be at {index}"), text(&moved).into_bytes()));
    }
    for index in (0..11).filter(|index| *index != EARLY as u64) {
        let mut moved = receipt.clone();
        moved.entry.inclusion = inclusion_proof(&log.leaves(), index, 11).unwrap();
        cases.push((format!("the proof of place {index}"), text(&moved).into_bytes()));
    }
    for size in 0..11 {
        let older = Log { payloads: log.payloads[..size].to_vec(), ..log.clone() };
        let old = Receipt { checkpoint: older.note(), ..receipt.clone() };
        cases.push((format!("a checkpoint over {size} entries"), text(&old).into_bytes()));
    }
    for at in 0..receipt.entry.inclusion.len() {
        let [mut missing, mut doubled] = [receipt.clone(), receipt.clone()];
        missing.entry.inclusion.remove(at);
        doubled.entry.inclusion.insert(at, receipt.entry.inclusion[at]);
        cases.push((format!("hash {at} of the proof is missing"), text(&missing).into_bytes()));
        cases.push((format!("hash {at} of the proof stands twice"), text(&doubled).into_bytes()));
    }
    cases
}

/// One thing presented as another.
fn stories() -> Vec<Case> {
    let log = first();
    let case = |name: &str, receipt: Receipt| (name.to_owned(), text(&receipt).into_bytes());
    let payload = |receipt: Receipt, from: &str, to: &str| {
        let mut changed = receipt;
        let before = String::from_utf8(changed.entry.payload).unwrap();
        assert!(before.contains(from), "{from}");
        changed.entry.payload = before.replace(from, to).into_bytes();
        changed
    };
    let with_armed = |receipt: Receipt, index: usize, checkpoint: Option<String>| Receipt {
        armed: Some(Armed { entry: log.included(index), checkpoint }),
        ..receipt
    };
    vec![
        case(
            "refused, presented as armed",
            payload(log.receipt(EARLY), "\"kind\":\"refused\"", "\"kind\":\"armed\""),
        ),
        case(
            "refused before it was armed, presented as after",
            payload(log.receipt(EARLY), "\"armed\":false", "\"armed\":true"),
        ),
        case("refused, presented as done", {
            let done = log.receipt(DONE).entry.payload;
            let early = String::from_utf8(done)
                .unwrap()
                .replace("\"done\"", "\"early\"")
                .replace("attempt/done", "attempt/early");
            let mut receipt = log.receipt(EARLY);
            receipt.entry.payload = early.into_bytes();
            receipt
        }),
        case(
            "armed, presented as done",
            payload(log.receipt(DONE_ARMED), "\"kind\":\"armed\"", "\"kind\":\"outcome\""),
        ),
        case("armed, with itself as what armed it", with_armed(log.receipt(DONE_ARMED), DONE_ARMED, None)),
        case("refused before it was armed, with an armed entry of its own", {
            let log = Log::new(1)
                .with(&[entry(Kind::Armed, "early", json!({})), entry(Kind::Refused, "early", json!({}))]);
            log.receipt_with_armed(1, 0)
        }),
        case(
            "held, presented as done",
            payload(log.receipt(WAITS), "\"kind\":\"held\"", "\"kind\":\"outcome\""),
        ),
        case(
            "failed, presented as succeeded",
            payload(log.receipt(WORD), "\"as\":\"failed\"", "\"as\":\"succeeded\""),
        ),
        case(
            "unknown, presented as succeeded",
            payload(second().receipt(0), "\"outcome\":\"unknown\"", "\"outcome\":\"succeeded\""),
        ),
        case(
            "unconfirmed, presented as confirmed",
            payload(log.receipt(DONE), "\"unconfirmed\"", "\"confirmed\""),
        ),
        case(
            "adjacent, presented as transactional",
            payload(log.receipt(DONE), "\"adjacent\"", "\"transactional\""),
        ),
        case("a smaller gap", payload(log.receipt(DONE), "\"gap_ns\":1200345", "\"gap_ns\":1")),
        case("audit, presented as enforce", payload(log.receipt(AUDITED), "\"audit\"", "\"enforce\"")),
        case("an earlier time", payload(log.receipt(EARLY), "2026-05-17", "1970-01-01")),
        case("a later time", payload(log.receipt(EARLY), "2026-05-17", "9999-12-31")),
        case("of another attempt", payload(log.receipt(EARLY), "early", "later")),
        case("of another log", payload(log.receipt(EARLY), "lastlook/3f9a2c/1", "lastlook/3f9a2c/2")),
        case(
            "the armed entry of another attempt, refused late",
            with_armed(log.receipt(LATE), DONE_ARMED, None),
        ),
        case("an outcome for an armed entry", with_armed(log.receipt(LATE), DONE, None)),
        case("an armed entry for a word of an operator's", with_armed(log.receipt(WORD), DONE_ARMED, None)),
        case(
            "an armed entry with the checkpoint of another log",
            with_armed(second().receipt(0), CRASH_ARMED, Some(second().note())),
        ),
        case(
            "an armed entry with an edited checkpoint",
            with_armed(second().receipt(0), CRASH_ARMED, Some(log.note().replacen("\n11\n", "\n12\n", 1))),
        ),
        case(
            "an armed entry with an older checkpoint",
            with_armed(
                second().receipt(0),
                CRASH_ARMED,
                Some(Log { payloads: log.payloads[..3].to_vec(), ..log.clone() }.note()),
            ),
        ),
        case(
            "checkpoints exchanged",
            Receipt {
                checkpoint: log.note(),
                ..with_armed(second().receipt(0), CRASH_ARMED, Some(second().note()))
            },
        ),
    ]
}

/// Adds further vectors to those of the file.
pub fn logs(file: Value) -> Value {
    let log = Log { payloads: first().payloads[..4].to_vec(), ..Log::new(1) };
    let vector = |name: &str, payloads: &[Vec<u8>], note: &str| {
        let payloads: Vec<_> = payloads.iter().map(|it| String::from_utf8(it.clone()).unwrap()).collect();
        json!({ "name": name, "keys": [key().verifier().to_string()], "payloads": payloads, "note": note })
    };
    let (all, note) = (&log.payloads, log.note());
    let mut cases: Vec<(String, Vec<Vec<u8>>, String)> = Vec::new();
    for at in 0..4 {
        let [mut missing, mut doubled, mut copied, mut edited] = [(); 4].map(|()| all.clone());
        missing.remove(at);
        doubled.insert(at, all[at].clone());
        copied[at] = all[(at + 1) % 4].clone();
        edited[at] = String::from_utf8(all[at].clone()).unwrap().replace("ada", "eve").into_bytes();
        cases.push((format!("entry {at} is missing"), missing, note.clone()));
        cases.push((format!("entry {at} stands twice"), doubled, note.clone()));
        cases.push((format!("entry {at} is a copy of another"), copied, note.clone()));
        cases.push((format!("entry {at} is edited"), edited, note.clone()));
        for other in at + 1..4 {
            let mut moved = all.clone();
            moved.swap(at, other);
            cases.push((format!("entries {at} and {other} have changed places"), moved, note.clone()));
        }
    }
    for size in 0..4 {
        let older = Log { payloads: all[..size].to_vec(), ..log.clone() };
        cases.push((format!("an older checkpoint, over {size}"), all.clone(), older.note()));
    }
    cases.push(("a later checkpoint".to_owned(), all.clone(), first().note()));
    cases.push(("the checkpoint of another log".to_owned(), all.clone(), second().note()));
    cases.push(("an empty log with an entry".to_owned(), all[..1].to_vec(), Log::new(1).note()));
    cases.push(("not an entry past the end".to_owned(), [&all[..], &[b"x".to_vec()]].concat(), note.clone()));
    cases.push((
        "not an entry, and one is missing".to_owned(),
        [&all[..2], &[b"x".to_vec()]].concat(),
        note.clone(),
    ));
    cases.push(("no checkpoint".to_owned(), all.clone(), String::new()));
    let malformed = cases.into_iter().map(|(name, payloads, note)| {
        let error = verify_log(payloads.clone().into_iter(), &note, &pinned())
            .err()
            .unwrap_or_else(|| panic!("{name} verifies"));
        let mut vector = vector(&name, &payloads, &note);
        vector["code"] = json!(error.code());
        vector
    });
    super::add(file, vec![], malformed.collect())
}
