//! That the properties above are not true of nothing.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_sim::generate::case::{Facts, case};
use lastlook_sim::generate::course::{courses, happening};
use lastlook_sim::generate::story::story;
use lastlook_sim::model::course::Course;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::boundary::{Boundary, codes, tell};
use crate::support::{CASES, decided};

/// Some values of a strategy, the same in every run.
fn some<S: Strategy>(strategy: S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| strategy.new_tree(&mut runner).expect("a value").current()).collect()
}

#[test]
fn there_are_at_least_a_hundred_thousand_cases() {
    let all: u32 = CASES.iter().map(|(_, properties, cases)| properties * cases).sum();
    assert!(all >= 100_000, "{all}");
}

#[test]
fn cases_reach_every_reason_and_often_run() {
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut allowed = 0;
    for case in some(case(Facts::Plausible), 2_000) {
        let verdict = decided(&case);
        allowed += usize::from(verdict.is_allow());
        verdict.reasons.into_iter().for_each(|reason| *reasons.entry(reason.code).or_default() += 1);
    }
    assert!((400..1_600).contains(&allowed), "{allowed} of 2000 run");
    for code in [
        "fact-changed",
        "fact-unstable",
        "fact-unreadable",
        "basis-missing",
        "basis-too-large",
        "tool-unknown",
        "tool-changed",
        "task-unsupported",
        "in-doubt",
        "cancelled",
        "halted",
        "invalid-call",
        "number-inexact",
    ] {
        assert!(reasons.get(code).is_some_and(|times| *times >= 10), "{code}: {reasons:?}");
    }
}

#[test]
fn stories_run_refuse_and_rest_on_something() {
    let (mut ran, mut rested, mut refused) = (0, 0, BTreeSet::new());
    for story in some(story(), 500) {
        for done in tell(&mut Boundary::new(), &story).expect("a story that holds") {
            ran += done.sent;
            rested += usize::from(done.sent > 0 && done.rested_on > 0);
            refused.extend(codes(&done).into_iter().map(str::to_owned));
        }
    }
    assert!(ran > 500 && rested > 200, "{ran} ran, {rested} of them on something");
    assert!(
        refused.iter().eq(["basis-missing", "fact-changed", "fact-unreadable", "fact-unstable"]),
        "{refused:?}"
    );
}

#[test]
fn courses_reach_every_end() {
    let mut asked = BTreeSet::new();
    for choices in some(courses(), 2_000) {
        let mut course = Course::default();
        for choice in choices {
            asked.extend(course.take(happening(choice, &course)));
        }
    }
    for end in
        ["send", "rebase", "deliver", "deliver unrecorded", "deliver unrecorded refusal", "forward cancel"]
    {
        assert!(asked.contains(end), "{end}: {asked:?}");
    }
    assert!(
        asked.contains("refuse armed: look-too-old") && asked.contains("refuse armed: cancelled"),
        "{asked:?}"
    );
}
