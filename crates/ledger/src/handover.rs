//! Handovers: one key ends, the next begins, and both sign where that was.
//!
//! A handover is a C2SP signed note. Its text says why, when, the two keys, and how far every log went: what the old key
//! signed counts up to there, or, if it was compromised, not even that.

mod follow;
mod read;
#[cfg(test)]
mod tests;

use crate::error::brief;
use crate::key::{KeyError, VerifierKey};
use crate::note::{Checkpoint, NoteError};
use crate::sign::{SignError, Signer, signature_line};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use thiserror::Error;

pub use follow::follow;

/// The first line of a handover's text.
pub const FORMAT: &str = "lastlook-handover/v1";
/// The largest handover that is looked at, in bytes: room for some three thousand logs.
pub const MAX_HANDOVER_BYTES: usize = 256 * 1024;

/// Why a key ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It was replaced in good order: what it signed until then stands, and whoever trusts it may trust the next.
    Rotated,
    /// Somebody else may hold it: what it signed proves nothing by itself, and nobody follows it.
    Compromised,
}

impl Why {
    /// As handovers spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Rotated => "rotated",
            Why::Compromised => "compromised",
        }
    }
}

/// The end of one key of a state and the beginning of the next. One that was *read* is signed by both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Why.
    pub why: Why,
    /// When, in the form of entries' times.
    pub time: String,
    /// The key that ended.
    pub old: VerifierKey,
    /// The key that takes its place: of the same name.
    pub new: VerifierKey,
    /// How far each log went, in the order of their origins; a log that is not here had no entries.
    pub logs: Vec<Checkpoint>,
}

/// Why a handover is none, or cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HandoverError {
    /// It is not in form.
    #[error("handover is malformed: {0}")]
    Malformed(&'static str),
    /// It is of a format this version does not know.
    #[error("handover has format `{0}`; this version reads `{FORMAT}`")]
    Format(String),
    /// One of its keys is none.
    #[error("handover: {0}")]
    Key(#[from] KeyError),
    /// Its two keys cannot follow each other.
    #[error("handover is between keys of different names, or from a key to itself")]
    Keys,
    /// One of its two keys has not signed it.
    #[error("handover is not signed by `{0}`")]
    Unsigned(String),
    /// The signature of one of its keys is not over this text.
    #[error("signature of key `{0}` does not fit the handover: it was altered")]
    BadSignature(String),
    /// Two different handovers end one key: the state was restored from a back-up and handed over again, or somebody else
    /// holds the key.
    #[error("two different handovers end the key `{0}`: nobody can say which one is right; pin the new key")]
    Conflict(String),
}

impl HandoverError {
    /// The stable code of this error, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            HandoverError::Malformed(_) => "handover-malformed",
            HandoverError::Format(_) => "handover-format",
            HandoverError::Key(error) => error.code(),
            HandoverError::Keys => "handover-keys",
            HandoverError::Unsigned(_) => "handover-unsigned",
            HandoverError::BadSignature(_) => "handover-bad-signature",
            HandoverError::Conflict(_) => "handover-conflict",
        }
    }
}

impl Handover {
    /// The handover as a note signed by both keys, the old one first.
    ///
    /// # Errors
    ///
    /// One of the two does not sign.
    pub fn sign(&self, old: &dyn Signer, new: &dyn Signer) -> Result<String, SignError> {
        let text = self.text();
        Ok(format!("{text}\n{}{}", signature_line(old, &text)?, signature_line(new, &text)?))
    }

    /// Reads a note, and verifies both signatures. Whether anybody should believe either key is for [`follow`].
    ///
    /// # Errors
    ///
    /// The first check that fails, in the order of `spec/log.md`.
    pub fn open(note: &[u8]) -> Result<Handover, HandoverError> {
        read::open(note)
    }

    fn text(&self) -> String {
        let Handover { why, time, old, new, logs } = self;
        let mut text = format!("{FORMAT}\n{}\n{time}\n{old}\n{new}\n", why.as_str());
        for Checkpoint { origin, size, root } in logs {
            text.push_str(&format!("{origin} {size} {}\n", STANDARD.encode(root.as_bytes())));
        }
        text
    }

    /// How many entries a log had, and its root; nothing if it had none.
    fn head(&self, origin: &str) -> Option<&Checkpoint> {
        self.logs.iter().find(|log| log.origin == origin)
    }

    /// Whether the old key's signature on this checkpoint counts.
    pub(crate) fn covers(&self, checkpoint: &Checkpoint) -> Result<(), NoteError> {
        let head = self.head(&checkpoint.origin);
        let is_head = head == Some(checkpoint);
        if self.why == Why::Compromised {
            let compromised = NoteError::KeyCompromised { key: brief(self.old.name()) };
            return if is_head { Ok(()) } else { Err(compromised) };
        }
        let size = head.map_or(0, |head| head.size);
        if checkpoint.size < size || is_head {
            return Ok(());
        }
        let (key, origin) = (self.old.name().to_owned(), checkpoint.origin.clone());
        Err(NoteError::KeyEnded { key, origin, size })
    }
}
