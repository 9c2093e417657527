use super::{policies, schema};
use crate::{Policies, Root};

/// A policy file is refused: this part of it is underlined, and the message holds these words.
#[track_caller]
fn refused(text: &str, underlined: &str, message: &str) {
    let problems = Policies::parse(text, "policy.cedar", None).unwrap_err();
    let found = problems.iter().any(|problem| {
        problem.message.contains(message)
            && problem.at.and_then(|(start, end)| text.get(start..end)) == Some(underlined)
    });
    assert!(found, "{problems:?}");
    assert!(problems.iter().all(|problem| problem.file == "policy.cedar"));
}

/// The policies are no good for the tools of the test shop.
#[track_caller]
fn unsound(text: &str, underlined: &str, message: &str) {
    let problems = policies(text).validate(&schema(None));
    let found = problems.iter().any(|problem| {
        problem.message.contains(message)
            && problem.at.and_then(|(start, end)| text.get(start..end)) == Some(underlined)
    });
    assert!(found, "{problems:?}");
}

#[track_caller]
fn sound(text: &str) {
    assert_eq!(policies(text).validate(&schema(None)), [], "{text}");
}

#[test]
fn a_file_that_does_not_parse_says_where() {
    refused("permit(principal, action, resource) when { 1 = 1 };", "1 = 1", "=");
    refused("permit(principal, action, resource)", ")", "unexpected end");
    refused("/* ü */ permit(principal, action, resource);", "ü", "invalid token");
    refused("permit(principal, action, resource); nonsense", "e", "unexpected end");
}

#[test]
fn templates_are_refused() {
    let text = "permit(principal == ?principal, action, resource);";
    refused(text, text, "template");
}

#[test]
fn ids_are_unique() {
    let twice =
        "@id(\"a\") permit(principal, action, resource);\n@id(\"a\") forbid(principal, action, resource);";
    refused(twice, "@id(\"a\") forbid(principal, action, resource);", "`a` comes twice");
    let clash = "permit(principal, action, resource);\n@id(\"policy0\") forbid(principal, action, resource);";
    refused(clash, "@id(\"policy0\") forbid(principal, action, resource);", "`policy0` comes twice");
    refused(
        "@id(\"\") permit(principal, action, resource);",
        "@id(\"\") permit(principal, action, resource);",
        "no text",
    );
}

#[test]
fn it_is_known_which_policies_rest_on_arguments_alone() {
    let text = r#"
        permit(principal, action, resource) when { context.args.x == 1 };
        @id("now") permit(principal, action, resource) when { context.now.order.x == 1 };
        @id("was") forbid(principal, action, resource) unless { context.was has order };
        @id("steps") forbid(principal, action, resource) when { context.steps.contains("a") };
        @id("has") forbid(principal, action, resource) when { context has now };
        @id("all") forbid(principal, action, resource) when { context == {} };
        @id("index") forbid(principal, action, resource) when { context["now"] == {} };
        @id("head") forbid(principal in Role::"a", action, resource);
    "#;
    let expected = [
        ("policy0", true),
        ("now", false),
        ("was", false),
        ("steps", false),
        ("has", false),
        ("all", false),
        ("index", false),
        ("head", true),
    ];
    assert_eq!(policies(text).ids(), expected);
}

#[test]
fn it_is_known_which_facts_the_policies_use() {
    let text =
        "permit(principal, action, resource) when { context.now.order.x == 1 && context.now has rate.x };";
    assert_eq!(policies(text).names(Root::Now), [Some("order".to_owned()), Some("rate".to_owned())]);
    assert_eq!(policies(text).names(Root::Was), []);
}

#[test]
fn policies_with_right_names_and_types_are_sound() {
    sound("permit(principal in Role::\"deployers\", action == Action::\"shop.refund\", resource);");
    sound("permit(principal is User, action in Action::\"read\", resource);");
    sound(
        "permit(principal, action == Action::\"shop.refund\", resource is Order) when {
            context.now has order && context.args.amount_cents <= context.now.order.total_cents &&
            context.now.order.status == \"paid\"
        };",
    );
    sound(
        "forbid(principal, action == Action::\"shop.refund\", resource) when {
            context.args has reason && context.args.reason like \"*fraud*\"
        };",
    );
    sound(
        "forbid(principal, action == Action::\"shop.refund\", resource) unless { context.steps.contains(\"shop.verify\") };",
    );
    sound(
        "permit(principal, action == Action::\"shop.refund\", resource) when {
            context.was has order && context.now has order && context.was.order.status == context.now.order.status
        };",
    );
    sound("permit(principal, action == Action::\"shop.get_order\", resource == Tool::\"shop.get_order\");");
    sound("");
}

#[test]
fn what_could_go_wrong_is_a_problem() {
    let refund = |condition: &str| {
        format!("permit(principal, action == Action::\"shop.refund\", resource) when {{ {condition} }};")
    };
    unsound(&refund("context.args.amount_cent > 1"), "context.args.amount_cent", "`args.amount_cent`");
    unsound(&refund("context.args.reason == \"x\""), "context.args.reason", "optional");
    unsound(&refund("context.was.order.status == \"x\""), "context.was.order.status", "optional");
    unsound(&refund("context.now.order.status == \"x\""), "context.now.order.status", "optional");
    unsound(
        &refund("context.args.amount_cents == \"5\""),
        "context.args.amount_cents == \"5\"",
        "not compatible",
    );
    unsound(&refund("context.args.options == 1"), "context.args.options", "`args.options`");
    let rate = refund("context.now has order && context.now.order.rate < 2");
    unsound(&rate, "context.now.order.rate", "decimal");
    unsound(&refund("context.args has amount_cent"), &refund("context.args has amount_cent"), "impossible");
    unsound(&refund("principal.level > 1"), "principal.level", "`level`");
    unsound(&refund("context.step.at > 1"), "context.step.at", "`step`");
    unsound(
        "permit(principal, action == Action::\"shop.refnd\", resource);",
        "Action::\"shop.refnd\"",
        "shop.refnd",
    );
    unsound("permit(principal in Rolle::\"a\", action, resource);", "Rolle", "Rolle");
    unsound(
        "permit(principal, action, resource) when { context.args.order_id == \"1\" };",
        "context.args.order_id",
        "`args.order_id`",
    );
    let wrong_pair = "permit(principal, action == Action::\"shop.get_order\", resource is Order);";
    unsound(wrong_pair, wrong_pair, "");
    let disguised = policies(&refund("context.args.order_id == \"p\u{430}y\"")).validate(&schema(None));
    assert!(disguised.iter().any(|problem| problem.message.contains("mixed scripts")), "{disguised:?}");
}

#[test]
fn one_mistake_is_told_once() {
    let text = "permit(principal, action, resource) when { context.args.nothing == 1 };";
    assert_eq!(policies(text).validate(&schema(None)).len(), 1);
}
