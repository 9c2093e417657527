//! A lease is one attempt's at a time, and each holding has a greater number than those before.

use super::{Rig, samples::*};
use crate::{AttemptState, Commit, CommitError, Precondition, Store, Write};

fn fence(store: &dyn Store, next: Commit) -> u64 {
    let fences = commit(store, next).fences;
    assert_eq!(fences.len(), 1);
    fences[0].1
}

/// The other learns who has it, whether it asked or not, and so do readers.
pub fn a_lease_is_held_by_one_attempt_and_the_loser_learns_by_which(rig: &dyn Rig) {
    let store = &*rig.open(None);
    assert_eq!(store.lease("k").unwrap(), None);
    assert_eq!(commit(store, arm_lease(store, "first", "k")).fences, [("k".into(), 1)]);
    let refusal = CommitError::Precondition {
        which: Precondition::LeaseFree { key: "k".into() },
        holder: Some(row(store, "first").into()),
    };
    let mut unasked = arm_lease(store, "second", "k");
    unasked.when.clear();
    for second in [arm_lease(store, "second", "k"), unasked] {
        assert_eq!(done(store.commit(second)), Err(refusal.clone()));
    }
    commit(store, Commit { writes: vec![moved("first", AttemptState::Unknown)], ..Commit::default() });
    let (holder, token) = store.lease("k").unwrap().unwrap();
    assert_eq!((holder.id.as_str(), holder.state, token), ("first", AttemptState::Unknown, 1));
    assert_eq!(store.holder("k").unwrap(), None, "a lease is no subject");
}

/// Releases and restarts in between, and other keys, notwithstanding.
pub fn fencing_tokens_of_a_key_only_grow(rig: &dyn Rig) {
    for life in 0..3 {
        let store = &*rig.open(None);
        for n in 0..3 {
            let id = format!("a{life}{n}");
            assert_eq!(fence(store, arm_lease(store, &id, "k")), 3 * life + n + 1);
            let again = Commit {
                writes: vec![Write::TakeLease { key: "k".into(), attempt: id.clone() }],
                ..Commit::default()
            };
            assert_eq!(fence(store, again), 3 * life + n + 1, "its holder has it already");
            commit(store, finish(store, &id, AttemptState::Succeeded));
            assert_eq!(store.lease("k").unwrap(), None);
        }
        assert_eq!(fence(store, arm_lease(store, &format!("b{life}"), &format!("k{life}"))), 1);
    }
}

/// All that an attempt held is free, and nothing of another's; the tokens come in the order of the writes.
pub fn an_attempt_holds_several_leases_and_frees_them_together(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let mut two = arm_lease(store, "first", "k");
    two.writes.push(Write::TakeLease { key: "j".into(), attempt: "first".into() });
    assert_eq!(commit(store, two).fences, [("k".into(), 1), ("j".into(), 1)]);
    commit(store, arm_lease(store, "other", "i"));
    let mut heir = arm(store, "heir", &[]);
    heir.writes.extend([
        Write::ReleaseSubjects { attempt: "first".into() },
        Write::TakeLease { key: "j".into(), attempt: "heir".into() },
    ]);
    assert_eq!(commit(store, heir).fences, [("j".into(), 2)], "it can change hands in one commit");
    let holder = |key: &str| store.lease(key).unwrap().map(|(row, _)| row.id);
    assert_eq!([holder("k"), holder("j"), holder("i")], [None, Some("heir".into()), Some("other".into())]);
}
