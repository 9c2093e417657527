use lastlook_canon::{Limits, parse};

use super::*;

fn ada() -> Principal {
    Principal { id: "ada".to_owned(), asserted: true }
}

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn refund(arguments: &str) -> Result<Action, ActionError> {
    Action::new("shop", "refund", Some(Digest::of("test", &[])), ada(), json(arguments))
}

#[test]
fn an_action_is_what_it_was_made_of() {
    let action = refund(r#"{"b":1.0,"a":"x"}"#).unwrap();
    assert_eq!((action.upstream(), action.tool()), ("shop", "refund"));
    assert_eq!((action.definition(), action.principal()), (Some(Digest::of("test", &[])), &ada()));
    assert_eq!(action.arguments(), &json(r#"{"b":1.0,"a":"x"}"#));
    assert_eq!(action.canonical_arguments(), br#"{"a":"x","b":1}"#);
}

#[test]
fn an_action_has_one_digest_and_any_other_has_another() {
    let base = refund(r#"{"id":42}"#).unwrap();
    assert_eq!(refund(r#"{"id":4.2e1}"#).unwrap().digest(), base.digest());
    let vouched = Principal { asserted: false, ..ada() };
    let make = |upstream, tool, definition, principal, arguments: &str| {
        Action::new(upstream, tool, definition, principal, json(arguments)).unwrap().digest()
    };
    let (definition, args) = (base.definition(), r#"{"id":42}"#);
    assert_eq!(make("shop", "refund", definition, vouched, args), base.digest());
    let bob = Principal { id: "bob".to_owned(), ..ada() };
    for other in [
        make("stop", "refund", definition, ada(), args),
        make("shop", "cancel", definition, ada(), args),
        make("shop", "refund", None, ada(), args),
        make("shop", "refund", definition, bob, args),
        make("shop", "refund", definition, ada(), r#"{"id":43}"#),
        Action::unreadable("shop", "refund", definition, ada(), args.as_bytes()).digest(),
    ] {
        assert_ne!(other, base.digest());
    }
    let hidden = Digest::of("hidden", &[]);
    let renamed = base.clone().with_digest(hidden);
    assert_eq!((renamed.digest(), renamed.arguments()), (hidden, base.arguments()));
}

#[test]
fn what_is_no_action_says_where() {
    let error = |arguments: &str| refund(arguments).unwrap_err();
    assert_eq!(error("[]"), ActionError::NotAnObject);
    assert_eq!(error(r#"{"ids":[1,9007199254740992]}"#), ActionError::Inexact("/ids/1".to_owned()));
    let long = "é".repeat(300);
    let place = format!("/{}", "é".repeat(LONGEST_PLACE - 1));
    assert_eq!(error(&format!(r#"{{"{long}":1e99}}"#)), ActionError::Inexact(place));
}
