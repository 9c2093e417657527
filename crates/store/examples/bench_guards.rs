//! What a guarded commit costs as the state grows: arming with a key taken once, two limits, a lease and a step, then
//! recording the outcome, one commit at a time; what refusing and reading cost beside it.
//!
//! Two lines for each size: time passed, and processor time of the whole process, which other programs do not lengthen.
//!
//! `cargo run --release -p lastlook-store --example bench_guards [DIR] [ROWS…]` (default: 1000 100000 1000000). So many
//! attempts are on record at each size, each with an entry, a key taken once, a step, a reservation of its own and one
//! under a shared sliding window that holds all of them and slides by one with each commit.

#![allow(clippy::expect_used)]

mod real_entry;

use std::error::Error;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use lastlook_canon::Digest;
use lastlook_ledger::Kind;
use lastlook_store::{
    AttemptRow, AttemptState, Commit, CommitError, Confirmation, LimitWindow, NewEntry, Precondition,
    SqliteStore, StateDir, Store as _, Write,
};

use real_entry::RealEntry;

/// How many attempts fill the state with one commit.
const FILL: u64 = 2_000;
/// How many attempts are measured at each size.
const MEASURED: u64 = 500;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let base = args.next().map_or_else(std::env::temp_dir, Into::into);
    let sizes: Vec<u64> = args.map(|rows| rows.parse()).collect::<Result<_, _>>()?;
    let sizes = if sizes.is_empty() { vec![1_000, 100_000, 1_000_000] } else { sizes };
    let columns = ["arm", "record", "refused", "all left", "limit()", "steps(20)", "of tool", "fill/row"];
    println!("{:>9} {:>5} {}", "rows", "", columns.map(|column| format!("{column:>16}")).join(""));
    let mut first = None;
    for rows in sizes {
        let dir = tempfile::tempdir_in(&base)?;
        let figures = measure(dir.path(), rows)?;
        let mb = std::fs::metadata(dir.path().join("state/lastlook.db"))?.len() >> 20;
        let first = first.get_or_insert_with(|| figures.clone());
        for (name, time) in [("wall", (|took| took.0) as fn(&Took) -> Duration), ("cpu", |took| took.1)] {
            let cell = |(now, was): (&Took, &mut Took)| {
                let ratio = time(now).as_secs_f64() / time(was).as_secs_f64();
                format!("{:>9.1?} {ratio:>5.2}×", time(now))
            };
            let cells: String = figures.iter().zip(first.iter_mut()).map(cell).collect();
            println!("{rows:>9} {name:>5} {cells}");
        }
        println!("{:>9} {mb} MB", "");
    }
    Ok(())
}

/// Time passed, and processor time.
type Took = (Duration, Duration);

/// The medians, in the order of the columns.
fn measure(dir: &Path, rows: u64) -> Outcome<Vec<Took>> {
    let dir = StateDir::open(dir.join("state"))?;
    let store = SqliteStore::open(&dir, dir.writer()?, None)?;
    let bench = Bench { store, rows };
    let start = (Instant::now(), cpu());
    for first in (0..rows).step_by(FILL as usize) {
        let mut all = Commit::default();
        for n in first..rows.min(first + FILL) {
            for half in [bench.arm(n), bench.record(n)] {
                all.writes.extend(half.writes);
                all.entries.extend(half.entries.into_iter().filter(|entry| entry.kind == Kind::Outcome));
            }
        }
        bench.made(all)?;
    }
    let each = u32::try_from(rows)?;
    let fill = (start.0.elapsed() / each, (cpu() - start.1) / each);
    let (mut arm, mut record, mut refused) = (Vec::new(), Vec::new(), Vec::new());
    let (mut limit, mut steps, mut of_tool) = (Vec::new(), Vec::new(), Vec::new());
    for n in rows..rows + MEASURED {
        arm.push(timed(|| bench.made(bench.arm(n)))?);
        record.push(timed(|| bench.made(bench.record(n)))?);
        refused.push(timed(|| bench.refused(n))?);
        limit.push(timed(|| Ok(bench.store.limit("shared", bench.window(), n as i64)?))?);
        steps.push(timed(|| Ok(bench.store.steps("procedure", 20, None)?))?);
        of_tool.push(timed(|| Ok(bench.store.attempts_of("shop", "refund", 20, None)?))?);
    }
    // All of the shared window has passed at once, and the limit is asked for as much as fits then.
    let last = rows + MEASURED;
    let mut all_left = bench.arm(last);
    for which in &mut all_left.when {
        if let Precondition::WithinLimit { at_ns, amount, .. } = which {
            (*at_ns, *amount) = (last as i64 * 10, u128::from(rows));
        }
    }
    let all_left = timed(|| bench.made(all_left))?;
    Ok(vec![
        median(arm),
        median(record),
        median(refused),
        all_left,
        median(limit),
        median(steps),
        median(of_tool),
        fill,
    ])
}

