//! What was committed can be found.

use lastlook_ledger::Kind;

use super::{Rig, samples::*};
use crate::{AttemptState, Commit, Lookup, NewEntry, Values};

/// Pages of a log, its hashes up to a size, all about one attempt; nothing for what does not exist.
pub fn entries_are_read_by_page_and_by_attempt(rig: &dyn Rig) {
    let store = &*rig.open(None);
    assert_eq!(store.origins().unwrap(), [""; 0]);
    for n in 0..7 {
        commit(store, append(store, if n % 2 == 0 { "even" } else { "odd" }));
    }
    let log = origin(store);
    let indices = |from, limit| -> Vec<u64> {
        store.entries(&log, from, limit).unwrap().into_iter().map(|entry| entry.index).collect()
    };
    assert_eq!(indices(0, 3), [0, 1, 2]);
    assert_eq!(indices(5, 100), [5, 6]);
    assert_eq!(indices(7, 1), [0; 0]);
    assert_eq!(indices(u64::MAX, 1), [0; 0]);
    assert_eq!(indices(0, 0), [0; 0]);
    let odd = store.entries_of("odd").unwrap();
    assert_eq!(
        odd.iter().map(|entry| (entry.index, entry.kind)).collect::<Vec<_>>(),
        [1, 3, 5].map(|n| (n, Kind::Refused))
    );
    assert_eq!(odd[0].payload, append(store, "odd").entries[0].payload);
    assert_eq!(odd[0].origin, log);
    assert_eq!(store.entries_of("od").unwrap(), []);
    assert_eq!(store.leaf_hashes(&log, 4).unwrap(), store.leaf_hashes(&log, 100).unwrap()[..4]);
    assert_eq!(store.leaf_hashes(&log, 100).unwrap().len(), 7);
    let leaves: Vec<_> = store.entries(&log, 0, 9).unwrap().iter().map(|entry| entry.leaf).collect();
    assert_eq!(leaves, store.leaf_hashes(&log, 9).unwrap());
    assert_eq!(store.entry_ids("", 9).unwrap(), ["even", "odd"]);
    assert_eq!(store.entry_ids("", 1).unwrap(), ["even"]);
    assert_eq!(store.entry_ids("even", 9).unwrap(), ["odd"]);
    assert_eq!(store.entry_ids("odd", 9).unwrap(), [""; 0]);
    assert_eq!(store.entries("lastlook/elsewhere/1", 0, 9).unwrap(), []);
    assert_eq!(store.leaf_hashes("lastlook/elsewhere/1", 9).unwrap(), []);
    assert_eq!(store.checkpoint("lastlook/elsewhere/1").unwrap(), None);
}

/// Values come back as they were given, from the newest entry of the kind asked for that has any.
pub fn values_are_those_of_the_newest_entry_of_the_kind(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let with = |kind, value| Commit { entries: vec![entry(store, "a", kind, value)], ..Commit::default() };
    commit(store, with(Kind::Armed, Some("1")));
    commit(store, with(Kind::Outcome, Some("2")));
    assert_eq!(store.values("a", Kind::Armed).unwrap(), Some(values("a", "1")));
    assert_eq!(store.values("a", Kind::Outcome).unwrap(), Some(values("a", "2")));
    assert_eq!(store.values("a", Kind::Refused).unwrap(), None);
    assert_eq!(store.values("b", Kind::Armed).unwrap(), None);
    commit(store, with(Kind::Armed, Some("3")));
    assert_eq!(store.values("a", Kind::Armed).unwrap(), Some(values("a", "3")));
    commit(store, with(Kind::Armed, None));
    let kept = store.values("a", Kind::Armed).unwrap();
    assert_eq!(kept, Some(values("a", "3")), "an entry that commits to nothing hides nothing");
    let none = NewEntry { values: Some(Values::default()), ..entry(store, "c", Kind::Armed, None) };
    commit(store, Commit { entries: vec![none], ..Commit::default() });
    assert_eq!(store.values("c", Kind::Armed).unwrap(), Some(Values::default()), "no rows, but a seed");
}

/// Its own commits and those of others, whether or not they append; reading changes nothing.
pub fn every_commit_shows_in_the_version_of_every_store(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let versions = || stores.each_ref().map(|store| store.version().unwrap());
    let mut last = versions();
    for n in 0..6 {
        let store = &*stores[n % 2];
        match n {
            0..4 => commit(store, append(store, "a")),
            _ => commit(store, arm(store, &format!("row-{n}"), &[])),
        };
        let next = versions();
        assert!(last[0] != next[0] && last[1] != next[1], "{n}: {last:?}, then {next:?}");
        stores[0].attempt("a").unwrap();
        assert_eq!(versions(), next, "{n}");
        last = next;
    }
    // What is refused was not committed.
    let taken = Commit { writes: vec![moved("none", AttemptState::Failed)], ..Commit::default() };
    assert!(done(stores[0].commit(taken)).is_err());
    assert_eq!(versions(), last);
}

/// A whole id is found even if others begin with it; a beginning only if one does.
pub fn attempts_are_found_by_prefix(rig: &dyn Rig) {
    let store = &*rig.open(None);
    for id in ["ab", "abc", "abd", "b", "c_1"] {
        commit(store, arm(store, id, &[]));
    }
    let found = |id: &str| Lookup::Found(row(store, id));
    assert_eq!(store.attempt("ab").unwrap(), found("ab"));
    assert_eq!(store.attempt("abd").unwrap(), found("abd"));
    assert_eq!(store.attempt("c").unwrap(), found("c_1"));
    assert_eq!(store.attempt("a").unwrap(), Lookup::Ambiguous(["ab", "abc", "abd"].map(String::from).into()));
    assert_eq!(store.attempt("abcd").unwrap(), Lookup::Missing);
    assert_eq!(store.attempt("c%").unwrap(), Lookup::Missing);
    assert_eq!(
        store.attempt("").unwrap(),
        Lookup::Ambiguous(["ab", "abc", "abd", "b", "c_1"].map(String::from).into())
    );
}

/// What may still happen, and what nobody knows, is listed; the rest is not.
pub fn open_attempts_are_the_armed_and_the_unknown(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    for (n, state) in AttemptState::ALL.into_iter().enumerate() {
        let store = &*stores[n % 2];
        commit(store, arm(store, state.as_str(), &[]));
        commit(store, Commit { writes: vec![moved(state.as_str(), state)], ..Commit::default() });
    }
    let open: Vec<_> =
        stores[1].open_attempts().unwrap().into_iter().map(|row| (row.id, row.writer, row.state)).collect();
    assert_eq!(
        open,
        [("armed".into(), 1, AttemptState::Armed), ("unknown".into(), 1, AttemptState::Unknown)]
    );
}
