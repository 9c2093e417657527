//! The shape of a record. Digests are hexadecimal, instants nanoseconds, JSON values text.

use serde::{Deserialize, Serialize};

use super::RecordedReason;

/// Everything one verdict depends on, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedCase {
    /// What is wanted.
    pub action: RecordedAction,
    /// The tool as the boundary judged it.
    pub tool: RecordedTool,
    /// *Was*.
    pub basis: RecordedBasis,
    /// *Now*.
    pub snapshot: RecordedSnapshot,
    /// What stood for or against it.
    pub standing: RecordedStanding,
    /// What had to hold.
    pub guards: RecordedGuards,
    /// Enforce or audit.
    pub mode: RecordedMode,
    /// When it was decided.
    pub at: u64,
}

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedAction {
    /// The upstream's name.
    pub upstream: String,
    /// The tool's own name.
    pub tool: String,
    /// The definition it was decided on.
    pub definition: Option<String>,
    /// Who acts.
    pub principal: String,
    /// True when nobody vouches for the principal.
    pub asserted: bool,
    /// What it asks for.
    pub call: RecordedCall,
}

/// What a call asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordedCall {
    /// The arguments as JSON text, in any spelling.
    Arguments(String),
    /// The raw params of a call that is no action.
    Unreadable(String),
}

/// A tool as the boundary judges it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTool {
    /// Its own name.
    pub name: String,
    /// What it may do.
    pub class: RecordedClass,
    /// Whose word that is.
    pub class_by: RecordedClassSource,
    /// Its definition; nothing when the server lists no such tool.
    pub definition: Option<RecordedDefinition>,
    /// What else is known of it.
    pub rules: RecordedRules,
}

/// What a tool may do to the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum RecordedClass {
    Read,
    Write,
    Destructive,
}

/// Whose word a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum RecordedClassSource {
    Declared,
    Profile,
    Hinted,
    Default,
}

/// A tool's definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedDefinition {
    /// Its digest.
    pub digest: String,
    /// Its input schema as JSON text.
    pub input_schema: Option<String>,
    /// Its `annotations.readOnlyHint`, when true.
    pub read_only_hint: bool,
}

/// What the operator says of a tool beyond its class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRules {
    /// JSON Pointers that name its subjects.
    pub subjects: Option<Vec<String>>,
    /// Tools whose readings it moves.
    pub touches: Vec<String>,
    /// Parts of its answers that may move.
    pub ignore: Vec<RecordedIgnore>,
    /// Whether its reads may be repeated.
    pub retake: bool,
    /// Whether its effect dies with the server's process.
    pub local: bool,
    /// Whether its errors mean that nothing happened.
    pub errors_mean_no_effect: bool,
}

/// A part of a reading that may move freely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedIgnore {
    /// Where.
    pub pointer: String,
    /// Only lines that start so.
    pub line_prefix: Option<String>,
}

/// What an effect rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedBasis {
    /// The touched readings.
    pub readings: Vec<RecordedReading>,
    /// Touched readings that are held no longer.
    pub missing: u64,
    /// Readings about nothing.
    pub uncompared: u64,
}

/// One reading of a basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedReading {
    /// The tool it came from.
    pub tool: String,
    /// The exact params of the call.
    pub params: String,
    /// What it said, as a digest.
    pub was: String,
    /// What it said, while there was room for it.
    pub value: Option<String>,
    /// When its answer was given.
    pub answered_at: u64,
    /// Set when it was taken again after an own effect.
    pub rebased: Option<RecordedRebased>,
    /// True when a refusal found it outdated.
    pub outdated: bool,
}

/// Why a reading from before an own effect still counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedRebased {
    /// The attempt that moved it.
    pub after: String,
    /// From that attempt's gate to the reading, in nanoseconds.
    pub since_act_ns: u64,
}

/// Facts read together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedSnapshot {
    /// The facts.
    pub facts: Vec<RecordedFact>,
}

/// One value read at the look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedFact {
    /// The place in the basis that it answers.
    pub index: u64,
    /// What it is now.
    pub now: RecordedValue,
    /// A second reading right after, when the first differed.
    pub again: Option<RecordedValue>,
    /// When it was asked for.
    pub asked_at: u64,
    /// When its answer came.
    pub answered_at: u64,
}

/// What a source answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordedValue {
    /// A digest.
    Read(String),
    /// Nothing that could be compared.
    Unreadable(RecordedUnreadable),
}

/// Why a value could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum RecordedUnreadable {
    Late,
    NotPlain,
    Gone,
}

/// What stands for or against an action apart from facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedStanding {
    /// The standing epoch.
    pub epoch: u64,
    /// The attempt that holds the same action or subject.
    pub in_doubt: Option<String>,
    /// True once the caller has cancelled.
    pub cancelled: bool,
    /// True when the call asks to run as a task.
    pub as_task: bool,
    /// True when the definition is not the one the agent was shown.
    pub tool_changed: bool,
    /// Why the call is no action, if it is none.
    pub unreadable: Option<RecordedReason>,
    /// The active halts whose scope it is in.
    #[serde(default)]
    pub halted: Vec<String>,
}

/// What must hold beyond a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedGuards {
    /// What a `write` tool may do unread.
    pub blind_writes: RecordedBlindWrites,
    /// The most facts one look may read.
    pub max_facts: u64,
}

/// What a `write` tool may do to what was never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum RecordedBlindWrites {
    Allow,
    Refuse,
}

/// Refuse, or only say what would have been refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum RecordedMode {
    Enforce,
    Audit,
}
