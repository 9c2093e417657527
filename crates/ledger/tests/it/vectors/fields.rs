//! Vectors of single fields: receipts that disclose some of what their entries commit to, and nothing else.

use super::receipts::{summary, vector};
use crate::fixture::*;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_canon::{Limits, parse};
use lastlook_ledger::{FieldProof, Fields, Kind, OpenedValue, Receipt, Salt, verify_receipt};
use serde_json::{Value, json};

const LOOKED: &[u8] =
    br#"{"order":{"items":[{"sku":"a/b~c"},{"sku":"d"}],"notes":[],"total":12.50},"paid":true}"#;

fn fields(of: Kind) -> Fields {
    let seed = seed("told", of);
    let mut fields = Fields::default();
    let mut add = |label: &str, value: &[u8]| {
        fields.add(&seed, label, &parse(value, &Limits::default()).unwrap(), &[]);
    };
    match of {
        Kind::Armed => add("arguments", ARGUMENTS),
        _ => add("snapshot/0/now", LOOKED),
    }
    fields.sorted()
}

fn log() -> Log {
    let salt = Salt::derive(&seed("told", Kind::Outcome), "snapshot/0/now");
    let now = lastlook_ledger::Commitment::of(&salt, LOOKED).to_json();
    let head = |of| fields(of).head().unwrap().to_json();
    Log::new(1).with(&[
        entry(Kind::Armed, "told", json!({ "fields": head(Kind::Armed) })),
        entry(
            Kind::Outcome,
            "told",
            json!({
                "fields": head(Kind::Outcome),
                "snapshot": [{ "fact": "order", "state": "read", "was": null, "now": now }],
            }),
        ),
        entry(Kind::Outcome, "mute", json!({})),
    ])
}

fn field(of: Kind, label: &str, text: &[u8]) -> OpenedValue {
    let (_, proof) = fields(of).prove(label).unwrap();
    OpenedValue { field: Some(proof), ..value("told", of, label, text) }
}

fn disclosing(values: Vec<OpenedValue>) -> Receipt {
    Receipt { values, ..log().receipt_with_armed(1, 0) }
}

fn one() -> OpenedValue {
    field(Kind::Outcome, "snapshot/0/now/order/total", b"12.50")
}

pub fn fields_file() -> Value {
    let now = |pointer: &str, text: &[u8]| field(Kind::Outcome, &format!("snapshot/0/now{pointer}"), text);
    let whole = value("told", Kind::Armed, "arguments", ARGUMENTS);
    let good = [
        ("one field", disclosing(vec![one()])),
        (
            "a field of the armed entry",
            disclosing(vec![field(Kind::Armed, "arguments/path", b"\"notes/plan.md\"")]),
        ),
        (
            "several fields, an empty array and an escaped name's value among them",
            disclosing(vec![
                now("/order/items/0/sku", b"\"a/b~c\""),
                now("/order/notes", b"[]"),
                now("/paid", b"true"),
            ]),
        ),
        ("a field beside a whole value", disclosing(vec![one(), whole])),
    ];
    let good = good.map(|(name, receipt)| {
        let file = receipt.to_json();
        let mut vector = vector(name, &file);
        vector["proves"] = summary(&verify_receipt(&file, &pinned()).unwrap());
        vector
    });
    let malformed: Vec<Value> = faults()
        .into_iter()
        .map(|(name, file, code)| {
            let mut vector = vector(name, &file);
            vector["code"] = json!(code);
            vector
        })
        .collect();
    json!({ "good": good, "malformed": malformed })
}

fn faults() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let with = |name, code, change: &dyn Fn(&mut OpenedValue)| {
        let mut value = one();
        change(&mut value);
        (name, disclosing(vec![value]).to_json(), code)
    };
    let closed = "value-does-not-open";
    let unknown = "value-unknown-label";
    let proof =
        |change: fn(&mut FieldProof)| move |value: &mut OpenedValue| change(value.field.as_mut().unwrap());
    let edited = |name, code, change: &dyn Fn(&mut Value)| {
        let mut json: Value = serde_json::from_slice(&disclosing(vec![one()]).to_json()).unwrap();
        change(&mut json["values"][0]);
        (name, super::sorted(json).to_string().into_bytes(), code)
    };
    let shape = |name, change: &dyn Fn(&mut Value)| edited(name, "receipt-shape", change);
    let mute = Receipt { values: vec![one()], ..log().receipt(2) };
    vec![
        with("another value", closed, &|it| it.value = b"12.5".to_vec()),
        with("another salt", closed, &|it| it.salt = Salt::from_bytes([0; 32])),
        with("the label of another field", closed, &|it| it.label = "snapshot/0/now/paid".to_owned()),
        with("a label with no field", closed, &|it| it.label.push_str("/more")),
        with("a label below nothing that is committed to", unknown, &|it| {
            it.label = "snapshot/0/was/order/total".to_owned();
        }),
        with("a label that begins like a commitment's", unknown, &|it| {
            it.label = "snapshot/0/nowhere".to_owned()
        }),
        with("of the other entry", closed, &|it| {
            (it.of, it.label) = (Kind::Armed, "arguments/order/total".to_owned());
        }),
        with("of an entry that is not there", unknown, &|it| it.of = Kind::Refused),
        with("another index", closed, &proof(|it| it.index = 0)),
        with("an index beyond the fields", closed, &proof(|it| it.index = 5)),
        with("no proof hashes", closed, &proof(|it| it.proof.clear())),
        with("one hash more", closed, &proof(|it| it.proof.push(it.proof[0]))),
        with("hashes in another order", closed, &proof(|it| it.proof.reverse())),
        with("a field shown as a whole value", unknown, &|it| it.field = None),
        ("an entry without fields", mute.to_json(), unknown),
        shape("an index without a proof", &|it| drop(it.as_object_mut().unwrap().remove("proof"))),
        shape("a proof without an index", &|it| drop(it.as_object_mut().unwrap().remove("index"))),
        shape("an index of text", &|it| it["index"] = json!("3")),
        shape("a negative index", &|it| it["index"] = json!(-1)),
        shape("a proof of text", &|it| it["proof"] = json!("")),
        shape("a hash of 31 bytes", &|it| it["proof"][0] = json!(STANDARD.encode([0; 31]))),
        shape("65 hashes", &|it| it["proof"] = json!(vec![STANDARD.encode([0; 32]); 65])),
        ("a field opened twice", disclosing(vec![one(), one()]).to_json(), "receipt-shape"),
        ("fields that are no root and size", malformed_head().to_json(), "entry-member"),
    ]
}

/// An entry that nobody who follows the text writes.
fn malformed_head() -> Receipt {
    let mut log = log();
    let payload = String::from_utf8(log.payloads[1].clone()).unwrap();
    log.payloads[1] = payload.replacen("\"size\":5", "\"size\":\"5\"", 1).into_bytes();
    Receipt { values: vec![one()], ..log.receipt(1) }
}
