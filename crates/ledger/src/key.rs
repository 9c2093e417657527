//! Ed25519 keys as C2SP note keys: one signs a state's checkpoints, the other is what verifiers pin.

use crate::error::brief;
use crate::handover::Handover;
use crate::note::{Checkpoint, NoteError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::{EncodePublicKey as _, spki::der::pem::LineEnding};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// The C2SP signature type of Ed25519 over the note's text.
const ED25519: u8 = 0x01;

/// Why a key cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The key's name is empty, too long, or has other than printable ASCII characters, a space or a plus.
    #[error("key name `{0}` is not 1 to 255 printable ASCII characters without spaces and `+`")]
    Name(String),
    /// The text is not of the form `name+id+base64`.
    #[error("`{0}` is not a verifier key of the form name+id+base64")]
    Form(String),
    /// The key is of another signature type than Ed25519, or a witness's key where a log's is needed, or the other way round.
    #[error("key `{0}` is not an Ed25519 key of the type needed here: those of logs and of witnesses differ")]
    Type(String),
    /// The id in the text is not the one its name and key give: it was mistyped or put together from two keys.
    #[error("key `{0}` does not have the id written beside it; copy the whole line again")]
    Id(String),
    /// The bytes are no point on the curve, or one that anybody can sign for.
    #[error("key `{0}` is not a usable Ed25519 public key")]
    Weak(String),
    /// The file is not one of keys.
    #[error("the key file {0}")]
    File(&'static str),
}

impl KeyError {
    /// The stable code of this error, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            KeyError::Name(_) => "key-name",
            KeyError::Form(_) => "key-form",
            KeyError::Type(_) => "key-type",
            KeyError::Id(_) => "key-id",
            KeyError::Weak(_) => "key-weak",
            KeyError::File(_) => "key-file",
        }
    }
}

/// The private key of one state directory. It signs checkpoints of that state's logs, and what [`export`](crate::export) writes.
///
/// Its `Debug` form does not show it, and its bytes are wiped when dropped.
pub struct SigningKey {
    name: String,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key called `name` (`lastlook/<state-id>`) with this 32-byte Ed25519 seed (RFC 8032 §5.1.5).
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<SigningKey, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        VerifierKey::new(name, secret.verifying_key())?;
        Ok(SigningKey { name: name.to_owned(), secret })
    }

    /// The public half, for others to pin.
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), public: self.secret.verifying_key(), ended: None }
    }

    /// The checkpoint as a C2SP signed note with this key's signature.
    ///
    /// Refused when the origin is not this key's name or below it (`name/…`): no verifier would accept it.
    pub fn sign_checkpoint(&self, checkpoint: &Checkpoint) -> Result<String, NoteError> {
        let text = checkpoint.text(&self.verifier())?;
        Ok(format!("{text}\n{}", self.verifier().line(&self.signature(text.as_bytes()))))
    }

    /// The Ed25519 signature over bytes of a form that no other form begins like.
    pub(crate) fn signature(&self, bytes: &[u8]) -> [u8; 64] {
        self.secret.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.name)
    }
}

/// A public key that verifiers pin, written `name+id+base64` (a C2SP verifier key).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    public: ed25519_dalek::VerifyingKey,
    /// The handover that ended it, where one is known.
    ended: Option<Arc<Handover>>,
}

impl VerifierKey {
    pub(crate) fn new(name: &str, public: ed25519_dalek::VerifyingKey) -> Result<VerifierKey, KeyError> {
        if !valid_name(name) {
            return Err(KeyError::Name(brief(name)));
        }
        if public.is_weak() {
            return Err(KeyError::Weak(name.to_owned()));
        }
        Ok(VerifierKey { name: name.to_owned(), public, ended: None })
    }

    /// The key's name, which its logs' origins begin with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The 32 bytes of the public key.
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// The first four bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key): tells keys apart, proves nothing.
    pub fn id(&self) -> [u8; 4] {
        id_of(ED25519, &self.name, &self.public)
    }

    /// The key as PEM: a SubjectPublicKeyInfo (RFC 8410), which every library of cryptography reads.
    pub fn to_pem(&self) -> String {
        // A public key of 32 bytes always has this form.
        self.public.to_public_key_pem(LineEnding::LF).unwrap_or_default()
    }

    /// Whether the two are one key, whatever is known of their end.
    pub fn is_same(&self, other: &VerifierKey) -> bool {
        self.name == other.name && self.public == other.public
    }

