//! `lastlook keys export`: the key that others pin.

use std::process::ExitCode;

use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// Show the key that others pin
#[derive(Debug, clap::Args)]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, clap::Subcommand)]
enum KeysCommand {
    /// Print the public key of the state folder, one line
    ///
    /// Whoever will verify receipts should get it from you, once, on a way they trust: a key that comes with a receipt
    /// proves nothing.
    Export,
}

/// Prints the key.
pub fn run(place: &Place, args: &KeysArgs) -> Result<ExitCode, Failure> {
    let KeysCommand::Export = &args.command;
    let key = place.existing_state()?.verifier_key();
    let line = match place.json {
        true => text::json(&json!({"key": key.to_string(), "name": key.name()}))?,
        false => format!("{key}\n"),
    };
    print(&line)?;
    Ok(ExitCode::SUCCESS)
}
