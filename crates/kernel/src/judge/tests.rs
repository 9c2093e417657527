//! Every part of a guard that is judged at the look, in every state: what refuses, and with which code.

mod policies;
mod words;

use std::time::Duration;

use lastlook_canon::{Json, Limits, parse};

use super::*;
use crate::{
    Accept, Approve, Condition, Confirm, Confirmation, Done, DoneOutcome, FactSpec, Fresh, Root, Source,
    Step, Template, WindowSpec,
};

const NOW: i64 = 1_700_000_000_000_000_000;
const SECOND: i64 = 1_000_000_000;
const ROOTS: &[Root] = &[Root::Args, Root::Was, Root::Now, Root::Principal, Root::Steps];

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn condition(text: &str) -> Condition {
    Condition::parse(text, ROOTS).unwrap()
}

fn plain() -> Guard {
    Guard {
        name: "g".to_owned(),
        on: Vec::new(),
        mode: None,
        resource: None,
        unchanged: Vec::new(),
        fresh: Vec::new(),
        facts: Vec::new(),
        stable: None,
        when: None,
        after: Vec::new(),
        window: None,
        once: None,
        limit: Vec::new(),
        lease: None,
        approve: None,
        confirm: None,
    }
}

fn order(select: &[&str]) -> FactSpec {
    FactSpec {
        name: "order".to_owned(),
        source: Source::File { path: Template::parse("/x").unwrap() },
        select: select.iter().map(|pointer| (*pointer).to_owned()).collect(),
        version: None,
        aba_allowed: false,
        as_of: None,
        shape: None,
        seen_as: Vec::new(),
        timeout: None,
        max_bytes: None,
        show_agent: false,
    }
}

fn value(text: &str) -> FactValue {
    FactValue { value: json(text), version: None, as_of_ns: None }
}

fn versioned(text: &str, version: &str) -> FactValue {
    FactValue { version: Some(version.to_owned()), ..value(text) }
}

fn seen(text: &str) -> Was {
    Was::Seen(value(text))
}

fn read(text: &str) -> Now {
    Now::Read(value(text))
}

/// A guard of which nothing was found yet.
fn case_of(guard: &Guard) -> GuardCase<'_> {
    GuardCase {
        guard,
        resource: None,
        window: None,
        decided_ns: NOW,
        last_ns: None,
        approved: false,
        granted: false,
        steps: Vec::new(),
    }
}

/// Ada's refund, of which nothing was read and which nothing guards.
fn refund<'a>(tool: &'a ToolName, args: &'a Json) -> Guarded<'a> {
    Guarded {
        tool,
        action: "shop.refund",
        principal: r#"User::"ada""#,
        groups: &[],
        args,
        args_shape: &Shape::Unknown,
        facts: Vec::new(),
        guards: Vec::new(),
        policies: None,
        wall_ns: NOW,
        mode: Mode::Enforce,
    }
}

