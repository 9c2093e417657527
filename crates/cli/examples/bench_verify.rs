//! How fast `lastlook verify` goes through a large state, and in how much memory, beside bare SHA-256 of the same bytes.
//!
//! `cargo build --release && cargo run --release -p lastlook --example bench_verify [ENTRIES]`
#![allow(clippy::expect_used)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lastlook_canon::Digest;
use lastlook_engine::entry::Draft;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::{Kind, leaf_of_payload};
use lastlook_store::{AttemptRow, AttemptState, Commit, NewEntry, SqliteStore, StateDir, Store, Write};
use rayon::prelude::*;
use serde_json::json;

/// How many attempts one commit records.
const AT_ONCE: usize = 500;

fn armed(origin: &str, id: &str, who: &Principal, action: Digest) -> NewEntry {
    let mut draft = Draft::new(Kind::Armed, Mode::Enforce, who).expect("a draft");
    draft.about_named("shop", "refund");
    draft.set("definition", action.to_hex());
    draft.set("class", json!({"is": "write", "by": "declared"}));
    let arguments = draft.commit("arguments", format!("{{\"order_id\":\"{id}\",\"cents\":4200}}").as_bytes());
    draft.set("arguments", arguments);
    let was = draft.commit("basis/0/was", format!("{{\"order\":\"{id}\",\"status\":\"paid\"}}").as_bytes());
    let params = draft.commit("basis/0/params", format!("{{\"order\":\"{id}\"}}").as_bytes());
    draft.set("basis", json!([{"tool": "get_order", "was": was, "params": params, "rebased_ms": null}]));
    draft.set("blind", false);
    draft.finish(origin, id, action).expect("an entry")
}

fn outcome(origin: &str, id: &str, who: &Principal, action: Digest) -> NewEntry {
    let mut draft = Draft::new(Kind::Outcome, Mode::Enforce, who).expect("a draft");
    draft.about_named("shop", "refund");
    for (member, value) in [
        ("verdict", json!("allow")),
        ("reasons", json!([])),
        ("outcome", json!("succeeded")),
        ("evidence", json!("answer")),
        ("confirmation", json!("unconfirmed")),
        ("closure", json!("adjacent")),
        ("sent", json!(action.to_hex())),
        ("gap_ns", json!(1_200_345)),
        ("decide_ns", json!(80_123)),
        ("tail_ns", json!(5_000_000)),
        ("facts", json!([{"tool": "get_order", "same": true}])),
    ] {
        draft.set(member, value);
    }
    let answer = draft.commit("answer", format!("{{\"refunded\":\"{id}\"}}").as_bytes());
    draft.set("answer", answer);
    draft.finish(origin, id, action).expect("an entry")
}

/// Records so many attempts, two entries each.
async fn fill(state: &Path, attempts: usize) {
    let dir = StateDir::open(state).expect("a state");
    let store = SqliteStore::open(&dir, dir.writer().expect("a writer"), None).expect("a store");
    let origin = store.writer().expect("a writer").origin.clone();
    let who = Principal { id: "User::\"ada\"".to_owned(), asserted: true };
    for first in (0..attempts).step_by(AT_ONCE) {
        let mut commit = Commit::default();
        for number in first..attempts.min(first + AT_ONCE) {
            let action = Digest::of("bench", &[&number.to_le_bytes()]);
            let id = action.to_hex().chars().take(20).collect::<String>();
            commit.entries.push(armed(&origin, &id, &who, action));
            commit.entries.push(outcome(&origin, &id, &who, action));
            commit.writes.push(Write::OpenAttempt(AttemptRow {
                id: id.clone(),
                writer: 1,
                upstream: "shop".to_owned(),
                tool: "refund".to_owned(),
                action,
                state: AttemptState::Armed,
                opened_at_ns: 0,
                detail: Vec::new(),
            }));
            commit.writes.push(Write::MoveAttempt { attempt: id, to: AttemptState::Succeeded });
        }
        store.commit(commit).await.expect("an answer").expect("a commit");
    }
}

/// Bytes of all payloads, and how long it takes to hash them as leaves, on one thread and on all.
fn hashing(state: &Path) -> (usize, usize, Duration, Duration) {
    let dir = StateDir::open(state).expect("a state");
    let store = dir.reader().expect("a store");
    let origin = store.origins().expect("logs").into_iter().next().expect("a log");
    let (mut entries, mut bytes, mut alone, mut together) = (0, 0, Duration::ZERO, Duration::ZERO);
    loop {
        let page = store.entries(&origin, entries as u64, 8192).expect("entries");
        if page.is_empty() {
            return (entries, bytes, alone, together);
        }
        entries += page.len();
        bytes += page.iter().map(|entry| entry.payload.len()).sum::<usize>();
        let began = Instant::now();
        page.iter().for_each(|entry| assert_eq!(leaf_of_payload(&entry.payload), entry.leaf));
        alone += began.elapsed();
        let began = Instant::now();
        page.par_iter().for_each(|entry| assert_eq!(leaf_of_payload(&entry.payload), entry.leaf));
        together += began.elapsed();
    }
}

/// How long the command takes, and the most memory it had, in MB.
fn run(words: &[&str]) -> (Duration, u64) {
    let exe = std::env::current_exe().expect("a path");
    let lastlook = exe.parent().and_then(Path::parent).expect("a folder").join("lastlook");
    let began = Instant::now();
    let mut child = Command::new(lastlook).args(words).stdout(Stdio::null()).spawn().expect("lastlook");
    let mut most = 0;
    loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        most = peak.and_then(|kb| kb.trim().parse::<u64>().ok()).map_or(most, |kb| most.max(kb));
        if let Some(ended) = child.try_wait().expect("an end") {
            assert!(ended.success(), "lastlook {words:?}: {ended}");
            return (began.elapsed(), most / 1024);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let entries: usize = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state");
    fill(&state, entries / 2).await;
    let (entries, bytes, alone, together) = hashing(&state);
    let rate = |time: Duration| entries as f64 / time.as_secs_f64();
    println!("{entries} entries, {} MB of payloads", bytes / 1_000_000);
    println!("SHA-256 alone, one thread:   {:>9.0} entries/s", rate(alone));
    println!("SHA-256 alone, all threads:  {:>9.0} entries/s", rate(together));
    let state = state.to_str().expect("a path");
    for (what, words) in [
        ("verify, logs only:", &["--state", state, "verify", "--logs"][..]),
        ("verify, attempts and values:", &["--state", state, "verify"][..]),
    ] {
        let (took, most) = run(words);
        let share = together.as_secs_f64() / took.as_secs_f64();
        println!("{what:<28} {:>9.0} entries/s, {share:.2} of the hash limit, {most} MB at most", rate(took));
    }
}
