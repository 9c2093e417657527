//! Signing, whoever holds the key: a file, a token or a service elsewhere.

use crate::key::{SigningKey, VerifierKey};
use crate::note::{Checkpoint, NoteError};
use std::fmt;
use thiserror::Error;

/// What signs a state's checkpoints and handovers, and receipts in forms of others ([`export`](crate::export)).
///
/// A key in a file ([`SigningKey`]) is the first of its kind; a PKCS#11 token or a key management service needs these two
/// answers and no more. Signing may take a while, and may fail: then nothing is recorded, and nothing armed.
pub trait Signer: fmt::Debug + Send + Sync {
    /// The key's name and public half. It is asked often, and never changes.
    fn verifier(&self) -> VerifierKey;

    /// The 64 bytes of the Ed25519 signature (RFC 8032 §5.1.6) over these bytes.
    ///
    /// # Errors
    ///
    /// It could not, or would not, sign.
    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignError>;
}

impl Signer for SigningKey {
    fn verifier(&self) -> VerifierKey {
        SigningKey::verifier(self)
    }

    fn sign(&self, bytes: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.signature(bytes))
    }
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignError {
    /// Whoever holds the key did not sign.
    #[error("the key `{key}` did not sign: {why}")]
    Refused {
        /// The key's name.
        key: String,
        /// What it said.
        why: String,
    },
    /// What it gave is not its signature over these bytes: nobody could verify it.
    #[error("the key `{key}` gave a signature that does not verify")]
    Wrong {
        /// The key's name.
        key: String,
    },
    /// The checkpoint is none that this key may sign.
    #[error(transparent)]
    Note(#[from] NoteError),
}

impl SignError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            SignError::Refused { .. } | SignError::Wrong { .. } => "signing-failed",
            SignError::Note(error) => error.code(),
        }
    }
}

/// The checkpoint as a C2SP signed note with the signer's signature.
///
/// # Errors
///
/// The origin is not one the key speaks for, or there is no signature that verifies.
pub fn sign_checkpoint(signer: &dyn Signer, checkpoint: &Checkpoint) -> Result<String, SignError> {
    let text = checkpoint.text(&signer.verifier())?;
    Ok(format!("{text}\n{}", signature_line(signer, &text)?))
}

/// The checkpoint with the signatures of several, in this order.
///
/// # Errors
///
/// Those of [`sign_checkpoint`], of the first signer that has one.
pub fn cosign_checkpoint(signers: &[&dyn Signer], checkpoint: &Checkpoint) -> Result<String, SignError> {
    let mut note = String::new();
    for signer in signers {
        let text = checkpoint.text(&signer.verifier())?;
        if note.is_empty() {
            note = format!("{text}\n");
        }
        note.push_str(&signature_line(*signer, &text)?);
    }
    Ok(note)
}

/// The signature line for a note's text.
pub(crate) fn signature_line(signer: &dyn Signer, text: &str) -> Result<String, SignError> {
    Ok(signer.verifier().line(&signature(signer, text.as_bytes())?))
}

/// The signature over bytes of a form that no other form begins like.
///
/// INVARIANT(signed): what leaves here verifies. A token or a service may answer anything, and what was recorded under a
/// wrong signature could never be proven.
pub(crate) fn signature(signer: &dyn Signer, bytes: &[u8]) -> Result<[u8; 64], SignError> {
    let key = signer.verifier();
    let signature = signer.sign(bytes)?;
    match key.verifies(bytes, &signature) {
        true => Ok(signature),
        false => Err(SignError::Wrong { key: key.name().to_owned() }),
    }
}
