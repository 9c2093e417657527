//! The tool gets what was said; the record, the pages and the messages do not.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::rig::{SECRET, both_verify, nowhere, ok, receipt_file, run, secret_args, world};
use crate::approvals::people::{approve, finance, introduce, request_of};
use crate::console::rig::Console;
use crate::guards::world::{Lost, World, became};
use crate::notify::rig::Receiver;
use crate::records::rig::receipt;

const REDACT: &str = "redact = [\"/args/content\"]";

fn note(world: &World) -> String {
    std::fs::read_to_string(world.at("notes/plan.md")).unwrap()
}

/// Everything that commands say of an attempt, and the receipt with all its values.
fn said_of(world: &World, id: &str) -> String {
    let commands: [&[&str]; 5] = [
        &["show", id],
        &["show", id, "--json"],
        &["log", "--json"],
        &["receipt", id, "--with-values"],
        &["verify"],
    ];
    commands.iter().map(|words| ok(world, words)).collect()
}

#[test]
fn what_is_redacted_is_sent_and_stands_nowhere() {
    let more = "[tool.\"notes.list_notes\"]\nclass = \"read\"\n";
    let world = world(REDACT, more);
    let reads = std::fs::read_to_string(world.at("lastlook.toml")).unwrap();
    let plain = "[tool.\"notes.read_note\"]\nclass = \"read\"";
    world.file("lastlook.toml", &reads.replace(plain, &format!("{plain}\nredact = [\"/answer/text\"]")));
    world.note("plan.md", "the old Yucatan-9911-Date");
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let done = agent.call("write_note", secret_args());
    assert_eq!(became(&done), "ran", "{done}");
    assert_eq!(note(&world), format!("pay {SECRET} 5"), "the tool got it as it was said");
    let ran = receipt(&done);

    // Somebody else changes it: the refusal tells neither side.
    agent.call("read_note", json!({"path": "plan.md"}));
    world.note("plan.md", "now it says Xanadu-1234-Fig");
    let refused = agent.call("write_note", secret_args());
    assert_eq!(became(&refused), "fact-changed", "{refused}");
    let text = refused.to_string();
    assert!(!text.contains("Xanadu") && !text.contains(SECRET), "{text}");
    let said = [&ran, &receipt(&refused)].map(|id| said_of(&world, id)).concat();
    for secret in [SECRET, "Yucatan-9911", "Xanadu-1234"] {
        assert!(!said.contains(secret), "{secret} in {said}");
        nowhere(&world, secret);
        assert!(!agent.complaints().contains(secret));
    }
    assert!(said.contains("redacted"), "{said}");
    assert!(agent.close().success());
    nowhere(&world, SECRET);
    let (file, shown) = receipt_file(&world, &[&ran, "--with-values"]);
    assert!(shown["values"].as_array().unwrap().len() > 2, "{shown}");
    both_verify(&world, &file);
    run(&world, &["receipt", &ran, "--disclose", "/args/content"]).fails(1, "was redacted");
}

