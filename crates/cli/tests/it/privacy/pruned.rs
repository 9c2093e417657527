//! Values that are old are gone from the files, and everything that was proven still is.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{SECRET, both_verify, files_with, nowhere, ok, receipt_file, run, secret_args, world};
use crate::approvals::people::{finance, introduce, request_of};
use crate::guards::world::{Lost, became};
use crate::records::rig::{receipt, until};

fn prune(world: &crate::guards::world::World, words: &[&str]) -> Value {
    serde_json::from_str(&ok(world, &[&["log", "prune", "--json"], words].concat())).unwrap()
}

#[test]
fn an_operator_removes_them_and_the_files_have_them_no_more() {
    let world = world("", "");
    world.loses(Lost::Pruned);
    let mut agent = world.agent();
    let done = agent.call("write_note", secret_args());
    agent.call("read_note", json!({"path": "plan.md"}));
    world.note("plan.md", "somebody else");
    let refused = agent.call("write_note", secret_args());
    assert_eq!(became(&refused), "fact-changed", "{refused}");
    assert!(agent.close().success());
    assert!(!files_with(&world.at("state"), SECRET).is_empty());
    run(&world, &["log", "prune"]).fails(2, "nothing says how old");

    assert_eq!(prune(&world, &["--older-than", "1h"])["entries"], json!(0));
    let dry = prune(&world, &["--older-than", "0s", "--dry-run"]);
    world.passes(Duration::from_secs(10));
    let dry_later = prune(&world, &["--older-than", "0s", "--dry-run"]);
    assert!(dry_later["entries"].as_u64().unwrap() >= 3 && dry["dry_run"] == json!(true), "{dry_later}");
    assert!(!files_with(&world.at("state"), SECRET).is_empty(), "a dry run removes nothing");
    let pruned = prune(&world, &["--older-than", "0s"]);
    assert_eq!(
        (&pruned["entries"], &pruned["overwritten"]),
        (&dry_later["entries"], &json!(true)),
        "{pruned}"
    );
    nowhere(&world, SECRET);
    assert_eq!(prune(&world, &["--older-than", "0s"])["entries"], json!(0));

    let verified = ok(&world, &["verify"]);
    assert!(verified.contains("are pruned"), "{verified}");
    assert!(ok(&world, &["show", &receipt(&done)]).contains("[pruned]"));
    both_verify(&world, &receipt_file(&world, &[&receipt(&done)]).0);
    run(&world, &["receipt", &receipt(&done), "--disclose", "/args/path"]).fails(2, "nothing is kept");
    // What was said before is still known, by its digest.
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    assert_eq!(became(&agent.call("write_note", secret_args())), "ran");
    assert!(agent.close().success());
    world.verifies();
}

#[test]
fn what_is_not_settled_stays() {
    let world = world("", &finance());
    world.loses(Lost::Pruned);
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = request_of(&agent.call("write_note", secret_args()));
    assert!(agent.close().success());
    world.passes(Duration::from_secs(10));
    let pruned = prune(&world, &["--older-than", "0s"]);
    assert_eq!((&pruned["entries"], &pruned["requests"]), (&json!(0), &json!(0)), "{pruned}");
    assert!(pruned["unsettled"].as_u64().unwrap() >= 1, "{pruned}");
    assert!(ok(&world, &["approvals", &request]).contains(SECRET), "people still see it");
    let said = crate::approvals::people::says(&world, "reject", &request, "ada");
    assert!(said.status.success(), "{said:?}");
    world.passes(Duration::from_secs(20));
    let pruned = prune(&world, &["--older-than", "0s"]);
    assert_eq!(pruned["requests"], json!(1), "{pruned}");
    nowhere(&world, SECRET);
    ok(&world, &["approvals"]);
    ok(&world, &["approvals", "--all"]);
    world.verifies();
}

#[test]
fn a_boundary_removes_them_by_itself() {
    let world = world("", "[record]\nkeep_values = \"1s\"\n");
    world.loses(Lost::Pruned);
    let mut agent = world.agent();
    let done = agent.call("write_note", secret_args());
    assert_eq!(became(&done), "ran", "{done}");
    until("the values are gone", || files_with(&world.at("state"), SECRET).is_empty().then_some(()));
    assert_eq!(became(&agent.call("write_note", json!({"path": "b.md", "content": "x"}))), "ran");
    assert!(agent.close().success());
    assert!(ok(&world, &["show", &receipt(&done)]).contains("[pruned]"));
    world.verifies();
}
