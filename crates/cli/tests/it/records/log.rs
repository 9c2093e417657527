//! `lastlook log`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::sync::mpsc::channel;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::rig::{Said, World, edit, lines, receipt, until};
use crate::client::{Client, PATIENCE};

/// The columns of a line, where two spaces part them.
fn columns(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|column| !column.is_empty()).collect()
}

#[test]
fn every_attempt_has_a_line_with_all_members() {
    let world = World::new();
    let mut client = world.client();
    let edited = world.edited(&mut client, "a.md");
    let refused = world.refused(&mut client, "b.md");
    let blind = receipt(&client.call("write_note", json!({"path": "c.md", "content": "x"})));
    let log = world.log(&[]);

    let told: Vec<_> =
        log.iter().map(|line| (line["receipt"].as_str().unwrap(), &line["kind"], &line["verdict"])).collect();
    let expected = [
        (edited.as_str(), &json!("outcome"), &json!("allow")),
        (&refused, &json!("refused"), &json!("deny")),
        (&blind, &json!("outcome"), &json!("allow")),
    ];
    assert_eq!(told, expected);
    let members = [
        "receipt",
        "time",
        "kind",
        "tool",
        "verdict",
        "codes",
        "outcome",
        "confirmation",
        "closure",
        "gap_ns",
        "decide_ns",
        "mode",
        "upstream",
        "principal",
        "class",
        "evidence",
        "blind",
        "origin",
        "index",
    ];
    for line in &log {
        for member in members {
            assert!(line.get(member).is_some(), "{member} is missing: {line}");
        }
    }
    let [first, second, third] = log.as_slice() else { panic!("{log:?}") };
    assert!(
        first["gap_ns"].as_u64() >= first["decide_ns"].as_u64() && first["decide_ns"].is_u64(),
        "{first}"
    );
    let is = |line: &Value, member: &str, value: Value| assert_eq!(line[member], value, "{member}: {line}");
    is(first, "outcome", json!("succeeded"));
    is(first, "confirmation", json!("unconfirmed"));
    is(first, "closure", json!("adjacent"));
    is(first, "evidence", json!("answer"));
    is(first, "mode", json!("enforce"));
    is(first, "class", json!("write"));
    is(first, "blind", json!(false));
    is(second, "codes", json!(["fact-changed"]));
    is(second, "outcome", Value::Null);
    is(third, "blind", json!(true));
}

#[test]
fn the_table_is_aligned_and_its_ids_are_found_again() {
    let world = World::new();
    let mut client = world.client();
    let edited = world.edited(&mut client, "a.md");
    let refused = world.refused(&mut client, "b.md");
    client.call("write_note", json!({"path": "c.md", "content": "x"}));
    let text = world.ok(&["log"]);
    let rows: Vec<Vec<&str>> = text.lines().map(columns).collect();
    assert_eq!(rows[0], ["time", "receipt", "tool", "verdict", "outcome", "gap", "codes"]);
    assert_eq!((rows[1][2], rows[1][3], rows[1][4]), ("edit_note", "allow", "succeeded"));
    assert_eq!(&rows[2][2..], ["edit_note", "deny", "not sent", "-", "fact-changed"]);
    assert_eq!((rows[3][4], rows[3][6]), ("succeeded", "(blind)"));
    let starts = |title: &str| text.lines().next().unwrap().find(title).unwrap();
    for line in text.lines() {
        for title in ["receipt", "tool", "verdict", "outcome"] {
            let at = starts(title);
            assert!(line[..at].ends_with("  ") && !line[at..].starts_with(' '), "{title}: {line}");
        }
    }
    for (row, id) in [(1, &edited), (2, &refused)] {
        assert!(rows[row][1].len() >= 8 && id.starts_with(rows[row][1]));
        assert!(world.ok(&["show", rows[row][1]]).contains(id.as_str()));
    }
}

