use std::collections::BTreeMap;

use crate::condition::{Condition, Root, Types, Vocabulary, VocabularyInput};
use crate::{EntityStore, Member, Shape};

fn types() -> Types {
    let order = Shape::record([
        ("status", Member::required(Shape::String)),
        ("total_cents", Member::required(Shape::Long)),
        ("rate", Member::required(Shape::Decimal)),
        ("lines", Member::required(Shape::set(Shape::String))),
        ("note", Member::optional(Shape::String)),
        ("meta", Member::optional(Shape::Unknown)),
        ("customer", Member::optional(Shape::record([("name", Member::optional(Shape::String))]))),
    ]);
    Types {
        args: Some(Shape::record([
            ("order_id", Member::required(Shape::String)),
            ("amount_cents", Member::required(Shape::Long)),
            ("reason", Member::optional(Shape::String)),
            ("extra", Member::required(Shape::Unknown)),
        ])),
        was: BTreeMap::from([("order".to_owned(), Member::optional(order.clone()))]),
        now: BTreeMap::from([
            ("order".to_owned(), Member::required(order)),
            ("weather".to_owned(), Member::required(Shape::Unknown)),
        ]),
        step_args: Some(Shape::record([("id", Member::required(Shape::String))])),
        action: "shop.refund".to_owned(),
        resources: vec!["Order".to_owned()],
    }
}

fn vocabulary(entities: Option<&EntityStore>) -> Vocabulary {
    let input = VocabularyInput {
        actions: vec!["shop.refund".to_owned(), "shop.verify".to_owned()],
        resources: vec!["Order".to_owned()],
        entities,
        ..VocabularyInput::default()
    };
    Vocabulary::new(&input).unwrap()
}

#[track_caller]
fn sound(text: &str) {
    let condition = Condition::parse(text, &Root::ALL).unwrap();
    assert_eq!(condition.check(&vocabulary(None), &types()), Ok(()), "{text}");
}

/// A condition is refused, this part of it is underlined, and message and help hold these words.
#[track_caller]
fn unsound(text: &str, underlined: &str, message: &str, help: &str) {
    let problem = Condition::parse(text, &Root::ALL).unwrap().check(&vocabulary(None), &types()).unwrap_err();
    assert_eq!(text.get(problem.at.clone()), Some(underlined), "{problem:?}");
    assert!(problem.message.contains(message), "{problem:?}");
    assert!(problem.help.as_deref().unwrap_or_default().contains(help), "{problem:?}");
}

#[test]
fn a_condition_with_right_types_is_sound() {
    sound("now.order.status == \"paid\" && args.amount_cents <= now.order.total_cents");
    sound("now.order has note && now.order.note == \"x\"");
    sound("now.order has customer.name && now.order.customer.name == \"x\"");
    sound("was has order && was.order.status == now.order.status");
    sound("now.order.rate.lessThan(decimal(\"2.0\"))");
    sound("now.order.lines.contains(args.order_id)");
    sound("principal in Role::\"finance\" && principal is User");
    sound("action == Action::\"shop.refund\" && resource is Order");
    sound("step.args.id == args.order_id && step.at > 5 && step.tool == \"shop.verify\"");
    sound("steps.contains(\"shop.verify\")");
    sound("if args has reason then args.reason == \"x\" else true");
}

#[test]
fn a_misspelt_member_is_an_error_with_a_suggestion() {
    unsound(
        "now.order.statsu == \"paid\"",
        "now.order.statsu",
        "`now.order` has no `statsu`",
        "did you mean `status`?",
    );
    unsound(
        "args.amount_cent > 1",
        "args.amount_cent",
        "has no `amount_cent`",
        "did you mean `amount_cents`?",
    );
    unsound("now.ordr.status == \"x\"", "now.ordr.status", "`now` has no `ordr`", "did you mean `order`?");
    unsound("args has resaon", "args has resaon", "`args` has no `resaon`", "did you mean `reason`?");
    unsound("step.outcom == \"x\"", "step.outcom", "`step` has no `outcom`", "did you mean `outcome`?");
    unsound("step.args.idd == \"x\"", "step.args.idd", "has no `idd`", "did you mean `id`?");
    unsound("was.weather.x == 1", "was.weather.x", "`was` has no `weather`", "known are `order`");
    unsound(
        "args.extra.a == 1 || now.order.statsu == args.extra",
        "now.order.statsu",
        "has no `statsu`",
        "status",
    );
}

