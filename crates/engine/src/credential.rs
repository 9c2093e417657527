//! An approver's key file: Ed25519, encrypted under a passphrase, as standard PKCS#8.
//!
//! Whoever can read the file, an agent with a shell under the same user id for one, still has to guess the passphrase, at
//! the price of one scrypt each. That is why there is no way to keep a key without a passphrase.
//!
//! The format is [`lastlook_store::sealed`]'s.

mod error;
#[cfg(test)]
mod tests;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use lastlook_ledger::approval::ApproverKey;
use lastlook_store::sealed::{SealedSeed, read_private, seal};
use zeroize::Zeroizing;

use crate::approvers::Approver;
use crate::ids;

pub use error::CredentialError;
pub use lastlook_store::sealed::{Passphrase, SHORTEST_PASSPHRASE};

/// The most bytes of a key file: ours have about 400.
const LARGEST_FILE: u64 = 16 * 1024;
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
    let pem =
        seal(&seed, passphrase, &random::<16>()?, random::<16>()?).map_err(CredentialError::Encryption)?;
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
    seed: SealedSeed,
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
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is not text");
        let seed = text.and_then(SealedSeed::from_pem);
        let seed = seed.map_err(|what| CredentialError::Damaged { path: path.to_owned(), what })?;
        Ok(Sealed { path: path.to_owned(), seed })
    }

    /// The key in it.
    ///
    /// # Errors
    ///
    /// The passphrase is wrong: without a checksum of its own, that shows as bytes that make no sense.
    pub fn open(&self, passphrase: &Passphrase) -> Result<ApproverKey, CredentialError> {
        let seed = self.seed.open(passphrase);
        let seed = seed.ok_or_else(|| CredentialError::WrongPassphrase(self.path.clone()))?;
        Ok(ApproverKey::from_seed(&seed))
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
