//! Yes and no by keyboard, and what runs then.

use serde_json::json;

use super::rig::{Browser, DESKTOP, Window};
use crate::approvals::people::{again, asks, finance, held, introduce, request_of, state_of, waiting};
use crate::console::rig::passphrase;
use crate::guards::world::{World, became, write_args};

#[test]
fn what_is_approved_by_keyboard_runs_once() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    request_of(&agent.call("write_note", json!({"path": "other.md", "content": "x"})));
    let request = held(&mut agent);
    let mut browser = Browser::open(&world);
    assert!(browser.see("h1").contains("What waits"));
    assert_eq!(browser.count(".line"), 2);
    // Down, down and up again: the newest is on top.
    for key in ["j", "j", "k", "Enter"] {
        browser.key(key);
    }
    browser.at(&format!("/requests/{request}"));
    assert!(browser.see("pre").contains("plan.md"));
    browser.signs("a", "ada");
    assert!(browser.see(".note.good").contains("runs, once, if nothing has changed"));
    assert_eq!(browser.see("h1 .state"), "approved");
    assert_eq!(again(&mut agent), "ran");
    // The page learns by itself what became of it.
    assert_eq!(browser.see("h1 .state.used"), "used");
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(world.effects(), ["plan.md"]);
    browser.was_quiet();
    drop((agent, browser));
    world.verifies();
}

#[test]
fn what_is_rejected_by_keyboard_never_runs() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let mut browser = Browser::open(&world);
    browser.key("j");
    browser.key("Enter");
    browser.at(&format!("/requests/{request}"));
    browser.signs("r", "ada");
    assert!(browser.see(".note.good").contains("rejected: nothing runs on it"));
    assert!(browser.see("main").contains("ada said no: looked at it"));
    assert_eq!(browser.count("form"), 0);
    assert_eq!(again(&mut agent), "approval-rejected");
    assert_eq!(world.effects(), [""; 0]);
    browser.was_quiet();
}

#[test]
fn without_script_everything_can_be_done() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let mut browser = Browser::open(&world);
    browser.window(Window { script: false, ..DESKTOP });
    browser.go("/");
    browser.click(".line a");
    browser.at(&format!("/requests/{request}"));
    for (name, text) in [("name", "ada"), ("passphrase", "not hers at all"), ("reason", "a > b")] {
        browser.fill(&format!("#approve input[name={name}]"), text);
    }
    browser.click("#approve button");
    // A wrong passphrase: said, and what was typed is there still, but for the passphrase.
    assert!(browser.see(".note.bad").contains("the passphrase does not open"));
    assert_eq!(browser.look("document.querySelector('#approve input[name=reason]').value"), json!("a > b"));
    assert_eq!(browser.look("document.querySelector('#approve input[name=passphrase]').value"), json!(""));
    assert_eq!(state_of(&world, &request), "pending");
    browser.fill("#approve input[name=passphrase]", &passphrase("ada"));
    browser.click("#approve button");
    assert_eq!(browser.see("h1 .state"), "approved");
    browser.click("#revoke summary");
    browser.fill("#revoke input[name=reason]", "the wrong one");
    browser.click("#revoke button");
    assert_eq!(browser.see("h1 .state"), "revoked");
    assert_ne!(held(&mut agent), request);
    assert_eq!(world.effects(), [""; 0]);
}

#[test]
fn was_and_now_are_seen_when_people_are_asked_again() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    let mut browser = Browser::open(&world);
    browser.go(&format!("/requests/{request}"));
    browser.signs("a", "ada");
    assert_eq!(browser.see("h1 .state"), "approved");
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(became(&agent.call("write_note", write_args(1))), "fact-changed");
    assert_eq!(browser.see("h1 .state.void"), "void");
    let next = waiting(&world).remove(0);
    browser.go("/");
    browser.key("j");
    browser.key("Enter");
    browser.at(&format!("/requests/{next}"));
    let (was, now) = (browser.see(".moved > :first-child"), browser.see(".moved > :last-child"));
    assert!(was.starts_with("was") && was.contains("paid"), "{was}");
    assert!(now.starts_with("now") && now.contains("open"), "{now}");
    browser.click(".note:not([hidden]) a");
    browser.at(&format!("/requests/{request}"));
    assert_eq!(world.effects(), [""; 0]);
    browser.was_quiet();
}
