mod before_approvals;
mod before_grants;
mod before_guards;
mod killed_race;
mod restored;
mod rosters;
mod signing;

use std::sync::Condvar;

use lastlook_ledger::VerifierKey;
use tempfile::TempDir;

use super::*;
use crate::conformance::{Rig, samples::*};
use crate::{AttemptState, FaultError, Op, conformance_tests};

/// A state directory that is removed with the rig.
struct OnDisk {
    dir: StateDir,
    _temp: TempDir,
}

impl OnDisk {
    fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        Self { dir: StateDir::open(temp.path().join("state")).unwrap(), _temp: temp }
    }

    fn store(&self) -> SqliteStore {
        self.with(Settings::default())
    }

    fn with(&self, settings: Settings) -> SqliteStore {
        SqliteStore::open_with(&self.dir, self.dir.writer().unwrap(), settings).unwrap()
    }

    fn sql(&self, sql: &str) {
        schema::connect(&self.dir.paths().database, false).unwrap().execute_batch(sql).unwrap();
    }

    fn size(&self, store: &SqliteStore) -> u64 {
        verified_size(store, &self.verifier(), &origin(store))
    }
}

impl Rig for OnDisk {
    fn open(&self, fault: Option<Arc<dyn Fault>>) -> Arc<dyn Store> {
        Arc::new(self.with(Settings { fault, ..Settings::default() }))
    }

    fn verifier(&self) -> VerifierKey {
        self.dir.verifier_key()
    }
}

conformance_tests!(OnDisk::new());

/// A hook made of a closure.
struct Hook<F>(F);

impl<F: Fn(Op) -> Result<(), FaultError> + Send + Sync + 'static> Fault for Hook<F> {
    fn before(&self, op: Op) -> Result<(), FaultError> {
        (self.0)(op)
    }
}

fn hook(f: impl Fn(Op) -> Result<(), FaultError> + Send + Sync + 'static) -> Option<Arc<dyn Fault>> {
    Some(Arc::new(Hook(f)))
}

/// Holds the writer before its first flush, so that what is asked meanwhile shares the second.
#[derive(Default)]
struct Gate {
    /// Flushes begun, and whether the first may go on.
    state: std::sync::Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.1).unwrap());
    }

    fn wait_first(&self) {
        drop(self.changed.wait_while(self.state.lock().unwrap(), |state| state.0 == 0).unwrap());
    }

    fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }

    fn flushes(&self) -> usize {
        self.state.lock().unwrap().0
    }
}

/// Queues these commits while the writer is held, and returns their answers and how many flushes they took.
fn together(
    rig: &OnDisk,
    fault: impl Fn(Op) -> Result<(), FaultError> + Send + Sync + 'static,
    commits: impl FnOnce(&SqliteStore) -> Vec<Commit>,
) -> (Vec<Result<crate::Committed, CommitError>>, usize) {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let fault = hook(move |op| {
        if op == Op::Begin {
            held.pass();
        }
        fault(op)
    });
    let store = rig.with(Settings { fault, ..Settings::default() });
    let first = store.commit(append(&store, "first"));
    gate.wait_first();
    let tickets: Vec<_> = commits(&store).into_iter().map(|commit| store.commit(commit)).collect();
    gate.open();
    assert!(done(first).is_ok());
    let answers = tickets.into_iter().map(done).collect();
    (answers, gate.flushes() - 1)
}

#[test]
fn commits_share_one_flush_and_one_refused_among_them_harms_nobody() {
    let rig = OnDisk::new();
    let (answers, flushes) = together(
        &rig,
        |_| Ok(()),
        |store| {
            (0..10).map(|n| arm(store, &format!("a{n}"), if n % 5 == 0 { &["s"] } else { &[] })).collect()
        },
    );
    assert_eq!(flushes, 1);
    for (n, answer) in answers.iter().enumerate() {
        match answer {
            Ok(committed) => assert_eq!(committed.size, 10, "the checkpoint they share"),
            Err(CommitError::Precondition { holder, .. }) => {
                assert_eq!((n, holder.as_ref().map(|row| row.id.as_str())), (5, Some("a0")));
            }
            Err(e) => panic!("{e}"),
        }
    }
    assert_eq!(rig.size(&rig.store()), 10);
}

#[test]
fn a_senseless_commit_costs_its_companions_a_flush_each_and_nothing_else() {
    let rig = OnDisk::new();
    let (answers, flushes) = together(
        &rig,
        |_| Ok(()),
        |store| {
            let mut commits: Vec<_> = (0..4).map(|n| arm(store, &format!("a{n}"), &[])).collect();
            commits[2].writes.push(moved("nobody", AttemptState::Failed));
            commits
        },
    );
    assert_eq!(flushes, 5);
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, true]);
    assert_eq!(answers[2], Err(CommitError::Unavailable("attempt `nobody` is not recorded".into())));
    assert_eq!(rig.size(&rig.store()), 4);
}

