//! `lastlook resolve`.

use serde_json::{Value, json};

use super::rig::{World, edit, receipt};

fn resolve<'a>(id: &'a str, word: &'a str, reason: &'a str) -> [&'a str; 6] {
    ["resolve", id, "--as", word, "--reason", reason]
}

#[test]
fn an_operators_word_settles_what_nobody_knew() {
    let world = World::new();
    let (mut client, id) = world.unknown("a.md");
    // Until then the note is taken.
    client.call("read_note", json!({"path": "a.md"}));
    let refused = client.call("edit_note", edit("a.md", "new", "newer"));
    assert_eq!(refused["_meta"]["dev.lastlook/verdict"]["codes"], json!(["in-doubt"]));
    let before = world.ok(&["receipt", &id]);

    let said = world.ok(&resolve(&id[..9], "succeeded", "\u{1b}[1mseen in the file\u{1b}[0m"));
    assert!(said.contains(&format!("attempt {id} of edit_note is on record as succeeded")), "{said}");
    let line = world.log(&[]).pop().unwrap();
    let told = (&line["kind"], &line["outcome"], &line["receipt"], &line["verdict"]);
    assert_eq!(told, (&json!("operator"), &json!("succeeded"), &json!(id), &Value::Null));
    let text = world.ok(&["show", &id]);
    assert!(
        text.contains("unknown (writer-died), unconfirmed; then succeeded by an operator's word"),
        "{text}"
    );
    assert!(text.contains(r": \u{1b}[1mseen in the file\u{1b}[0m"), "{text}");

    // The newest receipt is the word; it brings the arming along, from another log. The old one stays good.
    let (key, after) = (world.key(), world.ok(&["receipt", &id]));
    let armed: Value = serde_json::from_str(&after).unwrap();
    assert!(armed["armed"]["checkpoint"].is_string());
    for (receipt, says) in
        [(before, "unknown (writer-died)"), (after, r"succeeded, by an operator's word: \u{1b}[1mseen")]
    {
        let said = world.verify(&["-", "--key", &key], receipt.as_bytes());
        assert!(said.code == 0 && said.out.contains(says), "{said:?}");
    }
    assert_eq!(world.run(&["verify"]).code, 0);

    // The note is free again, and the agent has to look before it acts.
    client.call("read_note", json!({"path": "a.md"}));
    assert_eq!(client.call("edit_note", edit("a.md", "new", "newer"))["isError"], false);
}

#[test]
fn a_word_can_be_that_it_failed_and_be_said_as_json() {
    let world = World::new();
    let (_client, id) = world.unknown("a.md");
    let said = world.ok(&[&resolve(&id, "failed", "the file is as it was") as &[&str], &["--json"]].concat());
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((&said["receipt"], &said["as"]), (&json!(id), &json!("failed")));
    assert!(said["by"].as_str().unwrap().starts_with("User::\""));
    assert_eq!(world.log(&["--outcome", "failed"]).len(), 2);
}

#[test]
fn what_is_known_is_not_settled_again() {
    let world = World::new();
    let (mut client, unknown) = world.unknown("x.md");
    let edited = world.edited(&mut client, "a.md");
    let refused = world.refused(&mut client, "b.md");
    let unarmed = receipt(&client.call("no_such_tool", json!({})));
    world.ok(&resolve(&unknown, "succeeded", "seen"));
    let entries = world.log(&[]).len();
    for (id, says) in [
        (&edited, "is known: it succeeded"),
        (&refused, "was refused: nothing was sent"),
        (&unarmed, "was refused before anything was sent"),
        (&unknown, "is known: it succeeded"),
        (&"feedbeef".to_owned(), "no attempt"),
    ] {
        world.run(&resolve(id, "failed", "x")).fails(2, says);
    }
    world.run(&resolve(&edited, "perhaps", "x")).fails(2, "invalid value 'perhaps'");
    world.run(&resolve(&edited, "failed", "  ")).fails(2, "the reason must have");
    world.run(&["resolve", &edited, "--as", "failed"]).fails(2, "--reason");
    assert_eq!(world.log(&[]).len(), entries);
}

#[test]
fn what_is_under_way_is_left_alone() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut slow = world.boundary(&[]);
    slow.env("DEMO_NOTES_SLOW_BEFORE_MS", "600000");
    let mut client = world.client_of(slow);
    client.ask("edit_note", edit("a.md", "old", "new"));
    let id = world.log_until(|line| line["kind"] == "armed")["receipt"].as_str().unwrap().to_owned();
    world.run(&resolve(&id, "failed", "x")).fails(4, "is still under way");
    client.kill();
    // Dead, and nobody has seen to it: it may have happened, but that has to be written down first.
    world.run(&resolve(&id, "failed", "x")).fails(4, "nobody has seen to it");
    let _next = world.client();
    world.log_until(|line| line["outcome"] == "unknown");
    world.ok(&resolve(&id, "failed", "its server was killed before it did anything"));
}
