//! A database of version 1, made by the program of that time: a writer's log of four entries, another's of one.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::{Lookup, Precondition, Write};

/// A state directory of an earlier version.
pub(super) fn old_state(version: u32) -> (TempDir, std::path::PathBuf) {
    let temp = tempfile::tempdir().unwrap();
    let root = temp.path().join("state");
    std::fs::create_dir(&root).unwrap();
    for name in ["version", "key", "lastlook.db"] {
        let fixture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/version-{version}/{name}"));
        std::fs::copy(fixture, root.join(name)).unwrap();
        std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    (temp, root)
}

pub(super) fn version(root: &Path) -> i64 {
    let conn = rusqlite::Connection::open(root.join("lastlook.db")).unwrap();
    conn.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// All tables and indices, and how they were made.
pub(super) fn schema(root: &Path) -> Vec<(String, Option<String>)> {
    let conn = rusqlite::Connection::open(root.join("lastlook.db")).unwrap();
    let mut query = conn.prepare("SELECT name, sql FROM sqlite_schema ORDER BY type, name").unwrap();
    query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

#[test]
fn its_rows_and_logs_are_kept_and_guards_work_on_them() {
    let (temp, root) = old_state(1);
    assert_eq!(version(&root), 1);
    let rig = OnDisk { dir: StateDir::open(&root).unwrap(), _temp: temp };
    assert_eq!(version(&root), 6);
    let store = rig.store();
    let state = |id| match store.attempt(id).unwrap() {
        Lookup::Found(row) => row.state,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        ["armed", "done", "unknown"].map(state),
        [AttemptState::Armed, AttemptState::Succeeded, AttemptState::Unknown]
    );
    let holder = |n| store.holder(&format!("order/{n}")).unwrap().map(|row| row.id);
    assert_eq!([holder(0), holder(1), holder(2)], [Some("armed".into()), None, Some("unknown".into())]);
    assert_eq!(store.inherited().len(), 2);
    let sizes: Vec<_> =
        store.origins().unwrap().iter().map(|log| verified_size(&store, &rig.verifier(), log)).collect();
    assert_eq!(sizes, [4, 1]);
    assert_eq!(store.values("done", Kind::Armed).unwrap().unwrap().rows[0].1, b"42");
    let of_tool: Vec<_> = store.attempts_of("shop", "refund", 9, None).unwrap();
    assert_eq!(of_tool.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["unknown", "done", "armed"]);

    // An attempt armed before there were guards has nothing to settle, and no step to end.
    let mut ended = finish(&store, "armed", AttemptState::Failed);
    ended.writes.extend([
        Write::SettleAttempt { attempt: "armed".into(), kept: false },
        Write::EndStep { attempt: "armed".into(), ended_at_ns: 1 },
    ]);
    commit(&store, ended);
    assert_eq!(holder(0), None);
    let mut next = arm_once(&store, "next", "k", 1, None);
    next.when.push(Precondition::LeaseFree { key: "k".into() });
    next.writes.push(Write::TakeLease { key: "k".into(), attempt: "next".into() });
    assert_eq!(commit(&store, next).fences, [("k".into(), 1)]);
    drop(store);
    let again = StateDir::open(&root).unwrap();
    let store = SqliteStore::open(&again, again.writer().unwrap(), None).unwrap();
    assert_eq!(store.once("k").unwrap(), Some(("next".into(), None)));
}

#[test]
fn it_has_the_tables_of_a_new_one() {
    let (_temp, root) = old_state(1);
    let before = schema(&root);
    StateDir::open(&root).unwrap();
    let after = schema(&root);
    assert!(before.len() < after.len() && before.iter().all(|table| after.contains(table)));
    assert_eq!(after, schema(&OnDisk::new().dir.paths().root));
}

#[test]
fn a_move_that_cannot_be_finished_leaves_it_as_it_was() {
    let (_temp, root) = old_state(1);
    // The last table of the new version is in the way.
    let conn = rusqlite::Connection::open(root.join("lastlook.db")).unwrap();
    conn.execute_batch("CREATE TABLE halts (x)").unwrap();
    let error = StateDir::open(&root).unwrap_err();
    assert!(error.to_string().contains("halts"), "{error}");
    assert_eq!(version(&root), 1);
    let tables: i64 = conn
        .query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'limits'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(tables, 0);
    conn.execute_batch("DROP TABLE halts").unwrap();
    StateDir::open(&root).unwrap();
    assert_eq!(version(&root), 6);
}

#[test]
fn many_processes_may_open_it_at_the_same_time() {
    let (_temp, root) = old_state(1);
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..6).map(|_| scope.spawn(|| StateDir::open(&root))).collect();
        openers.into_iter().for_each(|opener| drop(opener.join().unwrap().unwrap()));
    });
    assert_eq!(version(&root), 6);
}
