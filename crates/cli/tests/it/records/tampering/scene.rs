//! A real record in two logs, an older back-up of it, what somebody kept elsewhere, and a record of strangers.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::client::Client;
use crate::records::rig::{Said, World, copy};

pub struct Scene {
    world: World,
    stranger: World,
    /// The public key that whoever verifies has.
    key: String,
    /// The checkpoints that somebody kept when the record was as it is now.
    kept: String,
}

impl Scene {
    /// The first log was backed up with two entries and has six now; the second has two, then as now.
    pub fn new() -> Scene {
        let world = World::new();
        let (mut ada, mut bob) = (world.client(), world.client());
        world.edited(&mut ada, "a.md");
        world.edited(&mut bob, "b.md");
        // Killed, so that no summary of reads follows.
        ada.kill();
        bob.kill();
        copy(&world.state(), &world.path("back-up"));
        let mut ada = world.client();
        world.refused(&mut ada, "c.md");
        world.edited(&mut ada, "d.md");
        ada.kill();
        let stranger = World::new();
        let mut client = stranger.client();
        stranger.edited(&mut client, "a.md");
        client.kill();
        let (key, kept) = (world.key(), world.file("kept", world.ok(&["log", "checkpoints"])));
        let scene = Scene { world, stranger, key, kept };
        scene.is_sound();
        scene
    }

    /// A copy to do something to.
    pub fn copy(&self) -> PathBuf {
        let to = self.world.path("copy");
        copy(&self.world.state(), &to);
        to
    }

    /// Puts the back-up in the place of this folder.
    pub fn restore(&self, folder: &Path) {
        std::fs::remove_dir_all(folder).unwrap();
        copy(&self.world.path("back-up"), folder);
    }

    /// The back-up, gone on by itself.
    pub fn fork(&self, name: &str) -> PathBuf {
        let fork = self.world.path(name);
        copy(&self.back_up(), &fork);
        self.go_on(&fork, 1);
        fork
    }

    pub fn back_up(&self) -> PathBuf {
        self.world.path("back-up")
    }

    /// Somebody else's record, by the same program.
    pub fn stranger(&self) -> PathBuf {
        self.stranger.state()
    }

    /// A real boundary goes on with this folder, and so many attempts.
    pub fn go_on(&self, folder: &Path, attempts: usize) {
        let mut command = self.world.bare(&["mcp", "--heads", "", "--state"]);
        command.arg(folder).arg("--").arg(env!("CARGO_BIN_EXE_lastlook")).arg("demo-notes-server");
        command.arg(self.world.path("notes"));
        let mut client = Client::spawn(&mut command);
        client.initialize();
        for _ in 0..attempts {
            let result = client.call("write_note", json!({"path": "e.md", "content": "other"}));
            assert_ne!(result["isError"], true, "{result}");
        }
        client.kill();
    }

    /// The words of each means, from the weakest on.
    pub fn means(&self) -> [Vec<&str>; 5] {
        let key = ["--key", &self.key];
        let nowhere = ["--heads", ""];
        [
            [&nowhere[..], &["--logs"]].concat(),
            nowhere.to_vec(),
            [&nowhere[..], &key].concat(),
            vec![],
            [&nowhere[..], &key, &["--older", &self.kept]].concat(),
        ]
    }

    /// The public key, and the checkpoints of this folder in a file.
    pub fn checkpoints(&self, folder: &Path, name: &str) -> [String; 4] {
        let state = folder.display().to_string();
        let said = Said::of(self.world.bare(&["--state", &state, "log", "checkpoints"]).output().unwrap());
        let file = self.world.file(name, said.out);
        ["--key".to_owned(), self.key.clone(), "--older".to_owned(), file]
    }

    /// The code by which this means finds that something is wrong with the folder, if it does.
    pub fn found(&self, folder: &Path, means: &[&str]) -> Option<String> {
        let state = folder.display().to_string();
        let words = [&["--state", &state, "verify", "--json"], means].concat();
        let said = Said::of(self.world.bare(&words).output().unwrap());
        assert!(!said.err.contains("panicked"), "{said:?}");
        match said.code {
            0 => None,
            1 => {
                let report: Value = serde_json::from_str(&said.out).unwrap();
                Some(report["problems"][0]["code"].as_str().unwrap().to_owned())
            }
            // It cannot even be opened; that is told as an exit code.
            code => Some(format!("exit code {code}")),
        }
    }

    /// Whether the record itself is as it was, for all means.
    pub fn is_sound(&self) {
        for means in self.means() {
            assert_eq!(self.found(&self.world.state(), &means), None, "{means:?}");
        }
    }
}
