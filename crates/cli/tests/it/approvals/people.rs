//! People who approve, beside the agents and the world of the guards' tests.

use std::path::PathBuf;
use std::process::Output;

use serde_json::{Value, json};

use crate::client::Client;
use crate::guards::world::{World, became, write_args};

/// What every scene asks: two people of finance, as the scene says, for every change of a note.
pub fn asks(more: &str) -> String {
    format!("[guard.paid]\non = [\"notes.write_note\"]\n{more}\n")
}

/// The usual guard: somebody of finance.
pub fn finance() -> String {
    asks("approve = { by = 'Role::\"finance\"' }")
}

/// Makes this person an approver of the world's state; the first needs nobody.
pub fn introduce(world: &World, name: &str, role: &str, by: Option<&str>) {
    world.file(&format!("{name}.pass"), &format!("the passphrase of {name}\n"));
    let mut words = vec![
        "approvers".to_owned(),
        "add".to_owned(),
        name.to_owned(),
        "--group".to_owned(),
        format!("Role::\"{role}\""),
    ];
    words.extend(["--passphrase-file".to_owned(), pass(world, name)]);
    if let Some(by) = by {
        words.extend(["--by".to_owned(), by.to_owned(), "--by-passphrase-file".to_owned(), pass(world, by)]);
    }
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let said = world.lastlook(&words).output().unwrap();
    assert!(said.status.success(), "{said:?}");
}

fn pass(world: &World, name: &str) -> String {
    path(world.at(&format!("{name}.pass")))
}

fn path(path: PathBuf) -> String {
    path.to_str().unwrap().to_owned()
}

/// `lastlook approve` or `reject`, in this person's name.
pub fn says(world: &World, word: &str, request: &str, name: &str) -> Output {
    let pass = pass(world, name);
    let words =
        [word, request, "--as", name, "--passphrase-file", &pass, "--reason", "looked at it", "--json"];
    world.lastlook(&words).output().unwrap()
}

/// Approves, which must be taken; returns the state of the request then.
pub fn approve(world: &World, request: &str, name: &str) -> String {
    let said = says(world, "approve", request, name);
    assert!(said.status.success(), "{said:?}");
    json_of(&said)["state"].as_str().unwrap().to_owned()
}

/// A word that must not be taken, and what is said of it.
pub fn refused(world: &World, word: &str, request: &str, name: &str) -> String {
    let said = says(world, word, request, name);
    assert!(!said.status.success(), "{said:?}");
    String::from_utf8(said.stderr).unwrap()
}

pub fn json_of(said: &Output) -> Value {
    serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"))
}

/// Calls the effect, which must be held; returns the request's id.
pub fn held(agent: &mut Client) -> String {
    request_of(&agent.call("write_note", write_args(1)))
}

/// The request of a held answer.
pub fn request_of(answer: &Value) -> String {
    let verdict = &answer["_meta"]["dev.lastlook/verdict"];
    assert_eq!(verdict["verdict"], json!("hold"), "{answer}");
    verdict["request"].as_str().unwrap().to_owned()
}

/// Calls the effect once more, with the same arguments.
pub fn again(agent: &mut Client) -> String {
    became(&agent.call("write_note", write_args(1)))
}

/// How a request stands.
pub fn state_of(world: &World, request: &str) -> String {
    let said = world.lastlook(&["approvals", request, "--json"]).output().unwrap();
    json_of(&said)["state"].as_str().unwrap().to_owned()
}

/// The requests that wait.
pub fn waiting(world: &World) -> Vec<String> {
    let said = world.lastlook(&["approvals", "--json"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    let lines = String::from_utf8(said.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|request| request["state"] == json!("pending"))
        .map(|request| request["request"].as_str().unwrap().to_owned())
        .collect()
}
