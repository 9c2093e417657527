//! The official Python client, with a user who answers: nothing of it was written for a boundary.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::approvals::people::{approve, finance, introduce, state_of, waiting};
use crate::console::rig::{Console, passphrase};
use crate::guards::world::{World, became, write_args};
use crate::real::tools;

/// One call of the effect by the official client.
struct Calling {
    child: Child,
    says: ChildStdin,
    tells: BufReader<ChildStdout>,
}

impl Calling {
    fn start(world: &World, era: &str) -> Calling {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/callers/official.py");
        let boundary = world.lastlook(&["mcp", "--upstream", "notes"]);
        let mut command = Command::new(tools::python());
        command.arg(script).args([era, "plan.md", write_args(1)["content"].as_str().unwrap(), "--"]);
        command.arg(boundary.get_program()).args(boundary.get_args()).env("HOME", world.at("home"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let says = child.stdin.take().unwrap();
        let tells = BufReader::new(child.stdout.take().unwrap());
        Calling { child, says, tells }
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.tells.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("it ended: {line:?}"))
    }

    /// What the user is asked.
    fn asked(&mut self) -> Value {
        let mut told = self.hear();
        assert!(told.get("asked").is_some(), "{told}");
        told["asked"].take()
    }

    fn say(&mut self, action: &str) {
        writeln!(self.says, "{action}").unwrap();
    }

    /// The revision, and what became of the call.
    #[track_caller]
    fn ends(&mut self, revision: &str) -> Value {
        let mut told = self.hear();
        assert_eq!(told["revision"], json!(revision), "{told}");
        told["result"].take()
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const ERAS: [(&str, &str); 2] = [("modern", "2026-07-28"), ("session", "2025-11-25")];

fn world() -> World {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    world
}

#[test]
fn its_user_accepts_a_text_and_the_call_runs_when_people_have_approved() {
    for (era, revision) in ERAS {
        let world = world();
        let mut calling = Calling::start(&world, era);
        let asked = calling.asked();
        let request = waiting(&world).remove(0);
        assert_eq!(asked["mode"], json!("form"), "{asked}");
        assert!(asked["message"].as_str().unwrap().contains(&request), "{asked}");
        assert_eq!(world.effects(), Vec::<String>::new());
        calling.say("accept");
        approve(&world, &request, "ada");
        assert_eq!(became(&calling.ends(revision)), "ran");
        assert_eq!(world.effects().len(), 1);
        drop(calling);
        world.verifies();
    }
}

#[test]
fn its_user_goes_to_the_page_and_people_approve_there() {
    for (era, revision) in ERAS {
        let world = world();
        let console = Console::open(&world);
        let mut calling = Calling::start(&world, era);
        let asked = calling.asked();
        let request = waiting(&world).remove(0);
        assert_eq!(asked["mode"], json!("url"), "{asked}");
        assert_eq!(asked["url"], json!(format!("http://127.0.0.1:{}/requests/{request}", console.port)));
        calling.say("accept");
        assert_eq!(console.says("approve", &request, "ada", &passphrase("ada")).status, 303);
        if era == "session" {
            assert_eq!(calling.hear()["complete"], asked["elicitationId"]);
        }
        assert_eq!(became(&calling.ends(revision)), "ran");
        assert_eq!(world.effects().len(), 1);
        drop(calling);
        world.verifies();
    }
}

#[test]
fn its_user_declines_and_the_call_is_held() {
    for (era, revision) in ERAS {
        let world = world();
        let mut calling = Calling::start(&world, era);
        calling.asked();
        let request = waiting(&world).remove(0);
        calling.say("decline");
        assert_eq!(became(&calling.ends(revision)), "approval-required");
        assert_eq!((world.effects().len(), state_of(&world, &request)), (0, "pending".to_owned()));
    }
}
