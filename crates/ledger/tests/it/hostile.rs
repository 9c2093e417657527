//! Bytes from anywhere: no panic, and nothing verifies that was not signed.

use crate::fixture::{EARLY, Log, across, entry, first, full, pinned};
use lastlook_ledger::{Kind, Verified, VerifierKey, open_checkpoint, verify_log, verify_receipt};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// INVARIANT(sound): whatever was done to a receipt, what still verifies says nothing that the original did not say.
fn says_no_more(bytes: &[u8], original: &Verified) -> Result<(), TestCaseError> {
    let Ok(verified) = verify_receipt(bytes, &pinned()) else { return Ok(()) };
    prop_assert_eq!(&verified.entry, &original.entry);
    prop_assert_eq!((verified.index, &verified.checkpoint), (original.index, &original.checkpoint));
    prop_assert!(verified.armed.is_none() || verified.armed == original.armed);
    prop_assert!(verified.values.iter().all(|value| original.values.contains(value)));
    Ok(())
}

/// Good receipts, with what they prove.
static ORIGINALS: LazyLock<Vec<(Vec<u8>, Verified)>> = LazyLock::new(|| {
    [full(), across(), first().receipt(EARLY)]
        .map(|receipt| receipt.to_json())
        .map(|bytes| (bytes.clone(), verify_receipt(&bytes, &pinned()).unwrap()))
        .to_vec()
});

/// Every place in a document, as JSON Pointers.
fn places(value: &Value, at: String, into: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| places(value, format!("{at}/{key}"), into))
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| places(value, format!("{at}/{n}"), into))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    into.push(at);
}

fn anything() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!("")),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "[A-Za-z0-9+/]{43}=".prop_map(Value::from),
    ]
}

/// Whatever the clock said: the receipt says what was recorded, and nobody compares it with another clock.
#[test]
fn a_time_far_in_the_past_or_the_future_is_told_and_not_judged() {
    for time in [
        "0000-01-01T00:00:00.000000000Z",
        "1601-01-01T00:00:00.000000001Z",
        "2038-01-19T03:14:08.000000000Z",
        "2262-04-11T23:47:16.854775808Z",
        "9999-12-31T23:59:59.999999999Z",
    ] {
        let mut ended = entry(Kind::Outcome, "a", json!({}));
        ended.time = time.to_owned();
        // The one before it is later: an order in time is not promised, the order in the log is.
        let log = Log::new(1).with(&[entry(Kind::Armed, "a", json!({})), ended]);
        let verified = verify_receipt(&log.receipt_with_armed(1, 0).to_json(), &pinned()).unwrap();
        assert_eq!(verified.entry.time, time);
        assert!(verify_log(log.payloads.iter().cloned(), &log.note(), &pinned()).is_ok());
    }
    for time in ["-0001-01-01T00:00:00.000000000Z", "10000-01-01T00:00:00.000000000Z"] {
        let mut ended = entry(Kind::Outcome, "a", json!({}));
        ended.time = time.to_owned();
        assert!(ended.to_payload().is_err(), "{time}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn changed_bytes_of_a_receipt_prove_nothing_new(
        which in 0usize..3, at in any::<prop::sample::Index>(), cut in 0usize..6,
        put in prop_oneof![prop::collection::vec(any::<u8>(), 0..4), "[A-Za-z0-9+/=\" \\n{}\\[\\],:-]{0,4}".prop_map(String::into_bytes)],
    ) {
        let (mut bytes, original) = ORIGINALS[which].clone();
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put);
        says_no_more(&bytes, &original)?;
    }

    #[test]
    fn changed_members_of_a_receipt_prove_nothing_new(
        which in 0usize..3, at in any::<prop::sample::Index>(), from in any::<prop::sample::Index>(),
        put in prop::option::of(anything()),
    ) {
        let (bytes, original) = ORIGINALS[which].clone();
        let mut receipt: Value = serde_json::from_slice(&bytes).unwrap();
        let mut all = Vec::new();
        places(&receipt, String::new(), &mut all);
        // Either something new, or something from elsewhere in the same receipt.
        let put = put.unwrap_or_else(|| receipt.pointer(&all[from.index(all.len())]).unwrap().clone());
        *receipt.pointer_mut(&all[at.index(all.len())]).unwrap() = put;
        says_no_more(receipt.to_string().as_bytes(), &original)?;
    }

    #[test]
    fn the_parts_of_two_receipts_do_not_mix(name in "[a-z_]{0,8}", a in 0usize..3, b in 0usize..3, pick in any::<prop::sample::Index>()) {
        let (bytes, _) = &ORIGINALS[a];
        let (other_bytes, other) = &ORIGINALS[b];
        let donor: Value = serde_json::from_slice(bytes).unwrap();
        let mut receipt: Value = serde_json::from_slice(other_bytes).unwrap();
        let names: Vec<_> = donor.as_object().unwrap().keys().cloned().chain([name]).collect();
        let name = pick.get(&names);
        receipt[name.as_str()] = donor.get(name).cloned().unwrap_or(json!({}));
        says_no_more(receipt.to_string().as_bytes(), other)?;
    }

    #[test]
    fn random_bytes_and_text_are_refused(bytes: Vec<u8>, text in "\\PC*", lines in "([—a-z0-9/+= ]{0,20}\n){0,6}") {
        prop_assert!(verify_receipt(&bytes, &pinned()).is_err());
        prop_assert!(verify_receipt(text.as_bytes(), &pinned()).is_err());
        prop_assert!(open_checkpoint(&lines, &pinned()).is_err());
        prop_assert!(open_checkpoint(&text, &pinned()).is_err());
        prop_assert!(text.parse::<VerifierKey>().is_err());
        prop_assert!(lines.parse::<VerifierKey>().is_err());
    }
}
