//! Two small logs under one key, with an entry of every kind, and receipts from them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use lastlook_ledger::{
    Armed, Checkpoint, Commitment, Digest, Entry, Hash, Included, Kind, OpenedValue, Receipt, Salt,
    SigningKey, Tree, VerifierKey, leaf_of_payload,
};
use serde_json::{Value, json};

pub const STATE: &str = "lastlook/3f9a2c";

pub fn key() -> SigningKey {
    SigningKey::from_seed(STATE, &[1; 32]).unwrap()
}

pub fn pinned() -> Vec<VerifierKey> {
    vec![key().verifier()]
}

/// A note whose text is signed whatever it says, as a signer with other code could.
pub fn forge(name: &str, seed: &[u8; 32], text: &str) -> String {
    let mut signature = SigningKey::from_seed(name, seed).unwrap().verifier().id().to_vec();
    signature.extend(ed25519_dalek::SigningKey::from_bytes(seed).sign(text.as_bytes()).to_bytes());
    format!("{text}\n\u{2014} {name} {}\n", STANDARD.encode(signature))
}

/// A log as a list of payloads, whatever they say.
#[derive(Clone)]
pub struct Log {
    pub origin: String,
    pub payloads: Vec<Vec<u8>>,
}

impl Log {
    pub fn new(writer: u32) -> Log {
        Log { origin: format!("{STATE}/{writer}"), payloads: Vec::new() }
    }

    pub fn with(mut self, entries: &[Entry]) -> Log {
        self.payloads.extend(entries.iter().map(|entry| {
            let entry = Entry { origin: self.origin.clone(), ..entry.clone() };
            entry.to_payload().unwrap()
        }));
        self
    }

    pub fn leaves(&self) -> Vec<Hash> {
        self.payloads.iter().map(|payload| leaf_of_payload(payload)).collect()
    }

    pub fn checkpoint(&self) -> Checkpoint {
        let root = Tree::from_leaf_hashes(self.leaves()).root();
        Checkpoint { origin: self.origin.clone(), size: self.payloads.len() as u64, root }
    }

    pub fn note(&self) -> String {
        key().sign_checkpoint(&self.checkpoint()).unwrap()
    }

    pub fn included(&self, index: usize) -> Included {
        Included::prove(self.payloads[index].clone(), index as u64, &self.leaves()).unwrap()
    }

    pub fn receipt(&self, index: usize) -> Receipt {
        let entry = self.included(index);
        Receipt { entry, checkpoint: self.note(), armed: None, values: Vec::new() }
    }

    pub fn receipt_with_armed(&self, index: usize, armed: usize) -> Receipt {
        let armed = Armed { entry: self.included(armed), checkpoint: None };
        Receipt { armed: Some(armed), ..self.receipt(index) }
    }
}

/// The seed of an entry: fixed here, random outside of tests.
pub fn seed(attempt: &str, kind: Kind) -> [u8; 32] {
    *Digest::of("lastlook/test-seed", &[attempt.as_bytes(), kind.as_str().as_bytes()]).as_bytes()
}

pub fn value(attempt: &str, of: Kind, label: &str, value: &[u8]) -> OpenedValue {
    let salt = Salt::derive(&seed(attempt, of), label);
    OpenedValue { of, label: label.to_owned(), salt, value: value.to_vec(), field: None }
}

fn committed(attempt: &str, of: Kind, label: &str, bytes: &[u8]) -> Value {
    let OpenedValue { salt, value, .. } = value(attempt, of, label, bytes);
    Commitment::of(&salt, &value).to_json()
}

pub const ARGUMENTS: &[u8] = br#"{"path":"notes/plan.md"}"#;
pub const WAS: &[u8] = "{\"text\":\"step one\u{2028}\"}".as_bytes();
pub const NOW: &[u8] = br#"{"text":"step two"}"#;
/// Not UTF-8: an answer is whatever the tool sent.
pub const ANSWER: &[u8] = b"\xffraw";