#[test]
fn a_settled_outcome_keeps_both_its_lines() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut dies = world.boundary(&[]);
    dies.env("LASTLOOK_CRASH_AT", "before:send");
    let mut client = Client::spawn(&mut dies);
    client.initialize();
    client.call("read_note", json!({"path": "a.md"}));
    client.ask("edit_note", edit("a.md", "old", "new"));
    client.wait();
    // A dead writer proves nothing; once its server is gone and the note is as it was, it did not happen.
    let mut client = world.client();
    client.call("read_note", json!({"path": "a.md"}));
    world.log_until(|line| line["outcome"] == "failed");

    let log = world.log(&[]);
    let told: Vec<_> =
        log.iter().map(|line| (&line["outcome"], &line["settled"], &line["evidence"])).collect();
    let id = log[0]["receipt"].as_str().unwrap();
    let both = [
        (&json!("unknown"), &json!("failed"), &json!("writer-died")),
        (&json!("failed"), &Value::Null, &json!("readings-unchanged")),
    ];
    assert_eq!(told, both);
    assert!(log.iter().all(|line| line["receipt"] == id && line["class"] == "write"), "{log:?}");
    let text = world.ok(&["log"]);
    assert!(text.contains("unknown → failed"), "{text}");
    assert_eq!(world.log(&["--outcome", "unknown"]), [] as [Value; 0]);
    // The second entry has no values of its own, and hides none.
    assert!(!world.ok(&["show", id]).contains("[pruned]"));
}

#[test]
fn an_attempt_under_way_is_shown_as_armed() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut slow = world.boundary(&[]);
    slow.env("DEMO_NOTES_SLOW_BEFORE_MS", "600000");
    let mut client = world.client_of(slow);
    client.call("read_note", json!({"path": "a.md"}));
    client.ask("edit_note", edit("a.md", "old", "new"));
    let line = world.log_until(|line| line["kind"] == "armed");
    assert_eq!(
        (&line["outcome"], &line["verdict"], &line["blind"]),
        (&Value::Null, &Value::Null, &json!(false))
    );
    assert!(world.ok(&["log"]).contains("under way"));
    assert_eq!(world.run(&["verify"]).code, 0);
    client.kill();
}

#[test]
fn audit_mode_tells_what_would_have_been_refused() {
    let world = World::new();
    let mut client = world.client_of(world.boundary(&["--audit"]));
    world.edited(&mut client, "a.md");
    world.put("b.md", "one\n");
    client.call("read_note", json!({"path": "b.md"}));
    world.put("b.md", "one two\n");
    let id = receipt(&client.call("edit_note", edit("b.md", "one", "1")));
    let log = world.log(&["--would-deny"]);
    let [line] = log.as_slice() else { panic!("{log:?}") };
    assert_eq!(
        (&line["receipt"], &line["verdict"], &line["outcome"]),
        (&json!(id), &json!("deny"), &json!("succeeded"))
    );
    assert_eq!((&line["mode"], &line["codes"]), (&json!("audit"), &json!(["fact-changed"])));
    let text = world.ok(&["log", "--would-deny"]);
    assert!(text.contains("would deny") && text.lines().count() == 2, "{text}");
    assert!(world.ok(&["show", &id]).contains("would have been deny: fact-changed (read_note)"));
}

#[test]
fn lines_can_be_chosen() {
    let world = World::new();
    let mut client = world.client();
    for note in ["a.md", "b.md", "c.md"] {
        world.edited(&mut client, note);
    }
    let last = receipt(&client.call("write_note", json!({"path": "d.md", "content": "x"})));
    let all = world.log(&[]);
    assert_eq!(all.len(), 4);
    assert_eq!(world.log(&["--limit", "2"]), all[2..]);
    assert_eq!(world.log(&["--limit", "0"]), [] as [Value; 0]);
    assert_eq!(world.log(&["--tool", "edit_note"]), all[..3]);
    let chosen = world.log(&["--tool", "write_note", "--outcome", "succeeded"]);
    assert_eq!(chosen.iter().map(|line| &line["receipt"]).collect::<Vec<_>>(), [&json!(last)]);
    world.run(&["log", "--outcome", "maybe"]).fails(2, "invalid value 'maybe'");
}

