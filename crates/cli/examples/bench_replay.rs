//! How fast `lastlook replay --all` decides again, beside bare Cedar on the same requests.
//!
//! A real boundary in front of the demo's notes server records four attempts: two that run, one that a condition refuses, one
//! that a policy refuses. They are then written into the log again and again, under other ids and with fresh salts.
//!
//! `cargo build --release && cargo run --release -p lastlook --example bench_replay [ATTEMPTS]`
#![allow(clippy::expect_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lastlook_ledger::{Commitment, Entry, Kind, Salt};
use lastlook_store::{Commit, NewEntry, SqliteStore, StateDir, Store, Values};
use serde_json::{Value, json};

/// How many attempts one commit records.
const AT_ONCE: usize = 500;

const POLICY: &str = r#"
@id("all") permit(principal, action, resource);
@id("long") forbid(principal, action == Action::"notes.write_note", resource) when { context.args.path == "long.md" };
@id("status") forbid(principal, action == Action::"notes.write_note", resource) when { context.now has plan && context.now.plan has text && context.now.plan.text == "" };
"#;

fn lastlook() -> PathBuf {
    let exe = std::env::current_exe().expect("a path");
    exe.parent().and_then(Path::parent).expect("a folder").join("lastlook")
}

/// The configuration, and the folder of notes beside it.
fn configure(folder: &Path) -> PathBuf {
    let notes = folder.join("notes");
    std::fs::create_dir(&notes).expect("a folder");
    std::fs::write(notes.join("plan.md"), "the plan").expect("a note");
    std::fs::write(folder.join("policy.cedar"), POLICY).expect("policies");
    let command = json!([lastlook(), "demo-notes-server", notes]);
    let file = folder.join("lastlook.toml");
    let text = format!(
        "[upstream.notes]\ncommand = {command}\nprofile = \"none\"\n[tool.\"notes.read_note\"]\nclass = \"read\"\n\
         [tool.\"notes.write_note\"]\nclass = \"write\"\n[policy]\nfile = \"policy.cedar\"\n\
         [fact.plan]\nfile = {{ path = {:?} }}\n[guard.g]\non = [\"notes.write_note\"]\nfacts = [\"plan\"]\n\
         when = \"args.path != \\\"no.md\\\"\"\n",
        notes.join("plan.md")
    );
    std::fs::write(&file, text).expect("a configuration");
    file
}

/// Records the four attempts.
fn record(folder: &Path, config: &Path) {
    let mut child = Command::new(lastlook())
        .arg("--state")
        .arg(folder.join("state"))
        .arg("--config")
        .arg(config)
        .args(["mcp", "--upstream", "notes"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("lastlook");
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut ask = |id: u64, method: &str, params: Value| {
        let line = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(input, "{line}").expect("a question");
        let mut answers = output.by_ref().map(|line| line.expect("an answer"));
        answers
            .find(|line| {
                serde_json::from_str::<Value>(line).is_ok_and(|answer| answer.get("id") == Some(&json!(id)))
            })
            .expect("its answer")
    };
    let client = json!({"name": "bench", "version": "1"});
    ask(1, "initialize", json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}));
    ask(2, "tools/list", json!({}));
    for (id, path) in [(3, "a.md"), (4, "b.md"), (5, "no.md"), (6, "long.md")] {
        let arguments = json!({"path": path, "content": "as planned"});
        ask(id, "tools/call", json!({"name": "write_note", "arguments": arguments}));
    }
    drop(input);
    child.wait().expect("an end");
}

/// An entry again: under another id, with a seed of its own.
fn again(entry: &Entry, values: &Values, origin: &str, number: usize) -> NewEntry {
    let digest = lastlook_canon::Digest::of("bench", &[&number.to_le_bytes(), entry.attempt.as_bytes()]);
    let mut entry = entry.clone();
    entry.attempt = digest.to_hex().chars().take(20).collect();
    origin.clone_into(&mut entry.origin);
    let values = Values { seed: *digest.as_bytes(), rows: values.rows.clone() };
    if let Some(body) = entry.body.as_object_mut() {
        // The tree over single fields would have to be made anew, and replay does not look at it.
        body.remove("fields");
    }
    for (label, value) in &values.rows {
        let commitment = Commitment::of(&Salt::derive(&values.seed, label), value).to_json();
        *entry.body.pointer_mut(&format!("/{label}")).expect("a commitment") = commitment;
    }
    let payload = entry.to_payload().expect("a payload");
    NewEntry { attempt: entry.attempt, kind: entry.kind, payload, values: Some(values) }
}

