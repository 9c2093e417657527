use lastlook_canon::{Limits as JsonLimits, parse};

use super::*;
use crate::SubjectRules;

fn subjects(text: &str) -> Subjects {
    Subjects::of(&parse(text.as_bytes(), &JsonLimits::default()).unwrap(), None, &SubjectRules::default())
}

fn reading(tool: &str, arguments: &str, said: &str, order: u64) -> Reading {
    Reading {
        tool: tool.to_owned(),
        params: arguments.as_bytes().into(),
        subjects: subjects(arguments),
        digest: Digest::of("test", &[said.as_bytes()]),
        value: Some(said.as_bytes().into()),
        order,
        answered_at: Moment(order),
        rebased: None,
    }
}

fn basis_of(readings: &Readings, effect: &str) -> (Vec<u64>, usize) {
    let touched = readings.touched(&subjects(effect), u64::MAX);
    (touched.orders, touched.basis.missing)
}

const PLAN: &str = r#"{"path":"plan.md"}"#;

#[test]
fn a_later_reading_supersedes_whatever_its_other_arguments() {
    let mut readings = Readings::default();
    readings.insert(reading("read", r#"{"path":"plan.md","head":3}"#, "a", 1));
    readings.insert(reading("read", PLAN, "ab", 2));
    readings.insert(reading("info", PLAN, "2 bytes", 3));
    assert_eq!(basis_of(&readings, PLAN), (vec![2, 3], 0));
}

#[test]
fn an_answer_given_after_the_effect_arrived_is_no_basis() {
    let mut readings = Readings::default();
    readings.insert(reading("read", PLAN, "a", 5));
    let touched = readings.touched(&subjects(PLAN), 4);
    assert_eq!((touched.orders.len(), touched.basis.missing), (0, 1));
}

#[test]
fn after_a_refusal_any_read_of_the_subject_retires_the_outdated() {
    let mut readings = Readings::default();
    readings.insert(reading("info", PLAN, "old", 1));
    readings.insert(reading("read", PLAN, "old", 2));
    readings.mark_outdated(1);
    readings.insert(reading("read", PLAN, "new", 3));
    assert_eq!(basis_of(&readings, PLAN), (vec![3], 0));
}

#[test]
fn evicted_readings_leave_tombstones_until_read_again() {
    let mut readings = Readings::new(Limits { readings: 1, ..Limits::default() });
    readings.insert(reading("read", PLAN, "a", 1));
    readings.insert(reading("read", r#"{"path":"other.md"}"#, "b", 2));
    assert_eq!(basis_of(&readings, PLAN), (vec![], 1));
    readings.insert(reading("read", PLAN, "a", 3));
    assert_eq!(basis_of(&readings, PLAN), (vec![3], 0));
}

#[test]
fn when_tombstones_overflow_nothing_counts_as_unread() {
    let mut readings = Readings::new(Limits { readings: 1, tombstones: 1, ..Limits::default() });
    for order in 1..=4 {
        readings.insert(reading("read", &format!(r#"{{"path":"file-{order}"}}"#), "a", order));
    }
    assert_eq!(basis_of(&readings, r#"{"path":"never-seen"}"#), (vec![], 1));
}

#[test]
fn readings_about_nothing_are_counted_and_never_compared() {
    let mut readings = Readings::default();
    readings.insert(reading("list", "{}", "a", 1));
    let touched = readings.touched(&subjects(PLAN), 9);
    assert_eq!((touched.orders.len(), touched.basis.missing, touched.basis.uncompared), (0, 0, 1));
}

#[test]
fn values_are_dropped_before_readings() {
    let mut readings = Readings::new(Limits { value_bytes: 10, ..Limits::default() });
    readings.insert(reading("read", PLAN, "12345678", 1));
    readings.insert(reading("read", r#"{"path":"other.md"}"#, "12345678", 2));
    let touched = readings.touched(&subjects(PLAN), 9);
    assert_eq!(touched.orders, [1]);
    assert!(touched.basis.readings[0].value.is_none());
}

#[test]
fn a_rebased_reading_says_so() {
    let mut readings = Readings::default();
    readings.insert(reading("read", PLAN, "a", 1));
    let after = Rebased { after: "attempt".into(), since_act_ns: 7 };
    readings.rebase(1, Digest::of("test", &[b"b"]), b"b".as_slice().into(), Moment(9), after.clone());
    let touched = readings.touched(&subjects(PLAN), 9);
    assert_eq!(touched.basis.readings[0].rebased, Some(after));
    assert_eq!(touched.basis.readings[0].was, Digest::of("test", &[b"b"]));
}
