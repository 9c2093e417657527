//! What reasons say beside their codes.

use super::*;
use crate::judge::facts::{shown, span};

#[test]
fn a_length_of_time_is_said_in_the_unit_a_person_would_take() {
    let said = |ms: u64| span(ms * 1_000_000);
    assert_eq!(span(999_999), "0 ms");
    for (ms, expect) in [
        (999, "999 ms"),
        (1_000, "1 s"),
        (1_001, "1.0 s"),
        (1_550, "1.5 s"),
        (94_000, "94 s"),
        (119_999, "119.9 s"),
        (120_000, "2 min"),
        (7_199_999, "119 min"),
        (7_200_000, "2 h"),
        (172_799_999, "47 h"),
        (172_800_000, "2 days"),
    ] {
        assert_eq!(said(ms), expect);
    }
}

#[test]
fn a_value_is_quoted_and_cut_where_it_is_long() {
    assert_eq!(shown(None), "absent");
    assert_eq!(shown(Some(&json(r#"{"b":1.0,"a":"x"}"#))), r#"`{"a":"x","b":1.0}`"#);
    // With its two quotes as long as may be, and one more.
    assert_eq!(shown(Some(&Json::from("é".repeat(118).as_str()))), format!("`\"{}\"`", "é".repeat(118)));
    assert_eq!(shown(Some(&Json::from("é".repeat(119).as_str()))), format!("`\"{}…`", "é".repeat(119)));
}

/// What the only reason expected, what it found, and the way out.
fn said(guard: &Guard, was: Was, now: Now) -> (String, String, Option<String>) {
    said_when(guard, was, now, |_| {})
}

fn said_when(
    guard: &Guard,
    was: Was,
    now: Now,
    more: impl FnOnce(&mut GuardCase<'_>),
) -> (String, String, Option<String>) {
    let (tool, args, spec) = (ToolName::new("shop", "refund"), json(r#"{"amount":5}"#), order(&["/n"]));
    let mut case = case_of(guard);
    more(&mut case);
    let guarded = Guarded {
        facts: vec![FactCase { spec: &spec, was, now }],
        guards: vec![case],
        ..refund(&tool, &args)
    };
    let judgement = judge(&guarded);
    let [reason] = &judgement.enforced[..] else { panic!("{judgement:?}") };
    let said = reason.said.as_deref().unwrap();
    (said.expected.clone(), said.actual.clone(), said.hint.clone())
}

#[test]
fn a_refusal_says_what_was_and_what_is() {
    let unchanged = Guard { unchanged: vec!["order".to_owned()], ..plain() };
    let (expected, actual, hint) = said(&unchanged, seen(r#"{"n":1}"#), read(r#"{"n":2}"#));
    assert_eq!((expected.as_str(), actual.as_str()), ("`order/n` is still `1`", "it is `2`"));
    assert_eq!(hint.as_deref(), Some("read it again, then decide again"));
    let when = |text: &str| Guard { when: Some(condition(text)), ..plain() };
    let (expected, actual, _) = said(&when("now.order.n == args.amount"), Was::Unseen, read(r#"{"n":2}"#));
    assert_eq!(expected, "now.order.n == args.amount");
    assert_eq!(actual, "now.order.n is 2, args.amount is 5");
    let (_, actual, _) = said(&when("1 == 2"), Was::Unseen, read("{}"));
    assert_eq!(actual, "it does not hold");
}

#[test]
fn a_refusal_for_time_says_how_long_ago_or_that_the_clock_went_back() {
    let spec = WindowSpec {
        max_age: Some(Duration::from_secs(10)),
        min_spacing: Some(Duration::from_secs(5)),
        ..WindowSpec::default()
    };
    let guard = Guard { window: Some(spec), ..plain() };
    let actual =
        |more: &dyn Fn(&mut GuardCase<'_>)| said_when(&guard, Was::Unseen, read("1"), |case| more(case)).1;
    assert_eq!(actual(&|case| case.decided_ns = NOW - 94 * SECOND), "it was made 94 s ago");
    assert_eq!(actual(&|case| case.decided_ns = NOW + 1), "the clock went backwards since it was made");
    assert_eq!(actual(&|case| case.last_ns = Some(NOW - 2 * SECOND)), "it was 2 s ago");
    assert_eq!(actual(&|case| case.last_ns = Some(NOW)), "it was 0 ms ago");
    assert_eq!(actual(&|case| case.last_ns = Some(NOW + 1)), "the last one is on record as later than now");
}

#[test]
fn whoever_must_approve_is_named_and_counted_where_it_takes_more_than_one() {
    let expected = |quorum| {
        let approve = Approve { when: None, by: r#"Role::"finance""#.to_owned(), quorum, expires: None };
        said(&Guard { approve: Some(approve), ..plain() }, Was::Unseen, read("1")).0
    };
    assert_eq!(expected(1), r#"Role::"finance" has approved it"#);
    assert_eq!(expected(2), r#"2 of Role::"finance" have approved it"#);
}
