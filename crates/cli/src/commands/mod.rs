//! One file a subcommand.

pub mod child;
pub mod mcp;
