//! Cedar's tokens, as far as binding names needs them.

use std::ops::Range;

/// A token and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) at: Range<usize>,
}

/// What kind of token it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a word of the language.
    Word,
    /// Digits.
    Number,
    /// A text in double quotes, or the rest of the input when it is not closed.
    Text,
    /// An operator or a bracket; any other single character.
    Sign,
}

/// Signs of two characters; all others have one.
const PAIRS: [&str; 7] = ["::", "==", "!=", "<=", ">=", "&&", "||"];

/// The tokens of a text, without blanks and comments.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = skip_blanks(rest);
        let Some(first) = rest.chars().next() else { return found };
        let (kind, length) = measure(rest, first);
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        let start = text.len() - rest.len();
        found.push(Token { kind, text: token, at: start..start + token.len() });
        rest = after;
    }
}

fn skip_blanks(mut rest: &str) -> &str {
    loop {
        rest = rest.trim_start();
        let Some(comment) = rest.strip_prefix("//") else { return rest };
        rest = comment.trim_start_matches(|c| c != '\n' && c != '\r');
    }
}

fn measure(rest: &str, first: char) -> (Kind, usize) {
    let run = |is_part: fn(char) -> bool| rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    match first {
        'a'..='z' | 'A'..='Z' | '_' => (Kind::Word, run(|c| c.is_ascii_alphanumeric() || c == '_')),
        '0'..='9' => (Kind::Number, run(|c| c.is_ascii_digit())),
        '"' => (Kind::Text, quoted_length(rest)),
        _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => (Kind::Sign, 2),
        _ => (Kind::Sign, first.len_utf8()),
    }
}

fn quoted_length(rest: &str) -> usize {
    let mut escaped = true; // the opening quote closes nothing
    for (at, c) in rest.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
