//! Any text as what an operator or an agent writes. How to look longer than the corpus: docs/internals/testing.md.

use std::collections::BTreeSet;
use std::str::FromStr as _;

use lastlook_canon::Json;

use crate::{Amount, Condition, Policies, Root, Template, ToolName, hidden};

#[test]
fn condition() {
    bolero::check!(name = "condition").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        match Condition::parse(text, &Root::ALL) {
            Ok(condition) => {
                assert_eq!(condition.text(), text);
                let roots: BTreeSet<Root> = condition.names().into_iter().map(|(root, _)| root).collect();
                let below = |root| !condition.members(root).is_empty();
                assert!(Root::ALL.into_iter().all(|root| below(root) == roots.contains(&root)));
                let _ = condition.equalities();
                // What needs no more names is the same condition with those alone.
                let own: Vec<Root> = roots.into_iter().collect();
                assert!(Condition::parse(text, &own).is_ok(), "{text:?} with {own:?}");
            }
            Err(problem) => {
                let at = problem.at;
                assert!(text.get(at.clone()).is_some(), "{at:?} is no part of {text:?}");
            }
        }
    });
}

#[test]
fn policy() {
    bolero::check!(name = "policy").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        match Policies::parse(text, "p.cedar", None) {
            Ok(policies) => {
                let second =
                    cedar_policy::PolicySet::from_str(text).expect("Cedar's own interface reads it too");
                assert_eq!(policies.len(), second.policies().count());
                assert!(policies.weaker(&policies).is_empty(), "nothing is weaker than itself");
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                let is_part = |at: (usize, usize)| text.get(at.0..at.1).is_some();
                assert!(problems.iter().filter_map(|problem| problem.at).all(is_part), "{problems:?}");
            }
        }
    });
}

#[test]
fn template() {
    bolero::check!(name = "template").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        for parse in [Template::parse, Template::parse_url, Template::parse_path] {
            match parse(text) {
                Ok(template) => {
                    assert_eq!(template.source(), &Json::from(text));
                    assert_eq!(template.is_literal(), template.holes().next().is_none());
                }
                Err(error) => assert!(text.is_char_boundary(error.at), "{error:?}"),
            }
        }
    });
}

#[test]
fn small() {
    bolero::check!(name = "small").with_iterations(0).for_each(|bytes: &[u8]| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        if let Ok(amount) = Amount::from_str(text) {
            assert_eq!(Amount::from_str(&amount.to_string()), Ok(amount));
            // Decimal places and all, without a point: what a reader of digits makes of it.
            let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
            let units = format!("{whole}{decimals:0<18}").parse::<u128>();
            assert_eq!(units, Ok(amount.units()), "{text}");
        }
        if let Some(name) = ToolName::parse(text) {
            assert_eq!(name.to_string(), text);
        }
        let _ = hidden(&Json::from(text));
    });
}
