//! What a call is about, and which readings an effect touches.

use lastlook_canon::Json;

use super::meaning::{Decimal, Meaning};
use super::path;

/// One value a call is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// Text, in the normal form of paths.
    Text(String),
    /// An integer and the nearest member name.
    Integer {
        /// The name.
        member: String,
        /// The plain digits.
        digits: String,
    },
}

/// A value somewhere in the arguments, with the names and schemas on the way to it, outermost first.
struct Leaf<'a> {
    value: &'a Json,
    way: Vec<Step<'a>>,
}

#[derive(Clone)]
struct Step<'a> {
    name: &'a str,
    value: &'a Json,
    schema: Option<&'a Json>,
}

/// The subjects of a call by the general rule.
///
/// Strings of 3 characters or more and integers, at any depth, except: members whose schema is boolean, `enum`, `const`
/// or equal to their default; members with one of these names; text with a line break or over 512 bytes.
pub fn of(arguments: &Json, schema: Option<&Json>, not_subjects: &[&str]) -> Vec<About> {
    let mut leaves = Vec::new();
    collect(arguments, &mut vec![Step { name: "", value: arguments, schema }], &mut leaves);
    let is_named = |leaf: &Leaf<'_>| leaf.way.iter().skip(1).any(|step| not_subjects.contains(&step.name));
    let is_set = |leaf: &Leaf<'_>| leaf.way.iter().any(is_setting);
    let about = leaves
        .iter()
        .filter(|leaf| !is_named(leaf) && !is_set(leaf))
        .filter(|leaf| leaf.value.as_str().is_none_or(is_a_name))
        .filter_map(|leaf| about(leaf.value, leaf.way.last()?.name));
    set(about)
}

/// The subjects at these JSON Pointers; an array or object there counts with everything in it.
pub fn at(arguments: &Json, pointers: &[String]) -> Vec<About> {
    let mut found = Vec::new();
    for pointer in pointers {
        let Some(value) = arguments.pointer(pointer) else { continue };
        let name = nearest_name(arguments, pointer);
        let mut leaves = Vec::new();
        collect(value, &mut vec![Step { name: &name, value, schema: None }], &mut leaves);
        found.extend(leaves.iter().filter_map(|leaf| about_anything(leaf.value, leaf.way.last()?.name)));
    }
    set(found.into_iter())
}

/// Whether an effect with these subjects touches a reading with those: all of the reading's occur among the effect's.
pub fn touches(effect: &[About], reading: &[About]) -> bool {
    !reading.is_empty() && reading.iter().all(|one| effect.iter().any(|other| same(one, other)))
}

/// Integers match under the same member name, or when either side calls it `id`.
fn same(one: &About, other: &About) -> bool {
    match (one, other) {
        (About::Text(one), About::Text(other)) => one == other,
        (About::Integer { member, digits }, About::Integer { member: other, digits: same }) => {
            digits == same && (member == other || member == "id" || other == "id")
        }
        (About::Text(_), About::Integer { .. }) | (About::Integer { .. }, About::Text(_)) => false,
    }
}

fn collect<'a>(value: &'a Json, way: &mut Vec<Step<'a>>, leaves: &mut Vec<Leaf<'a>>) {
    let schema = way.last().and_then(|step| step.schema);
    let name = way.last().map_or("", |step| step.name);
    let inner: Vec<Step<'a>> = match value {
        Json::Object(members) => members
            .iter()
            .map(|(name, value)| Step {
                name,
                value,
                schema: schema.and_then(|s| s.get("properties")?.get(name)),
            })
            .collect(),
        Json::Array(items) => items
            .iter()
            .map(|value| Step { name, value, schema: schema.and_then(|s| s.get("items")) })
            .collect(),
        _ => return leaves.push(Leaf { value, way: way.clone() }),
    };
    for step in inner {
        way.push(step.clone());
        collect(step.value, way, leaves);
        way.pop();
    }
}

/// The last member name on the way to where a pointer leads; indexes of arrays are no names.
fn nearest_name(arguments: &Json, pointer: &str) -> String {
    let ways = pointer.match_indices('/').map(|(at, _)| at).chain([pointer.len()]);
    let mut name = String::new();
    for (parent, token) in ways.zip(pointer.split('/').skip(1)) {
        let inside = pointer.get(..parent).and_then(|way| arguments.pointer(way));
        if inside.is_some_and(|value| value.as_object().is_some()) {
            name = token.replace("~1", "/").replace("~0", "~");
        }
    }
    name
}

fn is_setting(step: &Step<'_>) -> bool {
    let Some(schema) = step.schema else { return false };
    let is_default = |default: &Json| Meaning::of(default) == Meaning::of(step.value);
    schema.get("type") == Some(&Json::from("boolean"))
        || schema.get("enum").is_some()
        || schema.get("const").is_some()
        || schema.get("default").is_some_and(is_default)
}

fn is_a_name(text: &str) -> bool {
    text.chars().count() >= 3 && text.len() <= 512 && !text.contains(['\n', '\r'])
}

fn about(value: &Json, member: &str) -> Option<About> {
    match value {
        Json::String(text) => Some(About::Text(path::normal(text))),
        Json::Number(number) => {
            let digits = Decimal::of(number.as_str()).integer()?;
            Some(About::Integer { member: member.to_owned(), digits })
        }
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// Where a pointer says that something is a subject, every number is.
fn about_anything(value: &Json, member: &str) -> Option<About> {
    let by_its_text = |number: &lastlook_canon::Number| About::Integer {
        member: member.to_owned(),
        digits: number.as_str().to_owned(),
    };
    about(value, member).or_else(|| value.as_number().map(by_its_text))
}

/// Sorted, each once.
fn set(found: impl Iterator<Item = About>) -> Vec<About> {
    let mut found: Vec<About> = found.collect();
    found.sort();
    found.dedup();
    found
}
