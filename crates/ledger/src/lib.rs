//! Entries, Merkle tree, checkpoints, receipts and offline verification.
//!
//! Everything here is pure bytes: no clock, no IO, no randomness, no threads. Times, seeds and identifiers are passed in, so
//! that the same inputs give the same record on any machine. The normative text is in `spec/`; this crate follows it.
//!
//! | module | what it holds |
//! |---|---|
//! | [`entry`] | one record of the ledger, an in-toto Statement in canonical bytes |
//! | [`commit`] | salted commitments: an entry proves a value without holding it |
//! | [`tree`] | the RFC 9162 hash tree, inclusion and consistency proofs |
//! | [`approval`] | what approvers sign: their word on a request, and who is one |
//! | [`key`] | Ed25519 keys as C2SP note keys |
//! | [`note`] | checkpoints: signed origin, size and root |
//! | [`receipt`] | an entry, its proof and its checkpoint in one file, and how it is verified |
//! | [`log`] | verification of a whole log |

pub mod approval;
pub mod commit;
pub mod entry;
mod error;
pub mod key;
pub mod log;
pub mod note;
pub mod receipt;
pub mod tree;

pub use commit::{Commitment, Salt};
pub use entry::{Entry, EntryError, Kind, PAYLOAD_TYPE, leaf_of_payload};
pub use error::VerifyError;
pub use key::{KeyError, MAX_KEY_FILE_BYTES, SigningKey, VerifierKey, parse_keys};
pub use lastlook_canon::Digest;
pub use log::{LogSummary, LogVerifier, verify_log};
pub use note::{Checkpoint, NoteError, open_checkpoint};
pub use receipt::{Armed, Included, OpenedValue, Receipt, Verified, verify_receipt};
pub use tree::{Hash, Tree};
