use lastlook_canon::Json;

use super::{facts, json};
use crate::condition::{Condition, Root, StepView, World, WorldInput};
use crate::{EntityStore, Member, Shape};

fn parse(text: &str) -> Condition {
    Condition::parse(text, &Root::ALL).unwrap()
}

fn world(args: &str) -> World {
    let (args, was, now) = (json(args), facts(r#"{"order": {"status": "paid"}}"#), facts(NOW));
    World::new(&input(&args, &was, &now))
}

const NOW: &str = r#"{
    "order": {"status": "refunded", "total": 1200, "lines": ["a", "b"], "note": null, "args": 7, "rate": 1.25},
    "rate": {"big": 12345678901234567890, "fine": 1.00001, "mixed": [1, null], "deep": {"fine": 0.00001}}
}"#;

fn input<'a>(args: &'a Json, was: &'a [(String, Json)], now: &'a [(String, Json)]) -> WorldInput<'a> {
    WorldInput {
        principal: "User::\"ada\"",
        groups: &[],
        action: "shop.refund",
        resource: Some("Order::\"42\""),
        args,
        args_shape: None,
        was,
        now,
        fact_shapes: &[],
        steps: &[],
        entities: None,
    }
}

const ARGS: &str =
    r#"{"amount": 1000, "id": "42", "ok": true, "tags": ["x", "y"], "none": null, "half": 0.5, "now": 1}"#;

#[track_caller]
fn holds(text: &str) {
    assert_eq!(parse(text).eval(&world(ARGS)), Ok(true), "{text}");
}

#[track_caller]
fn fails(text: &str) {
    assert_eq!(parse(text).eval(&world(ARGS)), Ok(false), "{text}");
}

/// Evaluating is an error, and its message holds these words.
#[track_caller]
fn errs(text: &str, message: &str) {
    let error = parse(text).eval(&world(ARGS)).unwrap_err();
    assert!(error.message.contains(message), "{error}");
}

#[test]
fn conditions_hold_or_not() {
    holds("args.amount <= now.order.total");
    holds("now.order.status == \"refunded\" && was.order.status == \"paid\"");
    fails("now.order.status == was.order.status");
    holds("args.tags.contains(\"x\")");
    holds("now.order.lines == [\"b\", \"a\", \"b\"]");
    holds("args.ok");
    fails("!args.ok");
    holds("if args.amount > 500 then now.order has status else false");
    holds("args.id like \"4*\"");
    holds("now.order.args == 7 && args.now == 1");
    holds("now.order.rate == decimal(\"1.25\") && args.half.lessThan(decimal(\"0.6\"))");
    holds("principal == User::\"ada\" && action == Action::\"shop.refund\" && resource == Order::\"42\"");
    holds("resource is Order");
    fails("args has none");
    fails("now.order has note");
    fails("args has missing && args.missing == 1");
}

#[test]
fn whatever_goes_wrong_is_an_error() {
    errs("args.missing == 1", "missing");
    errs("now.order.note == \"x\"", "note");
    errs("now.nothing.x == 1", "nothing");
    errs("args.amount < \"x\"", "type");
    errs("args.amount + 9223372036854775807 > 0", "overflow");
    errs("args.id", "neither true nor false");
    errs("args.amount", "neither true nor false");
    errs("principal.department == \"x\"", "User::\"ada\"");
    errs("step.args.x == 1", "step");
    errs("args.id == \"42\" && args.missing == 1", "at `args.missing`");
}

#[test]
fn what_is_there_and_cannot_be_told_is_an_error_even_to_ask_for() {
    errs("now.rate.big > 1", "`now.rate.big` is no integer within 64 bits");
    errs("now.rate has big", "`now.rate.big` is no integer within 64 bits");
    errs("now.rate.fine > 1", "`now.rate.fine` has more than four decimals");
    errs("!(now.rate has fine)", "`now.rate.fine` has more than four decimals");
    errs("now.rate.mixed.contains(1)", "`now.rate.mixed` has an element that is null");
    errs("now.rate == now.rate", "now.rate.");
    errs("now == now", "now.rate.");
    errs("now.rate has deep.fine", "now.rate.deep.fine");
    errs("now.rate has deep || true", "now.rate.deep.fine");
}

#[test]
fn a_loss_elsewhere_does_not_matter() {
    holds("now.order.total == 1200");
}

