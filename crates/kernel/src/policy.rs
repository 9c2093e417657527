//! Who may: Cedar policies over principal, action, resource and what the boundary read.
//!
//! Cedar skips a policy that errs, so that a `forbid` on a missing attribute lets everything pass. Here any error denies;
//! policies are checked against a schema before they are used, and their context holds nothing that the schema has not.

mod attribute;
mod authority;
mod declare;
mod entities;
mod parse;
mod schema;
mod weaker;

use std::ops::Range;

pub use authority::{Authority, PolicyDecision, PolicyFirst, PolicyReason, PolicyRequest};
pub use entities::{EntityStore, entity_normal, entity_text, entity_type};
pub use parse::Policies;
pub use schema::{PolicySchema, SchemaInput, ToolTypes};

pub(crate) use declare::{Declarations, action_text};

/// What is wrong with a policy file, an entities file, or the two together with the tools.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{message}")]
pub struct PolicyProblem {
    /// The file, by the name it was given.
    pub file: String,
    /// Where in it, in bytes, when that is known.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to write instead, when that can be said.
    pub help: Option<String>,
}

impl PolicyProblem {
    pub(crate) fn new(
        file: &str,
        at: Option<Range<usize>>,
        message: String,
        help: Option<String>,
    ) -> PolicyProblem {
        PolicyProblem { file: file.to_owned(), at: at.map(|at| (at.start, at.end)), message, help }
    }
}

#[cfg(test)]
mod tests;

/// The version of Cedar that policies and conditions are evaluated by.
pub const CEDAR_VERSION: &str = "4.14.1";
