//! A folder of notes, boundaries in front of it, and the commands that look at what they recorded.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, PATIENCE};

/// A record, and the notes it is about.
pub struct World {
    pub temp: TempDir,
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl World {
    pub fn new() -> World {
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir(temp.path().join("notes")).unwrap();
        World { temp }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// Writes a note around every server: what somebody else does.
    pub fn put(&self, note: &str, text: &str) {
        std::fs::write(self.path("notes").join(note), text).unwrap();
    }

    /// A file that commands are given.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name).display().to_string()
    }

    /// The program, with nothing of the user's own around it, and no state named.
    pub fn bare(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastlook"));
        command.args(words).env("HOME", self.path("home")).env("TZ", "UTC").current_dir(self.temp.path());
        command.env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LASTLOOK_"))
        {
            command.env_remove(name);
        }
        command
    }

    /// The program on this state.
    pub fn lastlook(&self, words: &[&str]) -> Command {
        let mut command = self.bare(words);
        command.arg("--state").arg(self.state());
        command
    }

    pub fn run(&self, words: &[&str]) -> Said {
        Said::of(self.lastlook(words).output().unwrap())
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn ok(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}: {said:?}");
        said.out
    }

    /// The lines of `lastlook log --json`, and more words.
    pub fn log(&self, words: &[&str]) -> Vec<Value> {
        lines(&self.ok(&[&["log", "--json"], words].concat()))
    }

    /// Runs `verify` as a stranger does: no state is named, and none may come to be.
    pub fn verify(&self, words: &[&str], stdin: &[u8]) -> Said {
        let mut command = self.bare(&[&["verify"], words].concat());
        command.env("LASTLOOK_STATE", self.path("nowhere"));
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let said = Said::of(child.wait_with_output().unwrap());
        assert!(!self.path("nowhere").exists());
        said
    }

    /// The public key, in a file.
    pub fn key(&self) -> String {
        self.file("lastlook.pub", self.ok(&["keys", "export"]))
    }

    /// An open session of a client whose server stands behind a boundary.
    pub fn client(&self) -> Client {
        self.client_of(self.boundary(&[]))
    }

    pub fn client_of(&self, mut command: Command) -> Client {
        let mut client = Client::spawn(&mut command);
        client.initialize();
        client
    }

    /// `lastlook mcp` in front of the notes server.
    pub fn boundary(&self, words: &[&str]) -> Command {
        let mut command = self.lastlook(&[&["mcp"], words].concat());
        command
            .arg("--")
            .arg(env!("CARGO_BIN_EXE_lastlook"))
            .arg("demo-notes-server")
            .arg(self.path("notes"));
        command.arg("--effects").arg(self.path("effects.jsonl"));
        command
    }

    /// A note is read and edited.
    pub fn edited(&self, client: &mut Client, note: &str) -> String {
        self.put(note, "a line\nold\n");
        client.call("read_note", json!({"path": note}));
        receipt(&client.call("edit_note", edit(note, "old", "new")))
    }

    /// A note is read, changed by somebody else, and the edit is refused.
    pub fn refused(&self, client: &mut Client, note: &str) -> String {
        self.put(note, "# Plan\nDay: to be set\n");
        client.call("read_note", json!({"path": note}));
        self.put(note, "# Plan\nCANCELLED\n");
        let result = client.call("edit_note", edit(note, "Plan", "Plans"));
        assert_eq!(result["isError"], true, "{result}");
        receipt(&result)
    }

    /// A writer dies after the effect, before its record, and the next one finds it: nobody knows the outcome.
    pub fn unknown(&self, note: &str) -> (Client, String) {
        self.put(note, "a line\nold\n");
        let mut dying = self.boundary(&[]);
        dying.env("LASTLOOK_CRASH_AT", "before:record-outcome");
        let mut dying = self.client_of(dying);
        dying.call("read_note", json!({"path": note}));
        dying.ask("edit_note", edit(note, "old", "new"));
        dying.wait();
        let client = self.client();
        let line = self.log_until(|line| line["outcome"] == "unknown" && line["settled"].is_null());
        (client, line["receipt"].as_str().unwrap().to_owned())
    }

    /// The newest line of the log that is wanted, once there is one.
    pub fn log_until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        until("the log has that line", || self.log(&[]).into_iter().rev().find(&wanted))
    }

    /// Changes the database behind everybody's back.
    pub fn tamper(&self, sql: &str) {
        let database = rusqlite::Connection::open(self.state().join("lastlook.db")).unwrap();
        database.execute_batch(sql).unwrap();
    }
}

impl Said {
    pub fn of(Output { status, stdout, stderr }: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: status.code().expect("killed"), out: text(stdout), err: text(stderr) }
    }

    /// That it failed with this code, saying this.
    #[track_caller]
    pub fn fails(&self, code: i32, says: &str) {
        assert!(self.code == code && self.err.contains(says), "expected {code} and `{says}`: {self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

/// Looks again and again until there is something to see.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "in vain waited until {what}");
        std::thread::sleep(Duration::from_millis(10)); // backoff: other processes give no event
    }
}

pub fn edit(note: &str, old: &str, new: &str) -> Value {
    json!({"path": note, "old_text": old, "new_text": new})
}

/// The receipt's id in an answer, refused or not.
pub fn receipt(result: &Value) -> String {
    let meta = &result["_meta"];
    let id = meta.get("dev.lastlook/receipt").unwrap_or(&meta["dev.lastlook/verdict"]["receipt"]);
    id.as_str().unwrap_or_else(|| panic!("no receipt: {result}")).to_owned()
}

pub fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Copies a folder and what is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for item in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (item.path(), to.join(item.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => assert!(std::fs::copy(from, to).is_ok()),
        }
    }
}
