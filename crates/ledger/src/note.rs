//! Checkpoints: a log's origin, size and root, signed as a C2SP note.
//!
//! Formats: <https://c2sp.org/signed-note> and <https://c2sp.org/tlog-checkpoint>. Signature lines of unknown keys and extension
//! lines are passed over, which is the room witnesses need.

#[cfg(test)]
mod tests;

use crate::key::{VerifierKey, valid_name};
use crate::tree::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;

/// The largest note that is looked at, in bytes: room for sixteen post-quantum cosignatures, as C2SP asks.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;
/// The most signature lines that are looked at.
pub const MAX_SIGNATURES: usize = 64;

/// How a log stands at one moment: which log, how many entries, and the root of its hash tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: `lastlook/<state-id>/<writer>`.
    pub origin: String,
    /// How many entries the log has.
    pub size: u64,
    /// The root over their leaf hashes.
    pub root: Hash,
}

/// Why a note is not a checkpoint that a pinned key vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NoteError {
    /// The note is not in the form that C2SP gives signed notes and checkpoints.
    #[error("checkpoint is malformed: {0}")]
    Malformed(&'static str),
    /// The note has no signature line.
    #[error("checkpoint is not signed")]
    Unsigned,
    /// No signature is by a pinned key.
    #[error("checkpoint of log `{origin}` is signed by none of the pinned keys")]
    UnknownKey {
        /// The log that the note says it is of, unverified.
        origin: String,
    },
    /// A signature carries a pinned key's name and id, and is not its signature over this text.
    #[error("signature of key `{key}` does not fit the checkpoint: it was altered, or signed by another key")]
    BadSignature {
        /// The pinned key's name.
        key: String,
    },
    /// The key is pinned for other logs.
    #[error("key `{key}` does not speak for log `{origin}`")]
    ForeignOrigin {
        /// The pinned key's name.
        key: String,
        /// The log that the note is of.
        origin: String,
    },
    /// The key was handed over before it can have signed this.
    #[error(
        "key `{key}` was handed over when log `{origin}` had {size} entries, and did not sign this before"
    )]
    KeyEnded {
        /// The key that ended.
        key: String,
        /// The log that the note is of.
        origin: String,
        /// How many entries the log had at the handover.
        size: u64,
    },
    /// The key was declared compromised: what it signed may be anybody's word.
    #[error(
        "key `{key}` was declared compromised; its signature counts for nothing but what its successor confirmed"
    )]
    KeyCompromised {
        /// The key that is compromised.
        key: String,
    },
    /// A cosignature carries a pinned witness's name and id, and is not its cosignature of this text.
    #[error(
        "cosignature of witness `{witness}` does not fit the checkpoint: it was altered, or is by another key"
    )]
    BadCosignature {
        /// The pinned witness's name.
        witness: String,
    },
    /// Fewer of the pinned witnesses have cosigned the checkpoint than were asked for.
    #[error(
        "checkpoint of log `{origin}`, size {size}, is cosigned by {found} of the pinned witnesses; {quorum} are needed"
    )]
    NotWitnessed {
        /// The log that the note is of.
        origin: String,
        /// How many entries it covers.
        size: u64,
        /// How many distinct witnesses have cosigned it.
        found: usize,
        /// How many must have.
        quorum: usize,
    },
}

impl NoteError {
    /// The stable code of this error, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            NoteError::Malformed(_) => "checkpoint-malformed",
            NoteError::Unsigned => "checkpoint-unsigned",
            NoteError::UnknownKey { .. } => "checkpoint-unknown-key",
            NoteError::BadSignature { .. } => "checkpoint-bad-signature",
            NoteError::ForeignOrigin { .. } => "checkpoint-foreign-origin",
            NoteError::KeyEnded { .. } => "checkpoint-key-ended",
            NoteError::KeyCompromised { .. } => "checkpoint-key-compromised",
            NoteError::BadCosignature { .. } => "checkpoint-bad-cosignature",
            NoteError::NotWitnessed { .. } => "checkpoint-not-witnessed",
        }
    }
}

impl Checkpoint {
    /// The text that is signed, when `key` may sign it.
    pub(crate) fn text(&self, key: &VerifierKey) -> Result<String, NoteError> {
        if !valid_name(&self.origin) {
            return Err(NoteError::Malformed("its origin is not a name"));
        }
        if !key.owns(&self.origin) {
            return Err(NoteError::ForeignOrigin { key: key.name().to_owned(), origin: self.origin.clone() });
        }
        Ok(format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root.as_bytes())))
    }

    /// Reads the note text: origin, size, root, and extension lines that are passed over.
    fn parse(text: &str) -> Result<Checkpoint, NoteError> {
        let body = text.strip_suffix('\n').ok_or(NoteError::Malformed("its text has no final newline"))?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(NoteError::Malformed("it has fewer than three lines"));
        };
        if !valid_name(origin) {
            return Err(NoteError::Malformed("its origin is not a name"));
        }
        if lines.any(str::is_empty) {
            return Err(NoteError::Malformed("it has an empty extension line"));
        }
        let size = decimal(size).ok_or(NoteError::Malformed("its size is not a plain decimal number"))?;
        let root = STANDARD.decode(root).ok().and_then(|root| Hash::from_slice(&root));
        let root = root.ok_or(NoteError::Malformed("its root is not the base64 of 32 bytes"))?;
        Ok(Checkpoint { origin: origin.to_owned(), size, root })
    }
}

