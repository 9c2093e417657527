//! A folder behind the real filesystem server, agents at boundaries in front of it, and somebody else.

use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::tools;
use crate::client::Client;

/// One folder of files with one state beside it. Every agent's boundary writes to that state.
pub struct Rig {
    root: TempDir,
}

/// A change the server made, as the witness inside its process saw it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// `before` or `done`.
    pub at: String,
    /// The file's name relative to the folder.
    pub file: String,
    /// The server's process.
    pub pid: u64,
}

impl Rig {
    /// An empty folder.
    pub fn new() -> Rig {
        let root = tempfile::tempdir().unwrap();
        for folder in ["files", "home", "receipts"] {
            std::fs::create_dir(root.path().join(folder)).unwrap();
        }
        Rig { root }
    }

    /// A folder with one file in it.
    pub fn with(name: &str, text: &str) -> Rig {
        let rig = Rig::new();
        rig.put(name, text);
        rig
    }

    /// A place outside of the served folder.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The served folder.
    pub fn folder(&self) -> PathBuf {
        self.beside("files")
    }

    /// A file's path as an agent names it.
    pub fn path(&self, name: &str) -> String {
        self.folder().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file around every server: what somebody else does.
    pub fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A file as it is on disk; `None` when there is none.
    pub fn text(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.path(name)).ok()
    }

    /// The server's command, the witness in it.
    pub fn server(&self) -> Vec<String> {
        let words = [
            Path::new("--require"),
            &tools::here("witness.cjs"),
            &tools::filesystem_server(),
            &self.folder(),
        ];
        std::iter::once("node")
            .chain(words.iter().map(|word| word.to_str().unwrap()))
            .map(str::to_owned)
            .collect()
    }

    /// An agent whose server stands behind a boundary of its own.
    pub fn agent(&self) -> Client {
        self.agent_with(&[], &[])
    }

    /// The same with options of `lastlook mcp` and variables for it and its server.
    pub fn agent_with(&self, options: &[&str], variables: &[(&str, &str)]) -> Client {
        let mut command = self.command();
        command.arg("mcp").args(options).arg("--state").arg(self.state()).envs(variables.iter().copied());
        if !options.contains(&"--upstream") {
            command.arg("--").args(self.server());
        }
        let mut agent = Client::spawn(&mut command);
        agent.initialize();
        agent
    }

    /// Runs `lastlook …` on the state.
    pub fn lastlook(&self, words: &[&str]) -> Output {
        self.command().args(words).arg("--state").arg(self.state()).output().unwrap()
    }

    /// The same; anything but success panics.
    pub fn lastlook_ok(&self, words: &[&str]) -> Vec<u8> {
        succeeded(&format!("lastlook {}", words.join(" ")), self.lastlook(words))
    }

    /// `lastlook` with none of the user's own settings.
    pub fn command(&self) -> Command {
        clean(env!("CARGO_BIN_EXE_lastlook"), &self.beside("home"), &self.beside("changes.jsonl"))
    }

    /// The folder of the record.
    pub fn state(&self) -> PathBuf {
        self.beside("state")
    }

    /// What the servers were about to do and did, in order.
    pub fn changes(&self) -> Vec<Change> {
        let log = std::fs::read_to_string(self.beside("changes.jsonl")).unwrap_or_default();
        log.lines().map(|line| self.change(&serde_json::from_str(line).unwrap())).collect()
    }

    /// The files the servers changed, one entry a change, in order.
    pub fn effects(&self) -> Vec<String> {
        self.changes().into_iter().filter(|change| change.at == "done").map(|change| change.file).collect()
    }

    fn change(&self, line: &Value) -> Change {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Change { at: text("at"), file: self.name(&text("file")), pid: line["pid"].as_u64().unwrap() }
    }

    /// The file a path names, relative to the folder, however it is spelt.
    pub fn name(&self, path: &str) -> String {
        let mut plain = PathBuf::new();
        for part in self.folder().join(path).components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                Component::CurDir => {}
                part => plain.push(part),
            }
        }
        plain.strip_prefix(self.folder()).unwrap_or(&plain).to_str().unwrap().to_owned()
    }

    /// The arguments that name one file.
    pub fn only(&self, name: &str) -> Value {
        json!({"path": self.path(name)})
    }

    /// The arguments of an `edit_file` of one place.
    pub fn edit(&self, name: &str, old: &str, new: &str) -> Value {
        json!({"path": self.path(name), "edits": [{"oldText": old, "newText": new}]})
    }

    /// The arguments of a `write_file`.
    pub fn whole(&self, name: &str, content: &str) -> Value {
        json!({"path": self.path(name), "content": content})
    }
}

/// A command without the user's own settings for this program, for git, or for a language.
pub fn clean(program: impl AsRef<std::ffi::OsStr>, home: &Path, changes: &Path) -> Command {
    let mut command = Command::new(program);
    let foreign = |name: &str| {
        ["LASTLOOK_", "GIT_", "XDG_", "NODE_", "PYTHON", "LC_"].iter().any(|p| name.starts_with(p))
    };
    for (name, _) in std::env::vars_os().filter(|(name, _)| foreign(&name.to_string_lossy())) {
        command.env_remove(name);
    }
    command.env("HOME", home).env("TZ", "UTC").env("LC_ALL", "C.UTF-8").env("WITNESS_LOG", changes);
    command
}

/// The output of a command that must have succeeded.
pub fn succeeded(what: &str, output: Output) -> Vec<u8> {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "`{what}`: {}\n{}{}",
        output.status,
        said(&output.stdout),
        said(&output.stderr)
    );
    output.stdout
}

/// All text of a result.
pub fn text_of(result: &Value) -> String {
    let texts = result["content"].as_array().unwrap().iter().filter_map(|block| block["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// A result that is no error.
#[track_caller]
pub fn worked(result: &Value) {
    assert_ne!(result["isError"], json!(true), "{result}");
}

/// A refusal for exactly these reasons, each of however many facts. Gives its receipt.
#[track_caller]
pub fn refused(result: &Value, codes: &[&str]) -> String {
    let verdict = &result["_meta"]["dev.lastlook/verdict"];
    assert_eq!((&result["isError"], &verdict["verdict"]), (&json!(true), &json!("deny")), "{result}");
    let mut told: Vec<&str> =
        verdict["codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap()).collect();
    told.dedup();
    assert_eq!(told, codes, "{result}");
    verdict["receipt"].as_str().unwrap_or_else(|| panic!("no receipt: {result}")).to_owned()
}