#[test]
fn several_logs_are_one_story_in_the_order_of_time() {
    let world = World::new();
    let (mut ada, mut bob) = (world.client(), world.client());
    let mut expected = Vec::new();
    for note in ["a.md", "b.md", "c.md"] {
        expected.push(world.edited(&mut ada, note));
        expected.push(world.refused(&mut bob, note));
    }
    let log = world.log(&[]);
    let ids: Vec<&str> = log.iter().map(|line| line["receipt"].as_str().unwrap()).collect();
    assert_eq!(ids, expected);
    let origins: std::collections::BTreeSet<_> =
        log.iter().map(|line| line["origin"].as_str().unwrap()).collect();
    assert_eq!(origins.len(), 2);
    assert_eq!(world.log(&["--limit", "3"]), log[3..]);
}

#[test]
fn following_goes_on_until_interrupted() {
    let world = World::new();
    let mut client = world.client();
    let first = world.edited(&mut client, "a.md");
    let mut following = world.lastlook(&["log", "--follow", "--json"]);
    let mut child = following.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (sender, heard) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let next = || -> Value { serde_json::from_str(&heard.recv_timeout(PATIENCE).unwrap()).unwrap() };
    assert_eq!(next()["receipt"], first.as_str());
    let second = world.refused(&mut client, "b.md");
    assert_eq!(next()["receipt"], second.as_str());
    // A new process: a new log.
    let third = world.edited(&mut world.client(), "c.md");
    assert_eq!(next()["receipt"], third.as_str());
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let said = Said::of(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn nobody_reading_any_more_is_no_error() {
    let world = World::new();
    let mut client = world.client();
    world.edited(&mut client, "a.md");
    for words in
        [&["log"] as &[&str], &["log", "--json"], &["log", "--follow"], &["verify"], &["keys", "export"]]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = world.lastlook(words).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let said = Said::of(child.wait_with_output().unwrap());
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{words:?}");
    }
    // A reader that leaves while nothing is to be said is noticed too.
    let mut child = world.lastlook(&["log", "--follow"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 4]).unwrap();
    drop(stdout);
    let status = until("it has ended", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn names_cannot_drive_the_terminal() {
    let world = World::new();
    let mut client = world.client();
    client.call("\u{1b}[2Jdelete\u{202e}", json!({}));
    let text = world.ok(&["log"]);
    assert!(text.contains(r"\u{1b}[2Jdelete\u{202e}") && text.contains("tool-unknown"), "{text}");
    let printed = world.ok(&["log", "--json"]);
    assert!(!printed.contains(['\u{1b}', '\u{202e}']), "{printed}");
    assert_eq!(lines(&printed)[0]["tool"], "\u{1b}[2Jdelete\u{202e}");
}

#[test]
fn where_nothing_was_recorded_nothing_is_made() {
    let world = World::new();
    for words in [&["log"] as &[&str], &["show", "ab"], &["verify"], &["keys", "export"], &["receipt", "ab"]]
    {
        world.run(words).fails(2, "there is no record at");
        assert!(!world.state().exists());
    }
    std::fs::create_dir(world.state()).unwrap();
    world.run(&["log"]).fails(2, "there is no record at");
    assert_eq!(std::fs::read_dir(world.state()).unwrap().count(), 0);
    // A record without entries is one.
    world.client().close();
    let said = world.run(&["log"]);
    assert!(said.code == 0 && said.out.is_empty() && said.err.contains("nothing in"), "{said:?}");
    assert_eq!(world.log(&[]), [] as [Value; 0]);
    assert_eq!(world.run(&["verify"]).code, 0);
}

#[test]
fn lines_are_chosen_by_who_why_which_kind_and_since_when() {
    let world = World::new();
    let mut client = world.client();
    let edited = world.edited(&mut client, "a.md");
    let refused = world.refused(&mut client, "b.md");
    let log = world.log(&[]);
    let chosen = |words: &[&str]| -> Vec<String> {
        world.log(words).iter().map(|line| line["receipt"].as_str().unwrap().to_owned()).collect()
    };
    let who = log[0]["principal"].as_str().unwrap();
    assert_eq!(chosen(&["--principal", who]).len(), 2);
    assert_eq!(chosen(&["--principal", "User::\"nobody\""]), [] as [String; 0]);
    assert_eq!(chosen(&["--code", "fact-changed"]), [refused.as_str()]);
    assert_eq!(chosen(&["--code", "halted", "--code", "fact-changed"]), [refused.as_str()]);
    assert_eq!(chosen(&["--kind", "outcome"]), [edited.as_str()]);
    assert_eq!(chosen(&["--kind", "outcome", "--kind", "refused"]).len(), 2);
    let full = format!("{}.edit_note", log[0]["upstream"].as_str().unwrap());
    assert_eq!(chosen(&["--tool", &full]).len(), 2);
    assert_eq!(chosen(&["--tool", "other.edit_note"]), [] as [String; 0]);
    assert_eq!(chosen(&["--since", "1h"]).len(), 2);
    // Exactly since the second line: the first is older, the second is not.
    assert_eq!(chosen(&["--since", log[1]["time"].as_str().unwrap()]), [refused.as_str()]);
    assert_eq!(chosen(&["--since", "2999-01-01"]), [] as [String; 0]);
    for wrong in [["--since", "yesterday"], ["--kind", "nonsense"], ["--outcome", "fine"]] {
        world.run(&["log", wrong[0], wrong[1]]).fails(2, wrong[1]);
    }
}

#[test]
fn numbers_count_every_attempt_once_as_it_ended() {
    let world = World::new();
    let mut client = world.client();
    world.edited(&mut client, "a.md");
    assert_eq!(world.ok(&["log", "stats", "--since", "2999-01-01"]).trim(), "nothing to count");
    world.edited(&mut client, "c.md");
    world.refused(&mut client, "b.md");
    let said = world.ok(&["log", "stats", "--json"]);
    let stats: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(stats["attempts"], 3, "{stats}");
    assert_eq!(stats["ended"], json!({"refused": 1, "succeeded": 2}));
    assert_eq!(stats["codes"], json!({"fact-changed": 1}));
    let tools = stats["tools"].as_object().unwrap();
    assert_eq!(tools.values().collect::<Vec<_>>(), [&json!({"refused": 1, "succeeded": 2})], "{stats}");
    assert_eq!((&stats["gap_ns"]["count"], &stats["would_deny"]), (&json!(2), &json!(0)), "{stats}");
    let gaps: Vec<u64> =
        world.log(&["--kind", "outcome"]).iter().filter_map(|it| it["gap_ns"].as_u64()).collect();
    assert_eq!(stats["gap_ns"]["max"].as_u64(), gaps.iter().max().copied());
    let page = world.ok(&["log", "stats", "--tool", "edit_note"]);
    assert!(page.starts_with("3 attempts have ended, from 20"), "{page}");
    assert!(page.contains("\nreasons\n  fact-changed  1\n"), "{page}");
    // An outcome that was unknown counts as what it is by now, and the word that settled it counts as a word.
    let mut dies = world.boundary(&[]);
    dies.env("LASTLOOK_CRASH_AT", "before:send");
    let mut client = Client::spawn(&mut dies);
    client.initialize();
    client.ask("write_note", json!({"path": "d.md", "content": "x"}));
    client.wait();
    drop(world.client());
    let unknown = world.log_until(|line| line["outcome"] == "unknown");
    let receipt = unknown["receipt"].as_str().unwrap();
    let ended = || serde_json::from_str::<Value>(&world.ok(&["log", "stats", "--json"])).unwrap();
    assert_eq!(ended()["ended"]["unknown"], 1);
    world.ok(&["resolve", receipt, "--as", "failed", "--reason", "it is not there"]);
    let stats = ended();
    assert_eq!(stats["ended"], json!({"failed": 1, "refused": 1, "succeeded": 2}), "{stats}");
    assert_eq!((&stats["attempts"], &stats["words"]), (&json!(4), &json!({"failed": 1})), "{stats}");
}
