//! A state that goes on after it was put back: its eras, their numbers, and who appends to what.

use lastlook_ledger::Entry;

use super::*;
use crate::{Restoration, Restored, WriterId};

fn restore(rig: &OnDisk, tag: &str) -> Result<Restored, StateError> {
    let commit = |id: &WriterId, _: &crate::Found| {
        let entry = entry_in(id.origin.clone(), "restored", Kind::Operator, None);
        Ok(Commit { entries: vec![entry], ..Commit::default() })
    };
    rig.dir.restore(&Restoration { tag, commit: &commit, after: &|_| {} })
}

/// All logs, verified against what the rosters say, by their origins without the state.
fn logs(rig: &OnDisk) -> Vec<(String, usize)> {
    let name = |origin: &str| origin.splitn(3, '/').nth(2).unwrap().to_owned();
    rosters::verified(rig).into_iter().map(|(origin, size)| (name(&origin), size)).collect()
}

fn named(logs: &[(&str, usize)]) -> Vec<(String, usize)> {
    logs.iter().map(|(name, size)| ((*name).to_owned(), *size)).collect()
}

#[test]
fn each_restoration_begins_logs_of_its_own_above_all_earlier_numbers() {
    let rig = OnDisk::new();
    let two = [rig.store(), rig.store()];
    two.iter().for_each(|store| drop(commit(store, append(store, "a"))));
    drop(two);
    restore(&rig, "aaaaaaaa").unwrap();
    assert_eq!(rig.dir.earlier_writers().unwrap(), 3);
    let store = rig.store();
    assert_eq!(store.writer().unwrap().n, 4);
    commit(&store, append(&store, "b"));
    assert!(matches!(restore(&rig, "bbbbbbbb"), Err(StateError::InUse { n: 4, .. })));
    drop(store);
    restore(&rig, "bbbbbbbb").unwrap();
    assert_eq!(rig.dir.earlier_writers().unwrap(), 5);
    let sizes = [("1", 1), ("2", 1), ("aaaaaaaa/4", 2), ("bbbbbbbb/6", 1)];
    let rosters = [("roster", 2), ("aaaaaaaa/roster", 2), ("bbbbbbbb/roster", 1)];
    assert_eq!(logs(&rig), named(&[&sizes[..], &rosters].concat()));
    // A tag is good for one era.
    assert!(matches!(restore(&rig, "bbbbbbbb"), Err(StateError::Unavailable { .. })));
}

#[test]
fn who_took_a_slot_before_the_era_began_appends_nothing() {
    let rig = OnDisk::new();
    let store = rig.store();
    // Between the listing of the slots and its commit, a restoration cannot see who comes.
    rig.sql("INSERT INTO eras VALUES (7, 'aaaaaaaa')");
    let Err(CommitError::Unavailable(why)) = done(store.commit(append(&store, "a"))) else { panic!() };
    assert!(why.contains("restored meanwhile"), "{why}");
    assert!(rig.dir.reader().unwrap().origins().unwrap().is_empty());
}

#[test]
fn the_roster_that_begins_an_era_notes_every_log_there_is() {
    let rig = OnDisk::new();
    let stores: Vec<SqliteStore> = (0..300).map(|_| rig.store()).collect();
    stores.iter().for_each(|store| drop(commit(store, append(store, "a"))));
    drop(stores);
    let found = restore(&rig, "aaaaaaaa").unwrap().found;
    assert_eq!(found.heads.len(), 301);
    assert_eq!(logs(&rig).last().unwrap(), &("aaaaaaaa/roster".to_owned(), 2));
    let reader = rig.dir.reader().unwrap();
    let roster = reader.origins().unwrap().pop().unwrap();
    let heads = reader.entries(&roster, 0, 9).unwrap().into_iter().map(|stored| {
        let entry = Entry::from_payload(&stored.payload).unwrap();
        entry.body["heads"].as_array().unwrap().len()
    });
    assert_eq!(heads.collect::<Vec<_>>(), [256, 45]);
}

#[test]
fn a_state_of_an_earlier_version_lists_the_logs_it_finds() {
    for version in [4, 5] {
        let rig = OnDisk::new();
        let two = [rig.store(), rig.store()];
        two.iter().for_each(|store| drop(commit(store, append(store, "a"))));
        drop(two);
        let back = if version == 4 { "DROP TABLE requests_over;" } else { "" };
        rig.sql(&format!(
            "DELETE FROM entries WHERE writer = 0; DELETE FROM logs WHERE writer = 0; DELETE FROM meta WHERE name = 'roster';
             DROP TABLE rostered; DROP TABLE eras; {back} PRAGMA user_version = {version};"
        ));
        let rig = OnDisk { dir: StateDir::open(&rig.dir.paths().root).unwrap(), _temp: rig._temp };
        let store = rig.store();
        commit(&store, append(&store, "b"));
        assert_eq!(logs(&rig), named(&[("1", 2), ("2", 1), ("roster", 3)]), "{version}");
        restore_is_possible(&rig, store);
    }
}

fn restore_is_possible(rig: &OnDisk, store: SqliteStore) {
    drop(store);
    restore(rig, "aaaaaaaa").unwrap();
    assert_eq!(logs(rig).len(), 5);
}
