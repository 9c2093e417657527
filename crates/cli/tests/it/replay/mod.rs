//! Recorded attempts decided again, by the same rules and by others, with nothing of the world left to ask.

mod held;

use std::process::Command;

use serde_json::{Value, json};

use crate::guards::world::{World, became, write_args};

/// Reads, then writes, with everything that a guard may rest on.
const RULES: &str = r#"
[guard.g]
on = ["notes.write_note"]
unchanged = ["rate"]
when = "args.path != \"no.md\" && now.rate.body.status == \"paid\""

[policy]
file = "policy.cedar"
"#;

const POLICY: &str = r#"
@id("all") permit(principal, action, resource);
@id("long") @reason("too long a name") forbid(principal, action == Action::"notes.write_note", resource) when { context.args.path == "long.md" };
"#;

/// A record of one attempt that ran, one that a condition refused, one that a policy refused, one on a changed fact.
fn played() -> World {
    let world = World::new();
    world.file("policy.cedar", POLICY);
    world.configure(RULES);
    let mut agent = world.agent();
    let read = |agent: &mut crate::client::Client| agent.call("read_note", json!({"path": "plan.md"}));
    let write = |agent: &mut crate::client::Client, path: &str| {
        let mut args = write_args(6);
        args["path"] = json!(path);
        became(&agent.call("write_note", args))
    };
    read(&mut agent);
    assert_eq!(write(&mut agent, "other.md"), "ran");
    assert_eq!(write(&mut agent, "no.md"), "condition-false");
    assert_eq!(write(&mut agent, "long.md"), "policy-denied");
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(write(&mut agent, "other.md"), "fact-changed condition-false");
    drop(agent);
    world
}

