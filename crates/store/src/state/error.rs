//! Why a state directory cannot be used, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::PASSPHRASE_FILE;
use crate::sealed::PassphraseError;

/// Why a state directory cannot be opened.
///
/// Each message names the file; [`StateError::hint`] says what its reader can do next.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The path is something else than a directory.
    #[error("state path `{path}` is not a directory")]
    NotADirectory {
        /// The state path.
        path: PathBuf,
    },
    /// The directory, or where it should be made, cannot be written.
    #[error("state directory `{path}` cannot be written")]
    ReadOnly {
        /// The state directory.
        path: PathBuf,
    },
    /// The directory has other things in it, and no state.
    #[error("directory `{path}` holds `{found}` and no lastlook state")]
    NotAState {
        /// The directory.
        path: PathBuf,
        /// One of the things found there.
        found: String,
    },
    /// The directory was written by another version of this program.
    #[error("state directory `{path}` is of another version: `{found}`, this program reads `{known}`")]
    OtherVersion {
        /// The state directory.
        path: PathBuf,
        /// The version found, its first line.
        found: String,
        /// The version this program reads and writes.
        known: String,
    },
    /// The signing key is not there.
    #[error("signing key `{path}` is missing")]
    KeyMissing {
        /// The key file.
        path: PathBuf,
    },
    /// Others than the owner can read the signing key.
    #[error("signing key `{path}` can be read by others (mode {mode:03o})")]
    KeyExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key file is a link, or no file at all.
    #[error("signing key `{path}` is not a file of its own")]
    KeyNotAFile {
        /// The key file.
        path: PathBuf,
    },
    /// The key file belongs to another user.
    #[error("signing key `{path}` belongs to another user")]
    NotYours {
        /// The key file.
        path: PathBuf,
    },
    /// Others than the owner can write the directory.
    #[error("state directory `{path}` can be written by others (mode {mode:03o})")]
    Exposed {
        /// The directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The key is encrypted, and nobody gave a passphrase.
    #[error("signing key `{path}` is encrypted, and there is no passphrase for it")]
    KeyLocked {
        /// The key file.
        path: PathBuf,
    },
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the signing key `{path}`")]
    KeyPassphrase {
        /// The key file.
        path: PathBuf,
    },
    /// The passphrase cannot be had.
    #[error("there is no passphrase for the signing key `{path}`: {source}")]
    Passphrase {
        /// The key file.
        path: PathBuf,
        /// Why not.
        source: PassphraseError,
    },
    /// The key was not replaced.
    #[error("the signing key was not replaced: {what}")]
    NotRotated {
        /// Why not.
        what: String,
    },
    /// The key file does not hold a key.
    #[error("signing key `{path}` is damaged: {what}")]
    KeyDamaged {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The key is not the one that signed this state's logs.
    #[error(
        "signing key `{path}` is not this state's: it gives `{found}`, the logs were signed for `{recorded}`"
    )]
    KeyForeign {
        /// The key file.
        path: PathBuf,
        /// The verifier key of the file's key.
        found: String,
        /// The verifier key the database records.
        recorded: String,
    },
    /// The database is not there, although the state was complete once.
    #[error("database `{path}` is missing")]
    DatabaseMissing {
        /// The database file.
        path: PathBuf,
    },
    /// The database file is not a database, or a broken one.
    #[error("database `{path}` is corrupt: {what}")]
    DatabaseCorrupt {
        /// The database file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
    /// The database is of another version of this program.
    #[error("database `{path}` is of another version: {found}, this program reads {known}")]
    DatabaseVersion {
        /// The database file.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The version this program reads and writes.
        known: i64,
    },
    /// A log does not add up to its signed checkpoint.
    #[error("log `{origin}` in `{path}` is not the one its checkpoint was signed for: {what}")]
    LogAltered {
        /// The database file.
        path: PathBuf,
        /// The log's origin.
        origin: String,
        /// What does not fit.
        what: String,
    },
    /// A head that was kept outside the state directory is ahead of the log in it.
    #[error(
        "state directory `{path}` is older than it was: log `{origin}` has {size} entries here, and had {kept} when its head was \
         kept in `{heads}`; {what}"
    )]
    Behind {
        /// The state directory.
        path: PathBuf,
        /// The log's origin.
        origin: String,
        /// How it differs.
        what: &'static str,
        /// How many entries it has.
        size: u64,
        /// How many it had.
        kept: u64,
        /// Where the heads are kept.
        heads: PathBuf,
    },
    /// The state is a back-up.
    #[error(
        "state directory `{path}` is a back-up, made {since}, and nobody has said that it was put in place"
    )]
    Copied {
        /// The state directory.
        path: PathBuf,
        /// When it was made, as whoever made it said.
        since: String,
    },
    /// A process has the state open that must have ended.
    #[error("writer {n} of state directory `{path}` lives")]
    InUse {
        /// The state directory.
        path: PathBuf,
        /// The writer's number.
        n: u32,
    },
    /// The folder that a back-up is to be made in is in use.
    #[error("`{path}` is not empty")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// The state was not restored.
    #[error("the restoration was not recorded: {what}")]
    NotRestored {
        /// What is wrong.
        what: String,
    },
    /// Every slot is taken by a live writer.
    #[error("all {slots} writer slots of `{path}` are in use")]
    NoSlot {
        /// The state directory.
        path: PathBuf,
        /// How many slots there are.
        slots: u32,
    },
    /// The file system cannot lock files.
    #[error("`{path}` cannot be locked: {source}")]
    NoLocks {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no room to make or open the state.
    #[error("there is no room for the state directory `{path}`")]
    Full {
        /// The state directory.
        path: PathBuf,
    },
    /// Anything else the system refused.
    #[error("cannot {doing} `{path}`: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The database is there and sound, and cannot be used just now.
    #[error("database `{path}` cannot be opened: {what}")]
    Unavailable {
        /// The database file.
        path: PathBuf,
        /// What was said.
        what: String,
    },
}

