//! The delegated path: a program that embeds the boundary, a real database it pays from, and operators beside it.

mod till;

use std::time::Duration;

use lastlook_engine::Delivery;
use lastlook_engine::delegated::{Delegated, NotBegun, Report, Terms};
use lastlook_kernel::Outcome;
use serde_json::json;

use crate::approvals::people::{approve, introduce, says};
use crate::client::PATIENCE;
use crate::guards::world::World;
use till::{Till, ended, open, shown};

/// Terms under which nothing is waited for.
const AT_ONCE: Terms = Terms { begin_within: Duration::ZERO, report_within: Duration::ZERO };

#[tokio::test]
async fn what_was_given_still_holds_and_is_paid_once_and_reported() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    assert_eq!(till.consult().await.as_deref(), Some("open"));
    let permit = till.permitted(Terms::default()).await;
    assert!(permit.left() > Duration::from_secs(3) && permit.left() <= Duration::from_secs(5));
    let acting = permit.begin().unwrap();
    till.pay(&acting);
    let (outcome, receipt) = ended(acting.report(Report::Done(b"paid".to_vec())).await);
    assert_eq!(outcome, Outcome::Succeeded);
    assert_eq!(till.payments(), [("i1".to_owned(), 4200)]);
    let shown = shown(&world, &receipt);
    assert_eq!(shown["closure"], "delegated");
    assert_eq!(shown["evidence"], "report");
    world.verifies();
    // What was given counts until it is given anew: the payment was not confirmed, and the invoice did not move.
    till.sql("update invoices set status = 'paid' where id = 'i1'");
    assert_eq!(till.refused().await, "fact-changed");
}

#[tokio::test]
async fn nothing_is_permitted_on_what_nobody_was_given_or_what_has_changed() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    assert_eq!(till.refused().await, "basis-missing", "nobody was given the invoice");
    till.consult().await;
    till.sql("update invoices set cents = 9900 where id = 'i1'");
    assert_eq!(till.refused().await, "fact-changed");
    // What it does not rest on may move.
    till.consult().await;
    till.sql("update invoices set cents = 1 where id = 'i2'");
    drop(till.permitted(Terms::default()).await);
    assert_eq!(till.payments(), []);
}

#[tokio::test]
async fn a_permit_that_nobody_begins_on_ends_without_an_effect() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    till.consult().await;
    let late = till.permitted(Terms { begin_within: Duration::ZERO, ..Terms::default() }).await;
    let attempt = late.attempt().to_owned();
    assert_eq!(late.begin().unwrap_err(), NotBegun::Expired);
    let dropped = till.permitted(Terms::default()).await;
    let second = dropped.attempt().to_owned();
    drop(dropped);
    // Both are over, and the invoice is free again.
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    till.pay(&acting);
    assert_eq!(ended(acting.report(Report::Done(Vec::new())).await).0, Outcome::Succeeded);
    for attempt in [attempt, second] {
        let shown = shown(&world, &attempt);
        assert_eq!((&shown["outcome"], &shown["evidence"]), (&json!("failed"), &json!("permit-unused")));
    }
    assert_eq!(till.payments().len(), 1);
    world.verifies();
}

#[tokio::test]
async fn no_permit_outlives_what_it_rests_on() {
    let world = World::new();
    let till = Till::new(&world, "lease = { key = \"till\", hold = \"900ms\" }").await;
    till.consult().await;
    let permit = till.permitted(Terms::default()).await;
    assert!(permit.left() <= Duration::from_millis(900), "{permit:?}");
}

#[tokio::test]
async fn what_is_not_reported_is_unknown_and_is_not_repeated_blindly() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    till.consult().await;
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    let attempt = acting.attempt().to_owned();
    till.pay(&acting);
    drop(acting);
    until(|| shown(&world, &attempt)["outcome"] == "unknown").await;
    assert_eq!(till.refused().await, "in-doubt");
    // Somebody looks, and says.
    let words = ["resolve", &attempt, "--as", "succeeded", "--reason", "the payment is there"];
    assert!(world.lastlook(&words).output().unwrap().status.success());
    assert_eq!(till.payments().len(), 1);
    world.verifies();
}

