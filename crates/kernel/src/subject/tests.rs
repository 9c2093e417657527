use lastlook_canon::{Json, Limits, parse};

use super::*;

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap()
}

fn of(text: &str) -> Vec<String> {
    Subjects::of(&json(text), None, &SubjectRules::default()).iter().map(ToString::to_string).collect()
}

fn touches(effect: &str, reading: &str) -> bool {
    let rules = SubjectRules::default();
    Subjects::of(&json(reading), None, &rules).all_among(&Subjects::of(&json(effect), None, &rules))
}

#[test]
fn names_and_numbers_are_subjects_and_settings_are_not() {
    assert_eq!(of(r#"{"path":"plan.md","head":10}"#), ["plan.md"]);
    assert_eq!(of(r#"{"order_id":42,"note":"a longer text"}"#), ["order_id=42"]);
    assert_eq!(of(r#"{"x":"ab"}"#), [""; 0]);
    assert_eq!(of(r#"{"x":"two\nlines"}"#), [""; 0]);
    assert_eq!(of(r#"{"a":{"b":["one","two"]}}"#), ["one", "two"]);
    assert_eq!(of(r#"{"x":1.5,"y":true,"z":null}"#), [""; 0]);
}

#[test]
fn members_with_a_closed_schema_or_at_their_default_are_settings() {
    let schema = json(
        r#"{"properties":{"unit":{"enum":["metric","imperial"]},"deep":{"type":"boolean"},
            "zone":{"default":"Europe/Paris"},"city":{"type":"string"}}}"#,
    );
    let call = json(r#"{"unit":"metric","deep":true,"zone":"Europe/Paris","city":"Lyon"}"#);
    let found = Subjects::of(&call, Some(&schema), &SubjectRules::default());
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Lyon"]);
    let other = json(r#"{"zone":"Europe/Rome"}"#);
    assert!(!Subjects::of(&other, Some(&schema), &SubjectRules::default()).is_empty());
}

#[test]
fn an_effect_touches_what_it_names_however_it_is_spelt() {
    assert!(touches(
        r#"{"path":"plan.md","edits":[{"oldText":"a","newText":"b"}]}"#,
        r#"{"path":"./plan.md"}"#
    ));
    assert!(touches(r#"{"file":"/a//b/plan.md"}"#, r#"{"path":"/a/b/plan.md"}"#));
    assert!(!touches(r#"{"path":"other.md"}"#, r#"{"path":"plan.md"}"#));
    assert!(!touches(r#"{"path":"plan.md"}"#, r#"{"paths":["plan.md","other.md"]}"#));
}

#[test]
fn integers_match_by_name_or_id() {
    assert!(touches(r#"{"id":42}"#, r#"{"order_id":42}"#));
    assert!(touches(r#"{"order_id":42}"#, r#"{"order_id":42}"#));
    assert!(!touches(r#"{"customer_id":42}"#, r#"{"order_id":42}"#));
    assert!(!touches(r#"{"id":"042"}"#, r#"{"id":42}"#));
}

#[test]
fn pointers_replace_the_rule() {
    let call = json(r#"{"q":"ab","ids":[1,2]}"#);
    let found = Subjects::at(&call, &["/q".into(), "/ids".into(), "/absent".into()]);
    assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ab", "ids=1", "ids=2"]);
}

#[test]
fn only_paths_and_identifiers_exclude_each_other() {
    let call = json(r#"{"path":"plan.md","owner":"somebody","order_id":7,"amount":9}"#);
    let found = Subjects::of(&call, None, &SubjectRules::default());
    assert_eq!(found.resources().map(ToString::to_string).collect::<Vec<_>>(), ["plan.md", "order_id=7"]);
}
