//! Vectors of receipts.

use super::{basics::malformed_payloads, put_bytes};
use crate::fixture::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::tree::inclusion_proof;
use lastlook_ledger::{Armed, Kind, Receipt, SigningKey, Verified};
use serde_json::{Value, json};

/// What a verified receipt says, as the vectors write it.
pub fn summary(found: &Verified) -> Value {
    let values = found.values.iter().map(|it| {
        let mut value = json!({ "of": it.of.as_str(), "label": it.label });
        put_bytes(&mut value, "value", &it.value);
        value
    });
    json!({
        "receipt": found.receipt(),
        "kind": found.entry.kind.as_str(),
        "origin": found.checkpoint.origin,
        "index": found.index,
        "size": found.checkpoint.size,
        "armed": found.armed.is_some(),
        "values": values.collect::<Vec<_>>(),
    })
}

pub fn vector(name: &str, file: &[u8]) -> Value {
    let mut vector = json!({ "name": name, "keys": [key().verifier().to_string()] });
    put_bytes(&mut vector, "file", file);
    vector
}

pub fn receipts() -> Value {
    let log = first();
    let late = Receipt {
        values: vec![
            value("late", Kind::Refused, "facts/0/now", NOW),
            value("late", Kind::Armed, "basis/0/was", WAS),
        ],
        ..log.receipt_with_armed(LATE, LATE_ARMED)
    };
    let cosigned = format!("{}\u{2014} witness.example/w1 AAAAAQEBAQEBAQ==\n", log.note());
    let good = [
        ("refused before arming", log.receipt(EARLY).to_json()),
        ("refused after arming, values shown", late.to_json()),
        ("outcome", log.receipt(DONE).to_json()),
        ("outcome with its armed entry and every value", full().to_json()),
        ("outcome of a call that audit mode would have refused", log.receipt(AUDITED).to_json()),
        ("operator's word", log.receipt(WORD).to_json()),
        ("ended by another writer, in a log of one entry", across().to_json()),
        ("cosigned by an unknown witness", Receipt { checkpoint: cosigned, ..log.receipt(EARLY) }.to_json()),
        (
            "with extensions",
            edited(&log.receipt(EARLY), |it| it["extensions"] = json!({ "later": [1.5, null] })),
        ),
    ];
    let good = good.map(|(name, file)| {
        let mut vector = vector(name, &file);
        vector["proves"] = summary(&lastlook_ledger::verify_receipt(&file, &pinned()).unwrap());
        vector
    });
    let malformed: Vec<_> = [json_faults(), entry_faults(), proof_faults(), armed_faults(), value_faults()]
        .concat()
        .into_iter()
        .map(|(name, file, code)| {
            let mut vector = vector(&name, &file);
            vector["code"] = json!(code);
            vector
        })
        .collect();
    json!({ "good": good, "malformed": malformed })
}

type Fault = (String, Vec<u8>, &'static str);

fn fault(name: &str, file: Vec<u8>, code: &'static str) -> Fault {
    (name.to_owned(), file, code)
}

/// The receipt's file with one change to its JSON.
fn edited(receipt: &Receipt, change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut json = serde_json::from_slice(&receipt.to_json()).unwrap();
    change(&mut json);
    super::sorted(json).to_string().into_bytes()
}

fn json_faults() -> Vec<Fault> {
    let early = first().receipt(EARLY);
    let file = early.to_json();
    let text = String::from_utf8(file.clone()).unwrap();
    let shape =
        |name: &str, change: &dyn Fn(&mut Value)| fault(name, edited(&early, change), "receipt-shape");
    let without = |name: &str, member: &'static str| {
        shape(name, &move |it| drop(it.as_object_mut().unwrap().remove(member)))
    };
    vec![
        fault("empty", vec![], "receipt-json"),
        fault("truncated", file[..file.len() / 2].to_vec(), "receipt-json"),
        fault("two receipts", [file.clone(), file.clone()].concat(), "receipt-json"),
        fault("duplicate key", text.replacen('{', "{\"index\":0,", 1).into_bytes(), "receipt-json"),
        fault("invalid UTF-8", [&file[..9], b"\xff", &file[9..]].concat(), "receipt-json"),
        fault("lone surrogate", text.replacen("receipt/v1", "\\ud800", 1).into_bytes(), "receipt-json"),
        fault("65 levels", ["[".repeat(65), "]".repeat(65)].concat().into_bytes(), "receipt-json"),
        fault(
            "a later format",
            edited(&early, |it| it["format"] = json!("lastlook-receipt/v2")),
            "receipt-format",
        ),
        fault(
            "another payload type",
            edited(&early, |it| it["payload_type"] = json!("text/plain")),
            "payload-type",
        ),
        fault("an array", b"[]".to_vec(), "receipt-shape"),
        without("no format", "format"),
        without("no payload type", "payload_type"),
        without("no payload", "payload"),
        without("no index", "index"),
        without("no proof", "inclusion"),
        without("no checkpoint", "checkpoint"),
        shape("an unknown member", &|it| it["verified"] = json!(true)),
        shape("extensions are not an object", &|it| it["extensions"] = json!([])),
        shape("index is text", &|it| it["index"] = json!("2")),
        shape("negative index", &|it| it["index"] = json!(-1)),
        shape("index is a fraction", &|it| it["index"] = json!(2.0)),
        shape("index beyond 2^53-1", &|it| it["index"] = json!(9_007_199_254_740_992_i64)),
        shape("payload is URL-safe base64", &|it| it["payload"] = json!("-_-_")),
        shape("payload has stray bits after its end", &|it| it["payload"] = json!("e31=")),
        shape("payload without padding", &|it| it["payload"] = json!("e30")),
        shape("proof is text", &|it| it["inclusion"] = json!("")),
        shape("a hash of 31 bytes", &|it| it["inclusion"][0] = json!(STANDARD.encode([0; 31]))),
        shape("65 hashes", &|it| it["inclusion"] = json!(vec![STANDARD.encode([0; 32]); 65])),
        shape("armed is null", &|it| it["armed"] = json!(null)),
        shape("values is null", &|it| it["values"] = json!(null)),
    ]
}

