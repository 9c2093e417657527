//! What a log asks a witness: to cosign a checkpoint, which a proof shows to continue the one it cosigned before.

use crate::key::VerifierKey;
use crate::note::{Checkpoint, MAX_NOTE_BYTES, Note, NoteError, open_checkpoint};
use crate::tree::{Hash, empty_root, verify_consistency};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;

/// The most lines of a proof (tlog-witness).
pub const MAX_PROOF_LINES: usize = 63;
/// The largest request, in bytes: a checkpoint, a proof, and the line before it.
pub const MAX_REQUEST_BYTES: usize = MAX_NOTE_BYTES + MAX_PROOF_LINES * 45 + 64;

/// A request of the call `add-checkpoint` (tlog-witness).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size of the checkpoint that the witness cosigned last; 0 if none.
    pub old: u64,
    /// That the new checkpoint continues that one.
    pub proof: Vec<Hash>,
    /// The new checkpoint, signed by its log.
    pub note: String,
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The request is not one.
    #[error("the request is malformed: {0}")]
    Malformed(&'static str),
    /// The checkpoint is of a log that the witness does not know.
    #[error("log `{0}` is not one of this witness's")]
    UnknownLog(String),
    /// No trusted key has signed the checkpoint.
    #[error("{0}")]
    Unsigned(NoteError),
    /// The old size is larger than the new one.
    #[error("the old size {old} exceeds the checkpoint's size {size}")]
    Backwards {
        /// What the request says the witness cosigned last.
        old: u64,
        /// What it is asked to cosign.
        size: u64,
    },
    /// The witness cosigned a checkpoint of another size last, or of this size with another root.
    #[error("the checkpoint cosigned last has size {seen}")]
    Conflict {
        /// The size of the checkpoint it cosigned last.
        seen: u64,
    },
    /// The proof does not show that the checkpoint continues the one before.
    #[error("the proof does not show that the checkpoint continues the one of size {0}")]
    Inconsistent(u64),
}

impl Refusal {
    /// The HTTP status that tlog-witness gives it.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::Malformed(_) | Refusal::Backwards { .. } => 400,
            Refusal::Unsigned(_) => 403,
            Refusal::UnknownLog(_) => 404,
            Refusal::Conflict { .. } => 409,
            Refusal::Inconsistent(_) => 422,
        }
    }
}

impl AddCheckpoint {
    /// The request's bytes.
    pub fn to_body(&self) -> String {
        let AddCheckpoint { old, proof, note } = self;
        let lines: String = proof.iter().map(|hash| STANDARD.encode(hash.as_bytes()) + "\n").collect();
        format!("old {old}\n{lines}\n{note}")
    }

    /// Reads a request, strictly.
    pub fn parse(body: &[u8]) -> Result<AddCheckpoint, Refusal> {
        let malformed = Refusal::Malformed;
        if body.len() > MAX_REQUEST_BYTES {
            return Err(malformed("it is too large"));
        }
        let body = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
        let (head, note) = body.split_once("\n\n").ok_or(malformed("it has no empty line"))?;
        let mut lines = head.split('\n');
        let old = lines.next().and_then(|line| line.strip_prefix("old ")).and_then(crate::note::decimal);
        let old = old.ok_or(malformed("its first line is not `old SIZE`"))?;
        let hash = |line: &str| STANDARD.decode(line).ok().and_then(|bytes| Hash::from_slice(&bytes));
        let proof: Option<Vec<Hash>> = lines.map(hash).collect();
        let proof = proof.ok_or(malformed("a line of the proof is not the base64 of 32 bytes"))?;
        if proof.len() > MAX_PROOF_LINES {
            return Err(malformed("its proof has more than 63 lines"));
        }
        Ok(AddCheckpoint { old, proof, note: note.to_owned() })
    }

    /// Which log the checkpoint says it is of, unverified.
    pub fn origin(&self) -> Result<String, Refusal> {
        match Note::read(&self.note) {
            Ok(note) => Ok(note.checkpoint.origin),
            Err(NoteError::Malformed(why)) => Err(Refusal::Malformed(why)),
            Err(error) => Err(Refusal::Unsigned(error)),
        }
    }

    /// Whether a witness may cosign, in the order that tlog-witness gives the checks.
    ///
    /// `keys` are the logs' that it watches, `seen` is the checkpoint of this [`origin`](AddCheckpoint::origin) that it cosigned last.
    /// Between this and making the checkpoint the one it saw last, nothing else may be judged for the same log.
    pub fn judge(&self, keys: &[VerifierKey], seen: Option<&Checkpoint>) -> Result<Checkpoint, Refusal> {
        let AddCheckpoint { old, proof, note } = self;
        let origin = self.origin()?;
        if !keys.iter().any(|key| key.owns(&origin)) {
            return Err(Refusal::UnknownLog(origin));
        }
        let new = open_checkpoint(note, keys).map_err(Refusal::Unsigned)?;
        if *old > new.size {
            return Err(Refusal::Backwards { old: *old, size: new.size });
        }
        let (seen_size, seen_root) = seen.map_or((0, empty_root()), |seen| (seen.size, seen.root));
        if *old != seen_size || (*old == new.size && new.root != seen_root) {
            return Err(Refusal::Conflict { seen: seen_size });
        }
        if !verify_consistency(*old, &seen_root, new.size, &new.root, proof) {
            return Err(Refusal::Inconsistent(*old));
        }
        Ok(new)
    }
}