#[test]
fn calls_that_are_no_actions_leave_nothing_either() {
    let world = world(REDACT, "");
    let mut agent = world.agent();
    let inexact = format!(r#"{{"path":12345678901234567890,"content":"{SECRET}"}}"#);
    let refused = agent.call_written("write_note", &inexact);
    assert_eq!(became(&refused), "number-inexact", "{refused}");
    assert!(agent.close().success());
    nowhere(&world, SECRET);
    world.verifies();
}

/// A crash between the effect and its record, and who finds it.
#[test]
fn what_a_dead_process_leaves_says_nothing_of_it() {
    let world = world(REDACT, "");
    world.loses(Lost::Unsaid);
    let mut dying = world.lastlook(&["mcp", "--upstream", "notes"]);
    dying.env("LASTLOOK_CRASH_AT", "before:record-outcome");
    let mut dying = crate::client::Client::spawn(&mut dying);
    dying.initialize();
    dying.ask("write_note", secret_args());
    dying.wait();
    nowhere(&world, SECRET);
    let mut agent = world.agent();
    let again = agent.call("write_note", secret_args());
    assert_eq!(became(&again), "in-doubt", "the same action is known again");
    let mut other = secret_args();
    other["content"] = json!("something else");
    assert_eq!(became(&agent.call("write_note", other)), "in-doubt", "on the same thing");
    assert!(agent.close().success());
    nowhere(&world, SECRET);
}

#[test]
fn people_decide_without_seeing_what_is_redacted_and_it_is_sent_as_it_came() {
    let mut world = World::new();
    world.set("HOOK_KEY", crate::notify::rig::KEY);
    let receiver = Receiver::start(&world);
    let hook = receiver.hook("ops", "ok").replace("private = true", "private = true\nshow_arguments = true");
    super::rig::configure(&world, REDACT, &format!("{}{hook}", finance()));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = request_of(&agent.call("write_note", secret_args()));
    let console = Console::open(&world);
    let page = console.get(&format!("/requests/{request}"));
    assert_eq!(page.status, 200, "{page:?}");
    let pages = [
        page.body,
        console.get("/").body,
        ok(&world, &["approvals", &request]),
        ok(&world, &["approvals", &request, "--json"]),
        receiver.hears(1)[0].to_string(),
    ];
    for page in &pages {
        assert!(!page.contains(SECRET), "{page}");
        assert!(page.contains("plan.md"), "{page}");
    }
    assert!(pages[0].contains("redacted"), "{}", pages[0]);
    nowhere(&world, SECRET);
    assert_eq!(approve(&world, &request, "ada"), "approved");
    // Another secret is another action, which nobody approved.
    let mut other = secret_args();
    other["content"] = json!("Quagga-5555 instead");
    request_of(&agent.call("write_note", other));
    assert_eq!(became(&agent.call("write_note", secret_args())), "ran");
    assert_eq!(note(&world), format!("pay {SECRET} 5"));
    console.interrupt();
    assert!(agent.close().success());
    nowhere(&world, SECRET);
    nowhere(&world, "Quagga-5555");
    world.verifies();
}

#[test]
fn what_is_digest_only_is_seen_by_people_until_they_decided_and_then_by_nobody() {
    let world = world("digest_only = [\"/args/content\"]", &finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = request_of(&agent.call("write_note", secret_args()));
    assert!(ok(&world, &["approvals", &request]).contains(SECRET), "people see what they decide on");
    approve(&world, &request, "ada");
    let done = agent.call("write_note", secret_args());
    assert_eq!(became(&done), "ran", "{done}");
    assert_eq!(note(&world), format!("pay {SECRET} 5"));
    assert!(!ok(&world, &["approvals", &request]).contains(SECRET));
    assert!(agent.close().success());
    // What was overwritten may still stand in the write-ahead log until that is emptied.
    ok(&world, &["log", "prune", "--older-than", "9999d"]);
    nowhere(&world, SECRET);

    let id = receipt(&done);
    let hint = run(&world, &["receipt", &id, "--disclose", "/args/content"]);
    hint.fails(1, "only a commitment");
    let right = world.file("value.json", &json!(format!("pay {SECRET} 5")).to_string());
    let wrong = world.file("wrong.json", &json!(format!("pay {SECRET} 6")).to_string());
    let with = |file: &std::path::Path| format!("/args/content={}", file.display());
    let words = ["receipt", &id, "--disclose", "/args/content", "--value", &with(&wrong)];
    run(&world, &words).fails(1, "not the one committed to");
    let words = [id.as_str(), "--disclose", "/args/content", "--value", &with(&right)];
    let (file, shown) = receipt_file(&world, &words);
    assert_eq!(shown["values"].as_array().unwrap().len(), 1, "{shown}");
    both_verify(&world, &file);
}

/// Two states, the same call: a digest that is the same in both could be found by whoever tries likely arguments.
#[test]
fn no_digest_of_what_is_withheld_can_be_guessed() {
    let payload = |on_write: &str| {
        let world = world(on_write, "");
        let mut agent = world.agent();
        let id = receipt(&agent.call("write_note", secret_args()));
        assert!(agent.close().success());
        let (_, shown) = receipt_file(&world, &[&id]);
        let payload = STANDARD.decode(shown["payload"].as_str().unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&payload).unwrap()
    };
    let action = |payload: &serde_json::Value| payload["subject"][0]["digest"]["sha256"].clone();
    let plain = [payload(""), payload("")];
    assert_eq!(action(&plain[0]), action(&plain[1]));
    assert!(plain[0]["predicate"]["sent"].is_string());
    let withheld = [payload(REDACT), payload(REDACT)];
    assert_ne!(action(&withheld[0]), action(&withheld[1]));
    for payload in withheld {
        let entry = &payload["predicate"];
        assert!(entry["sent"].is_null() && entry["sent_salted"]["commitment"].is_string(), "{entry}");
        // The entry of how it ended commits to no arguments; that of how it began names what is missing.
        assert!(!payload.to_string().contains(SECRET));
    }
}
