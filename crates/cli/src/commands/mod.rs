//! One file a subcommand.

pub mod check;
pub mod child;
pub mod claims;
pub mod config;
pub mod doctor;
pub mod init;
pub mod keys;
pub mod log;
pub mod mcp;
pub mod policy;
pub mod receipt;
pub mod reload;
pub mod resolve;
pub mod show;
pub mod unwrap;
pub mod verify;
pub mod wrap;
