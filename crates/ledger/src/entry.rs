//! One record of the ledger: an in-toto Statement v1 in RFC 8785 canonical bytes.
//!
//! The bytes of an entry are its identity: the log's leaf is the hash of their DSSE pre-authentication encoding. Whatever is read
//! back must therefore be exactly what would be written, and [`Entry::to_payload`] refuses to write what
//! [`Entry::from_payload`] would not read.

mod shape;
mod statement;
#[cfg(test)]
mod tests;
mod view;

use crate::commit::Commitment;
use crate::fields::FieldsHead;
use crate::tree::{Hash, leaf_hash};
use lastlook_canon::{Digest, JsonError};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

pub(crate) use shape::is_time;
pub(crate) use view::View;

/// The DSSE payload type of every entry.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// The `_type` of every entry: in-toto Statement v1.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The `predicateType` of every entry, which carries the version of the members inside.
pub const PREDICATE_TYPE: &str = "https://lastlook.dev/entry/v1";
/// The largest payload, in bytes. Values stand beside the log, so an entry is a few kilobytes.
pub const MAX_PAYLOAD_BYTES: usize = 1024 * 1024;
/// How deep arrays and objects may nest in a payload; the statement itself is the first.
pub const MAX_DEPTH: usize = 32;
/// The largest magnitude of a number, 2^53 − 1: every JSON reader in the world agrees on integers up to here.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// What an entry records. The kind is inside the signed bytes, so entries of different kinds never stand for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An attempt was recorded before anything was sent.
    Armed,
    /// An attempt was refused; nothing was sent.
    Refused,
    /// An attempt waits for somebody.
    Held,
    /// An attempt ended: succeeded, failed or unknown.
    Outcome,
    /// What a later look said about an outcome.
    Confirmation,
    /// An operator's word.
    Operator,
    /// A summary of readings.
    Reads,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 7] = [
        Kind::Armed,
        Kind::Refused,
        Kind::Held,
        Kind::Outcome,
        Kind::Confirmation,
        Kind::Operator,
        Kind::Reads,
    ];

    /// The kind as entries spell it: lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Armed => "armed",
            Kind::Refused => "refused",
            Kind::Held => "held",
            Kind::Outcome => "outcome",
            Kind::Confirmation => "confirmation",
            Kind::Operator => "operator",
            Kind::Reads => "reads",
        }
    }

    /// Whether an entry of this kind, with its proof, is a receipt: it says how an attempt ended.
    ///
    /// An armed or held entry says only that something was about to happen, and is no receipt of anything.
    pub const fn is_receipt(self) -> bool {
        match self {
            Kind::Refused | Kind::Outcome | Kind::Operator => true,
            Kind::Armed | Kind::Held | Kind::Confirmation | Kind::Reads => false,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Kind, UnknownKind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

/// A word that is no [`Kind`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no kind of entry has this name")]
pub struct UnknownKind;

/// One entry of a log, read or about to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What it records.
    pub kind: Kind,
    /// The log it was written to; the same as its checkpoint's origin.
    pub origin: String,
    /// The attempt it is about: 1 to 128 of `A-Z a-z 0-9 - _ . :`. This is the id of the attempt's receipt.
    pub attempt: String,
    /// When it was written: RFC 3339, UTC, always nine fractional digits: `2026-01-31T09:30:00.000000000Z`.
    pub time: String,
    /// The digest of the action: upstream, tool, definition, principal and arguments.
    pub action: Digest,
    /// The members that depend on the kind, an object; `spec/entry.md` lists them. Members it does not list are kept.
    ///
    /// Numbers must be integers within ±[`MAX_INTEGER`]; durations are nanoseconds.
    pub body: Value,
}

/// What an entry is filed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What it records.
    pub kind: Kind,
    /// The log it was written to.
    pub origin: String,
    /// The attempt it is about.
    pub attempt: String,
}

