//! The official Python client does one long piece of work in either era, directly and through the boundary.
//!
//! I31: what it is told is the same, apart from the receipt in `_meta`; so is what is left on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use super::rig::{Rig, clean, succeeded};
use super::tools;

const RECEIPT: &str = "dev.lastlook/receipt";

#[test]
fn the_filesystem_server_works_as_without_it_for_a_client_that_negotiates() {
    compare("modern", "files", "2025-11-25");
}

#[test]
fn the_filesystem_server_works_as_without_it_in_a_session_of_2025() {
    compare("session", "files", "2025-11-25");
}

#[test]
fn the_git_server_works_as_without_it_for_a_client_that_negotiates() {
    compare("modern", "git", "2026-07-28");
}

#[test]
fn the_git_server_works_as_without_it_in_a_session_of_2025() {
    compare("session", "git", "2025-11-25");
}

fn compare(era: &str, work: &str, version: &str) {
    let (direct, through) = (Rig::new(), Rig::new());
    let mut boundary = vec![env!("CARGO_BIN_EXE_lastlook"), "mcp", "--state"];
    let state = through.state();
    boundary.extend([state.to_str().unwrap(), "--"]);

    let plain = transcript(&direct, era, work, &[]);
    let mut guarded = transcript(&through, era, work, &boundary);
    let receipts = taken_out(&mut guarded);

    assert_eq!(plain["version"], version);
    for part in ["version", "server", "heard"] {
        assert_eq!(plain[part], guarded[part], "{part}");
    }
    let steps = |transcript: &Value| transcript["steps"].as_array().unwrap().clone();
    assert!(steps(&plain).len() > 80, "the work was not done");
    for (plain, guarded) in steps(&plain).iter().zip(&steps(&guarded)) {
        assert_eq!(plain, guarded);
    }
    assert_eq!(steps(&plain).len(), steps(&guarded).len());
    assert_eq!(files_in(&direct.folder()), files_in(&through.folder()));
    on_record(&through, &receipts);
}

/// Every effect's answer names its receipt, each a different one; there are no others, and nothing was refused.
fn on_record(rig: &Rig, receipts: &[String]) {
    rig.lastlook_ok(&["verify"]);
    let lines = rig.log();
    let kinds: BTreeSet<&str> = lines.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert!(!kinds.contains("refused"), "{lines:#?}");
    let ended =
        lines.iter().filter(|line| line["kind"] == "outcome").map(|line| line["receipt"].as_str().unwrap());
    let mut ended: Vec<&str> = ended.collect();
    let mut named: Vec<&str> = receipts.iter().map(String::as_str).collect();
    ended.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, ended);
    assert!(named.len() > 10 && named.windows(2).all(|two| two[0] != two[1]));
}

fn transcript(rig: &Rig, era: &str, work: &str, boundary: &[&str]) -> Value {
    let python = tools::python();
    let server = tools::filesystem_server();
    let (python, server, folder) = (python.to_str().unwrap(), server.to_str().unwrap(), rig.folder());
    let server: &[&str] = match work {
        "files" => &["node", server],
        _ => &[python, "-m", "mcp_server_git", "--repository"],
    };
    let mut command: Command = clean(python, &rig.beside("home"), &rig.beside("changes.jsonl"));
    for (name, value) in [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")] {
        command.env(name, value);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Ada").env(format!("GIT_{who}_EMAIL"), "ada@example.org");
        // The same moment in every run, so that the same commits have the same hashes.
        command.env(format!("GIT_{who}_DATE"), "981173106 +0000");
    }
    // The interpreter must leave nothing beside the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg(tools::here("transcript.py")).args([era, work]).arg(&folder).arg("--");
    command.args(boundary).args(server).arg(&folder);
    let printed = succeeded(&format!("{command:?}"), command.output().unwrap());
    serde_json::from_slice(&printed).unwrap()
}

/// Takes the receipts out of the answers' `_meta`, and `_meta` where nothing else was in it.
pub fn taken_out(value: &mut Value) -> Vec<String> {
    let mut receipts = Vec::new();
    if let Some(members) = value.as_object_mut() {
        if let Some(meta) = members.get_mut("_meta").and_then(Value::as_object_mut) {
            receipts.extend(meta.remove(RECEIPT).map(|id| id.as_str().unwrap().to_owned()));
            if meta.is_empty() && !receipts.is_empty() {
                members.remove("_meta");
            }
        }
        receipts.extend(members.values_mut().flat_map(taken_out));
    } else if let Some(items) = value.as_array_mut() {
        receipts.extend(items.iter_mut().flat_map(taken_out));
    }
    receipts
}

/// Every file below a folder with its content. Git's own files hold times; what they say is in the transcript.
fn files_in(folder: &Path) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if name == ".git" {
            continue;
        }
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            found.insert(format!("{name}/"), Value::Null);
            found.extend(files_in(&path).into_iter().map(|(below, text)| (format!("{name}/{below}"), text)));
        } else if !kind.is_symlink() {
            found.insert(name, json!(std::fs::read(&path).unwrap()));
        }
    }
    found
}
