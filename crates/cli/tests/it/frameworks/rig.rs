//! An agent of somebody else's framework, whose model the test plays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::guards::world::World;
use crate::real::rig::clean;
use crate::real::tools;

/// A framework, as its driver beside this file starts it.
#[derive(Debug, Clone, Copy)]
pub struct Framework {
    /// The virtual environment it is installed in.
    pub environment: &'static str,
    /// The driver and what it is told.
    pub driver: &'static [&'static str],
}

/// A running agent.
pub struct Played {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What a model sees last.
#[derive(Debug)]
pub struct Told {
    pub text: String,
    /// Whether the framework calls it an error, where it says so.
    pub error: Option<bool>,
}

impl Played {
    /// Starts the agent at a boundary of its own; gives what its model sees first.
    pub fn start(world: &World, framework: Framework, upstream: &str) -> (Played, Told) {
        let boundary = world.lastlook(&["mcp", "--upstream", upstream]);
        let [driver, told @ ..] = framework.driver else { panic!("no driver: {framework:?}") };
        let python = tools::folder().join(framework.environment).join("bin/python");
        let mut command = clean(python, &world.at("home"), &world.at("changes.jsonl"));
        command.arg(here(driver)).args(told).arg("--").arg(boundary.get_program()).args(boundary.get_args());
        // What the boundary is given by its environment goes through the framework.
        command.envs(boundary.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("WITNESS_LOG", world.at("changes.jsonl")).env("PYTHONDONTWRITEBYTECODE", "1");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut played = Played { child, input, output };
        let first = played.told();
        (played, first)
    }

    /// The model calls a tool; gives what it sees then.
    pub fn call(&mut self, tool: &str, arguments: &Value) -> Told {
        self.answer(&json!({"call": tool, "arguments": arguments}));
        self.told()
    }

    /// The model says that it is done, and the agent ends as its framework ends agents.
    pub fn done(mut self) {
        self.answer(&json!({"say": "done"}));
        assert_eq!(self.line(), json!({"ended": "done"}));
        assert!(self.child.wait().unwrap().success());
    }

    fn told(&mut self) -> Told {
        let line = self.line();
        let text = line["told"].as_str().unwrap_or_else(|| panic!("no turn of the model: {line}"));
        Told { text: text.to_owned(), error: line["error"].as_bool() }
    }

    fn answer(&mut self, answer: &Value) {
        writeln!(self.input, "{answer}").unwrap();
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the agent broke down: `{line}`"))
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/frameworks").join(name)
}
