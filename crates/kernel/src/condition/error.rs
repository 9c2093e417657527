//! What can be wrong with a condition, in the operator's own text.

use std::ops::Range;

use cedar_policy_core::parser::err::ParseErrors;
use miette::Diagnostic;

use super::bind::Bound;
use super::token::tokens;
use super::trap;

/// Why a text is no condition, or cannot be one with these types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionProblem {
    /// What is wrong.
    pub message: String,
    /// Where in the condition's text, in bytes.
    pub at: Range<usize>,
    /// What to write instead, when that can be said.
    pub help: Option<String>,
}

impl ConditionProblem {
    pub(super) fn new(message: String, at: Range<usize>, help: Option<String>) -> ConditionProblem {
        ConditionProblem { message, at, help }
    }
}

/// Why a condition has no answer; the caller refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// What went wrong, with the place in the condition; never a value.
    pub message: String,
}

/// The first of the parser's errors, in the operator's text.
pub(super) fn from_parser(errors: &ParseErrors, text: &str, bound: &Bound) -> ConditionProblem {
    if let Some(problem) = trap::then_as_name(&tokens(text)) {
        return problem;
    }
    let first = errors.iter().min_by_key(|error| span(*error).map_or(usize::MAX, |span| span.start));
    let Some(first) = first else {
        return ConditionProblem::new("this is no expression".to_owned(), 0..text.len(), None);
    };
    let at = span(first).map_or(0..text.len(), |span| bound.back(span));
    let help = first.help().map(|help| help.to_string()).or_else(|| expected(first));
    let mut message = plain_message(&first.to_string());
    // Cedar stumbled over a bound name: it says `context`, which the operator did not write.
    let stumbled =
        at.is_empty().then(|| tokens(text).into_iter().find(|token| token.at.start == at.start)).flatten();
    let at = match &stumbled {
        Some(token) => token.at.clone(),
        None => visible(at, text),
    };
    if let Some(token) = stumbled {
        message = message.replace("`context`", &format!("`{}`", token.text));
    }
    ConditionProblem::new(message, at, help.map(|help| plain_message(&help)))
}

/// Where a diagnostic points first.
pub(crate) fn span(diagnostic: &dyn Diagnostic) -> Option<Range<usize>> {
    let label = diagnostic.labels()?.next()?;
    Some(label.offset()..label.offset() + label.len())
}

fn expected(diagnostic: &dyn Diagnostic) -> Option<String> {
    diagnostic.labels()?.next()?.label().map(str::to_owned)
}

/// A range that can be underlined: at least one character, and inside the text.
pub(crate) fn visible(at: Range<usize>, text: &str) -> Range<usize> {
    if at.start < at.end {
        return at;
    }
    match text.get(at.start..).and_then(|rest| rest.chars().next()) {
        Some(next) => at.start..at.start + next.len_utf8(),
        None => text.char_indices().next_back().map_or(0, |(last, _)| last)..text.len(),
    }
}

/// Cedar's words without the policy they stand for here, and with the names as operators write them.
pub(crate) fn plain_message(message: &str) -> String {
    let without_policy = match message.strip_prefix("for policy `").and_then(|rest| rest.split_once('`')) {
        Some((_, rest)) => rest.trim_start_matches([',', ':', ' ']),
        None => message,
    };
    without_policy.replace("context.", "").trim_end_matches('.').to_owned()
}
