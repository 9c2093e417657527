//! Binding names: `args.x` in a condition means `context.args.x` to Cedar.
//!
//! A name is bound where it starts a path, and nowhere else: not after a dot, not as the key of a record, not after
//! `has` or `is`, not in an entity's type, a text or a comment. Everything that would otherwise reach Cedar as an
//! unknown variable is refused here, with the position in the operator's own text.

use std::ops::Range;

use super::token::{Kind, Token, tokens};
use super::{ConditionProblem, Root, trap};
use crate::shape::nearest;

/// A text for Cedar, and the way back to the text it was made from.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    /// What Cedar reads.
    pub(super) text: String,
    /// Where in the original text `context.` was put, in order.
    inserted: Vec<usize>,
    original: usize,
}

/// What stands before a bound name.
const PREFIX: &str = "context.";

/// The words of the language that may stand where a path could.
const WORDS: [&str; 9] = ["true", "false", "if", "then", "else", "in", "is", "like", "has"];

/// Binds the names in `text` that `allowed` permits.
pub(super) fn bind(text: &str, allowed: &[Root]) -> Result<Bound, ConditionProblem> {
    let tokens = tokens(text);
    trap::check(&tokens)?;
    let mut bound =
        Bound { text: String::with_capacity(text.len() + 64), inserted: Vec::new(), original: text.len() };
    let mut copied = 0;
    for (index, token) in
        tokens.iter().enumerate().filter(|(index, token)| starts_path(&tokens, *index, token))
    {
        let Some(root) = Root::named(token.text) else {
            return Err(unknown(&tokens, index, token, allowed));
        };
        if !allowed.contains(&root) {
            return Err(not_here(token, allowed));
        }
        if root.is_bound() {
            bound.text.push_str(text.get(copied..token.at.start).unwrap_or_default());
            bound.text.push_str(PREFIX);
            bound.inserted.push(token.at.start);
            copied = token.at.start;
        }
    }
    bound.text.push_str(text.get(copied..).unwrap_or_default());
    Ok(bound)
}

impl Bound {
    /// The place in the original text for a place in Cedar's; never empty unless the text is.
    pub(super) fn back(&self, span: Range<usize>) -> Range<usize> {
        let start = self.back_one(span.start).min(self.original);
        let end = self.back_one(span.end).clamp(start, self.original);
        start..end
    }

    fn back_one(&self, place: usize) -> usize {
        let mut shift = 0;
        for &original in &self.inserted {
            let start = original + shift;
            if place < start {
                break;
            }
            if place < start + PREFIX.len() {
                return original;
            }
            shift += PREFIX.len();
        }
        place - shift
    }
}

/// Whether this token is a word that names a variable.
fn starts_path(tokens: &[Token<'_>], index: usize, token: &Token<'_>) -> bool {
    if token.kind != Kind::Word || WORDS.contains(&token.text) {
        return false;
    }
    let before = index.checked_sub(1).and_then(|index| tokens.get(index)).map_or("", |token| token.text);
    let after = tokens.get(index + 1).map_or("", |token| token.text);
    let is_member = matches!(before, "." | "has");
    let is_type = matches!(before, "::" | "is") || after == "::";
    let is_key_or_call = matches!(after, ":" | "(");
    !(is_member || is_type || is_key_or_call)
}

fn unknown(tokens: &[Token<'_>], index: usize, token: &Token<'_>, allowed: &[Root]) -> ConditionProblem {
    if let Some(problem) = trap::word(tokens, index, token) {
        return problem;
    }
    let meant = nearest(token.text, allowed.iter().map(|root| root.as_str()));
    let help = match meant {
        Some(name) => format!("did you mean `{name}`? known here: {}", listed(allowed)),
        None => format!("known here: {}; text stands in double quotes", listed(allowed)),
    };
    ConditionProblem::new(format!("`{}` is not known", token.text), token.at.clone(), Some(help))
}

fn not_here(token: &Token<'_>, allowed: &[Root]) -> ConditionProblem {
    let message = format!("`{}` means nothing in this condition", token.text);
    ConditionProblem::new(message, token.at.clone(), Some(format!("known here: {}", listed(allowed))))
}

fn listed(allowed: &[Root]) -> String {
    let names: Vec<String> = allowed.iter().map(|root| format!("`{}`", root.as_str())).collect();
    names.join(", ")
}
