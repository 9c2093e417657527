//! One file a subcommand.

pub mod approvals;
pub mod approvers;
pub mod check;
pub mod child;
pub mod claims;
pub mod config;
pub mod console;
pub mod decide;
pub mod doctor;
pub mod grants;
pub mod halt;
pub mod halts;
pub mod init;
pub mod keys;
pub mod log;
pub mod mcp;
pub mod notify;
pub mod policy;
pub mod receipt;
pub mod reload;
pub mod resolve;
pub mod resume;
pub mod show;
pub mod unwrap;
pub mod verify;
pub mod wrap;
