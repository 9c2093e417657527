use lastlook_canon::Json;
use proptest::prelude::*;

use super::{Asked, authority, json, policies, schema};
use crate::policy::schema::ActionTypes;
use crate::{Authority, Policies, PolicyDecision, PolicyFirst, PolicyReason, PolicySchema, SchemaInput};

const PERMIT_ALL: &str = "@id(\"all\") permit(principal, action, resource);";

fn decided(policies: &str, asked: &Asked) -> PolicyDecision {
    asked.with(|request| authority(policies).decide(request))
}

fn ids(answer: &PolicyDecision) -> Vec<&str> {
    answer.determining.iter().map(|reason| reason.id.as_str()).collect()
}

#[track_caller]
fn allows(policies: &str, asked: Asked, determining: &[&str]) {
    let answer = decided(policies, &asked);
    assert!(answer.allow, "{answer:?}");
    assert_eq!(ids(&answer), determining);
    let first = asked.with(|request| authority(policies).first(request));
    assert!(
        !matches!(first, PolicyFirst::Deny(_)),
        "denied before anything was read, and allowed after: {first:?}"
    );
}

#[track_caller]
fn denies(policies: &str, asked: Asked, determining: &[&str]) {
    let answer = decided(policies, &asked);
    assert!(!answer.allow && answer.errors.is_empty(), "{answer:?}");
    assert_eq!(ids(&answer), determining);
    let first = asked.with(|request| authority(policies).first(request));
    assert!(
        !matches!(first, PolicyFirst::Allow(_)),
        "allowed before anything was read, and denied after: {first:?}"
    );
}

/// Denied because something went wrong, and an error holds these words.
#[track_caller]
fn errs(policies: &str, asked: Asked, words: &str) {
    let answer = decided(policies, &asked);
    assert!(!answer.allow && answer.errors.iter().any(|error| error.contains(words)), "{answer:?}");
    let first = asked.with(|request| authority(policies).first(request));
    assert!(!matches!(first, PolicyFirst::Allow(_)), "{first:?}");
}

#[test]
fn nothing_is_allowed_unless_permitted() {
    denies("", Asked::default(), &[]);
    allows(PERMIT_ALL, Asked::default(), &["all"]);
    let other = "permit(principal, action == Action::\"shop.get_order\", resource);";
    denies(other, Asked::default(), &[]);
}

#[test]
fn forbid_wins() {
    let forbid =
        format!("{PERMIT_ALL} @id(\"no\") forbid(principal, action in Action::\"destructive\", resource);");
    denies(&forbid, Asked::default(), &["no"]);
    let read = Asked {
        action: "shop.get_order",
        resource: None,
        args: r#"{"id": "42"}"#,
        now: "{}",
        ..Asked::default()
    };
    allows(&forbid, read, &["all"]);
}

#[test]
fn reason_and_hint_are_told() {
    let text = r#"@id("big") @reason("refunds over 5 are finance's") @hint("ask finance")
        forbid(principal, action == Action::"shop.refund", resource) when { context.args.amount_cents > 500 };"#;
    let told = PolicyReason {
        id: "big".to_owned(),
        reason: Some("refunds over 5 are finance's".to_owned()),
        hint: Some("ask finance".to_owned()),
    };
    assert_eq!(decided(text, &Asked::default()).determining, [told]);
}

#[test]
fn facts_decide() {
    let text = "@id(\"paid\") permit(principal, action == Action::\"shop.refund\", resource) when {
        context.now has order && context.now.order.status == \"paid\" &&
        context.args.amount_cents <= context.now.order.total_cents };";
    allows(text, Asked::default(), &["paid"]);
    let refunded = r#"{"order": {"status": "refunded", "total_cents": 1200, "rate": 1, "meta": 3}}"#;
    denies(text, Asked { now: refunded, ..Asked::default() }, &[]);
    let steps = "@id(\"s\") permit(principal, action == Action::\"shop.refund\", resource) when { context.steps.contains(\"shop.verify\") };";
    denies(steps, Asked::default(), &[]);
    allows(steps, Asked { steps: vec!["shop.verify".to_owned()], ..Asked::default() }, &["s"]);
    let same = "@id(\"same\") permit(principal, action == Action::\"shop.refund\", resource) when {
        context.was has order && context.now has order && context.was.order.status == context.now.order.status };";
    denies(same, Asked::default(), &[]);
    let was = r#"{"order": {"status": "paid", "total_cents": 1, "rate": 0.5, "meta": null}}"#;
    allows(same, Asked { was, ..Asked::default() }, &["same"]);
}

