//! Vectors of all logs of a state, with its rosters.

use crate::fixture::*;
use lastlook_ledger::{Digest, Entry, Kind, Tree, leaf_of_payload};
use serde_json::{Value, json};

/// A roster of this state, or under a tag of it.
fn roster(under: &str, entries: &[Entry]) -> Log {
    Log { origin: format!("{STATE}{under}/roster"), payloads: Vec::new() }.with(entries)
}

/// What a roster says of a log.
fn says(index: usize, word: &str, log: &Log, heads: &[Value]) -> Entry {
    let first = leaf_of_payload(&log.payloads[0]).to_hex();
    Entry {
        action: Digest::of("lastlook/log/v1", &[log.origin.as_bytes()]),
        ..entry(
            Kind::Operator,
            &format!("roster-{index}"),
            json!({ "as": word, "reason": "a writer began this log", "log": { "origin": log.origin, "first": first }, "heads": heads }),
        )
    }
}

/// The head that a log had when it had so many entries.
fn head(log: &Log, size: usize) -> Value {
    let root = Tree::from_leaf_hashes(log.leaves().into_iter().take(size)).root();
    json!({ "origin": log.origin, "size": size, "root": root.to_hex() })
}

/// The first `size` entries of a log.
fn cut(log: &Log, size: usize) -> Log {
    Log { origin: log.origin.clone(), payloads: log.payloads[..size].to_vec() }
}

fn vector(name: &str, code: Option<&str>, logs: &[Log]) -> Value {
    let logs: Vec<_> = logs
        .iter()
        .map(|log| {
            let payloads: Vec<_> =
                log.payloads.iter().map(|payload| String::from_utf8(payload.clone()).unwrap()).collect();
            json!({ "payloads": payloads, "note": log.note() })
        })
        .collect();
    let mut vector = json!({ "name": name, "keys": [key().verifier().to_string()], "logs": logs });
    if let Some(code) = code {
        vector["code"] = json!(code);
    }
    vector
}

