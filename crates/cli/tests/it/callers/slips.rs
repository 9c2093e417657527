//! What a client may do to a slip, and to the call it brings it back with.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{
    ADA, args, bring, call, client, effects, forms, is_refused, params, ran, rules, says, wants_input, world,
};
use crate::approvals::people::{approve, state_of};
use crate::client::Client;

#[test]
fn a_slip_that_was_made_up_or_altered_is_none() {
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    approve(&world, &request, ADA);
    let parts: Vec<&str> = slip.split('.').collect();
    let [state, _, until, nonce, signed] = parts[..] else { panic!("{slip}") };
    let (_, other_request) = wants_input(&bring(&mut agent, args(2), Value::Null));
    let last = signed.chars().next_back().unwrap();
    let another = if last == '0' { '1' } else { '0' };
    for forged in [
        format!("{state}.{other_request}.{until}.{nonce}.{signed}"),
        format!("{state}.{request}.{}.{nonce}.{signed}", until.parse::<i64>().unwrap() + 1),
        format!("{state}.{request}.{until}.{}.{signed}", "0".repeat(nonce.len())),
        format!("{state}.{request}.{until}.{nonce}.{}{another}", &signed[..signed.len() - 1]),
        format!("{state}.{request}.{until}.{nonce}.{}", "0".repeat(signed.len())),
        format!("{state}.{request}.{until}.{nonce}."),
        format!("{state}.{request}.{until}.{nonce}.{}", &signed[..2]),
        format!("{slip} "),
        format!("{state}."),
    ] {
        is_refused(&bring(&mut agent, args(1), says(&forged, "accept")), "not one for this call");
    }
    assert_eq!((effects(&world), state_of(&world, &request)), (0, "approved".to_owned()));
    // Nothing of that has spent it.
    ran(&bring(&mut agent, args(1), says(&slip, "accept")));
    assert_eq!(effects(&world), 1);
    drop(agent);
    world.verifies();
}

#[test]
fn a_slip_is_good_for_its_own_call_and_no_other() {
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    let (_, other) = wants_input(&bring(&mut agent, args(2), Value::Null));
    for approved in [&request, &other] {
        approve(&world, approved, ADA);
    }
    is_refused(&bring(&mut agent, args(2), says(&slip, "accept")), "not one for this call");
    let asked = agent.request("tools/call", params("other", args(1), forms(), says(&slip, "accept")));
    is_refused(&agent.answer(asked), "not one for this call");
    drop(agent);
    // In the name of somebody else.
    rules(
        &world,
        "",
        "[principal]\nid = 'User::\"another\"'\n[guard.paid]\non = [\"rogue.set\"]\napprove = { by = 'Role::\"finance\"' }",
    );
    is_refused(&bring(&mut client(&world), args(1), says(&slip, "accept")), "not one for this call");
    assert_eq!(effects(&world), 0);
    for approved in [&request, &other] {
        assert_eq!(state_of(&world, approved), "approved");
    }
    world.verifies();
}

#[test]
fn a_slip_outlives_its_process_and_is_good_once_in_all_of_them() {
    let world = world("", "");
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    agent.kill();
    approve(&world, &request, ADA);
    // The same arguments, however they are spelt.
    let mut agent = client(&world);
    let mut spelt = Value::Object(serde_json::Map::new());
    spelt["value"] = json!("1");
    spelt["key"] = json!("alpha");
    ran(&bring(&mut agent, spelt, says(&slip, "accept")));
    let (_, next) = wants_input(&call(&mut agent));
    approve(&world, &next, ADA);
    for mut other in [agent, client(&world)] {
        is_refused(&bring(&mut other, args(1), says(&slip, "accept")), "was used already");
    }
    assert_eq!((effects(&world), state_of(&world, &next)), (1, "approved".to_owned()));
    world.verifies();
}

#[test]
fn a_slip_runs_out_with_its_request() {
    let world = world("", "");
    rules(
        &world,
        "",
        "[guard.paid]\non = [\"rogue.set\"]\napprove = { by = 'Role::\"finance\"', expires = \"10m\" }",
    );
    let mut agent = client(&world);
    let (slip, request) = wants_input(&call(&mut agent));
    approve(&world, &request, ADA);
    world.passes(Duration::from_secs(601));
    is_refused(&bring(&mut agent, args(1), says(&slip, "accept")), "has run out");
    assert_eq!(effects(&world), 0);
    let (fresh, again) = wants_input(&call(&mut agent));
    assert_ne!(again, request);
    approve(&world, &again, ADA);
    ran(&bring(&mut agent, args(1), says(&fresh, "accept")));
    assert_eq!(effects(&world), 1);
}

#[test]
fn of_processes_that_race_for_one_slip_one_runs() {
    let world = world("wait_for_approval = \"1s\"", "");
    let mut agents: Vec<Client> = (0..3).map(|_| client(&world)).collect();
    for round in 1..=4 {
        let (slip, request) = wants_input(&call(&mut agents[0]));
        approve(&world, &request, ADA);
        let asked: Vec<_> =
            agents.iter_mut().map(|agent| super::rig::ask(agent, args(1), says(&slip, "accept"))).collect();
        let answers: Vec<Value> =
            agents.iter_mut().zip(asked).map(|(agent, asked)| agent.answer(asked)).collect();
        let (refused, done): (Vec<&Value>, Vec<&Value>) =
            answers.iter().partition(|answer| answer.get("error").is_some());
        assert_eq!(done.len(), 1, "{answers:?}");
        ran(done[0]);
        refused.into_iter().for_each(|answer| is_refused(answer, "was used already"));
        assert_eq!(effects(&world), round);
    }
    drop(agents);
    world.verifies();
}

#[test]
fn processes_that_hold_the_first_calls_agree_on_one_key() {
    let world = world("", "");
    let mut agents: Vec<Client> = (0..4).map(|_| client(&world)).collect();
    let asked: Vec<_> = agents.iter_mut().map(|agent| super::rig::ask(agent, args(1), Value::Null)).collect();
    let slips: Vec<(String, String)> =
        agents.iter_mut().zip(asked).map(|(agent, asked)| wants_input(&agent.answer(asked))).collect();
    approve(&world, &slips[0].1, ADA);
    // Each brings back another's; the one that runs leaves nothing approved for the others.
    let answers: Vec<Value> = agents
        .iter_mut()
        .zip(slips.iter().rev())
        .map(|(agent, (slip, _))| bring(agent, args(1), json!({"requestState": slip})))
        .collect();
    ran(&answers[0]);
    answers[1..].iter().for_each(|answer| drop(wants_input(answer)));
    assert_eq!(effects(&world), 1);
}
