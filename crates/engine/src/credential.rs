//! An approver's key file: Ed25519, encrypted under a passphrase, as standard PKCS#8.
//!
//! Whoever can read the file, an agent with a shell under the same user id for one, still has to guess the passphrase, at
//! the price of one scrypt each. That is why the cost has a lower bound, and why there is no way to keep a key without a
//! passphrase.
//!
//! Formats: PKCS#8 (RFC 5958) in PEM (RFC 7468), PBES2 (RFC 8018) with scrypt (RFC 7914) and AES-256-CBC.

mod error;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use lastlook_ledger::approval::ApproverKey;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Parameters};
use pkcs8::{
    DecodePrivateKey as _, EncodePrivateKey as _, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef,
    SecretDocument,
};
use zeroize::Zeroizing;

use crate::approvers::Approver;
use crate::ids;

pub use error::CredentialError;

/// The fewest characters of a passphrase.
pub const SHORTEST_PASSPHRASE: usize = 8;
/// The most bytes of a passphrase, and of the file that it may stand in.
const LONGEST_PASSPHRASE: usize = 4096;
/// The most bytes of a key file: ours have about 400.
const LARGEST_FILE: u64 = 16 * 1024;
/// What one guess must cost at least, as N·r of scrypt: 128 MiB (OWASP's recommendation, N = 2^17 and r = 8).
const CHEAPEST: u64 = 8 << 17;
/// And at most: 1 GiB, or a damaged file would take all memory.
const DEAREST: u64 = 8 << 20;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// What protects a key file. It is not shown, and its bytes are wiped when dropped.
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase of at least [`SHORTEST_PASSPHRASE`] characters.
    pub fn new(text: Zeroizing<String>) -> Result<Passphrase, CredentialError> {
        match text.chars().count() {
            0 => Err(CredentialError::NoPassphrase),
            short if short < SHORTEST_PASSPHRASE => Err(CredentialError::ShortPassphrase),
            _ if text.len() > LONGEST_PASSPHRASE => Err(CredentialError::LongPassphrase),
            _ => Ok(Passphrase(text)),
        }
    }

    /// The first line of a file that nobody else can read.
    pub fn from_file(path: &Path) -> Result<Passphrase, CredentialError> {
        let bytes = read_private(path, LONGEST_PASSPHRASE as u64 + 2)?;
        let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = std::str::from_utf8(line).map_err(|_| CredentialError::NotText(path.to_owned()))?;
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

/// Where the key file of this approver usually is: `$XDG_CONFIG_HOME/lastlook/approvers/NAME.pem`, or below `~/.config`;
/// nothing when there is neither.
///
/// The name must be an approver's: those can be no path. Source: XDG Base Directory Specification 0.8.
pub fn usual_file(name: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .map(|folder| folder.join("lastlook/approvers").join(format!("{name}.pem")))
}

/// Draws a key, and keeps it in a new file of the owner's, whole and durable.
///
/// # Errors
///
/// There is a file already, or it cannot be written.
pub fn create(path: &Path, passphrase: &Passphrase) -> Result<ApproverKey, CredentialError> {
    let seed = Zeroizing::new(random::<32>()?);
    let pem = encrypt(&SigningKey::from_bytes(&seed), passphrase)?;
    write_new(path, pem.as_bytes()).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => CredentialError::Exists(path.to_owned()),
        _ => CredentialError::Io { doing: "write", path: path.to_owned(), source },
    })?;
    // INVARIANT(key): what was written can be read back, before anybody is told that this is their key.
    let read = unlock(path, passphrase)?;
    match read.public() == ApproverKey::from_seed(&seed).public() {
        true => Ok(read),
        false => Err(CredentialError::Damaged {
            path: path.to_owned(),
            what: "it was altered while it was written",
        }),
    }
}

/// Reads a key file with its passphrase: [`Sealed::read`] and [`Sealed::open`].
///
/// # Errors
///
/// Those of both.
pub fn unlock(path: &Path, passphrase: &Passphrase) -> Result<ApproverKey, CredentialError> {
    Sealed::read(path)?.open(passphrase)
}

