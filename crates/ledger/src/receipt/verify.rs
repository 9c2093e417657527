//! Verifies a receipt offline, with pinned keys only.

use super::{Armed, Included, OpenedValue, Receipt, read};
use crate::entry::{Entry, Kind, leaf_of_payload};
use crate::error::{VerifyError, brief};
use crate::key::VerifierKey;
use crate::note::Checkpoint;
use crate::tree::{inclusion_proof_len, verify_inclusion};
use crate::witness::{Cosigned, Witnesses, open_witnessed};

/// A receipt that was verified: everything in it is proven, and it can come from nowhere but [`verify_receipt`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Verified {
    /// The entry that ended the attempt.
    pub entry: Entry,
    /// Its place in its log, from 0.
    pub index: u64,
    /// The entry's bytes, and the proof that they are at that place.
    pub included: Included,
    /// The signed checkpoint that covers it.
    pub checkpoint: Checkpoint,
    /// The pinned witnesses that have cosigned that checkpoint.
    pub witnessed: Vec<Cosigned>,
    /// The attempt's armed entry, when the receipt brought it along.
    pub armed: Option<Entry>,
    /// Values that open commitments in these entries.
    pub values: Vec<OpenedValue>,
}

impl Verified {
    /// The receipt's id: the attempt it is about.
    pub fn receipt(&self) -> &str {
        &self.entry.attempt
    }
}

/// Verifies a receipt's bytes against pinned keys, without any network, clock or state.
///
/// A receipt that verifies proves that the holder of a pinned key recorded this entry in this log. It does not prove that the
/// log shows everybody the same entries, nor that nothing was cut off its end: that takes a witness (`spec/receipt.md`).
///
/// # Errors
///
/// The first check that fails, in the order of `spec/receipt.md`. Never panics, whatever the bytes.
pub fn verify_receipt(bytes: &[u8], keys: &[VerifierKey]) -> Result<Verified, VerifyError> {
    verify_receipt_witnessed(bytes, keys, &Witnesses::none())
}

/// Like [`verify_receipt`], and every checkpoint in the receipt must have been cosigned by enough of the pinned witnesses.
///
/// What then verifies was not cut off before those witnesses saw it, and is in the one log that they saw (`spec/witness.md`).
pub fn verify_receipt_witnessed(
    bytes: &[u8],
    keys: &[VerifierKey],
    witnesses: &Witnesses,
) -> Result<Verified, VerifyError> {
    let Receipt { entry: included, checkpoint: note, armed, values } = read::read(bytes)?;
    let entry = Entry::from_payload(&included.payload)?;
    if !entry.kind.is_receipt() {
        return Err(VerifyError::NotAReceipt(entry.kind));
    }
    let (checkpoint, witnessed) = open_witnessed(&note, keys, witnesses)?;
    proven(&entry, &included, &checkpoint)?;
    let armed =
        armed.map(|armed| begun(&armed, &entry, &included, &checkpoint, (keys, witnesses))).transpose()?;
    for value in &values {
        opens(value, &entry, armed.as_ref())?;
    }
    Ok(Verified { entry, index: included.index, included, checkpoint, witnessed, armed, values })
}

/// Whether the checkpoint covers this entry at its index.
fn proven(entry: &Entry, included: &Included, checkpoint: &Checkpoint) -> Result<(), VerifyError> {
    let Included { payload, index, inclusion } = included;
    if entry.origin != checkpoint.origin {
        return Err(VerifyError::OtherLog {
            entry: entry.origin.clone(),
            checkpoint: checkpoint.origin.clone(),
        });
    }
    let expected = inclusion_proof_len(*index, checkpoint.size)
        .ok_or(VerifyError::Index { index: *index, size: checkpoint.size })?;
    if inclusion.len() != expected {
        return Err(VerifyError::ProofLength { expected, found: inclusion.len() });
    }
    if !verify_inclusion(&checkpoint.root, checkpoint.size, *index, &leaf_of_payload(payload), inclusion) {
        return Err(VerifyError::NotIncluded(*index));
    }
    Ok(())
}

/// The armed entry, when it is proven and is what this receipt's attempt began with.
fn begun(
    armed: &Armed,
    end: &Entry,
    ended: &Included,
    checkpoint: &Checkpoint,
    (keys, witnesses): (&[VerifierKey], &Witnesses),
) -> Result<Entry, VerifyError> {
    let inside = |error: VerifyError| VerifyError::Armed(Box::new(error));
    let entry = Entry::from_payload(&armed.entry.payload).map_err(|error| inside(error.into()))?;
    let other = match &armed.checkpoint {
        Some(note) => Some(open_witnessed(note, keys, witnesses).map_err(|error| inside(error.into()))?.0),
        None => None,
    };
    proven(&entry, &armed.entry, other.as_ref().unwrap_or(checkpoint)).map_err(inside)?;
    let same_log = entry.origin == end.origin;
    let mismatch = if entry.kind != Kind::Armed {
        Some("it is of another kind")
    } else if entry.attempt != end.attempt {
        Some("it is of another attempt")
    } else if entry.action != end.action {
        Some("it is of another action")
    } else if end.kind == Kind::Refused && end.body.get("armed") != Some(&true.into()) {
        Some("the attempt was refused without being armed")
    } else if same_log && other.is_some() {
        Some("it has a checkpoint of its own, though both are in one log")
    } else if same_log && armed.entry.index >= ended.index {
        Some("it does not come first")
    } else {
        None
    };
    mismatch.map_or(Ok(entry), |why| Err(VerifyError::ArmedMismatch(why)))
}

/// Whether a value opens a commitment of the entry it is said to be of, or is a field of what that entry commits to.
fn opens(value: &OpenedValue, entry: &Entry, armed: Option<&Entry>) -> Result<(), VerifyError> {
    let OpenedValue { of, label, salt, value, field } = value;
    let entry = [Some(entry), armed].into_iter().flatten().find(|entry| entry.kind == *of);
    let opens = entry.and_then(|entry| match field {
        None => Some(entry.commitment(label)?.opens(salt, value)),
        Some(proof) => {
            Some(entry.fields().filter(|_| entry.commits_above(label))?.has(label, salt, value, proof))
        }
    });
    match opens {
        Some(true) => Ok(()),
        Some(false) => Err(VerifyError::DoesNotOpen { of: *of, label: brief(label) }),
        None => Err(VerifyError::UnknownLabel { of: of.to_string(), label: brief(label) }),
    }
}