#[tokio::test]
async fn a_late_report_changes_nothing() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    till.consult().await;
    let terms = Terms { report_within: Duration::ZERO, ..Terms::default() };
    let acting = till.permitted(terms).await.begin().unwrap();
    let attempt = acting.attempt().to_owned();
    until(|| shown(&world, &attempt)["outcome"] == "unknown").await;
    let (outcome, receipt) = ended(acting.report(Report::Done(b"paid".to_vec())).await);
    assert_eq!(outcome, Outcome::Unknown);
    assert_eq!(shown(&world, &receipt)["evidence"], "unreported");
    // The terms are bounded, whatever a program asks for.
    let forever = Terms { begin_within: Duration::MAX, report_within: Duration::MAX };
    till.sql("delete from payments");
    let words = ["resolve", &receipt, "--as", "failed", "--reason", "never paid"];
    assert!(world.lastlook(&words).output().unwrap().status.success());
    assert!(till.permitted(forever).await.left() <= Duration::from_secs(60));
}

#[tokio::test]
async fn who_did_not_do_it_says_so_and_may_try_again() {
    let world = World::new();
    let till = Till::new(&world, "once = { key = \"${args.invoice}\" }").await;
    till.consult().await;
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    assert_eq!(ended(acting.report(Report::NotDone).await).0, Outcome::Failed);
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    till.pay(&acting);
    assert_eq!(ended(acting.report(Report::Done(Vec::new())).await).0, Outcome::Succeeded);
    assert_eq!(till.refused().await, "once-done");
    assert_eq!(till.payments().len(), 1);
}

#[tokio::test]
async fn a_halt_stops_the_permit_that_has_not_begun_and_lists_the_act_that_has() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    till.consult().await;
    let permit = till.permitted(Terms::default()).await;
    let attempt = permit.attempt().to_owned();
    let ack = halt(&world);
    // It had passed the gate: the answer promises nothing of it, and it stops all the same.
    assert_eq!(ack["in_flight"][0]["receipt"], attempt.as_str());
    assert_eq!(permit.begin().unwrap_err(), NotBegun::Shut);
    assert_eq!(till.refused().await, "halted");
    resume(&world);
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    let ack = halt(&world);
    assert_eq!(ack["in_flight"][0]["receipt"], acting.attempt());
    till.pay(&acting);
    assert_eq!(ended(acting.report(Report::Done(Vec::new())).await).0, Outcome::Succeeded);
    assert_eq!(halt(&world)["in_flight"], json!([]));
    world.verifies();
}

#[tokio::test]
async fn people_approve_what_a_program_does_and_their_yes_is_spent_once() {
    let world = World::new();
    let till = Till::new(&world, "approve = { by = 'Role::\"finance\"' }").await;
    introduce(&world, "ada", "finance", None);
    till.consult().await;
    let request = till.refused().await;
    assert!(request.starts_with("ask-"), "{request}");
    assert_eq!(approve(&world, &request, "ada"), "approved");
    // A permit that nobody began on gives the yes back.
    assert_eq!(till.permitted(AT_ONCE).await.begin().unwrap_err(), NotBegun::Expired);
    until(|| said_approved(&world, &request)).await;
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    assert_eq!(acting.arguments(), till::ARGS);
    till.pay(&acting);
    let (_, receipt) = ended(acting.report(Report::Done(Vec::new())).await);
    let entries = shown(&world, &receipt)["entries"].clone();
    let outcome = entries.as_array().unwrap().iter().find(|entry| entry["kind"] == "outcome").unwrap();
    assert_eq!(outcome["body"]["approval"]["by"][0]["approver"], "ada", "{outcome}");
    let again = till.refused().await;
    assert!(again.starts_with("ask-") && again != request, "{again}");
    assert!(says(&world, "reject", &again, "ada").status.success());
    assert_eq!(till.refused().await, "approval-rejected");
    assert_eq!(till.payments().len(), 1);
    world.verifies();
}

