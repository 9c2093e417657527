//! What can go wrong while reading.

use std::path::PathBuf;

/// Why a read failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be read just now.
    #[error("the state cannot be read: {0}")]
    Unavailable(String),
    /// The database holds something that no version of this program wrote.
    #[error("the database `{path}` is damaged: {what}")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What was found.
        what: String,
    },
}

impl StoreError {
    /// What the reader of the message can do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Unavailable(_) => {
                "try again; if it stays so, see which program holds the database open".into()
            }
            Self::Damaged { .. } => {
                "restore the state directory from a back-up, or move it away and start a new one; \
                 receipts that were exported still verify"
                    .into()
            }
        }
    }
}
