//! How fast one thread reads entries, beside SHA-256 of their leaves.
//!
//! `cargo run --release -p lastlook-ledger --example bench_read`
#![allow(clippy::expect_used)]
#![allow(clippy::disallowed_methods, reason = "a measurement needs a clock; the crate itself has none")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use lastlook_ledger::{Digest, Entry, Kind, leaf_of_payload};
use serde_json::{Value, json};

/// How long each is measured.
const TIME: Duration = Duration::from_secs(1);

fn payload(kind: Kind, own: Value) -> Vec<u8> {
    let hash = "cd".repeat(32);
    let mut body = json!({
        "mode": "enforce", "principal": { "id": "User::\"ada\"", "asserted": true }, "upstream": "shop", "tool": "refund",
    });
    let own = own.to_string().replace("HASH", &hash);
    let own: Value = serde_json::from_str(&own).expect("JSON");
    body.as_object_mut().expect("an object").extend(own.as_object().expect("an object").clone());
    let entry = Entry {
        kind,
        origin: "lastlook/3f9a2c3f9a2c3f9a/1".to_owned(),
        attempt: "0123456789abcdef0123".to_owned(),
        time: "2026-05-17T09:30:00.123456789Z".to_owned(),
        action: Digest::of("bench", &[b"1"]),
        body,
    };
    entry.to_payload().expect("an entry")
}

fn rate(payloads: &[Vec<u8>], what: impl Fn(&[u8])) -> f64 {
    let (began, mut done) = (Instant::now(), 0_u32);
    while began.elapsed() < TIME {
        payloads.iter().for_each(|payload| what(payload));
        done += payloads.len() as u32;
    }
    f64::from(done) / began.elapsed().as_secs_f64()
}

fn main() {
    let value = json!({ "commitment": "sha256:HASH" });
    let payloads = [
        payload(
            Kind::Armed,
            json!({
                "definition": "HASH", "class": { "is": "write", "by": "declared" }, "arguments": value, "blind": false,
                "basis": [{ "tool": "get_order", "was": value, "params": value, "rebased_ms": null }],
            }),
        ),
        payload(
            Kind::Outcome,
            json!({
                "verdict": "allow", "reasons": [], "outcome": "succeeded", "evidence": "answer", "confirmation": "unconfirmed",
                "closure": "adjacent", "sent": "HASH", "gap_ns": 1_200_345, "decide_ns": 80_123, "tail_ns": 5_000_000,
                "facts": [{ "tool": "get_order", "same": true }], "answer": value,
            }),
        ),
    ];
    let hashed = rate(&payloads, |payload| {
        black_box(leaf_of_payload(payload));
    });
    let read = rate(&payloads, |payload| drop(black_box(Entry::from_payload(payload))));
    let headed = rate(&payloads, |payload| drop(black_box(Entry::head_of_payload(payload))));
    println!("their heads read, as strictly: {headed:.0}/s, {:.2} of hashing", headed / hashed);
    println!("SHA-256 of leaves: {hashed:.0}/s; entries read: {read:.0}/s, {:.2} of that", read / hashed);
}