fn entry_faults() -> Vec<Fault> {
    let signed = |payload: Vec<u8>| Log { payloads: vec![payload], ..Log::new(1) }.receipt(0).to_json();
    let mut faults: Vec<_> = malformed_payloads()
        .into_iter()
        .map(|(name, payload, code)| fault(&format!("signed payload: {name}"), signed(payload), code))
        .collect();
    let log = first();
    for (name, index) in
        [("armed", DONE_ARMED), ("held", WAITS), ("confirmation", CONFIRMATION), ("reads", READS)]
    {
        faults.push(fault(
            &format!("a {name} entry is no receipt"),
            log.receipt(index).to_json(),
            "not-a-receipt",
        ));
    }
    faults
}

fn proof_faults() -> Vec<Fault> {
    let log = first();
    let early = log.receipt(EARLY);
    let note = |name: &str, checkpoint: String, code| {
        fault(name, Receipt { checkpoint, ..early.clone() }.to_json(), code)
    };
    let proof = |name: &str, code, change: &dyn Fn(&mut Receipt)| {
        let mut receipt = early.clone();
        change(&mut receipt);
        fault(name, receipt.to_json(), code)
    };
    let (body, _) = early.checkpoint.split_once("\n\n").unwrap();
    let other_key =
        SigningKey::from_seed(STATE, &[2; 32]).unwrap().sign_checkpoint(&log.checkpoint()).unwrap();
    let foreign = log.checkpoint();
    let foreign =
        format!("lastlook/3f9a2cff/1\n{}\n{}\n", foreign.size, STANDARD.encode(foreign.root.as_bytes()));
    let shorter = Log { payloads: log.payloads[..=EARLY].to_vec(), ..log.clone() };
    let edited_payload =
        Log::new(1).with(&[entry(Kind::Refused, "early", json!({ "gap_ns": 1 }))]).payloads.remove(0);
    let sibling = |receipt: &mut Receipt| receipt.entry.inclusion[0] = log.leaves()[EARLY];
    vec![
        note("unsigned", format!("{body}\n"), "checkpoint-unsigned"),
        note("signed by another key", other_key, "checkpoint-unknown-key"),
        note("size edited", early.checkpoint.replacen("\n11\n", "\n12\n", 1), "checkpoint-bad-signature"),
        note(
            "of a log that the key does not speak for",
            forge(STATE, &[1; 32], &foreign),
            "checkpoint-foreign-origin",
        ),
        note("a checkpoint that is none", forge(STATE, &[1; 32], "hello\n"), "checkpoint-malformed"),
        note("the checkpoint of another log", second().note(), "other-log"),
        note(
            "an older checkpoint, too small for the index",
            Log { payloads: log.payloads[..EARLY].to_vec(), ..log.clone() }.note(),
            "index-out-of-range",
        ),
        note("an older checkpoint", shorter.note(), "proof-length"),
        proof("spliced from another log", "other-log", &|it| it.entry.payload = second().payloads.remove(0)),
        proof("index is the size", "index-out-of-range", &|it| it.entry.index = 11),
        proof("index of a place with a shorter proof", "proof-length", &|it| it.entry.index = 10),
        proof("truncated proof", "proof-length", &|it| it.entry.inclusion.truncate(3)),
        proof("no proof", "proof-length", &|it| it.entry.inclusion.clear()),
        proof("extended proof", "proof-length", &|it| it.entry.inclusion.push(it.entry.inclusion[0])),
        proof("another index", "not-included", &|it| it.entry.index = 3),
        proof("edited entry", "not-included", &|it| it.entry.payload = edited_payload.clone()),
        proof("edited proof", "not-included", &sibling),
        proof("proof of another place", "not-included", &|it| {
            it.entry.inclusion = inclusion_proof(&log.leaves(), 3, 11).unwrap();
        }),
        proof("another entry of the same log", "not-included", &|it| {
            it.entry.payload = log.payloads[LATE].clone()
        }),
    ]
}

