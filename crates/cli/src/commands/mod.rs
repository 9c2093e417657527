//! One file a subcommand.

pub mod child;
pub mod keys;
pub mod log;
pub mod mcp;
pub mod receipt;
pub mod resolve;
pub mod show;
pub mod verify;
