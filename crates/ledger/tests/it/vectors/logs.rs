//! Vectors of whole logs.

use crate::fixture::*;
use lastlook_ledger::{Kind, SigningKey};
use serde_json::{Value, json};

pub fn logs() -> Value {
    let log = first();
    let vector = |name: &str, payloads: &[Vec<u8>], note: &str| {
        let payloads: Vec<_> =
            payloads.iter().map(|payload| String::from_utf8(payload.clone()).unwrap()).collect();
        json!({ "name": name, "keys": [key().verifier().to_string()], "payloads": payloads, "note": note })
    };
    let good = |name: &str, log: &Log, kinds: Value| {
        let mut vector = vector(name, &log.payloads, &log.note());
        vector["kinds"] = kinds;
        vector
    };
    let bad = |name: &str, code: &str, note: &str, change: &dyn Fn(&mut Vec<Vec<u8>>)| {
        let mut payloads = log.payloads.clone();
        change(&mut payloads);
        let mut vector = vector(name, &payloads, note);
        vector["code"] = json!(code);
        vector
    };
    let other_key =
        SigningKey::from_seed(STATE, &[2; 32]).unwrap().sign_checkpoint(&log.checkpoint()).unwrap();
    let edited_entry =
        Log::new(1).with(&[entry(Kind::Refused, "early", json!({ "gap_ns": 1 }))]).payloads.remove(0);
    let note = log.note();
    json!({
        "good": [
            good("a whole log", &log, json!({
                "armed": 3, "refused": 2, "held": 1, "outcome": 2, "confirmation": 1, "operator": 1, "reads": 1,
            })),
            good("a log of one entry", &second(), json!({ "outcome": 1 })),
            good("an empty log", &Log::new(3), json!({})),
        ],
        "malformed": [
            bad("entry edited", "log-root", &note, &|it| it[EARLY] = edited_entry.clone()),
            bad("entries reordered", "log-root", &note, &|it| it.swap(EARLY, LATE)),
            bad("entry replaced by a copy", "log-root", &note, &|it| it[WORD] = it[EARLY].clone()),
            bad("first entry dropped", "log-shorter", &note, &|it| drop(it.remove(0))),
            bad("last entry dropped", "log-shorter", &note, &|it| drop(it.pop())),
            bad("all entries dropped", "log-shorter", &note, &|it| it.clear()),
            bad("entry inserted", "log-longer", &note, &|it| it.insert(3, edited_entry.clone())),
            bad("entry of another log", "other-log", &note, &|it| it[EARLY] = second().payloads.remove(0)),
            bad("not an entry", "entry-json", &note, &|it| it[EARLY] = b"x".to_vec()),
            bad("entry not canonical", "entry-not-canonical", &note, &|it| it[EARLY].push(b'\n')),
            bad("signed again by another key", "checkpoint-unknown-key", &other_key, &|_| ()),
            bad("checkpoint edited to fit", "checkpoint-bad-signature", &note.replacen("\n11\n", "\n10\n", 1), &|it| drop(it.pop())),
        ],
    })
}
