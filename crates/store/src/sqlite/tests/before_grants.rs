//! A database of version 3, made by the program of that time: one approver, one request that waits, and a writer's log.

use super::before_guards::{old_state, schema, version};
use super::*;
use crate::{Lookup, Precondition, RequestRow, RequestState, Write};

fn before() -> (TempDir, std::path::PathBuf) {
    let old = old_state(3);
    assert_eq!(version(&old.1), 3);
    old
}

#[test]
fn its_requests_have_no_key_and_grants_work_beside_them() {
    let (temp, root) = before();
    let rig = OnDisk { dir: StateDir::open(&root).unwrap(), _temp: temp };
    assert_eq!(version(&root), 6);
    let store = rig.store();
    let waiting = store.requests(&RequestState::ALL, 9, None).unwrap();
    let [old] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!((old.state, &old.key), (RequestState::Pending, &None));
    assert_eq!(store.open_requests_of(&old.principal, old.action, None).unwrap().len(), 1);
    assert_eq!(store.approvers().unwrap().len(), 1);
    assert_eq!(store.grants().unwrap(), []);
    let sizes: Vec<_> =
        store.origins().unwrap().iter().map(|log| verified_size(&store, &rig.verifier(), log)).collect();
    assert!(sizes.iter().sum::<u64>() >= 2, "{sizes:?}");

    let keyed = RequestRow { id: "keyed".into(), key: Some("k".into()), ..old.clone() };
    let none = |key: Option<&str>| Precondition::NoOpenRequest {
        principal: old.principal.clone(),
        action: old.action,
        key: key.map(String::from),
    };
    commit(&store, Commit { writes: vec![Write::GiveGrant(grant("g"))], ..Commit::default() });
    let mut next = arm(&store, "a", &[]);
    next.when.push(none(Some("k")));
    next.writes.extend([Write::OpenRequest(keyed.clone()), used("g", "a")]);
    commit(&store, next);
    drop(store);
    let again = StateDir::open(&root).unwrap();
    let store = SqliteStore::open(&again, again.writer().unwrap(), None).unwrap();
    assert_eq!(store.request("keyed").unwrap(), Lookup::Found(keyed));
    assert_eq!(store.grants().unwrap(), [grant("g")]);
    assert_eq!(store.uses_of("g").unwrap().len(), 1);
}

#[test]
fn it_has_the_tables_of_a_new_one() {
    let (_temp, root) = before();
    let old = schema(&root);
    StateDir::open(&root).unwrap();
    let after = schema(&root);
    assert!(old.len() < after.len());
    assert!(old.iter().filter(|(name, _)| name != "requests").all(|table| after.contains(table)));
    assert_eq!(after, schema(&OnDisk::new().dir.paths().root));
}

/// A process of that version has it open, and writes as it always did.
#[test]
fn a_process_of_that_time_goes_on() {
    let (_temp, root) = before();
    let conn = rusqlite::Connection::open(root.join("lastlook.db")).unwrap();
    let insert = "INSERT INTO requests (id, principal, upstream, tool, action, state, opened_at_ns, expires_at_ns, attempt, detail)
                  SELECT 'later', principal, upstream, tool, action, state, opened_at_ns, expires_at_ns, attempt, detail
                  FROM requests";
    let mut prepared = conn.prepare(insert).unwrap();
    let dir = StateDir::open(&root).unwrap();
    assert_eq!(prepared.execute([]).unwrap(), 1);
    let store = SqliteStore::open(&dir, dir.writer().unwrap(), None).unwrap();
    assert!(matches!(store.request("later").unwrap(), Lookup::Found(row) if row.key.is_none()));
}

#[test]
fn a_move_that_cannot_be_finished_leaves_it_as_it_was() {
    let (_temp, root) = before();
    let conn = rusqlite::Connection::open(root.join("lastlook.db")).unwrap();
    conn.execute_batch("CREATE TABLE grant_uses (x)").unwrap();
    let old = schema(&root);
    let error = StateDir::open(&root).unwrap_err();
    assert!(error.to_string().contains("grant_uses"), "{error}");
    assert_eq!((version(&root), schema(&root)), (3, old));
    conn.execute_batch("DROP TABLE grant_uses").unwrap();
    StateDir::open(&root).unwrap();
    assert_eq!(version(&root), 6);
}
