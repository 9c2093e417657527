//! The program from outside: real processes, their output, their exit codes, and what they did to the world.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod client;
mod demo;
mod hostile;
mod kill;
mod real;
mod records;
