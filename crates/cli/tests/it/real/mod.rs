//! Against servers and a client that nobody here wrote: the filesystem server, the git server, the official Python client.
//!
//! The oracle is the world (files on disk, what a witness inside the server's process saw) and receipts that verify
//! offline; never the engine's state.

mod basis;
mod configured;
mod git;
mod killed;
mod oracle;
mod outcomes;
mod race;
mod rig;
mod stale;
mod tools;
mod transcripts;