/// What a number is to Cedar, for each shape.
#[test]
fn numbers_are_judged_by_value() {
    #[track_caller]
    fn check(number: &str, shape: Shape, text: &str, expected: Result<bool, &str>) {
        let args = json(&format!("{{\"n\": {number}}}"));
        let shape = Shape::record([("n", Member::required(shape))]);
        let world = World::new(&WorldInput { args_shape: Some(&shape), ..input(&args, &[], &[]) });
        let answer = parse(text).eval(&world);
        match (&answer, expected) {
            (Err(error), Err(words)) => assert!(error.message.contains(words), "{error}"),
            (answer, expected) => {
                assert_eq!(answer.clone().ok(), expected.ok(), "{number} {text} {answer:?}")
            }
        }
    }
    let two = "args.n == 2";
    check("2", Shape::Unknown, two, Ok(true));
    check("2.0", Shape::Unknown, two, Ok(true));
    check("2e0", Shape::Unknown, two, Ok(true));
    check("0.2e1", Shape::Long, two, Ok(true));
    check("2.5", Shape::Unknown, two, Ok(false));
    check("2.5", Shape::Long, two, Err("no integer"));
    check("2", Shape::Decimal, two, Ok(false));
    check("2", Shape::Decimal, "args.n == decimal(\"2.0\")", Ok(true));
    check("2.0000", Shape::Decimal, "args.n == decimal(\"2.0\")", Ok(true));
    check("2.00001", Shape::Decimal, "args.n == decimal(\"2.0\")", Err("more than four decimals"));
    check("2.00001", Shape::Decimal, "args has n", Err("more than four decimals"));
    check("9223372036854775807", Shape::Long, "args.n == 9223372036854775807", Ok(true));
    check("-9223372036854775808", Shape::Long, "args.n == -9223372036854775808", Ok(true));
    check("9223372036854775808", Shape::Long, "args.n > 0", Err("64 bits"));
    check("-9223372036854775809", Shape::Unknown, "args.n < 0", Err("64 bits"));
    check("922337203685477.5807", Shape::Decimal, "args.n == decimal(\"922337203685477.5807\")", Ok(true));
    check("-922337203685477.5808", Shape::Decimal, "args.n == decimal(\"-922337203685477.5808\")", Ok(true));
    check("922337203685477.5808", Shape::Decimal, "args has n", Err("too large"));
    check("1e400", Shape::Unknown, "args has n", Err("64 bits"));
    check("1e-400", Shape::Unknown, "args has n", Err("decimals"));
    check("1e99999999999999999999", Shape::Unknown, "args has n", Err(""));
    check("0e99999999999999999999", Shape::Unknown, "args.n == 0", Ok(true));
    check("-0", Shape::Unknown, "args.n == 0", Ok(true));
    check("-0.0", Shape::Decimal, "args.n == decimal(\"0.0\")", Ok(true));
    check("-1.5", Shape::Unknown, "args.n == decimal(\"-1.5\")", Ok(true));
    check("-0.00010", Shape::Unknown, "args.n == decimal(\"-0.0001\")", Ok(true));
    check("\"2\"", Shape::Long, "args has n", Err("not the type"));
    check("[2]", Shape::String, "args.n != \"x\"", Err("not the type"));
    check("null", Shape::Long, "args has n", Ok(false));
}

#[test]
fn a_set_lacks_nothing_or_is_lost() {
    let args = json(r#"{"a": [1, 2, 2], "n": [null], "f": [{"x": 0.00001}], "o": [{"x": null}], "e": []}"#);
    let world = World::new(&input(&args, &[], &[]));
    assert_eq!(parse("args.a == [2, 1]").eval(&world), Ok(true));
    assert_eq!(parse("args.e.isEmpty()").eval(&world), Ok(true));
    assert_eq!(parse("args.o == [{}]").eval(&world), Ok(true));
    assert!(parse("args.n.isEmpty()").eval(&world).is_err());
    assert!(parse("args has f").eval(&world).is_err());
}

#[test]
fn what_is_too_deep_or_too_large_is_lost() {
    let deep = format!("{{\"a\": {}1{}, \"b\": 1}}", "[".repeat(100), "]".repeat(100));
    let large = format!("{{\"b\": 1, \"a\": [{}1]}}", "1,".repeat(60_000));
    for text in [deep, large] {
        let args = json(&text);
        let world = World::new(&input(&args, &[], &[]));
        assert!(parse("args has a").eval(&world).is_err());
        assert_eq!(parse("args.b == 1").eval(&world), Ok(true));
    }
}

#[test]
fn groups_and_entities_are_known_to_conditions() {
    let store = EntityStore::parse(
        r#"[{"uid": {"type": "User", "id": "ada"}, "attrs": {"level": 3}, "parents": []},
            {"uid": {"type": "Role", "id": "senior"}, "attrs": {}, "parents": [{"type": "Role", "id": "staff"}]}]"#,
        "entities.json",
    );
    let store = store.unwrap();
    let (args, groups) = (json("{}"), ["Role::\"senior\"".to_owned()]);
    let alone = World::new(&WorldInput { groups: &groups, ..input(&args, &[], &[]) });
    assert_eq!(parse("principal in Role::\"senior\"").eval(&alone), Ok(true));
    assert_eq!(parse("principal in Role::\"staff\"").eval(&alone), Ok(false));
    let known = World::new(&WorldInput { groups: &groups, entities: Some(&store), ..input(&args, &[], &[]) });
    assert_eq!(parse("principal in Role::\"staff\" && principal.level == 3").eval(&known), Ok(true));
}

