//! The protocol with one thing left out: the same check finds what that thing is for.

use std::collections::BTreeSet;

use stateright::{Checker as _, HasDiscoveries, Model as _, Path};

use super::protocol::{Protocol, Step, Weak, World};

/// What happened, step by step.
pub fn told(path: Path<World, Step>) -> String {
    let steps: Vec<String> =
        path.into_vec().iter().map(|(world, step)| format!("{step:?}\n    {world:?}")).collect();
    steps.join("\n")
}

/// Two processes, whoever the fault concerns, somebody else who shuts the gate, and one death.
fn with(weak: Weak, revoker: bool) -> Protocol {
    Protocol { processes: 2, revoker, halter: !revoker, deaths: 1, strangers: 1, weak: Some(weak) }
}

/// A shortest way to the breach; nothing when there is none in any order.
fn way(protocol: Protocol, breach: &'static str) -> Option<Vec<(World, Option<Step>)>> {
    let mut shortest = None;
    let mut shorter_than = None;
    loop {
        let enough = HasDiscoveries::AllOf(BTreeSet::from([breach]));
        let mut checker = protocol.checker().threads(1).finish_when(enough);
        if let Some(states) = shorter_than {
            checker = checker.target_max_depth(states);
        }
        // It keeps the last way it came by, not the first.
        let Some(path) = checker.spawn_bfs().join().discovery(breach) else { return shortest };
        let path = path.into_vec();
        shorter_than = Some(path.len());
        shortest = Some(path);
    }
}

/// It breaks this, after exactly so many steps at the least.
fn check(protocol: Protocol, breach: &'static str, steps: usize) {
    let path = way(protocol, breach).unwrap_or_else(|| panic!("{protocol:?} does not break: {breach}"));
    let actions: Vec<Step> = path.into_iter().filter_map(|(_, step)| step).collect();
    println!("{:?}: {breach}: {actions:?}", protocol.weak);
    assert_eq!(actions.len(), steps, "{actions:?}");
}

#[test]
fn a_claim_without_its_precondition_runs_twice() {
    check(with(Weak::ClaimedWithoutPrecondition, true), "one approval, one effect", 22);
}

#[test]
fn a_gate_that_does_not_compare_the_number_lets_pass_what_was_taken_back() {
    check(with(Weak::NumberNotCompared, true), "nothing is sent after `prevented`", 18);
    check(with(Weak::NumberNotCompared, false), "after a halt only what it lists is sent", 18);
}

#[test]
fn a_number_that_is_written_after_the_list_was_read_lets_pass_what_was_taken_back() {
    check(with(Weak::NumberWrittenLast, true), "nothing is sent after `prevented`", 19);
    check(with(Weak::NumberWrittenLast, false), "after a halt only what it lists is sent", 19);
}

#[test]
fn what_is_listed_after_the_gate_was_left_is_missed() {
    check(with(Weak::PublishedOutside, true), "nothing is sent after `prevented`", 19);
    check(with(Weak::PublishedOutside, false), "after a halt only what it lists is sent", 19);
}

#[test]
fn whoever_answers_without_the_lock_misses_who_is_inside() {
    check(with(Weak::ShutWithoutLock, true), "nothing is sent after `prevented`", 18);
    check(with(Weak::ShutWithoutLock, false), "after a halt only what it lists is sent", 18);
}

#[test]
fn a_standing_that_is_read_before_the_number_is_too_old() {
    check(with(Weak::StandingReadBeforeNumber, true), "nothing is sent after `prevented`", 19);
    check(with(Weak::StandingReadBeforeNumber, false), "after a halt only what it lists is sent", 19);
}

/// The look compares the epoch as well: nothing passes even so, but the record says that a void approval was claimed.
#[test]
fn an_epoch_that_is_not_compared_when_it_is_armed_lets_claim_what_is_void() {
    let protocol = with(Weak::EpochNotComparedWhenArmed, false);
    check(protocol, "nobody claims what an epoch made void", 4);
    assert!(way(protocol, "a lifted halt resurrects nothing").is_none());
}

#[test]
fn an_epoch_that_is_never_compared_resurrects_what_a_halt_stopped() {
    check(with(Weak::EpochNeverCompared, false), "a lifted halt resurrects nothing", 16);
}

#[test]
fn a_halt_that_is_lifted_without_shutting_the_gate_resurrects_what_was_looked_at_before() {
    check(with(Weak::ResumedWithoutShutting, false), "a lifted halt resurrects nothing", 11);
}

/// How the code was when this model was written: what was sent, answered and on record while whoever revoked waited for the
/// lock was on no list any more.
#[test]
fn whoever_revokes_and_does_not_ask_how_the_attempt_stands_calls_prevented_what_has_run() {
    check(with(Weak::OutcomeNotAsked, true), "what was sent is not called prevented", 20);
}

#[test]
fn whoever_asks_how_it_stands_before_the_list_was_read_calls_prevented_what_has_run() {
    check(with(Weak::OutcomeAskedFirst, true), "what was sent is not called prevented", 21);
}

#[test]
fn what_leaves_the_list_before_its_outcome_is_on_record_is_called_prevented() {
    check(with(Weak::UnlistedBeforeRecorded, true), "what was sent is not called prevented", 20);
}

#[test]
fn a_revocation_without_its_precondition_overlooks_a_claim() {
    check(with(Weak::RevokedWithoutPrecondition, true), "nothing is sent after `prevented`", 19);
    check(with(Weak::RevokedWithoutPrecondition, true), "nobody sends without a claim", 13);
}

#[test]
fn an_approval_that_is_given_back_without_its_precondition_undoes_a_revocation() {
    check(with(Weak::GivenBackWithoutPrecondition, true), "nothing is sent after `prevented`", 36);
}

/// A file that says "locked", instead of a lock of the system's.
#[test]
fn a_lock_that_outlives_its_holder_keeps_everybody_waiting() {
    check(with(Weak::LockOutlivesItsHolder, true), "everybody comes to an end", 14);
}
