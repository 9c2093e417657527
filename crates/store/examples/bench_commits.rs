//! How many durable commits a second: raw flushes of the same disk first, then 1, 16 and 64 commits in
//! flight, then two writers on one state with one each. With the word `beside`, 64 in flight beside a plain file to which the same entries are
//! appended with the same grouping and one flush a group, in turns, and the ratio of the medians.
//!
//! `cargo run --release -p lastlook-store --example bench_commits [DIR] [SECONDS] [beside]`; the commits alternate between arming an
//! attempt (row, subject, entry, values) and recording its outcome (row, subject, entry, values), about 1.2 kB an entry.

#![allow(clippy::expect_used)]

mod real_entry;

use std::collections::VecDeque;
use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use lastlook_canon::Digest;
use lastlook_ledger::Kind;
use lastlook_store::{
    AttemptRow, AttemptState, Commit, NewEntry, Precondition, SqliteStore, StateDir, Store as _, Values,
    Write,
};
use tokio::sync::oneshot;

use real_entry::RealEntry;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let base = args.next().map_or_else(std::env::temp_dir, Into::into);
    let time = Duration::from_secs(args.next().map_or(Ok(3), |seconds| seconds.parse())?);
    let dir = tempfile::tempdir_in(&base)?;
    if args.next().is_some_and(|word| word == "beside") {
        return beside_a_file(dir.path(), time);
    }
    raw(dir.path(), time)?;
    for in_flight in [1, 16, 64] {
        let state = dir.path().join(format!("state-{in_flight}"));
        let (took, latencies) = commits(&state, 0, in_flight, time)?;
        report(&format!("{in_flight} in flight"), took, latencies);
    }
    let shared = dir.path().join("state-shared");
    StateDir::open(&shared)?;
    let both = thread::scope(|scope| {
        let writers = [0, 1].map(|part| (part, &shared)).map(|(part, shared)| {
            scope.spawn(move || commits(shared, part << 40, 1, time).map_err(|e| e.to_string()))
        });
        writers.map(|writer| writer.join().unwrap_or_else(|_| Err("a writer ended".into())))
    });
    for result in both {
        let (took, latencies) = result?;
        report("1 of 2 writers", took, latencies);
    }
    Ok(())
}

/// How many commits are in flight beside the file.
const BESIDE: usize = 64;
/// How often each of the two is measured.
const ROUNDS: usize = 5;
/// How many records share a flush of the file at most, as in the store's writer.
const GROUP: usize = 512;

/// The store and a plain file, in turns.
fn beside_a_file(dir: &Path, time: Duration) -> Result<(), Box<dyn Error>> {
    let (mut store, mut file) = (Vec::new(), Vec::new());
    let rate = |(took, latencies): &(Duration, Vec<Duration>)| latencies.len() as f64 / took.as_secs_f64();
    for round in 0..ROUNDS {
        let appended = append(&dir.join(format!("file-{round}")), BESIDE, time)?;
        file.push(rate(&appended));
        report("plain file, 64", appended.0, appended.1);
        let committed = commits(&dir.join(format!("beside-{round}")), 0, BESIDE, time)?;
        store.push(rate(&committed));
        report("64 in flight", committed.0, committed.1);
    }
    let [store, file] = [store, file].map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates.get(ROUNDS / 2).copied().unwrap_or_default()
    });
    println!(
        "entries a second, 64 in flight: {store:.0} in the store, {file:.0} in a plain file: {:.2}",
        store / file
    );
    Ok(())
}

/// Appends the bytes of the same entries to a file for a while, with so many in flight: what is queued shares a flush.
fn append(
    path: &Path,
    in_flight: usize,
    time: Duration,
) -> Result<(Duration, Vec<Duration>), Box<dyn Error>> {
    let mut file = OpenOptions::new().create_new(true).append(true).open(path)?;
    let (queue, queued) = mpsc::channel::<(Vec<u8>, oneshot::Sender<()>)>();
    let writer = thread::spawn(move || -> std::io::Result<()> {
        while let Ok(first) = queued.recv() {
            let group: Vec<_> = std::iter::once(first).chain(queued.try_iter().take(GROUP - 1)).collect();
            let bytes: Vec<u8> = group.iter().flat_map(|(bytes, _)| bytes.iter().copied()).collect();
            file.write_all(&bytes)?;
            file.sync_data()?;
            for (_, reply) in group {
                let _ = reply.send(());
            }
        }
        Ok(())
    });
    let (mut tickets, mut latencies) = (VecDeque::new(), Vec::new());
    let start = Instant::now();
    for n in 0_u64.. {
        let commit = if (n / in_flight as u64).is_multiple_of(2) { arm(n) } else { outcome(n) };
        let (reply, ticket) = oneshot::channel();
        let bytes = commit.entries.into_iter().flat_map(|entry| {
            let values = entry.values.into_iter().flat_map(|values| values.rows).flat_map(|(_, value)| value);
            entry.payload.into_iter().chain(values).collect::<Vec<_>>()
        });
        queue.send((bytes.collect(), reply))?;
        tickets.push_back((Instant::now(), ticket));
        if tickets.len() == in_flight {
            let Some((asked, ticket)) = tickets.pop_front() else { break };
            ticket.blocking_recv()?;
            latencies.push(asked.elapsed());
        }
        if start.elapsed() > time {
            break;
        }
    }
    let took = start.elapsed();
    drop((queue, tickets));
    writer.join().map_err(|_| "the appending thread ended")??;
    Ok((took, latencies))
}

