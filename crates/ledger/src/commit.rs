//! Salted commitments: an entry proves a value without holding it.
//!
//! Values (arguments, *was*, *now*, answers) stay beside the log and may be deleted; the entry holds only commitments. The salt
//! keeps somebody who has the entry from finding a value by trying likely ones. One seed per entry gives every salt of it, and
//! giving away one salt says nothing of the others.

#[cfg(test)]
mod tests;

use crate::entry::View;
use hmac::{Hmac, KeyInit, Mac};
use lastlook_canon::{Digest, Json};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt;

/// Domain of [`Salt::derive`]; the label follows it.
const SALT_DOMAIN: &[u8] = b"lastlook/salt/v1\0";
/// Domain of [`Commitment::of`].
const COMMITMENT_DOMAIN: &str = "lastlook/commitment/v1";
/// How a commitment is written: `sha256:` and 64 lower-case hexadecimal digits.
const PREFIX: &str = "sha256:";

/// The 32 secret bytes that one value is committed with.
///
/// Its `Debug` form does not show them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// The salt of the value that stands at `label` in the entry with this `seed`:
    /// HMAC-SHA-256(seed, `"lastlook/salt/v1\0"` ‖ label).
    ///
    /// The seed must be 32 random bytes, made for this one entry and used for no other. The label is the path of the commitment
    /// in the entry's body, like `facts/0/was`.
    pub fn derive(seed: &[u8; 32], label: &str) -> Salt {
        // A whole block is a key that cannot be refused; RFC 2104 §2 pads shorter ones with zeros just so.
        let mut key = [0; 64];
        key.iter_mut().zip(seed).for_each(|(slot, byte)| *slot = *byte);
        let mac = <Hmac<Sha256> as KeyInit>::new(&key.into());
        Salt(mac.chain_update(SALT_DOMAIN).chain_update(label.as_bytes()).finalize().into_bytes().into())
    }

    /// The salt with these bytes, as read from a receipt.
    pub const fn from_bytes(bytes: [u8; 32]) -> Salt {
        Salt(bytes)
    }

    /// The 32 bytes. Whoever has them can test guesses of the value.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// A commitment to a value: it hides the value from those without the salt, and only this value opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commitment(Digest);

impl Commitment {
    /// The commitment to `value` under `salt`: the domain-separated SHA-256 of both, `lastlook/commitment/v1`.
    pub fn of(salt: &Salt, value: &[u8]) -> Commitment {
        Commitment(Digest::of(COMMITMENT_DOMAIN, &[salt.as_bytes(), value]))
    }

    /// Whether this salt and value are the ones committed to.
    pub fn opens(&self, salt: &Salt, value: &[u8]) -> bool {
        *self == Commitment::of(salt, value)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// As it stands in an entry: `{"commitment":"sha256:HEX"}`.
    pub fn to_json(&self) -> Value {
        json!({ "commitment": self.to_string() })
    }

    /// Reads what [`to_json`](Commitment::to_json) wrote, and nothing looser: one member, lower-case digits.
    pub fn from_json(value: &Value) -> Option<Commitment> {
        Commitment::seen_in(value)
    }

    /// The same, of a value that was parsed strictly.
    pub fn from_canon(value: &Json) -> Option<Commitment> {
        let [(name, text)] = value.as_object()? else { return None };
        Commitment::from_text(text.as_str().filter(|_| name == "commitment")?)
    }

    /// The same, of a value wherever it stands.
    pub(crate) fn seen_in<'a>(value: impl View<'a>) -> Option<Commitment> {
        let text = value.member("commitment")?.text()?;
        Commitment::from_text(text).filter(|_| value.members() == 1)
    }

    fn from_text(text: &str) -> Option<Commitment> {
        Digest::from_hex(text.strip_prefix(PREFIX)?).map(Commitment)
    }
}

impl fmt::Display for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0.to_hex())
    }
}
