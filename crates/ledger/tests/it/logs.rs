//! Whole logs: whatever is done to one after it was signed shows.

use crate::fixture::{Log, entry, first, key, pinned};
use lastlook_ledger::log::LogVerifier;
use lastlook_ledger::{Kind, SigningKey, verify_log};
use proptest::prelude::*;
use serde_json::json;

fn log(size: usize) -> Log {
    let entries: Vec<_> = (0..size).map(|n| entry(Kind::Held, &format!("a{n}"), json!({ "n": n }))).collect();
    Log::new(1).with(&entries)
}

#[test]
fn a_whole_log_verifies_and_is_counted() {
    let log = first();
    let summary = verify_log(log.payloads.iter().cloned(), &log.note(), &pinned()).unwrap();
    assert_eq!(summary.checkpoint, log.checkpoint());
    assert_eq!(summary.kinds.get(&Kind::Armed), Some(&3));
    assert_eq!(summary.kinds.values().sum::<u64>(), log.payloads.len() as u64);
}

#[test]
fn an_empty_log_verifies() {
    let log = log(0);
    assert!(verify_log([].into_iter(), &log.note(), &pinned()).unwrap().kinds.is_empty());
}

/// Whoever compares an older checkpoint on the way sees the log as it was at each size.
#[test]
fn on_the_way_it_is_each_log_that_it_was() {
    let whole = log(9);
    let mut verifier = LogVerifier::new(&whole.note(), &pinned()).unwrap();
    for (at, payload) in whole.payloads.iter().enumerate() {
        let then = log(at).checkpoint();
        assert_eq!((verifier.size(), verifier.root()), (then.size, then.root));
        verifier.push(payload).unwrap();
    }
    assert_eq!(verifier.finish().unwrap().checkpoint, whole.checkpoint());
}

/// Who only counts reads less of each entry, and proves as much.
#[test]
fn heads_alone_are_a_log_and_only_its_own() {
    let whole = log(5);
    let mut verifier = LogVerifier::new(&whole.note(), &pinned()).unwrap();
    for payload in &whole.payloads {
        let (head, leaf) = verifier.read_head(payload).unwrap();
        assert_eq!(head.kind, Kind::Held);
        verifier.take(leaf).unwrap();
    }
    let of_another = Log::new(2).with(&[entry(Kind::Held, "a0", json!({ "n": 0 }))]).payloads.remove(0);
    assert_eq!(verifier.read_head(&of_another).unwrap_err().code(), "other-log");
    assert_eq!(verifier.read(&of_another).unwrap_err().code(), "other-log");
    assert_eq!(verifier.finish().unwrap().checkpoint, whole.checkpoint());
}

#[test]
fn the_message_names_the_entry() {
    let mut log = first();
    log.payloads[4] = b"{}".to_vec();
    let error = verify_log(log.payloads.iter().cloned(), &first().note(), &pinned()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "log entry 4: entry is not a statement this version can read: its `_type` is not in-toto Statement v1"
    );
}

#[derive(Debug, Clone)]
enum Attack {
    Edit(usize),
    Drop(usize),
    Swap(usize, usize),
    Insert(usize),
    Repeat(usize),
    Cut(usize),
    OtherKey,
    OtherLog(usize),
}

fn attack() -> impl Strategy<Value = Attack> {
    let at = 0usize..40;
    prop_oneof![
        at.clone().prop_map(Attack::Edit),
        at.clone().prop_map(Attack::Drop),
        (at.clone(), at.clone()).prop_map(|(a, b)| Attack::Swap(a, b)),
        at.clone().prop_map(Attack::Insert),
        at.clone().prop_map(Attack::Repeat),
        at.clone().prop_map(Attack::Cut),
        Just(Attack::OtherKey),
        at.prop_map(Attack::OtherLog),
    ]
}

proptest! {
    #[test]
    fn every_attack_on_a_signed_log_is_detected(size in 1usize..40, attack in attack()) {
        let honest = log(size);
        let mut note = honest.note();
        let mut payloads = honest.payloads.clone();
        let forged = log(size + 1).payloads;
        match attack {
            Attack::Edit(at) => {
                let edited = entry(Kind::Held, &format!("a{}", at % size), json!({ "n": "edited" }));
                payloads[at % size] = edited.to_payload().unwrap();
            }
            Attack::Drop(at) => drop(payloads.remove(at % size)),
            Attack::Swap(a, b) => payloads.swap(a % size, b % size),
            Attack::Insert(at) => payloads.insert(at % (size + 1), forged[size].clone()),
            Attack::Repeat(at) => payloads.insert(at % size, payloads[at % size].clone()),
            Attack::Cut(at) => payloads.truncate(at % size),
            Attack::OtherKey => {
                let other = SigningKey::from_seed(key().verifier().name(), &[9; 32]).unwrap();
                note = other.sign_checkpoint(&honest.checkpoint()).unwrap();
            }
            Attack::OtherLog(at) => {
                let mut other = entry(Kind::Held, "a", json!({}));
                other.origin = honest.origin.replace("/1", "/2");
                payloads[at % size] = other.to_payload().unwrap();
            }
        }
        let same = payloads == honest.payloads && note == honest.note();
        prop_assert_eq!(verify_log(payloads.into_iter(), &note, &pinned()).is_ok(), same);
    }
}
