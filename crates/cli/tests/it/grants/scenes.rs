//! One agent, people, grants, and a world that moves.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{
    bob, call, configure, eve, finance, give, is_held, listed, not_given, receipt_of, revoke, stands, world,
};
use crate::approvals::people::{approve, json_of, request_of, says, waiting};
use crate::client::Client;
use crate::guards::world::{became, write_args};

#[test]
fn a_grant_stands_in_place_of_asking_and_the_receipt_names_it() {
    let world = world(&finance(""));
    let mut agent = world.agent();
    is_held(&call(&mut agent, 0));
    let grant = give(&world, "ada", &["--uses", "2"]);
    assert_eq!(stands(&world, &grant), "stands");
    let ran = call(&mut agent, 1);
    assert_eq!(became(&ran), "ran");
    assert_eq!(world.effects(), ["note-1.md"]);
    // What was asked before waits on, and is done on the grant when it is said again.
    assert_eq!(waiting(&world).len(), 1);
    assert_eq!(became(&call(&mut world.agent(), 0)), "ran");
    assert_eq!(listed(&world, &[&grant])[0]["used"], json!("2"));
    assert_eq!(stands(&world, &grant), "void: it is used up");
    is_held(&call(&mut agent, 2));
    assert_eq!(world.effects().len(), 2);
    drop(agent);
    world.verifies();

    let attempt = receipt_of(&ran);
    let shown = json_of(&world.lastlook(&["show", &attempt, "--json"]).output().unwrap());
    for kind in ["armed", "outcome"] {
        let entries = shown["entries"].as_array().unwrap();
        let body = &entries.iter().find(|entry| entry["kind"] == kind).unwrap()["body"];
        let named = &body["grants"][0];
        assert_eq!(named["grant"], json!(grant), "{shown}");
        assert_eq!((&named["approver"], &named["guards"]), (&json!("ada"), &json!(["paid"])));
        assert_eq!(named["statement"]["statement"]["uses"], json!(2));
        assert!(named["key"].as_str().unwrap().len() == 64 && body.get("approval").is_none());
    }
    let page = String::from_utf8(world.lastlook(&["show", &attempt]).output().unwrap().stdout).unwrap();
    assert!(page.contains(&format!("by grant {grant} of ada")), "{page}");
    let given = json_of(&world.lastlook(&["show", &grant, "--json"]).output().unwrap());
    assert_eq!(given["operator"]["as"], json!("granted"), "{given}");
}

#[test]
fn a_quorum_needs_as_many_givers_and_each_of_them_once() {
    let guard = finance("").replace("approve = { by", "approve = { quorum = 2, by");
    let world = world(&guard);
    bob(&world);
    let mut agent = world.agent();
    give(&world, "ada", &[]);
    give(&world, "ada", &["--uses", "9"]);
    is_held(&call(&mut agent, 1));
    let bobs = give(&world, "bob", &[]);
    let ran = call(&mut agent, 1);
    assert_eq!(became(&ran), "ran");
    revoke(&world, &bobs);
    is_held(&call(&mut agent, 2));
    assert_eq!(world.effects(), ["note-1.md"]);
    drop(agent);
    world.verifies();
}

#[test]
fn every_guard_that_asks_must_be_satisfied_and_a_grant_speaks_only_for_its_givers_groups() {
    let legal = "[guard.legal]\non = [\"notes.write_note\"]\napprove = { by = 'Role::\"legal\"' }\n";
    let world = world(&format!("{}{legal}", finance("")));
    bob(&world);
    eve(&world);
    let mut agent = world.agent();
    give(&world, "ada", &[]);
    give(&world, "bob", &[]);
    is_held(&call(&mut agent, 1));
    give(&world, "eve", &[]);
    assert_eq!(became(&call(&mut agent, 1)), "ran");
    assert_eq!(world.effects(), ["note-1.md"]);
    drop(agent);
    world.verifies();
}

