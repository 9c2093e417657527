//! What a call is about, and what an effect touches.

use std::collections::BTreeSet;

use lastlook_canon::Json;
use lastlook_kernel::{SubjectRules, Subjects};
use lastlook_sim::generate::json::{
    NOT_SUBJECTS, Numbers, arguments, described_arguments, path as path_text, schema, text,
};
use lastlook_sim::generate::spelling::{choices, respell_path, spell};
use lastlook_sim::model::{path, subjects};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{about, json};

fn rules() -> SubjectRules {
    SubjectRules { not_subjects: NOT_SUBJECTS.iter().map(|name| (*name).to_owned()).collect() }
}

/// Where each text of a value is put through this.
fn each_text(value: &Json, change: &mut impl FnMut(&str) -> String) -> Json {
    match value {
        Json::String(text) => Json::from(change(text)),
        Json::Array(items) => Json::Array(items.iter().map(|item| each_text(item, change)).collect()),
        Json::Object(members) => {
            Json::object(members.iter().map(|(name, value)| (name.clone(), each_text(value, change))))
        }
        other => other.clone(),
    }
}

/// A name whose every spelling is long enough to be a subject, and short enough.
fn stays_a_name(text: &str) -> bool {
    path::normal(text).chars().count() >= 3
        && text.len() < 400
        && text.contains('/')
        && !text.contains(['\n', '\r'])
}

/// Pointers that end in a member's plain name; the text does not say what an index or an escape is called.
fn pointers() -> impl Strategy<Value = Vec<String>> {
    let pointer =
        select(&["", "/path", "/paths", "/id", "/order_id", "/paths/path", "/absent", "/unit/id", "/é"][..]);
    proptest::collection::vec(pointer.prop_map(str::to_owned), 0..3)
}

/// Arguments with no schema, with any, or with one made for them.
fn any_schema() -> impl Strategy<Value = (Json, Option<Json>)> {
    prop_oneof![
        2 => (arguments(Numbers::Plain), weighted(0.5, schema(Numbers::Plain))),
        3 => described_arguments(Numbers::Plain).prop_map(|(arguments, schema)| (arguments, Some(schema))),
    ]
}

proptest! {
    #![proptest_config(config!("subjects"))]

    #[test]
    fn subjects_are_those_of_the_text(
        (arguments, schema) in any_schema(),
        pointers in pointers(),
    ) {
        let found = Subjects::of(&arguments, schema.as_ref(), &rules());
        prop_assert_eq!(about(&found), subjects::of(&arguments, schema.as_ref(), NOT_SUBJECTS));
        prop_assert_eq!(about(&Subjects::at(&arguments, &pointers)), subjects::at(&arguments, &pointers));
        let all: BTreeSet<_> = found.iter().collect();
        prop_assert!(found.resources().all(|resource| all.contains(resource)));
    }

    #[test]
    fn an_effect_touches_what_the_text_says(
        effect in arguments(Numbers::Plain),
        reading in arguments(Numbers::Plain),
        part in any::<u8>(),
    ) {
        // Often a part of the effect, so that something is touched.
        let some = |members: &[(String, Json)]| {
            Json::object(members.iter().enumerate().filter(|(n, _)| part >> n & 1 == 0).map(|(_, member)| member.clone()))
        };
        let reading = if part >= 128 { reading } else { effect.as_object().map_or(reading, some) };
        let touches = |one: &Json, other: &Json| {
            Subjects::of(one, None, &rules()).all_among(&Subjects::of(other, None, &rules()))
        };
        let of = |arguments: &Json| subjects::of(arguments, None, NOT_SUBJECTS);
        prop_assert_eq!(touches(&reading, &effect), subjects::touches(&of(&effect), &of(&reading)));
        prop_assert_eq!(touches(&effect, &effect), !of(&effect).is_empty());
    }

    #[test]
    fn another_spelling_has_the_same_subjects(
        arguments in arguments(Numbers::Plain),
        schema in weighted(0.5, schema_without_spelt_defaults()),
        mut spelt in choices(false),
        mut paths in choices(false),
    ) {
        let rules = rules();
        let before = Subjects::of(&arguments, schema.as_ref(), &rules);
        let respelt = json(&spell(&arguments, &mut spelt));
        prop_assert_eq!(&before, &Subjects::of(&respelt, schema.as_ref(), &rules));

        let mut elsewhere = |text: &str| match stays_a_name(text) {
            true => respell_path(text, &mut paths),
            false => text.to_owned(),
        };
        let rerouted = each_text(&arguments, &mut elsewhere);
        prop_assert_eq!(Subjects::of(&arguments, None, &rules), Subjects::of(&rerouted, None, &rules));
    }

    #[test]
    fn paths_have_the_normal_form_of_the_text(text in prop_oneof![3 => path_text(), 1 => text()]) {
        let call = Json::object([("path", Json::from(text.clone()))]);
        let expected: Vec<_> = subjects::of(&call, None, &[]);
        prop_assert_eq!(about(&Subjects::of(&call, None, &rules())), expected);
        let normal = path::normal(&text);
        prop_assert_eq!(path::normal(&normal), normal.clone(), "the normal form is normal");
    }
}

/// A schema whose defaults are no objects: the kernel compares the order of their members (see [`crate::known`]).
fn schema_without_spelt_defaults() -> impl Strategy<Value = Json> {
    schema(Numbers::Plain).prop_map(|schema| without_object_defaults(&schema))
}

fn without_object_defaults(schema: &Json) -> Json {
    match schema {
        Json::Object(members) => Json::object(members.iter().filter_map(|(name, value)| {
            let spelt = name == "default" && (value.as_object().is_some() || value.as_array().is_some());
            (!spelt).then(|| (name.clone(), without_object_defaults(value)))
        })),
        other => other.clone(),
    }
}
