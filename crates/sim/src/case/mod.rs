//! The inputs of one verdict, written down and read back (I30).
//!
//! A [`RecordedCase`] is plain data that anyone can store or send; [`Inputs`] is the same in the kernel's types. Both
//! conversions name every field, so that an input that is added to a verdict and not to its record does not compile.

mod from_kernel;
mod inputs;
mod record;
mod to_kernel;
mod verdict;

pub use inputs::Inputs;
pub use record::{
    RecordedAction, RecordedBasis, RecordedBlindWrites, RecordedCall, RecordedCase, RecordedClass,
    RecordedClassSource, RecordedDefinition, RecordedFact, RecordedGuards, RecordedIgnore, RecordedMode,
    RecordedReading, RecordedRebased, RecordedRules, RecordedSnapshot, RecordedStanding, RecordedTool,
    RecordedUnreadable, RecordedValue,
};
pub use verdict::{RecordedReason, RecordedVerdict};

/// Why a record is no case, or a case cannot be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// The bytes are no record.
    #[error("not a recorded case: {0}")]
    NotARecord(String),
    /// A digest is not spelt with 64 lower-case hexadecimal digits.
    #[error("`{0}` is not a digest")]
    Digest(String),
    /// Arguments or a schema are no JSON.
    #[error("`{what}` is not JSON: {why}")]
    Json {
        /// The member.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The arguments bind no action.
    #[error("{0}")]
    Action(#[from] lastlook_kernel::ActionError),
    /// No reason has this code.
    #[error("`{0}` is no reason code")]
    Code(String),
    /// A value holds bytes that are no text.
    #[error("`{0}` is not UTF-8")]
    NotText(&'static str),
    /// A number does not fit into this machine's.
    #[error("`{0}` is too large")]
    TooLarge(&'static str),
}

impl RecordedCase {
    /// The record's bytes: one line of JSON, the same for the same case.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CaseError> {
        serde_json::to_vec(self).map_err(|error| CaseError::NotARecord(error.to_string()))
    }

    /// Reads a record strictly: no key twice, no member that is not known.
    pub fn from_bytes(bytes: &[u8]) -> Result<RecordedCase, CaseError> {
        let not_a_record = |why: String| CaseError::NotARecord(why);
        lastlook_canon::parse(bytes, &lastlook_canon::Limits::default())
            .map_err(|error| not_a_record(error.to_string()))?;
        serde_json::from_slice(bytes).map_err(|error| not_a_record(error.to_string()))
    }
}
