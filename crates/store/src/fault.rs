//! A seam for tests: what would happen if this very operation failed.

use std::fmt;

/// An operation inside a commit, in the order they occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Beginning the transaction.
    Begin,
    /// Checking one precondition.
    Check,
    /// One change to the rows.
    Write,
    /// Appending one entry.
    Append,
    /// Writing the values beside one entry.
    Values,
    /// Signing the checkpoint and writing it.
    Sign,
    /// Making the transaction durable.
    Commit,
    /// Answering the tickets, after everything is durable.
    Reply,
}

/// Decides whether an operation fails.
///
/// The store calls it before every operation of every commit, on the thread that performs it.
pub trait Fault: Send + Sync + 'static {
    /// Lets the operation happen, or makes it fail.
    fn before(&self, op: Op) -> Result<(), FaultError>;
}

/// How an operation is made to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultError {
    /// As if the disk were full.
    Full,
    /// As if the device failed, with this text.
    Broken(String),
}

impl fmt::Display for FaultError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("no space left on device (injected)"),
            Self::Broken(what) => write!(f, "{what} (injected)"),
        }
    }
}

impl std::error::Error for FaultError {}