#[test]
fn groups_and_classes_decide() {
    let text = "@id(\"r\") permit(principal in Role::\"deployers\", action, resource);";
    denies(text, Asked::default(), &[]);
    allows(text, Asked { groups: vec!["Role::\"deployers\"".to_owned()], ..Asked::default() }, &["r"]);
    denies(text, Asked { groups: vec!["Role::\"others\"".to_owned()], ..Asked::default() }, &[]);
}

/// Cedar alone would skip the `forbid` in each of these, and allow.
#[test]
fn a_forbid_that_cannot_be_evaluated_denies() {
    let forbid = |condition: &str| {
        format!(
            "{PERMIT_ALL} @id(\"f\") forbid(principal, action == Action::\"shop.refund\", resource) when {{ {condition} }};"
        )
    };
    let args = |args| Asked { args, ..Asked::default() };
    let amount = forbid("context.args.amount_cents > 5000");
    errs(&amount, args(r#"{"order_id": "42", "options": 1}"#), "`args.amount_cents` is missing");
    errs(
        &amount,
        args(r#"{"order_id": "42", "amount_cents": null, "options": 1}"#),
        "`args.amount_cents` is missing",
    );
    errs(&amount, args(r#"{"order_id": "42", "amount_cents": "9999999", "options": 1}"#), "not the type");
    errs(&amount, args(r#"{"order_id": "42", "amount_cents": 99999.5, "options": 1}"#), "no integer");
    errs(
        &amount,
        args(r#"{"order_id": "42", "amount_cents": 99999999999999999999, "options": 1}"#),
        "no integer",
    );
    errs(&amount, args(r#"{"order_id": "42", "amount_cents": [99999], "options": 1}"#), "not the type");
    let overflow = forbid("context.args.amount_cents * 9223372036854775807 > 5");
    errs(&overflow, Asked::default(), "overflow");
    let optional = forbid("context.args has reason && context.args.reason == \"fraud\"");
    errs(&optional, args(r#"{"order_id": "42", "amount_cents": 1, "reason": ["fraud"]}"#), "`args.reason`");
    let tags = forbid("context.args has tags && context.args.tags.contains(\"hold\")");
    errs(&tags, args(r#"{"order_id": "42", "amount_cents": 1, "tags": ["hold", 5]}"#), "`args.tags`");
    errs(&tags, args(r#"{"order_id": "42", "amount_cents": 1, "tags": ["hold", null]}"#), "`args.tags`");
    let rate = forbid("context.now has order && context.now.order.rate.greaterThan(decimal(\"2.0\"))");
    let fine = r#"{"order": {"status": "paid", "total_cents": 1, "rate": 9.00001, "meta": 3}}"#;
    errs(&rate, Asked { now: fine, ..Asked::default() }, "`now.order.rate`");
    // Asked for with `has`, a fact that is not there is an answer and no error.
    allows(&rate, Asked { now: "{}", ..Asked::default() }, &["all"]);
    errs(
        &rate,
        Asked { now: r#"{"order": {"status": "paid"}}"#, ..Asked::default() },
        "`now.order.rate` is missing",
    );
    let whole = forbid("context.args == context.args");
    errs(&whole, args(r#"{"order_id": "42", "amount_cents": "x", "options": 1}"#), "`args.amount_cents`");
}

/// The engine makes every fact optional; were one required, its absence would be no answer to `has`.
#[test]
fn a_required_fact_that_is_not_there_denies() {
    let mut tools = super::tools();
    tools[0].now.get_mut("order").unwrap().required = true;
    let principals = ["User::\"ada\"".to_owned()];
    let input = SchemaInput { tools: &tools, principals: &principals, groups: &[], entities: None };
    let text = format!(
        "{PERMIT_ALL} @id(\"f\") forbid(principal, action == Action::\"shop.refund\", resource) when {{ context.now has order && context.now.order.status == \"void\" }};"
    );
    let authority = Authority::new(policies(&text), PolicySchema::generate(&input).unwrap()).unwrap();
    let decide = |asked: Asked| asked.with(|request| authority.decide(request));
    assert!(decide(Asked::default()).allow);
    let answer = decide(Asked { now: "{}", ..Asked::default() });
    assert!(
        !answer.allow && answer.errors.iter().any(|error| error.contains("`now.order` is missing")),
        "{answer:?}"
    );
}

#[test]
fn one_spelling_of_a_number_is_as_good_as_another() {
    let text = format!(
        "{PERMIT_ALL} @id(\"f\") forbid(principal, action == Action::\"shop.refund\", resource) when {{ context.args.amount_cents == 1000 }};"
    );
    for args in [
        r#"{"order_id": "42", "amount_cents": 1000}"#,
        r#"{"order_id": "42", "amount_cents": 1000.0}"#,
        r#"{"order_id": "42", "amount_cents": 1e3}"#,
        r#"{"order_id": "42", "amount_cents": 0.1E+4}"#,
    ] {
        denies(&text, Asked { args, ..Asked::default() }, &["f"]);
    }
}

#[test]
fn what_no_policy_for_the_tool_touches_does_not_deny() {
    let args = r#"{"order_id": "42", "amount_cents": "x"}"#;
    allows(PERMIT_ALL, Asked { args, ..Asked::default() }, &["all"]);
    let other = format!(
        "{PERMIT_ALL} forbid(principal == User::\"eve\", action == Action::\"shop.refund\", resource) when {{ context.args.amount_cents > 1 }};"
    );
    allows(&other, Asked { args, ..Asked::default() }, &["all"]);
}

#[test]
fn what_the_schema_does_not_know_is_denied() {
    errs(PERMIT_ALL, Asked { action: "shop.other", ..Asked::default() }, "`shop.other`");
    errs(PERMIT_ALL, Asked { principal: "Robot::\"r2\"", ..Asked::default() }, "`Robot`");
    errs(PERMIT_ALL, Asked { principal: "ada", ..Asked::default() }, "`ada` is no entity");
    errs(PERMIT_ALL, Asked { resource: None, ..Asked::default() }, "`Tool`");
    errs(PERMIT_ALL, Asked { resource: Some("Order::\"4\"2\""), ..Asked::default() }, "is no entity");
    errs(PERMIT_ALL, Asked { groups: vec!["deployers".to_owned()], ..Asked::default() }, "is no entity");
}

fn first(policies: &str, asked: &Asked) -> PolicyFirst {
    asked.with(|request| authority(policies).first(request))
}

#[test]
fn what_can_be_said_before_reading_is_said() {
    #[track_caller]
    fn check(policies: &str, expected: &str) {
        let told = match first(policies, &Asked::default()) {
            PolicyFirst::Deny(answer) => format!("deny {}", ids(&answer).join(" ")),
            PolicyFirst::Allow(answer) => format!("allow {}", ids(&answer).join(" ")),
            PolicyFirst::Undecided => "undecided".to_owned(),
        };
        assert_eq!(told.trim_end(), expected);
    }
    let on = "action == Action::\"shop.refund\"";
    let fact_permit = format!(
        "permit(principal, {on}, resource) when {{ context.now has order && context.now.order.status == \"x\" }};"
    );
    let fact_forbid = format!(
        "forbid(principal, {on}, resource) when {{ context.now has order && context.now.order.status == \"x\" }};"
    );
    let argument_forbid =
        format!("@id(\"f\") forbid(principal, {on}, resource) when {{ context.args.amount_cents > 5 }};");
    let others_permit = format!(
        "permit(principal == User::\"eve\", {on}, resource) when {{ context.now has order && context.now.order.status == \"x\" }};"
    );
    check("", "deny");
    check(PERMIT_ALL, "allow all");
    check(&format!("{PERMIT_ALL} {argument_forbid}"), "deny f");
    check(&format!("{fact_permit} {argument_forbid}"), "deny f");
    check(&fact_permit, "undecided");
    check(&fact_forbid, "deny");
    check(&format!("{PERMIT_ALL} {fact_forbid}"), "undecided");
    check(&format!("{PERMIT_ALL} {fact_permit}"), "undecided");
    check(&others_permit, "deny");
    check(&format!("{PERMIT_ALL} {others_permit}"), "allow all");
}

#[test]
fn an_error_on_arguments_denies_before_anything_is_read() {
    let text = format!(
        "{PERMIT_ALL} @id(\"o\") forbid(principal, action == Action::\"shop.refund\", resource) when {{ context.args.amount_cents * 9223372036854775807 > 5 }};"
    );
    match first(&text, &Asked::default()) {
        PolicyFirst::Deny(answer) => {
            assert!(answer.errors.iter().any(|error| error.contains("`o`")), "{answer:?}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn policies_that_could_err_are_never_asked() {
    let text = "permit(principal, action == Action::\"shop.refund\", resource) when { context.args.reason == \"x\" };";
    assert!(Authority::new(policies(text), schema(None)).is_err());
}

#[test]
fn the_entities_file_and_the_groups_of_the_configuration_are_merged() {
    let entities = r#"[
        {"uid": {"type": "User", "id": "ada"}, "attrs": {"level": 3}, "parents": [{"type": "Role", "id": "senior"}]},
        {"uid": {"type": "Agent", "id": "helper"}, "attrs": {}, "parents": [{"type": "User", "id": "ada"}]},
        {"uid": {"type": "Role", "id": "senior"}, "attrs": {}, "parents": [{"type": "Role", "id": "staff"}]},
        {"uid": {"type": "Role", "id": "deployers"}, "attrs": {}, "parents": [{"type": "Role", "id": "ops"}]}
    ]"#;
    let text = r#"
        @id("staff") permit(principal in Role::"staff", action, resource);
        @id("ops") permit(principal in Role::"ops", action, resource);
        @id("level") permit(principal is User, action, resource) when { principal has level && principal.level > 2 };
        @id("of") permit(principal in User::"ada", action, resource);
    "#;
    let policies = Policies::parse(text, "policy.cedar", Some((entities, "entities.json"))).unwrap();
    let schema = schema(Some(policies.entities()));
    let authority = Authority::new(policies, schema).unwrap();
    let groups = || vec!["Role::\"deployers\"".to_owned()];
    let check = |asked: Asked, expected: &[&str]| {
        let answer = asked.with(|request| authority.decide(request));
        assert_eq!(ids(&answer), expected, "{answer:?}");
    };
    check(Asked::default(), &["level", "of", "staff"]);
    check(Asked { groups: groups(), ..Asked::default() }, &["level", "of", "ops", "staff"]);
    check(Asked { principal: "User::\"bob\"", groups: groups(), ..Asked::default() }, &["ops"]);
    check(Asked { principal: "User::\"bob\"", ..Asked::default() }, &[]);
    check(Asked { principal: "Agent::\"helper\"", ..Asked::default() }, &["of", "staff"]);
}

#[test]
fn the_same_question_has_the_same_answer() {
    let text: String = (0..30)
        .map(|n| {
            format!(
                "@id(\"p{n}\") permit(principal, action, resource) when {{ {n} * 9223372036854775807 >= 0 }};"
            )
        })
        .collect();
    let answers: Vec<PolicyDecision> = (0..3).map(|_| decided(&text, &Asked::default())).collect();
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[1], answers[2]);
    assert!(!answers[0].allow && answers[0].errors.len() == 28, "{:?}", answers[0]);
}

#[test]
fn the_version_of_cedar_is_the_one_that_is_linked() {
    assert_eq!(crate::CEDAR_VERSION, cedar_policy::get_sdk_version().to_string());
}

/// `context.args` is required, so arguments that are `null` are lost, and no policy sees a context without them.
#[test]
fn arguments_that_are_null_are_lost() {
    let text = format!(
        "{PERMIT_ALL} @id(\"f\") forbid(principal, action == Action::\"shop.refund\", resource) when {{ context has args && context.args.amount_cents > 5 }};"
    );
    let answer = decided(&text, &Asked { args: "null", ..Asked::default() });
    assert!(!answer.allow && !answer.errors.is_empty(), "{answer:?}");
}

/// JSON of any form.
fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        prop::sample::select(vec!["1.0", "2.5", "1e-9", "1e300", "0.0001"]).prop_map(json),
        "[a-c]{0,3}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let names = prop::sample::select(vec![
            "order_id",
            "amount_cents",
            "reason",
            "options",
            "tags",
            "status",
            "x",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            prop::collection::btree_map(names, inner, 0..5).prop_map(Json::object),
        ]
    })
}

proptest! {
    /// Cedar's own check of a request finds nothing to say about a context in which nothing was lost, and what was said
    /// before reading holds after it.
    #[test]
    fn contexts_conform_and_first_agrees_with_decide(args in any_json(), order in any_json()) {
        let text = "
            @id(\"p\") permit(principal, action, resource);
            @id(\"a\") forbid(principal, action == Action::\"shop.refund\", resource) when { context.args.amount_cents > 2 };
            @id(\"n\") forbid(principal, action == Action::\"shop.refund\", resource) when { context.now has order && context.now.order.total_cents > 2 };
        ";
        let authority = authority(text);
        let now = [("order".to_owned(), order)];
        let request = crate::PolicyRequest {
            principal: "User::\"ada\"",
            groups: &[],
            action: "shop.refund",
            resource: Some("Order::\"42\""),
            args: &args,
            was: &[],
            now: &now,
            steps: &[],
        };
        let (context, lost) = crate::policy::authority::context(&request, types(&authority), true);
        if lost.is_empty() {
            let action: cedar_policy::EntityUid = "Action::\"shop.refund\"".parse().unwrap();
            let (schema, _) = cedar_policy::Schema::from_cedarschema_str(authority.schema().text()).unwrap();
            let conforms = cedar_policy::Context::from(context).validate(&schema, &action);
            prop_assert!(conforms.is_ok(), "{conforms:?}");
        }
        let answer = authority.decide(&request);
        match authority.first(&request) {
            PolicyFirst::Deny(_) => prop_assert!(!answer.allow),
            PolicyFirst::Allow(_) => prop_assert!(answer.allow),
            PolicyFirst::Undecided => {}
        }
    }
}

fn types(authority: &Authority) -> &ActionTypes {
    authority.schema().action("shop.refund").unwrap()
}

#[test]
fn a_world_without_tools_denies() {
    let schema = PolicySchema::generate(&SchemaInput::default()).unwrap();
    let authority = Authority::new(policies(""), schema).unwrap();
    Asked::default().with(|request| assert!(!authority.decide(request).allow));
}

#[test]
fn a_policy_on_another_upstream_alone_is_no_mistake_and_one_on_an_unknown_upstream_is() {
    let text = r#"
        @id("all") permit(principal, action, resource);
        @id("there") forbid(principal, action == Action::"files.write_file", resource);
        @id("both") forbid(principal, action in [Action::"shop.refund", Action::"files.write_file"], resource);
    "#;
    assert!(Authority::new(policies(text), schema(None)).is_err());
    let here = policies(text).without(|upstream| upstream == "files");
    let ids: Vec<&str> = here.ids().into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["all", "both"], "what names a tool here stays");

    let there = r#"
        @id("all") permit(principal, action, resource);
        @id("there") forbid(principal, action == Action::"files.write_file", resource);
    "#;
    let without = |elsewhere: &'static str| policies(there).without(move |upstream| upstream == elsewhere);
    assert!(Authority::new(without("files"), schema(None)).is_ok());
    assert!(Authority::new(without("flies"), schema(None)).is_err(), "a slip in a name is still told");
}
