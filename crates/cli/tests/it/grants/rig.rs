//! People who give permission in advance.

use std::process::{Child, Output, Stdio};

use serde_json::{Value, json};

use crate::approvals::people::{introduce, json_of, request_of};
use crate::client::Client;
use crate::guards::world::World;

/// Who acts in all of these tests.
const AGENT: &str = "[principal]\nid = 'User::\"agent\"'\n";

/// A world whose guards ask, with `ada` of finance.
pub fn world(guards: &str) -> World {
    let world = World::new();
    world.configure(&format!("{AGENT}{guards}"));
    introduce(&world, "ada", "finance", None);
    world
}

/// One more of finance.
pub fn bob(world: &World) {
    introduce(world, "bob", "finance", Some("ada"));
}

/// One of legal.
pub fn eve(world: &World) {
    introduce(world, "eve", "legal", Some("ada"));
}

/// A guard on every change of a note that asks somebody of finance; `more` is added to it.
pub fn finance(more: &str) -> String {
    format!("[guard.paid]\non = [\"notes.write_note\"]\napprove = {{ by = 'Role::\"finance\"' }}\n{more}\n")
}

/// Writes the configuration anew.
pub fn configure(world: &World, guards: &str) {
    world.configure(&format!("{AGENT}{guards}"));
}

/// `lastlook grant` for the usual tool to the agent, in this person's name; `more` wins over what is usual.
pub fn grants(world: &World, name: &str, more: &[&str]) -> Output {
    let pass = world.at(&format!("{name}.pass"));
    let mut words = vec!["grant", "--as", name, "--passphrase-file", pass.to_str().unwrap(), "--json"];
    words.extend(more);
    for usual in [
        ["--tool", "notes.write_note"],
        ["--to", "User::\"agent\""],
        ["--expires", "8h"],
        ["--reason", "small ones are fine"],
    ] {
        if !more.contains(&usual[0]) {
            words.extend(usual);
        }
    }
    world.lastlook(&words).output().unwrap()
}

/// Gives a grant, which must be taken; returns its id.
#[track_caller]
pub fn give(world: &World, name: &str, more: &[&str]) -> String {
    let said = grants(world, name, more);
    assert!(said.status.success(), "{said:?}");
    json_of(&said)["grant"].as_str().unwrap().to_owned()
}

/// A grant that must not be taken, and what is said of it.
#[track_caller]
pub fn not_given(world: &World, name: &str, more: &[&str]) -> String {
    let said = grants(world, name, more);
    assert!(!said.status.success(), "{said:?}");
    assert_eq!(listed(world, &["--all"]), Vec::<Value>::new());
    String::from_utf8(said.stderr).unwrap()
}

/// `lastlook grants`, as JSON.
pub fn listed(world: &World, more: &[&str]) -> Vec<Value> {
    let said = world.lastlook(&[&["grants", "--json"], more].concat()).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let lines = String::from_utf8(said.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// How one grant stands, and why.
pub fn stands(world: &World, grant: &str) -> String {
    let found = &listed(world, &[grant])[0];
    match found["why"].as_str() {
        Some(why) => format!("{}: {why}", found["state"].as_str().unwrap()),
        None => found["state"].as_str().unwrap().to_owned(),
    }
}

/// `lastlook revoke`, under way.
pub fn revoking(world: &World, grant: &str) -> Child {
    let mut revoke = world.lastlook(&["revoke", grant, "--reason", "a mistake", "--json"]);
    revoke.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Takes a grant back; returns what was answered.
#[track_caller]
pub fn revoke(world: &World, grant: &str) -> Value {
    let said = revoking(world, grant).wait_with_output().unwrap();
    assert!(said.status.success(), "{said:?}");
    json_of(&said)
}

/// Calls the effect on a note of its own, so that no two calls are about one thing.
pub fn call(agent: &mut Client, n: usize) -> Value {
    agent.call("write_note", json!({"path": format!("note-{n}.md"), "content": format!("text {n}")}))
}

/// That a call is held: no grant covers it.
#[track_caller]
pub fn is_held(answer: &Value) {
    request_of(answer);
}

/// The attempt of an answer that ran.
pub fn receipt_of(answer: &Value) -> String {
    answer["_meta"]["dev.lastlook/receipt"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}
