use std::collections::BTreeSet;

use crate::condition::{Condition, Root};

/// What Cedar reads in the place of a condition.
#[track_caller]
fn bound(text: &str, expected: &str) {
    assert_eq!(Condition::parse(text, &Root::ALL).unwrap().bound.text, expected);
}

/// A condition is refused, this part of it is underlined, and message and help hold these words.
#[track_caller]
fn refused(text: &str, underlined: &str, message: &str, help: &str) {
    refused_among(&Root::ALL, text, underlined, message, help);
}

#[track_caller]
fn refused_among(allowed: &[Root], text: &str, underlined: &str, message: &str, help: &str) {
    let problem = Condition::parse(text, allowed).unwrap_err();
    assert_eq!(text.get(problem.at.clone()), Some(underlined), "{problem:?}");
    assert!(problem.message.contains(message), "{problem:?}");
    assert!(problem.help.as_deref().unwrap_or_default().contains(help), "{problem:?}");
}

#[test]
fn a_name_is_bound_where_it_starts_a_path() {
    bound("args.x == 1", "context.args.x == 1");
    bound("now.o.s == was.o.s", "context.now.o.s == context.was.o.s");
    bound("step.args.id == args.id", "context.step.args.id == context.args.id");
    bound("steps.contains(\"a.b\")", "context.steps.contains(\"a.b\")");
    bound("args[\"now\"] == 1", "context.args[\"now\"] == 1");
    bound("[args.x,now.y].contains(was.z)", "[context.args.x,context.now.y].contains(context.was.z)");
    bound("!args.x", "!context.args.x");
    bound("if args.x then now.y else was.z", "if context.args.x then context.now.y else context.was.z");
    bound("1<args.x", "1<context.args.x");
    bound("args.t like \"args.*\"", "context.args.t like \"args.*\"");
    bound("principal in args.roles", "principal in context.args.roles");
    bound("ip(\"10.0.0.1\").isInRange(args.net)", "ip(\"10.0.0.1\").isInRange(context.args.net)");
}

