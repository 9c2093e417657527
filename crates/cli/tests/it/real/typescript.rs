//! The official TypeScript client at three servers nobody here wrote, in either era, straight and through the boundary.
//!
//! What no guard stops is the same; what one stops is refused with its code, and the world shows it.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::filled::filled;
use super::rig::{Rig, clean, refused, succeeded};
use super::tools;
use super::transcripts::taken_out;
use crate::client::Client;

/// The steps whose answer the boundary changes: a refusal with these codes, or none where the world differs since.
type Changed = &'static [(&'static str, &'static [&'static str])];

const SQLITE: Changed = &[
    ("no arguments", &["template-unfilled"]),
    ("no such tool", &["tool-unknown", "basis-missing"]),
    ("first again", &["once-done"]),
    ("one too many", &["limit-exceeded"]),
    ("left", &[]),
];
const TIME: Changed = &[
    ("convert before asking", &["step-missing"]),
    ("now once more", &["limit-exceeded"]),
    ("no such tool", &["tool-unknown", "basis-missing"]),
];
const MEMORY: Changed = &[
    ("never looked at", &["basis-missing"]),
    ("look at Ada", &[]),
    ("delete what moved", &["fact-changed"]),
    ("left", &[]),
];

#[test]
fn a_database_is_written_once_and_so_often_for_a_client_that_negotiates() {
    sqlite("auto");
}

#[test]
fn a_database_is_written_once_and_so_often_in_a_session_of_2025() {
    sqlite("legacy");
}

#[test]
fn reads_are_guarded_as_well_for_a_client_that_negotiates() {
    compare("time", "auto", "2026-07-28", TIME);
}

#[test]
fn reads_are_guarded_as_well_in_a_session_of_2025() {
    compare("time", "legacy", "2025-11-25", TIME);
}

#[test]
fn nothing_is_forgotten_that_moved_or_was_not_looked_at_for_a_client_that_negotiates() {
    memory("auto");
}

#[test]
fn nothing_is_forgotten_that_moved_or_was_not_looked_at_in_a_session_of_2025() {
    memory("legacy");
}

#[test]
fn before_its_time_nothing_is_written() {
    let rig = Rig::new();
    let config = configuration(&rig, "sqlite");
    let mut command = rig.command();
    command.args(["mcp", "--config", config.to_str().unwrap(), "--upstream", "later", "--state"]);
    let mut agent = Client::spawn(command.arg(rig.state()));
    agent.initialize();
    let table = json!({"query": "CREATE TABLE orders (id INTEGER)"});
    refused(&agent.call("create_table", table), &["too-early"]);
    assert_eq!(text(&agent.call("list_tables", json!({}))), "[]");
}

fn sqlite(era: &str) {
    let [plain, guarded] = compare("sqlite", era, "2025-11-25", SQLITE);
    let rows = |told: &Value| text(&step(told, "left")["answer"]);
    assert_eq!(rows(&plain).matches("'id': 1,").count(), 2, "without a boundary the retry counts twice");
    assert_eq!(
        rows(&guarded),
        "[{'id': 1, 'cents': 100}, {'id': 2, 'cents': 250}, {'id': 3, 'cents': 300}, {'id': 99, 'cents': 1}]"
    );
}

fn memory(era: &str) {
    let [plain, guarded] = compare("memory", era, "2025-11-25", MEMORY);
    let names = |told: &Value| -> Vec<String> {
        let left = &step(told, "left")["answer"]["structuredContent"]["entities"];
        left.as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&plain), ["Edsger"]);
    assert_eq!(names(&guarded), ["Grace", "Alan", "Edsger"]);
}

fn compare(work: &str, era: &str, version: &str, changed: Changed) -> [Value; 2] {
    let (direct, through) = (Rig::new(), Rig::new());
    let server: Vec<PathBuf> = match work {
        "sqlite" => vec![tools::sqlite_server(), "--db-path".into(), world(&direct)],
        "time" => vec![tools::python(), "-m".into(), "mcp_server_time".into()],
        _ => vec!["node".into(), tools::memory_server()],
    };
    let config = configuration(&through, work);
    let upstream = if work == "sqlite" {
        "db"
    } else if work == "time" {
        "clock"
    } else {
        work
    };
    let boundary: Vec<PathBuf> = [env!("CARGO_BIN_EXE_lastlook"), "mcp", "--upstream", upstream, "--config"]
        .into_iter()
        .map(PathBuf::from)
        .chain([config, "--state".into(), through.state()])
        .collect();
    let plain = drive(&direct, work, era, &server);
    let mut guarded = drive(&through, work, era, &boundary);
    let verdicts = guarded["steps"].clone();
    taken_out(&mut guarded);

    assert_eq!(plain["version"], version);
    for part in ["version", "server", "capabilities", "tools"] {
        assert_eq!(plain[part], guarded[part], "{part}");
    }
    let steps = |told: &Value| told["steps"].as_array().unwrap().clone();
    assert_eq!(steps(&plain).len(), steps(&guarded).len());
    let mut found = 0;
    for ((one, other), verdict) in
        steps(&plain).iter().zip(&steps(&guarded)).zip(verdicts.as_array().unwrap())
    {
        match changed.iter().find(|(name, _)| one["name"] == *name) {
            None => assert_eq!(one, other),
            Some((_, [])) => found += 1,
            Some((_, codes)) => {
                refused(&verdict["answer"], codes);
                found += 1;
            }
        }
    }
    assert_eq!(found, changed.len(), "a step is missing");
    through.lastlook_ok(&["verify"]);
    [plain, guarded]
}

fn configuration(rig: &Rig, work: &str) -> PathBuf {
    let (python, node) = (tools::python(), Path::new("node"));
    let (sqlite, memory, world) = (tools::sqlite_server(), tools::memory_server(), world(rig));
    let words: &[(&str, &Path)] = match work {
        "sqlite" => &[("PROGRAM", &sqlite), ("WORLD", &world)],
        "time" => &[("PROGRAM", &python)],
        _ => &[("PROGRAM", node), ("SCRIPT", &memory)],
    };
    filled(&format!("typescript/{work}.toml"), &rig.beside(""), words)
}

/// The file in which a server keeps its data.
fn world(rig: &Rig) -> PathBuf {
    rig.beside("world")
}

fn drive(rig: &Rig, work: &str, era: &str, server: &[PathBuf]) -> Value {
    let mut command = clean("node", &rig.beside("home"), &rig.beside("changes.jsonl"));
    command.env("LASTLOOK_TOOLS", tools::folder()).env("MEMORY_FILE_PATH", world(rig));
    command.arg(tools::here("typescript/drive.mjs")).args([work, era]).arg(world(rig)).arg("--").args(server);
    serde_json::from_slice(&succeeded(&format!("{command:?}"), command.output().unwrap())).unwrap()
}

fn step<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["steps"].as_array().unwrap().iter().find(|step| step["name"] == name).unwrap()
}

fn text(result: &Value) -> String {
    super::rig::text_of(result)
}
