use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::{Accept, ToolName};

fn step(accept: Accept, within: Option<u64>) -> Step {
    Step {
        tool: ToolName::new("ci", "build"),
        matching: None,
        within: within.map(Duration::from_nanos),
        accept,
        none_since: Vec::new(),
    }
}

/// `a 1-3` is attempt `a`, armed at 1 and ended at 3, confirmed; words after it change that.
fn done(text: &str) -> Done {
    let mut words = text.split_whitespace();
    let attempt = words.next().unwrap().to_owned();
    let (armed, ended) = words.next().unwrap().split_once('-').unwrap();
    let mut done = Done {
        attempt,
        armed_at_ns: armed.parse().unwrap(),
        ended_at_ns: ended.parse().ok(),
        outcome: DoneOutcome::Succeeded,
        confirmation: Some(Confirmation::Confirmed),
        matches: true,
    };
    for word in words {
        match word {
            "armed" => done.outcome = DoneOutcome::Armed,
            "failed" => done.outcome = DoneOutcome::Failed,
            "refused" => done.outcome = DoneOutcome::Refused,
            "unknown" => done.outcome = DoneOutcome::Unknown,
            "contradicted" => done.confirmation = Some(Confirmation::Contradicted),
            "unconfirmed" => done.confirmation = Some(Confirmation::Unconfirmed),
            "unseen" => done.confirmation = None,
            "other" => done.matches = false,
            _ => panic!("{word}"),
        }
    }
    done
}

fn list(text: &str) -> Vec<Done> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(done).collect()
}

#[derive(Debug)]
struct Given {
    step: Step,
    candidates: Vec<Done>,
    blockers: Vec<Done>,
    undoers: Vec<Done>,
}

fn given(candidates: &str, blockers: &str, undoers: &str) -> Given {
    Given {
        step: step(Accept::Confirmed, None),
        candidates: list(candidates),
        blockers: list(blockers),
        undoers: list(undoers),
    }
}

impl Given {
    fn within(mut self, ns: u64) -> Self {
        self.step.within = Some(Duration::from_nanos(ns));
        self
    }

    fn word_counts(mut self) -> Self {
        self.step.accept = Accept::Succeeded;
        self
    }
}

/// All of it happens before instant 100.
fn run(given: &[Given]) -> Result<Vec<String>, String> {
    let cases: Vec<StepCase<'_>> = given
        .iter()
        .map(|given| StepCase {
            step: &given.step,
            name: "ci.build".to_owned(),
            candidates: &given.candidates,
            blockers: &given.blockers,
            undoers: &given.undoers,
        })
        .collect();
    prove(&cases, 100)
        .map(|proofs| proofs.into_iter().map(|proof| proof.attempt).collect())
        .map_err(|lacks| lacks.iter().map(shown).collect::<Vec<_>>().join("; "))
}

fn shown(lack: &Lack) -> String {
    let why = match &lack.why {
        LackWhy::Missing => "missing".to_owned(),
        LackWhy::Failed { attempt } => format!("{attempt} failed"),
        LackWhy::InFlight { attempt } => format!("{attempt} in flight"),
        LackWhy::Unknown { attempt } => format!("{attempt} unknown"),
        LackWhy::Contradicted { attempt } => format!("{attempt} contradicted"),
        LackWhy::Unconfirmed { attempt } => format!("{attempt} unconfirmed"),
        LackWhy::ClockBehind { attempt, ended_at_ns } => format!("{attempt} ended at {ended_at_ns}?"),
        LackWhy::Undone { attempt, by } => format!("{attempt} undone by {by}"),
        LackWhy::Since { attempt, by } => format!("{by} since {attempt}"),
        LackWhy::TooOld { attempt, ended_at_ns } => format!("{attempt} too old, {ended_at_ns}"),
        LackWhy::OutOfOrder { attempt, ended_at_ns, before, armed_at_ns } => {
            format!("{attempt} ended {ended_at_ns}, {before} armed {armed_at_ns}")
        }
    };
    format!("{}: {why}", lack.step)
}

