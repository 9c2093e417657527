//! A key is taken once, for as long as was said.

use super::{Rig, samples::*};
use crate::{AttemptState, Commit, CommitError, Precondition, Store, Write};

/// Nothing, or who has the key that this was refused for.
fn taken_by(store: &dyn Store, next: Commit) -> Option<String> {
    match done(store.commit(next)) {
        Ok(_) => None,
        Err(CommitError::Precondition { which: Precondition::OnceFree { .. }, holder: Some(row) }) => {
            Some(row.id)
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Whoever is second learns who was first, whether it asked or not, and whatever became of the first.
pub fn a_key_is_taken_once_for_ever(rig: &dyn Rig) {
    let store = &*rig.open(None);
    assert_eq!(store.once("k").unwrap(), None);
    commit(store, arm_once(store, "first", "k", 10, None));
    assert_eq!(store.once("k").unwrap(), Some(("first".into(), None)));
    let refused = done(store.commit(arm_once(store, "second", "k", i64::MAX, None))).unwrap_err();
    let which = Precondition::OnceFree { key: "k".into(), at_ns: i64::MAX };
    assert_eq!(
        refused,
        CommitError::Precondition { which, holder: Some(row(store, "first").into()) },
        "the holder as it stands"
    );
    let mut unasked = arm_once(store, "second", "k", i64::MAX, None);
    unasked.when.clear();
    assert_eq!(taken_by(store, unasked).as_deref(), Some("first"));
    commit(store, finish(store, "first", AttemptState::Unknown));
    assert_eq!(taken_by(store, arm_once(store, "second", "k", 10, None)).as_deref(), Some("first"));
    assert_eq!(taken_by(store, arm_once(store, "second", "another", 10, None)), None);
}

/// Until the instant named, not longer; then somebody else has it, and the first has no say any more.
pub fn a_key_taken_until_an_instant_is_free_from_then_on(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm_once(store, "first", "k", 10, Some(20)));
    assert_eq!(taken_by(store, arm_once(store, "second", "k", 19, Some(40))).as_deref(), Some("first"));
    let mut unasked = arm_once(store, "second", "k", 20, None);
    unasked.when.clear();
    assert_eq!(
        taken_by(store, unasked).as_deref(),
        Some("first"),
        "who does not ask takes only what nobody has"
    );
    assert_eq!(store.once("k").unwrap(), Some(("first".into(), Some(20))));
    assert_eq!(taken_by(store, arm_once(store, "second", "k", 20, Some(40))), None);
    assert_eq!(taken_by(store, arm_once(store, "third", "k", 30, None)).as_deref(), Some("second"));
    commit(store, settle("first", false));
    assert_eq!(store.once("k").unwrap(), Some(("second".into(), Some(40))));
}

/// Two rules may name one key: the longer of their periods counts, in whichever order they come.
pub fn a_key_taken_twice_by_one_attempt_stays_taken_for_the_longer_of_the_two(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let periods = [
        (None, Some(20), None),
        (Some(20), None, None),
        (Some(20), Some(30), Some(30)),
        (Some(30), Some(20), Some(30)),
    ];
    for (n, (first, then, expect)) in periods.into_iter().enumerate() {
        let id = format!("attempt-{n}");
        let mut both = arm_once(store, &id, &id, 10, first);
        both.writes.push(Write::TakeOnce { key: id.clone(), attempt: id.clone(), until_ns: then });
        commit(store, both);
        assert_eq!(store.once(&id).unwrap(), Some((id.clone(), expect)), "{first:?}, then {then:?}");
    }
}

/// Given back, the key is free; kept, it stays, and no later word changes that.
pub fn a_settled_attempt_keeps_its_key_or_gives_it_back(rig: &dyn Rig) {
    let store = &*rig.open(None);
    for (id, kept) in [("given", false), ("kept", true)] {
        let mut two = arm_once(store, id, id, 10, None);
        two.writes.push(Write::TakeOnce { key: format!("{id} too"), attempt: id.into(), until_ns: Some(90) });
        commit(store, two);
        for again in [kept, kept, !kept] {
            commit(store, settle(id, again));
            let has = kept.then(|| id.to_owned());
            let holder = |key: &str| store.once(key).unwrap().map(|(holder, _)| holder);
            assert_eq!([holder(id), holder(&format!("{id} too"))], [has.clone(), has]);
        }
    }
    assert_eq!(taken_by(store, arm_once(store, "next", "given", 10, None)), None);
    commit(store, settle("nobody", false));
}

/// One commit gives the key of one attempt to another; its own holder may take it again, and never shortens it.
pub fn a_key_can_change_hands_in_one_commit(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, arm_once(store, "first", "k", 10, Some(15)));
    let take = |id: &str, until_ns| Write::TakeOnce { key: "k".into(), attempt: id.into(), until_ns };
    for (until, expect) in [(Some(12), 15), (Some(20), 20)] {
        commit(store, Commit { writes: vec![take("first", until)], ..Commit::default() });
        assert_eq!(store.once("k").unwrap(), Some(("first".into(), Some(expect))));
    }
    let mut heir = arm(store, "heir", &[]);
    heir.writes.extend([settle("first", false).writes.remove(0), take("heir", None)]);
    commit(store, heir);
    assert_eq!(store.once("k").unwrap(), Some(("heir".into(), None)));
    let two = Commit { writes: vec![take("heir", None), take("first", None)], ..Commit::default() };
    assert_eq!(taken_by(store, two).as_deref(), Some("heir"));
}

/// What another attempt has, or no attempt takes, takes back the whole commit.
pub fn a_senseless_guard_write_is_taken_back_whole(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let bound = Bound { key: "l", window: crate::LimitWindow::Fixed, max: 9 };
    commit(store, bound.arm(store, "first", 1, 5));
    let note =
        |id: &str| Write::NoteStep { keys: vec![], attempt: id.into(), armed_at_ns: 1, arguments: vec![] };
    commit(store, Commit { writes: vec![note("first")], ..Commit::default() });
    let once = |key: &str, id: &str| Write::TakeOnce { key: key.into(), attempt: id.into(), until_ns: None };
    let lease = |key: &str, id: &str| Write::TakeLease { key: key.into(), attempt: id.into() };
    let senseless = [
        vec![once("k", "nobody")],
        vec![once("k", "first"), once("k", "second")],
        vec![lease("k", "nobody")],
        vec![lease("k", "first"), lease("k", "second")],
        vec![bound.reserve(1, 1, "nobody")],
        vec![bound.reserve(1, u128::MAX - 4, "second")],
        vec![note("nobody")],
        vec![note("first")],
    ];
    for last in senseless {
        let mut bad = arm(store, "second", &[]);
        bad.writes.extend([
            once("other", "second"),
            lease("other", "second"),
            bound.reserve(1, 2, "second"),
            settle("first", true).writes.remove(0),
            Write::NoteStep {
                keys: vec!["other".into()],
                attempt: "second".into(),
                armed_at_ns: 1,
                arguments: vec![],
            },
            Write::EndStep { attempt: "first".into(), ended_at_ns: 3 },
            Write::SetMark { name: "other".into(), value: "x".into() },
        ]);
        bad.writes.extend(last);
        let said = done(store.commit(bad));
        assert!(matches!(said, Err(CommitError::Unavailable(_))), "{said:?}");
        assert_eq!((store.once("other").unwrap(), store.once("k").unwrap()), (None, None));
        assert_eq!((store.lease("other").unwrap(), store.lease("k").unwrap()), (None, None));
        assert_eq!(bound.used(store, 1), (0, 5));
        assert_eq!(store.steps("other", 9, None).unwrap(), []);
        assert_eq!(store.mark("other").unwrap(), None);
    }
    assert_eq!(
        commit(store, arm_lease(store, "second", "k")).fences,
        [("k".into(), 1)],
        "no token was given"
    );
}
