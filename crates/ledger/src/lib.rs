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
//! | [`fields`] | single fields of those values, each provable by itself |
//! | [`key`] | Ed25519 keys as C2SP note keys |
//! | [`sign`] | what signs: a key in a file, or whoever else holds one |
//! | [`handover`] | from one key to the next, and which keys a verifier then goes by |
//! | [`note`] | checkpoints: signed origin, size and root |
//! | [`receipt`] | an entry, its proof and its checkpoint in one file, and how it is verified |
//! | [`export`] | a verified receipt as a DSSE envelope, or in COSE |
//! | [`log`] | verification of a whole log |
//! | [`roster`] | which logs a state has, and verification of all of them |
//! | [`tiles`] | a log as static files |
//! | [`witness`] | cosignatures of checkpoints, and what a witness is asked |

pub mod approval;
pub mod commit;
pub mod entry;
mod error;
pub mod export;
pub mod fields;
pub mod handover;
pub mod key;
pub mod log;
pub mod note;
pub mod receipt;
pub mod roster;
pub mod sign;
pub mod tiles;
pub mod tree;
pub mod witness;

pub use commit::{Commitment, Salt};
pub use entry::{Entry, EntryError, Kind, PAYLOAD_TYPE, leaf_of_payload};
pub use error::VerifyError;
pub use export::ExportError;
pub use fields::{FieldProof, Fields, FieldsHead};
pub use handover::{Handover, HandoverError, Why, follow};
pub use key::{KeyError, MAX_KEY_FILE_BYTES, SigningKey, VerifierKey, parse_keys};
pub use lastlook_canon::Digest;
pub use log::{LogSummary, LogVerifier, verify_log};
pub use note::{Checkpoint, NoteError, open_checkpoint};
pub use receipt::{
    Armed, Included, OpenedValue, Receipt, Verified, verify_receipt, verify_receipt_witnessed,
};
pub use roster::{LogsError, RosterError, RosterProblem, verify_logs};
pub use sign::{SignError, Signer, cosign_checkpoint, sign_checkpoint};
pub use tree::{Hash, Tree};
pub use witness::{Cosigned, CosigningKey, WitnessKey, Witnesses, open_witnessed};

#[cfg(test)]
mod fuzz;
