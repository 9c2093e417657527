//! Entries of older versions.

use lastlook_canon::Digest;
use lastlook_ledger::{Entry, Kind};
use lastlook_store::Values;
use serde_json::json;

use super::{NotReplayable, Recorded};

/// What people were asked about before cases were recorded says nothing of what it was decided on.
#[test]
fn what_was_held_without_a_case_is_not_replayable_and_no_fault() {
    let entry = |kind, body| Entry {
        kind,
        origin: "log".to_owned(),
        attempt: "ask-1".to_owned(),
        time: "2026-01-31T09:30:00.000000000Z".to_owned(),
        action: Digest::of("test", &[]),
        body,
    };
    let values = Values { seed: [7; 32], rows: vec![("arguments".to_owned(), b"{}".to_vec())] };
    let held = entry(Kind::Held, json!({"verdict": "hold", "asks": [], "epoch": 1}));
    assert!(matches!(Recorded::new(held, &values, None), Err(NotReplayable::NoCase)));
    let withheld = entry(Kind::Held, json!({"verdict": "hold", "case": {"withheld": true}}));
    assert!(matches!(Recorded::new(withheld, &values, None), Err(NotReplayable::LeftOut)));
    let said = entry(Kind::Operator, json!({"as": "approved"}));
    assert!(matches!(Recorded::new(said, &values, None), Err(NotReplayable::NoDecision(_))));
}
