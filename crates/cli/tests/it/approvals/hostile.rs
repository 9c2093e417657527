//! What goes wrong around approvals, and what somebody may try.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::people::{
    again, approve, asks, finance, held, introduce, json_of, refused, request_of, state_of, waiting,
};
use crate::client::Client;
use crate::console::rig::Console;
use crate::guards::world::{World, became, write_args};
use crate::hostile::rig::rogue;

/// A copy of the state while nobody writes to it, and back again.
fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

fn one_person() -> World {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    world
}

#[test]
fn a_copy_from_before_the_yes_knows_of_none() {
    let mut world = one_person();
    // With heads outside the record nothing would run on a copy.
    world.set("LASTLOOK_HEADS", "");
    let request = held(&mut world.agent());
    copy(&world.at("state"), &world.at("copy"));
    approve(&world, &request, "ada");
    assert_eq!(again(&mut world.agent()), "ran");
    copy(&world.at("copy"), &world.at("state"));
    assert_eq!(held(&mut world.agent()), request);
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_copy_from_after_the_yes_is_void_once_a_halt_was_lifted_on_it_and_runs_on_a_moved_world_never() {
    let mut world = World::new();
    world.set("LASTLOOK_HEADS", "");
    world.configure(&asks(
        "approve = { by = 'Role::\"finance\"' }\nwhen = 'now.rate.body.n == 5'\nfacts = [\"rate\"]",
    ));
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    copy(&world.at("state"), &world.at("copy"));
    assert_eq!(again(&mut world.agent()), "ran");
    // What the action itself moves is seen, where a guard names it.
    copy(&world.at("copy"), &world.at("state"));
    world.rate.json(r#"{"status":"refunded","n":5}"#);
    assert_eq!(became(&world.agent().call("write_note", write_args(1))), "fact-changed");
    // Without anybody saying that it was restored, the next halt voids it.
    world.rate.json(r#"{"status":"paid","n":5}"#);
    copy(&world.at("copy"), &world.at("state"));
    for words in [["halt", "--all", "--reason", "restored"], ["resume", "--all", "--reason", "restored"]] {
        let said = world.lastlook(&words).output().unwrap();
        assert!(said.status.success(), "{said:?}");
    }
    let next = held(&mut world.agent());
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "void");
    assert!(refused(&world, "approve", &request, "ada").contains("void"));
    assert_eq!(world.effects().len(), 1);
    world.verifies();
}

#[test]
fn what_people_would_not_see_as_it_is_is_refused_and_nobody_is_asked() {
    let world = World::new();
    let when = "args.path == \"plan.md\"";
    world.configure(&asks(&format!("approve = {{ by = 'Role::\"finance\"', when = '{when}' }}")));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    for evil in [
        "pay\u{202e}001",
        "a\u{200b}b",
        "\u{feff}x",
        "x\u{e0041}\u{e0042}",
        "\u{1b}[2J",
        "a\u{ad}b",
        "x\u{fe0f}",
    ] {
        let answer = agent.call("write_note", json!({"path": "plan.md", "content": evil}));
        assert_eq!(became(&answer), "text-hidden", "{evil:?}");
        let text = answer["content"].to_string();
        let hides = evil.chars().find(|c| !c.is_ascii_graphic()).unwrap();
        let named = format!("U+{:04X} is character", u32::from(hides));
        assert!(text.contains(&named) && text.contains("of `/content`") && !text.contains(hides), "{text}");
    }
    // The same, escaped by the client, is the same text; in the name of a member it is one too.
    for arguments in [
        r#"{"path":"plan.md","content":"pay\u202e001"}"#,
        r#"{"path":"plan.md","content":"x","no\u200bte":1}"#,
    ] {
        assert_eq!(became(&agent.call_written("write_note", arguments)), "text-hidden", "{arguments}");
    }
    assert_eq!(waiting(&world), Vec::<String>::new());
    assert_eq!(world.effects(), Vec::<String>::new());
    // Ordinary text of other languages waits like any other.
    for (n, text) in
        ["می\u{200c}خواهم", "क्\u{200d}ष", "👩\u{200d}🚀 ❤\u{fe0f}", "line\r\nline\ttab"].iter().enumerate()
    {
        request_of(&agent.call("write_note", json!({"path": "plan.md", "content": text})));
        assert_eq!(waiting(&world).len(), n + 1);
    }
    // Where nobody is asked, text is not looked at.
    let free = json!({"path": "other.md", "content": "pay\u{202e}001"});
    assert_eq!(became(&agent.call("write_note", free)), "ran");
    assert_eq!(world.effects(), ["other.md"]);
    drop(agent);
    world.verifies();
}

#[test]
fn a_tool_that_is_another_by_now_needs_a_yes_of_its_own() {
    let world = World::new();
    std::fs::create_dir(world.at("rogue")).unwrap();
    let declare = |tricks: &[&str]| {
        let mut command = vec![rogue().display().to_string(), world.at("rogue").display().to_string()];
        command.extend(tricks.iter().map(|trick| (*trick).to_owned()));
        world.configure(&format!(
            "[upstream.rogue]\ncommand = {}\nprofile = \"none\"\n[tool.\"rogue.set\"]\nclass = \"write\"\n\
             [guard.set]\non = [\"rogue.set\"]\napprove = {{ by = 'Role::\"finance\"' }}\n",
            json!(command)
        ));
    };
    let agent = || {
        let mut agent = Client::spawn(&mut world.lastlook(&["mcp", "--upstream", "rogue"]));
        agent.initialize();
        let asked = agent.request("tools/list", json!({}));
        agent.result(asked);
        agent
    };
    let args = json!({"key": "alpha", "value": "1"});
    declare(&[]);
    introduce(&world, "ada", "finance", None);
    let request = request_of(&agent().call("set", args.clone()));
    approve(&world, &request, "ada");
    // The same server, whose tool says something else of itself.
    declare(&["version=2"]);
    let next = request_of(&agent().call("set", args.clone()));
    assert_ne!(next, request);
    assert!(!world.at("rogue/effects.log").exists());
    // What was approved of the old tool is good for the old tool.
    declare(&[]);
    assert_eq!(became(&agent().call("set", args)), "ran");
    world.verifies();
}

#[test]
fn a_taken_lease_gives_the_approval_back() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', expires = \"2d\" }\nlease = \"plan\""));
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    let mut other = world.agent();
    let second = request_of(&other.call("write_note", json!({"path": "other.md", "content": "x"})));
    approve(&world, &request, "ada");
    approve(&world, &second, "ada");
    // Somebody else stands before the gate with the lease.
    let mut holder = world.paused_at("after:arm");
    let asked = holder.ask("write_note", json!({"path": "other.md", "content": "x"}));
    world.reached();
    assert_eq!(again(&mut other), "lease-taken");
    assert_eq!(state_of(&world, &request), "approved");
    world.go();
    assert_eq!(became(&holder.result(asked)), "ran");
    assert_eq!(again(&mut other), "ran");
    assert_eq!(world.effects(), ["other.md", "plan.md"]);
    assert_eq!(
        (state_of(&world, &request), state_of(&world, &second)),
        ("used".to_owned(), "used".to_owned())
    );
    drop((holder, other));
    world.verifies();
}

#[test]
fn a_shut_window_gives_the_approval_back_and_it_runs_once_when_it_is_open() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let world = World::new();
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let closed = [2, 3].map(|days| today.checked_add(jiff::Span::new().days(days)).unwrap());
    world.configure(&asks(&format!(
        "approve = {{ by = 'Role::\"finance\"', expires = \"9d\" }}\nlease = \"plan\"\n\
         window = {{ open = \"Mon-Sun 00:00-24:00\", tz = \"UTC\", closed = [\"{}..{}\"] }}",
        closed[0], closed[1]
    )));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    // Two days and a half from now it is shut, whatever the hour is.
    world.passes(DAY * 5 / 2);
    assert_eq!(again(&mut agent), "window-closed");
    assert_eq!(state_of(&world, &request), "approved");
    world.passes(DAY * 5);
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(state_of(&world, &request), "used");
    assert_ne!(held(&mut agent), request);
    assert_eq!(world.effects().len(), 1);
    drop(agent);
    world.verifies();
}

