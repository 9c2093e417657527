//! The scripted tasks of an airline's and a shop's service desk, which nobody here wrote, under a realistic
//! configuration: what was benign stays as it was, and what rests on a record that somebody moved is refused.
//!
//! The same tasks run straight at the server: there every such write runs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::filled::changed;
use super::rig::{Rig, clean, succeeded};
use super::tools;
use super::transcripts::taken_out;

/// The one scripted write that the server itself refuses and a guard refuses before it: an order that is not delivered.
const REFUSED_ANYWAY: &[(&str, &str)] = &[("64", "exchange_delivered_order_items")];

#[test]
fn every_scripted_action_of_the_airline_runs_as_without_a_boundary() {
    benign("airline", 142, &[]);
}

#[test]
fn every_scripted_action_of_the_shop_runs_as_without_a_boundary() {
    benign("retail", 550, REFUSED_ANYWAY);
}

#[test]
fn a_write_to_a_reservation_or_customer_that_moved_is_refused_and_no_other_is() {
    moved("airline", 49, &[]);
}

#[test]
fn a_write_to_an_order_or_customer_that_moved_is_refused_and_no_other_is() {
    moved("retail", 174, REFUSED_ANYWAY);
}

/// The tasks that write to one record twice without reading it in between, under the whole configuration: the first
/// write is confirmed, and what it left is what the second rests on.
#[test]
fn a_record_is_a_basis_after_an_own_write_whose_effect_showed() {
    const TWICE: &str = "22,64,71,72,78,96,97,101,102,103,104,109,111,112";
    let world = World::new("retail", |text| text);
    let [plain, guarded] = world.both("benign", &["--reads", "once", "--tasks", TWICE]);
    let mut refused = BTreeSet::new();
    for (task, plain, guarded) in steps(&plain, &guarded) {
        if compare(&task, &plain, &guarded) == Compared::Refused {
            refused.insert((task, plain["tool"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(refused, anyway(REFUSED_ANYWAY));
    assert_same_world(&plain, &guarded);
}

/// As scripted. Two thirds of the writes come without a read of what they write to, so this is the configuration of an
/// operator who allows that: without `unchanged`. The tracked readings still count.
fn benign(domain: &str, calls: usize, refused_anyway: &[(&str, &str)]) {
    let world = World::new(domain, |text| {
        text.lines().filter(|line| !line.starts_with("unchanged =")).map(|line| format!("{line}\n")).collect()
    });
    let [plain, guarded] = world.both("benign", &["--reads", "as-written"]);
    let mut refused = BTreeSet::new();
    let mut seen = 0;
    for (task, plain, guarded) in steps(&plain, &guarded) {
        seen += 1;
        if compare(&task, &plain, &guarded) == Compared::Refused {
            refused.insert((task, plain["tool"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(seen, calls);
    assert_eq!(refused, anyway(refused_anyway));
    assert_same_world(&plain, &guarded);
}

/// With the reads that the domain's own policy asks for, somebody else at work, and the whole configuration.
fn moved(domain: &str, writes: usize, refused_anyway: &[(&str, &str)]) {
    let world = World::new(domain, |text| text);
    let [plain, guarded] = world.both("moved", &["--reads", "each"]);
    let (mut refused, mut stopped, mut passed) = (BTreeSet::new(), 0, 0);
    for (task, plain, guarded) in steps(&plain, &guarded) {
        let tool = plain["tool"].as_str().unwrap().to_owned();
        if plain["moved"] == "this record" && plain["ran"] == 1 {
            // Without a boundary it runs on what is not so any more.
            assert_eq!(plain["changed"], json!(true), "task {task}: {plain}");
            let codes = codes(&guarded);
            assert!(codes.contains(&"fact-changed"), "task {task}: {guarded}");
            assert_eq!(
                (&guarded["ran"], &guarded["changed"]),
                (&json!(0), &json!(false)),
                "task {task}: {guarded}"
            );
            stopped += 1;
        } else if plain["moved"] == "this record" {
            assert_eq!(guarded["ran"], 0, "task {task}: {guarded}");
        } else {
            passed += usize::from(plain["moved"] == "other records" && plain["ran"] == 1);
            if compare(&task, &plain, &guarded) == Compared::Refused {
                refused.insert((task, tool));
            }
        }
    }
    assert_eq!((stopped, passed), (writes, writes));
    assert_eq!(refused, anyway(refused_anyway));
    assert_same_world(&plain, &guarded);
}

#[derive(PartialEq)]
enum Compared {
    Same,
    Refused,
}

/// The same answer, or a refusal of what the server itself answered with an error.
fn compare(task: &str, plain: &Value, guarded: &Value) -> Compared {
    if plain["answer"]["isError"] == json!(true) && !codes(guarded).is_empty() {
        assert_eq!(codes(guarded), ["condition-false"], "task {task}: {guarded}");
        return Compared::Refused;
    }
    let mut guarded = guarded.clone();
    taken_out(&mut guarded);
    assert_eq!(plain, &guarded, "task {task}");
    Compared::Same
}

fn codes(step: &Value) -> Vec<&str> {
    let codes = step["answer"]["_meta"]["dev.lastlook/verdict"]["codes"].as_array();
    let mut codes: Vec<&str> = codes.into_iter().flatten().filter_map(Value::as_str).collect();
    codes.dedup();
    codes
}

fn anyway(list: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    list.iter().map(|(task, tool)| ((*task).to_owned(), (*tool).to_owned())).collect()
}

/// Every step of every task, side by side.
fn steps(plain: &Value, guarded: &Value) -> Vec<(String, Value, Value)> {
    let tasks = |told: &Value| told.as_array().unwrap().clone();
    let (plain, guarded) = (tasks(plain), tasks(guarded));
    assert_eq!(plain.len(), guarded.len());
    let mut all = Vec::new();
    for (plain, guarded) in plain.iter().zip(&guarded) {
        assert_eq!(plain["task"], guarded["task"]);
        let (one, other) = (plain["steps"].as_array().unwrap(), guarded["steps"].as_array().unwrap());
        assert_eq!(one.len(), other.len(), "task {}", plain["task"]);
        let name = plain["task"].as_str().unwrap();
        all.extend(one.iter().zip(other).map(|(one, other)| (name.to_owned(), one.clone(), other.clone())));
    }
    all
}

/// What the tasks left in the server's data, and nothing else.
fn assert_same_world(plain: &Value, guarded: &Value) {
    for (plain, guarded) in plain.as_array().unwrap().iter().zip(guarded.as_array().unwrap()) {
        assert_eq!(plain["left"], guarded["left"], "task {}", plain["task"]);
    }
}

/// A domain with its configuration and a folder for the states of its boundaries, one for each task.
struct World {
    rig: Rig,
    domain: String,
    config: PathBuf,
}

impl World {
    fn new(domain: &str, change: impl Fn(String) -> String) -> World {
        let rig = Rig::new();
        let words = [("PYTHON", &*tools::python()), ("WORLD", &*tools::here("tau2/world.py"))];
        let config = changed(&format!("tau2/{domain}.toml"), &rig.beside(""), &words, change);
        World { rig, domain: domain.to_owned(), config }
    }

    /// What the client was told without and with a boundary.
    fn both(&self, story: &str, options: &[&str]) -> [Value; 2] {
        let (python, world) = (tools::python(), tools::here("tau2/world.py"));
        let plain = [python.to_str().unwrap(), world.to_str().unwrap(), &self.domain];
        let state = self.rig.beside("state-{task}");
        let guarded = [
            env!("CARGO_BIN_EXE_lastlook"),
            "mcp",
            "--config",
            self.config.to_str().unwrap(),
            "--upstream",
            &self.domain,
            "--state",
            state.to_str().unwrap(),
        ];
        [self.replay(story, options, &plain), self.replay(story, options, &guarded)]
    }

    fn replay(&self, story: &str, options: &[&str], server: &[&str]) -> Value {
        let mut command = clean(tools::python(), &self.rig.beside("home"), &self.rig.beside("changes.jsonl"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(tools::here("tau2/replay.py"));
        command.args([&self.domain, story]).args(options).arg("--").args(server);
        serde_json::from_slice(&succeeded(&format!("{command:?}"), command.output().unwrap())).unwrap()
    }
}
