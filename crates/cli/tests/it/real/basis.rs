//! What an action rests on: which changes refuse it, and which do not.

use std::fs::{File, FileTimes};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::rig::{Rig, refused, worked};
use crate::client::Client;

/// The agent tries `tool`; it must be refused for a changed fact, and leave the file as it is.
#[track_caller]
fn refuses(rig: &Rig, agent: &mut Client, tool: &str, arguments: serde_json::Value) {
    let before = (rig.text("plan.md"), rig.effects());
    refused(&agent.call(tool, arguments), &["fact-changed"]);
    assert_eq!((rig.text("plan.md"), rig.effects()), before);
}

#[test]
fn the_same_path_spelt_otherwise_is_the_same_file() {
    let rig = Rig::new();
    let mut agent = rig.agent();
    std::fs::create_dir(rig.path("sub")).unwrap();
    let folder = rig.folder().to_str().unwrap().to_owned();
    let absolute = format!("{folder}/plan.md");
    for (read, edit) in [
        (absolute.clone(), format!("{folder}/./plan.md")),
        (format!("{folder}//plan.md"), absolute.clone()),
        (format!("{folder}/sub/../plan.md"), format!("/.{folder}///plan.md")),
        ("plan.md".to_owned(), "./plan.md".to_owned()),
    ] {
        rig.put("plan.md", "open");
        let edit = |old: &str, new: &str| json!({"path": edit, "edits": [{"oldText": old, "newText": new}]});
        worked(&agent.call("read_text_file", json!({"path": read})));
        rig.put("plan.md", "open, by somebody else");
        refuses(&rig, &mut agent, "edit_file", edit("open", "done"));
        worked(&agent.call("read_text_file", json!({"path": read})));
        worked(&agent.call("edit_file", edit("open", "done")));
        assert_eq!(rig.text("plan.md").as_deref(), Some("done, by somebody else"));
    }
    rig.mediated();
}

#[test]
fn a_file_deleted_meanwhile_is_a_change() {
    let rig = Rig::new();
    let mut agent = rig.agent();
    for tool in ["edit_file", "write_file", "move_file"] {
        rig.put("plan.md", "open");
        worked(&agent.call("read_text_file", rig.only("plan.md")));
        std::fs::remove_file(rig.path("plan.md")).unwrap();
        let arguments = match tool {
            "edit_file" => rig.edit("plan.md", "open", "done"),
            "write_file" => rig.whole("plan.md", "done"),
            _ => json!({"source": rig.path("plan.md"), "destination": rig.path("moved.md")}),
        };
        refuses(&rig, &mut agent, tool, arguments);
        // What the agent reads next, an error, is what is true now: on that it may write.
        assert_eq!(agent.call("read_text_file", rig.only("plan.md"))["isError"], true);
        worked(&agent.call("write_file", rig.whole("plan.md", tool)));
        assert_eq!(rig.text("plan.md").as_deref(), Some(tool));
    }
    rig.mediated();
}

#[test]
fn absence_is_a_fact_a_file_made_by_somebody_else_is_not_overwritten() {
    let rig = Rig::new();
    let mut agent = rig.agent();
    assert_eq!(agent.call("read_text_file", rig.only("plan.md"))["isError"], true);
    rig.put("plan.md", "somebody else's");
    refuses(&rig, &mut agent, "write_file", rig.whole("plan.md", "mine"));
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("write_file", rig.whole("plan.md", "ours")));
    rig.mediated();
}

#[test]
fn absence_that_lasts_refuses_nothing() {
    let rig = Rig::new();
    let mut agent = rig.agent();
    assert_eq!(agent.call("read_text_file", rig.only("plan.md"))["isError"], true);
    assert_eq!(agent.call("get_file_info", rig.only("plan.md"))["isError"], true);
    worked(&agent.call("write_file", rig.whole("plan.md", "one")));
    worked(&agent.call("write_file", rig.whole("plan.md", "two")));
    assert_eq!(rig.text("plan.md").as_deref(), Some("two"));
    let receipts = rig.mediated();
    let compared: Vec<_> =
        receipts.iter().map(|receipt| receipt.armed.as_ref().unwrap()["compared"].clone()).collect();
    assert_eq!(compared, [json!(2), json!(2)]);
}

