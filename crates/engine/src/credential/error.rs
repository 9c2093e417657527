//! Why a key cannot be used, and what to do about it.

use std::io;
use std::path::PathBuf;

use lastlook_canon::Digest;
use lastlook_store::sealed::{PassphraseError, PrivateFileError};

use super::SHORTEST_PASSPHRASE;
use crate::ids::NoRandomness;

/// Why an approver's key, or its passphrase, cannot be used.
///
/// Each message names the file; [`CredentialError::hint`] says what its reader can do next. None says anything about a
/// passphrase.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// There is no such file.
    #[error("there is no file `{0}`")]
    Missing(PathBuf),
    /// There is one already.
    #[error("there is a file `{0}` already")]
    Exists(PathBuf),
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
    /// It is no key file of ours.
    #[error("`{path}` is no approver's key: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The passphrase does not open it.
    #[error("the passphrase does not open `{0}`")]
    WrongPassphrase(PathBuf),
    /// The key is not the one that the approver has on record.
    #[error("the key in `{path}` is not the key of `{name}`")]
    OtherKey {
        /// The file.
        path: PathBuf,
        /// The approver.
        name: String,
        /// The fingerprint of the key in the file.
        found: Digest,
        /// The fingerprint on record.
        known: Digest,
    },
    /// The passphrase is empty.
    #[error("the passphrase is empty")]
    NoPassphrase,
    /// The passphrase is short.
    #[error("the passphrase has fewer than {SHORTEST_PASSPHRASE} characters")]
    ShortPassphrase,
    /// The passphrase is too long.
    #[error("the passphrase is longer than 4096 bytes")]
    LongPassphrase,
    /// The file does not begin with a line of text.
    #[error("the first line of `{0}` is not text")]
    NotText(PathBuf),
    /// The system did not do it.
    #[error("cannot {doing} `{path}`: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key could not be encrypted.
    #[error("the key could not be encrypted: {0}")]
    Encryption(String),
    /// No randomness for a key.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
}

impl From<PrivateFileError> for CredentialError {
    fn from(error: PrivateFileError) -> CredentialError {
        match error {
            PrivateFileError::Missing(path) => CredentialError::Missing(path),
            PrivateFileError::Exposed { path, mode } => CredentialError::Exposed { path, mode },
            PrivateFileError::NotYours(path) => CredentialError::NotYours(path),
            PrivateFileError::Io { path, source } => CredentialError::Io { doing: "read", path, source },
        }
    }
}

impl From<PassphraseError> for CredentialError {
    fn from(error: PassphraseError) -> CredentialError {
        match error {
            PassphraseError::Empty => CredentialError::NoPassphrase,
            PassphraseError::Short => CredentialError::ShortPassphrase,
            PassphraseError::Long => CredentialError::LongPassphrase,
            PassphraseError::NotText(path) => CredentialError::NotText(path),
            PassphraseError::File(error) => error.into(),
            PassphraseError::Asked(why) => CredentialError::Encryption(why),
        }
    }
}

impl CredentialError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        use CredentialError as E;
        match self {
            E::Missing(_) => {
                "name the file with `--key FILE`, or `--by-key FILE` for the key of `--by`".to_owned()
            }
            E::Exists(_) => "choose another name, or another file".to_owned(),
            E::Exposed { path, .. } => format!(
                "nobody but its owner may: `chmod 600 {}`; if others may have read it, remove the approver and add a new one",
                path.display()
            ),
            E::NotYours(_) => "use a file of your own".to_owned(),
            E::Damaged { .. } => {
                "take the file from your back-up, or be added again under another name".to_owned()
            }
            E::WrongPassphrase(_) => {
                "try again; nobody can recover a passphrase: if it is lost, another approver must remove you"
                    .to_owned()
            }
            E::OtherKey { found, known, .. } => {
                format!("its fingerprint is {found}, the one on record is {known}; name the right file")
            }
            E::NoPassphrase | E::ShortPassphrase => format!(
                "take at least {SHORTEST_PASSPHRASE} characters, better four or more words that nobody would guess"
            ),
            E::LongPassphrase => "take a shorter one".to_owned(),
            E::NotText(_) => "write the passphrase into its first line".to_owned(),
            E::Io { .. } | E::Encryption(_) | E::Randomness(_) => "put that right, then try again".to_owned(),
        }
    }
}
