//! Durable state: one trait of few coarse calls, in memory and on SQLite, for several processes on one state directory.
//!
//! Every change goes through [`Store::commit`]: preconditions, rows, log entries and the signed checkpoint over them
//! become durable together or not at all, and the [`Ticket`] resolves only after the flush. Callers that commit at
//! the same time share one flush.
//!
//! - [`StateDir`] creates or opens the directory: its version, the signing key, the writers' locks, the ballast.
//! - [`SqliteStore`] is the store of one writer (a process) on that directory; [`SqliteReader`] only reads it.
//! - [`MemoryStore`] keeps the same promises without a disk, for tests and simulations.
//! - `conformance` (feature `conformance`) holds the tests that each of them passes.

mod api;
mod commit;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod fault;
mod guard;
mod held;
mod memory;
pub mod sealed;
mod sqlite;
mod state;
#[cfg(test)]
mod tests;

pub use api::{AttemptRow, AttemptState, Lookup, Store, StoredEntry, Values, WriterId};
pub use commit::{Commit, CommitError, Committed, NewEntry, Precondition, Ticket, Write};
pub use error::StoreError;
pub use fault::{Fault, FaultError, Op};
pub use guard::{Confirmation, LimitWindow, StepRow};
pub use held::{ApproverRow, GrantRow, HaltRow, RequestRow, RequestState, VoteRow};
pub use memory::{MemoryState, MemoryStore};
pub use sqlite::{Prune, Pruned, Pruner, Settings, SqliteReader, SqliteStore};
pub use state::{
    Announced, AskPassphrase, Backup, DeadWriter, Found, Heads, PASSPHRASE_FILE, Restoration, Restored,
    Rotation, StateDir, StateError, StatePaths, Step, Writer,
};
