//! Shapes in the words of Cedar's schema language.

use std::collections::BTreeMap;

use super::{Member, Shape};

/// The part of a shape that is known: what a policy may name. `None` when nothing is.
///
/// What was left out is added to `left_out`, each by its path below `path`.
pub(crate) fn known(shape: &Shape, path: &str, left_out: &mut Vec<String>) -> Option<Shape> {
    match shape {
        Shape::Unknown => {
            left_out.push(path.to_owned());
            None
        }
        Shape::Bool | Shape::Long | Shape::Decimal | Shape::String => Some(shape.clone()),
        Shape::Set(elements) => known(elements, &format!("{path}[]"), left_out).map(Shape::set),
        Shape::Record(members) => {
            let mut kept = BTreeMap::new();
            for (member_name, member) in members {
                if let Some(shape) = known(&member.shape, &format!("{path}.{}", name(member_name)), left_out)
                {
                    kept.insert(member_name.clone(), Member { shape, required: member.required });
                }
            }
            Some(Shape::Record(kept))
        }
    }
}

/// The type in Cedar's schema syntax, over several lines when it is a record of some; continuation lines are indented
/// by `indent` levels. What is not known becomes the entity type `unknown`.
pub(crate) fn type_text(shape: &Shape, unknown: &str, indent: usize) -> String {
    match shape {
        Shape::Unknown => unknown.to_owned(),
        Shape::Bool => "Bool".to_owned(),
        Shape::Long => "Long".to_owned(),
        Shape::Decimal => "decimal".to_owned(),
        Shape::String => "String".to_owned(),
        Shape::Set(elements) => format!("Set<{}>", type_text(elements, unknown, indent)),
        Shape::Record(members) if members.is_empty() => "{}".to_owned(),
        Shape::Record(members) => {
            let inner = "  ".repeat(indent + 1);
            let lines = members.iter().map(|(member_name, member)| {
                let optional = if member.required { "" } else { "?" };
                let text = type_text(&member.shape, unknown, indent + 1);
                format!("{inner}{}{optional}: {text},\n", name(member_name))
            });
            format!("{{\n{}{}}}", lines.collect::<String>(), "  ".repeat(indent))
        }
    }
}

/// A member's name as it stands in a schema: quoted unless it is a plain identifier.
pub(crate) fn name(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { quoted(name) }
}

/// Whether a name may stand without quotes: an identifier that is no word of the language.
pub(crate) fn is_identifier(name: &str) -> bool {
    const RESERVED: [&str; 9] = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let starts_well = name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    starts_well && name.bytes().all(plain) && !RESERVED.contains(&name) && !name.starts_with("__cedar")
}

/// A text in quotes, escaped as Cedar reads it.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.escape_debug())
}