#[test]
fn what_an_earlier_life_left_open_is_inherited() {
    let rig = OnDisk::new();
    let store = rig.store();
    commit(&store, arm(&store, "left", &["s"]));
    commit(&store, arm(&store, "ended", &[]));
    commit(&store, finish(&store, "ended", AttemptState::Failed));
    assert_eq!(rig.store().inherited(), [], "slot 2 had no earlier life");
    drop(store);
    let ids: Vec<_> = rig.store().inherited().iter().map(|row| row.id.clone()).collect();
    assert_eq!(ids, ["left"]);
}

#[test]
fn a_reader_sees_everything_and_commits_nothing() {
    let rig = OnDisk::new();
    let store = rig.store();
    let reader = rig.dir.reader().unwrap();
    assert_eq!(reader.origins().unwrap(), [""; 0]);
    commit(&store, arm(&store, "a", &["s"]));
    assert_eq!(reader.holder("s").unwrap(), Some(row(&store, "a")));
    assert_eq!(reader.writer(), None);
    assert_eq!(verified_size(&reader, &rig.verifier(), &origin(&store)), 1);
    assert!(matches!(done(reader.commit(append(&store, "b"))), Err(CommitError::Unavailable(_))));
}

#[test]
fn pruned_values_are_gone_and_the_log_still_verifies() {
    let rig = OnDisk::new();
    let store = rig.store();
    commit(&store, arm(&store, "a", &[]));
    rig.sql("DELETE FROM \"values\"");
    assert_eq!(store.values("a", Kind::Armed).unwrap(), None);
    assert_eq!(rig.size(&store), 1);
}

#[test]
fn damaged_values_are_reported_and_not_returned() {
    let rig = OnDisk::new();
    let store = rig.store();
    commit(&store, arm(&store, "a", &[]));
    rig.sql("UPDATE \"values\" SET packed = substr(packed, 1, length(packed) - 1)");
    let error = store.values("a", Kind::Armed).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }) && !error.hint().is_empty(), "{error}");
    rig.sql("UPDATE attempts SET state = 'resting'");
    assert!(matches!(store.attempt("a"), Err(StoreError::Damaged { .. })));
}

#[test]
fn leaf_hashes_of_a_long_log_come_in_order() {
    let rig = OnDisk::new();
    let stores = [rig.store(), rig.store()];
    let long = |store: &SqliteStore, n: usize| Commit {
        entries: (0..n)
            .map(|n| entry(store, &format!("a{:03}", n * 7919 % 1000), Kind::Refused, None))
            .collect(),
        ..Commit::default()
    };
    for store in &stores {
        commit(store, long(store, 2_100));
    }
    for store in &stores {
        assert_eq!(rig.size(store), 2_100);
        assert_eq!(store.leaf_hashes(&origin(store), 2_050).unwrap().len(), 2_050);
    }
}

#[test]
fn a_lost_edge_of_the_tree_is_built_again_from_the_leaves() {
    let rig = OnDisk::new();
    let store = rig.store();
    (0..5).for_each(|n| drop(commit(&store, append(&store, &format!("a{n}")))));
    drop(store);
    rig.sql("UPDATE logs SET frontier = x''");
    let store = rig.store();
    assert_eq!(commit(&store, append(&store, "next")).indices, [5]);
    assert_eq!(rig.size(&store), 6);
}

#[test]
fn a_log_that_does_not_add_up_is_not_continued() {
    let alterations = [
        (
            "UPDATE entries SET leaf = zeroblob(32) WHERE \"index\" = 1; UPDATE logs SET frontier = x''",
            "root",
        ),
        ("DELETE FROM entries WHERE \"index\" = 2", "more or fewer"),
        (
            "INSERT INTO entries SELECT seq + 1, attempt, kind, leaf, payload FROM entries WHERE \"index\" = 2",
            "more or fewer",
        ),
        ("UPDATE logs SET size = 2", "more or fewer"),
        ("DELETE FROM logs", "no checkpoint"),
        ("UPDATE logs SET note = replace(note, '/1', '/2')", "signed"),
        (
            "UPDATE logs SET writer = 2 WHERE writer = 1; UPDATE entries SET seq = seq + (1 << 40) WHERE writer = 1",
            "another log",
        ),
    ];
    for (sql, says) in alterations {
        let rig = OnDisk::new();
        let store = rig.store();
        (0..3).for_each(|n| drop(commit(&store, append(&store, &format!("a{n}")))));
        drop(store);
        rig.sql(sql);
        let _other = says.contains("another").then(|| rig.dir.writer().unwrap());
        let error = SqliteStore::open(&rig.dir, rig.dir.writer().unwrap(), None).unwrap_err();
        assert!(
            matches!(&error, StateError::LogAltered { what, .. } if what.contains(says)),
            "{sql}: {error}"
        );
        assert!(error.hint().contains("lastlook verify"));
    }
}