/// Reads a signed note and gives the checkpoint when a pinned key vouches for it.
///
/// At least one pinned key must have signed, every signature that carries a pinned key's name and id must hold, and each of
/// those keys must speak for the log ([`VerifierKey::owns`]). Signatures of other keys are ignored, as C2SP demands.
pub fn open_checkpoint(note: &str, keys: &[VerifierKey]) -> Result<Checkpoint, NoteError> {
    let Note { text, checkpoint, signatures } = Note::read(note)?;
    let mut vouched = false;
    for signature in signatures {
        let Some(key) = keys.iter().find(|key| signature.names(key)) else {
            continue;
        };
        if !signature.holds(key, text) {
            return Err(NoteError::BadSignature { key: key.name().to_owned() });
        }
        if !key.owns(&checkpoint.origin) {
            return Err(NoteError::ForeignOrigin { key: key.name().to_owned(), origin: checkpoint.origin });
        }
        if let Some(handover) = key.ended() {
            handover.covers(&checkpoint)?;
        }
        vouched = true;
    }
    if vouched { Ok(checkpoint) } else { Err(NoteError::UnknownKey { origin: checkpoint.origin }) }
}

/// A signed note that was read and not verified.
pub(crate) struct Note<'a> {
    /// What is signed.
    pub(crate) text: &'a str,
    /// What the text says.
    pub(crate) checkpoint: Checkpoint,
    /// Who is said to have signed it.
    pub(crate) signatures: Vec<Signature<'a>>,
}

impl<'a> Note<'a> {
    /// Reads a note as far as that goes without keys.
    pub(crate) fn read(note: &'a str) -> Result<Note<'a>, NoteError> {
        if note.len() > MAX_NOTE_BYTES {
            return Err(NoteError::Malformed("it is larger than 256 KiB"));
        }
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Malformed("it has control characters"));
        }
        if !note.split('\n').any(|line| line.starts_with("\u{2014} ")) {
            return Err(NoteError::Unsigned);
        }
        let (body, lines) = note
            .rsplit_once("\n\n")
            .ok_or(NoteError::Malformed("it has no blank line before the signatures"))?;
        let text = note.get(..body.len() + 1).ok_or(NoteError::Malformed("it has no text"))?;
        Ok(Note { text, checkpoint: Checkpoint::parse(text)?, signatures: signatures(lines)? })
    }
}

/// One signature line: `— name base64(id ‖ signature)`.
pub(crate) struct Signature<'a> {
    pub(crate) name: &'a str,
    pub(crate) id: [u8; 4],
    pub(crate) bytes: Vec<u8>,
}

impl Signature<'_> {
    /// Whether it says that it is this key's.
    pub(crate) fn names(&self, key: &VerifierKey) -> bool {
        key.name() == self.name && key.id() == self.id
    }

    /// Whether it is this key's over `text`.
    pub(crate) fn holds(&self, key: &VerifierKey, text: &str) -> bool {
        <&[u8; 64]>::try_from(self.bytes.as_slice()).is_ok_and(|it| key.verifies(text.as_bytes(), it))
    }
}

/// Reads the lines after the empty one.
pub(crate) fn signatures(lines: &str) -> Result<Vec<Signature<'_>>, NoteError> {
    let lines =
        lines.strip_suffix('\n').ok_or(NoteError::Malformed("its last signature line is not ended"))?;
    if lines.split('\n').count() > MAX_SIGNATURES {
        return Err(NoteError::Malformed("it has more than 64 signatures"));
    }
    lines
        .split('\n')
        .map(|line| signature(line).ok_or(NoteError::Malformed("a signature line is not in form")))
        .collect()
}

fn signature(line: &str) -> Option<Signature<'_>> {
    let (name, bytes) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(bytes).ok()?;
    let (id, bytes) = bytes.split_first_chunk::<4>()?;
    let sound =
        !bytes.is_empty() && !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+');
    sound.then(|| Signature { name, id: *id, bytes: bytes.to_vec() })
}

/// Reads a decimal number in its one spelling: digits only, no leading zero.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}