fn check(given: Given, expect: Result<&str, &str>) {
    check_all(&[given], expect.map(|attempt| vec![attempt]));
}

fn check_all(given: &[Given], expect: Result<Vec<&str>, &str>) {
    let expect = expect.map(|all| all.into_iter().map(str::to_owned).collect()).map_err(str::to_owned);
    assert_eq!(run(given), expect);
}

#[test]
fn no_steps_are_proven() {
    check_all(&[], Ok(vec![]));
}

#[test]
fn a_step_is_proven_by_a_confirmed_success_and_nothing_less() {
    check(given("a 1-2", "", ""), Ok("a"));
    check(given("", "", ""), Err("0: missing"));
    check(given("a 1-2 other", "", ""), Err("0: missing"));
    check(given("a 1-2 refused", "", ""), Err("0: missing"));
    check(given("a 1-2 failed", "", ""), Err("0: a failed"));
    check(given("a 1-2 unknown", "", ""), Err("0: a unknown"));
    check(given("a 1- armed", "", ""), Err("0: a in flight"));
    check(given("a 1-", "", ""), Err("0: a in flight"));
    check(given("a 1-2 contradicted", "", ""), Err("0: a contradicted"));
    check(given("a 1-2 unconfirmed", "", ""), Err("0: a unconfirmed"));
    check(given("a 1-2 unseen", "", ""), Err("0: a unconfirmed"));
}

#[test]
fn the_tools_word_counts_where_the_step_says_so_unless_it_was_refuted() {
    check(given("a 1-2 unseen", "", "").word_counts(), Ok("a"));
    check(given("a 1-2 unconfirmed", "", "").word_counts(), Ok("a"));
    check(given("a 1-2 contradicted", "", "").word_counts(), Err("0: a contradicted"));
    check(given("a 1-2 unknown", "", "").word_counts(), Err("0: a unknown"));
}

#[test]
fn within_counts_from_the_end() {
    check(given("a 1-90", "", "").within(10), Ok("a"));
    check(given("a 89-89", "", "").within(10), Err("0: a too old, 89"));
    check(given("a 1-2, b 3-95", "", "").within(10), Ok("b"));
}

#[test]
fn a_clock_that_went_back_proves_nothing() {
    check(given("a 1-101", "", ""), Err("0: a ended at 101?"));
    check(given("a 1-100", "", ""), Ok("a"));
    check(given("a 9-8", "", ""), Err("0: a ended at 8?"));
}

#[test]
fn what_must_not_have_happened_since_is_counted_from_arming() {
    check(given("a 10-20", "c 1-9", ""), Ok("a"));
    check(given("a 10-20", "c 1-10", ""), Err("0: c since a"));
    check(given("a 10-20", "c 1-15", ""), Err("0: c since a"));
    check(given("a 10-20", "c 30-40", ""), Err("0: c since a"));
    check(given("a 10-20", "c 1- armed", ""), Err("0: c since a"));
    check(given("a 10-20", "c 1-15 unknown", ""), Err("0: c since a"));
    check(given("a 10-20", "c 30-40 other", ""), Err("0: c since a"));
    check(given("a 10-20", "c 30-40 contradicted", ""), Err("0: c since a"));
    check(given("a 10-20", "c 30-40 refused, d 50-60 failed", ""), Ok("a"));
    check(given("a 10-20, b 50-60", "c 30-40", ""), Ok("b"));
}

#[test]
fn an_attempt_does_not_speak_against_itself_but_a_later_one_of_its_tool_does() {
    check(given("a 10-20", "a 10-20", "a 10-20"), Ok("a"));
    check(given("a 10-20, b 30-40", "a 10-20, b 30-40", ""), Ok("b"));
    check(given("a 10-20, b 30- armed", "a 10-20, b 30- armed", ""), Err("0: b since a"));
}

