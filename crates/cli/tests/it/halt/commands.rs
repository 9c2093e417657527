//! What the commands say, take and leave on record.

use serde_json::{Value, json};

use super::{fails, halt, resume, said, write};
use crate::guards::world::World;

#[test]
fn each_word_is_an_entry_with_who_why_and_what_in_a_record_that_verifies() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    assert_eq!(write(&mut agent, "a.md"), "ran");
    let first = halt(&world, &["--tool", "notes.write_note"]);
    assert_eq!(first["scope"], json!({"of": "tool", "name": "notes.write_note"}));
    assert_eq!(first["reason"], "an incident");
    let second = halt(&world, &["--all"]);
    assert_eq!(second["scope"], json!({"of": "all"}));
    let id = first["halt"].as_str().unwrap();
    assert_eq!(said(&world, &["halts", "--json"])["halts"].as_array().unwrap().len(), 2);

    let ended = resume(&world, &[&id[..12]]);
    assert_eq!(ended["epoch"], 1);
    assert_eq!(ended["holding"], 1);
    assert_eq!(ended["resumed"][0]["halt"], *id);
    assert_eq!(resume(&world, &["--all"])["epoch"], 2);
    assert_eq!(resume(&world, &["--all"]), json!({"resumed": [], "epoch": 2, "holding": 0}));
    drop(agent);

    assert_eq!(said(&world, &["halts", "--json"])["halts"], json!([]));
    let all = said(&world, &["halts", "--all", "--json"])["halts"].clone();
    assert_eq!(all[0]["halt"], *id);
    assert_eq!(all[0]["ended_reason"], "it is over");
    assert!(all[0]["ended_by"].as_str().unwrap().starts_with("User::"), "{all}");
    let told = world.lastlook(&["log", "--json"]).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let lines = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let words: Vec<String> = lines
        .filter(|line| line["receipt"].as_str().unwrap().starts_with("halt-"))
        .map(|line| line["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(words, ["halted", "halted", "resumed", "resumed"]);
    let verified = world.lastlook(&["verify"]).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
    let shown = world.lastlook(&["show", id]).output().unwrap();
    assert!(shown.status.success(), "{shown:?}");
}

#[test]
fn what_cannot_be_meant_is_refused_with_the_way_out() {
    let world = World::new();
    world.configure("");
    let (code, said) = fails(&world, &["halt", "--all", "--reason", "x"]);
    assert!(code == 2 && said.contains("there is no record"), "{code}: {said}");
    drop(world.agent());
    for (words, expect) in [
        (&["halt", "--reason", "x"][..], "--all"),
        (&["halt", "--all"], "--reason"),
        (&["halt", "--all", "--reason", " "], "the reason must have"),
        (&["halt", "--all", "--upstream", "notes", "--reason", "x"], "cannot be used with"),
        (&["halt", "--tool", "write_note", "--reason", "x"], "UPSTREAM.TOOL"),
        (&["halt", "--principal", "ada", "--reason", "x"], "User::\"ada\""),
        (&["halt", "--upstream", "", "--reason", "x"], "is empty"),
        (&["resume", "--reason", "x"], "HALT-ID"),
        (&["resume", "halt-1", "--all", "--reason", "x"], "cannot be used with"),
        (&["resume", "halt-1", "--reason", "x"], "no halt has an id that begins with `halt-1`"),
    ] {
        let (code, said) = fails(&world, words);
        assert!(code == 2 && said.contains(expect), "{words:?}: {code}: {said}");
    }
    let halts: Vec<Value> = (0..17).map(|_| halt(&world, &["--all"])).collect();
    // Of seventeen ids two begin with the same digit.
    let digits: Vec<&str> = halts.iter().map(|halt| &halt["halt"].as_str().unwrap()[..6]).collect();
    let twice = digits.iter().find(|digit| digits.iter().filter(|other| other == digit).count() > 1).unwrap();
    let (_, said) = fails(&world, &["resume", twice, "--reason", "x"]);
    assert!(said.contains("is the beginning of"), "{said}");
    let id = halts[0]["halt"].as_str().unwrap();
    resume(&world, &[id]);
    let (_, said) = fails(&world, &["resume", id, "--reason", "x"]);
    assert!(said.contains("was ended already"), "{said}");
}

#[test]
fn a_name_nobody_has_heard_of_is_halted_and_remarked_on() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    assert_eq!(write(&mut agent, "a.md"), "ran");
    let remark = |name: &str| {
        let done = world.lastlook(&["halt", "--tool", name, "--reason", "x"]).output().unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stderr).unwrap()
    };
    assert_eq!(remark("notes.write_note"), "");
    assert!(remark("notes.write_nte").contains("knows no tool `notes.write_nte`"));
}

#[test]
fn doctor_and_check_tell_of_it() {
    let world = World::new();
    world.configure("");
    drop(world.agent());
    let ack = halt(&world, &["--tool", "notes.write_note"]);
    let looked = world.lastlook(&["doctor", "--json"]).output().unwrap();
    let found: Value = serde_json::from_slice(&looked.stdout).unwrap();
    let about = found["findings"].as_array().unwrap().iter().find(|finding| finding["about"] == ack["halt"]);
    assert!(
        about.unwrap()["says"].as_str().unwrap().contains("tool `notes.write_note` is halted"),
        "{found}"
    );
    let args = json!({"path": "a.md", "content": "x"}).to_string();
    let checked = world.lastlook(&["check", "notes.write_note", "--args", &args]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1), "{checked:?}");
    assert!(String::from_utf8(checked.stdout).unwrap().contains("halted"));
    let checked = world.lastlook(&["check", "notes.edit_note", "--args", &args]).output().unwrap();
    assert!(!String::from_utf8(checked.stdout).unwrap().contains("halted"));
}
