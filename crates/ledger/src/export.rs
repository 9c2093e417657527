//! A receipt that was verified, in forms that other people's tools read.
//!
//! Both forms are signed anew with the key of the state, over bytes that begin in another way than a checkpoint does (`DSSEv1 `,
//! a CBOR array), so that no signature stands for one of another form. Only what was [`Verified`] is signed. `spec/export.md`
//! says what is in them, and what they prove.

mod cose;
mod dsse;

use thiserror::Error;

pub use cose::cose;
pub use dsse::{dsse, key_id};

use crate::key::VerifierKey;
use crate::receipt::Verified;
use crate::sign::SignError;

/// Why a receipt cannot be written in another form.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExportError {
    /// The receipt's log is not one that this key speaks for.
    #[error("log `{origin}` is not one of key `{key}`")]
    OtherKey {
        /// The log.
        origin: String,
        /// The key's name.
        key: String,
    },
    /// The form cannot hold it.
    #[error("it cannot be written: {0}")]
    Form(String),
    /// Whoever holds the key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Whether `key` may speak for the log of what was verified.
fn owned(verified: &Verified, key: &VerifierKey) -> Result<(), ExportError> {
    let origin = &verified.entry.origin;
    match key.owns(origin) {
        true => Ok(()),
        false => Err(ExportError::OtherKey { origin: origin.clone(), key: key.name().to_owned() }),
    }
}