#[test]
fn undoing_counts_from_the_end() {
    check(given("a 10-20", "", "u 12-19"), Ok("a"));
    check(given("a 10-20", "", "u 12-20"), Err("0: a undone by u"));
    check(given("a 10-20", "", "u 30-40"), Err("0: a undone by u"));
    check(given("a 10-20", "", "u 1- armed"), Err("0: a undone by u"));
    check(given("a 10-20", "", "u 30-40 failed"), Ok("a"));
}

#[test]
fn a_step_must_have_ended_before_the_next_was_armed() {
    let two = |first: &str, second: &str| [given(first, "", ""), given(second, "", "")];
    check_all(&two("a 1-2", "b 3-4"), Ok(vec!["a", "b"]));
    check_all(&two("a 1-3", "b 3-4"), Err("0: a ended 3, b armed 3"));
    check_all(&two("a 1-4", "b 3-5"), Err("0: a ended 4, b armed 3"));
    check_all(&two("b 3-4", "a 1-2"), Err("0: b ended 4, a armed 1"));
    check_all(&two("a 1-2, c 8-9", "b 3-4"), Ok(vec!["a", "b"]));
    check_all(&two("a 5-6", "b 3-4, d 7-8"), Ok(vec!["a", "d"]));
    check_all(&two("a 1-2", "a 1-2"), Err("0: a ended 2, a armed 1"));
    check_all(&two("a 2-2", "a 2-2"), Err("0: a ended 2, a armed 2"));
}

#[test]
fn every_step_that_is_lacking_is_named() {
    check_all(
        &[given("a 1-2 failed", "", ""), given("b 3-4", "", ""), given("", "", "")],
        Err("0: a failed; 2: missing"),
    );
}

#[test]
fn the_nearest_miss_is_the_one_that_came_furthest_and_then_the_latest() {
    check(given("a 1-2 failed, b 3-4 unconfirmed, c 5- armed", "", ""), Err("0: b unconfirmed"));
    check(given("a 1-2 unseen, b 3-4 unseen", "", ""), Err("0: b unconfirmed"));
    // Neither is nearer: the first that was given.
    check(given("a 3-4 unseen, b 3-5 unseen", "", ""), Err("0: a unconfirmed"));
    check(given("a 1-2, b 3-4 unseen", "c 5-6", ""), Err("0: c since a"));
    check(given("a 1-2", "c 5-6, d 7-8, e 1-9", ""), Err("0: e since a"));
}

/// Small numbers, so that instants coincide; mostly good attempts, so that chains of steps exist and often just miss.
fn any_done(prefix: &'static str) -> impl Strategy<Value = Done> {
    let outcome = prop_oneof![
        16 => Just(DoneOutcome::Succeeded),
        1 => Just(DoneOutcome::Armed),
        1 => Just(DoneOutcome::Failed),
        1 => Just(DoneOutcome::Refused),
        1 => Just(DoneOutcome::Unknown),
    ];
    let confirmation = prop_oneof![
        12 => Just(Some(Confirmation::Confirmed)),
        1 => Just(Some(Confirmation::Unconfirmed)),
        1 => Just(Some(Confirmation::Contradicted)),
        1 => Just(None),
    ];
    let lasts = prop_oneof![16 => 0_i64..4, 4 => 4_i64..16, 1 => Just(-1)];
    (0..12, 0_i64..24, lasts, 0..20, outcome, confirmation, 0..20).prop_map(
        move |(id, armed, lasts, open, outcome, confirmation, other)| Done {
            attempt: format!("{prefix}{id}"),
            armed_at_ns: armed,
            ended_at_ns: (open > 0).then_some(armed + lasts),
            outcome,
            confirmation,
            matches: other > 0,
        },
    )
}