fn timed<T>(what: impl FnOnce() -> Outcome<T>) -> Outcome<Took> {
    let start = (Instant::now(), cpu());
    what()?;
    Ok((start.0.elapsed(), cpu() - start.1))
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn median(all: Vec<Took>) -> Took {
    let middle = |mut all: Vec<Duration>| {
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    let (wall, cpu) = all.into_iter().unzip();
    (middle(wall), middle(cpu))
}

struct Bench {
    store: SqliteStore,
    rows: u64,
}

impl Bench {
    /// Holds so many reservations, one for each nanosecond.
    fn window(&self) -> LimitWindow {
        LimitWindow::Sliding { per_ns: i64::try_from(self.rows).unwrap_or(i64::MAX) }
    }

    fn made(&self, commit: Commit) -> Outcome<()> {
        self.store.commit(commit).blocking_recv()??;
        Ok(())
    }

    /// Asks for more than fits, so that all there is to say about the limit has to be found out.
    fn refused(&self, n: u64) -> Outcome<()> {
        let within = self.within("shared", self.window(), n, u128::from(self.rows));
        let commit = Commit { when: vec![within], ..Commit::default() };
        match self.store.commit(commit).blocking_recv()? {
            Err(CommitError::Limit { free_at_ns: Some(_), .. }) => Ok(()),
            other => Err(format!("not refused: {other:?}").into()),
        }
    }

    fn within(&self, key: &str, window: LimitWindow, n: u64, amount: u128) -> Precondition {
        Precondition::WithinLimit {
            key: key.into(),
            window,
            at_ns: n as i64,
            amount,
            max: u128::from(self.rows),
        }
    }

    fn arm(&self, n: u64) -> Commit {
        let id = id(n);
        let own = format!("shop.refund/by/customer-{}/2026-01-01", digest(n).to_hex());
        let once = format!("refund:{}", digest(n).to_hex());
        let row = AttemptRow {
            id: id.clone(),
            writer: 1,
            upstream: "shop".into(),
            tool: "refund".into(),
            action: digest(n),
            state: AttemptState::Armed,
            opened_at_ns: n as i64,
            detail: br#"{"child":{"pgid":4242,"start":123456,"boot":"5f0c"},"settles":"child"}"#.to_vec(),
        };
        let reserve = |key: &str, window| Write::Reserve {
            key: key.into(),
            window,
            at_ns: n as i64,
            amount: 1,
            attempt: id.clone(),
        };
        Commit {
            when: vec![
                Precondition::OnceFree { key: once.clone(), at_ns: n as i64 },
                self.within("shared", self.window(), n, 1),
                self.within(&own, LimitWindow::Fixed, n, 1),
                Precondition::LeaseFree { key: "order".into() },
            ],
            writes: vec![
                Write::OpenAttempt(row),
                Write::TakeOnce { key: once.clone(), attempt: id.clone(), until_ns: None },
                reserve("shared", self.window()),
                reserve(&own, LimitWindow::Fixed),
                Write::TakeLease { key: "order".into(), attempt: id.clone() },
                Write::NoteStep {
                    keys: vec!["procedure".into(), once],
                    attempt: id.clone(),
                    armed_at_ns: n as i64,
                    arguments: vec![b'7'; 200],
                },
            ],
            entries: vec![entry(id, Kind::Armed, n)],
            vital: false,
        }
    }

    fn record(&self, n: u64) -> Commit {
        let attempt = id(n);
        Commit {
            when: vec![Precondition::AttemptIs {
                attempt: attempt.clone(),
                states: vec![AttemptState::Armed],
            }],
            writes: vec![
                Write::MoveAttempt { attempt: attempt.clone(), to: AttemptState::Succeeded },
                Write::ReleaseSubjects { attempt: attempt.clone() },
                Write::SettleAttempt { attempt: attempt.clone(), kept: true },
                Write::EndStep { attempt: attempt.clone(), ended_at_ns: n as i64 },
                Write::ConfirmStep { attempt: attempt.clone(), confirmation: Confirmation::Confirmed },
            ],
            entries: vec![entry(attempt, Kind::Outcome, n)],
            vital: true,
        }
    }
}

fn entry(attempt: String, kind: Kind, n: u64) -> NewEntry {
    static ENTRY: LazyLock<RealEntry> = LazyLock::new(|| RealEntry::with_filler(0));
    let payload = ENTRY.payload(n);
    NewEntry { attempt, kind, payload, values: None }
}

/// Ids are random, as those of real attempts are.
fn id(n: u64) -> String {
    digest(n).to_hex().split_at(20).0.to_owned()
}

fn digest(n: u64) -> Digest {
    Digest::of("bench", &[&n.to_be_bytes()])
}
