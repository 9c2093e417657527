//! What people were asked about, decided again: whoever would be asked, and why.

use serde_json::{Value, json};

use super::{moved, moves, report, rules};
use crate::approvals::people::{again, approve, held, introduce, json_of, request_of, waiting};
use crate::guards::world::World;

/// Two guards ask, one of them only about some notes; a third one asks nobody.
const RULES: &str = r#"
[guard.paid]
on = ["notes.write_note"]
unchanged = ["rate"]
approve = { by = 'Role::"finance"' }

[guard.far]
on = ["notes.write_note"]
approve = { when = 'args.path == "far.md"', by = 'Role::"board"', quorum = 2 }

[guard.known]
on = ["notes.write_note"]
when = 'now.rate.body.n == 5'
"#;

/// A request of two guards, with arguments that have several spellings; a request of one guard, and another in its place because
/// the world moved; what ran on an approval.
fn played() -> World {
    let world = World::new();
    world.configure(RULES);
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    request_of(&agent.call_written("write_note", r#"{"path" : "far.md" ,"content":"\u0065ight"}"#));
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(again(&mut agent), "fact-changed");
    approve(&world, &about(&world, "plan.md"), "ada");
    assert_eq!(again(&mut agent), "ran");
    drop(agent);
    world
}

/// The waiting request about this note.
fn about(world: &World, note: &str) -> String {
    let path = |id: &String| {
        let page = world.lastlook(&["approvals", id, "--json"]).output().unwrap();
        json_of(&page)["arguments"]["path"].clone()
    };
    waiting(world).into_iter().find(|id| path(id) == note).unwrap()
}

/// Who asks whom.
fn whom(told: &Value) -> Vec<(String, String, u64)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    let asks = told["asks"].as_array().unwrap().iter();
    asks.map(|one| (text(one, "guard"), text(one, "by"), one["quorum"].as_u64().unwrap())).collect()
}

fn asks(guard: &str, by: &str, quorum: u64) -> (String, String, u64) {
    (guard.to_owned(), by.to_owned(), quorum)
}

#[test]
fn what_was_held_is_held_again_for_the_same_reasons_and_asks_the_same_people() {
    let world = played();
    let found = report(&world, &["--all"], 0);
    assert_eq!((&found["replayed"], &found["same"]), (&json!(5), &json!(5)), "{found}");
    assert_eq!(
        moves(&found),
        [moved("allow", "allow", 1), moved("deny", "deny", 1), moved("hold", "hold", 3)]
    );
    assert_eq!((&found["as_recorded"], &found["not_replayable"]), (&json!(0), &json!({})), "{found}");
    // One of them by its id.
    let request = about(&world, "far.md");
    assert_eq!(report(&world, &[&request], 0)["same"], 1);
}

#[test]
fn other_rules_show_what_nobody_would_be_asked_about_any_more() {
    let world = played();
    let under = |name: &str, text: &str| {
        let file = rules(&world, name, text, RULES);
        let words = ["replay", "--all", "--guards", &file, "--tool", "write_note"];
        let page = world.lastlook(&words).output().unwrap();
        (report(&world, &["--all", "--guards", &file], 0), String::from_utf8(page.stdout).unwrap())
    };
    // Nobody asks about the note that two guards asked about, and the guard that was asked for the others asks still.
    let (found, page) = under(
        "fewer.toml",
        "[guard.paid]\non = [\"notes.write_note\"]\napprove = { when = 'args.path == \"plan.md\"', by = 'Role::\"finance\"' }\n",
    );
    // Nor does what the refusal of a moved fact rested on count any more: people had approved it.
    assert!(moves(&found).contains(&moved("hold", "allow", 1)), "{found}");
    assert!(moves(&found).contains(&moved("hold", "hold", 2)), "{found}");
    let row = page.lines().any(|line| line.split_whitespace().eq(["was", "hold", "1", "2", "0", "0"]));
    assert!(row && page.contains("newly allowed: 2"), "{page}");
    // What was asked is on record, and came out above.
    let held = found["changed"].as_array().unwrap().iter().find(|it| it["was"] == "hold").unwrap();
    let recorded = &held["recorded"];
    assert_eq!(whom(recorded), [asks("far", "Role::\"board\"", 2), asks("paid", "Role::\"finance\"", 1)]);
    let reasons = recorded["reasons"].as_array().unwrap().iter();
    let reasons: Vec<_> = reasons.map(|it| (it["guard"].as_str(), it["code"].as_str())).collect();
    assert_eq!(reasons, ["far", "paid"].map(|guard| (Some(guard), Some("approval-required"))));
    // It is refused outright.
    let (found, page) = under(
        "refuses.toml",
        "[guard.paid]\non = [\"notes.write_note\"]\nwhen = 'args.path == \"plan.md\"'\napprove = { by = 'Role::\"finance\"' }\n",
    );
    assert!(moves(&found).contains(&moved("hold", "deny", 1)), "{found}");
    assert!(page.contains("newly refused: 1"), "{page}");
    // Somebody else would be asked, about what ran on an approval too.
    let (found, _) = under(
        "others.toml",
        "[guard.boss]\non = [\"notes.write_note\"]\napprove = { by = 'Role::\"boss\"' }\n",
    );
    assert_eq!(
        moves(&found),
        [moved("allow", "hold", 1), moved("deny", "hold", 1), moved("hold", "hold", 3)],
        "{found}"
    );
    let newly = found["changed"].as_array().unwrap().iter().find(|it| it["was"] == "allow").unwrap();
    assert_eq!(whom(&newly["replayed"]), [asks("boss", "Role::\"boss\"", 1)], "{newly}");
}
