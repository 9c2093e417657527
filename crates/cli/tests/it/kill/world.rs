//! A folder of notes, a state, writers on both, and what must be true of them in the end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use lastlook_ledger::{Entry, Kind};
use lastlook_store::{SqliteReader, StateDir, Store};
use serde_json::{Value, json};

use crate::client::{Client, PATIENCE};

const LASTLOOK: &str = env!("CARGO_BIN_EXE_lastlook");

/// One state, one folder of notes, and the logs of its servers.
pub struct World {
    root: tempfile::TempDir,
}

/// One attempt as its entries tell it.
#[derive(Debug)]
pub struct Told {
    pub path: String,
    pub receipt: String,
    pub entries: Vec<Entry>,
}

impl World {
    pub fn new() -> World {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("notes")).unwrap();
        World { root }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// A boundary in front of a server over the folder, not yet spoken to.
    pub fn boundary(&self, crash_at: Option<&str>, slow_ms: u64) -> Client {
        let mut command = Command::new(LASTLOOK);
        command
            .args(["mcp", "--state"])
            .arg(self.at("state"))
            .arg("--")
            .arg(LASTLOOK)
            .arg("demo-notes-server");
        command.arg(self.at("notes")).arg("--effects").arg(self.at("effects"));
        // The pace is no part of the command: the upstream stays the same.
        command
            .env("DEMO_NOTES_ARRIVALS", self.at("arrivals"))
            .env("DEMO_NOTES_SLOW_MS", slow_ms.to_string());
        command.env("XDG_CONFIG_HOME", self.root.path()).env("XDG_STATE_HOME", self.root.path());
        if let Some(at) = crash_at {
            command.env("LASTLOOK_CRASH_AT", at);
        }
        Client::spawn(&mut command)
    }

    /// Runs `lastlook` on the state; gives its exit code and what it printed.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(LASTLOOK);
        command.args(arguments).arg("--state").arg(self.at("state"));
        let done = command.env("XDG_STATE_HOME", self.root.path()).output().unwrap();
        let printed = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap_or(-1), String::from_utf8_lossy(&printed).into_owned())
    }

    /// How often an effect on each note arrived at a server.
    pub fn arrivals(&self) -> BTreeMap<String, usize> {
        counted(&self.at("arrivals"))
    }

    fn effects(&self) -> BTreeMap<String, usize> {
        counted(&self.at("effects"))
    }

    pub fn exists(&self, note: &str) -> bool {
        self.at("notes").join(note).exists()
    }

    /// Somebody else writes a note.
    pub fn write(&self, note: &str, text: &str) {
        std::fs::write(self.at("notes").join(note), text).unwrap();
    }

    pub fn read(&self, note: &str) -> String {
        std::fs::read_to_string(self.at("notes").join(note)).unwrap()
    }

    /// Waits until the server has begun with an effect on this note.
    pub fn wait_for_arrival(&self, note: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.arrivals().contains_key(note) {
            assert!(Instant::now() < deadline, "nothing arrived for `{note}`");
            std::thread::sleep(Duration::from_millis(2)); // backoff: a file gives no event
        }
    }

    fn reader(&self) -> SqliteReader {
        StateDir::open(self.at("state")).unwrap().reader().unwrap()
    }

    /// Every attempt that was armed, by what its entries say.
    pub fn told(&self) -> Vec<Told> {
        let reader = self.reader();
        let mut attempts: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
        for origin in reader.origins().unwrap() {
            for stored in reader.entries(&origin, 0, usize::MAX).unwrap() {
                attempts
                    .entry(stored.attempt)
                    .or_default()
                    .push(Entry::from_payload(&stored.payload).unwrap());
            }
        }
        let armed =
            attempts.into_iter().filter(|(_, entries)| entries.iter().any(|entry| entry.kind == Kind::Armed));
        armed
            .map(|(receipt, entries)| {
                let values = reader.values(&receipt, Kind::Armed).unwrap().unwrap();
                let arguments = &values.rows.iter().find(|(label, _)| label == "arguments").unwrap().1;
                let arguments: Value = serde_json::from_slice(arguments).unwrap();
                Told { path: arguments["path"].as_str().unwrap().to_owned(), receipt, entries }
            })
            .collect()
    }

    /// Gives an operator's word on everything that is still unknown, after a look at the folder.
    pub fn resolve_unknown(&self) -> usize {
        let unknown: Vec<_> = self.told().into_iter().filter(|told| told.end() == Some("unknown")).collect();
        for told in &unknown {
            let word = if self.exists(&told.path) { "succeeded" } else { "failed" };
            let (code, printed) =
                self.run(&["resolve", &told.receipt, "--as", word, "--reason", "looked at the folder"]);
            assert_eq!(code, 0, "{printed}");
        }
        unknown.len()
    }

    /// What must hold once every writer is dead or done: panics with the first thing that does not.
    pub fn check(&self) {
        for (what, counts) in [("arrived", self.arrivals()), ("happened", self.effects())] {
            let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
            assert!(twice.is_empty(), "{what} twice: {twice:?}");
        }
        let told = self.told();
        for (note, _) in self.arrivals() {
            let on_record = told.iter().filter(|told| told.path == note).count();
            assert_eq!(on_record, 1, "`{note}` arrived and is on record {on_record} times");
        }
        for told in &told {
            let exists = self.exists(&told.path);
            match told.end() {
                None => panic!("stuck for ever: {told:?}"),
                Some("succeeded") => assert!(exists, "said to have happened, and did not: {told:?}"),
                Some("failed" | "refused") => {
                    assert!(!exists, "said not to have happened, and did: {told:?}")
                }
                Some(end) => assert_eq!(end, "unknown"),
            }
        }
        let (code, printed) = self.run(&["verify"]);
        assert_eq!(code, 0, "{printed}");
    }
}

impl Told {
    /// How it ended, as its latest word says; `None` when nothing does.
    pub fn end(&self) -> Option<&str> {
        let mut end = None;
        for entry in &self.entries {
            end = match entry.kind {
                Kind::Operator => return entry.body["as"].as_str(),
                Kind::Refused => Some("refused"),
                // A settling outcome may stand in another writer's log, before or after the first word in this order.
                Kind::Outcome if end.is_none() || end == Some("unknown") => entry.body["outcome"].as_str(),
                _ => end,
            };
        }
        end
    }
}

fn counted(log: &Path) -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *counts.entry(line["path"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}

/// Reads a note that is not there: its absence is the basis of writing it.
pub fn look_at(client: &mut Client, note: &str) {
    client.call("read_note", json!({"path": note}));
}
