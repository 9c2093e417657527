//! Processes race for limits and are killed in the middle of it: never over, and nothing leaks.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use rusqlite::Connection;

use super::*;
use crate::{AttemptRow, LimitWindow, Write};

const CHILD: &str = "LASTLOOK_STORE_TEST_RACER";
const NAME: &str = "sqlite::tests::killed_race::killed_racers_never_pass_a_limit_and_leak_nothing";
const PROCESSES: usize = 4;
const IN_FLIGHT: usize = 16;
/// How long the race may take from one victim to the next: far more than it ever does.
const PATIENCE: Duration = Duration::from_secs(120);

const PER_NS: i64 = 100_000_000;
const SLIDING: Bound = Bound { key: "raced for", window: LimitWindow::Sliding { per_ns: PER_NS }, max: 300 };
const FIXED: Bound = Bound { window: LimitWindow::Fixed, max: 30_000, ..SLIDING };

/// Records every change to what is reserved and spent, in the order of the commits, for the oracle.
const AUDIT: &str = r#"
    CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT, "limit" INTEGER, n INTEGER, at_ns INTEGER, amount BLOB);
    CREATE TRIGGER reserved AFTER INSERT ON reservations BEGIN
        INSERT INTO audit VALUES (NULL, 'reserved', new."limit", new.n, new.reserved_ns, new.amount);
    END;
    CREATE TRIGGER settled AFTER DELETE ON reservations BEGIN
        INSERT INTO audit VALUES (NULL, 'settled', old."limit", old.n, old.reserved_ns, old.amount);
    END;
    CREATE TRIGGER spent AFTER INSERT ON spent BEGIN
        INSERT INTO audit VALUES (NULL, 'spent', new."limit", new.n, new.reserved_ns, new.amount);
    END;
    CREATE TABLE totals (id INTEGER PRIMARY KEY, spent BLOB, reserved BLOB);
    CREATE TRIGGER total AFTER UPDATE ON limits WHEN new.per_ns = 0 BEGIN
        INSERT INTO totals VALUES (NULL, new.spent, new.reserved);
    END;
"#;

