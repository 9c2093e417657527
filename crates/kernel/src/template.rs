//! Text with holes: `${args.order_id}` filled from the action, with its type kept.

mod hole;
mod place;
mod url;

use lastlook_canon::{Json, canonical};

use hole::{Piece, pieces};
use place::Part;

/// Text, or a JSON value, with `${…}` holes that are filled from an action.
///
/// A hole names a member below `args` or `principal` (`${args.order.id}`, `${principal}`). A string that is one hole and
/// nothing else keeps the type of what fills it; anywhere else the hole becomes text (strings as they are, integers by
/// their digits, `true`/`false`; anything else is refused). `$${` writes a literal `${`.
///
/// Integers must be written as RFC 8785 writes them: `1.0`, `1e2`, `-0` and what is past ±(2^53 − 1) are refused in
/// text, so that one value never has two spellings in a key, a path or a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    source: Json,
    node: Node,
    holes: Vec<String>,
}

/// A template, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    /// A string, its holes found.
    Text(Vec<Piece>),
    /// `null`, a number, `true` or `false`.
    Plain(Json),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// What holes are filled from.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The action's arguments, an object.
    pub args: &'a Json,
    /// The principal's entity, such as `User::"ada"`.
    pub principal: &'a str,
}

/// Where a filled hole will stand, and therefore what may not be in it.
///
/// *Invisible characters* are Unicode's format characters (bidirectional controls, zero-width ones) and line and
/// paragraph separators: two texts that look alike would be two things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A JSON value, an SQL parameter, a key of ours: anything goes.
    Value,
    /// A word of a command: nothing that begins with `-`, no NUL or other control or invisible characters.
    Word,
    /// A part of a file's path: no `/`, no `..`, no NUL or other control or invisible characters, not empty. The whole
    /// path must be absolute and have no `..`, the operator's own text included. A path that is one hole and nothing else
    /// may have `/`.
    Path,
    /// A part of a quoted entity name, as in `Order::"${args.id}"`: quotes and backslashes escaped, no control or
    /// invisible characters.
    Entity,
    /// A part of a URL, percent-encoded: in the path as in [`Place::Path`], in the query not empty and without control
    /// or invisible characters; nowhere else.
    Url,
}

/// Why a template is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// What is wrong.
    pub message: String,
    /// Where in the text, in bytes; in a tree, within the string or member name that the message names.
    pub at: usize,
}

/// Why a template could not be filled. It names holes, never values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    /// The action has no such member (or it is null): never an empty string.
    #[error("`{0}` is missing")]
    Missing(String),
    /// What is there has a type that cannot stand in text.
    #[error("`{0}` is not text, an integer or true or false")]
    Mistyped(String),
    /// What is there may not stand in this place.
    #[error("`{name}` may not stand here: {why}")]
    Unsafe {
        /// The hole; or the operator's own text, when no hole is to blame.
        name: String,
        /// What is wrong with the value; never the value itself.
        why: &'static str,
    },
}

impl Template {
    /// Reads one string.
    ///
    /// # Errors
    ///
    /// A hole that is not closed, or names something else than `args`, a member below it, or `principal`.
    pub fn parse(text: &str) -> Result<Template, TemplateError> {
        Self::from_json(Json::from(text))
    }

    /// Reads the URL of a request: an `http` or `https` URL with holes in its path and query only.
    ///
    /// # Errors
    ///
    /// Those of [`Template::parse`]; no such URL; a hole in scheme, host, port, user information or fragment; spaces or
    /// control characters, which readers of URLs drop without a word.
    pub fn parse_url(text: &str) -> Result<Template, TemplateError> {
        let template = Self::parse(text)?;
        if let Node::Text(pieces) = &template.node {
            url::check(pieces)?;
        }
        Ok(template)
    }

    /// Reads the path of a file: absolute, no `..`, holes anywhere below the root.
    ///
    /// # Errors
    ///
    /// Those of [`Template::parse`]; a relative path; a `..`.
    pub fn parse_path(text: &str) -> Result<Template, TemplateError> {
        let template = Self::parse(text)?;
        if !text.starts_with('/') {
            let message = format!("`{text}` is not an absolute path: begin it with `/`");
            return Err(TemplateError { message, at: 0 });
        }
        if let Some(at) = place::parent_in(text) {
            let message = format!("`{text}` holds `..`: write the path it leads to");
            return Err(TemplateError { message, at });
        }
        Ok(template)
    }

    /// Reads a JSON value whose strings may have holes; member names have none.
    ///
    /// # Errors
    ///
    /// Those of [`Template::parse`] for any string in it, and a hole in a member's name.
    pub fn from_json(source: Json) -> Result<Template, TemplateError> {
        let node = Node::read(&source, "")?;
        let mut holes = Vec::new();
        node.collect(&mut holes);
        Ok(Template { source, node, holes })
    }

    /// The value with every hole filled, types kept where a string is one hole and nothing else.
    ///
    /// In any place but [`Place::Value`] what fills a hole becomes text, as in [`Template::text`].
    ///
    /// # Errors
    ///
    /// A hole that has nothing to fill it, or something that may not stand there.
    pub fn fill(&self, scope: &Scope<'_>, place: Place) -> Result<Json, Unfilled> {
        self.node.fill(scope, place)
    }