pub fn rosters() -> Value {
    let one = Log::new(1).with(&[
        entry(Kind::Refused, "a", json!({})),
        entry(Kind::Refused, "b", json!({})),
        entry(Kind::Refused, "c", json!({})),
    ]);
    let other = Log::new(1).with(&[
        entry(Kind::Refused, "a", json!({})),
        entry(Kind::Refused, "x", json!({})),
        entry(Kind::Refused, "c", json!({})),
    ]);
    let two = second();
    let opened = says(0, "log-opened", &one, &[]);
    let both = says(1, "log-opened", &two, &[head(&one, 2)]);
    let listed = roster("", &[opened.clone(), both.clone()]);
    let mut tagged = Log::new(1).with(&[entry(
        Kind::Operator,
        "restored-1",
        json!({
            "as": "restored", "heads": [head(&one, 2), head(&listed, 1)], "lost": [head(&one, 3)],
        }),
    )]);
    tagged = Log { origin: format!("{STATE}/5f2c01aa/1"), payloads: Vec::new() }
        .with(&tagged.payloads.iter().map(|it| Entry::from_payload(it).unwrap()).collect::<Vec<_>>());
    let restored = roster("/5f2c01aa", &[says(0, "log-opened", &tagged, &[head(&one, 2), head(&listed, 1)])]);
    let whole = [one.clone(), two.clone(), listed.clone()];
    let after = [cut(&one, 2), cut(&listed, 1), tagged.clone(), restored.clone()];
    let good = |name: &str, logs: &[Log]| vector(name, None, logs);
    let bad = |name: &str, code: &str, logs: &[Log]| vector(name, Some(code), logs);
    let with = |entries: &[Entry]| [one.clone(), two.clone(), roster("", entries)];
    let continued = says(1, "log-continued", &one, &[head(&one, 3), head(&one, 1)]);
    let mut wrong_first = continued.clone();
    wrong_first.body["log"]["first"] = json!(leaf_of_payload(&two.payloads[0]).to_hex());
    let mut altered =
        vector("a log that does not verify", Some("log-root"), &[other.clone(), two.clone(), listed.clone()]);
    altered["logs"][0]["note"] = json!(one.note());
    let no_log =
        Entry { body: entry(Kind::Operator, "w", json!({ "as": "log-opened" })).body, ..opened.clone() };
    let not_operator = Entry { kind: Kind::Confirmation, ..opened.clone() };
    let found = |index, log| says(index, "log-found", log, &[]);
    json!({
        "good": [
            good("no log at all", &[]),
            good("two logs and their roster", &whole),
            good("the roster first", &[listed.clone(), two.clone(), one.clone()]),
            good("logs that were found", &with(&[found(0, &two), found(1, &one)])),
            good("a log that was continued, its heads noted", &[one.clone(), roster("", &[opened.clone(), continued.clone()])]),
            good("an empty log's head", &[one.clone(), roster("", &[says(0, "log-opened", &one, &[head(&one, 0)])])]),
            good("a head that was noted twice", &[one.clone(), roster("", &[opened.clone(), continued.clone(), says(2, "log-continued", &one, &[head(&one, 3)])])]),
            good("a restored state", &after),
            good("a roster alone, and empty", &[roster("", &[])]),
        ],
        "malformed": [
            bad("no roster", "roster-missing", &[one.clone(), two.clone()]),
            bad("a log is gone", "log-missing", &[one.clone(), listed.clone()]),
            bad("all logs are gone", "log-missing", std::slice::from_ref(&listed)),
            bad("a log is empty", "log-missing", &[one.clone(), cut(&two, 0), listed.clone()]),
            bad("an empty log whose head was noted", "log-missing", &[cut(&one, 0), two.clone(), listed.clone()]),
            bad("a log nobody listed", "log-unlisted", &[one.clone(), two.clone(), cut(&listed, 1)]),
            bad("a roster that was emptied", "log-unlisted", &[one.clone(), roster("", &[])]),
            bad("a log with another first entry", "log-replaced", &[one.clone(), Log { payloads: one.payloads.iter().map(|it| String::from_utf8(it.clone()).unwrap().replace("3f9a2c/1", "3f9a2c/2").into_bytes()).collect(), ..two.clone() }, listed.clone()]),
            bad("a log that differs below its head", "log-replaced", &[other.clone(), two.clone(), listed.clone()]),
            bad("a log that was cut below its head", "log-cut-short", &[cut(&one, 1), two.clone(), listed.clone()]),
            bad("cut below a later head, and not an earlier", "log-cut-short", &[cut(&one, 2), roster("", &[opened.clone(), continued.clone()])]),
            bad("replaced, and cut short", "log-replaced", &[cut(&other, 2), roster("", &[opened.clone(), says(1, "log-continued", &one, &[head(&one, 2), head(&one, 3)])])]),
            bad("opened twice", "log-begun-twice", &with(&[opened.clone(), both.clone(), says(2, "log-opened", &one, &[])])),
            bad("found after it was opened", "log-begun-twice", &with(&[opened.clone(), both.clone(), found(2, &two)])),
            bad("continued before it was opened", "roster-entry", &with(&[continued, opened.clone(), both.clone()])),
            bad("continued with another first entry", "roster-entry", &with(&[opened.clone(), both.clone(), wrong_first])),
            bad("an entry without a log", "roster-entry", &with(&[no_log, opened.clone(), both.clone()])),
            bad("an entry that is no operator's", "roster-entry", &with(&[not_operator, both.clone()])),
            bad("another word of an operator's", "roster-entry", &with(&[says(0, "halted", &one, &[]), both.clone()])),
            altered,
            bad("the earlier roster of a restored state is gone", "log-missing", &[after[0].clone(), tagged.clone(), restored.clone()]),
            bad("an earlier log of a restored state is gone", "log-missing", &[after[1].clone(), tagged.clone(), restored.clone()]),
            bad("an earlier log went on after the restoration, elsewhere", "log-replaced", &[cut(&other, 3), cut(&listed, 1), tagged.clone(), restored.clone()]),
            bad("the new roster of a restored state is gone", "log-unlisted", &after[..3]),
        ],
    })
}
