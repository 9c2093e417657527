//! What the rules of shapes ask of a value, wherever it stands: in a tree, or in the bytes themselves.

use lastlook_canon::{PlainKind, PlainValue};
use serde_json::Value;

/// What a value is, as far as shapes ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen<'a> {
    Null,
    Flag,
    /// A number; its value if it is an integer.
    Number(Option<i64>),
    /// A text. One that is spelt with escapes may be handed out with them: no word, digest or time has any.
    Text(&'a str),
    Array,
    Object,
}

/// A value to look at.
pub(crate) trait View<'a>: Copy {
    /// What it is.
    fn seen(self) -> Seen<'a>;
    /// The member of an object; none of anything else.
    fn member(self, name: &str) -> Option<Self>;
    /// How many members an object has.
    fn members(self) -> usize;
    /// The items of an array; none of anything else.
    fn items(self) -> impl Iterator<Item = Self>;

    /// The text it is.
    fn text(self) -> Option<&'a str> {
        match self.seen() {
            Seen::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> View<'a> for &'a Value {
    fn seen(self) -> Seen<'a> {
        match self {
            Value::Null => Seen::Null,
            Value::Bool(_) => Seen::Flag,
            Value::Number(number) => Seen::Number(number.as_i64()),
            Value::String(text) => Seen::Text(text),
            Value::Array(_) => Seen::Array,
            Value::Object(_) => Seen::Object,
        }
    }

    fn member(self, name: &str) -> Option<Self> {
        self.as_object()?.get(name)
    }

    fn members(self) -> usize {
        self.as_object().map_or(0, serde_json::Map::len)
    }

    fn items(self) -> impl Iterator<Item = Self> {
        self.as_array().into_iter().flatten()
    }
}

impl<'a> View<'a> for PlainValue<'_, 'a> {
    fn seen(self) -> Seen<'a> {
        match self.kind() {
            PlainKind::Null => Seen::Null,
            PlainKind::Bool(_) => Seen::Flag,
            PlainKind::Integer(value) => Seen::Number(Some(value)),
            PlainKind::Text(text) => Seen::Text(text),
            PlainKind::Array => Seen::Array,
            PlainKind::Object => Seen::Object,
        }
    }

    fn member(self, name: &str) -> Option<Self> {
        PlainValue::member(self, name)
    }

    fn members(self) -> usize {
        PlainValue::members(self).count()
    }

    fn items(self) -> impl Iterator<Item = Self> {
        PlainValue::items(self)
    }
}
