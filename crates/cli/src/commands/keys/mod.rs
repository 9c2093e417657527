//! `lastlook keys`: the keys that others pin, and the one that signs.

mod encrypt;
mod history;
mod rotate;

use std::process::ExitCode;

use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// Show the keys that others pin; encrypt or replace the one that signs
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
    /// proves nothing. With --all, every key the folder ever had, with remarks on when each of them signed and why it ended,
    /// as a file of keys to pin; one that was compromised is only a remark.
    Export {
        /// Earlier keys too
        #[arg(long)]
        all: bool,
        /// As PEM (SubjectPublicKeyInfo), for tools that verify `lastlook receipt --as dsse` or `--as cose`
        #[arg(long, conflicts_with = "all")]
        pem: bool,
    },
    /// List the keys of the state folder: since when and until when each signed, and why it ended
    List,
    /// Print the handovers from one key to the next, as both keys signed them, for verifiers that follow
    Handovers,
    Rotate(rotate::RotateArgs),
    Encrypt(encrypt::EncryptArgs),
    Decrypt(encrypt::DecryptArgs),
}

/// Does what was asked.
pub fn run(place: &Place, args: &KeysArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        KeysCommand::Export { all: true, .. } => history::export(place)?,
        KeysCommand::Export { all: false, pem } => export(place, *pem)?,
        KeysCommand::List => history::list(place)?,
        KeysCommand::Handovers => history::handovers(place)?,
        KeysCommand::Rotate(args) => rotate::run(place, args)?,
        KeysCommand::Encrypt(args) => encrypt::encrypt(place, args)?,
        KeysCommand::Decrypt(args) => encrypt::decrypt(place, args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn export(place: &Place, pem: bool) -> Result<(), Failure> {
    let key = place.existing_state()?.verifier_key();
    let line = match place.json {
        true => text::json(&json!({"key": key.to_string(), "name": key.name(), "pem": key.to_pem()}))?,
        false if pem => key.to_pem(),
        false => format!("{key}\n"),
    };
    print(&line)?;
    Ok(())
}
