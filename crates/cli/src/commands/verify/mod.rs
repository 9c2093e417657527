//! `lastlook verify`: receipts offline against pinned keys, or every log of a state folder.

mod attempts;
mod keys;
mod older;
mod receipts;
mod state;

use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::place::Place;

/// Verify receipts offline, or every log of a state folder
///
/// With FILEs: each is a receipt, verified against the pinned keys and nothing else; no state folder, clock or network
/// is looked at. Without: every log of the state folder, its values and its attempts, with the pinned keys, or else
/// with the folder's own, which then proves less.
///
/// Exit code 0: everything verifies. 1: something does not; the message has its code. 2: something could not be read.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Receipts; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A file of pinned keys, as `lastlook keys export` prints them, one a line; may be given several times
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// A receipt, or what `lastlook log checkpoints` printed earlier: the logs must still begin with what was signed then;
    /// may be given several times
    #[arg(long = "older", value_name = "FILE", conflicts_with = "files")]
    older: Vec<PathBuf>,
    /// Only the logs: not the attempts, nor the values that are kept
    #[arg(long, conflicts_with = "files")]
    logs: bool,
}

/// Verifies what was named.
pub fn run(place: &Place, args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let keys = keys::read(&args.keys)?;
    match (args.files.is_empty(), keys) {
        (true, keys) => state::run(place, keys, &args.older, args.logs),
        (false, Some(keys)) => receipts::run(place, &args.files, &keys),
        (false, None) => Err(Failure::usage("no key is pinned: a receipt cannot vouch for itself")
            .hint("`--key FILE`, with the line that `lastlook keys export` printed where the boundary runs")),
    }
}
