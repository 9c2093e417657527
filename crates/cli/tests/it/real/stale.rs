//! The first story: an agent reads a file, somebody else changes it, and the agent acts on what it read.

use serde_json::json;

use super::rig::{Rig, refused, text_of, worked};

#[test]
fn a_stale_edit_never_reaches_the_server_and_succeeds_after_reading_again() {
    let rig = Rig::with("plan.md", "Ship on Monday\n");
    let mut agent = rig.agent();
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    rig.put("plan.md", "Ship on Tuesday\n");

    let edit = |new: &str| rig.edit("plan.md", "Ship on", new);
    let answer = agent.call("edit_file", edit("Ship it on"));
    let first = refused(&answer, &["fact-changed"]);
    let blocks = answer["content"].as_array().unwrap();
    let sentence = blocks[0]["text"].as_str().unwrap();
    assert!(sentence.starts_with("Not run: `edit_file`") && !sentence.contains('\n'), "{sentence}");
    assert!(sentence.contains("`read_text_file`") && sentence.contains("plan.md"), "{sentence}");
    let diff = blocks[1]["text"].as_str().unwrap();
    assert!(diff.contains("-Ship on Monday\n+Ship on Tuesday"), "{diff}");

    // Showing a diff is not reading: the same again is refused again.
    let second = refused(&agent.call("edit_file", edit("Ship it on")), &["fact-changed"]);
    assert_eq!((rig.text("plan.md").as_deref(), rig.effects().len()), (Some("Ship on Tuesday\n"), 0));

    worked(&agent.call("read_text_file", rig.only("plan.md")));
    let answer = agent.call("edit_file", edit("Ship it on"));
    worked(&answer);
    assert_eq!(rig.text("plan.md").as_deref(), Some("Ship it on Tuesday\n"));

    assert!(agent.close().success());
    let receipts = rig.mediated();
    let third = answer["_meta"]["dev.lastlook/receipt"].as_str().unwrap();
    let ids: Vec<&str> = receipts.iter().map(|receipt| receipt.id.as_str()).collect();
    assert_eq!(ids, [first.as_str(), &second, third]);
    let verdicts: Vec<_> = receipts.iter().map(|receipt| receipt.says["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["deny", "deny", "allow"]);
    assert_eq!(receipts[0].says["reasons"], json!([{"code": "fact-changed", "about": "read_text_file"}]));
    ids.iter().for_each(|id| rig.cannot_be_forged(id));
    let class = &receipts[2].says["class"];
    assert_eq!(class, &json!({"is": "write", "by": "profile"}));
}

/// What was found to differ once stays outdated until the file is read again, even when the world comes back to it.
#[test]
fn after_a_refusal_the_old_reading_counts_no_more() {
    let rig = Rig::with("plan.md", "open");
    let mut agent = rig.agent();
    worked(&agent.call("read_text_file", rig.only("plan.md")));
    worked(&agent.call("get_file_info", rig.only("plan.md")));
    rig.put("plan.md", "open, by somebody else");
    refused(&agent.call("write_file", rig.whole("plan.md", "done")), &["fact-changed"]);
    rig.put("plan.md", "open");
    refused(&agent.call("write_file", rig.whole("plan.md", "done")), &["fact-changed"]);
    assert_eq!(rig.effects(), [""; 0]);
    // One new reading of the file, with whatever tool, takes the place of all the outdated ones.
    worked(&agent.call("read_file", rig.only("plan.md")));
    worked(&agent.call("write_file", rig.whole("plan.md", "done")));
    rig.mediated();
}

#[test]
fn what_a_refusal_shows_is_bounded() {
    let before: String = (0..1500).map(|line| format!("line {line} as it was\n")).collect();
    let rig = Rig::with("long.md", &before);
    let mut agent = rig.agent();
    worked(&agent.call("read_text_file", rig.only("long.md")));
    rig.put("long.md", &before.replace("as it was", "as it is"));
    let answer = agent.call("edit_file", rig.edit("long.md", "line 1 ", "line one "));
    refused(&answer, &["fact-changed"]);
    let shown = text_of(&answer);
    assert!(shown.contains("-line 0 as it was") && shown.len() < 3000, "{} bytes", shown.len());
    assert_eq!(rig.effects(), [""; 0]);
}
