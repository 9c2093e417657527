//! Ed25519 keys at rest, encrypted under a passphrase, as standard PKCS#8: the state's own key, and approvers'.
//!
//! Whoever can read the file still has to guess the passphrase, at the price of one scrypt each; that is why the cost has a
//! lower bound.
//!
//! Formats: PKCS#8 (RFC 5958) in PEM (RFC 7468), PBES2 (RFC 8018) with scrypt (RFC 7914) and AES-256-CBC.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Parameters};
use pkcs8::{
    DecodePrivateKey as _, EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
    SecretDocument,
};
use zeroize::Zeroizing;

/// The fewest characters of a passphrase.
pub const SHORTEST_PASSPHRASE: usize = 8;
/// The most bytes of a passphrase, and of the file that it may stand in.
const LONGEST_PASSPHRASE: usize = 4096;
/// What one guess must cost at least, as N·r of scrypt: 128 MiB (OWASP's recommendation, N = 2^17 and r = 8).
const CHEAPEST: u64 = 8 << 17;
/// And at most: 1 GiB, or a damaged file would take all memory.
const DEAREST: u64 = 8 << 20;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// What protects a key. It is not shown, and its bytes are wiped when dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

/// Why there is no passphrase. No message says anything about the passphrase itself.
#[derive(Debug, thiserror::Error)]
pub enum PassphraseError {
    /// It is empty.
    #[error("the passphrase is empty")]
    Empty,
    /// It is short.
    #[error("the passphrase has fewer than {SHORTEST_PASSPHRASE} characters")]
    Short,
    /// It is too long.
    #[error("the passphrase is longer than 4096 bytes")]
    Long,
    /// The file does not begin with a line of text.
    #[error("the first line of `{0}` is not text")]
    NotText(PathBuf),
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// Whoever was asked did not say.
    #[error("{0}")]
    Asked(String),
}

/// Why a file that only its owner may know cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    /// There is no such file.
    #[error("there is no file `{0}`")]
    Missing(PathBuf),
    /// Others than the owner can read it.
    #[error("`{path}` can be read or written by others (mode {mode:03o})")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It belongs to another user.
    #[error("`{0}` belongs to another user")]
    NotYours(PathBuf),
    /// The system did not do it.
    #[error("cannot read `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Passphrase {
    /// A passphrase of at least [`SHORTEST_PASSPHRASE`] characters.
    pub fn new(text: Zeroizing<String>) -> Result<Passphrase, PassphraseError> {
        match text.chars().count() {
            0 => Err(PassphraseError::Empty),
            short if short < SHORTEST_PASSPHRASE => Err(PassphraseError::Short),
            _ if text.len() > LONGEST_PASSPHRASE => Err(PassphraseError::Long),
            _ => Ok(Passphrase(text)),
        }
    }

    /// The first line of a file that nobody else can read.
    pub fn from_file(path: &Path) -> Result<Passphrase, PassphraseError> {
        let bytes = read_private(path, LONGEST_PASSPHRASE as u64 + 2)?;
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|_| PassphraseError::NotText(path.to_owned()))?;
        Passphrase::new(Zeroizing::new(text.to_owned()))
    }

    /// Whether somebody typed the same one.
    pub fn is(&self, other: &Passphrase) -> bool {
        self.0 == other.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// A key that was encrypted, and found sound before anybody is asked for its passphrase.
pub struct SealedSeed(SecretDocument);

impl std::fmt::Debug for SealedSeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedSeed(…)")
    }
}

impl SealedSeed {
    /// Reads PEM, if opening it costs what it should; else says what is wrong with it.
    pub fn from_pem(text: &str) -> Result<SealedSeed, &'static str> {
        let (label, document) = SecretDocument::from_pem(text.trim()).map_err(|_| "it is not PEM")?;
        if label != LABEL {
            return Err("it is no encrypted private key");
        }
        let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
        let encrypted = encrypted.map_err(|_| "it is no encrypted PKCS#8 key")?;
        costs_enough(encrypted.encryption_algorithm.pbes2().ok_or("its encryption is not PBES2")?)?;
        Ok(SealedSeed(document))
    }

    /// The seed in it, unless the passphrase is wrong: without a checksum of its own, that shows as bytes that make no sense.
    pub fn open(&self, passphrase: &Passphrase) -> Option<Zeroizing<[u8; 32]>> {
        let key = SigningKey::from_pkcs8_encrypted_der(self.0.as_bytes(), passphrase.0.as_bytes()).ok()?;
        Some(Zeroizing::new(key.to_bytes()))
    }
}

/// The seed encrypted, as PEM; salt and initialization vector are random bytes used for nothing else.
pub fn seal(
    seed: &[u8; 32],
    passphrase: &Passphrase,
    salt: &[u8; 16],
    iv: [u8; 16],
) -> Result<Zeroizing<String>, String> {
    let pem = || {
        let plain = SigningKey::from_bytes(seed).to_pkcs8_der()?;
        // The default is OWASP's recommendation.
        let parameters = Parameters::generate_scrypt_aes256cbc(Default::default(), salt, iv)?;
        let plain = PrivateKeyInfoRef::try_from(plain.as_bytes())?;
        Ok(plain.encrypt_with_params(parameters, passphrase.0.as_bytes())?.to_pem(LABEL, LineEnding::LF)?)
    };
    pem().map_err(|error: pkcs8::Error| error.to_string())
}

fn costs_enough(parameters: &Parameters) -> Result<(), &'static str> {
    let Some(scrypt) = parameters.kdf.scrypt() else {
        return Err("its passphrase is not stretched with scrypt");
    };
    let cost = scrypt.cost_parameter.saturating_mul(scrypt.block_size.into());
    match parameters.encryption {
        EncryptionScheme::Aes256Cbc { .. } => {}
        _ => return Err("its encryption is not AES-256-CBC"),
    }
    if cost < CHEAPEST {
        return Err("guessing its passphrase is too cheap: scrypt's N times r is below 2^20");
    }
    if cost > DEAREST || scrypt.parallelization > 16 || !scrypt.cost_parameter.is_power_of_two() {
        return Err("reading it would take too much memory or time: scrypt's cost is out of bounds");
    }
    Ok(())
}

/// A file's bytes, if its owner is who runs this, and nobody else can read it.
pub fn read_private(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, PrivateFileError> {
    let io = |source| PrivateFileError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => PrivateFileError::Missing(path.to_owned()),
        _ => io(source),
    })?;
    // Of the file that is open, not of whatever has this name by now.
    let meta = file.metadata().map_err(io)?;
    if meta.mode() & 0o077 != 0 {
        return Err(PrivateFileError::Exposed { path: path.to_owned(), mode: meta.mode() & 0o777 });
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(PrivateFileError::NotYours(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(most).unwrap_or_default()));
    file.take(most).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}
