//! A receipt: the entry that ended an attempt, with what proves it, in one file.
//!
//! `spec/receipt.md` is the normative text, and says what a receipt does *not* prove.

mod read;
mod verify;

use crate::commit::Salt;
use crate::entry::{Kind, PAYLOAD_TYPE, leaf_of_payload};
use crate::tree::{Hash, inclusion_proof};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

pub use verify::{Verified, verify_receipt};

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
        let Receipt { entry, checkpoint, armed, values } = self;
        let mut receipt = included(entry);
        receipt.insert("format".to_owned(), Value::from(FORMAT));
        receipt.insert("payload_type".to_owned(), Value::from(PAYLOAD_TYPE));
        receipt.insert("checkpoint".to_owned(), Value::from(checkpoint.as_str()));
        if let Some(Armed { entry, checkpoint }) = armed {
            let mut armed = included(entry);
            armed.extend(checkpoint.iter().map(|note| ("checkpoint".to_owned(), Value::from(note.as_str()))));
            receipt.insert("armed".to_owned(), Value::Object(armed));
        }
        if !values.is_empty() {
            receipt.insert("values".to_owned(), values.iter().map(opened).collect());
        }
        format!("{:#}\n", Value::Object(receipt)).into_bytes()
    }
}

fn included(entry: &Included) -> Map<String, Value> {
    let Included { payload, index, inclusion } = entry;
    let hashes = inclusion.iter().map(|hash| Value::from(STANDARD.encode(hash.as_bytes())));
    Map::from_iter([
        ("payload".to_owned(), Value::from(STANDARD.encode(payload))),
        ("index".to_owned(), Value::from(*index)),
        ("inclusion".to_owned(), hashes.collect()),
    ])
}

fn opened(value: &OpenedValue) -> Value {
    let OpenedValue { of, label, salt, value } = value;
    let (name, value) = match std::str::from_utf8(value) {
        Ok(text) => ("value", text.to_owned()),
        Err(_) => ("value_base64", STANDARD.encode(value)),
    };
    json!({ "of": of.as_str(), "label": label, "salt": STANDARD.encode(salt.as_bytes()), name: value })
}
