//! A receipt: the entry that ended an attempt, with what proves it, in one file.
//!
//! `spec/receipt.md` is the normative text, and says what a receipt does *not* prove.

mod handed;
mod read;
mod verify;

use crate::commit::Salt;
use crate::entry::{Kind, PAYLOAD_TYPE, leaf_of_payload};
use crate::fields::FieldProof;
use crate::tree::{Hash, inclusion_proof};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

pub use handed::handovers;
pub use verify::{Verified, verify_receipt, verify_receipt_witnessed};

/// The format this version writes, and the only one it reads.
pub const FORMAT: &str = "lastlook-receipt/v1";
/// The largest receipt that is read, in bytes; values are what makes one large.
pub const MAX_RECEIPT_BYTES: usize = 64 * 1024 * 1024;

/// An entry's bytes and the proof that they are in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// The entry's bytes, as [`Entry::to_payload`](crate::Entry::to_payload) gave them.
    pub payload: Vec<u8>,
    /// Its place in the log, from 0.
    pub index: u64,
    /// The inclusion proof, lowest sibling first.
    pub inclusion: Vec<Hash>,
}

impl Included {
    /// Proves that `payload` is at `index` in the log with these leaf hashes: exactly those the checkpoint covers.
    ///
    /// Nothing when another entry, or none, is at that place.
    pub fn prove(payload: Vec<u8>, index: u64, leaves: &[Hash]) -> Option<Included> {
        let leaf = leaves.get(usize::try_from(index).ok()?)?;
        let inclusion = inclusion_proof(leaves, index, leaves.len() as u64)?;
        (*leaf == leaf_of_payload(&payload)).then_some(Included { payload, index, inclusion })
    }
}

/// The entry that armed the attempt, brought along so that what the attempt rested on is proven too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// The entry and its proof.
    pub entry: Included,
    /// The checkpoint of its log when that is not the receipt's log (the attempt was ended by another writer).
    pub checkpoint: Option<String>,
}

/// A value that opens one commitment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedValue {
    /// The kind of the entry that commits to it: the receipt's own, or [`Kind::Armed`].
    pub of: Kind,
    /// Where the commitment stands: its path in that entry's body.
    pub label: String,
    /// What it was committed with.
    pub salt: Salt,
    /// The value's bytes.
    pub value: Vec<u8>,
    /// Its place among the fields of the entry, when it is a single field; then the label goes on below a commitment.
    pub field: Option<FieldProof>,
}

/// A receipt to be written. One that was *read* is a [`Verified`], and there is no other way to read one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The refused, outcome or operator entry.
    pub entry: Included,
    /// The signed checkpoint the proofs lead to.
    pub checkpoint: String,
    /// The attempt's armed entry, if it comes along.
    pub armed: Option<Armed>,
    /// Values, only when asked for: whoever gets the receipt sees them.
    pub values: Vec<OpenedValue>,
}

impl Receipt {
    /// The receipt as a file: indented JSON with a final newline.
    pub fn to_json(&self) -> Vec<u8> {
        self.to_json_with(&[])
    }

    /// The same, with the handovers that lead from earlier keys to the one that signed: whoever pinned an earlier key can
    /// [follow](crate::handover::follow) them.
    pub fn to_json_with(&self, handovers: &[String]) -> Vec<u8> {
        let Receipt { entry, checkpoint, armed, values } = self;
        let file = File {
            format: FORMAT,
            payload_type: PAYLOAD_TYPE,
            entry: EntryFile::of(entry),
            checkpoint,
            armed: armed.as_ref().map(|Armed { entry, checkpoint }| ArmedFile {
                entry: EntryFile::of(entry),
                checkpoint: checkpoint.as_deref(),
            }),
            values: values.iter().map(ValueFile::of).collect(),
            extensions: (!handovers.is_empty()).then_some(Extensions { handovers }),
        };
        // Strings, integers and lists of them have no way to fail; if one is found, the empty file verifies as nothing.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

/// The members of the file, in the order a reader wants them.
#[derive(Serialize)]
struct File<'a> {
    format: &'a str,
    payload_type: &'a str,
    #[serde(flatten)]
    entry: EntryFile,
    checkpoint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    armed: Option<ArmedFile<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<ValueFile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Extensions<'a>>,
}

#[derive(Serialize)]
struct Extensions<'a> {
    handovers: &'a [String],
}

#[derive(Serialize)]
struct EntryFile {
    payload: String,
    index: u64,
    inclusion: Vec<String>,
}

#[derive(Serialize)]
struct ArmedFile<'a> {
    #[serde(flatten)]
    entry: EntryFile,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<&'a str>,
}

#[derive(Serialize)]
struct ValueFile<'a> {
    of: &'a str,
    label: &'a str,
    salt: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<Vec<String>>,
}

impl EntryFile {
    fn of(Included { payload, index, inclusion }: &Included) -> Self {
        let inclusion = hashes(inclusion);
        EntryFile { payload: STANDARD.encode(payload), index: *index, inclusion }
    }
}

impl<'a> ValueFile<'a> {
    fn of(OpenedValue { of, label, salt, value, field }: &'a OpenedValue) -> Self {
        let text = std::str::from_utf8(value).ok();
        ValueFile {
            of: of.as_str(),
            label,
            salt: STANDARD.encode(salt.as_bytes()),
            value: text,
            value_base64: text.is_none().then(|| STANDARD.encode(value)),
            index: field.as_ref().map(|field| field.index),
            proof: field.as_ref().map(|field| hashes(&field.proof)),
        }
    }
}

fn hashes(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash.as_bytes())).collect()
}
