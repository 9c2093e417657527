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
    upstream: String,
    tool: String,
    definition: Option<&'static str>,
    principal: String,
}

/// How another action lies to a first one.
#[derive(Debug, Clone, Copy)]
enum Other {
    Same,
    Upstream,
    Tool,
    Definition,
    Principal,
    /// Upstream and tool run together alike, and part elsewhere.
    Parted(usize),
    Unlike,
}

fn other() -> impl Strategy<Value = Other> {
    prop_oneof![
        4 => Just(Other::Same),
        1 => Just(Other::Upstream),
        1 => Just(Other::Tool),
        1 => Just(Other::Definition),
        1 => Just(Other::Principal),
        1 => (0_usize..5).prop_map(Other::Parted),
        1 => Just(Other::Unlike),
    ]
}

impl Bound {
    /// This, with what `how` says taken from another.
    fn with(&self, how: Other, from: Bound) -> Bound {
        let same = self.clone();
        match how {
            Other::Same => same,
            Other::Upstream => Bound { upstream: from.upstream, ..same },
            Other::Tool => Bound { tool: from.tool, ..same },
            Other::Definition => Bound { definition: from.definition, ..same },
            Other::Principal => Bound { principal: from.principal, ..same },
            Other::Parted(at) => {
                let both = same.upstream + &same.tool;
                let (upstream, tool) = both.split_at(at.min(both.len()));
                Bound { upstream: upstream.to_owned(), tool: tool.to_owned(), ..self.clone() }
            }
            Other::Unlike => from,
        }
    }
}

fn bound() -> impl Strategy<Value = Bound> {
    let name = || select(&["", "a", "ab", "b", "bc"][..]).prop_map(str::to_owned);
    (name(), name(), weighted(0.8, select(&["A", "B"][..])), name())
        .prop_map(|(upstream, tool, definition, principal)| Bound { upstream, tool, definition, principal })
}

fn action(bound: &Bound, arguments: &Json) -> Result<Digest, ActionError> {
    let principal = Principal { id: bound.principal.clone(), asserted: true };
    let definition = bound.definition.map(digest_of);
    Action::new(&bound.upstream, &bound.tool, definition, principal, arguments.clone())
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
        (one, another, how) in (bound(), bound(), other()),
        first in arguments(Numbers::AnySpelling),
        second in arguments(Numbers::AnySpelling),
        (alike, near, place) in (any::<bool>(), any::<bool>(), 0_usize..4),
    ) {
        let other = one.with(how, another);
        let value = second.as_object().and_then(|members| members.first()).map(|(_, value)| value.clone());
        let second = match (near, value) {
            _ if alike => first.clone(),
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