#[test]
fn a_name_is_not_bound_elsewhere() {
    bound("now.x.args == 1", "context.now.x.args == 1");
    bound("now . x . args == 1", "context.now . x . args == 1");
    bound("args has now", "context.args has now");
    bound("args has now.was", "context.args has now.was");
    bound("args has \"now\"", "context.args has \"now\"");
    bound("{args: 1, now: args.x} == now.y", "{args: 1, now: context.args.x} == context.now.y");
    bound("{args // : \n : 1} == now.y", "{args // : \n : 1} == context.now.y");
    bound("args.x == \"args.x now\"", "context.args.x == \"args.x now\"");
    bound(r#"args.x == "a\"args" "#, r#"context.args.x == "a\"args" "#);
    bound(r#"args.x == "\\" && now.y"#, r#"context.args.x == "\\" && context.now.y"#);
    bound("args.x // args.y == \"\n == 1", "context.args.x // args.y == \"\n == 1");
    bound("args.x == 1 // now", "context.args.x == 1 // now");
    bound("resource == Args::\"args\"", "resource == Args::\"args\"");
    bound("resource == args::\"args\"", "resource == args::\"args\"");
    bound("resource == now::args::\"args\"", "resource == now::args::\"args\"");
    bound("resource is args", "resource is args");
    bound("resource is args in now::\"x\"", "resource is args in now::\"x\"");
    bound("argsx::\"a\" == resource", "argsx::\"a\" == resource");
}

#[test]
fn a_name_that_is_not_allowed_is_refused_where_it_stands() {
    let allowed = [Root::Args, Root::Step];
    refused_among(
        &allowed,
        "step.args.x == now.y",
        "now",
        "`now` means nothing in this condition",
        "`args`, `step`",
    );
    refused_among(
        &allowed,
        "principal == User::\"a\"",
        "principal",
        "`principal` means nothing",
        "`args`, `step`",
    );
    refused_among(
        &[Root::Args],
        "args.x == 1 && was has x",
        "was",
        "`was` means nothing",
        "known here: `args`",
    );
}

#[test]
fn an_unknown_name_is_refused_with_a_suggestion() {
    refused("arg.x == 1", "arg", "`arg` is not known", "did you mean `args`?");
    refused("args.x == nwo.y", "nwo", "`nwo` is not known", "did you mean `now`?");
    refused("args.x == open", "open", "`open` is not known", "text stands in double quotes");
    refused("context.args.x == 1", "context", "`context` means nothing", "without `context.`");
    refused("context has args", "context", "`context` means nothing", "without `context.`");
}

#[test]
fn habits_from_other_languages_are_explained() {
    refused("then.order.status == now.order.status", "then", "`then` is a reserved word", "`was`");
    refused("args.x == then.y", "then", "`then` is a reserved word", "`was`");
    refused("args.x = 1", "=", "`=` compares nothing", "`==`");
    refused("args.x == 'a'", "'", "double quotes", "not `'`");
    refused("args.x and args.y", "and", "`and` is no operator", "`&&`");
    refused("args.x or args.y", "or", "`or` is no operator", "`||`");
    refused("not args.x", "not", "`not` is no operator", "`!`");
    refused("args.x & args.y", "&", "`&` is no operator", "`&&`");
    refused("args.x | args.y", "|", "`|` is no operator", "`||`");
    refused("args.x != null", "null", "nothing is `null`", "args has x");
    refused("args.x == True", "True", "no truth value", "`true`");
    refused("args.x > 1.5", "1.5", "no decimals", "decimal(\"1.5\")");
    refused("args.x ? 1 : 2", "?", "`?` is no operator", "if … then … else …");
    refused("${args.x} == 1", "$", "`$` has no meaning", "`args.x`");
    refused("args.x == \"open", "\"open", "not closed", "close it");
}

#[test]
fn a_condition_is_exactly_one_expression() {
    refused("true }; permit(principal, action, resource) when { true", ";", "one expression", "");
    refused("true; true", ";", "one expression", "`&&`");
    refused("args.x args.y", "args", "unexpected token", "");
    refused("permit(principal, action, resource);", ";", "one expression", "");
    refused("true } forbid", "forbid", "not a policy", "braces");
    refused("true }", "}", "unexpected token", "");
    refused("", "", "may not be empty", "`true`");
    refused(" // nothing\n", " // nothing\n", "may not be empty", "`true`");
    refused("args.x ==", "=", "unexpected end", "");
    refused("(args.x", "x", "unexpected end", "");
    refused("?principal == principal", "?", "`?` is no operator", "");
    refused("@id(\"a\") true", "@", "annotations", "");
    assert!(Condition::parse(&format!("args.x == \"{}\"", "a".repeat(20_000)), &Root::ALL).is_err());
}

#[test]
fn a_condition_is_true_or_false_by_its_form() {
    refused("args.x + 1", "args.x + 1", "neither true nor false", "compare it");
    refused("\"a\"", "\"a\"", "neither true nor false", "");
    refused("[args.x]", "[args.x]", "neither true nor false", "");
    refused("principal", "principal", "neither true nor false", "");
    assert!(Condition::parse("args.x", &Root::ALL).is_ok());
}

#[test]
fn places_are_those_of_the_text_that_was_written() {
    refused("now.über == 1", "ü", "only in a text", "brackets and quotes");
    refused("args.a == \"ü\" && now.b == \"€\" && was.c = 1", "=", "compares nothing", "`==`");
    refused("args.a == \"ü\" && now.b == (was.c", "c", "unexpected end", "");
    refused("args.a == \"ü\" && now.b == was.c) == 1", ")", "unexpected token", "");
    for (text, word) in [("args.a == \"€\" && foo(now.b)", "foo"), ("args.a && now.b.c(1)", "c")] {
        let problem = Condition::parse(text, &Root::ALL).unwrap_err();
        assert!(problem.message.contains(word), "{problem:?}");
        assert!(text.get(problem.at.clone()).is_some_and(|words| words.contains(word)), "{problem:?}");
    }
}

#[test]
fn deep_nesting_is_an_answer_and_not_a_crash() {
    let deep = format!("{}true{}", "(".repeat(4_000), ")".repeat(4_000));
    assert!(Condition::parse(&deep, &Root::ALL).is_err());
    let negated = format!("{}true", "!".repeat(8_000));
    assert!(Condition::parse(&negated, &Root::ALL).is_err());
    let allowed = format!("{}true{}", "(".repeat(30), ")".repeat(30));
    assert!(Condition::parse(&allowed, &Root::ALL).is_ok());
    let conjuncts = vec!["args.x"; 370].join(" && ");
    let condition = Condition::parse(&conjuncts, &Root::ALL).unwrap();
    assert_eq!(condition.names().len(), 1);
}

#[test]
fn it_says_which_names_it_uses() {
    #[track_caller]
    fn check(text: &str, expected: &[(Root, Option<&str>)]) {
        let expected: BTreeSet<_> =
            expected.iter().map(|(root, name)| (*root, name.map(str::to_owned))).collect();
        assert_eq!(Condition::parse(text, &Root::ALL).unwrap().names(), expected);
    }
    check("now.order.status == \"paid\"", &[(Root::Now, Some("order"))]);
    check("now has order", &[(Root::Now, Some("order"))]);
    check("now has order.status", &[(Root::Now, Some("order"))]);
    check("now[\"order\"].x == was.rate.y", &[(Root::Now, Some("order")), (Root::Was, Some("rate"))]);
    check("args == step.args", &[(Root::Args, None), (Root::Step, Some("args"))]);
    check("steps.contains(\"a.b\")", &[(Root::Steps, None)]);
    check("principal in Role::\"a\"", &[(Root::Principal, None)]);
    check("{now: args.x} == now.y", &[(Root::Args, Some("x")), (Root::Now, Some("y"))]);
    check("\"now.order\" == args.x", &[(Root::Args, Some("x"))]);
    check("true", &[]);
}

#[test]
fn it_says_which_members_it_uses() {
    let condition =
        Condition::parse("now.o.a == now.o.b.c && (now has p || now.o.a == 2)", &Root::ALL).unwrap();
    let expected = [vec!["o", "a"], vec!["o", "b", "c"], vec!["p"]];
    assert_eq!(
        condition.members(Root::Now),
        expected.map(|path| path.into_iter().map(str::to_owned).collect::<Vec<_>>())
    );
    assert_eq!(condition.members(Root::Was), Vec::<Vec<String>>::new());
}

#[test]
fn two_conditions_are_equal_when_their_texts_are() {
    let parse = |text| Condition::parse(text, &Root::ALL).unwrap();
    assert_eq!(parse("args.x == 1"), parse("args.x == 1"));
    assert_ne!(parse("args.x == 1"), parse("args.x ==  1"));
    assert_eq!(format!("{:?} {}", parse("args.x"), parse("args.x")), "Condition(\"args.x\") args.x");
}
