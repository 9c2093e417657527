//! Summaries of reads, and callers' own names for their actions: whole, and with each member changed.

use crate::fixture::entry;
use crate::vectors::more::members;
use lastlook_ledger::{Entry, Kind, leaf_of_payload};
use serde_json::{Value, json};

fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value).unwrap()
}

fn whole() -> Value {
    let call = |tool: &str, count: i64| json!({ "upstream": "files", "tool": tool, "count": count });
    let mut entry = entry(
        Kind::Reads,
        "reads-0199",
        json!({
            "calls": [call("list_directory", 1), call("read_file", 9_007_199_254_740_991)], "others": 3,
            "first": "2026-05-17T09:29:00.000000001Z", "last": "2026-05-17T09:29:59.999999999Z",
            "idempotency_key": "",
        }),
    );
    let body = entry.body.as_object_mut().unwrap();
    body.remove("upstream");
    body.remove("tool");
    serde_json::from_slice(&entry.to_payload().unwrap()).unwrap()
}

/// Each case with what is put at a place.
fn cases() -> Vec<(String, Value)> {
    let mut cases = vec![("a summary of reads".to_owned(), whole())];
    cases.extend(members(&whole(), "/predicate"));
    cases.extend(members(&whole(), "/predicate/calls/1"));
    let times = json!([
        "2026-05-17T09:30:00Z",
        "2026-02-29T09:30:00.000000000Z",
        "2026-05-17T09:30:00.123456789+00:00",
        "2026-05-17T24:00:00.000000000Z",
        "2026-05-17t09:30:00.000000000z",
        "0000-02-29T23:59:59.999999999Z",
        "",
        ["2026-05-17T09:30:00.123456789Z"],
        1_779_010_200,
    ]);
    let lists = json!([[], {}, [[]], [null], [7], [{ "upstream": "", "tool": "", "count": 0, "later": {} }]]);
    let counts = json!([0, -1, "1", true, [1], 9_007_199_254_740_991_i64]);
    for (at, values) in [
        ("/predicate/first", &times),
        ("/predicate/last", &times),
        ("/predicate/calls", &lists),
        ("/predicate/others", &counts),
        ("/predicate/calls/0/count", &counts),
        ("/predicate/idempotency_key", &json!(["a", null, 7, {}])),
    ] {
        for value in values.as_array().unwrap() {
            let mut changed = whole();
            *changed.pointer_mut(at).unwrap() = value.clone();
            let shown = String::from_utf8(canonical(value)).unwrap();
            cases.push((format!("{at} is {shown}"), changed));
        }
    }
    cases
}

pub fn reads() -> Value {
    let (mut good, mut malformed) = (Vec::new(), Vec::new());
    for (name, changed) in cases() {
        let payload = canonical(&changed);
        let mut vector = json!({ "name": name, "payload": String::from_utf8(payload.clone()).unwrap() });
        match Entry::from_payload(&payload) {
            Ok(entry) => {
                vector["kind"] = json!(entry.kind.as_str());
                vector["leaf"] = json!(leaf_of_payload(&payload).to_hex());
                good.push(vector);
            }
            Err(error) => {
                vector["code"] = json!(error.code());
                malformed.push(vector);
            }
        }
    }
    json!({ "good": good, "malformed": malformed })
}
