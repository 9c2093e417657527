//! What the benchmarks append: a real entry, made once, with another number each time. What is timed is the store, and not the
//! writing of JSON.

use lastlook_canon::Digest;
use lastlook_ledger::{Entry, Kind};

/// The payload of an entry, but for a number of twenty digits in it.
pub struct RealEntry {
    before: String,
    after: String,
}

impl RealEntry {
    /// An entry that is so many bytes longer than it must be.
    pub fn with_filler(bytes: usize) -> RealEntry {
        let number = "#".repeat(20);
        let entry = Entry {
            kind: Kind::Refused,
            origin: "lastlook/bench/1".to_owned(),
            attempt: "bench".to_owned(),
            time: "2026-01-01T00:00:00.000000000Z".to_owned(),
            action: Digest::of("bench", &[]),
            body: serde_json::json!({
                "mode": "enforce", "principal": {"id": "bench", "asserted": true}, "upstream": "shop", "tool": "refund",
                "armed": false, "verdict": "deny", "reasons": [{"code": "basis-missing"}],
                "filler": format!("{number}{}", "x".repeat(bytes)),
            }),
        };
        let payload = String::from_utf8(entry.to_payload().expect("an entry")).expect("text");
        let (before, after) = payload.split_once(&number).expect("the number");
        RealEntry { before: before.to_owned(), after: after.to_owned() }
    }

    /// The payload with this number.
    pub fn payload(&self, n: u64) -> Vec<u8> {
        format!("{}{n:020}{}", self.before, self.after).into_bytes()
    }
}