/// Why something is not an entry.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntryError {
    /// The payload is larger than [`MAX_PAYLOAD_BYTES`].
    #[error("entry has {0} bytes; at most {MAX_PAYLOAD_BYTES} are allowed")]
    Size(usize),
    /// The payload is not strict JSON, or nests deeper than [`MAX_DEPTH`].
    #[error("entry is not strict JSON: {0}")]
    Json(JsonError),
    /// What is to be written nests deeper than [`MAX_DEPTH`].
    #[error("entry nests deeper than {MAX_DEPTH} levels at `{0}`")]
    Depth(String),
    /// A number is not an integer within ±[`MAX_INTEGER`].
    #[error("number at `{0}` is not an integer within 2^53-1")]
    Number(String),
    /// The bytes are not the canonical ones (RFC 8785) of what they say.
    #[error("entry is not in canonical form (RFC 8785)")]
    NotCanonical,
    /// It is not an in-toto Statement about one attempt with a predicate that this version knows.
    #[error("entry is not a statement this version can read: {0}")]
    Statement(&'static str),
    /// A member is missing or is not what its place demands.
    #[error("member `{member}` of the {kind} entry {problem}")]
    Member {
        /// The entry's kind.
        kind: Kind,
        /// The member's path in the body.
        member: String,
        /// What is wrong, a verb first: `is missing`, `is not a commitment`.
        problem: &'static str,
    },
}

impl EntryError {
    /// The stable code of this error, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            EntryError::Size(_) => "entry-too-large",
            EntryError::Json(_) | EntryError::Depth(_) => "entry-json",
            EntryError::Number(_) => "entry-number",
            EntryError::NotCanonical => "entry-not-canonical",
            EntryError::Statement(_) => "entry-statement",
            EntryError::Member { .. } => "entry-member",
        }
    }
}

impl Entry {
    /// The entry's bytes: an in-toto Statement v1 in canonical form (RFC 8785).
    ///
    /// Refuses whatever [`from_payload`](Entry::from_payload) would refuse, so that no log ever holds an entry that does not
    /// verify.
    pub fn to_payload(&self) -> Result<Vec<u8>, EntryError> {
        statement::write(self)
    }

    /// Reads an entry's bytes, strictly: strict JSON, integers only, canonical form, the members its kind requires.
    pub fn from_payload(payload: &[u8]) -> Result<Entry, EntryError> {
        statement::read(payload)
    }

    /// What the entry says of the single fields of its values.
    pub fn fields(&self) -> Option<FieldsHead> {
        FieldsHead::from_json(self.body.get("fields")?)
    }

    /// Whether a commitment stands at this label, or at what it goes on from.
    pub fn commits_above(&self, label: &str) -> bool {
        // No commitment stands deeper than an entry may be.
        let ends = label.match_indices('/').map(|(at, _)| at).chain([label.len()]).take(MAX_DEPTH);
        ends.filter_map(|end| label.get(..end)).any(|label| self.commitment(label).is_some())
    }

    /// Reads an entry's bytes as strictly, and gives only what it is filed under. Much faster: nothing of the body is copied.
    pub fn head_of_payload(payload: &[u8]) -> Result<Head, EntryError> {
        statement::head(payload)
    }

    /// The commitment that stands at `label`, its path in the body: `arguments`, `basis/0/was`, `facts/0/now`.
    pub fn commitment(&self, label: &str) -> Option<Commitment> {
        let mut at = &self.body;
        for step in label.split('/') {
            at = match at {
                Value::Object(members) => members.get(step)?,
                Value::Array(items) => {
                    let index: usize = step.parse().ok()?;
                    // One spelling for each label: `00` and `+0` name nothing.
                    items.get(index).filter(|_| index.to_string() == step)?
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return None,
            };
        }
        Commitment::from_json(at)
    }
}

/// The leaf hash of an entry in its log: the leaf holds the DSSE pre-authentication encoding of the payload.
pub fn leaf_of_payload(payload: &[u8]) -> Hash {
    leaf_hash(&pre_auth_encoding(PAYLOAD_TYPE, payload))
}

/// The DSSE v1 pre-authentication encoding: `DSSEv1 LEN(type) type LEN(payload) payload`, lengths in decimal bytes.
pub fn pre_auth_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}
