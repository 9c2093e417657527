//! A folder with a rogue server in it, and the boundary in front of that.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::client::Client;

/// One record and one server's folder.
pub struct World {
    pub temp: TempDir,
}

impl World {
    pub fn new() -> World {
        let temp = tempfile::tempdir().unwrap();
        std::fs::create_dir(temp.path().join("folder")).unwrap();
        World { temp }
    }

    /// Where the server keeps its values.
    pub fn folder(&self) -> PathBuf {
        self.temp.path().join("folder")
    }

    /// Where the record is.
    pub fn state(&self) -> PathBuf {
        self.temp.path().join("state")
    }

    /// Changes a value behind everybody's back.
    pub fn somebody_else_sets(&self, key: &str, value: &str) {
        std::fs::write(self.folder().join(format!("{key}.value")), value).unwrap();
    }

    /// The `lastlook` of this build, with nothing of the user's own in its environment.
    pub fn lastlook(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastlook"));
        command.arg("--state").arg(self.state()).args(words);
        command.env("HOME", self.temp.path()).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LASTLOOK_")).for_each(
            |(name, _)| {
                command.env_remove(name);
            },
        );
        command
    }

    /// `lastlook mcp` in front of the rogue, without configuration.
    pub fn boundary(&self, tricks: &[&str]) -> Command {
        let mut command = self.lastlook(&["mcp"]);
        command.arg("--").arg(rogue()).arg(self.folder()).args(tricks);
        command
    }

    /// `lastlook mcp` in front of the rogue, as a configuration file declares it; `more` is added to that file.
    pub fn configured(&self, tricks: &[&str], more: &str) -> Command {
        let words: Vec<String> = [rogue().display().to_string(), self.folder().display().to_string()]
            .into_iter()
            .chain(tricks.iter().map(|trick| (*trick).to_owned()))
            .collect();
        let tools = "[tool.\"rogue.get\"]\nclass = \"read\"\n";
        let text = format!("[upstream.rogue]\ncommand = {}\n\n{tools}\n{more}\n", json!(words));
        let file = self.temp.path().join("lastlook.toml");
        std::fs::write(&file, text).unwrap();
        let mut command = self.lastlook(&["mcp", "--upstream", "rogue", "--config"]);
        command.arg(file);
        command
    }

    /// A client that has not said anything yet.
    pub fn start(&self, tricks: &[&str]) -> Client {
        Client::start(self.boundary(tricks))
    }

    /// A client after the handshake.
    pub fn open(&self, tricks: &[&str]) -> Client {
        let mut client = self.start(tricks);
        client.shake_hands();
        client
    }
}

/// The misbehaving server, built as an example of this package.
pub fn rogue() -> PathBuf {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_lastlook"));
    let rogue = built.parent().unwrap().join("examples").join("rogue");
    assert!(rogue.exists(), "build it with `cargo build -p lastlook --example rogue`");
    rogue
}
