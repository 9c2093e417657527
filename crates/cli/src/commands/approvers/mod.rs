//! `lastlook approvers`: whose word counts.

mod add;
mod list;
mod remove;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::credentials::Given;
use crate::failure::Failure;
use crate::place::Place;

/// Say whose word on a held action counts
///
/// An approver signs with a key of their own, kept in a file and protected by a passphrase: whoever can read the file, an
/// agent for one, still cannot approve. The first approver of a state directory is trusted on first use; every later
/// change is signed by one of them.
#[derive(Debug, clap::Args)]
pub struct ApproversArgs {
    #[command(subcommand)]
    command: ApproversCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ApproversCommand {
    Add(add::AddArgs),
    List(list::ListArgs),
    Remove(remove::RemoveArgs),
}

/// Where the key and the passphrase of `--by` are.
#[derive(Debug, clap::Args)]
struct ByArgs {
    /// The key file of --by [default: NAME.pem in lastlook/approvers in the user's configuration folder]
    #[arg(long, value_name = "FILE", requires = "by")]
    by_key: Option<PathBuf>,
    /// A file whose first line is the passphrase of --by; without it, it is asked on the terminal
    #[arg(long, value_name = "FILE", requires = "by")]
    by_passphrase_file: Option<PathBuf>,
}

impl ByArgs {
    fn given(&self) -> Given<'_> {
        Given { key: self.by_key.as_deref(), passphrase: self.by_passphrase_file.as_deref() }
    }
}

/// Runs one of them.
pub fn run(place: &Place, args: &ApproversArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        ApproversCommand::Add(args) => add::run(place, args),
        ApproversCommand::List(args) => list::run(place, args),
        ApproversCommand::Remove(args) => remove::run(place, args),
    }
}
