//! I17: what is true now equals what was true when it was decided, and *was* is what the decider saw.
//!
//! These sources have no versions, so "equals" is by value: A→B→A between two looks is the same reading, and runs
//! ([`a_value_that_came_back_is_the_same_value`]). Only a refusal in between makes it outdated until it is read again.

use lastlook_sim::generate::story::{Acts, Reads, Step, story, undisturbed_step};
use proptest::prelude::*;

use crate::boundary::{Boundary, codes, tell};
use crate::world::set;

proptest! {
    #![proptest_config(config!("unchanged"))]

    /// The assertions are in [`crate::boundary`], where the effect reaches the world.
    #[test]
    fn what_runs_rests_on_what_was_given_and_still_is(story in story()) {
        for done in tell(&mut Boundary::new(), &story)? {
            prop_assert_eq!(done.sent, usize::from(done.verdict.is_allow()));
        }
    }

    /// I33: with nobody else in the world and nothing failing, only what was never really read is refused.
    #[test]
    fn an_agent_alone_is_never_refused_for_what_it_did_itself(
        story in proptest::collection::vec(undisturbed_step(), 1..24),
    ) {
        let mut boundary = Boundary::new();
        for step in &story {
            let Some(done) = boundary.take(step)? else { continue };
            let destructive = matches!(step, Step::Acts(Acts { destructive: true, .. }));
            match done.verdict.is_allow() {
                true => prop_assert_eq!(done.sent, 1),
                false => prop_assert!(destructive && codes(&done).iter().all(|code| *code == "basis-missing")),
            }
        }
    }
}

fn somebody(thing: usize, to: u8) -> Step {
    Step::Somebody { thing, to }
}

fn tell_all(story: &[Step]) -> Vec<(bool, Vec<String>)> {
    let done = tell(&mut Boundary::new(), story).expect("a story that holds");
    done.iter()
        .map(|done| (done.verdict.is_allow(), codes(done).iter().map(ToString::to_string).collect()))
        .collect()
}

fn ran() -> (bool, Vec<String>) {
    (true, Vec::new())
}

fn refused(code: &str) -> (bool, Vec<String>) {
    (false, vec![code.to_owned()])
}

#[test]
fn what_somebody_else_changed_refuses_until_it_is_read_again() {
    let (read, act) = (Step::Reads(Reads::Show(0)), Step::Acts(set(0, 2)));
    let story = [read.clone(), somebody(0, 1), act.clone(), act.clone(), read, act];
    assert_eq!(tell_all(&story), [refused("fact-changed"), refused("fact-changed"), ran()]);
}

#[test]
fn a_value_that_came_back_is_the_same_value() {
    let story = [Step::Reads(Reads::Show(0)), somebody(0, 1), somebody(0, 0), Step::Acts(set(0, 2))];
    assert_eq!(tell_all(&story), [ran()]);
}

#[test]
fn a_value_that_came_back_after_a_refusal_must_be_read_again() {
    let act = Step::Acts(set(0, 2));
    let refusal = [Step::Reads(Reads::Show(0)), somebody(0, 1), act.clone(), somebody(0, 0), act.clone()];
    assert_eq!(tell_all(&refusal), [refused("fact-changed"), refused("fact-changed")]);
    // Any read tool will do, and retires the outdated reading.
    let story = [refusal.as_slice(), &[Step::Reads(Reads::Size(0)), act]].concat();
    assert_eq!(tell_all(&story).last(), Some(&ran()));
}

#[test]
fn what_moves_between_two_looks_is_unstable() {
    let restless = Acts { meanwhile: Some((0, 2)), ..set(0, 1) };
    let story = [Step::Reads(Reads::Show(0)), somebody(0, 1), Step::Acts(restless)];
    assert_eq!(tell_all(&story), [refused("fact-unstable")]);
}

#[test]
fn a_reading_of_several_things_is_touched_only_by_an_effect_on_all_of_them() {
    let both = Step::Acts(Acts { things: vec![0, 1], ..set(0, 2) });
    let story = [Step::Reads(Reads::Both(0, 1)), somebody(1, 1), Step::Acts(set(0, 0)), both];
    assert_eq!(tell_all(&story), [ran(), refused("fact-changed")]);
}
