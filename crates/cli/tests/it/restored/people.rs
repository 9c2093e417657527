//! What people said in a record that was put back: void.

use serde_json::json;

use super::{copy, json_of, once, put_back, restored};
use crate::approvals::people::{again, approve, finance, held, introduce, refused, waiting};
use crate::grants::rig;
use crate::guards::world::World;

#[test]
fn approvals_requests_and_grants_are_void() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "bo", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert_eq!(approve(&world, &request, "bo"), "approved");
    drop(agent);
    copy(&world.at("state"), &world.at("copy"));
    let mut agent = world.agent();
    assert_eq!(again(&mut agent), "ran");
    drop(agent);
    put_back(&world, "copy");
    let report = restored(&world);
    assert_eq!(report["requests"], json!([request]), "{report}");
    assert_eq!(report["approvers"], json!(["bo"]));
    assert!(waiting(&world).is_empty());
    assert!(refused(&world, "approve", &request, "bo").contains("void"));
    // And whatever is given with the epoch of before.
    assert_eq!(json_of(&world, &["resume", "--all", "--reason", "x"])["epoch"], report["epoch"]);
    // Approved once, run once: the restored record has forgotten that it ran, and does not run it again.
    let mut agent = world.agent();
    assert_ne!(held(&mut agent), request);
    assert_eq!(world.effects(), ["plan.md"]);
    drop(agent);
    world.verifies();
}

#[test]
fn a_grant_is_taken_back() {
    let world = rig::world(&rig::finance(""));
    let grant = rig::give(&world, "ada", &["--uses", "1"]);
    copy(&world.at("state"), &world.at("copy"));
    assert_eq!(once(&world, "plan.md"), "ran");
    put_back(&world, "copy");
    let report = restored(&world);
    assert_eq!(report["grants"], json!([grant]), "{report}");
    let mut agent = world.agent();
    held(&mut agent);
    drop(agent);
    assert_eq!(world.effects(), ["plan.md"]);
    assert!(rig::listed(&world, &[]).is_empty());
    world.verifies();
}

#[test]
fn approvers_can_be_introduced_after_it() {
    let world = World::new();
    world.configure(&finance());
    let mut agent = world.agent();
    agent.call("delete_note", json!({"path": "plan.md"}));
    drop(agent);
    restored(&world);
    introduce(&world, "bo", "finance", None);
    introduce(&world, "cy", "finance", Some("bo"));
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert_eq!(approve(&world, &request, "cy"), "approved");
    assert_eq!(again(&mut agent), "ran");
    drop(agent);
    world.verifies();
}