#[test]
fn a_grant_replaces_only_asking_and_the_guard_holds_in_full() {
    let guard = finance(
        "unchanged = [\"rate\"]\nwhen = 'now.rate.body.n == 5'\nlimit = [{ count = 1, per = \"1d\", by = \"principal\" }]",
    );
    let world = world(&guard);
    give(&world, "ada", &[]);
    let mut agent = world.agent();
    // Nobody read what it rests on: no reading of the boundary's own stands for that.
    assert_eq!(became(&call(&mut agent, 1)), "basis-missing");
    agent.call("read_note", json!({"path": "plan.md"}));
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(became(&call(&mut agent, 1)), "fact-changed");
    world.rate.json(r#"{"status":"paid","n":6}"#);
    assert_eq!(became(&call(&mut agent, 1)), "condition-false");
    world.rate.json(r#"{"status":"paid","n":5}"#);
    assert_eq!(became(&call(&mut agent, 1)), "ran");
    assert_eq!(became(&call(&mut agent, 2)), "limit-exceeded");
    assert_eq!(world.effects(), ["note-1.md"]);
    drop(agent);
    world.verifies();
}

#[test]
fn a_no_to_one_action_is_final_whatever_was_granted() {
    let world = world(&finance(""));
    bob(&world);
    let mut agent = world.agent();
    let request = request_of(&agent.call("write_note", write_args(1)));
    assert!(says(&world, "reject", &request, "bob").status.success());
    give(&world, "ada", &[]);
    assert_eq!(became(&agent.call("write_note", write_args(1))), "approval-rejected");
    assert_eq!(became(&agent.call("write_note", write_args(2))), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn people_who_said_yes_to_one_action_come_before_grants() {
    let world = world(&finance(""));
    bob(&world);
    let mut agent = world.agent();
    let request = request_of(&call(&mut agent, 1));
    approve(&world, &request, "bob");
    let grant = give(&world, "ada", &["--uses", "1"]);
    assert_eq!(became(&call(&mut agent, 1)), "ran");
    assert_eq!(listed(&world, &[&grant])[0]["used"], json!("0"));
    assert_eq!(became(&call(&mut agent, 2)), "ran");
    is_held(&call(&mut agent, 3));
}

#[test]
fn nobody_grants_what_they_could_not_approve() {
    let world = world(&finance(""));
    eve(&world);
    let said = not_given(&world, "eve", &[]);
    assert!(said.contains("not among those who are asked"), "{said}");
    // Whoever acts, in whatever spelling of the name.
    for to in ["User::\"ada\"", "User :: \"ada\"", "User::\"\\u{61}da\"", "Agent::\"ada\""] {
        let said = not_given(&world, "ada", &["--to", to]);
        assert!(said.contains("nobody grants themselves"), "{to}: {said}");
    }
    for (words, told) in [
        (&["--expires", "31d"][..], "30 days"),
        (&["--expires", "0s"], "30 days"),
        (&["--expires", "soon"], "duration"),
        (&["--tool", "notes.edit_note"], "no guard"),
        (&["--tool", "other.write_note"], "no upstream"),
        (&["--to", "agent"], "entity"),
        (&["--resource", "Order 42"], "entity"),
        (&["--when", "args.n <"], "--when"),
        (&["--when", "was.rate.body.n == 5"], "was"),
        (&["--when", "now.rate.body.n == 5"], "does not read"),
        (&["--limit", "amount=5"], "args.PATH=MAX"),
        (&["--reason", " "], "reason"),
        (&["--key", "/nowhere.pem"], "nowhere.pem"),
    ] {
        let said = not_given(&world, "ada", words);
        assert!(said.to_lowercase().contains(&told.to_lowercase()), "{words:?}: {said}");
    }
    let mut agent = world.agent();
    is_held(&call(&mut agent, 1));
}

#[test]
fn whoever_signs_sees_all_of_it_and_nothing_hides() {
    let world = world(&finance("resource = 'Note::\"${args.path}\"'"));
    let said = super::rig::grants(
        &world,
        "ada",
        &[
            "--resource",
            "Note::\"a\u{202e}b\"",
            "--when",
            "args.content != \"\u{200b}\"",
            "--limit",
            "args.n=10",
            "--agent",
            "a test",
        ],
    );
    assert!(said.status.success(), "{said:?}");
    let shown = String::from_utf8(said.stderr).unwrap();
    for part in [
        "ada",
        "User::\"agent\"",
        "notes.write_note",
        r"Note::\u{22}a\u{202e}b",
        r"\u{200b}",
        "args /n: at most 10",
        "a test",
        "small ones are fine",
    ] {
        let part = part.replace(r"\u{22}", "\"");
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    assert!(!shown.contains('\u{202e}') && !shown.contains('\u{200b}'), "{shown}");
}

#[test]
fn what_changed_since_makes_a_grant_void_and_the_list_says_so() {
    let world = world(&finance(""));
    bob(&world);
    let grant = give(&world, "ada", &[]);
    let mut agent = world.agent();
    assert_eq!(became(&call(&mut agent, 1)), "ran");
    drop(agent);

    // Another guard on the tool, changed or gone, is another matter than the one that was signed.
    configure(&world, &finance("window = { open = \"Mon-Sun 00:00-24:00\", tz = \"UTC\" }"));
    is_held(&call(&mut world.agent(), 2));
    assert!(stands(&world, &grant).contains("guard it was given under has changed"));
    configure(&world, &finance(""));
    assert_eq!(stands(&world, &grant), "stands");
    assert_eq!(became(&call(&mut world.agent(), 3)), "ran");

    // A halt that was lifted.
    let halted = world.lastlook(&["halt", "--all", "--reason", "look", "--json"]).output().unwrap();
    assert!(halted.status.success(), "{halted:?}");
    assert_eq!(became(&call(&mut world.agent(), 4)), "halted");
    let resumed = world.lastlook(&["resume", "--all", "--reason", "looked"]).output().unwrap();
    assert!(resumed.status.success(), "{resumed:?}");
    is_held(&call(&mut world.agent(), 4));
    assert!(stands(&world, &grant).contains("halt was lifted"));
    let next = give(&world, "ada", &[]);
    assert_eq!(became(&call(&mut world.agent(), 4)), "ran");

    // Its giver is no approver any more.
    let removed = world
        .lastlook(&["approvers", "remove", "ada", "--by", "bob", "--by-passphrase-file"])
        .arg(world.at("bob.pass"))
        .args(["--reason", "left"])
        .output()
        .unwrap();
    assert!(removed.status.success(), "{removed:?}");
    is_held(&call(&mut world.agent(), 5));
    assert!(stands(&world, &next).contains("`ada` was removed"));

    // It ran out.
    give(&world, "bob", &["--expires", "1h"]);
    assert_eq!(became(&call(&mut world.agent(), 6)), "ran");
    world.passes(Duration::from_secs(3600));
    is_held(&call(&mut world.agent(), 7));
    let all = listed(&world, &["--all"]);
    assert_eq!(
        all.iter().map(|grant| grant["state"].clone()).collect::<Vec<_>>(),
        ["void", "void", "expired"]
    );
    assert_eq!(listed(&world, &[]).len(), 2);
    assert_eq!(world.effects().len(), 4);
    world.verifies();
}

/// The same server, that says something else of its tool.
fn with_another_definition(world: &crate::guards::world::World) {
    let file = world.at("lastlook.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let exe = env!("CARGO_BIN_EXE_lastlook");
    let (notes, effects) = (world.at("notes"), world.at("effects.jsonl"));
    let line = format!(
        "{exe} demo-notes-server {} --effects {} | sed -u 's/a note/any note/g'",
        notes.display(),
        effects.display()
    );
    let command = format!("command = {}", json!(["sh", "-c", line]));
    let text: Vec<String> = text
        .lines()
        .map(|line| if line.starts_with("command = ") { command.clone() } else { line.to_owned() })
        .collect();
    world.file("lastlook.toml", &text.join("\n"));
}

#[test]
fn a_tool_that_is_defined_otherwise_is_another_tool() {
    let world = world(&finance(""));
    let grant = give(&world, "ada", &[]);
    assert_eq!(listed(&world, &[&grant, "--now"])[0]["state"], json!("stands"));
    with_another_definition(&world);
    let now = &listed(&world, &[&grant, "--now"])[0];
    assert_eq!(now["why"], json!("the tool is not what it was"), "{now}");
    is_held(&call(&mut world.agent(), 1));
    give(&world, "ada", &[]);
    assert_eq!(became(&call(&mut world.agent(), 1)), "ran");
}

#[test]
fn whoever_waits_for_people_is_told_by_check_that_nobody_would_be_asked() {
    let world = world(&finance(""));
    let check = |client: &[&str]| -> Value {
        let words = ["check", "notes.write_note", "--args", r#"{"path":"x.md","content":"x"}"#, "--json"];
        json_of(&world.lastlook(&[&words[..], client].concat()).output().unwrap())
    };
    assert!(check(&[]).to_string().contains("approval-required"));
    give(&world, "ada", &[]);
    assert!(!check(&[]).to_string().contains("approval-required"));
    let mut agent: Client = world.agent();
    assert_eq!(became(&call(&mut agent, 1)), "ran");
}
