//! What is known of the types inside arguments and facts.
//!
//! A shape comes from a tool's input schema ([`Shape::from_json_schema`]) or from a fact's declaration
//! ([`Shape::declared`]). It guides how JSON becomes Cedar values, so that a member has one type whatever its value is
//! today, and it is what conditions and policies are checked against before anything runs.

mod cedar;
mod declared;
mod json_schema;
mod number;
mod value;

use std::collections::BTreeMap;
use std::fmt;

pub use declared::ShapeProblem;

pub(crate) use cedar::{is_identifier, known, name, quoted, type_text};
pub(crate) use declared::nearest;
pub(crate) use number::{exact_decimal, exact_integer};
pub(crate) use value::{Converter, Lost, Members};

/// The type of a value, as far as it is known: what Cedar can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Nothing is known.
    Unknown,
    /// `true` or `false`.
    Bool,
    /// An integer within ±(2^53 − 1).
    Long,
    /// A number with up to four decimals; integers count as one too.
    Decimal,
    /// Text.
    String,
    /// An array, which Cedar sees as a set.
    Set(Box<Shape>),
    /// An object: its members, each with whether it must be there.
    Record(BTreeMap<String, Member>),
}

/// A member of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its type.
    pub shape: Shape,
    /// False when it may be absent.
    pub required: bool,
}

impl Member {
    /// A member that is always there.
    pub fn required(shape: Shape) -> Member {
        Member { shape, required: true }
    }

    /// A member that may be absent.
    pub fn optional(shape: Shape) -> Member {
        Member { shape, required: false }
    }
}

impl Shape {
    /// A record of these members.
    pub fn record<K: Into<String>>(members: impl IntoIterator<Item = (K, Member)>) -> Shape {
        Shape::Record(members.into_iter().map(|(name, member)| (name.into(), member)).collect())
    }

    /// A set whose elements have this shape.
    pub fn set(elements: Shape) -> Shape {
        Shape::Set(Box::new(elements))
    }

    /// Whether something inside is not known.
    pub fn has_unknown(&self) -> bool {
        match self {
            Shape::Unknown => true,
            Shape::Bool | Shape::Long | Shape::Decimal | Shape::String => false,
            Shape::Set(elements) => elements.has_unknown(),
            Shape::Record(members) => members.values().any(|member| member.shape.has_unknown()),
        }
    }
}

/// Written as in a Cedar schema, with `Decimal` for its decimal numbers and `?` for what is not known.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Unknown => f.write_str("?"),
            Shape::Bool => f.write_str("Bool"),
            Shape::Long => f.write_str("Long"),
            Shape::Decimal => f.write_str("Decimal"),
            Shape::String => f.write_str("String"),
            Shape::Set(elements) => write!(f, "Set<{elements}>"),
            Shape::Record(members) if members.is_empty() => f.write_str("{}"),
            Shape::Record(members) => {
                for (index, (name, member)) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "{ " } else { ", " })?;
                    let optional = if member.required { "" } else { "?" };
                    write!(f, "{}{optional}: {}", cedar::name(name), member.shape)?;
                }
                f.write_str(" }")
            }
        }
    }
}

#[cfg(test)]
mod tests;
