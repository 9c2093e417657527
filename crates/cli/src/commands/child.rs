//! `lastlook child`: becomes an MCP server that dies with its writer.

use std::ffi::OsString;
use std::process::ExitCode;

use lastlook_upstream::child::{become_server, never_started};

use crate::failure::Failure;

/// Internal: ask for a signal at the parent's death, then become the server.
#[derive(Debug, clap::Args)]
pub struct ChildArgs {
    /// The process that must still be the parent
    #[arg(long)]
    parent: u32,
    /// The server's command
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Returns only when the server could not be started.
pub fn run(args: &ChildArgs) -> Result<ExitCode, Failure> {
    let error = become_server(args.parent, &args.command);
    Err(Failure::unavailable(never_started(&args.command, &error)))
}
