//! What a yes, a no and their end mean for the action.

use std::time::Duration;

use serde_json::json;

use super::people::{
    again, approve, asks, finance, held, introduce, json_of, refused, request_of, says, state_of, waiting,
};
use crate::guards::served::Says;
use crate::guards::world::{World, became, write_args};

#[test]
fn what_is_approved_runs_once_and_its_receipt_says_who_approved() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert_eq!(world.effects(), Vec::<String>::new());
    // Asked again, it is the same request that waits.
    assert_eq!(held(&mut agent), request);
    assert_eq!(waiting(&world), [request.as_str()]);

    assert_eq!(approve(&world, &request, "ada"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(state_of(&world, &request), "used");
    // Once: the next is another one.
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(world.effects().len(), 1);
    drop(agent);

    world.verifies();
    let attempt = json_of(&world.lastlook(&["approvals", &request, "--json"]).output().unwrap());
    let attempt = attempt["attempt"].as_str().unwrap();
    let shown = json_of(&world.lastlook(&["show", attempt, "--json"]).output().unwrap());
    let outcome =
        shown["entries"].as_array().unwrap().iter().find(|entry| entry["kind"] == "outcome").unwrap();
    let by = &outcome["body"]["approval"]["by"][0];
    assert_eq!(outcome["body"]["approval"]["request"], json!(request), "{shown}");
    assert_eq!(by["approver"], json!("ada"));
    assert_eq!(by["statement"]["statement"]["decision"], json!("approve"));
}

#[test]
fn it_outlives_the_session_that_asked() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'User::\"ada\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    drop(agent);
    approve(&world, &request, "ada");
    // This one has read nothing: what the approver saw stands for it.
    assert_eq!(again(&mut world.agent()), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn when_the_world_moves_after_the_approval_nothing_runs_and_people_are_asked_again() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"' }\nunchanged = [\"rate\"]"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.rate.json(r#"{"status":"open","n":5}"#);
    let answer = agent.call("write_note", write_args(1));
    assert_eq!(became(&answer), "fact-changed");
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(state_of(&world, &request), "void");

    let next = waiting(&world);
    assert_eq!(next.len(), 1, "{answer}");
    assert!(answer["content"][0]["text"].as_str().unwrap().contains(&next[0]), "{answer}");
    let page = world.lastlook(&["approvals", &next[0]]).output().unwrap();
    let page = String::from_utf8(page.stdout).unwrap();
    let (now, was) = page.split_once("    was\n").unwrap_or_else(|| panic!("{page}"));
    assert!(now.contains("\"open\"") && was.contains("\"paid\""), "{page}");

    assert_eq!(approve(&world, &next[0], "ada"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
    drop(agent);
    world.verifies();
}

#[test]
fn a_passing_cause_gives_the_approval_back() {
    let world = World::new();
    world.configure(&asks(
        "approve = { by = 'Role::\"finance\"' }\nwhen = 'now.rate.body.status == \"paid\"'",
    ));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.rate.say(Says::Nothing);
    assert_eq!(again(&mut agent), "fact-unreadable condition-error");
    assert_eq!(state_of(&world, &request), "approved");
    world.rate.json(r#"{"status":"paid","n":5}"#);
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn a_no_is_final_and_the_agent_is_told() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    let said = says(&world, "reject", &request, "ada");
    assert!(said.status.success(), "{said:?}");
    assert_eq!(again(&mut agent), "approval-rejected");
    assert!(refused(&world, "approve", &request, "ada").contains("rejected"));
    assert_eq!(again(&mut agent), "approval-rejected");
    // Another action is another request.
    request_of(&agent.call("write_note", write_args(2)));
    assert_eq!(world.effects(), Vec::<String>::new());
    drop(agent);
    world.verifies();
}

#[test]
fn what_is_taken_back_before_the_gate_never_runs() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    drop(agent);
    let mut agent = world.paused_at("after:look");
    let asked = agent.ask("write_note", write_args(1));
    world.reached();
    // Armed, allowed, and about to be sent.
    assert_eq!(state_of(&world, &request), "claimed");
    let said = world.lastlook(&["revoke", &request, "--reason", "a mistake", "--json"]).output().unwrap();
    assert_eq!(json_of(&said)["outcome"], json!("prevented"), "{said:?}");
    world.go();
    assert_eq!(became(&agent.result(asked)), "approval-revoked");
    assert_eq!(state_of(&world, &request), "revoked");
    assert_eq!(world.effects(), Vec::<String>::new());
    drop(agent);
    world.verifies();
}

#[test]
fn what_is_taken_back_after_the_gate_is_said_to_be_in_flight() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    drop(agent);
    let mut agent = world.paused_at("before:send");
    let asked = agent.ask("write_note", write_args(1));
    world.reached();
    let said = world.lastlook(&["revoke", &request, "--reason", "too late", "--json"]).output().unwrap();
    assert_eq!(json_of(&said)["outcome"], json!("in_flight"), "{said:?}");
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn two_different_people_must_say_yes_and_none_of_them_may_be_who_asks() {
    let world = World::new();
    world.configure(&format!(
        "[principal]\nid = 'User::\"ada\"'\n{}",
        asks("approve = { by = 'Role::\"finance\"', quorum = 2 }")
    ));
    for (name, role, by) in [
        ("ada", "finance", None),
        ("bob", "finance", Some("ada")),
        ("cy", "finance", Some("ada")),
        ("dee", "sales", Some("ada")),
    ] {
        introduce(&world, name, role, by);
    }
    let mut agent = world.agent();
    let request = held(&mut agent);
    assert!(refused(&world, "approve", &request, "ada").contains("somebody else must decide"));
    assert!(refused(&world, "approve", &request, "dee").contains("not among those who are asked"));
    assert!(refused(&world, "approve", &request, "eve").contains("eve"));
    assert_eq!(approve(&world, &request, "bob"), "pending");
    assert_eq!(held(&mut agent), request);
    assert!(refused(&world, "approve", &request, "bob").contains("already"));
    assert_eq!(approve(&world, &request, "cy"), "approved");
    assert_eq!(again(&mut agent), "ran");
    assert_eq!(world.effects().len(), 1);
}

#[test]
fn nobody_approves_without_the_passphrase() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    world.file("ada.pass", "a guess of the agent's\n");
    let told = refused(&world, "approve", &request, "ada");
    assert!(told.contains("passphrase"), "{told}");
    assert_eq!(held(&mut agent), request);
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_guard_that_changed_asks_again() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    drop(agent);
    world.configure(&asks("approve = { by = 'Role::\"finance\"', quorum = 2 }"));
    let mut agent = world.agent();
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn what_ran_out_is_no_approval() {
    let world = World::new();
    world.configure(&asks("approve = { by = 'Role::\"finance\"', expires = \"10m\" }"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    world.passes(Duration::from_secs(11 * 60));
    assert_eq!(state_of(&world, &request), "expired");
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "expired");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_lifted_halt_resurrects_no_approval() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    for words in [["halt", "--all", "--reason", "a fire"], ["resume", "--all", "--reason", "it is out"]] {
        let said = world.lastlook(&words).output().unwrap();
        assert!(said.status.success(), "{said:?}");
    }
    let next = held(&mut agent);
    assert_ne!(next, request);
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn whoever_was_about_to_use_an_approval_that_another_used_meanwhile_does_not_run() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    let mut late = world.paused_at("before:arm");
    let asked = late.ask("write_note", write_args(1));
    world.reached();
    // It has seen the approval, and has claimed nothing yet.
    assert_eq!(again(&mut world.agent()), "ran");
    world.go();
    let answer = late.result(asked);
    assert_eq!(became(&answer), "in-doubt", "{answer}");
    assert_eq!(world.effects().len(), 1);
    assert_eq!(state_of(&world, &request), "used");
}

#[test]
fn whatever_people_were_shown_is_compared_without_being_asked_for() {
    let world = World::new();
    world.configure(&asks("approve = { when = 'now.rate.body.n > 0', by = 'Role::\"finance\"' }"));
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let request = held(&mut agent);
    approve(&world, &request, "ada");
    // The condition holds as before, and it is not what ada saw.
    world.rate.json(r#"{"status":"open","n":5}"#);
    assert_eq!(again(&mut agent), "fact-changed");
    assert_eq!(state_of(&world, &request), "void");
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn a_call_that_is_cancelled_in_time_gives_the_approval_back() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    let mut agent = world.paused_at("after:arm");
    let crate::client::Asked(id) = agent.ask("write_note", write_args(1));
    world.reached();
    agent.notify("notifications/cancelled", json!({"requestId": id}));
    world.go();
    let patience = std::time::Instant::now() + crate::client::PATIENCE;
    while state_of(&world, &request) != "approved" {
        assert!(std::time::Instant::now() < patience, "it is {}", state_of(&world, &request));
    }
    agent.kill();
    assert_eq!(world.effects(), Vec::<String>::new());
    assert_eq!(again(&mut world.agent()), "ran");
}

#[test]
fn a_no_stays_a_no_after_a_halt_and_beside_many_others() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut agent = world.agent();
    let first = held(&mut agent);
    assert!(says(&world, "reject", &first, "ada").status.success());
    for words in [["halt", "--all", "--reason", "a fire"], ["resume", "--all", "--reason", "it is out"]] {
        assert!(world.lastlook(&words).output().unwrap().status.success());
    }
    assert_eq!(again(&mut agent), "approval-rejected");
}

#[test]
fn a_revocation_said_twice_is_answered_twice() {
    let world = World::new();
    world.configure(&finance());
    let request = held(&mut world.agent());
    for _ in 0..2 {
        let said = world.lastlook(&["revoke", &request, "--reason", "not now", "--json"]).output().unwrap();
        assert_eq!(json_of(&said)["outcome"], json!("prevented"), "{said:?}");
    }
    world.verifies();
}
