mod canonical;
mod plain;
mod properties;
mod refusals;
mod scanning;
mod values;

use crate::{Json, Limits, parse};

fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {text}"))
}
