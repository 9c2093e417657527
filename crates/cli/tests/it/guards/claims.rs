//! Claims against a record in which something is open, or gone.

use serde_json::{Value, json};

use super::world::{Lost, World, became};
use crate::client::Client;

/// Notes whose writing is confirmed by the file itself.
fn confirmed_by_file(world: &World) {
    let notes = world.at("notes").display().to_string();
    world.configure(&format!(
        "[fact.note]\nfile = {{ path = \"{notes}/${{args.path}}\" }}\n\n\
         [guard.g]\non = [\"notes.write_note\"]\nconfirm = {{ when = 'now.note.exists', within = \"10s\" }}\n"
    ));
}

fn write(agent: &mut Client, note: &str) -> String {
    became(&agent.call("write_note", json!({"path": note, "content": "made"})))
}

/// What `lastlook claims check` says of one claim: the finding, its sentence, and by how many receipts.
fn claimed(world: &World, note: &str) -> (String, String, usize) {
    let report = json!({"claims": [{"tool": "notes.write_note", "args": {"path": note}}]}).to_string();
    let report = world.file("report.json", &report);
    let said = world.lastlook(&["claims", "check", "--json"]).arg(report).output().unwrap();
    let told: Value = serde_json::from_slice(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"));
    let claim = &told["claims"][0];
    let text = |member: &str| claim[member].as_str().unwrap().to_owned();
    let finding = text("finding");
    assert_eq!(said.status.success(), finding == "confirmed", "{told}");
    assert_eq!(told["all_confirmed"], finding == "confirmed", "{told}");
    (finding, text("says"), claim["receipts"].as_array().unwrap().len())
}

#[track_caller]
fn finds(world: &World, note: &str, finding: &str, says: &str, receipts: usize) {
    let told = claimed(world, note);
    assert!(told.0 == finding && told.1.contains(says) && told.2 == receipts, "{told:?}");
}

#[test]
fn nothing_is_confirmed_while_a_call_on_the_same_thing_is_open() {
    let world = World::new();
    world.loses(Lost::Unsaid);
    confirmed_by_file(&world);
    assert_eq!(write(&mut world.agent(), "made.md"), "ran");
    finds(&world, "made.md", "confirmed", "its effect was seen", 1);

    let edit = json!({"path": "made.md", "old_text": "made", "new_text": "marred"});
    let mut other = world.paused_at("before:gate");
    other.ask("edit_note", edit);
    world.reached();
    finds(&world, "made.md", "outdated", "`edit_note` is under way", 2);
    // What is about something else matters to nobody.
    assert_eq!(write(&mut world.agent(), "b.md"), "ran");
    finds(&world, "b.md", "confirmed", "its effect was seen", 1);

    other.kill();
    // Whoever comes next finds that it died.
    drop(world.agent());
    finds(&world, "made.md", "outdated", "nobody knows how `edit_note` ended", 2);
    let unknown = world.lastlook(&["log", "--json", "--outcome", "unknown"]).output().unwrap();
    let unknown: Value = serde_json::from_slice(&unknown.stdout).unwrap();
    let receipt = unknown["receipt"].as_str().unwrap();
    let word = ["resolve", receipt, "--as", "failed", "--reason", "it was killed before the gate"];
    assert!(world.lastlook(&word).output().unwrap().status.success());
    finds(&world, "made.md", "confirmed", "its effect was seen", 1);

    let edit = json!({"path": "made.md", "old_text": "made", "new_text": "marred"});
    assert_eq!(became(&world.agent().call("edit_note", edit)), "ran");
    finds(&world, "made.md", "outdated", "`edit_note` has acted on the same thing since", 2);
    world.verifies();
}

#[test]
fn an_attempt_whose_arguments_are_gone_is_told_and_nothing_earlier_is_confirmed() {
    let world = World::new();
    world.loses(Lost::Pruned);
    confirmed_by_file(&world);
    let mut agent = world.agent();
    let mut receipts = Vec::new();
    for note in ["first.md", "middle.md", "last.md"] {
        let ran = agent.call("write_note", json!({"path": note, "content": "made"}));
        assert_eq!(became(&ran), "ran");
        receipts.push(ran["_meta"]["dev.lastlook/receipt"].as_str().unwrap().to_owned());
    }
    finds(&world, "first.md", "confirmed", "its effect was seen", 1);
    prune(&world, &receipts[1]);
    finds(&world, "first.md", "outdated", "on what cannot be read any more", 2);
    finds(&world, "middle.md", "missing", "1 attempts could not be compared", 0);
    // What was pruned came before.
    finds(&world, "last.md", "confirmed", "its effect was seen", 1);
    // A refusal is not the whole story while another attempt cannot be compared.
    world.configure("[guard.g]\non = [\"notes.write_note\"]\nwhen = 'args.path != \"no.md\"'\n");
    assert_eq!(write(&mut world.agent(), "no.md"), "condition-false");
    finds(&world, "no.md", "contradicted", "nothing was sent; 1 attempts could not be compared", 1);
    world.verifies();
}

/// Takes the values beside an attempt's entries away, as pruning does.
fn prune(world: &World, receipt: &str) {
    let database = rusqlite::Connection::open(world.at("state/lastlook.db")).unwrap();
    let entries = "SELECT seq FROM entries WHERE attempt = ?1";
    let gone = database.execute(&format!("DELETE FROM \"values\" WHERE seq IN ({entries})"), [receipt]);
    assert!(gone.unwrap() > 0);
}