#[test]
fn many_megabytes_are_shown_whole() {
    let world = one_person();
    let mut agent = world.agent();
    let long = format!("{}the very end", "0123456789".repeat(300_000));
    let args = json!({"path": "plan.md", "content": long});
    let request = request_of(&agent.call("write_note", args.clone()));
    let page = world.lastlook(&["approvals", &request]).output().unwrap();
    assert!(String::from_utf8(page.stdout).unwrap().contains(&long));
    let console = Console::open(&world);
    let page = console.get(&format!("/requests/{request}"));
    assert!(page.status == 200 && page.body.contains(&long), "{}", page.status);
    approve(&world, &request, "ada");
    // It is sent; the server takes no note as long as this, and says so.
    let answer = agent.call("write_note", args);
    assert!(became(&answer).contains("is larger than 1 MiB"), "{}", became(&answer));
    assert_eq!(world.effects(), Vec::<String>::new());
    drop(agent);
    world.verifies();
}

#[test]
fn whoever_is_removed_before_the_call_has_said_nothing_and_what_had_passed_is_listed() {
    for (point, passed) in [("after:look", false), ("before:send", true)] {
        let world = one_person();
        introduce(&world, "bob", "finance", Some("ada"));
        let request = held(&mut world.agent());
        approve(&world, &request, "bob");
        let mut agent = world.paused_at(point);
        let asked = agent.ask("write_note", write_args(1));
        world.reached();
        let attempt = json_of(&world.lastlook(&["approvals", &request, "--json"]).output().unwrap());
        let attempt = attempt["attempt"].as_str().unwrap().to_owned();
        let removed = json_of(&remove(&world, "bob"));
        let expect = if passed { json!([attempt]) } else { json!([]) };
        assert_eq!(removed["in_flight"], expect, "{point}: {removed}");
        world.go();
        let end = if passed { "ran" } else { "approval-revoked" };
        assert_eq!(became(&agent.result(asked)), end, "{point}");
        assert_eq!(world.effects().len(), usize::from(passed), "{point}");
        drop(agent);
        world.verifies();
    }
    // Before anything is armed.
    let world = one_person();
    introduce(&world, "bob", "finance", Some("ada"));
    let request = held(&mut world.agent());
    approve(&world, &request, "bob");
    assert_eq!(json_of(&remove(&world, "bob"))["in_flight"], json!([]));
    assert_ne!(held(&mut world.agent()), request);
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

fn remove(world: &World, name: &str) -> std::process::Output {
    let mut remove =
        world.lastlook(&["approvers", "remove", name, "--by", "ada", "--reason", "left", "--json"]);
    let removed = remove.arg("--by-passphrase-file").arg(world.at("ada.pass")).output().unwrap();
    assert!(removed.status.success(), "{removed:?}");
    removed
}