/// A key file that was found sound, before anybody is asked for its passphrase.
pub struct Sealed {
    path: PathBuf,
    document: SecretDocument,
}

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Sealed {
    /// Reads a key file.
    ///
    /// # Errors
    ///
    /// Others can read the file, or it is none.
    pub fn read(path: &Path) -> Result<Sealed, CredentialError> {
        let bytes = read_private(path, LARGEST_FILE)?;
        let document = document(&bytes);
        let document = document.map_err(|what| CredentialError::Damaged { path: path.to_owned(), what })?;
        Ok(Sealed { path: path.to_owned(), document })
    }

    /// The key in it.
    ///
    /// # Errors
    ///
    /// The passphrase is wrong: without a checksum of its own, that shows as bytes that make no sense.
    pub fn open(&self, passphrase: &Passphrase) -> Result<ApproverKey, CredentialError> {
        let key = SigningKey::from_pkcs8_encrypted_der(self.document.as_bytes(), passphrase.0.as_bytes());
        let key = key.map_err(|_| CredentialError::WrongPassphrase(self.path.clone()))?;
        Ok(ApproverKey::from_seed(&Zeroizing::new(key.to_bytes())))
    }

    /// The key in it, if it is the one that this approver has on record.
    ///
    /// # Errors
    ///
    /// The passphrase is wrong, or the key is another.
    pub fn open_as(
        &self,
        approver: &Approver,
        passphrase: &Passphrase,
    ) -> Result<ApproverKey, CredentialError> {
        let key = self.open(passphrase)?;
        if key.public() == approver.key {
            return Ok(key);
        }
        Err(CredentialError::OtherKey {
            path: self.path.clone(),
            name: approver.name.clone(),
            found: key.public().fingerprint(),
            known: approver.key.fingerprint(),
        })
    }
}

/// The encrypted key in a file's text, if reading it costs what it should.
fn document(bytes: &[u8]) -> Result<SecretDocument, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not text")?;
    let (label, document) = SecretDocument::from_pem(text.trim()).map_err(|_| "it is not PEM")?;
    if label != LABEL {
        return Err("it is no encrypted private key");
    }
    let encrypted = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
    let encrypted = encrypted.map_err(|_| "it is no encrypted PKCS#8 key")?;
    costs_enough(encrypted.encryption_algorithm.pbes2().ok_or("its encryption is not PBES2")?)?;
    Ok(document)
}

fn encrypt(key: &SigningKey, passphrase: &Passphrase) -> Result<Zeroizing<String>, CredentialError> {
    let (salt, iv) = (random::<16>()?, random::<16>()?);
    let pem = || {
        let plain = key.to_pkcs8_der()?;
        // The default is OWASP's recommendation.
        let parameters = Parameters::generate_scrypt_aes256cbc(Default::default(), &salt, iv)?;
        let plain = PrivateKeyInfoRef::try_from(plain.as_bytes())?;
        Ok(plain.encrypt_with_params(parameters, passphrase.0.as_bytes())?.to_pem(LABEL, LineEnding::LF)?)
    };
    pem().map_err(|error: pkcs8::Error| CredentialError::Encryption(error.to_string()))
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
fn read_private(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let io = |source| CredentialError::Io { doing: "read", path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => CredentialError::Missing(path.to_owned()),
        _ => io(source),
    })?;
    // Of the file that is open, not of whatever has this name by now.
    let meta = file.metadata().map_err(io)?;
    if meta.mode() & 0o077 != 0 {
        return Err(CredentialError::Exposed { path: path.to_owned(), mode: meta.mode() & 0o777 });
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(CredentialError::NotYours(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(most).unwrap_or_default()));
    file.take(most).read_to_end(&mut bytes).map_err(io)?;
    Ok(bytes)
}

/// Writes a new file for its owner only, never in the place of another, and never half.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let new = beside(path).map_err(io::Error::other)?;
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // Unlike a move, a link never replaces.
        fs::hard_link(&new, path)
    })();
    // It is there under its own name by now, or it means nothing to anybody.
    let _ = fs::remove_file(&new);
    written.and_then(|()| File::open(folder)?.sync_all())
}

fn beside(path: &Path) -> Result<PathBuf, ids::NoRandomness> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.new", hex::encode(ids::random::<8>()?)));
    Ok(name.into())
}

fn random<const N: usize>() -> Result<[u8; N], CredentialError> {
    Ok(ids::random()?)
}
