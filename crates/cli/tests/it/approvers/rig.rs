//! A record, a home with keys in it, and a passphrase in a file.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

pub use crate::records::rig::Said;
use crate::records::rig::World;

pub const SECRET: &str = "correct horse battery staple";

pub struct Rig {
    pub world: World,
}

impl Rig {
    pub fn new() -> Rig {
        let rig = Rig { world: World::new() };
        rig.file("secret", &format!("{SECRET}\nsomething else\n"));
        // The state is there.
        rig.world.boundary(&[]).stdin(Stdio::null()).output().unwrap();
        rig
    }

    /// A file for its owner only.
    pub fn file(&self, name: &str, text: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.world.file(name, text);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// The file with the passphrase that everybody here has.
    pub fn secret(&self) -> String {
        self.world.path("secret").display().to_string()
    }

    /// Where an approver's key is when nobody says otherwise.
    pub fn key(&self, name: &str) -> PathBuf {
        self.world.path("home/.config/lastlook/approvers").join(format!("{name}.pem"))
    }

    pub fn run(&self, words: &[&str]) -> Said {
        let command = self.world.lastlook(&[&["approvers"], words].concat());
        self.without_terminal(&command, b"")
    }

    pub fn ok(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{words:?}: {said:?}");
        said.out
    }

    pub fn add(&self, name: &str, words: &[&str]) -> Said {
        self.run(&[&["add", name, "--passphrase-file", &self.secret()], words].concat())
    }

    pub fn add_by(&self, name: &str, by: &str, words: &[&str]) -> Said {
        self.add(name, &[&["--by", by, "--by-passphrase-file", &self.secret()], words].concat())
    }

    pub fn listed(&self) -> Vec<Value> {
        let listed: Value = serde_json::from_str(&self.ok(&["list", "--json"])).unwrap();
        listed["approvers"].as_array().unwrap().clone()
    }

    /// Runs a command in a session of its own: it has no terminal, whoever runs the tests.
    pub fn without_terminal(&self, command: &Command, stdin: &[u8]) -> Said {
        let mut alone = Command::new("setsid");
        alone.arg("--wait").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => alone.env(name, value),
                None => alone.env_remove(name),
            };
        }
        alone.current_dir(self.world.temp.path());
        alone.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = alone.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(stdin);
        Said::of(child.wait_with_output().unwrap())
    }
}

pub fn said(command: &mut Command) -> Said {
    Said::of(command.output().unwrap())
}
