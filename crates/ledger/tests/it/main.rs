//! What a verifier sees: receipts and logs as bytes, and the committed vectors of `spec/`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on should stop where it stands"
)]
#![allow(clippy::disallowed_methods, reason = "the vectors are files; the crate itself reads none")]

mod corpus;
mod fixture;
mod hostile;
mod logs;
mod python;
mod vectors;

// `cargo bolero` builds all tests of a package, and what measures coverage is linked with this.
use bolero as _;
