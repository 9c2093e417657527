//! `shape`: the types of a fact, for conditions and policies.

use std::collections::BTreeMap;

use lastlook_kernel::{Member, Shape};

use crate::config::document::{Item, Sink, suggest};
use crate::config::read::kernel_api::type_named;

const EXAMPLE: &str =
    "{ status = \"String\", total_cents = \"Long\", \"note?\" = \"String\", lines = [\"String\"] }";
const WORDS: [&str; 4] = ["String", "Long", "Decimal", "Bool"];

pub(super) fn shape(item: &Item<'_>, sink: &mut Sink) -> Option<Shape> {
    if let Some(word) = item.as_text() {
        let shape = type_named(word.text);
        if shape.is_none() {
            sink.report(
                word.span,
                format!("there is no type `{}`", word.text),
                "not a type",
                format!(
                    "{}types: {}, [TYPE] for an array, {{ name = TYPE }} for an object",
                    suggest(word.text, WORDS.into_iter()),
                    WORDS.join(", ")
                ),
            );
        }
        return shape;
    }
    if let Some(items) = item.as_list() {
        let [only] = items.as_slice() else {
            let help = "write one type, which all elements have: [\"String\"]";
            sink.report(item.span(), "an array has one type", format!("these are {}", items.len()), help);
            return None;
        };
        return Some(Shape::Set(Box::new(shape(only, sink)?)));
    }
    let Some(section) = item.as_table().map(|_| item.section("shape", sink)) else {
        item.mistyped("a type", &format!("{} = {EXAMPLE}", item.name.text), sink);
        return None;
    };
    let mut members = BTreeMap::new();
    let mut all = true;
    for (name, item) in section?.entries() {
        let (bare, required) = name.text.strip_suffix('?').map_or((name.text, true), |bare| (bare, false));
        let Some(shape) = shape(&item, sink) else {
            all = false;
            continue;
        };
        if members.insert(bare.to_owned(), Member { shape, required }).is_some() {
            let message = format!("`{bare}` is given twice");
            sink.report(name.span, message, "with and without `?`", "keep one of them");
        }
    }
    all.then_some(Shape::Record(members))
}