/// An entry of this kind about this attempt, with every member its kind requires and `more`.
pub fn entry(kind: Kind, attempt: &str, more: Value) -> Entry {
    let mut body = json!({
        "mode": "enforce",
        "principal": { "id": "User::\"ada\"", "asserted": true },
        "upstream": "files",
        "tool": "edit_file",
    });
    let own = match kind {
        Kind::Armed => json!({
            "arguments": committed(attempt, kind, "arguments", ARGUMENTS),
            "basis": [{
                "tool": "read_file",
                "was": committed(attempt, kind, "basis/0/was", WAS),
                "params": committed(attempt, kind, "basis/0/params", ARGUMENTS),
                "rebased_ms": null,
            }],
            "compared": 1, "uncompared": 0, "missing": 0, "blind": false,
        }),
        Kind::Refused => json!({
            "armed": false, "verdict": "deny",
            "reasons": [{ "code": "fact-changed", "about": "files.read_file" }],
            "facts": [{
                "tool": "read_file",
                "was": committed(attempt, kind, "facts/0/was", WAS),
                "now": committed(attempt, kind, "facts/0/now", NOW),
            }],
            "gap_ns": 1_200_345, "decide_ns": 80_123,
        }),
        Kind::Outcome => json!({
            "verdict": "allow", "reasons": [], "outcome": "succeeded", "evidence": "answer",
            "confirmation": "unconfirmed", "closure": "adjacent", "sent": "ab".repeat(32),
            "answer": committed(attempt, kind, "answer", ANSWER),
            "gap_ns": 1_200_345, "decide_ns": 80_123, "tail_ns": 9_007_199_254_740_991_i64,
        }),
        Kind::Operator => json!({
            "as": "failed", "reason": "looked at the file", "by": { "id": "User::\"eve\"", "asserted": true },
        }),
        Kind::Held | Kind::Confirmation | Kind::Reads => json!({}),
    };
    for members in [own, more] {
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    }
    Entry {
        kind,
        origin: format!("{STATE}/1"),
        attempt: attempt.to_owned(),
        time: "2026-05-17T09:30:00.123456789Z".to_owned(),
        action: Digest::of("lastlook/test-action", &[attempt.as_bytes()]),
        body,
    }
}

/// Writer 1's log. `crash` was armed here and is ended by writer 2.
pub fn first() -> Log {
    Log::new(1).with(&[
        entry(Kind::Armed, "done", json!({})),
        entry(Kind::Outcome, "done", json!({})),
        entry(Kind::Refused, "early", json!({})),
        entry(Kind::Armed, "late", json!({})),
        entry(Kind::Refused, "late", json!({ "armed": true })),
        entry(
            Kind::Outcome,
            "audited",
            json!({ "mode": "audit", "verdict": "deny", "reasons": [{ "code": "basis-missing" }] }),
        ),
        entry(Kind::Operator, "word", json!({})),
        entry(Kind::Held, "waits", json!({})),
        entry(Kind::Confirmation, "done", json!({})),
        entry(Kind::Reads, "session", json!({})),
        entry(Kind::Armed, "crash", json!({})),
    ])
}

pub const DONE_ARMED: usize = 0;
pub const DONE: usize = 1;
pub const EARLY: usize = 2;
pub const LATE_ARMED: usize = 3;
pub const LATE: usize = 4;
pub const AUDITED: usize = 5;
pub const WORD: usize = 6;
pub const WAITS: usize = 7;
pub const CONFIRMATION: usize = 8;
pub const READS: usize = 9;
pub const CRASH_ARMED: usize = 10;

/// Writer 2's log: one entry, the end of what writer 1 left behind.
pub fn second() -> Log {
    let mut crash = entry(Kind::Outcome, "crash", json!({}));
    let body = crash.body.as_object_mut().unwrap();
    for name in ["sent", "closure", "answer", "gap_ns", "decide_ns", "tail_ns"] {
        body.remove(name);
    }
    body.extend([
        ("verdict".to_owned(), json!(null)),
        ("outcome".to_owned(), json!("unknown")),
        ("evidence".to_owned(), json!("writer-died")),
    ]);
    Log::new(2).with(&[crash])
}

/// The receipt with everything in it: armed entry and all values opened.
pub fn full() -> Receipt {
    let opened = |of, label, bytes| value("done", of, label, bytes);
    Receipt {
        values: vec![
            opened(Kind::Armed, "arguments", ARGUMENTS),
            opened(Kind::Armed, "basis/0/was", WAS),
            opened(Kind::Armed, "basis/0/params", ARGUMENTS),
            opened(Kind::Outcome, "answer", ANSWER),
        ],
        ..first().receipt_with_armed(DONE, DONE_ARMED)
    }
}

/// The receipt whose armed entry is in another writer's log.
pub fn across() -> Receipt {
    let armed = Armed { entry: first().included(CRASH_ARMED), checkpoint: Some(first().note()) };
    Receipt { armed: Some(armed), ..second().receipt(0) }
}
