//! I4: a request written differently has one digest; any material change has another.

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{Action, ActionError, Definition, Principal};
use lastlook_sim::generate::digest_of;
use lastlook_sim::generate::json::{Numbers, arguments, schema};
use lastlook_sim::generate::spelling::{choices, spell};
use lastlook_sim::model::meaning::Meaning;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::json;

/// What an action binds, beside its arguments: from alphabets in which `ab`+`c` and `a`+`bc` collide when run together.
#[derive(Debug, Clone, PartialEq)]
struct Bound {
    upstream: &'static str,
    tool: &'static str,
    definition: Option<&'static str>,
    principal: &'static str,
}

fn bound() -> impl Strategy<Value = Bound> {
    let name = || select(&["", "a", "ab", "b", "bc"][..]);
    (name(), name(), weighted(0.8, select(&["A", "B"][..])), name())
        .prop_map(|(upstream, tool, definition, principal)| Bound { upstream, tool, definition, principal })
}

fn action(bound: &Bound, arguments: &Json) -> Result<Digest, ActionError> {
    let principal = Principal { id: bound.principal.to_owned(), asserted: true };
    let definition = bound.definition.map(digest_of);
    Action::new(bound.upstream, bound.tool, definition, principal, arguments.clone())
        .map(|action| action.digest())
}

fn changed_somewhere(one: Json, place: usize, other: Json) -> Json {
    match one {
        Json::Object(mut members) if !members.is_empty() => {
            let at = place % members.len();
            members[at].1 = other;
            Json::Object(members)
        }
        _ => other,
    }
}

proptest! {
    #![proptest_config(config!("identity"))]

    #[test]
    fn another_spelling_is_the_same_action(
        bound in bound(),
        arguments in arguments(Numbers::AlsoInexact),
        mut choices in choices(true),
    ) {
        let respelt = spell(&arguments, &mut choices);
        match (action(&bound, &arguments), action(&bound, &json(&respelt))) {
            (Ok(one), Ok(other)) => prop_assert_eq!(one, other, "{}", respelt),
            (one, other) => prop_assert!(one.is_err() && other.is_err(), "{}", respelt),
        }
    }

    #[test]
    fn two_actions_share_a_digest_only_if_they_mean_the_same(
        (one, other) in (bound(), bound()),
        first in arguments(Numbers::AnySpelling),
        second in arguments(Numbers::AnySpelling),
        (same_bound, near, place) in (prop::bool::weighted(0.7), any::<bool>(), 0_usize..4),
    ) {
        let other = if same_bound { one.clone() } else { other };
        let value = second.as_object().and_then(|members| members.first()).map(|(_, value)| value.clone());
        let second = match (near, value) {
            (true, Some(value)) => changed_somewhere(first.clone(), place, value),
            (true, None) => first.clone(),
            (false, _) => second,
        };
        if second.as_object().is_none() {
            prop_assert_eq!(action(&other, &second), Err(ActionError::NotAnObject));
            return Ok(());
        }
        let same = one == other && Meaning::of(&first) == Meaning::of(&second);
        prop_assert_eq!(action(&one, &first).unwrap() == action(&other, &second).unwrap(), same);
    }

    #[test]
    fn only_numbers_without_an_exact_form_bind_no_action(
        bound in bound(),
        arguments in arguments(Numbers::AlsoInexact),
    ) {
        let refused = matches!(action(&bound, &arguments), Err(ActionError::Inexact(_)));
        prop_assert_eq!(refused, Meaning::of(&arguments).has_inexact_integer());
    }

    #[test]
    fn a_changed_definition_is_a_changed_tool(
        (first, second) in (schema(Numbers::Plain), schema(Numbers::Plain)),
        (described, hint) in (any::<bool>(), any::<bool>()),
        mut choices in choices(false),
    ) {
        let listed = |schema: &Json, description: &str, hint: bool| Json::object([
            ("name", Json::from("set")),
            ("description", Json::from(description)),
            ("inputSchema", schema.clone()),
            ("annotations", Json::object([("readOnlyHint", Json::from(hint))])),
        ]);
        let digest = |tool: &Json| Definition::from_listed(tool).unwrap().1.digest;
        let tool = listed(&first, "sets it", false);
        prop_assert_eq!(digest(&tool), digest(&json(&spell(&tool, &mut choices))));
        let other = listed(&second, if described { "sets it" } else { "does more" }, hint);
        let same = Meaning::of(&tool) == Meaning::of(&other);
        prop_assert_eq!(digest(&tool) == digest(&other), same);
    }
}
