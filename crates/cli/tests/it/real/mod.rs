//! Against servers and clients that nobody here wrote: the servers for files, git, memory, SQLite and time, the two of tau2,
//! the official clients for Python and TypeScript.
//!
//! The oracle is the world (files on disk, what a witness inside the server's process saw) and receipts that verify
//! offline; never the engine's state.

mod basis;
mod claims;
mod configured;
mod examples;
mod filled;
mod git;
mod killed;
mod oracle;
mod outcomes;
mod race;
pub(crate) mod rig;
mod stale;
mod tau2;
pub(crate) mod tools;
mod transcripts;
mod typescript;
