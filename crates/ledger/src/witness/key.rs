//! A witness's Ed25519 key, as a C2SP note key of type 0x04: timestamped cosignatures.

use crate::key::{KeyError, VerifierKey, id_of, parse_lines, read, spell};
use crate::note::{Note, NoteError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use std::fmt;
use std::str::FromStr;

/// The C2SP signature type of Ed25519 cosignatures.
const COSIGNATURE: u8 = 0x04;
/// The latest time a cosignature may bear.
const LATEST: u64 = i64::MAX as u64;

/// A witness's public key, written `name+id+base64` (a C2SP verifier key of type 0x04).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    public: ed25519_dalek::VerifyingKey,
}

impl WitnessKey {
    /// The witness's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the public key.
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x04 ‖ public key): tells keys apart, proves nothing.
    pub fn id(&self) -> [u8; 4] {
        id_of(COSIGNATURE, &self.name, &self.public)
    }

    /// When this key cosigned `text`, in seconds since the Unix epoch; nothing if these bytes are not its cosignature of it.
    pub(super) fn cosigned(&self, text: &str, bytes: &[u8]) -> Option<u64> {
        let (time, signature) = bytes.split_first_chunk::<8>()?;
        let signature: &[u8; 64] = signature.try_into().ok()?;
        let time_s = u64::from_be_bytes(*time);
        let signed = message(text, time_s);
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        let holds = self.public.verify_strict(signed.as_bytes(), &signature).is_ok();
        (time_s <= LATEST && holds).then_some(time_s)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spell(COSIGNATURE, &self.name, &self.public))
    }
}

impl FromStr for WitnessKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<WitnessKey, KeyError> {
        let (name, public) = read(COSIGNATURE, text)?;
        Ok(WitnessKey { name, public })
    }
}

/// Reads a file of witnesses' keys; the form is that of [`parse_keys`](crate::parse_keys).
pub fn parse_witnesses(file: &[u8]) -> Result<Vec<WitnessKey>, KeyError> {
    parse_lines(file)
}

/// What is signed: a header line, the time, and the checkpoint's text.
fn message(text: &str, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}

/// A witness's private key. It cosigns checkpoints and nothing else.
///
/// Its `Debug` form does not show it, and its bytes are wiped when dropped.
pub struct CosigningKey {
    name: String,
    secret: ed25519_dalek::SigningKey,
}

impl CosigningKey {
    /// The key of the witness called `name` with this 32-byte Ed25519 seed (RFC 8032 §5.1.5).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<CosigningKey, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        VerifierKey::new(name, secret.verifying_key())?;
        Ok(CosigningKey { name: name.to_owned(), secret })
    }

    /// The public half, for others to pin.
    pub fn verifier(&self) -> WitnessKey {
        WitnessKey { name: self.name.clone(), public: self.secret.verifying_key() }
    }

    /// The cosignature line for a checkpoint: `— name base64(id ‖ time ‖ signature)`, ended by a newline.
    ///
    /// Whether the checkpoint may be cosigned is [`AddCheckpoint::judge`](super::AddCheckpoint::judge)'s to say. `time_s` is the
    /// present, in seconds since the Unix epoch.
    pub fn cosign(&self, note: &str, time_s: u64) -> Result<String, NoteError> {
        let Note { text, .. } = Note::read(note)?;
        let time_s = time_s.min(LATEST);
        let mut blob = self.verifier().id().to_vec();
        blob.extend(time_s.to_be_bytes());
        blob.extend(self.secret.sign(message(text, time_s).as_bytes()).to_bytes());
        Ok(format!("\u{2014} {} {}\n", self.name, STANDARD.encode(blob)))
    }
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({}, …)", self.name)
    }
}
