//! Policies beside guards: what they are asked, and how what they say becomes reasons.

use std::collections::BTreeMap;

use super::*;
use crate::{Class, Member, Policies, PolicySchema, SchemaInput, ToolTypes};

/// Policies over a refund that guards may say is of an order; `resources` are the types it may be of.
fn authority(text: &str, resources: &[&str]) -> Authority {
    let tools = [ToolTypes {
        name: ToolName::new("shop", "refund"),
        class: Class::Destructive,
        args: Shape::record([("amount", Member::required(Shape::Long))]),
        resources: resources.iter().map(|name| (*name).to_owned()).collect(),
        was: BTreeMap::new(),
        now: BTreeMap::from([(
            "order".to_owned(),
            Member::optional(Shape::record([("n", Member::required(Shape::Long))])),
        )]),
    }];
    let principals = [r#"User::"ada""#.to_owned()];
    let schema = PolicySchema::generate(&SchemaInput {
        tools: &tools,
        principals: &principals,
        groups: &[],
        entities: None,
    });
    Authority::new(Policies::parse(text, "policy.cedar", None).unwrap(), schema.unwrap()).unwrap()
}

/// What is said of a refund by as many guards as there are resources: judged on what its order is `now`, and before anything is read.
fn asked(
    authority: &Authority,
    args: &str,
    now: Now,
    resources: &[&str],
    mode: Mode,
) -> (Judgement, Vec<Reason>) {
    let (tool, args, spec, guard) = (ToolName::new("shop", "refund"), json(args), order(&[]), plain());
    let case = |resource: &&str| GuardCase { resource: Some((*resource).to_owned()), ..case_of(&guard) };
    let guarded = Guarded {
        facts: vec![FactCase { spec: &spec, was: Was::Unseen, now }],
        guards: resources.iter().map(case).collect(),
        policies: Some(authority),
        mode,
        ..refund(&tool, &args)
    };
    (judge(&guarded), judge_unread(&guarded))
}

/// The codes, and what each is about.
fn told(reasons: &[Reason]) -> Vec<(&'static str, Option<&str>)> {
    reasons.iter().map(|reason| (reason.code.as_str(), reason.about.as_deref())).collect()
}

const ANYTHING: &str = r#"@id("all") permit(principal, action, resource);"#;
const SEVEN: &str = r#"{"amount":7}"#;

#[test]
fn every_resource_that_a_guard_names_is_asked_about_once() {
    let text = format!(r#"{ANYTHING} @id("no") forbid(principal, action, resource == Order::"2");"#);
    let policies = authority(&text, &["Order"]);
    let ask = |resources: &[&str]| asked(&policies, SEVEN, Now::Absent, resources, Mode::Enforce);
    let (judged, unread) = ask(&[r#"Order::"1""#, r#"Order::"3""#]);
    assert_eq!((told(&judged.enforced), told(&unread)), (vec![], vec![]));
    assert_eq!(judged.policies, ["all"]);
    let denied = vec![("policy-denied", Some("no"))];
    let (judged, unread) = ask(&[r#"Order::"2""#, r#"Order::"1""#, r#"Order::"2""#]);
    assert_eq!((told(&judged.enforced), told(&unread)), (denied.clone(), denied));
    assert_eq!(judged.policies, ["all", "no"]);
}

#[test]
fn without_a_resource_the_tool_itself_is_asked_about() {
    let ask = |text: &str| asked(&authority(text, &[]), SEVEN, Now::Absent, &[], Mode::Enforce);
    let (judged, unread) = ask(r#"@id("it") permit(principal, action, resource == Tool::"shop.refund");"#);
    assert_eq!((told(&judged.enforced), told(&unread)), (vec![], vec![]));
    assert_eq!(judged.policies, ["it"]);
    let (judged, unread) = ask("");
    assert_eq!(told(&judged.enforced), [("policy-denied", None)]);
    assert_eq!(told(&unread), [("policy-denied", None)]);
    assert_eq!(judged.enforced[0].said.as_ref().unwrap().actual, "no policy permits it");
}

#[test]
fn what_facts_decide_is_decided_when_they_are_read() {
    let text = r#"@id("one") permit(principal, action, resource) when { context.now has order && context.now.order.n == 1 };"#;
    let policies = authority(text, &[]);
    for (n, refuses) in [(1, vec![]), (2, vec![("policy-denied", None)])] {
        let (judged, unread) = asked(&policies, SEVEN, read(&format!(r#"{{"n":{n}}}"#)), &[], Mode::Enforce);
        assert_eq!((told(&judged.enforced), told(&unread)), (refuses, vec![]));
    }
}

#[test]
fn what_a_policy_cannot_decide_denies_and_says_so() {
    let text = format!(
        r#"{ANYTHING} @id("big") forbid(principal, action, resource) when {{ context.args.amount > 9 }};"#
    );
    let policies = authority(&text, &[]);
    let (judged, unread) = asked(&policies, "{}", Now::Absent, &[], Mode::Enforce);
    let error = vec![("policy-error", Some("shop.refund"))];
    assert_eq!((told(&judged.enforced), told(&unread)), (error.clone(), error));
    assert!(judged.enforced[0].said.as_ref().unwrap().actual.contains("`args.amount` is missing"));
    let (judged, _) = asked(&policies, r#"{"amount":10}"#, Now::Absent, &[], Mode::Enforce);
    assert_eq!(told(&judged.enforced), [("policy-denied", Some("big"))]);
    assert_eq!(judged.enforced[0].said.as_ref().unwrap().actual, "policy `big` forbids it");
}

#[test]
fn policies_that_only_watch_refuse_nothing() {
    let (judged, _) = asked(&authority("", &[]), SEVEN, Now::Absent, &[], Mode::Audit);
    assert_eq!((told(&judged.enforced), told(&judged.audited)), (vec![], vec![("policy-denied", None)]));
}
