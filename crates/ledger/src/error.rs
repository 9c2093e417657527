//! Why a receipt or a log does not verify.

use crate::entry::{EntryError, Kind};
use crate::handover::HandoverError;
use crate::note::NoteError;
use lastlook_canon::JsonError;
use thiserror::Error;

/// Why a receipt or a log is refused. Nothing in it may then be shown as proven.
///
/// The checks have one order (`spec/receipt.md`, `spec/log.md`), so that two implementations give the same [`code`] for the
/// same bytes.
///
/// [`code`]: VerifyError::code
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum VerifyError {
    /// The receipt is not strict JSON.
    #[error("receipt is not strict JSON: {0}")]
    Json(JsonError),
    /// The receipt is of a format this version does not know.
    #[error("receipt has format `{0}`; this version reads `{format}`", format = crate::receipt::FORMAT)]
    Format(String),
    /// A member of the receipt is missing, unknown or malformed.
    #[error("receipt member `{member}` {problem}")]
    Shape {
        /// Where, as a path.
        member: String,
        /// What is wrong, a verb first.
        problem: &'static str,
    },
    /// The payload is said to be something else than an in-toto statement.
    #[error("receipt has payload type `{0}`; entries are `{expected}`", expected = crate::entry::PAYLOAD_TYPE)]
    PayloadType(String),
    /// The payload is not an entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The entry does not say how an attempt ended.
    #[error("a {0} entry is not a receipt: it does not say how the attempt ended")]
    NotAReceipt(Kind),
    /// The checkpoint is not one that a pinned key vouches for.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// A handover is none, or cannot be followed.
    #[error(transparent)]
    Handover(#[from] HandoverError),
    /// The entry says it belongs to another log than the checkpoint.
    #[error("entry belongs to log `{entry}`, the checkpoint to log `{checkpoint}`")]
    OtherLog {
        /// The entry's origin.
        entry: String,
        /// The checkpoint's origin.
        checkpoint: String,
    },
    /// The log had no such place when the checkpoint was signed.
    #[error("index {index} is not below the checkpoint's size {size}")]
    Index {
        /// The claimed place of the entry.
        index: u64,
        /// How many entries the checkpoint covers.
        size: u64,
    },
    /// The proof is shorter or longer than one for this place must be.
    #[error("inclusion proof has {found} hashes; one for this index and size has {expected}")]
    ProofLength {
        /// How many hashes there must be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// The proof does not lead from this entry at this place to the signed root.
    #[error("entry is not at index {0} of the signed log: the entry, its index or its proof was altered")]
    NotIncluded(u64),
    /// Something is wrong with the armed entry that the receipt brings along.
    #[error("armed entry: {0}")]
    Armed(Box<VerifyError>),
    /// The armed entry verifies, and is not the one this receipt's attempt began with.
    #[error("armed entry does not belong to this receipt: {0}")]
    ArmedMismatch(&'static str),
    /// The receipt opens a value that its entries do not commit to.
    #[error("the {of} entry has no commitment at `{label}`")]
    UnknownLabel {
        /// The kind of entry the value is said to be of.
        of: String,
        /// The path said to hold the commitment.
        label: String,
    },
    /// The value or its salt is not the one committed to.
    #[error("the value given for `{label}` is not the one the {of} entry commits to")]
    DoesNotOpen {
        /// The kind of entry.
        of: Kind,
        /// The commitment's path.
        label: String,
    },
    /// Something is wrong with one entry of a log.
    #[error("log entry {index}: {error}")]
    LogEntry {
        /// The entry's place, from 0.
        index: u64,
        /// What is wrong.
        error: Box<VerifyError>,
    },
    /// Entries were taken out of the log.
    #[error("log has {found} entries, its checkpoint covers {size}: entries are missing")]
    LogShorter {
        /// How many entries the checkpoint covers.
        size: u64,
        /// How many there are.
        found: u64,
    },
    /// Entries were put into the log.
    #[error("log has more than the {size} entries its checkpoint covers: entries were inserted")]
    LogLonger {
        /// How many entries the checkpoint covers.
        size: u64,
    },
    /// The entries are as many as were signed, and not the ones that were signed, or not in that order.
    #[error("log does not have the signed root: entries were edited, reordered or replaced")]
    LogRoot,
}

impl VerifyError {
    /// The stable code of this error, as `spec/` lists them. Scripts may rely on it; messages may change.
    pub fn code(&self) -> &'static str {
        match self {
            VerifyError::Json(_) => "receipt-json",
            VerifyError::Format(_) => "receipt-format",
            VerifyError::Shape { .. } => "receipt-shape",
            VerifyError::PayloadType(_) => "payload-type",
            VerifyError::Entry(error) => error.code(),
            VerifyError::NotAReceipt(_) => "not-a-receipt",
            VerifyError::Checkpoint(error) => error.code(),
            VerifyError::Handover(error) => error.code(),
            VerifyError::OtherLog { .. } => "other-log",
            VerifyError::Index { .. } => "index-out-of-range",
            VerifyError::ProofLength { .. } => "proof-length",
            VerifyError::NotIncluded(_) => "not-included",
            VerifyError::Armed(error) => error.code(),
            VerifyError::ArmedMismatch(_) => "armed-mismatch",
            VerifyError::UnknownLabel { .. } => "value-unknown-label",
            VerifyError::DoesNotOpen { .. } => "value-does-not-open",
            VerifyError::LogEntry { index: _, error } => error.code(),
            VerifyError::LogShorter { .. } => "log-shorter",
            VerifyError::LogLonger { .. } => "log-longer",
            VerifyError::LogRoot => "log-root",
        }
    }
}

/// Somebody else's text as a message may show it: control characters escaped, at most 80 characters.
pub(crate) fn brief(text: &str) -> String {
    let mut shown: String = text.chars().take(80).flat_map(char::escape_debug).collect();
    if text.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}
