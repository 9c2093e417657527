//! Temporary root while the others are at work.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#[path = "it/hostile/mod.rs"]
mod hostile;
