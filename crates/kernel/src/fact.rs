//! What is true now, beside what was true when it was decided.

use std::sync::Arc;

use lastlook_canon::Digest;

use crate::{Moment, Rebased};

/// One value to be read again at the look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactQuery {
    /// Its place in the basis.
    pub index: usize,
    /// The tool to ask.
    pub tool: String,
    /// The exact `params` the agent asked with.
    pub params: Arc<[u8]>,
}

/// Why a value could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unreadable {
    /// No answer in time.
    Late,
    /// An answer that is no plain result or error (a task, a request for input).
    NotPlain,
    /// The source is gone.
    Gone,
}

/// What a source answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// The digest of the compared part.
    Read(Digest),
    /// Nothing that could be compared.
    Unreadable(Unreadable),
}

/// One value read at the look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The place in the basis it answers.
    pub index: usize,
    /// What it is *now*.
    pub now: Value,
    /// A second reading right after the first, taken only when the first differed from *was*.
    pub again: Option<Value>,
    /// When it was asked for: a value is as old as that.
    pub asked_at: Moment,
    /// When its answer came.
    pub answered_at: Moment,
}

/// Facts read together, so that no verdict mixes two moments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// One fact for each query of the plan.
    pub facts: Vec<Fact>,
    /// When each fact of a guard was asked for, and when it was answered.
    pub also: Vec<(Moment, Moment)>,
}

impl Snapshot {
    /// The earliest `asked_at`; `None` when nothing was read.
    pub fn asked_at(&self) -> Option<Moment> {
        let also = self.also.iter().map(|(asked, _)| *asked);
        self.facts.iter().map(|fact| fact.asked_at).chain(also).min()
    }

    /// The latest `answered_at`; `None` when nothing was read.
    pub fn answered_at(&self) -> Option<Moment> {
        let also = self.also.iter().map(|(_, answered)| *answered);
        self.facts.iter().map(|fact| fact.answered_at).chain(also).max()
    }
}

/// One reading a decision rested on: *was*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasisReading {
    /// The tool it came from.
    pub tool: String,
    /// The exact `params` of the agent's call.
    pub params: Arc<[u8]>,
    /// What it said.
    pub was: Digest,
    /// The compared bytes, while there was room for them.
    pub value: Option<Arc<[u8]>>,
    /// When its answer was given to the client.
    pub answered_at: Moment,
    /// Set when it was taken again after an own effect.
    pub rebased: Option<Rebased>,
    /// True when an earlier refusal already found it outdated.
    pub outdated: bool,
}

/// Everything one effect rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis {
    /// The touched readings.
    pub readings: Vec<BasisReading>,
    /// Touched readings that are no longer held (aged out or evicted).
    pub missing: usize,
    /// Readings of this reader that are about nothing and therefore never compared.
    pub uncompared: u64,
    /// Touched readings that a guard compares, by what it selects of them, in their place.
    pub covered: usize,
}