fn armed_faults() -> Vec<Fault> {
    let log = first();
    let armed = |name: &str, code, index: usize, armed: Armed| {
        fault(name, Receipt { armed: Some(armed), ..log.receipt(index) }.to_json(), code)
    };
    let own = |index| Armed { entry: log.included(index), checkpoint: None };
    let mut edited_armed = own(DONE_ARMED);
    edited_armed.entry.payload =
        Log::new(1).with(&[entry(Kind::Armed, "done", json!({ "compared": 2 }))]).payloads.remove(0);
    let other_action = {
        let mut begun = entry(Kind::Armed, "done", json!({}));
        begun.action = lastlook_ledger::Digest::of("lastlook/test-action", &[b"another"]);
        Log::new(1).with(&[begun, entry(Kind::Outcome, "done", json!({}))])
    };
    let backwards =
        Log::new(1).with(&[entry(Kind::Outcome, "done", json!({})), entry(Kind::Armed, "done", json!({}))]);
    let unsigned = across().armed.map(|armed| Armed { checkpoint: Some("x\n".to_owned()), ..armed });
    let elsewhere = Armed { checkpoint: None, ..across().armed.unwrap() };
    let bad_json =
        |name: &str, change: &dyn Fn(&mut Value)| fault(name, edited(&full(), change), "receipt-shape");
    vec![
        armed("armed entry edited", "not-included", DONE, edited_armed),
        armed("armed entry of another attempt", "armed-mismatch", DONE, own(LATE_ARMED)),
        armed("armed entry is of another kind", "armed-mismatch", DONE, own(DONE)),
        armed("refused without being armed", "armed-mismatch", EARLY, own(LATE_ARMED)),
        armed(
            "own checkpoint in the same log",
            "armed-mismatch",
            DONE,
            Armed { checkpoint: Some(log.note()), ..own(DONE_ARMED) },
        ),
        fault(
            "armed entry of another action",
            other_action.receipt_with_armed(1, 0).to_json(),
            "armed-mismatch",
        ),
        fault("armed entry comes second", backwards.receipt_with_armed(0, 1).to_json(), "armed-mismatch"),
        fault(
            "armed entry with an unsigned checkpoint",
            Receipt { armed: unsigned, ..across() }.to_json(),
            "checkpoint-unsigned",
        ),
        fault(
            "armed entry of another log without its checkpoint",
            Receipt { armed: Some(elsewhere), ..across() }.to_json(),
            "other-log",
        ),
        bad_json("armed entry without proof", &|it| {
            drop(it["armed"].as_object_mut().unwrap().remove("inclusion"))
        }),
        bad_json("unknown member of the armed entry", &|it| it["armed"]["kind"] = json!("armed")),
    ]
}

fn value_faults() -> Vec<Fault> {
    let with = |name: &str, code, values: Vec<_>| fault(name, Receipt { values, ..full() }.to_json(), code);
    let done = |of, label, bytes| value("done", of, label, bytes);
    let mut salted = done(Kind::Outcome, "answer", ANSWER);
    salted.salt = lastlook_ledger::Salt::from_bytes([0; 32]);
    let moved = |label: &str| {
        let mut value = done(Kind::Armed, "arguments", ARGUMENTS);
        value.label = label.to_owned();
        vec![value]
    };
    let bad_json =
        |name: &str, change: &dyn Fn(&mut Value)| fault(name, edited(&full(), change), "receipt-shape");
    let without_armed = Receipt { armed: None, ..full() };
    vec![
        with("edited value", "value-does-not-open", vec![done(Kind::Outcome, "answer", b"raw")]),
        with("edited salt", "value-does-not-open", vec![salted]),
        with("a value at another label", "value-does-not-open", moved("basis/0/params")),
        with("a label that holds no commitment", "value-unknown-label", moved("basis/0/tool")),
        with("a label that leads nowhere", "value-unknown-label", moved("basis/1/was")),
        with("another spelling of a label", "value-unknown-label", moved("basis/00/was")),
        with(
            "a value of an entry that is not there",
            "value-unknown-label",
            vec![done(Kind::Refused, "facts/0/was", WAS)],
        ),
        fault("values of an armed entry that is not there", without_armed.to_json(), "value-unknown-label"),
        bad_json("one commitment opened twice", &|it| it["values"][1] = it["values"][0].clone()),
        bad_json("value in two forms", &|it| it["values"][0]["value_base64"] = json!("")),
        bad_json("no value", &|it| drop(it["values"][0].as_object_mut().unwrap().remove("value"))),
        bad_json("of an unknown kind", &|it| it["values"][0]["of"] = json!("permit")),
        bad_json("salt of 31 bytes", &|it| it["values"][0]["salt"] = json!(STANDARD.encode([0; 31]))),
        bad_json("unknown member of a value", &|it| it["values"][0]["shown"] = json!(true)),
    ]
}
