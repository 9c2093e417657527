//! Arguments for a call that nobody asked for: only what the tool's own schema offers.

use lastlook_canon::{Json, to_value};
use serde_json::{Map, Value};

/// The most bytes of arguments that are sent.
const MOST_BYTES: usize = 2048;

/// Arguments that satisfy `schema` without anything made up: none, where none is required, else each required one from
/// its `default`, `const`, `examples` or `enum`.
///
/// # Errors
///
/// The name of the first required argument for which the schema offers nothing.
pub fn offered(schema: Option<&Json>) -> Result<Value, String> {
    let required =
        schema.and_then(|schema| schema.get("required")).and_then(Json::as_array).unwrap_or_default();
    let mut arguments = Map::new();
    for name in required.iter().filter_map(Json::as_str) {
        let property = schema.and_then(|schema| schema.get("properties")?.get(name));
        let value = property.and_then(example).and_then(|value| to_value(value).ok());
        arguments.insert(name.to_owned(), value.ok_or_else(|| name.to_owned())?);
    }
    let arguments = Value::Object(arguments);
    match arguments.to_string().len() <= MOST_BYTES {
        true => Ok(arguments),
        false => Err("a large argument".to_owned()),
    }
}

fn example(property: &Json) -> Option<&Json> {
    let first = |key| property.get(key).and_then(Json::as_array)?.first();
    property
        .get("default")
        .or_else(|| property.get("const"))
        .or_else(|| first("examples"))
        .or_else(|| first("enum"))
}
