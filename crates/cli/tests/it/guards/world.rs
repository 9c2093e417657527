//! One record, one folder of notes, one rate server, and boundaries in front of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::served::Served;
use crate::client::Client;
use crate::real::rig::clean;

/// What a test plays in.
pub struct World {
    temp: TempDir,
    /// The world outside that facts are read from.
    pub rate: Served,
    /// What stands in the environment of every boundary.
    variables: Vec<(String, String)>,
    /// Why some of what is decided here cannot be decided again.
    lost: Mutex<BTreeSet<Lost>>,
}

/// What a scene takes away of what attempts were decided on, so that they cannot be decided again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// Its rules withhold fields.
    Withheld,
    /// It removes values that are old.
    Pruned,
    /// It alters values in the database.
    Altered,
    /// It ends a boundary before a verdict was recorded.
    Unsaid,
    /// It writes entries as older versions did, without what they were decided on.
    Older,
}

impl Lost {
    /// How `lastlook replay` says so.
    fn said(self) -> &'static str {
        match self {
            Lost::Withheld => "fields of what it was decided on are not kept",
            Lost::Pruned => "was pruned, or never kept",
            Lost::Altered => "is not the value that its entry commits to",
            Lost::Unsaid => "its writer ended before a verdict was recorded",
            Lost::Older => "its entry has no recorded case",
        }
    }
}

impl World {
    /// A note `plan.md` whose text is JSON, and a rate server that says the same.
    pub fn new() -> World {
        let world = World {
            temp: tempfile::tempdir().unwrap(),
            rate: Served::new(r#"{"status":"paid","n":5}"#),
            variables: Vec::new(),
            lost: Mutex::default(),
        };
        for folder in ["notes", "home", "pause"] {
            std::fs::create_dir(world.at(folder)).unwrap();
        }
        world.note("plan.md", r#"{"status":"paid","n":5}"#);
        world
    }

    /// Sets a variable of the environment for whatever is started from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A place in the test's own folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// Writes a note around every server: what somebody else does.
    pub fn note(&self, name: &str, text: &str) {
        std::fs::write(self.at("notes").join(name), text).unwrap();
    }

    /// The effects the server logged, by the note they changed.
    pub fn effects(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.at("effects.jsonl")).unwrap_or_default();
        log.lines()
            .map(|line| {
                let effect: Value = serde_json::from_str(line).unwrap();
                effect["path"].as_str().unwrap_or_default().to_owned()
            })
            .collect()
    }

    /// Writes the configuration: the notes server and the rate fact, and `more`.
    pub fn configure(&self, more: &str) -> PathBuf {
        let exe = env!("CARGO_BIN_EXE_lastlook");
        let command =
            json!([exe, "demo-notes-server", self.at("notes"), "--effects", self.at("effects.jsonl")]);
        let text = format!(
            "[upstream.notes]\ncommand = {command}\nprofile = \"none\"\n\n\
             [tool.\"notes.read_note\"]\nclass = \"read\"\n\n\
             [tool.\"notes.write_note\"]\nclass = \"write\"\n\n\
             [tool.\"notes.edit_note\"]\nclass = \"write\"\n\n\
             [tool.\"notes.delete_note\"]\nclass = \"write\"\n\n\
             [defaults]\nwait_for_subject = \"0s\"\nmax_gap = \"2d\"\nfact_timeout = \"1s\"\n\n\
             [fact.rate]\nhttp = {{ url = \"{}\", private = true }}\nselect = [\"/body/status\"]\ntimeout = \"1s\"\n\
             seen_as = {{ tool = \"notes.read_note\", args = {{ path = \"plan.md\" }}, select = [\"/status\"] }}\n{more}\n",
            self.rate.url()
        );
        let file = self.at("lastlook.toml");
        write(&file, &text);
        file
    }

    /// Writes a file that only its owner may change.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let file = self.at(name);
        write(&file, text);
        file
    }

    /// `lastlook` with none of the user's own settings.
    pub fn lastlook(&self, words: &[&str]) -> Command {
        let mut command = clean(env!("CARGO_BIN_EXE_lastlook"), &self.at("home"), &self.at("unused"));
        command
            .arg("--state")
            .arg(self.at("state"))
            .arg("--config")
            .arg(self.at("lastlook.toml"))
            .args(words)
            .env("LASTLOOK_CLOCK_AHEAD", self.at("ahead"))
            .envs(self.variables.iter().cloned());
        command
    }