#[test]
fn killed_racers_never_pass_a_limit_and_leak_nothing() {
    if let Some(state) = std::env::var_os(CHILD) {
        race_until_killed(&StateDir::open(state).unwrap());
    }
    let rig = OnDisk::new();
    rig.sql(AUDIT);
    let conn = schema::connect(&rig.dir.paths().database, true).unwrap();
    let mut racers: Vec<Racer> = (0..PROCESSES).map(|_| Racer::start(&rig)).collect();
    let mut left_open = 0;
    for round in 1..=4 {
        wait_for(&conn, round * 500, &mut racers);
        drop(racers.remove(0));
        // Whoever comes next on its slot finds what it left, and settles it.
        left_open += recover(&rig).inherited().len();
        racers.push(Racer::start(&rig));
    }
    wait_for(&conn, 2_500, &mut racers);
    // All at once, not one after the other has ended.
    racers.iter_mut().for_each(Racer::kill);
    drop(racers);
    never_over(&conn);
    let is_held = "SELECT count(*) = 2 FROM reservations r WHERE r.attempt = a.id";
    let astray: i64 = conn
        .query_row(
            &format!("SELECT count(*) FROM attempts a WHERE (state IN ('armed', 'unknown')) != ({is_held})"),
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(astray, 0, "open attempts hold what they reserved, and no others do");
    // All held at once, so that each takes another slot.
    let stores: Vec<_> = (0..PROCESSES).map(|_| recover(&rig)).collect();
    left_open += stores.iter().map(|store| store.inherited().len()).sum::<usize>();
    assert!(left_open > 0, "somebody was killed with something reserved");
    let store = &stores[0];
    assert_eq!(store.open_attempts().unwrap(), []);
    for bound in [SLIDING, FIXED] {
        let (spent, reserved) = bound.used(store, i64::MIN);
        assert!(spent <= bound.max);
        assert_eq!(reserved, 0, "nothing leaked");
    }
    assert_eq!(SLIDING.used(store, i64::MAX), (0, 0));
    never_over(&conn);
}

/// A process that races until it is killed, which it is when a test ends in whatever way.
struct Racer(Child);

impl Racer {
    fn start(rig: &OnDisk) -> Racer {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", NAME]).env(CHILD, &rig.dir.paths().root).stdout(Stdio::null());
        Racer(command.spawn().unwrap())
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until so many changes are on record, while all the racers live.
fn wait_for(conn: &Connection, changes: i64, racers: &mut [Racer]) {
    let count = || conn.query_row("SELECT count(*) FROM audit", [], |row| row.get::<_, i64>(0)).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let done = count();
        if done >= changes {
            return;
        }
        for racer in &mut *racers {
            let ended = racer.0.try_wait().unwrap();
            assert_eq!(ended, None, "a racer ended by itself, after {done} of {changes} changes");
        }
        assert!(Instant::now() < deadline, "{done} of {changes} changes after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5)); // backoff: only the other processes' commits end it
    }
}

/// Takes the lowest free slot and settles what its earlier life left.
fn recover(rig: &OnDisk) -> SqliteStore {
    let store = rig.store();
    for (n, row) in store.inherited().iter().enumerate() {
        commit(&store, ended(&row.id, n % 2 == 0));
    }
    store
}

fn ended(id: &str, kept: bool) -> Commit {
    let mut ended = settle(id, kept);
    ended.writes.push(moved(id, if kept { AttemptState::Succeeded } else { AttemptState::Failed }));
    ended
}

/// Reserves, settles and leaves open, with many commits in flight.
fn race_until_killed(dir: &StateDir) {
    let store = SqliteStore::open(dir, dir.writer().unwrap(), None).unwrap();
    let (mut in_flight, mut open) = (VecDeque::new(), VecDeque::new());
    for n in 0_usize.. {
        let id = format!("{}-{n}", std::process::id());
        in_flight.push_back((n, id.clone(), store.commit(armed(&store, &id, 1 + n as u128 % 7))));
        if in_flight.len() < IN_FLIGHT {
            continue;
        }
        let Some((n, id, ticket)) = in_flight.pop_front() else { continue };
        match done(ticket) {
            Ok(_) if n % 8 == 2 => open.push_back(id),
            Ok(_) => drop(store.commit(ended(&id, n % 4 == 0))),
            Err(CommitError::Limit { .. }) => {}
            Err(other) => panic!("{other}"),
        }
        if open.len() > 4 {
            open.pop_front().into_iter().for_each(|id| drop(store.commit(ended(&id, false))));
        }
    }
}

fn armed(store: &SqliteStore, id: &str, amount: u128) -> Commit {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as i64;
    let bounds = [SLIDING, FIXED];
    let row = AttemptRow { opened_at_ns: now, ..row(store, id) };
    let reservations = bounds.iter().map(|bound| bound.reserve(now, amount, id));
    Commit {
        when: bounds.iter().map(|bound| bound.within(now, amount)).collect(),
        writes: std::iter::once(Write::OpenAttempt(row)).chain(reservations).collect(),
        ..Commit::default()
    }
}

/// Adds up every prefix of the history: what is open, and what was spent in the window, against the limit.
fn never_over(conn: &Connection) {
    let sliding: i64 =
        conn.query_row("SELECT id FROM limits WHERE per_ns != 0", [], |row| row.get(0)).unwrap();
    let mut audit = conn.prepare("SELECT what, \"limit\", n, at_ns, amount FROM audit ORDER BY id").unwrap();
    let mut audit = audit.query([]).unwrap();
    let (mut open, mut spent, mut latest) = (BTreeMap::new(), BTreeMap::new(), i64::MIN);
    let (mut granted, mut fullest, mut moved) = (0, 0, BTreeSet::new());
    while let Some(row) = audit.next().unwrap() {
        let (what, limit, n, at_ns): (String, i64, i64, i64) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap(), row.get(3).unwrap());
        let amount = u128::from_be_bytes(row.get(4).unwrap());
        if limit != sliding {
            continue;
        }
        match what.as_str() {
            "reserved" => {
                assert!(at_ns >= latest, "times never fall");
                latest = at_ns;
                granted += 1;
                open.insert(n, amount);
            }
            "settled" => assert_eq!(open.remove(&n), (!moved.remove(&n)).then_some(amount), "settled once"),
            _ => {
                // Written before the reservation goes, in the same commit.
                assert_eq!(open.remove(&n), Some(amount), "spent once");
                moved.insert(n);
                spent.insert(n, (at_ns, amount));
            }
        }
        spent.retain(|_, (at, _)| *at > latest - PER_NS);
        let used = open.values().sum::<u128>() + spent.values().map(|(_, amount)| amount).sum::<u128>();
        assert!(used <= SLIDING.max, "{used} after {granted} were granted");
        fullest = fullest.max(used);
    }
    assert!(fullest > SLIDING.max - 7, "the limit was reached: {fullest}");
    let mut totals = conn.prepare("SELECT spent, reserved FROM totals").unwrap();
    let mut totals = totals.query([]).unwrap();
    while let Some(row) = totals.next().unwrap() {
        let [spent, reserved] = [0, 1].map(|column| u128::from_be_bytes(row.get(column).unwrap()));
        assert!(spent + reserved <= FIXED.max);
    }
}