    /// The handover that ended it, where one is known: what it signed counts only as far as that says
    /// ([`follow`](crate::handover::follow)).
    pub fn ended(&self) -> Option<&Handover> {
        self.ended.as_deref()
    }

    pub(crate) fn ended_by(&self, handover: &Arc<Handover>) -> VerifierKey {
        VerifierKey { ended: Some(Arc::clone(handover)), ..self.clone() }
    }

    /// The signature line of a note: `— name base64(id ‖ signature)`.
    pub(crate) fn line(&self, signature: &[u8; 64]) -> String {
        let mut signed = self.id().to_vec();
        signed.extend(signature);
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(signed))
    }

    /// Whether a log with this origin is one this key may speak for: the key's name itself, or a path below it.
    pub fn owns(&self, origin: &str) -> bool {
        origin.strip_prefix(&self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether `signature` is this key's over `text`: strict Ed25519, so that one message has one signature.
    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8; 64]) -> bool {
        self.public.verify_strict(text, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&spell(ED25519, &self.name, &self.public))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<VerifierKey, KeyError> {
        let (name, public) = read(ED25519, text)?;
        VerifierKey::new(&name, public)
    }
}

/// The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), for a key of this signature type.
pub(crate) fn id_of(kind: u8, name: &str, public: &ed25519_dalek::VerifyingKey) -> [u8; 4] {
    let hash: [u8; 32] = Sha256::new()
        .chain_update(name.as_bytes())
        .chain_update([b'\n', kind])
        .chain_update(public.as_bytes())
        .finalize()
        .into();
    let [a, b, c, d, ..] = hash;
    [a, b, c, d]
}

/// The C2SP verifier key of this signature type: `name+id+base64`.
pub(crate) fn spell(kind: u8, name: &str, public: &ed25519_dalek::VerifyingKey) -> String {
    let mut key = vec![kind];
    key.extend(public.as_bytes());
    format!("{name}+{}+{}", hex::encode(id_of(kind, name, public)), STANDARD.encode(key))
}

/// Reads a C2SP verifier key of this signature type: its name and its public key.
pub(crate) fn read(kind: u8, text: &str) -> Result<(String, ed25519_dalek::VerifyingKey), KeyError> {
    let form = || KeyError::Form(brief(text));
    // The name has no plus; base64 may have some.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(form());
    };
    let key = STANDARD.decode(key).map_err(|_| form())?;
    let (found, public) = key.split_first().ok_or_else(form)?;
    if *found != kind {
        return Err(KeyError::Type(brief(name)));
    }
    let public: [u8; 32] = public.try_into().map_err(|_| form())?;
    let public = point(&public).ok_or_else(|| KeyError::Weak(brief(name)))?;
    let VerifierKey { name, public, .. } = VerifierKey::new(name, public)?;
    if hex::encode(id_of(kind, &name, &public)) != id {
        return Err(KeyError::Id(name));
    }
    Ok((name, public))
}

/// The largest key file that is read, in bytes: a few lines are usual.
pub const MAX_KEY_FILE_BYTES: usize = 1024 * 1024;

/// Reads a file of pinned keys: one a line; blank lines and lines that begin with `#` do not count. There is at least one.
pub fn parse_keys(file: &[u8]) -> Result<Vec<VerifierKey>, KeyError> {
    parse_lines(file)
}

/// Reads a file of keys of either type.
pub(crate) fn parse_lines<K: FromStr<Err = KeyError>>(file: &[u8]) -> Result<Vec<K>, KeyError> {
    if file.len() > MAX_KEY_FILE_BYTES {
        return Err(KeyError::File("is larger than 1 MiB"));
    }
    let text = std::str::from_utf8(file).map_err(|_| KeyError::File("is not UTF-8"))?;
    let lines = text.split('\n').map(|line| line.trim_matches([' ', '\t', '\r']));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys: Vec<K> = lines.map(str::parse).collect::<Result<_, _>>()?;
    if keys.is_empty() { Err(KeyError::File("holds no key")) } else { Ok(keys) }
}

/// The point that these bytes spell, in its one spelling: RFC 8032 §5.1.3 has no other, and the library takes some.
pub(crate) fn point(bytes: &[u8; 32]) -> Option<ed25519_dalek::VerifyingKey> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).ok()?;
    (key.to_edwards().compress().as_bytes() == bytes).then_some(key)
}

/// Whether `name` may name a key or a log: C2SP's rule, narrowed to printable ASCII of bounded length.
pub(crate) fn valid_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+')
}