impl StateError {
    /// What the reader of the message can do next.
    pub fn hint(&self) -> String {
        match self {
            Self::NotADirectory { .. } => "name a directory, or a path that does not exist yet".into(),
            Self::ReadOnly { path } => {
                format!("make `{}` writable for this user, or name another state directory", path.display())
            }
            Self::NotAState { .. } => "name an empty directory, or one that does not exist yet".into(),
            Self::OtherVersion { .. } | Self::DatabaseVersion { .. } => {
                "use the program version that wrote it, or name a new state directory and keep this one"
                    .into()
            }
            Self::KeyMissing { path } => format!(
                "put the back-up of `{}` in its place; without it the logs here still verify, but nothing can be added: \
                 name a new state directory",
                path.display()
            ),
            Self::KeyExposed { path, .. } => format!(
                "if nobody else can have read it, `chmod 600 {}`; else name a new state directory, which makes a new key",
                path.display()
            ),
            Self::KeyNotAFile { path } => format!(
                "put the file itself at `{}`, not a link to it", path.display()
            ),
            Self::NotYours { path } => format!(
                "run this as the user who owns `{}`, or name another state directory", path.display()
            ),
            Self::Exposed { path, .. } => format!(
                "if nobody else can have changed anything in it, `chmod go-w {}`; else name a new one", path.display()
            ),
            Self::KeyLocked { .. } => format!(
                "name the file whose first line is the passphrase in `{PASSPHRASE_FILE}`, in the environment of this \
                 program: an MCP client has `env` for that"
            ),
            Self::KeyPassphrase { .. } => {
                "nobody can recover a passphrase: if it is lost, name a new state directory; the logs here still verify"
                    .into()
            }
            Self::Passphrase { .. } => {
                format!("the file that `{PASSPHRASE_FILE}` names has it in its first line, and nobody else may read it")
            }
            Self::NotRotated { .. } => "the old key is still in force; put that right, then try again".into(),
            Self::KeyDamaged { path, .. } | Self::KeyForeign { path, .. } => format!(
                "put the back-up of `{}` in its place, or name a new state directory and keep this one for verification",
                path.display()
            ),
            Self::DatabaseMissing { path } | Self::DatabaseCorrupt { path, .. } => format!(
                "restore the directory of `{}` from a back-up, or move it away and start a new one: what was unknown in it \
                 is then unguarded; exported receipts still verify",
                path.display()
            ),
            Self::LogAltered { .. } => {
                "keep a copy for inspection (`lastlook verify` names the entry), then restore the \
                 state directory from a back-up, or name a new one"
                    .into()
            }
            Self::Behind { .. } | Self::Copied { .. } => {
                "what was approved, taken back or done since is not known here: put the newer directory in its place, if this one was put \
                 back, or a copy of it was run; or accept this one with `lastlook restored --reason TEXT`"
                    .into()
            }
            Self::InUse { .. } => "end every program that uses this state directory, then say it again".into(),
            Self::NotEmpty { .. } => "name a new folder for each back-up".into(),
            Self::NotRestored { .. } => "nothing was changed; see what is wrong, then say it again".into(),
            Self::NoSlot { .. } => {
                "end some of the programs that use it, or name another state directory".into()
            }
            Self::NoLocks { .. } => {
                "name a state directory on a local file system: some network file systems cannot lock".into()
            }
            Self::Full { .. } => {
                "make room on that file system, or name a state directory on another one".into()
            }
            Self::Io { .. } => "see what holds or forbids that file, or name another state directory".into(),
            Self::Unavailable { .. } => {
                "see whether another program holds the database, then try again".into()
            }
        }
    }

    /// Sorts a failed system call: no right to write and no room have errors of their own.
    pub(crate) fn from_io(root: &Path, doing: &'static str, path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path: root.into() }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path: root.into() },
            _ => Self::Io { doing, path: path.into(), source },
        }
    }
}
