//! Why a transaction was not made, sorted by what can be done about it.

use rusqlite::{ErrorCode, ffi};

use crate::FaultError;
use crate::state::{StateError, StatePaths};

/// Why a transaction, or one commit in it, failed. Everything in it was taken back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There is no room.
    Full,
    /// The device refused a write; that may be want of room by another name (a quota, a size limit).
    Device(String),
    /// The key was replaced by another one meanwhile.
    Rotated,
    /// Whoever holds the key does not sign.
    Unsigned(String),
    /// Anything else.
    Other(String),
}

impl Failure {
    /// The same, of a change to the state as a whole; `other` says what was not done.
    pub(super) fn in_state(self, paths: &StatePaths, other: impl FnOnce(String) -> StateError) -> StateError {
        match self {
            Self::Full => StateError::Full { path: paths.root.clone() },
            Self::Rotated => other("the key was replaced meanwhile".to_owned()),
            Self::Device(what) | Self::Unsigned(what) | Self::Other(what) => other(what),
        }
    }

    /// Whether giving up the ballast may help.
    pub(super) fn may_want_room(&self) -> bool {
        matches!(self, Self::Full | Self::Device(_))
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        let extended = error.sqlite_error().map_or(0, |e| e.extended_code);
        match (error.sqlite_error_code(), extended) {
            (Some(ErrorCode::DiskFull), _) => Self::Full,
            (_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_TRUNCATE) => {
                Self::Device(error.to_string())
            }
            _ => Self::Other(error.to_string()),
        }
    }
}

impl From<FaultError> for Failure {
    fn from(error: FaultError) -> Self {
        match error {
            FaultError::Full => Self::Full,
            FaultError::Broken(_) => Self::Other(error.to_string()),
        }
    }
}