#[test]
fn a_principal_or_resource_that_is_no_entity_is_an_error() {
    let args = json("{}");
    for (principal, resource) in
        [("ada", None), ("User::\"ada\"", Some("Order::\"4\"2\"")), ("User::\"ada", None)]
    {
        let world = World::new(&WorldInput { principal, resource, ..input(&args, &[], &[]) });
        assert!(parse("true").eval(&world).is_err());
    }
    let world = World::new(&WorldInput { resource: None, ..input(&args, &[], &[]) });
    assert_eq!(parse("resource == Tool::\"shop.refund\"").eval(&world), Ok(true));
}

#[test]
fn a_step_is_added_without_touching_the_world() {
    let base = world(ARGS);
    let (one, other) = (json(r#"{"id": "42"}"#), json(r#"{"id": "43", "fine": 1.00001}"#));
    let view = StepView {
        tool: "shop.verify",
        args: &one,
        args_shape: None,
        at: 1_700_000_000_123,
        outcome: "succeeded",
        confirmation: "confirmed",
        receipt: "r1",
    };
    let same = parse("step.args.id == args.id && step.tool == \"shop.verify\" && step.at > 1700000000000");
    assert_eq!(same.eval(&base.with_step(&view)), Ok(true));
    assert_eq!(same.eval(&base.with_step(&StepView { args: &other, ..view })), Ok(false));
    assert!(same.eval(&base).is_err());
    let lost = base.with_step(&StepView { args: &other, ..view });
    assert!(parse("step.args.fine == decimal(\"1.0\")").eval(&lost).is_err());
    assert!(parse("step.args has fine").eval(&lost.with_step(&view)).is_ok());
    let all = parse(
        "step.outcome == \"succeeded\" && step.confirmation == \"confirmed\" && step.receipt == \"r1\"",
    );
    assert_eq!(all.eval(&base.with_step(&view)), Ok(true));
}

#[test]
fn steps_are_a_set_of_tools() {
    let (args, steps) = (json("{}"), ["ci.build".to_owned(), "ci.test".to_owned()]);
    let world = World::new(&WorldInput { steps: &steps, ..input(&args, &[], &[]) });
    assert_eq!(parse("steps.containsAll([\"ci.test\", \"ci.build\"])").eval(&world), Ok(true));
    assert_eq!(parse("steps.contains(\"ci.deploy\")").eval(&world), Ok(false));
}

#[test]
fn it_tells_the_values_it_rests_on() {
    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let told = parse(text).explain(&world(ARGS));
        let expected: Vec<(String, String)> =
            expected.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
        assert_eq!(told, expected);
    }
    check("now.order.status == \"paid\"", &[("now.order.status", "\"refunded\"")]);
    check("args.amount <= now.order.total", &[("args.amount", "1000"), ("now.order.total", "1200")]);
    check("args.amount > 1 && args.amount < 9", &[("args.amount", "1000")]);
    check("now.order has note", &[("now.order.note", "absent")]);
    check(
        "now.rate has fine",
        &[("now.rate.fine", "not comparable: it has more than four decimals, or is too large")],
    );
    check("principal == User::\"x\"", &[("principal", "User::\"ada\"")]);
    check(
        "now.order[\"status\"] == args[\"a b\"]",
        &[("now.order.status", "\"refunded\""), ("args[\"a b\"]", "absent")],
    );
}

#[test]
fn a_long_value_is_told_in_part() {
    let args = json(&format!("{{\"t\": \"{}\"}}", "ü".repeat(1_000)));
    let told = parse("args.t == \"x\"").explain(&World::new(&input(&args, &[], &[])));
    assert_eq!(told.first().map(|(_, value)| value.chars().count()), Some(201));
}
