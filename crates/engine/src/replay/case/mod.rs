//! What one attempt was decided on, as it is recorded: the value that an entry's `case` commits to.
//!
//! Values that the entry commits to elsewhere (arguments, *was*, *now*) are not repeated.

mod convert;

use serde::{Deserialize, Serialize};

pub(crate) use convert::{reasons, recorded};

/// The first line of what is written now. What follows is JSON, and the whole is not: nobody discloses fields of it.
pub const FORMAT: &str = "lastlook-case/v1";

/// What one attempt was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What decided it.
    pub decided: Decided,
    /// The digest of the list of tools it was judged under, hexadecimal; nothing where no list was kept.
    pub tools: Option<String>,
    /// The arguments as they were spelt, where that says more than their canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
    /// When the call arrived, in nanoseconds since the Unix epoch.
    pub arrived_ns: i64,
    /// What a `write` tool may do unread.
    pub blind: Blind,
    /// The most facts one look may read.
    pub max_facts: usize,
    /// What it rests on.
    pub basis: RecordedBasis,
    /// For each guard on the tool, when the decision it speaks of was made, in nanoseconds since the Unix epoch.
    pub decided_ns: Vec<(String, i64)>,
    /// The variables that facts needed and that were not set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
    /// What was known before anything was read.
    pub opening: Opening,
    /// What was found at the look that counted; nothing when it was decided without.
    pub look: Option<Look>,
}

/// What decided an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// What refuses before anything is read.
    Opening,
    /// The look.
    Look,
    /// The record or the gate: what others hold, what was used up, what moved in the last instant. These are taken as
    /// they were found.
    Record,
}

/// What a `write` tool may do unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Blind {
    /// Run.
    Allow,
    /// Be refused.
    Refuse,
}

/// What it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedBasis {
    /// The touched readings, in their order.
    pub readings: Vec<RecordedReading>,
    /// Touched readings that were no longer held.
    pub missing: usize,
    /// Readings about nothing.
    pub uncompared: u64,
    /// Touched readings that a guard compares.
    pub covered: usize,
}

/// One reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReading {
    /// The tool it came from.
    pub tool: String,
    /// The digest of what was compared, hexadecimal.
    pub was: String,
    /// Whether it was taken again after an own effect.
    #[serde(default, skip_serializing_if = "is_false")]
    pub rebased: bool,
    /// Whether an earlier refusal had found it outdated.
    #[serde(default, skip_serializing_if = "is_false")]
    pub outdated: bool,
}

/// What was known before anything was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// The time on the wall, in nanoseconds since the Unix epoch.
    pub wall_ns: i64,
    /// What stood for or against it.
    pub standing: RecordedStanding,
    /// What refused it because of what people said, or because they could not be asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<RecordedReason>,
    /// Why nobody could say whether it was halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halts: Option<RecordedReason>,
}

/// What was found at one look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// The time on the wall, in nanoseconds since the Unix epoch.
    pub wall_ns: i64,
    /// What stood for or against it.
    pub standing: RecordedStanding,
    /// The readings of the basis, as they were then.
    pub readings: Vec<RecordedFact>,
    /// The facts of the guards, in the order of the entry's `snapshot`.
    pub facts: Vec<RecordedGuardFact>,
    /// What was found for each guard.
    pub guards: Vec<RecordedGuard>,
    /// Guards of which the record could not be read, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<(String, String)>,
    /// The instant that claims were counted at, in nanoseconds since the Unix epoch.
    pub claimed_ns: Option<i64>,
    /// For how long leases had been held, in nanoseconds.
    pub held_ns: Option<u64>,
    /// What guards that only watch would have refused before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audited: Vec<RecordedReason>,
    /// The request whose approval it ran on.
    pub request: Option<String>,
    /// Whether that approval still stood.
    pub approved: bool,
}

/// [`Standing`], recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedStanding {
    epoch: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_doubt: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    cancelled: bool,
    #[serde(skip_serializing_if = "is_false")]
    as_task: bool,
    #[serde(skip_serializing_if = "is_false")]
    tool_changed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<RecordedReason>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    halted: Vec<String>,
}

/// One reading of the basis, as it was at the look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFact {
    /// Its place in the basis.
    pub index: usize,
    /// What was read.
    pub now: RecordedValue,
    /// What was read right after, where that was needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<RecordedValue>,
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedValue {
    /// Something with this digest, hexadecimal.
    Digest(String),
    /// Nothing in time.
    Late,
    /// Nothing that could be compared.
    NotPlain,
    /// Nothing: it was gone.
    Gone,
}

/// A fact of a guard at the look. Its values stand under `snapshot/N/was` and `snapshot/N/now`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedGuardFact {
    /// Its name.
    pub fact: String,
    /// What the agent was seen to read of it.
    pub was: RecordedWas,
    /// What its source said.
    pub now: RecordedNow,
}

/// [`Was`], without the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedWas {
    /// Nothing.
    Unseen,
    /// Nothing since the boundary took it again.
    Rebased,
    /// That there was no such thing.
    Absent,
    /// The committed value.
    Seen(RecordedVersion),
}

/// [`Now`], without the value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedNow {
    /// The committed value.
    Read(RecordedVersion),
    /// There was no such thing.
    Absent,
    /// Why it could not be read.
    Unreadable(String),
    /// It kept changing.
    Unstable,
}

/// What a value comes with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedVersion {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_ns: Option<i64>,
}

/// What was found for one guard.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordedGuard {
    /// Its name.
    pub guard: String,
    /// What was on record of each of its steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<RecordedStep>,
    /// When the last action it spaces out was, in nanoseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spaced_ns: Option<i64>,
    /// Whether people had approved this action for it.
    #[serde(skip_serializing_if = "is_false")]
    pub approved: bool,
    /// Whether grants stood in place of people.
    #[serde(skip_serializing_if = "is_false")]
    pub granted: bool,
}

/// What was on record of one step: the attempts that bore on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedStep {
    /// The step's tool.
    pub tool: String,
    /// Attempts that could prove it.
    pub candidates: Vec<RecordedDone>,
    /// Attempts that came between.
    pub blockers: Vec<RecordedDone>,
    /// Attempts that undid it.
    pub undoers: Vec<RecordedDone>,
}

/// An earlier attempt, as it stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedDone {
    attempt: String,
    armed_at_ns: i64,
    ended_at_ns: Option<i64>,
    outcome: String,
    confirmation: Option<String>,
}

/// A reason, with what was expected and found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReason {
    code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    said: Option<(String, String, Option<String>, bool)>,
}

/// What is recorded does not mean anything to this version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the recorded case has {0}")]
pub struct Unknown(String);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}
