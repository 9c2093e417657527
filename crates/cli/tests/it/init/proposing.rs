//! What a server's tools are taken for.

use serde_json::{Value, json};

use super::rig::Rig;
use crate::client::Client;
use crate::wrap::rig::mode;

#[test]
fn every_tool_gets_a_class_with_whose_word_it_is() {
    let rig = Rig::new();
    let said = rig.ok(&["--upstream-name", "specimen", "--output", "start.toml"], &rig.specimen(""));
    insta::assert_snapshot!("specimen_table", hidden(&rig, &said));
    let text = std::fs::read_to_string(rig.world.path("start.toml")).unwrap();
    insta::assert_snapshot!("specimen_file", hidden(&rig, &text));
}

#[test]
fn only_what_surely_reads_is_called_and_only_with_what_its_schema_offers() {
    let rig = Rig::new();
    rig.ok(&[], &rig.specimen(""));
    let mut called = rig.called();
    called.sort();
    let once = [
        "get_by_kind {\"kind\":\"a\",\"n\":3}",
        "get_error {}",
        "get_record {}",
        "get_status {}",
        "get_time {}",
    ];
    let twice: Vec<&str> = once.iter().flat_map(|call| [*call, *call]).collect();
    assert_eq!(called, twice);

    let rig = Rig::new();
    rig.ok(&["--no-calls"], &rig.specimen(""));
    assert_eq!(rig.called(), [""; 0]);
}

#[test]
fn the_file_lands_where_mcp_reads_it_and_stands_in_front_of_the_same_server() {
    let rig = Rig::new();
    let said = rig.ok(&[], &rig.notes());
    assert!(said.contains("try it: lastlook mcp --upstream notes\n"), "{said}");
    assert_eq!(mode(&rig.default_file()), 0o600);
    let mut client = Client::spawn(&mut rig.world.lastlook(&["mcp", "--upstream", "notes"]));
    client.initialize();
    rig.world.put("plan.md", "one\n");
    client.call("read_note", json!({"path": "plan.md"}));
    rig.world.put("plan.md", "two\n");
    let edit = json!({"path": "plan.md", "old_text": "two", "new_text": "2"});
    let refused = client.call("edit_note", edit);
    assert_eq!(refused["_meta"]["dev.lastlook/verdict"]["codes"], json!(["fact-changed"]), "{refused}");
    assert_eq!(rig.world.log(&[])[0]["class"], "write");
    assert!(client.close().success());
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force_and_kept() {
    let rig = Rig::new();
    rig.ok(&["--no-calls"], &rig.notes());
    let first = std::fs::read_to_string(rig.default_file()).unwrap();
    let said = rig.init(&["--upstream-name", "other"], &rig.specimen(""));
    said.fails(2, "already");
    assert!(!rig.log().exists(), "the server was started for nothing");
    assert_eq!(std::fs::read_to_string(rig.default_file()).unwrap(), first);
    let said = rig.ok(&["--upstream-name", "other", "--force", "--no-calls"], &rig.specimen(""));
    assert!(std::fs::read_to_string(rig.default_file()).unwrap().contains("[upstream.other]"));
    let backup = said.lines().find_map(|line| line.strip_prefix("the file as it was: ")).unwrap();
    assert_eq!(std::fs::read_to_string(backup).unwrap(), first);
}

#[test]
fn standard_output_gets_the_file_alone() {
    let rig = Rig::new();
    let text = rig.ok(&["--output", "-", "--no-calls"], &rig.notes());
    assert!(text.starts_with("# What the tools of") && !rig.default_file().exists());
    let whole: Value = serde_json::from_str(&rig.ok(&["--json", "--output", "-"], &rig.notes())).unwrap();
    assert_eq!(whole["profile"], "lastlook-notes");
    assert_eq!(whole["tools"].as_array().unwrap().len(), 5);
}

#[test]
fn paths_that_are_relative_here_mean_the_same_elsewhere() {
    let rig = Rig::new();
    let mut command = rig.notes();
    command[2] = "notes".to_owned();
    rig.ok(&["--no-calls"], &command);
    let text = std::fs::read_to_string(rig.default_file()).unwrap();
    let here = rig.world.temp.path().canonicalize().unwrap();
    assert!(text.contains(&format!("cwd = {}", json!(here))), "{text}");
    let mut elsewhere = rig.world.lastlook(&["mcp", "--upstream", "notes"]);
    let mut client = Client::spawn(elsewhere.current_dir("/"));
    client.initialize();
    rig.world.put("here.md", "");
    assert_eq!(client.call("list_notes", json!({}))["content"][0]["text"], "here.md");
}

#[test]
fn the_real_filesystem_server_is_known_by_its_profile() {
    let rig = Rig::new();
    let script = crate::real::tools::filesystem_server();
    let command = ["node", script.to_str().unwrap(), "notes"].map(str::to_owned);
    let said = rig.ok(&[], &command);
    assert!(said.contains("profile `filesystem`"), "{said}");
    let text = std::fs::read_to_string(rig.default_file()).unwrap();
    assert!(text.contains("[upstream.filesystem]") && text.contains("profile = \"filesystem\""), "{text}");
    assert_eq!(text.matches("[tool.\"filesystem.").count(), 14, "{text}");
    assert!(text.contains("[tool.\"filesystem.write_file\"]\nclass = \"write\""), "{text}");
    let mut client = Client::spawn(&mut rig.world.lastlook(&["mcp", "--upstream", "filesystem"]));
    client.initialize();
    rig.world.put("plan.md", "one\n");
    let read = client.call("read_text_file", json!({"path": rig.world.path("notes").join("plan.md")}));
    assert_eq!(read["content"][0]["text"], "one\n", "{read}");
}

/// The text without what differs from run to run.
fn hidden(rig: &Rig, text: &str) -> String {
    let folder = rig.world.temp.path().display().to_string();
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let text = text.replace(&folder, "FOLDER").replace(tests, "TESTS");
    let lines = text.lines().map(|line| match line.split_once("Written by `lastlook init` on ") {
        Some((before, _)) => format!("{before}Written by `lastlook init` on DATE."),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
