//! Witnesses: somebody independent who cosigns a log's checkpoints and refuses inconsistent ones.
//!
//! One checkpoint alone cannot show that nothing was cut off the log's end, nor that everybody is shown the same log. A
//! cosignature can: its witness had seen no other tree of this log, and none that was larger.
//!
//! Formats: <https://c2sp.org/tlog-cosignature> (Ed25519) and <https://c2sp.org/tlog-witness>. The normative text is
//! `spec/witness.md`.
//!
//! - [`WitnessKey`], [`CosigningKey`]: a witness's key, public and private.
//! - [`Witnesses`], [`open_witnessed`]: how many of which witnesses a checkpoint must have been cosigned by.
//! - [`AddCheckpoint`]: what a log asks a witness, and how a witness judges it.

mod add;
mod key;
#[cfg(test)]
mod tests;

use crate::key::VerifierKey;
use crate::note::{Checkpoint, Note, NoteError, Signature};

pub use add::{AddCheckpoint, MAX_PROOF_LINES, MAX_REQUEST_BYTES, Refusal};
pub use key::{CosigningKey, WitnessKey, parse_witnesses};

/// The longest list of witnesses that anybody needs; a note holds no more signatures than this.
pub const MAX_WITNESSES: usize = crate::note::MAX_SIGNATURES;

/// Which witnesses are trusted, and how many of them must have cosigned a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Witnesses {
    keys: Vec<WitnessKey>,
    quorum: usize,
}

impl Witnesses {
    /// Nobody is asked for: whatever a log's key signed will do.
    pub fn none() -> Witnesses {
        Witnesses::default()
    }

    /// At least `quorum` of these; nothing when that is none, or more than there are different keys.
    pub fn new(keys: Vec<WitnessKey>, quorum: usize) -> Option<Witnesses> {
        let witnesses = Witnesses { keys, quorum };
        (1..=witnesses.many()).contains(&quorum).then_some(witnesses)
    }

    /// How many witnesses there are: two names of one key are one witness.
    pub fn many(&self) -> usize {
        let publics: std::collections::BTreeSet<_> = self.keys.iter().map(WitnessKey::public_bytes).collect();
        publics.len()
    }

    /// How many must have cosigned; 0 for [`none`](Witnesses::none).
    pub fn quorum(&self) -> usize {
        self.quorum
    }

    /// The trusted keys.
    pub fn keys(&self) -> &[WitnessKey] {
        &self.keys
    }
}

/// That a witness has cosigned a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's name.
    pub witness: String,
    /// When, by its own clock: seconds since the Unix epoch.
    pub time_s: u64,
}

/// Like [`open_checkpoint`](crate::open_checkpoint), and enough of the witnesses must have cosigned the checkpoint.
///
/// Every cosignature that carries a pinned witness's name and id must hold. A witness counts once, and one whose public key
/// is also a pinned key of logs does not count: it is no second party. Of a witness that cosigned twice the latest time is told.
pub fn open_witnessed(
    note: &str,
    keys: &[VerifierKey],
    witnesses: &Witnesses,
) -> Result<(Checkpoint, Vec<Cosigned>), NoteError> {
    let checkpoint = crate::note::open_checkpoint(note, keys)?;
    let Note { text, signatures, .. } = Note::read(note)?;
    let cosigned = cosignatures(text, &signatures, keys, &witnesses.keys)?;
    if cosigned.len() < witnesses.quorum {
        return Err(NoteError::NotWitnessed {
            origin: checkpoint.origin,
            size: checkpoint.size,
            found: cosigned.len(),
            quorum: witnesses.quorum,
        });
    }
    Ok((checkpoint, cosigned))
}

/// What a witness remembers: the checkpoint in a note that it has itself cosigned.
pub fn recall(note: &str, own: &WitnessKey) -> Result<Checkpoint, NoteError> {
    let Note { text, checkpoint, signatures } = Note::read(note)?;
    let cosigned = cosignatures(text, &signatures, &[], std::slice::from_ref(own))?;
    match cosigned.is_empty() {
        false => Ok(checkpoint),
        true => Err(NoteError::UnknownKey { origin: checkpoint.origin }),
    }
}

/// The note with the cosignature in `lines` that is this witness's; whatever else stands there is left out.
///
/// An earlier line of the witness is replaced. Errs when there is no cosignature of the witness that fits the note.
pub fn with_cosignature(note: &str, lines: &str, witness: &WitnessKey) -> Result<String, NoteError> {
    let Note { text, checkpoint, .. } = Note::read(note)?;
    let of_witness = |line: &&str| {
        let line = format!("{line}\n");
        crate::note::signatures(&line)
            .is_ok_and(|all| all.iter().all(|it| it.name == witness.name() && it.id == witness.id()))
    };
    let Some(line) = lines.lines().find(of_witness) else {
        return Err(NoteError::UnknownKey { origin: checkpoint.origin });
    };
    let (_, signed) = note.split_at_checked(text.len() + 1).unwrap_or_default();
    let others: String =
        signed.lines().filter(|line| !of_witness(line)).map(|line| format!("{line}\n")).collect();
    let merged = format!("{text}\n{others}{line}\n");
    recall(&merged, witness)?;
    Ok(merged)
}

/// Who is said to have signed a note, as `name+id`, unverified.
pub fn signers(note: &str) -> Result<Vec<String>, NoteError> {
    let name = |it: &Signature<'_>| format!("{}+{}", it.name, hex::encode(it.id));
    Ok(Note::read(note)?.signatures.iter().map(name).collect())
}

/// The checkpoint that a note says it is, unverified: for finding out which log is meant, and no more.
pub fn claimed(note: &str) -> Result<Checkpoint, NoteError> {
    Ok(Note::read(note)?.checkpoint)
}

fn cosignatures(
    text: &str,
    signatures: &[Signature<'_>],
    logs: &[VerifierKey],
    witnesses: &[WitnessKey],
) -> Result<Vec<Cosigned>, NoteError> {
    let mut found: Vec<(&WitnessKey, u64)> = Vec::new();
    for signature in signatures {
        let Some(key) = witnesses.iter().find(|key| key.name() == signature.name && key.id() == signature.id)
        else {
            continue;
        };
        let time_s = key.cosigned(text, &signature.bytes);
        let time_s = time_s.ok_or_else(|| NoteError::BadCosignature { witness: key.name().to_owned() })?;
        if logs.iter().any(|log| log.public_bytes() == key.public_bytes()) {
            continue;
        }
        match found.iter_mut().find(|(other, _)| other.public_bytes() == key.public_bytes()) {
            Some((_, latest)) => *latest = time_s.max(*latest),
            None => found.push((key, time_s)),
        }
    }
    Ok(found.into_iter().map(|(key, time_s)| Cosigned { witness: key.name().to_owned(), time_s }).collect())
}
