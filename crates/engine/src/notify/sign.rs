//! Signatures by the Standard Webhooks scheme, so that receivers verify with a library they have.
//!
//! Source: Standard Webhooks specification 1.0.0, "Signature scheme", symmetric (`v1`).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// How a key begins when it is written down.
const PREFIX: &str = "whsec_";

/// A key that messages are signed with: 24 to 64 bytes.
pub struct SigningKey(Zeroizing<Vec<u8>>);

/// Why a text is no such key. Holds nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not `whsec_` and the base64 of 24 to 64 bytes")]
pub struct KeyProblem;

impl fmt::Debug for SigningKey {
    /// Never the key.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SigningKey(***)")
    }
}

impl SigningKey {
    /// Reads `whsec_…`.
    ///
    /// # Errors
    ///
    /// It does not begin so, is no base64, or too short or long.
    pub fn parse(text: &str) -> Result<SigningKey, KeyProblem> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(KeyProblem)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| KeyProblem)?);
        match bytes.len() {
            24..=64 => Ok(SigningKey(bytes)),
            _ => Err(KeyProblem),
        }
    }

    /// The three headers that prove who sent `body`, and when: seconds since the Unix epoch.
    pub fn headers(&self, id: &str, seconds: i64, body: &str) -> [(&'static str, String); 3] {
        // A whole block is a key that cannot be refused; RFC 2104 §2 pads shorter ones with zeros just so.
        let mut key = Zeroizing::new([0; 64]);
        key.iter_mut().zip(&*self.0).for_each(|(slot, byte)| *slot = *byte);
        let mac = Hmac::<Sha256>::new((&*key).into());
        let signed = format!("{id}.{seconds}.{body}");
        let signature = STANDARD.encode(mac.chain_update(signed.as_bytes()).finalize().into_bytes());
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", format!("v1,{signature}")),
        ]
    }
}