/// Overwrites 4 kB at a time of a written file, flushing each.
fn raw(dir: &Path, time: Duration) -> Result<(), Box<dyn Error>> {
    let file = OpenOptions::new().create_new(true).write(true).open(dir.join("raw"))?;
    file.write_all_at(&vec![1; 8 << 20], 0)?;
    file.sync_all()?;
    let mut latencies = Vec::new();
    let start = Instant::now();
    for page in 0_u64.. {
        let before = Instant::now();
        file.write_all_at(&[page as u8; 4096], page % 2000 * 4096)?;
        file.sync_data()?;
        latencies.push(before.elapsed());
        if start.elapsed() > time {
            break;
        }
    }
    report("raw fdatasync", start.elapsed(), latencies);
    Ok(())
}

/// Commits for a while with so many in flight, attempts numbered from `base` on; the latency of each.
fn commits(
    state: &Path,
    base: u64,
    in_flight: usize,
    time: Duration,
) -> Result<(Duration, Vec<Duration>), Box<dyn Error>> {
    // As the program keeps them: what is measured is what a user has.
    let dir = StateDir::open(state)?.keeping_heads(&state.with_extension("heads"));
    let store = SqliteStore::open(&dir, dir.writer()?, None)?;
    let (mut tickets, mut latencies) = (VecDeque::new(), Vec::new());
    let start = Instant::now();
    for n in 0_u64.. {
        // An outcome follows its own arming by more than what is in flight.
        let (pair, half) = (n / (2 * in_flight as u64), n % (2 * in_flight as u64));
        let attempt = base + pair * in_flight as u64 + half % in_flight as u64;
        let commit = if half < in_flight as u64 { arm(attempt) } else { outcome(attempt) };
        tickets.push_back((Instant::now(), store.commit(commit)));
        if tickets.len() == in_flight {
            let Some((asked, ticket)) = tickets.pop_front() else { break };
            ticket.blocking_recv()??;
            latencies.push(asked.elapsed());
        }
        if start.elapsed() > time {
            break;
        }
    }
    Ok((start.elapsed(), latencies))
}

fn report(what: &str, took: Duration, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let at =
        |permille: usize| latencies.get((latencies.len() - 1) * permille / 1000).copied().unwrap_or_default();
    let rate = latencies.len() as f64 / took.as_secs_f64();
    println!(
        "{what:>14}: {rate:>8.0}/s   p50 {:>9.1?}  p99 {:>9.1?}  p99.9 {:>9.1?}  max {:>9.1?}",
        at(500),
        at(990),
        at(999),
        at(1000)
    );
}

fn arm(n: u64) -> Commit {
    let (id, subject) = (id(n), format!("shop.refund#{}", digest(n).to_hex()));
    let row = AttemptRow {
        id: id.clone(),
        writer: 1,
        upstream: "shop".into(),
        tool: "refund".into(),
        action: digest(n),
        state: AttemptState::Armed,
        opened_at_ns: 1_800_000_000_000_000_000 + n as i64,
        detail: br#"{"child":{"pgid":4242,"start":123456,"boot":"5f0c"},"settles":"child"}"#.to_vec(),
    };
    Commit {
        when: vec![Precondition::SubjectFree { subject: subject.clone() }],
        writes: vec![
            Write::OpenAttempt(row),
            Write::TakeSubject { subject, attempt: id.clone(), if_free: false },
        ],
        entries: vec![entry(id, Kind::Armed, n)],
        vital: false,
    }
}

fn outcome(n: u64) -> Commit {
    let id = id(n);
    Commit {
        when: vec![Precondition::AttemptIs { attempt: id.clone(), states: vec![AttemptState::Armed] }],
        writes: vec![
            Write::MoveAttempt { attempt: id.clone(), to: AttemptState::Succeeded },
            Write::ReleaseSubjects { attempt: id.clone() },
        ],
        entries: vec![entry(id, Kind::Outcome, n)],
        vital: true,
    }
}

fn entry(attempt: String, kind: Kind, n: u64) -> NewEntry {
    let values = Some(Values { seed: [7; 32], rows: vec![("arguments".into(), vec![b'7'; 200])] });
    static ENTRY: LazyLock<RealEntry> = LazyLock::new(|| RealEntry::with_filler(750));
    let payload = ENTRY.payload(n);
    NewEntry { attempt, kind, payload, values }
}

fn id(n: u64) -> String {
    format!("{:012x}{}", n, digest(n).to_hex().split_at(14).0)
}

fn digest(n: u64) -> Digest {
    Digest::of("bench", &[&n.to_be_bytes()])
}
