//! A database of version 2, made by the program of that time: a writer's log of three entries with all that guards hold,
//! another's of one.

use super::before_guards::{old_state, schema, version};
use super::*;
use crate::{Confirmation, LimitWindow, Lookup, Precondition, RequestRow, RequestState, Write};

fn before() -> (TempDir, std::path::PathBuf) {
    let old = old_state(2);
    assert_eq!(version(&old.1), 2);
    old
}

#[test]
fn what_guards_hold_is_kept_and_approvals_and_halts_work_beside_it() {
    let (temp, root) = before();
    let rig = OnDisk { dir: StateDir::open(&root).unwrap(), _temp: temp };
    assert_eq!(version(&root), 6);
    let store = rig.store();
    let sizes: Vec<_> =
        store.origins().unwrap().iter().map(|log| verified_size(&store, &rig.verifier(), log)).collect();
    assert_eq!(sizes, [3, 1]);
    assert_eq!(store.inherited().len(), 1);
    assert_eq!(store.holder("order/0").unwrap().map(|row| row.id).as_deref(), Some("armed"));
    assert_eq!(store.once("k").unwrap(), Some(("armed".into(), None)));
    assert_eq!(store.lease("k").unwrap().map(|(row, fence)| (row.id, fence)), Some(("armed".into(), 1)));
    assert_eq!(store.limit("l", LimitWindow::Fixed, 0).unwrap(), (3, 5));
    let steps = store.steps("k", 9, None).unwrap();
    let steps: Vec<_> = steps.iter().map(|step| (step.attempt.as_str(), step.confirmation)).collect();
    assert_eq!(steps, [("done", Some(Confirmation::Confirmed)), ("armed", None)]);
    assert_eq!(store.mark("configuration").unwrap().as_deref(), Some("one"));
    assert_eq!(store.requests(&RequestState::ALL, 9, None).unwrap(), []);
    assert_eq!((store.approvers().unwrap(), store.halts(true).unwrap()), (vec![], vec![]));

    let claimed = RequestRow { state: RequestState::Claimed, attempt: Some("armed".into()), ..request("r") };
    commit(
        &store,
        Commit {
            when: vec![
                Precondition::MarkIs { name: "configuration".into(), value: Some("one".into()) },
                Precondition::MarkIs { name: "halts".into(), value: None },
            ],
            writes: vec![
                Write::OpenRequest(claimed.clone()),
                Write::Vote(vote("r", "ann", 10)),
                Write::PutApprover(approver("ann")),
                Write::OpenHalt(halt("h", 10)),
            ],
            ..Commit::default()
        },
    );
    drop(store);
    let again = StateDir::open(&root).unwrap();
    let store = SqliteStore::open(&again, again.writer().unwrap(), None).unwrap();
    assert_eq!(store.request("r").unwrap(), Lookup::Found(claimed));
    assert_eq!(store.votes("r").unwrap(), [vote("r", "ann", 10)]);
    assert_eq!(store.approvers().unwrap(), [approver("ann")]);
    assert_eq!(store.halts(false).unwrap(), [halt("h", 10)]);
}

#[test]
fn it_has_the_tables_of_a_new_one() {
    let (_temp, root) = before();
    let old = schema(&root);
    StateDir::open(&root).unwrap();
    let after = schema(&root);
    assert!(old.len() < after.len() && old.iter().all(|table| after.contains(table)));
    assert_eq!(after, schema(&OnDisk::new().dir.paths().root));
}

#[test]
fn a_move_that_cannot_be_finished_leaves_it_as_it_was() {
    let (_temp, root) = before();
    let conn = rusqlite::Connection::open(root.join("lastlook.db")).unwrap();
    conn.execute_batch("CREATE TABLE halts (x)").unwrap();
    let old = schema(&root);
    let error = StateDir::open(&root).unwrap_err();
    assert!(error.to_string().contains("halts"), "{error}");
    assert_eq!((version(&root), schema(&root)), (2, old));
    conn.execute_batch("DROP TABLE halts").unwrap();
    StateDir::open(&root).unwrap();
    assert_eq!(version(&root), 6);
}

/// Also where nothing keeps them from looking at it at the same time, as the lock of the directory does.
#[test]
fn many_processes_may_open_it_at_the_same_time() {
    const OPENERS: usize = 6;
    let (_temp, old) = before();
    let new = OnDisk::new();
    let paths = new.dir.paths();
    std::fs::copy(old.join("lastlook.db"), &paths.database).unwrap();
    assert_eq!(version(&paths.root), 2);
    let start = std::sync::Barrier::new(OPENERS);
    let open = || {
        start.wait();
        schema::prepare(paths, true, "")
    };
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..OPENERS).map(|_| scope.spawn(open)).collect();
        openers.into_iter().for_each(|opener| drop(opener.join().unwrap().unwrap()));
    });
    assert_eq!(version(&paths.root), 6);
    drop(StateDir::open(&old).unwrap());
    assert_eq!(schema(&old), schema(&paths.root));
}