#[test]
fn changes_the_action_does_not_depend_on_refuse_nothing() {
    let text: String = (1..=20).map(|line| format!("line {line}\n")).collect();
    let rig = Rig::with("plan.md", &text);
    rig.put("other.md", "as it was");
    let mut agent = rig.agent();
    worked(&agent.call("read_text_file", json!({"path": rig.path("plan.md"), "head": 3})));
    worked(&agent.call("read_text_file", rig.only("other.md")));
    worked(&agent.call("list_directory", rig.only("")));
    worked(&agent.call("directory_tree", rig.only("")));
    worked(&agent.call("read_multiple_files", json!({"paths": [rig.path("plan.md"), rig.path("other.md")]})));
    worked(&agent.call("search_files", json!({"path": rig.path(""), "pattern": "plan*"})));
    // Another file, the folder's listing, and a part of this file that was not read.
    rig.put("other.md", "somebody else's");
    rig.put("new.md", "somebody else's");
    rig.put("plan.md", &text.replace("line 20", "the last line"));
    worked(&agent.call("edit_file", rig.edit("plan.md", "line 2\n", "line two\n")));
    assert!(
        rig.text("plan.md").unwrap().contains("line two\n")
            && rig.text("plan.md").unwrap().contains("last line")
    );
    // What it does depend on still does.
    rig.put("plan.md", &text);
    refuses(&rig, &mut agent, "edit_file", rig.edit("plan.md", "line 3\n", "line three\n"));
    rig.mediated();
}

#[test]
fn own_effects_are_not_drift() {
    let rig = Rig::with("plan.md", "one two three");
    let mut agent = rig.agent();
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("edit_file", rig.edit("plan.md", "one", "1")));
    worked(&agent.call("edit_file", rig.edit("plan.md", "two", "2")));
    worked(&agent.call("write_file", rig.whole("plan.md", "1 2 3")));
    // Somebody else's change after them is.
    rig.put("plan.md", "one 2 3");
    refuses(&rig, &mut agent, "write_file", rig.whole("plan.md", "1 2 3 4"));
    let receipts = rig.mediated();
    let rebased = |at: usize| receipts[at].armed.as_ref().unwrap()["basis"][0]["rebased_ms"].is_u64();
    assert_eq!(
        [0, 1, 2, 3].map(rebased),
        [false, true, true, true],
        "receipts say which basis nobody was shown"
    );
}

#[test]
fn the_time_of_access_moves_by_itself_and_refuses_nothing() {
    let rig = Rig::with("plan.md", "open");
    let long_ago = |days: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400);
    let set = |times: FileTimes| {
        File::options().write(true).open(rig.path("plan.md")).unwrap().set_times(times).unwrap()
    };
    set(FileTimes::new().set_accessed(long_ago(10_000)).set_modified(long_ago(10_000)));
    let mut agent = rig.agent();
    let info = agent.call("get_file_info", rig.only("plan.md"));
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    set(FileTimes::new().set_accessed(long_ago(10_001)));
    assert_ne!(
        agent.call("get_file_info", json!({"path": rig.path("./plan.md")})),
        info,
        "the server shows it"
    );
    set(FileTimes::new().set_accessed(long_ago(10_002)));
    worked(&agent.call("edit_file", rig.edit("plan.md", "open", "done")));
    // The time of modification does not: the agent was told when, and it was somebody else.
    set(FileTimes::new().set_modified(long_ago(10_003)));
    refuses(&rig, &mut agent, "edit_file", rig.edit("plan.md", "done", "open"));
    rig.mediated();
}

#[test]
fn a_blind_write_runs_and_says_that_it_was_blind() {
    let rig = Rig::with("plan.md", "never read");
    let mut agent = rig.agent();
    worked(&agent.call("write_file", rig.whole("plan.md", "blind")));
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("write_file", rig.whole("plan.md", "seen")));
    let receipts = rig.mediated();
    let blind: Vec<_> =
        receipts.iter().map(|receipt| receipt.armed.as_ref().unwrap()["blind"].clone()).collect();
    assert_eq!(blind, [json!(true), json!(false)]);
    let lines: Vec<_> = rig.log().into_iter().filter(|line| line["kind"] == "outcome").collect();
    assert_eq!([&lines[0]["blind"], &lines[1]["blind"]], [&json!(true), &json!(false)]);
}

/// A reading is as old as the moment it was asked for, and the gap counts from there.
#[test]
fn the_gap_counts_from_the_moment_the_oldest_fact_was_asked_for() {
    const SLOW_NS: u64 = 80_000_000;
    let rig = Rig::with("plan.md", "open");
    let mut agent = rig.agent_with(&[], &[("WITNESS_SLOW_MS", "80")]);
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("edit_file", rig.edit("plan.md", "open", "done")));
    let receipts = rig.mediated();
    let ns = |name: &str| receipts[0].says[name].as_u64().unwrap();
    assert!(ns("gap_ns") >= ns("decide_ns") + SLOW_NS, "{receipts:?}");
    assert!(ns("tail_ns") >= SLOW_NS, "{receipts:?}");
}