fn report(world: &World, words: &[&str], code: i32) -> Value {
    let words = [&["replay", "--json", "--tool", "write_note"], words].concat();
    let done = world.lastlook(&words).output().unwrap();
    assert_eq!(done.status.code(), Some(code), "{done:?}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn moves(report: &Value) -> Vec<(String, String, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let verdicts = report["verdicts"].as_array().unwrap().iter();
    verdicts.map(|it| (text(&it["was"]), text(&it["now"]), it["attempts"].as_u64().unwrap())).collect()
}

fn moved(was: &str, now: &str, attempts: u64) -> (String, String, u64) {
    (was.to_owned(), now.to_owned(), attempts)
}

/// Writes other rules into a file of their own, beside those the world has.
fn rules(world: &World, name: &str, text: &str, own: &str) -> String {
    let config = world.configure(text);
    let other = world.at(name);
    std::fs::rename(config, &other).unwrap();
    world.configure(own);
    other.display().to_string()
}

#[test]
fn the_same_comes_out_where_nothing_of_the_world_is_left() {
    let world = played();
    // Another folder, without the configuration, the policies, the server and whatever facts were read from.
    let elsewhere = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-a").arg(world.at("state")).arg(elsewhere.path()).status().unwrap();
    assert!(copied.success());
    let replay = |threads: &str| {
        Command::new(env!("CARGO_BIN_EXE_lastlook"))
            .env_clear()
            .args(["replay", "--all", "--json", "--threads", threads, "--state"])
            .arg(elsewhere.path().join("state"))
            .output()
            .unwrap()
    };
    let (one, two) = (replay("1"), replay("2"));
    assert!(one.status.success(), "{one:?}");
    assert_eq!(one.stdout, two.stdout);
    let report: Value = serde_json::from_slice(&one.stdout).unwrap();
    // Under policies reads are judged too.
    assert_eq!((report["replayed"].as_u64(), report["same"].as_u64()), (Some(5), Some(5)), "{report}");
    assert_eq!(moves(&report), [moved("allow", "allow", 2), moved("deny", "deny", 3)]);
    assert_eq!(report["as_recorded"], 0);
    assert_eq!(world.effects().len(), 1, "nothing runs");
}

/// What a guard in audit mode would have refused before the look is an input of the look.
#[test]
fn what_only_watches_is_decided_again_too() {
    let world = World::new();
    world.configure(
        "[guard.w]\non = [\"notes.write_note\"]\nmode = \"audit\"\nlimit = [{ count = 1, per = \"1h\" }]\n",
    );
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    for n in [6, 7] {
        assert_eq!(became(&agent.call("write_note", write_args(n))), "ran");
    }
    drop(agent);
    let rows = world.lastlook(&["receipt", &newest(&world), "--with-values"]).output().unwrap();
    let receipt: Value = serde_json::from_slice(&rows.stdout).unwrap();
    let audited = receipt["values"].as_array().unwrap().iter().any(|it| it["label"] == "audited/0/said");
    assert!(audited, "{receipt}");
    assert_eq!(report(&world, &["--all"], 0)["same"], 2);
}

/// The receipt of the newest outcome.
fn newest(world: &World) -> String {
    let rows = world.lastlook(&["log", "--json", "--kind", "outcome", "--limit", "1"]).output().unwrap();
    let row: Value = serde_json::from_slice(&rows.stdout).unwrap();
    row["receipt"].as_str().unwrap().to_owned()
}

#[test]
fn other_rules_show_what_they_would_have_stopped_held_and_let_through() {
    let world = played();
    let rules = |name: &str, text: &str| rules(&world, name, text, RULES);
    // Looser: neither the condition nor the fact counts any more.
    let looser = rules(
        "looser.toml",
        "[guard.g]\non = [\"notes.write_note\"]\nwhen = \"args.path != \\\"no.md\\\"\"\n",
    );
    let found = report(&world, &["--all", "--guards", &looser], 0);
    // What a policy refused had been refused before anything was read.
    assert_eq!(
        moves(&found),
        [
            moved("allow", "allow", 1),
            moved("deny", "allow", 1),
            moved("deny", "deny", 1),
            moved("deny", "undecided", 1)
        ],
        "{found}"
    );
    // Stricter.
    let stricter = rules(
        "stricter.toml",
        "[guard.s]\non = [\"notes.write_note\"]\nwhen = \"args.path == \\\"only.md\\\"\"\n",
    );
    let found = report(&world, &["--all", "--guards", &stricter], 0);
    assert!(moves(&found).contains(&moved("allow", "deny", 1)), "{found}");
    assert!(
        found["reasons"]
            .as_array()
            .unwrap()
            .contains(&json!({"guard": "s", "code": "condition-false", "attempts": 1})),
        "{found}"
    );
    let newly = &found["changed"][0];
    assert_eq!((newly["was"].as_str(), newly["now"].as_str()), (Some("allow"), Some("deny")), "{found}");
    // Somebody would have been asked.
    let asking = rules(
        "asking.toml",
        "[guard.g]\non = [\"notes.write_note\"]\napprove = { by = \"Role::\\\"boss\\\"\" }\n",
    );
    let found = report(&world, &["--all", "--guards", &asking], 0);
    assert!(moves(&found).contains(&moved("allow", "hold", 1)), "{found}");
    // A fact that nobody read then.
    let asks_more = rules(
        "more.toml",
        &format!(
            "[fact.plan]\nfile = {{ path = {:?} }}\n[guard.g]\non = [\"notes.write_note\"]\nfacts = [\"plan\"]\nwhen = \"now.plan has text\"\n",
            world.at("notes/plan.md")
        ),
    );
    let found = report(&world, &["--all", "--guards", &asks_more], 0);
    assert!(moves(&found).contains(&moved("allow", "undecided", 1)), "{found}");
    assert_eq!(found["missing"]["fact `plan`"], 3, "{found}");
    // Policies alone, in place of those the recorded configuration names.
    world.file("none.cedar", "@id(\"no\") forbid(principal, action, resource);");
    let policy = world.at("none.cedar").display().to_string();
    let found = report(&world, &["--all", "--policy", &policy], 0);
    assert!(moves(&found).contains(&moved("allow", "deny", 1)), "{found}");
    let text = world.lastlook(&["replay", "--all", "--policy", &policy]).output().unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("newly refused: 2") && text.contains("policy-denied"), "{text}");
}

