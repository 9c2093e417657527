//! The roster: what it lists, and that nobody goes on against it.

use super::*;

/// All logs as they are, having been verified together: each origin, and how many entries it has.
pub(super) fn verified(rig: &OnDisk) -> Vec<(String, usize)> {
    let reader = rig.dir.reader().unwrap();
    let origins = reader.origins().unwrap();
    let logs: Vec<(Vec<Vec<u8>>, String)> = origins
        .iter()
        .map(|origin| {
            let entries = reader.entries(origin, 0, 9999).unwrap();
            let payloads = entries.into_iter().map(|stored| stored.payload).collect();
            (payloads, reader.checkpoint(origin).unwrap().unwrap())
        })
        .collect();
    lastlook_ledger::verify_logs(&logs, &[rig.verifier()]).unwrap();
    origins.into_iter().zip(logs.iter().map(|(payloads, _)| payloads.len())).collect()
}

#[test]
fn a_log_that_the_roster_tells_of_is_not_begun_again() {
    for (sql, says) in [
        ("DELETE FROM entries WHERE writer = 1; DELETE FROM logs WHERE writer = 1", "is gone"),
        (
            "DELETE FROM entries WHERE writer = 0; DELETE FROM logs WHERE writer = 0",
            "roster of the logs is gone",
        ),
        ("DELETE FROM entries WHERE writer = 0", "more or fewer"),
    ] {
        let rig = OnDisk::new();
        let store = rig.store();
        commit(&store, append(&store, "a"));
        drop(store);
        rig.sql(sql);
        let error = SqliteStore::open(&rig.dir, rig.dir.writer().unwrap(), None).unwrap_err();
        assert!(
            matches!(&error, StateError::LogAltered { what, .. } if what.contains(says)),
            "{sql}: {error}"
        );
    }
}

#[test]
fn each_life_of_a_writer_enters_itself_once_with_the_heads_that_grew() {
    let rig = OnDisk::new();
    for round in 0..3 {
        let stores = [rig.store(), rig.store()];
        for (store, name) in stores.iter().zip(["x", "y"]) {
            (0..3).for_each(|n| drop(commit(store, append(store, &format!("{name}{round}{n}")))));
        }
    }
    let reader = rig.dir.reader().unwrap();
    let origins = reader.origins().unwrap();
    let said: Vec<(String, u32, Vec<u64>)> = reader
        .entries(&origins[2], 0, 99)
        .unwrap()
        .iter()
        .map(|stored| {
            let entry = lastlook_ledger::Entry::from_payload(&stored.payload).unwrap();
            let heads = entry.body["heads"].as_array().unwrap().iter();
            let n =
                entry.body["log"]["origin"].as_str().unwrap().rsplit_once('/').unwrap().1.parse().unwrap();
            let sizes = heads.map(|head| head["size"].as_u64().unwrap()).collect();
            (entry.body["as"].as_str().unwrap().to_owned(), n, sizes)
        })
        .collect();
    let line = |word: &str, n, sizes: &[u64]| (word.to_owned(), n, sizes.to_vec());
    assert_eq!(
        said,
        [
            line("log-opened", 1, &[]),
            line("log-opened", 2, &[3]),
            line("log-continued", 1, &[3]),
            line("log-continued", 2, &[6]),
            line("log-continued", 1, &[6]),
            line("log-continued", 2, &[9]),
        ]
    );
    verified(&rig);
}