/// Writes the recorded attempts again and again.
async fn multiply(state: &Path, attempts: usize) {
    let dir = StateDir::open(state).expect("a state");
    let store = SqliteStore::open(&dir, dir.writer().expect("a writer"), None).expect("a store");
    let origin = store.writer().expect("a writer").origin.clone();
    let ids = store.entry_ids("", 100).expect("ids");
    let recorded: Vec<Vec<(Entry, Values)>> = ids
        .iter()
        .map(|id| {
            let entries = store.entries_of(id).expect("entries").into_iter().filter_map(|stored| {
                let entry = Entry::from_payload(&stored.payload).expect("an entry");
                let needed = matches!(entry.kind, Kind::Armed | Kind::Refused | Kind::Outcome);
                let values = store.values(id, entry.kind).expect("values");
                values.filter(|_| needed).map(|values| (entry, values))
            });
            entries.collect()
        })
        .filter(|entries: &Vec<_>| !entries.is_empty())
        .collect();
    assert_eq!(recorded.len(), 4, "four attempts were recorded");
    let mut commit = Commit::default();
    for number in 0..attempts {
        let entries = recorded.get(number % recorded.len()).expect("one of them");
        commit.entries.extend(entries.iter().map(|(entry, values)| again(entry, values, &origin, number)));
        if commit.entries.len() >= AT_ONCE || number + 1 == attempts {
            store.commit(std::mem::take(&mut commit)).await.expect("an answer").expect("a commit");
        }
    }
}

/// What the command says, and how long it takes.
fn replay(state: &Path, threads: &str) -> (Vec<u8>, Duration) {
    let began = Instant::now();
    let done = Command::new(lastlook())
        .arg("--state")
        .arg(state)
        .args(["replay", "--all", "--json", "--threads", threads])
        .output()
        .expect("lastlook");
    assert!(done.status.success(), "{done:?}");
    (done.stdout, began.elapsed())
}

/// Requests a second of Cedar alone: with the context made of JSON text each time, and of nothing but the question.
fn bare(requests: u32) -> (f64, f64) {
    let policies: cedar_policy::PolicySet = POLICY.parse().expect("policies");
    let (authorizer, entities) = (cedar_policy::Authorizer::new(), cedar_policy::Entities::empty());
    let request = |path: &str| {
        let fact = json!({"text": "the plan", "size": 8});
        let args = json!({"path": path, "content": "as planned"});
        let context = json!({"args": args, "was": {}, "now": {"plan": fact}, "steps": []}).to_string();
        cedar_policy::Request::new(
            "User::\"ada\"".parse().expect("a principal"),
            "Action::\"notes.write_note\"".parse().expect("an action"),
            "Tool::\"notes.write_note\"".parse().expect("a resource"),
            cedar_policy::Context::from_json_str(&context, None).expect("a context"),
            None,
        )
        .expect("a request")
    };
    let paths = ["a.md", "b.md", "no.md", "long.md"];
    let rate = |began: Instant| f64::from(requests) / began.elapsed().as_secs_f64();
    let began = Instant::now();
    for path in paths.iter().cycle().take(requests as usize) {
        std::hint::black_box(authorizer.is_authorized(&request(path), &policies, &entities));
    }
    let whole = rate(began);
    let made = paths.map(request);
    let began = Instant::now();
    for request in made.iter().cycle().take(requests as usize) {
        std::hint::black_box(authorizer.is_authorized(request, &policies, &entities));
    }
    (whole, rate(began))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let attempts: usize = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir().expect("a folder");
    let config = configure(folder.path());
    record(folder.path(), &config);
    let state = folder.path().join("state");
    multiply(&state, attempts).await;
    let (one, alone) = replay(&state, "1");
    let (two, together) = replay(&state, "2");
    assert_eq!(one, two, "the same on one thread and on two");
    let report: Value = serde_json::from_slice(&one).expect("JSON");
    assert_eq!(report.get("same"), report.get("replayed"), "{report}");
    let replayed = report.get("replayed").and_then(Value::as_u64).unwrap_or_default();
    let (whole, asked) = bare(100_000);
    let rate = |time: Duration| replayed as f64 / time.as_secs_f64();
    println!("{replayed} attempts, all as recorded; the same bytes on one thread and on two");
    println!("Cedar alone, its context from JSON:  {whole:>9.0} requests/s, one thread");
    println!("Cedar alone, the question only:      {asked:>9.0} requests/s, one thread");
    println!(
        "replay, one thread:                  {:>9.0} attempts/s, {:.2} of Cedar with its context",
        rate(alone),
        rate(alone) / whole
    );
    println!("replay, two threads:                 {:>9.0} attempts/s", rate(together));
}
