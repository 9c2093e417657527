//! Conditions: reading, evaluating and checking them.

pub(crate) mod document;
mod eval;
mod look_up;
mod oracle;
mod parse;
mod types;

use lastlook_canon::{Json, Limits};

/// A JSON value from its text.
pub(crate) fn json(text: &str) -> Json {
    lastlook_canon::parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// The facts in a JSON object, by name.
pub(crate) fn facts(text: &str) -> Vec<(String, Json)> {
    json(text).as_object().unwrap().to_vec()
}
