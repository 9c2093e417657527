use crate::condition::{Condition, Operand, Root, scalar_key};

use super::json;

#[track_caller]
fn check(text: &str, expected: &[(&str, Operand)]) {
    let expected: Vec<(String, Operand)> =
        expected.iter().map(|(pointer, operand)| ((*pointer).to_owned(), operand.clone())).collect();
    assert_eq!(Condition::parse(text, &Root::ALL).unwrap().equalities(), expected);
}

fn argument(pointer: &str) -> Operand {
    Operand::Argument(pointer.to_owned())
}

#[test]
fn equalities_with_a_step_are_found_among_the_conjuncts_at_the_top() {
    check("step.args.id == args.order", &[("/id", argument("/order"))]);
    check("args.order == step.args.id", &[("/id", argument("/order"))]);
    check("step.args.a.b == args.c.d", &[("/a/b", argument("/c/d"))]);
    check("step.args[\"a/b~c\"] == args.x", &[("/a~1b~0c", argument("/x"))]);
    check("step.args.kind == \"full\"", &[("/kind", Operand::Literal("full".into()))]);
    check("step.args.n == -3", &[("/n", Operand::Literal((-3i64).into()))]);
    check("true == step.args.ok", &[("/ok", Operand::Literal(true.into()))]);
    check(
        "(step.args.a == args.a && step.at > 5) && step.args.b == 2",
        &[("/a", argument("/a")), ("/b", Operand::Literal(2i64.into()))],
    );
}

#[test]
fn what_does_not_have_to_hold_is_no_equality() {
    check("step.args.a == args.a || true", &[]);
    check("!(step.args.a == args.a)", &[]);
    check("step.args.a != args.a", &[]);
    check("step.tool == \"a.b\"", &[]);
    check("step.args == args", &[]);
    check("step.args.a == now.b", &[]);
    check("if true then step.args.a == 1 else false", &[]);
}

#[test]
fn values_that_a_condition_finds_equal_share_a_key() {
    #[track_caller]
    fn same(one: &str, other: &str) {
        assert_eq!(scalar_key(&json(one)), scalar_key(&json(other)));
        assert!(scalar_key(&json(one)).is_some());
    }
    same("1", "1.0");
    same("1", "1e0");
    same("100", "1e2");
    same("1.5", "1.50");
    same("-0", "0");
    same("\"a\"", "\"\\u0061\"");
    for other in ["\"1\"", "true", "2", "1.5", "\"b:true\""] {
        assert_ne!(scalar_key(&json("1")), scalar_key(&json(other)), "{other}");
    }
    for none in ["null", "[]", "{}", "1.00001", "1e300"] {
        assert_eq!(scalar_key(&json(none)), None, "{none}");
    }
}
