//! Facts: what a guard names, asked of its source, and what the agent was seen to read of it.

mod ask;
mod read;
mod sources;
mod was;

use std::sync::Arc;

use lastlook_canon::Digest;
use lastlook_kernel::{FactSpec, Moment, Now, Was};

pub(crate) use ask::{Ask, NoAsk};
pub(crate) use read::{Asking, take_all};
pub use sources::Sources;
pub(crate) use was::as_if_seen;

/// One fact of one attempt: what to ask, and what the agent saw when it decided.
#[derive(Debug, Clone)]
pub(crate) struct PlannedFact {
    pub(crate) spec: Arc<FactSpec>,
    pub(crate) ask: Ask,
    pub(crate) was: Was,
    /// When the agent was given *was*, in nanoseconds since the Unix epoch.
    pub(crate) seen_ns: Option<i64>,
}

impl PlannedFact {
    /// What is asked, as text: equal for the same fact about the same thing, and for nothing else.
    pub(crate) fn question(&self) -> String {
        format!("{} {:?} {}", self.spec.name, self.ask, self.ask.unshown())
    }

    /// The digest of what is asked, hexadecimal: how it stands in requests.
    pub(crate) fn question_digest(&self) -> String {
        Digest::of("lastlook/question/v1", &[self.question().as_bytes()]).to_hex()
    }
}

/// What one reading of a fact brought, and when.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) now: Now,
    pub(crate) asked_at: Moment,
    pub(crate) answered_at: Moment,
}
