//! The notes server against its promises: no way out of the folder, whole effects, right hints, both lifecycles.

use std::path::Path;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use super::folder::{Folder, NoteError, NotePath};
use super::server::{NotesServer, Pace, serve_on};
use super::{effects, read_effects};

fn path(text: &str) -> NotePath {
    NotePath::parse(text).unwrap()
}

#[test]
fn a_path_that_could_leave_the_folder_is_refused() {
    for text in ["", "/", "/etc/passwd", "..", "a/../../b", "a/..", ".", "./", ".hidden", "a/.b/c", "a\0b"] {
        assert!(NotePath::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn spellings_of_one_path_are_one_path() {
    for text in ["a/b.md", "./a/b.md", "a//b.md", "a/./b.md"] {
        assert_eq!(path(text).to_string(), "a/b.md");
    }
}

#[test]
fn a_symbolic_link_is_never_followed() {
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::fs::write(outside.path().join("secret.md"), "secret").unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.md"), inside.path().join("file.md")).unwrap();
    std::os::unix::fs::symlink(outside.path(), inside.path().join("way")).unwrap();
    let folder = Folder::open(inside.path()).unwrap();

    assert!(matches!(folder.read(&path("file.md")), Err(NoteError::Path { .. })));
    assert!(matches!(folder.read(&path("way/secret.md")), Err(NoteError::Path { .. })));
    assert!(matches!(folder.write(&path("way/new.md"), "x"), Err(NoteError::Path { .. })));
    assert!(matches!(folder.delete(&path("way/secret.md")), Err(NoteError::Path { .. })));
    assert_eq!(folder.list().unwrap(), Vec::<String>::new());

    // Writing over a link replaces the link, not what it points at.
    folder.write(&path("file.md"), "mine").unwrap();
    assert_eq!(std::fs::read_to_string(outside.path().join("secret.md")).unwrap(), "secret");
    assert_eq!(folder.read(&path("file.md")).unwrap(), "mine");
}

#[test]
fn an_edit_needs_a_folder_and_exactly_one_occurrence() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    assert!(matches!(folder.write(&path("2026/plan.md"), "one"), Err(NoteError::Missing(_))));
    std::fs::create_dir(dir.path().join("2026")).unwrap();
    folder.write(&path("2026/plan.md"), "one two two").unwrap();
    for (old, times) in [("three", 0), ("two", 2), ("", 0)] {
        let refused = folder.edit(&path("2026/plan.md"), old, "x");
        assert!(matches!(refused, Err(NoteError::Occurrences { found, .. }) if found == times), "{old:?}");
    }
    folder.edit(&path("2026/plan.md"), "one", "1").unwrap();
    assert_eq!(folder.read(&path("2026/plan.md")).unwrap(), "1 two two");
    assert_eq!(folder.list().unwrap(), ["2026/plan.md"]);
    folder.delete(&path("2026/plan.md")).unwrap();
    assert!(matches!(folder.read(&path("2026/plan.md")), Err(NoteError::Missing(_))));
}

#[test]
fn a_note_over_the_limit_is_refused_both_ways() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::open(dir.path()).unwrap();
    let large = "x".repeat(super::folder::MAX_NOTE_BYTES + 1);
    assert!(matches!(folder.write(&path("a.md"), &large), Err(NoteError::TooLarge(_))));
    std::fs::write(dir.path().join("b.md"), large).unwrap();
    assert!(matches!(folder.read(&path("b.md")), Err(NoteError::TooLarge(_))));
}

/// Sends each line and returns the answer to each, by a server over `dir` that logs to `dir/.effects.jsonl`.
fn talk(dir: &Path, requests: &[Value]) -> Vec<Value> {
    let log = effects::EffectLog::open(&dir.join(".effects.jsonl")).unwrap();
    let notes = NotesServer::new(Folder::open(dir).unwrap(), Some(log), None, Pace::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (near, far) = tokio::io::duplex(1 << 16);
        let serving = tokio::spawn(serve_on(notes, tokio::io::split(far)));
        let (read, mut write) = tokio::io::split(near);
        let mut lines = BufReader::new(read).lines();
        let mut answers = Vec::new();
        for request in requests {
            write.write_all(format!("{request}\n").as_bytes()).await.unwrap();
            if request.get("id").is_some() {
                answers.push(serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap());
            }
        }
        write.shutdown().await.unwrap();
        drop((write, lines));
        serving.await.unwrap().unwrap();
        answers
    })
}

fn initialize(version: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "0"}}})
}

fn stateless(id: u64, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {}});
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

#[test]
fn hints_say_which_tools_only_read() {
    let dir = tempfile::tempdir().unwrap();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"});
    let answers = talk(dir.path(), &[initialize("2025-11-25"), list]);
    let mut hints: Vec<(String, Value, Value)> = answers[1]["result"]["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| {
            let hints = &tool["annotations"];
            let name = tool["name"].as_str().unwrap().to_owned();
            (name, hints["readOnlyHint"].clone(), hints["destructiveHint"].clone())
        })
        .collect();
    hints.sort_by(|a, b| a.0.cmp(&b.0));
    let effect = |name: &str| (name.to_owned(), json!(false), json!(true));
    let read = |name: &str| (name.to_owned(), json!(true), Value::Null);
    let expected = [
        effect("delete_note"),
        effect("edit_note"),
        read("list_notes"),
        read("read_note"),
        effect("write_note"),
    ];
    assert_eq!(hints, expected);
}

#[test]
fn a_session_that_opens_with_initialize_gets_the_older_shape() {
    let dir = tempfile::tempdir().unwrap();
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "write_note", "arguments": {"path": "a.md", "content": "x"}}});
    for (asked, agreed) in
        [("2025-11-25", "2025-11-25"), ("2024-11-05", "2024-11-05"), ("2026-07-28", "2025-11-25")]
    {
        let answers = talk(dir.path(), &[initialize(asked), call.clone()]);
        assert_eq!(answers[0]["result"]["protocolVersion"], agreed);
        assert_eq!(answers[1]["result"]["isError"], false);
        assert_eq!(answers[1]["result"].get("resultType"), None);
    }
    let logged = read_effects(&dir.path().join(".effects.jsonl")).unwrap();
    assert_eq!(
        logged.iter().map(|e| (e.tool.as_str(), e.path.as_str())).collect::<Vec<_>>(),
        [("write_note", "a.md"); 3]
    );
}

#[test]
fn requests_that_carry_their_own_version_get_the_newer_shape() {
    let dir = tempfile::tempdir().unwrap();
    let call = json!({"name": "write_note", "arguments": {"path": "../a.md", "content": "x"}});
    let answers =
        talk(dir.path(), &[stateless(0, "server/discover", json!({})), stateless(1, "tools/call", call)]);
    assert!(answers[0]["result"]["supportedVersions"].as_array().unwrap().contains(&json!("2026-07-28")));
    assert_eq!(answers[1]["result"]["resultType"], "complete");
    assert_eq!(answers[1]["result"]["isError"], true);
    assert_eq!(read_effects(&dir.path().join(".effects.jsonl")).unwrap(), []);
}
