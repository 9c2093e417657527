//! The program from outside: real processes, their output, their exit codes, and what they did to the world.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod agentbarrier;
mod approvals;
mod approvers;
mod callers;
mod check;
mod client;
mod commit_time;
mod console;
mod delegated;
mod demo;
mod doctor;
mod frameworks;
mod grants;
mod guards;
mod halt;
mod hostile;
mod init;
mod kill;
mod notify;
mod policy;
mod privacy;
mod real;
mod records;
mod replay;
mod restored;
mod witness;
mod wrap;
