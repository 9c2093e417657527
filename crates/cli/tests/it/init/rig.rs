//! A server that is looked at, and where its file goes.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::records::rig::{Said, World};

/// A folder with a home in it.
pub struct Rig {
    pub world: World,
}

impl Rig {
    pub fn new() -> Rig {
        Rig { world: World::new() }
    }

    /// The file that `lastlook mcp` reads when nobody names another.
    pub fn default_file(&self) -> PathBuf {
        self.world.path("home/.config/lastlook/lastlook.toml")
    }

    /// What the specimen was sent.
    pub fn log(&self) -> PathBuf {
        self.world.path("sent.jsonl")
    }

    /// The specimen's command.
    pub fn specimen(&self, how: &str) -> Vec<String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/init/server.py");
        let words = [Path::new("python3"), &script, &self.log(), Path::new(how)];
        let words = words.iter().map(|word| word.to_str().unwrap().to_owned());
        words.filter(|word| !word.is_empty()).collect()
    }

    /// The bundled notes server's command.
    pub fn notes(&self) -> Vec<String> {
        let notes = self.world.path("notes").to_str().unwrap().to_owned();
        vec![env!("CARGO_BIN_EXE_lastlook").to_owned(), "demo-notes-server".to_owned(), notes]
    }

    /// `lastlook init OPTIONS -- COMMAND`.
    pub fn init(&self, options: &[&str], command: &[String]) -> Said {
        let mut words = vec!["init"];
        words.extend(options);
        words.push("--");
        words.extend(command.iter().map(String::as_str));
        Said::of(self.world.bare(&words).output().unwrap())
    }

    /// The same; it must succeed.
    #[track_caller]
    pub fn ok(&self, options: &[&str], command: &[String]) -> String {
        let said = self.init(options, command);
        assert_eq!(said.code, 0, "{said:?}");
        said.out
    }

    /// Every tool that was called, as the specimen saw it.
    pub fn called(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let sent = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        sent.filter(|message| message["method"] == "tools/call")
            .map(|message| {
                let params = &message["params"];
                format!("{} {}", params["name"].as_str().unwrap(), params["arguments"])
            })
            .collect()
    }
}