/// The codes that refuse, in order, each once.
fn codes(
    guard: &Guard,
    spec: &FactSpec,
    was: Was,
    now: Now,
    more: impl FnOnce(&mut GuardCase<'_>),
) -> Vec<String> {
    let (tool, args) = (ToolName::new("shop", "refund"), json(r#"{"id":42,"amount":5}"#));
    let mut case = case_of(guard);
    more(&mut case);
    let guarded =
        Guarded { facts: vec![FactCase { spec, was, now }], guards: vec![case], ..refund(&tool, &args) };
    let judgement = judge(&guarded);
    assert_eq!(judge(&guarded), judgement, "the same case has the same judgement");
    for reason in &judgement.enforced {
        assert_eq!(reason.guard.as_deref(), Some("g"));
        let said = reason.said.as_ref().expect("every reason says what was expected and what was found");
        assert!(!said.expected.is_empty() && !said.actual.is_empty());
    }
    let mut codes: Vec<String> = judgement.enforced.iter().map(|reason| reason.code.to_string()).collect();
    codes.dedup();
    codes
}

fn unchanged(spec: &FactSpec, was: Was, now: Now) -> Vec<String> {
    let guard = Guard { unchanged: vec!["order".to_owned()], ..plain() };
    codes(&guard, spec, was, now, |_| {})
}

#[test]
fn unchanged_compares_what_is_selected_and_nothing_else() {
    let status = order(&["/status"]);
    let cases: &[(&str, Was, Now, &[&str])] = &[
        ("equal", seen(r#"{"status":"paid"}"#), read(r#"{"status":"paid"}"#), &[]),
        ("moved", seen(r#"{"status":"paid"}"#), read(r#"{"status":"void"}"#), &["fact-changed"]),
        ("beside it", seen(r#"{"status":"paid","n":1}"#), read(r#"{"status":"paid","n":2}"#), &[]),
        ("spelling", seen(r#"{"status":1}"#), read(r#"{"status":1.0}"#), &[]),
        ("gone", seen(r#"{"status":"paid"}"#), read("{}"), &["fact-changed"]),
        ("come", seen("{}"), read(r#"{"status":"paid"}"#), &["fact-changed"]),
        ("never there", seen("{}"), read("{}"), &["fact-unreadable"]),
        ("no record now", seen(r#"{"status":"paid"}"#), Now::Absent, &["fact-changed"]),
        ("no record ever", seen("null"), Now::Absent, &["fact-unreadable"]),
        ("none when approved, none now", Was::Absent, Now::Absent, &[]),
        ("none when approved, one now", Was::Absent, read(r#"{"status":"paid"}"#), &["fact-changed"]),
        (
            "too large, the same",
            seen(r#"{"status":9007199254740993}"#),
            read(r#"{"status":9007199254740993}"#),
            &[],
        ),
        (
            "too large, the next",
            seen(r#"{"status":9007199254740993}"#),
            read(r#"{"status":9007199254740992}"#),
            &["fact-changed"],
        ),
        ("unseen", Was::Unseen, read(r#"{"status":"paid"}"#), &["basis-missing"]),
        ("seen by the boundary only", Was::Rebased, read(r#"{"status":"paid"}"#), &["basis-missing"]),
        (
            "unreadable",
            seen(r#"{"status":"paid"}"#),
            Now::Unreadable("late".to_owned()),
            &["fact-unreadable"],
        ),
        ("unstable", seen(r#"{"status":"paid"}"#), Now::Unstable, &["fact-unstable"]),
    ];
    for (name, was, now, expect) in cases {
        assert_eq!(unchanged(&status, was.clone(), now.clone()), *expect, "{name}");
    }
}

#[test]
fn a_value_that_went_away_and_came_back_is_a_change_where_versions_count() {
    let (whole, narrow) = (order(&[]), order(&["/status"]));
    let named = FactSpec { version: Some("/v".to_owned()), ..narrow.clone() };
    let allowed = FactSpec { aba_allowed: true, ..named.clone() };
    let was = || Was::Seen(versioned(r#"{"status":"paid"}"#, "1"));
    let now = || Now::Read(versioned(r#"{"status":"paid"}"#, "3"));
    let same = || Now::Read(versioned(r#"{"status":"paid"}"#, "1"));
    assert_eq!(unchanged(&whole, was(), now()), ["fact-changed"]);
    assert_eq!(unchanged(&named, was(), now()), ["fact-changed"]);
    assert_eq!(unchanged(&named, was(), same()), [""; 0]);
    // Narrowed to some of its parts, its other parts may move, and the version with them (I18).
    assert_eq!(unchanged(&narrow, was(), now()), [""; 0]);
    assert_eq!(unchanged(&allowed, was(), now()), [""; 0]);
    // A version on one side alone compares nothing.
    assert_eq!(unchanged(&named, seen(r#"{"status":"paid"}"#), now()), [""; 0]);
}

#[test]
fn fresh_goes_by_the_sources_own_time() {
    let guard = Guard {
        fresh: vec![Fresh { fact: "order".to_owned(), max_age: Duration::from_secs(30) }],
        ..plain()
    };
    let check = |as_of: Option<i64>, expect: &[&str]| {
        let now = Now::Read(FactValue { as_of_ns: as_of, ..value("1") });
        assert_eq!(codes(&guard, &order(&[]), Was::Unseen, now, |_| {}), expect, "{as_of:?}");
    };
    check(Some(NOW - 29 * SECOND), &[]);
    check(Some(NOW - 30 * SECOND), &[]);
    check(Some(NOW - 31 * SECOND), &["fact-stale"]);
    check(Some(NOW + SECOND), &[]);
    check(Some(NOW + 60 * SECOND), &["fact-stale"]);
    check(None, &["fact-unreadable"]);
    assert_eq!(codes(&guard, &order(&[]), Was::Unseen, Now::Absent, |_| {}), ["fact-unreadable"]);
    let late = Now::Unreadable("late".to_owned());
    assert_eq!(codes(&guard, &order(&[]), Was::Unseen, late, |_| {}), ["fact-unreadable"]);
}

#[test]
fn a_condition_holds_or_refuses() {
    let check = |text: &str, now: Now, expect: &[&str]| {
        let guard = Guard { when: Some(condition(text)), ..plain() };
        assert_eq!(codes(&guard, &order(&[]), seen(r#"{"n":1}"#), now, |_| {}), expect, "{text}");
    };
    check("args.amount <= now.order.n", read(r#"{"n":5}"#), &[]);
    check("args.amount <= now.order.n", read(r#"{"n":4}"#), &["condition-false"]);
    check("args.amount <= now.order.n", read(r#"{"n":"5"}"#), &["condition-error"]);
    check("args.amount <= now.order.n", read("{}"), &["condition-error"]);
    check("args.amount <= now.order.n", Now::Absent, &["condition-error"]);
    check(
        "args.amount <= now.order.n",
        Now::Unreadable("x".to_owned()),
        &["fact-unreadable", "condition-error"],
    );
    check("now has order", Now::Absent, &["condition-false"]);
    check("was.order.n == 1", read("{}"), &[]);
    check("args.amount", read("{}"), &["condition-error"]);
    check("args.nothing == 1", read("{}"), &["condition-error"]);
}

#[test]
fn an_approval_is_required_when_its_condition_says_so_or_cannot_be_evaluated() {
    let check = |when: Option<&str>, expect: &[&str]| {
        let approve = Approve {
            when: when.map(condition),
            by: "Role::\"finance\"".to_owned(),
            quorum: 1,
            expires: None,
        };
        let guard = Guard { approve: Some(approve), ..plain() };
        assert_eq!(codes(&guard, &order(&[]), Was::Unseen, read("{}"), |_| {}), expect, "{when:?}");
    };
    check(None, &["approval-required"]);
    check(Some("args.amount > 3"), &["approval-required"]);
    check(Some("args.amount > 5"), &[]);
    check(Some("args.nothing > 5"), &["condition-error"]);
}

#[test]
fn windows_and_ages_refuse_and_say_until_when_they_hold() {
    let spec = WindowSpec {
        max_age: Some(Duration::from_secs(10)),
        min_spacing: Some(Duration::from_secs(5)),
        ..WindowSpec::default()
    };
    let guard = Guard { window: Some(spec), ..plain() };
    let check = |expect: &[&str], more: &dyn Fn(&mut GuardCase<'_>)| {
        assert_eq!(codes(&guard, &order(&[]), Was::Unseen, read("1"), |case| more(case)), expect);
    };
    check(&[], &|_| {});
    check(&[], &|case| case.decided_ns = NOW - 10 * SECOND);
    check(&["decision-too-old"], &|case| case.decided_ns = NOW - 10 * SECOND - 1);
    check(&["decision-too-old"], &|case| case.decided_ns = NOW + 1);
    check(&[], &|case| case.last_ns = Some(NOW - 5 * SECOND));
    check(&["spacing-too-short"], &|case| case.last_ns = Some(NOW - 5 * SECOND + 1));
    check(&["spacing-too-short"], &|case| case.last_ns = Some(NOW + SECOND));
    for code in [Code::WindowClosed, Code::TooEarly, Code::TooLate] {
        check(&[code.as_str()], &|case| {
            let shut = Some((code, "open".to_owned(), "shut".to_owned()));
            case.window = Some(WindowCase { shut, until_ns: NOW + SECOND });
        });
    }
}

#[test]
fn a_judgement_holds_only_until_the_first_thing_it_rests_on_runs_out() {
    let spec = WindowSpec { max_age: Some(Duration::from_secs(10)), ..WindowSpec::default() };
    let guard = Guard { window: Some(spec), ..plain() };
    let (tool, args) = (ToolName::new("shop", "refund"), json("{}"));
    let mut guarded = Guarded {
        guards: vec![GuardCase {
            window: Some(WindowCase { shut: None, until_ns: NOW + 7 * SECOND }),
            ..case_of(&guard)
        }],
        ..refund(&tool, &args)
    };
    assert_eq!(judge(&guarded).until_ns, Some(NOW + 7 * SECOND));
    guarded.guards[0].decided_ns = NOW - 4 * SECOND;
    assert_eq!(judge(&guarded).until_ns, Some(NOW + 6 * SECOND + 1));
}

/// What people approved they approved on what they saw; whoever gave permission in advance saw nothing.
#[test]
fn a_grant_replaces_asking_and_an_approval_compares_all_that_was_shown() {
    let approve = Approve {
        when: Some(condition("args.amount > 4")),
        by: r#"Role::"finance""#.to_owned(),
        quorum: 2,
        expires: None,
    };
    let guard = Guard {
        facts: vec!["order".to_owned()],
        when: Some(condition("now.order.n == 1")),
        approve: Some(approve),
        ..plain()
    };
    let spec = order(&[]);
    let judged = |guard: &Guard, now: &str, approved, granted| {
        let was = Was::Unseen;
        codes(guard, &spec, was, read(now), |case| (case.approved, case.granted) = (approved, granted))
    };
    let one = r#"{"n":1}"#;
    assert_eq!(judged(&guard, one, false, false), ["approval-required"]);
    assert_eq!(judged(&guard, one, false, true), [""; 0]);
    assert_eq!(judged(&guard, one, true, false), ["basis-missing"]);
    assert_eq!(judged(&guard, one, true, true), ["basis-missing"]);
    // All else refuses as ever.
    assert_eq!(judged(&guard, r#"{"n":2}"#, false, true), ["condition-false"]);
    let compared = Guard { unchanged: vec!["order".to_owned()], ..guard.clone() };
    assert_eq!(judged(&compared, one, false, true), ["basis-missing"]);
    let broken = Approve { when: Some(condition("args.nothing > 4")), ..guard.approve.clone().unwrap() };
    let broken = Guard { approve: Some(broken), ..guard };
    assert_eq!(judged(&broken, one, false, true), ["condition-error"]);
}

#[test]
fn steps_are_proven_by_the_record() {
    let step = Step {
        tool: ToolName::new("shop", "verify"),
        matching: None,
        within: Some(Duration::from_secs(60)),
        accept: Accept::Confirmed,
        none_since: Vec::new(),
    };
    let guard = plain();
    let done = |outcome, confirmation, ended: Option<i64>| Done {
        attempt: "a1".to_owned(),
        armed_at_ns: NOW - 20 * SECOND,
        ended_at_ns: ended,
        outcome,
        confirmation,
        matches: true,
    };
    let check = |candidates: &[Done], blockers: &[Done], undoers: &[Done], expect: &[&str]| {
        let found = codes(&guard, &order(&[]), Was::Unseen, read("1"), |case| {
            let name = step.tool.to_string();
            // The test's own lists outlive the case.
            case.steps = vec![StepCase {
                step: Box::leak(Box::new(step.clone())),
                name,
                candidates: Vec::leak(candidates.to_vec()),
                blockers: Vec::leak(blockers.to_vec()),
                undoers: Vec::leak(undoers.to_vec()),
            }];
        });
        assert_eq!(found, expect);
    };
    let confirmed = done(DoneOutcome::Succeeded, Some(Confirmation::Confirmed), Some(NOW - 10 * SECOND));
    let later = Done {
        attempt: "a2".to_owned(),
        armed_at_ns: NOW - 5 * SECOND,
        ..done(DoneOutcome::Unknown, None, None)
    };
    let one = std::slice::from_ref::<Done>;
    check(one(&confirmed), &[], &[], &[]);
    check(&[], &[], &[], &["step-missing"]);
    check(&[done(DoneOutcome::Succeeded, None, Some(NOW - 10 * SECOND))], &[], &[], &["step-missing"]);
    let denied = Some(Confirmation::Contradicted);
    check(&[done(DoneOutcome::Succeeded, denied, Some(NOW - 10 * SECOND))], &[], &[], &["step-missing"]);
    check(&[done(DoneOutcome::Failed, None, Some(NOW - 10 * SECOND))], &[], &[], &["step-missing"]);
    check(&[done(DoneOutcome::Armed, None, None)], &[], &[], &["step-missing"]);
    let old =
        Done { armed_at_ns: NOW - 90 * SECOND, ended_at_ns: Some(NOW - 61 * SECOND), ..confirmed.clone() };
    check(&[old], &[], &[], &["step-missing"]);
    check(one(&confirmed), one(&later), &[], &["step-undone"]);
    check(&[confirmed], &[], &[later], &["step-undone"]);
}

/// What is proven is told: to conditions by the steps' tools, to the record by the attempts.
#[test]
fn proven_steps_are_told_to_conditions_and_to_the_record() {
    let step = |tool: &str| Step {
        tool: ToolName::new("shop", tool),
        matching: None,
        within: None,
        accept: Accept::Confirmed,
        none_since: Vec::new(),
    };
    let done = |attempt: &str, outcome| Done {
        attempt: attempt.to_owned(),
        armed_at_ns: NOW - 20 * SECOND,
        ended_at_ns: Some(NOW - 10 * SECOND),
        outcome,
        confirmation: Some(Confirmation::Confirmed),
        matches: true,
    };
    let (verify, stock) = (step("verify"), step("stock"));
    let verified = [done("a1", DoneOutcome::Succeeded)];
    let (failed, in_stock) = ([done("a2", DoneOutcome::Failed)], [done("a3", DoneOutcome::Succeeded)]);
    let (tool, args) = (ToolName::new("shop", "refund"), json("{}"));
    let judged = |text: &str, stocked| {
        let guard = Guard { when: Some(condition(text)), ..plain() };
        let case = |step, candidates| {
            let steps =
                vec![StepCase { step, name: "it".to_owned(), candidates, blockers: &[], undoers: &[] }];
            GuardCase { steps, ..case_of(&guard) }
        };
        let unproven = GuardCase { steps: Vec::new(), ..case(&verify, &[][..]) };
        let judgement = judge(&Guarded {
            guards: vec![unproven, case(&verify, &verified), case(&stock, stocked)],
            ..refund(&tool, &args)
        });
        let codes: Vec<_> = judgement.enforced.iter().map(|reason| reason.code.as_str()).collect();
        (codes, judgement.proofs)
    };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let both = r#"steps.containsAll(["shop.verify", "shop.stock"])"#;
    assert_eq!(judged(both, &in_stock), (vec![], names(&["a1", "a3"])));
    let one = r#"steps.contains("shop.verify") && !steps.contains("shop.stock")"#;
    assert_eq!(judged(one, &failed), (vec!["step-missing"], names(&["a1"])));
}

#[test]
fn what_showed_already_is_told_apart_from_what_nobody_can_say() {
    let check = |text: &str, now: Now, expect: Option<bool>| {
        let confirm = Confirm { when: condition(text), refute: None, within: Duration::ZERO, settle: None };
        let guard = Guard { confirm: Some(confirm), ..plain() };
        let (tool, args, spec) = (ToolName::new("shop", "refund"), json("{}"), order(&[]));
        let guarded = Guarded {
            facts: vec![FactCase { spec: &spec, was: Was::Unseen, now }],
            guards: vec![case_of(&guard)],
            ..refund(&tool, &args)
        };
        let before = judge(&guarded).before;
        assert_eq!(before.iter().map(|before| before.shown).collect::<Vec<_>>(), [expect]);
    };
    check("now.order.s == 1", read(r#"{"s":1}"#), Some(true));
    check("now.order.s == 1", read(r#"{"s":2}"#), Some(false));
    check("now.order.s == 1", read("{}"), None);
}

#[test]
fn a_guard_that_only_watches_refuses_nothing_and_says_what_it_would_have_refused() {
    let guard = Guard { when: Some(condition("args.amount > 5")), mode: Some(Mode::Audit), ..plain() };
    assert_eq!(codes(&guard, &order(&[]), Was::Unseen, read("1"), |_| {}), [""; 0]);
}

#[test]
fn an_agent_is_told_only_what_it_sent_or_read_itself() {
    let told = |text: &str, show_agent: bool| {
        let guard = Guard { when: Some(condition(text)), ..plain() };
        let spec = FactSpec { show_agent, ..order(&[]) };
        let (tool, args) = (ToolName::new("shop", "refund"), json(r#"{"amount":5}"#));
        let guarded = Guarded {
            facts: vec![FactCase { spec: &spec, was: seen(r#"{"n":1}"#), now: read(r#"{"n":2}"#) }],
            guards: vec![case_of(&guard)],
            ..refund(&tool, &args)
        };
        judge(&guarded).enforced[0].said.as_ref().unwrap().for_agent
    };
    assert!(!told("now.order.n == 1", false));
    assert!(told("now.order.n == 1", true));
    assert!(told("was.order.n == 2", false));
    assert!(told("args.amount == 2", false));
    assert!(!told("now == args", true), "all facts at once");
}
