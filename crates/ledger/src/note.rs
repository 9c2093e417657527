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
    if note.len() > MAX_NOTE_BYTES {
        return Err(NoteError::Malformed("it is larger than 256 KiB"));
    }
    if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Malformed("it has control characters"));
    }
    if !note.split('\n').any(|line| line.starts_with("\u{2014} ")) {
        return Err(NoteError::Unsigned);
    }
    let (body, lines) =
        note.rsplit_once("\n\n").ok_or(NoteError::Malformed("it has no blank line before the signatures"))?;
    let text = note.get(..body.len() + 1).ok_or(NoteError::Malformed("it has no text"))?;
    let checkpoint = Checkpoint::parse(text)?;
    let mut vouched = false;
    for signature in signatures(lines)? {
        let Some(key) = keys.iter().find(|key| key.name() == signature.name && key.id() == signature.id)
        else {
            continue;
        };
        let holds = <&[u8; 64]>::try_from(signature.bytes.as_slice())
            .is_ok_and(|it| key.verifies(text.as_bytes(), it));
        if !holds {
            return Err(NoteError::BadSignature { key: key.name().to_owned() });
        }
        if !key.owns(&checkpoint.origin) {
            return Err(NoteError::ForeignOrigin { key: key.name().to_owned(), origin: checkpoint.origin });
        }
        vouched = true;
    }
    if vouched { Ok(checkpoint) } else { Err(NoteError::UnknownKey { origin: checkpoint.origin }) }
}

/// One signature line: `— name base64(id ‖ signature)`.
struct Signature<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

fn signatures(lines: &str) -> Result<Vec<Signature<'_>>, NoteError> {
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
fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain.then(|| text.parse().ok())?
}
