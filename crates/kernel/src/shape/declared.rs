//! Shapes as a configuration writes them: `{ status = "String", "note?" = "String", lines = ["Long"] }`.

use lastlook_canon::Json;

use super::{Member, Shape};

/// The words for shapes without parts.
const WORDS: [&str; 4] = ["String", "Long", "Decimal", "Bool"];

/// Nesting beyond this is refused.
const DEEPEST: usize = 16;

/// Why a declared shape is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ShapeProblem {
    /// Where in the declaration: a JSON Pointer, `""` for all of it.
    pub at: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Shape {
    /// The shape with this name: `String`, `Long`, `Decimal` or `Bool`.
    pub fn word(word: &str) -> Option<Shape> {
        match word {
            "String" => Some(Shape::String),
            "Long" => Some(Shape::Long),
            "Decimal" => Some(Shape::Decimal),
            "Bool" => Some(Shape::Bool),
            _ => None,
        }
    }

    /// Reads a shape as a configuration declares it.
    ///
    /// A string is one of the words of [`Shape::word`], an array with one element is a set of it, and an object is a
    /// record; a member whose name ends with `?` may be absent.
    ///
    /// # Errors
    ///
    /// Another word (with the nearest one), an array that has not exactly one element, any other JSON, a member that
    /// is declared twice, more than 16 levels.
    pub fn declared(declaration: &Json) -> Result<Shape, ShapeProblem> {
        read(declaration, "", 0)
    }
}

fn read(declaration: &Json, at: &str, depth: usize) -> Result<Shape, ShapeProblem> {
    if depth > DEEPEST {
        return Err(problem(at, format!("a shape may have {DEEPEST} levels, and this has more"), None));
    }
    match declaration {
        Json::String(word) => Shape::word(word).ok_or_else(|| unknown_word(at, word)),
        Json::Array(items) => match items.as_slice() {
            [element] => Ok(Shape::set(read(element, &format!("{at}/0"), depth + 1)?)),
            _ => Err(problem(
                at,
                "the shape of a list is written as a list of one".to_owned(),
                Some("write `[\"String\"]` for a list of texts".to_owned()),
            )),
        },
        Json::Object(members) => record(members, at, depth),
        Json::Null | Json::Bool(_) | Json::Number(_) => Err(problem(
            at,
            "this is no shape".to_owned(),
            Some(format!("a shape is {}, `[SHAPE]` or `{{ NAME = SHAPE }}`", listed())),
        )),
    }
}

fn record(members: &[(String, Json)], at: &str, depth: usize) -> Result<Shape, ShapeProblem> {
    let mut read_members = std::collections::BTreeMap::new();
    for (written, declaration) in members {
        let place = format!("{at}/{}", written.replace('~', "~0").replace('/', "~1"));
        let (name, required) = match written.strip_suffix('?') {
            Some(name) => (name, false),
            None => (written.as_str(), true),
        };
        let shape = read(declaration, &place, depth + 1)?;
        if read_members.insert(name.to_owned(), Member { shape, required }).is_some() {
            let help = format!("keep `{name}`, or `{name}?` when it may be absent");
            return Err(problem(&place, format!("`{name}` is declared twice"), Some(help)));
        }
    }
    Ok(Shape::Record(read_members))
}

fn unknown_word(at: &str, word: &str) -> ShapeProblem {
    let alike = WORDS.iter().find(|known| known.eq_ignore_ascii_case(word)).copied();
    let help = match alike.or_else(|| nearest(word, WORDS)) {
        Some(known) => format!("did you mean `{known}`?"),
        None => format!("a shape is {}, `[SHAPE]` or `{{ NAME = SHAPE }}`", listed()),
    };
    problem(at, format!("`{word}` is no shape"), Some(help))
}

/// The name that is most like `word`, if any is alike enough to be meant.
pub(crate) fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = names.into_iter().map(|name| (strsim::damerau_levenshtein(word, name), name));
    let (distance, name) = near.min()?;
    let allowed = (word.chars().count().max(name.chars().count()) / 3).max(1);
    (distance <= allowed && distance > 0).then_some(name)
}

fn listed() -> String {
    WORDS.map(|word| format!("`{word}`")).join(", ")
}

fn problem(at: &str, message: String, help: Option<String>) -> ShapeProblem {
    ShapeProblem { at: at.to_owned(), message, help }
}
