//! Commits depend on what they say they depend on, and are made whole or not at all.

use super::{Rig, samples::*};
use crate::{AttemptState, Commit, CommitError, Lookup, Precondition, Store, Write};

fn refused(store: &dyn Store, commit: Commit) -> (Precondition, Option<String>) {
    match done(store.commit(commit)) {
        Err(CommitError::Precondition { which, holder }) => (which, holder.map(|row| row.id)),
        other => panic!("not a failed precondition: {other:?}"),
    }
}

fn free(subject: &str) -> Precondition {
    Precondition::SubjectFree { subject: subject.into() }
}

fn holder(store: &dyn Store, subject: &str) -> Option<String> {
    store.holder(subject).unwrap().map(|row| row.id)
}

/// Only one attempt can hold a subject; the other is told the holder's row.
pub fn a_free_subject_is_taken_once_and_the_loser_learns_by_whom(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["order/1"]));
    assert_eq!(
        done(store.commit(arm(store, "second", &["order/2", "order/1"]))),
        Err(CommitError::Precondition { which: free("order/1"), holder: Some(row(store, "first").into()) })
    );
    assert_eq!(holder(store, "order/1").as_deref(), Some("first"));
    assert_eq!(holder(store, "order/2"), None);
}

/// A take that does not say "if free" is checked even if nobody asked for the subject to be free.
pub fn taking_a_held_subject_fails_as_its_precondition_would(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["s"]));
    let mut second = arm(store, "second", &["s"]);
    second.when.clear();
    assert_eq!(refused(store, second), (free("s"), Some("first".into())));
    assert_eq!(store.attempt("second").unwrap(), Lookup::Missing);
    let again = Commit { writes: vec![take("s", "first", false)], ..Commit::default() };
    assert!(done(store.commit(again)).is_ok(), "its own holder may take it again");
}

/// "If free" leaves a held subject with its holder and takes a free one.
pub fn a_subject_may_be_taken_only_if_free(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["s"]));
    let mut second = arm(store, "second", &[]);
    second.writes.extend([take("s", "second", true), take("t", "second", true)]);
    commit(store, second);
    assert_eq!(holder(store, "s").as_deref(), Some("first"));
    assert_eq!(holder(store, "t").as_deref(), Some("second"));
}

/// An attempt that is in another state fails the commit and is shown as it stands; so does one that does not exist.
pub fn an_attempt_must_be_in_one_of_the_states_asked_for(rig: &dyn Rig) {
    use AttemptState::{Armed, Succeeded, Unknown};
    let store = &*rig.open(None);
    commit(store, arm(store, "a", &[]));
    let to_unknown = |states: &[_]| Commit {
        when: vec![is("a", states)],
        writes: vec![moved("a", Unknown)],
        ..Commit::default()
    };
    commit(store, to_unknown(&[Armed, Succeeded]));
    let Err(CommitError::Precondition { holder: Some(found), .. }) = done(store.commit(to_unknown(&[Armed])))
    else {
        panic!("an unknown attempt passed for armed");
    };
    assert_eq!((found.id.as_str(), found.state), ("a", Unknown));
    let nobody = Commit { when: vec![is("nobody", &AttemptState::ALL)], ..Commit::default() };
    assert_eq!(refused(store, nobody), (is("nobody", &AttemptState::ALL), None));
}

/// Neither rows nor entries of a refused commit are seen, and its indices go to the next.
pub fn a_failed_precondition_writes_nothing(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["s"]));
    refused(store, arm(store, "second", &["s"]));
    assert_eq!(store.attempt("second").unwrap(), Lookup::Missing);
    assert_eq!(store.entries_of("second").unwrap(), []);
    assert_eq!(commit(store, append(store, "third")).indices, [1]);
    assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), 2);
}

/// A row that cannot be written takes back what the same commit wrote before it, and nothing else.
pub fn a_commit_that_makes_no_sense_is_taken_back_whole(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["s"]));
    let senseless = [
        Write::OpenAttempt(row(store, "first")),
        moved("nobody", AttemptState::Failed),
        take("u", "nobody", false),
        take("u", "nobody", true),
    ];
    for last in senseless {
        let mut bad = arm(store, "second", &["t"]);
        bad.writes.extend([
            Write::ReleaseSubjects { attempt: "first".into() },
            moved("first", AttemptState::Unknown),
            last,
        ]);
        let (bad, good) = (store.commit(bad), store.commit(append(store, "fine")));
        assert!(matches!(done(bad), Err(CommitError::Unavailable(_))));
        assert!(done(good).is_ok());
        assert_eq!(store.attempt("second").unwrap(), Lookup::Missing);
        assert_eq!(store.attempt("first").unwrap(), Lookup::Found(row(store, "first")));
        assert_eq!((holder(store, "s").as_deref(), holder(store, "t")), (Some("first"), None));
    }
    assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), 5);
}

/// Ending an attempt frees all its subjects and nobody else's.
pub fn released_subjects_are_free(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["s", "t"]));
    commit(store, arm(store, "other", &["u"]));
    commit(store, finish(store, "first", AttemptState::Succeeded));
    assert_eq!(
        [holder(store, "s"), holder(store, "t"), holder(store, "u")],
        [None, None, Some("other".into())]
    );
    commit(store, arm(store, "next", &["s", "t"]));
    assert_eq!(holder(store, "t").as_deref(), Some("next"));
}

/// One commit can take a subject that it frees itself.
pub fn a_subject_can_change_hands_in_one_commit(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm(store, "first", &["s"]));
    let mut heir = arm(store, "heir", &[]);
    heir.writes.extend([Write::ReleaseSubjects { attempt: "first".into() }, take("s", "heir", false)]);
    commit(store, heir);
    assert_eq!(holder(store, "s").as_deref(), Some("heir"));
}