#[test]
fn an_optional_member_needs_a_test() {
    unsound(
        "now.order.note == \"x\"",
        "now.order.note",
        "`now.order.note` may be absent",
        "`now.order has note && …`",
    );
    unsound("was.order.status == \"x\"", "was.order", "`was.order` may be absent", "`was has order && …`");
    unsound("args has order_id && args.reason == \"x\"", "args.reason", "may be absent", "args has reason");
    unsound("now.order.note == args.extra", "now.order.note", "may be absent", "now.order has note");
    unsound("now.order.meta == 1", "now.order.meta", "may be absent", "now.order has meta");
    unsound("now.order.meta.deep.x == 1", "now.order.meta", "may be absent", "now.order has meta");
    unsound("args.extra == 1 && was.order.total_cents > args.extra", "was.order", "may be absent", "");
}

#[test]
fn two_types_are_never_compared() {
    unsound("args.amount_cents == \"5\"", "args.amount_cents == \"5\"", "not compatible", "");
    unsound("args.order_id < 5", "args.order_id", "expected Long", "");
    unsound("now.order.rate < 2", "now.order.rate", "decimal", "decimal(\"2.0\")");
    unsound("now.order.lines == \"x\"", "now.order.lines == \"x\"", "not compatible", "");
    unsound("args.amount_cents", "args.amount_cents", "expected Bool", "");
    unsound("steps.contains(1)", "steps.contains(1)", "not compatible", "");
    unsound("args.extra == 1 && args.order_id > 1", "args.order_id", "expected Long", "");
    unsound("args.order_id + 1 == args.extra", "args.order_id", "expected Long", "");
}

#[test]
fn what_touches_the_unknown_is_not_checked() {
    sound("args.extra == 1");
    sound("args.extra.deep.er == now.order.status");
    sound("args.extra");
    sound("!(args.extra has x) || args.extra.x > 5");
    sound("now.weather.wind < 5 && now.weather.rain == false");
    sound("now.order has meta && now.order.meta.x == 1");
    sound("now.order.lines.contains(args.extra)");
    sound("[args.extra, now.weather].containsAny(now.order.lines)");
    sound("(if args.extra then now.order.total_cents else 5) > 4");
    sound("args.extra like \"a*\"");
    sound("(args has reason && args.reason == args.extra) == true");
}

#[test]
fn with_nothing_known_everything_but_entities_and_facts_is_sound() {
    let words = VocabularyInput { actions: vec!["a.b".to_owned()], ..VocabularyInput::default() };
    let words = Vocabulary::new(&words).unwrap();
    let nothing = Types { action: "a.b".to_owned(), ..Types::default() };
    let check = |text| Condition::parse(text, &Root::ALL).unwrap().check(&words, &nothing);
    assert_eq!(check("args.x == 1 && args has y && args.y.z"), Ok(()));
    assert_eq!(check("step.args.x == args.x"), Ok(()));
    assert!(check("now.order.x == 1").is_err());
}

#[test]
fn a_condition_that_can_never_hold_is_an_error() {
    let text = "principal is Order";
    unsound(text, text, "never be true", "");
    unsound("false", "false", "never be true", "");
    unsound("args.extra == 1 && false", "args.extra == 1 && false", "never be true", "");
}

#[test]
fn entities_must_be_known() {
    unsound("principal in Rol::\"x\"", "Rol", "`Rol`", "Role");
    unsound("action == Action::\"shop.refnd\"", "Action::\"shop.refnd\"", "shop.refnd", "shop.refund");
    unsound("principal.level == 3", "principal.level", "`principal.level` is not known", "");
}

#[test]
fn attributes_of_entities_come_from_the_entities_file() {
    let store = EntityStore::parse(
        r#"[{"uid": {"type": "User", "id": "a"}, "attrs": {"level": 3}, "parents": []}]"#,
        "entities.json",
    );
    let store = store.unwrap();
    let known = vocabulary(Some(&store));
    let check = |text| Condition::parse(text, &Root::ALL).unwrap().check(&known, &types());
    assert_eq!(check("principal is User && principal has level && principal.level == 3"), Ok(()));
    assert!(
        check("principal is User && principal.level == 3").unwrap_err().message.contains("may be absent")
    );
    assert!(check("principal is User && principal has level && principal.level == \"x\"").is_err());
}