#[test]
fn a_receipt_with_its_values_is_decided_again_and_one_without_is_not_replayable() {
    let world = played();
    let rows =
        world.lastlook(&["log", "--json", "--kind", "outcome", "--tool", "write_note"]).output().unwrap();
    let row: Value = serde_json::from_slice(&rows.stdout).unwrap();
    let id = row["receipt"].as_str().unwrap();
    let found = report(&world, &[id], 0);
    assert_eq!(found["same"], 1, "{found}");
    for (name, more, same) in [("with.json", &["--with-values"][..], 1), ("without.json", &[][..], 0)] {
        let receipt = world.lastlook(&[&["receipt", id], more].concat()).output().unwrap();
        std::fs::write(world.at(name), receipt.stdout).unwrap();
        let file = world.at(name).display().to_string();
        let found = report(&world, &[&file], 0);
        assert_eq!(found["same"], same, "{found}");
        let pruned = json!({"`case` was pruned, or never kept": 1});
        assert_eq!(found["not_replayable"] == pruned, same == 0, "{found}");
    }
    // A receipt is believed only under a key that is pinned.
    let other = World::new();
    other.configure("");
    other.agent();
    let keys = other.lastlook(&["keys", "export"]).output().unwrap();
    std::fs::write(world.at("other.pub"), keys.stdout).unwrap();
    let (file, key) =
        (world.at("with.json").display().to_string(), world.at("other.pub").display().to_string());
    let refused = world.lastlook(&["replay", &file, "--key", &key]).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("checkpoint-unknown-key"), "{refused:?}");
}

#[test]
fn what_was_altered_or_lost_is_told_and_decided_by_nobody() {
    let world = played();
    let database = || rusqlite::Connection::open(world.at("state/lastlook.db")).unwrap();
    let kept: Vec<(String, String)> = {
        let database = database();
        let mut rows = database
            .prepare("SELECT name, value FROM marks WHERE name LIKE 'rules/%' OR name LIKE 'tools/%'")
            .unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    assert_eq!(kept.len(), 2, "{kept:?}");
    let tell = |expected: &str| {
        let found = report(&world, &["--all"], 0);
        assert_eq!(found["replayed"], 0, "{found}");
        let why = found["not_replayable"].as_object().unwrap().keys().next().unwrap().clone();
        assert!(why.contains(expected), "{why}");
    };
    for (name, value) in &kept {
        let what = name.split('/').next().unwrap();
        let set = |value: &str| {
            let changed =
                database().execute("UPDATE marks SET value = ?1 WHERE name = ?2", (value, name)).unwrap();
            assert_eq!(changed, 1);
        };
        set(&value.replace("no.md", "yes.md").replace("write_note", "write_nota"));
        tell(&format!("the {what} kept under"));
        set("{");
        tell("damaged");
        database().execute("DELETE FROM marks WHERE name = ?1", [name]).unwrap();
        tell("are not kept in this state");
        database().execute("INSERT INTO marks (name, value) VALUES (?1, ?2)", (name, value)).unwrap();
    }
    assert_eq!(report(&world, &["--all"], 0)["same"], 4);
}

#[test]
fn what_cannot_be_meant_is_told_with_the_way_out() {
    let world = played();
    let tell = |words: &[&str], code: i32, expected: &str| {
        let done = world.lastlook(&[&["replay"], words].concat()).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert_eq!(done.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(expected), "{words:?}: {said}");
    };
    tell(&[], 2, "RECEIPT");
    tell(&["--all", "x"], 2, "cannot be used with");
    tell(&["nosuchid"], 2, "lastlook log");
    tell(&["--all", "--policy", "/nowhere.cedar"], 2, "nowhere.cedar");
    tell(&["--all", "--guards", "/nowhere.toml"], 2, "nowhere.toml");
    world.file("bad.cedar", "permit(");
    let bad = world.at("bad.cedar").display().to_string();
    tell(&["--all", "--policy", &bad], 2, "bad.cedar");
    tell(&["--all", "--threads", "0"], 2, "threads");
}
