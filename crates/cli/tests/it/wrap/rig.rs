//! A client's file in a folder of its own, and the program that changes it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::records::rig::{Said, World};

/// The files that clients have, one flavour each.
pub const FLAVOURS: [&str; 8] = [
    "claude_code_project.mcp.json",
    "claude_code_user.claude.json",
    "claude_desktop_config.json",
    "cursor.mcp.json",
    "dotted.settings.json",
    "vscode.mcp.jsonc",
    "vscode.settings.jsonc",
    "windsurf.mcp_config.json",
];

/// A flavour's text.
pub fn flavour(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/wrap/clients").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// One client's file.
pub struct Rig {
    pub world: World,
}

impl Rig {
    /// A file with this text, for its owner alone.
    pub fn new(text: &str) -> Rig {
        let rig = Rig { world: World::new() };
        std::fs::create_dir(rig.world.path("client")).unwrap();
        std::fs::write(rig.file(), text).unwrap();
        std::fs::set_permissions(rig.file(), std::fs::Permissions::from_mode(0o640)).unwrap();
        rig
    }

    pub fn file(&self) -> PathBuf {
        self.world.path("client").join("mcp.json")
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// Every other file in the folder, by name.
    pub fn others(&self) -> Vec<PathBuf> {
        let items = std::fs::read_dir(self.world.path("client")).unwrap().map(|item| item.unwrap().path());
        let mut others: Vec<PathBuf> = items.filter(|path| *path != self.file()).collect();
        others.sort();
        others
    }

    /// `lastlook WORD FILE WORDS`, with no state named and nobody to ask.
    pub fn run(&self, word: &str, words: &[&str]) -> Said {
        let file = self.file();
        let mut command = self.world.bare(&[&[word, file.to_str().unwrap()], words].concat());
        Said::of(command.stdin(std::process::Stdio::null()).output().unwrap())
    }

    /// The same; it must succeed.
    #[track_caller]
    pub fn ok(&self, word: &str, words: &[&str]) -> String {
        let said = self.run(word, words);
        assert_eq!(said.code, 0, "{word} {words:?}: {said:?}");
        said.out
    }

    /// What `--json` says of each server: its name and state.
    pub fn states(&self, word: &str, words: &[&str]) -> Vec<(String, String)> {
        let said: Value = serde_json::from_str(&self.ok(word, &[words, &["--json"]].concat())).unwrap();
        let text = |server: &Value, name: &str| server[name].as_str().unwrap().to_owned();
        let servers = said["servers"].as_array().unwrap().iter();
        servers.map(|server| (text(server, "name"), text(server, "state"))).collect()
    }
}

/// A file's permissions.
pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}