    /// So much time has passed, by the clocks of every boundary, since the world began.
    pub fn passes(&self, time: Duration) {
        // Moved into its place: half a number is a number too.
        std::fs::write(self.at("ahead.new"), time.as_secs().to_string()).unwrap();
        std::fs::rename(self.at("ahead.new"), self.at("ahead")).unwrap();
    }

    /// The record is whole, and its rows are what its entries say.
    #[track_caller]
    pub fn verifies(&self) {
        let verified = self.lastlook(&["verify"]).output().unwrap();
        assert!(verified.status.success(), "{verified:?}");
    }

    /// The scene takes away what some attempts were decided on. Whatever else cannot be decided again is a fault.
    pub fn loses(&self, what: Lost) {
        self.lost.lock().unwrap().insert(what);
    }

    /// Everything in the record that was decided is decided again, and comes out byte for byte as it was. Why some of it
    /// cannot be.
    #[track_caller]
    fn replays(&self) -> BTreeSet<Lost> {
        let replayed = self.lastlook(&["replay", "--all", "--json"]).output().unwrap();
        assert!(replayed.status.success(), "{replayed:?}");
        let report: Value = serde_json::from_slice(&replayed.stdout).unwrap();
        assert_eq!(report["same"], report["replayed"], "{report}");
        // What only a look finds is decided again, and never taken as the record has it.
        for code in report["taken"].as_object().unwrap().keys() {
            assert!(!["fact-", "condition-", "step-"].iter().any(|look| code.starts_with(look)), "{report}");
        }
        let lost = self.lost.lock().unwrap();
        let why = |why: &String| {
            let stated = lost.iter().copied().find(|lost| why.contains(lost.said()));
            stated.unwrap_or_else(|| panic!("nothing that the scene takes away: {report}"))
        };
        report["not_replayable"].as_object().unwrap().keys().map(why).collect()
    }

    /// An agent at a boundary of its own.
    pub fn agent(&self) -> Client {
        let mut agent = Client::spawn(&mut self.lastlook(&["mcp", "--upstream", "notes"]));
        agent.initialize();
        agent
    }

    /// An agent whose boundary stands still at `point` until [`World::go`].
    pub fn paused_at(&self, point: &str) -> Client {
        let mut command = self.lastlook(&["mcp", "--upstream", "notes"]);
        command.env("LASTLOOK_PAUSE_AT", format!("{point}={}", self.at("pause").display()));
        let mut agent = Client::spawn(&mut command);
        agent.initialize();
        agent
    }

    /// Waits until a boundary stands still.
    pub fn reached(&self) {
        let deadline = std::time::Instant::now() + crate::client::PATIENCE;
        while !self.at("pause/reached").exists() {
            assert!(std::time::Instant::now() < deadline, "no boundary stands still");
            std::thread::sleep(std::time::Duration::from_millis(2)); // backoff: another process writes the file
        }
    }

    /// Boundaries to come can be made to stand still once more.
    pub fn unpause(&self) {
        for file in ["pause/reached", "pause/go"] {
            let _ = std::fs::remove_file(self.at(file));
        }
    }

    /// Lets it go on.
    pub fn go(&self) {
        std::fs::write(self.at("pause/go"), "").unwrap();
    }
}

/// Whatever a test had decided comes out the same when it is decided again, but for what the scene takes away; and that it does.
impl Drop for World {
    fn drop(&mut self) {
        // Some tests damage the record, or take it away.
        let database = std::fs::read(self.at("state/lastlook.db")).unwrap_or_default();
        if !std::thread::panicking() && database.starts_with(b"SQLite format 3\0") {
            assert_eq!(self.replays(), *self.lost.lock().unwrap(), "what cannot be decided again");
        }
    }
}

/// The arguments of the effect that every test is about.
pub fn write_args(n: u64) -> Value {
    json!({"path": "plan.md", "content": format!("{{\"status\":\"paid\",\"n\":{n}}}")})
}

/// What became of a call: `ran`, or the codes it was refused with.
pub fn became(result: &Value) -> String {
    let verdict = &result["_meta"]["dev.lastlook/verdict"];
    match verdict["codes"].as_array() {
        Some(codes) if result["isError"] == json!(true) => {
            codes.iter().map(|code| code.as_str().unwrap()).collect::<Vec<_>>().join(" ")
        }
        _ if result["isError"] == json!(true) => format!("error: {result}"),
        _ => "ran".to_owned(),
    }
}

fn write(file: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(file, text).unwrap();
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
}
