//! The reference page says nothing that does not work.

use super::{policies, schema};
use crate::EntityStore;
use crate::condition::tests::document::blocks;

const PAGE: &str = include_str!("../../../../../docs/reference/policy.md");

#[test]
fn the_policies_of_the_page_are_sound() {
    let found = blocks(PAGE, "cedar");
    assert!(!found.is_empty());
    for text in found {
        assert_eq!(policies(text).validate(&schema(None)), [], "{text}");
    }
}

#[test]
fn the_schema_of_the_page_is_one() {
    let found = blocks(PAGE, "cedarschema");
    assert_eq!(found.len(), 1);
    for text in found {
        let whole = format!("entity Agent, User, Order; action \"destructive\"; {text}");
        assert!(cedar_policy::Schema::from_cedarschema_str(&whole).is_ok());
    }
}

#[test]
fn the_entities_of_the_page_are_read() {
    let found = blocks(PAGE, "json");
    assert_eq!(found.len(), 1);
    for text in found {
        assert!(EntityStore::parse(text, "entities.json").is_ok());
    }
}
