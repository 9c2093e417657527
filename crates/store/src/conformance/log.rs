//! Logs have no gaps, verify at every moment, and are continued.

use lastlook_ledger::{Kind, verify_log};

use super::{Rig, samples::*};
use crate::{AttemptState, Commit, CommitError, Lookup};

/// Entries stand in the order of their commit, commits one after the other, refused ones leaving no trace.
pub fn indices_have_no_gaps_and_keep_the_order_given(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "holder", &["s"]));
    let tickets: Vec<_> = (0..40)
        .map(|n| {
            let id = format!("a{n}");
            let mut next = arm(store, &id, if n % 4 == 3 { &["s"] } else { &[] });
            next.entries.push(entry(store, &id, Kind::Outcome, None));
            store.commit(next)
        })
        .collect();
    let mut seen = vec![0];
    for (n, ticket) in tickets.into_iter().enumerate() {
        match done(ticket) {
            Ok(committed) => {
                assert!(committed.indices.iter().all(|index| *index < committed.size));
                seen.extend(committed.indices);
            }
            Err(CommitError::Precondition { .. }) => assert_eq!(n % 4, 3),
            Err(e) => panic!("{e}"),
        }
    }
    assert!(seen.into_iter().eq(0..61), "indices are given out in order");
    let kinds: Vec<_> = store.entries_of("a0").unwrap().into_iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [Kind::Armed, Kind::Outcome]);
    assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), 61);
}

/// After each commit the newest checkpoint covers exactly what is there.
pub fn every_commit_leaves_a_log_that_verifies(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let mut checkpoints = Vec::new();
    for n in 0..12 {
        let id = format!("a{n}");
        let next = if n % 3 == 1 { append(store, &id) } else { arm(store, &id, &[&id]) };
        let size = commit(store, next).size;
        assert_eq!(size, n + 1);
        assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), size);
        checkpoints.push(store.checkpoint(&origin(store)).unwrap().unwrap());
    }
    // An earlier checkpoint still verifies the part it was signed for, and only that.
    let payloads =
        |upto| store.entries(&origin(store), 0, upto).unwrap().into_iter().map(|entry| entry.payload);
    assert!(verify_log(payloads(7), &checkpoints[6], &[rig.verifier()]).is_ok());
    assert!(verify_log(payloads(8), &checkpoints[6], &[rig.verifier()]).is_err());
}

/// Rows can change without an entry; the log stays as it is.
pub fn a_commit_without_entries_signs_nothing(rig: &dyn Rig) {
    let store = &*rig.open(None);
    assert_eq!(store.checkpoint(&origin(store)).unwrap(), None);
    commit(store, arm(store, "a", &["s"]));
    let before = store.checkpoint(&origin(store)).unwrap();
    let silent = Commit { writes: vec![moved("a", AttemptState::Unknown)], ..Commit::default() };
    let committed = commit(store, silent);
    assert_eq!((committed.indices.len(), committed.size), (0, 1));
    assert_eq!(store.checkpoint(&origin(store)).unwrap(), before);
    let Lookup::Found(row) = store.attempt("a").unwrap() else { panic!("lost") };
    assert_eq!(row.state, AttemptState::Unknown);
}

/// A slot that is free again is taken by the next writer, which appends to the same log.
pub fn a_log_is_continued_by_the_next_writer_of_its_slot(rig: &dyn Rig) {
    for life in 0..5 {
        let store = &*rig.open(None);
        assert_eq!(store.writer().unwrap().n, 1);
        for n in 0..=life {
            let index = commit(store, append(store, &format!("a{life}{n}"))).indices;
            assert_eq!(index, [life * (life + 1) / 2 + n]);
        }
        assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), (life + 1) * (life + 2) / 2);
    }
}

/// Writers that live at the same time append to different logs under one key, and see each other's.
pub fn each_writer_has_a_log_of_its_own(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None), rig.open(None)];
    for round in 0..4 {
        for store in &stores {
            let n = store.writer().unwrap().n;
            assert_eq!(commit(&**store, append(&**store, &format!("a{n}{round}"))).indices, [round]);
        }
    }
    let origins: Vec<_> = stores.iter().map(|store| origin(&**store)).collect();
    assert_eq!(logs(&*stores[0]), origins);
    for (store, origin) in stores.iter().rev().zip(&origins) {
        assert_eq!(verified_size(&**store, &rig.verifier(), origin), 4);
    }
}
