//! A receiver that verifies what it is sent, and what it heard.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::approvals::people::{finance, introduce};
use crate::client::PATIENCE;
use crate::guards::world::World;
use crate::real::tools;

/// The key that both sides have.
pub const KEY: &str = "whsec_c2VjcmV0IGtleSBvZiBhIGhvb2sgaW4gYSB0ZXN0";

/// A receiver; it ends with the test.
pub struct Receiver {
    child: Child,
    pub port: u16,
    log: PathBuf,
}

impl Receiver {
    pub fn start(world: &World) -> Receiver {
        let log = world.at("heard.jsonl");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/notify/receiver.py");
        let mut command = Command::new(tools::python());
        command.arg(script).arg(&log).env("RECEIVER_KEY", KEY).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Receiver { child, port: line.trim().parse().unwrap(), log }
    }

    /// A hook of this name whose receiver does what `path` says.
    pub fn hook(&self, name: &str, path: &str) -> String {
        format!(
            "[notify.{name}]\nurl = \"http://127.0.0.1:{}/{path}\"\nsecret = \"env:HOOK_KEY\"\nprivate = true\n",
            self.port
        )
    }

    /// Everything it was sent, in the order in which it came.
    pub fn heard(&self) -> Vec<Value> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        // The last line may be under way.
        log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// What it was sent, once it is as many messages.
    #[track_caller]
    pub fn hears(&self, many: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let heard = self.heard();
            if heard.len() >= many {
                assert_eq!(heard.len(), many, "{heard:?}");
                return heard;
            }
            assert!(Instant::now() < deadline, "it heard only {heard:?}");
            std::thread::sleep(std::time::Duration::from_millis(5)); // backoff: another process writes the file
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A world in which ada approves, and its receiver; `hooks` says who is told.
pub fn world(hooks: impl FnOnce(&Receiver) -> String) -> (World, Receiver) {
    let mut world = World::new();
    world.set("HOOK_KEY", KEY);
    let receiver = Receiver::start(&world);
    world.configure(&format!("{}{}", finance(), hooks(&receiver)));
    introduce(&world, "ada", "finance", None);
    (world, receiver)
}

/// The body of a message.
pub fn body(heard: &Value) -> Value {
    serde_json::from_str(heard["body"].as_str().unwrap()).unwrap()
}
