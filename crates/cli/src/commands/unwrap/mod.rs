//! `lastlook unwrap`: takes the boundary out of a client's file.

use std::process::ExitCode;

use crate::commands::wrap::{ClientArgs, run_unwrap};
use crate::failure::Failure;
use crate::place::Place;

/// Take the boundary out of an MCP client's file again
///
/// Each server gets back the command and the arguments that stand behind `--`; no back-up is needed for it. The change
/// is shown first, and written when you say yes (or `--yes`).
#[derive(Debug, clap::Args)]
pub struct UnwrapArgs {
    #[command(flatten)]
    client: ClientArgs,
}

/// Unwraps.
pub fn run(place: &Place, args: &UnwrapArgs) -> Result<ExitCode, Failure> {
    run_unwrap(place, &args.client)
}