#[tokio::test]
async fn a_program_that_dies_in_the_act_leaves_it_unknown_to_the_next_one() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    till.consult().await;
    let acting = till.permitted(Terms::default()).await.begin().unwrap();
    let attempt = acting.attempt().to_owned();
    till.pay(&acting);
    // The process is not killed, its writer is: the boundary goes without a word.
    std::mem::forget(acting);
    drop(till.boundary);
    let next = open(&world).await;
    let given = next.consult("pay", &till::json(till::ARGS)).await;
    assert!(given.value("invoice").is_some());
    let proposal = next.propose_own("pay", till::ARGS).unwrap();
    match next.delegate(proposal, Terms::default()).await {
        Delegated::Not(Delivery::Refusal(refusal)) => {
            assert_eq!(refusal.reasons[0].code.as_str(), "in-doubt")
        }
        other => panic!("{other:?}"),
    }
    assert_ne!(shown(&world, &attempt)["outcome"], "succeeded");
}

#[tokio::test]
async fn what_is_no_action_is_refused_and_recorded() {
    let world = World::new();
    let till = Till::new(&world, "").await;
    let refused = |tool: &'static str, args: &'static str| {
        let boundary = till.boundary.clone();
        async move {
            match boundary.delegate(boundary.propose_own(tool, args).unwrap(), Terms::default()).await {
                Delegated::Not(Delivery::Refusal(refusal)) => refusal.reasons[0].code.as_str(),
                other => panic!("{other:?}"),
            }
        }
    };
    assert_eq!(refused("burn", "{}").await, "tool-unknown");
    // No guard gives it anything to rest on.
    assert_eq!(refused("refund", "{}").await, "basis-missing");
    for args in ["", "[]", "7", "{\"invoice\":", r#"{"invoice":"i1","invoice":"i2"}"#, r#"{} ,"name":"burn""#]
    {
        assert_eq!(refused("pay", args).await, "invalid-call", "{args}");
    }
    assert_eq!(till.payments(), []);
    world.verifies();
}

#[test]
fn a_program_is_nothing_to_start_and_a_command_is_no_program() {
    let world = World::new();
    world.configure(&till::rules(&world, ""));
    let started = world.lastlook(&["mcp", "--upstream", "till"]).output().unwrap();
    assert!(!started.status.success());
    let said = String::from_utf8(started.stderr).unwrap();
    assert!(said.contains("`till` is a program that embeds the boundary"), "{said}");
    world.configure("[upstream.till]\nprogram = true\ncommand = [\"x\"]");
    let checked = world.lastlook(&["config", "check"]).output().unwrap();
    assert!(!checked.status.success());
    let said =
        String::from_utf8_lossy(&checked.stderr).into_owned() + &String::from_utf8_lossy(&checked.stdout);
    assert!(said.contains("a program and a server at once"), "{said}");
}

/// Waits for what another task writes down.
async fn until(is_so: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while !is_so() {
        assert!(std::time::Instant::now() < deadline, "it never came to be");
        tokio::time::sleep(Duration::from_millis(5)).await; // backoff: the record is written by another task
    }
}

fn said_approved(world: &World, request: &str) -> bool {
    let said = world.lastlook(&["approvals", request, "--json"]).output().unwrap();
    serde_json::from_slice::<serde_json::Value>(&said.stdout).unwrap()["state"] == "approved"
}

fn halt(world: &World) -> serde_json::Value {
    let said = world.lastlook(&["halt", "--all", "--reason", "an incident", "--json"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
    serde_json::from_slice(&said.stdout).unwrap()
}

fn resume(world: &World) {
    let said = world.lastlook(&["resume", "--all", "--reason", "it is over"]).output().unwrap();
    assert!(said.status.success(), "{said:?}");
}
