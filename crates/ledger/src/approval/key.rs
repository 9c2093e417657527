//! An approver's own key pair: Ed25519, apart from the keys that sign checkpoints.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use lastlook_canon::Digest;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;

use crate::error::brief;
use crate::key::{KeyError, point};

/// The private key of one approver. It signs statements of approvers and nothing else.
///
/// Its `Debug` form does not show it, and its bytes are wiped when dropped.
pub struct ApproverKey(ed25519_dalek::SigningKey);

impl ApproverKey {
    /// The key with this 32-byte Ed25519 seed (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> ApproverKey {
        ApproverKey(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn public(&self) -> ApproverPublic {
        ApproverPublic(self.0.verifying_key())
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for ApproverKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApproverKey({}, …)", self.public())
    }
}

/// The public key of one approver, written as the base64 of its 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApproverPublic(ed25519_dalek::VerifyingKey);

impl ApproverPublic {
    /// The key with these bytes, if it is a point on the curve that not just anybody can sign for.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<ApproverPublic> {
        point(bytes).filter(|key| !key.is_weak()).map(ApproverPublic)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// What people compare: SHA-256 of the 32 bytes.
    pub fn fingerprint(&self) -> Digest {
        Digest::from_bytes(Sha256::digest(self.as_bytes()).into())
    }

    pub(super) fn verifies(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for ApproverPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.as_bytes()))
    }
}

impl FromStr for ApproverPublic {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<ApproverPublic, KeyError> {
        let bytes = STANDARD.decode(text).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let bytes = bytes.ok_or_else(|| KeyError::Form(brief(text)))?;
        ApproverPublic::from_bytes(&bytes).ok_or_else(|| KeyError::Weak(brief(text)))
    }
}
