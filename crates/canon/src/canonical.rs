use crate::{Json, Number, error::Quoted};
use serde_json::{Map, Value};
use std::fmt;

/// The largest integer that every JSON reader keeps exactly: 2^53 − 1 (RFC 7493 §2.2).
const LARGEST: f64 = 9_007_199_254_740_991.0;

/// A value that has no RFC 8785 form that everybody would agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonError {
    /// Where, as a JSON Pointer (RFC 6901); empty for the whole value.
    pub pointer: String,
    /// What is wrong there.
    pub kind: CanonErrorKind,
}

/// What keeps a value from having canonical bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CanonErrorKind {
    /// An integer past ±(2^53 − 1), in any spelling; holds its text. As a double it would stand for its
    /// neighbours as well.
    IntegerTooLarge(String),
    /// A number past the largest double; holds its text.
    NotFinite(String),
    /// An object built with a key twice, which [`parse`](crate::parse) never returns; holds the key.
    DuplicateKey(String),
}

impl std::error::Error for CanonError {}

impl fmt::Display for CanonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            CanonErrorKind::IntegerTooLarge(text) => {
                write!(f, "integer {} is past ±9007199254740991", Quoted(text))?;
            }
            CanonErrorKind::NotFinite(text) => write!(f, "number {} is too large", Quoted(text))?,
            CanonErrorKind::DuplicateKey(key) => write!(f, "duplicate key {}", Quoted(key))?,
        }
        if self.pointer.is_empty() { Ok(()) } else { write!(f, " at {}", Quoted(&self.pointer)) }
    }
}

/// The RFC 8785 bytes of a value: one spelling for everything that means the same.
///
/// Members are sorted, strings minimally escaped, and numbers are doubles printed as ECMAScript does: `-0`,
/// `1.0` and `1e2` give `0`, `1` and `100`.
///
/// # Errors
///
/// Where doubles would make two different numbers one: an integer past ±(2^53 − 1) in whatever spelling
/// (`9007199254740993.0`, `1e20`), and a number with no finite double. A fraction is rounded to the nearest
/// double, which is what the standard does.
pub fn canonical(json: &Json) -> Result<Vec<u8>, CanonError> {
    let value = to_value(json)?;
    serde_json_canonicalizer::to_vec(&value).map_err(|error| {
        // Nothing is left that could fail: every number is finite, every key a string that occurs once.
        CanonError { pointer: String::new(), kind: CanonErrorKind::NotFinite(error.to_string()) }
    })
}

/// The same value in the form that `serde` understands, for reading it into types.
///
/// Numbers written as integers stay integers; others become doubles.
///
/// # Errors
///
/// Those of [`canonical`], so that no number changes on the way.
pub fn to_value(json: &Json) -> Result<Value, CanonError> {
    convert(json, &Place::Root)
}

fn convert(json: &Json, place: &Place<'_>) -> Result<Value, CanonError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Number(convert_number(number).map_err(|kind| place.refuse(kind))?),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| convert(item, &Place::Item(place, index)))
                .collect::<Result<_, _>>()?,
        ),
        Json::Object(members) => {
            let mut map = Map::new();
            for (key, value) in members {
                let place = Place::Member(place, key);
                if map.insert(key.clone(), convert(value, &place)?).is_some() {
                    return Err(place.refuse(CanonErrorKind::DuplicateKey(key.clone())));
                }
            }
            Value::Object(map)
        }
    })
}

/// Every integer past 2^53 − 1 has a nearest double of at least 2^53, and every double from there on is an
/// integer, so one comparison finds them in any spelling.
fn convert_number(number: &Number) -> Result<serde_json::Number, CanonErrorKind> {
    let text = || number.as_str().to_owned();
    let double = number.to_f64();
    if !double.is_finite() {
        return Err(CanonErrorKind::NotFinite(text()));
    }
    if double.abs() > LARGEST {
        return Err(CanonErrorKind::IntegerTooLarge(text()));
    }
    match number.as_i64() {
        Some(integer) => Ok(integer.into()),
        None => serde_json::Number::from_f64(double).ok_or_else(|| CanonErrorKind::NotFinite(text())),
    }
}

/// The way from the top to a value, kept on the stack so that it costs nothing until it is needed.
enum Place<'a> {
    Root,
    Item(&'a Place<'a>, usize),
    Member(&'a Place<'a>, &'a str),
}

impl Place<'_> {
    fn refuse(&self, kind: CanonErrorKind) -> CanonError {
        let mut pointer = String::new();
        self.write(&mut pointer);
        CanonError { pointer, kind }
    }

    fn write(&self, out: &mut String) {
        match self {
            Place::Root => {}
            Place::Item(parent, index) => {
                parent.write(out);
                out.push_str(&format!("/{index}"));
            }
            Place::Member(parent, key) => {
                parent.write(out);
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
        }
    }
}