    /// The text with every hole filled: for keys, paths, URLs and words.
    ///
    /// # Errors
    ///
    /// Those of [`Template::fill`], and a template that is an object, an array, `null` or a fraction.
    pub fn text(&self, scope: &Scope<'_>, place: Place) -> Result<String, Unfilled> {
        match &self.node {
            Node::Text(pieces) => compose(pieces, scope, place),
            Node::Plain(json) => {
                let text = text_of(json).ok_or_else(|| Unfilled::Mistyped(json_name(json).to_owned()))?;
                place::join(&[Part { hole: None, text }], place)
            }
            Node::Array(_) | Node::Object(_) => Err(Unfilled::Mistyped(json_name(&self.source).to_owned())),
        }
    }

    /// The names of its holes, such as `args.order_id`, each once, in order of appearance.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.holes.iter().map(String::as_str)
    }

    /// Whether it has no holes, so that it is always filled with the same.
    pub fn is_literal(&self) -> bool {
        self.holes.is_empty()
    }

    /// What the operator wrote.
    pub fn source(&self) -> &Json {
        &self.source
    }
}

impl Node {
    fn read(json: &Json, pointer: &str) -> Result<Node, TemplateError> {
        Ok(match json {
            Json::String(text) => Node::Text(pieces(text).map_err(|error| error.below(pointer))?),
            Json::Null | Json::Bool(_) | Json::Number(_) => Node::Plain(json.clone()),
            Json::Array(items) => Node::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| Node::read(item, &format!("{pointer}/{index}")))
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(members) => Node::Object(
                members
                    .iter()
                    .map(|(name, value)| Node::read_member(name, value, pointer))
                    .collect::<Result<_, _>>()?,
            ),
        })
    }

    fn read_member(name: &str, value: &Json, pointer: &str) -> Result<(String, Node), TemplateError> {
        let mut own = String::new();
        for piece in pieces(name).map_err(|error| error.below(pointer))? {
            match piece {
                Piece::Own { text, .. } => own.push_str(&text),
                Piece::Hole { at, .. } => {
                    let message = format!("the member name `{name}` has a hole: only values are filled");
                    return Err(TemplateError { message, at }.below(pointer));
                }
            }
        }
        let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        Ok((own, Node::read(value, &below)?))
    }

    fn collect(&self, holes: &mut Vec<String>) {
        match self {
            Node::Text(pieces) => {
                for piece in pieces {
                    if let Piece::Hole { hole, .. } = piece
                        && !holes.contains(&hole.name)
                    {
                        holes.push(hole.name.clone());
                    }
                }
            }
            Node::Plain(_) => {}
            Node::Array(items) => items.iter().for_each(|item| item.collect(holes)),
            Node::Object(members) => members.iter().for_each(|(_, value)| value.collect(holes)),
        }
    }

    fn fill(&self, scope: &Scope<'_>, place: Place) -> Result<Json, Unfilled> {
        Ok(match self {
            Node::Text(pieces) => match (place, pieces.as_slice()) {
                (Place::Value, [Piece::Hole { hole, .. }]) => hole.value(scope)?.into_owned(),
                _ => Json::String(compose(pieces, scope, place)?),
            },
            Node::Plain(json) => json.clone(),
            Node::Array(items) => {
                Json::Array(items.iter().map(|item| item.fill(scope, place)).collect::<Result<_, _>>()?)
            }
            Node::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), value.fill(scope, place)?)))
                    .collect::<Result<_, Unfilled>>()?,
            ),
        })
    }
}

impl TemplateError {
    /// The same, saying where in a tree; at its top there is nothing to say.
    fn below(self, pointer: &str) -> TemplateError {
        if pointer.is_empty() {
            return self;
        }
        TemplateError { message: format!("at `{pointer}`: {}", self.message), ..self }
    }
}

fn compose(pieces: &[Piece], scope: &Scope<'_>, place: Place) -> Result<String, Unfilled> {
    let parts: Vec<Part<'_>> = pieces.iter().map(|piece| part(piece, scope)).collect::<Result<_, _>>()?;
    place::join(&parts, place)
}

fn part<'a>(piece: &'a Piece, scope: &Scope<'_>) -> Result<Part<'a>, Unfilled> {
    match piece {
        Piece::Own { text, .. } => Ok(Part { hole: None, text: text.clone() }),
        Piece::Hole { hole, .. } => match text_of(&*hole.value(scope)?) {
            Some(text) => Ok(Part { hole: Some(&hole.name), text }),
            None => Err(Unfilled::Mistyped(hole.name.clone())),
        },
    }
}

/// A value as it stands in text; `None` for what has no one spelling there.
fn text_of(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(number) => {
            let canonical = canonical(json).ok()?;
            let plain = number.is_integer_text() && canonical == number.as_str().as_bytes();
            plain.then(|| number.to_string())
        }
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

fn json_name(json: &Json) -> &'static str {
    match json {
        Json::Null => "a template that is null",
        Json::Bool(_) | Json::Number(_) => "a template that is a number",
        Json::String(_) => "a template",
        Json::Array(_) => "a template that is an array",
        Json::Object(_) => "a template that is an object",
    }
}

#[cfg(test)]
mod tests;