#[test]
fn what_is_read_in_order_comes_from_an_index() {
    let rig = OnDisk::new();
    let conn = schema::connect(&rig.dir.paths().database, false).unwrap();
    for (sql, parameters) in [(read::ATTEMPTS_OF, 5), (read::STEPS, 2)] {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = rusqlite::params_from_iter(vec![0; parameters]);
        let plan: Vec<String> =
            plan.query_map(parameters, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        assert!(plan.iter().all(|line| line.starts_with("SEARCH")), "{plan:#?}");
    }
}

#[test]
fn requests_and_grants_are_found_by_an_index_however_many_there_are() {
    let rig = OnDisk::new();
    let conn = schema::connect(&rig.dir.paths().database, true).unwrap();
    let queries = [
        (held::REQUESTS_IN, 4, "requests_by_state (state=? AND (opened_at_ns,id)<(?,?))"),
        (held::OPEN_REQUESTS_OF, 3, "requests_by_principal (principal=? AND state=? AND action=?)"),
        (held::HAS_OPEN, 3, "requests_by_principal (principal=? AND state=? AND action=?)"),
        (grant::IN_FORCE, 3, "grants_in_force (upstream=? AND tool=? AND expires_ns>?)"),
        (held::PENDING, 2, "requests_by_principal (principal=? AND state=?)"),
    ];
    for (sql, parameters, search) in queries {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let parameters = rusqlite::params_from_iter(vec![0; parameters]);
        let plan: Vec<String> =
            plan.query_map(parameters, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        let of = |line: &&String| ["requests", "grants", " r "].iter().any(|name| line.contains(name));
        let read: Vec<_> = plan.iter().filter(of).collect();
        assert!(read.len() == 1 && read[0].starts_with("SEARCH") && read[0].ends_with(search), "{plan:#?}");
    }
}

mod full_disk {
    use super::*;

    /// As full as a disk whose only free blocks are the ballast's: writes fail while the ballast is there.
    fn full_while_ballast(
        rig: &OnDisk,
        at: Op,
    ) -> impl Fn(Op) -> Result<(), FaultError> + Send + Sync + 'static {
        let reserve = rig.dir.paths().reserve.clone();
        move |op| if op == at && reserve.exists() { Err(FaultError::Full) } else { Ok(()) }
    }

    /// Keeps the ballast from being laid down again.
    fn obstruct(rig: &OnDisk) {
        std::fs::create_dir(rig.dir.paths().reserve.with_extension("new")).unwrap();
    }

    #[test]
    fn what_happened_is_recorded_in_the_room_kept_for_it_and_new_effects_are_refused() {
        let rig = OnDisk::new();
        let store = rig.store();
        commit(&store, arm(&store, "a", &["s"]));
        drop(store);
        obstruct(&rig);
        let store =
            rig.with(Settings { fault: hook(full_while_ballast(&rig, Op::Commit)), ..Settings::default() });
        assert_eq!(done(store.commit(arm(&store, "b", &[]))), Err(CommitError::Full));
        assert!(rig.dir.paths().reserve.exists(), "kept for what is vital");
        assert!(done(store.commit(finish(&store, "a", AttemptState::Succeeded))).is_ok());
        assert!(!rig.dir.paths().reserve.exists());
        // There would be room now, and it is not for this.
        assert_eq!(done(store.commit(arm(&store, "c", &[]))), Err(CommitError::Full));
        let silent = Commit { writes: vec![moved("a", AttemptState::Unknown)], ..Commit::default() };
        assert!(done(store.commit(silent)).is_ok(), "it appends nothing");
        assert_eq!(rig.size(&store), 2);
    }

    #[test]
    fn the_ballast_is_laid_down_again_when_there_is_room() {
        let rig = OnDisk::new();
        let store = rig.store();
        std::fs::remove_file(&rig.dir.paths().reserve).unwrap();
        assert!(done(store.commit(arm(&store, "a", &[]))).is_ok());
        assert_eq!(std::fs::metadata(&rig.dir.paths().reserve).unwrap().len(), 4 << 20);
        std::fs::write(&rig.dir.paths().reserve, "short").unwrap();
        commit(&store, finish(&store, "a", AttemptState::Failed));
        drop(store);
        assert_eq!(std::fs::metadata(&rig.dir.paths().reserve).unwrap().len(), 4 << 20);
    }

    #[test]
    fn a_vital_commit_in_a_group_gets_the_room_the_others_do_not() {
        let rig = OnDisk::new();
        let store = rig.store();
        commit(&store, arm(&store, "a", &["s"]));
        drop(store);
        obstruct(&rig);
        // The first commit, which only opens the gate, passes; then the disk is full.
        let full = full_while_ballast(&rig, Op::Commit);
        let passed = std::sync::atomic::AtomicBool::new(false);
        let fault = move |op| {
            let first = op == Op::Commit && !passed.swap(true, std::sync::atomic::Ordering::SeqCst);
            if first { Ok(()) } else { full(op) }
        };
        let (answers, _) = together(&rig, fault, |store| {
            vec![arm(store, "b", &[]), finish(store, "a", AttemptState::Succeeded), arm(store, "c", &[])]
        });
        assert_eq!([&answers[0], &answers[2]], [&Err(CommitError::Full); 2]);
        assert!(answers[1].is_ok());
    }

    #[test]
    fn a_bounded_database_keeps_room_for_what_is_vital() {
        let rig = OnDisk::new();
        let store = rig.with(Settings { max_bytes: Some(2 << 20), ..Settings::default() });
        let big = |id: &str| {
            let mut next = arm(&store, id, &[]);
            next.entries[0].values =
                Some(Values { seed: [1; 32], rows: vec![("arguments".into(), vec![7; 20_000])] });
            next
        };
        let armed =
            (0..).find(|n| done(store.commit(big(&format!("a{n}")))) == Err(CommitError::Full)).unwrap();
        assert!(armed > 50, "{armed} fit");
        assert_eq!(done(store.commit(big("again"))), Err(CommitError::Full), "it stays so");
        // Every outcome that was armed can be recorded.
        for n in 0..armed {
            let outcome = store.commit(finish(&store, &format!("a{n}"), AttemptState::Unknown));
            assert!(done(outcome).is_ok(), "outcome {n} of {armed}");
        }
        assert_eq!(rig.size(&store), 2 * armed as u64);
        assert_eq!(store.open_attempts().unwrap().len(), armed);
    }
}

/// Kills a process in the middle of its commits: a test that runs itself again as the process to be killed.
mod killed {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    use super::*;

    const CHILD: &str = "LASTLOOK_STORE_TEST_CHILD";

    #[test]
    fn a_killed_writer_leaves_whole_commits_and_everything_it_reported() {
        if let Some(state) = std::env::var_os(CHILD) {
            commit_until_killed(&StateDir::open(state).unwrap());
        }
        let rig = OnDisk::new();
        let mut continued = 0;
        for reports in [1, 7, 40] {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "--nocapture",
                    "sqlite::tests::killed::a_killed_writer_leaves_whole_commits_and_everything_it_reported",
                ])
                .env(CHILD, &rig.dir.paths().root)
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
            let reported: Vec<String> = lines
                .filter_map(|line| Some(line.strip_prefix("durable ")?.to_owned()))
                .take(reports)
                .collect();
            child.kill().unwrap();
            child.wait().unwrap();

            let dead: Vec<_> = rig.dir.dead_writers().unwrap().iter().map(|dead| dead.n()).collect();
            assert_eq!(dead, [1]);
            let store = rig.store();
            assert_eq!(store.writer().unwrap().n, 1);
            let open = store.inherited();
            assert!(open.len() >= continued + reported.len());
            for id in &reported {
                assert!(open.iter().any(|row| row.id == *id), "{id} was reported durable");
            }
            for row in open {
                assert_eq!(store.entries_of(&row.id).unwrap().len(), 1);
                assert_eq!(store.holder(&format!("subject of {}", row.id)).unwrap().as_ref(), Some(row));
                assert!(store.values(&row.id, Kind::Armed).unwrap().is_some());
            }
            assert_eq!(rig.size(&store), open.len() as u64, "an attempt for each entry");
            continued = open.len();
        }
    }

    fn commit_until_killed(dir: &StateDir) {
        let store = SqliteStore::open(dir, dir.writer().unwrap(), None).unwrap();
        for n in 0.. {
            let id = format!("{}-{n}", std::process::id());
            commit(&store, arm(&store, &id, &[&format!("subject of {id}")]));
            println!("durable {id}");
        }
    }
}