fn any_given() -> impl Strategy<Value = Given> {
    let rarely =
        |prefix| prop_oneof![5 => Just(Vec::new()), 1 => prop::collection::vec(any_done(prefix), 1..3)];
    let candidates = prop::collection::vec(any_done("a"), 0..6);
    let accept = select(vec![Accept::Confirmed, Accept::Succeeded]);
    let within = prop::option::weighted(0.2, 0_u64..24);
    (candidates, rarely("a"), rarely("u"), accept, within).prop_map(
        |(candidates, blockers, undoers, accept, within)| Given {
            step: step(accept, within),
            candidates,
            blockers,
            undoers,
        },
    )
}

/// The rules once more, as plainly as they can be said.
fn oracle_counts(given: &Given, done: &Done, now: i64) -> bool {
    let Some(ended) = done.ended_at_ns else { return false };
    let proven = match given.step.accept {
        Accept::Confirmed => done.confirmation == Some(Confirmation::Confirmed),
        Accept::Succeeded => done.confirmation != Some(Confirmation::Contradicted),
    };
    let effects = |others: &[Done], from: i64| {
        others
            .iter()
            .filter(|other| other.attempt != done.attempt)
            .filter(|other| other.outcome != DoneOutcome::Failed && other.outcome != DoneOutcome::Refused)
            .filter(|other| match other.ended_at_ns {
                Some(ended) => ended >= from,
                None => true,
            })
            .count()
    };
    done.matches
        && done.outcome == DoneOutcome::Succeeded
        && proven
        && done.armed_at_ns <= ended
        && ended <= now
        && given.step.within.is_none_or(|within| (now - ended) as u128 <= within.as_nanos())
        && effects(&given.blockers, done.armed_at_ns) == 0
        && effects(&given.undoers, ended) == 0
}

/// Every way to choose one candidate for each step.
fn oracle(given: &[Given], now: i64) -> Vec<Vec<usize>> {
    let mut ways = vec![Vec::new()];
    for one in given {
        let mut longer = Vec::new();
        for way in &ways {
            for index in 0..one.candidates.len() {
                longer.push([way.as_slice(), &[index]].concat());
            }
        }
        ways = longer;
    }
    ways.retain(|way| {
        let chosen: Vec<&Done> = way.iter().zip(given).map(|(index, one)| &one.candidates[*index]).collect();
        chosen.iter().zip(given).all(|(done, one)| oracle_counts(one, done, now))
            && chosen.windows(2).all(|pair| pair[0].ended_at_ns.unwrap() < pair[1].armed_at_ns)
    });
    ways
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn an_assignment_is_found_exactly_when_there_is_one(
        given in prop::collection::vec(any_given(), 0..4),
        now in 10_i64..40,
    ) {
        let cases: Vec<StepCase<'_>> = given
            .iter()
            .map(|one| StepCase {
                step: &one.step,
                name: String::new(),
                candidates: &one.candidates,
                blockers: &one.blockers,
                undoers: &one.undoers,
            })
            .collect();
        let ways = oracle(&given, now);
        match prove(&cases, now) {
            Ok(proofs) => {
                let is_this = |way: &Vec<usize>| {
                    let names = way.iter().zip(&given).map(|(index, one)| &one.candidates[*index].attempt);
                    names.eq(proofs.iter().map(|proof| &proof.attempt))
                };
                prop_assert!(ways.iter().any(is_this), "{:?} is none of {:?}", proofs, ways);
            }
            Err(lacks) => {
                prop_assert!(ways.is_empty(), "{:?}, but {:?}", lacks, ways);
                prop_assert!(!lacks.is_empty());
                for lack in &lacks {
                    let one = &given[lack.step];
                    let counts = one.candidates.iter().any(|done| oracle_counts(one, done, now));
                    prop_assert_eq!(counts, matches!(lack.why, LackWhy::OutOfOrder { .. }));
                }
            }
        }
    }
}
