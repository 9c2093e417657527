//! `lastlook verify`: receipts offline against pinned keys, or every log of a state folder.

mod attempts;
pub(super) mod keys;
pub(super) mod older;
pub(super) mod receipts;
mod roster;
mod state;
mod tiles;
mod witnessed;
mod witnesses;

use std::path::PathBuf;
use std::process::ExitCode;

pub use keys::handed_over;

use crate::failure::Failure;
use crate::place::Place;

/// Verify receipts offline, or every log of a state folder
///
/// With FILEs: each is a receipt, verified against the pinned keys and nothing else; no state folder, clock or network
/// is looked at. Without: every log of the state folder, its values and its attempts, with the pinned keys, or else
/// with the folder's own, which then proves less.
///
/// Without a witness, truncation is not detectable: a log that was cut short together with its checkpoint verifies. With
/// `--witness`, checkpoints must have been cosigned by that many of the pinned witnesses.
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
    /// What `lastlook keys handovers` printed: handovers beside those that receipts and the folder bring; may be given
    /// several times
    #[arg(long = "handover", value_name = "FILE", conflicts_with = "no_follow")]
    handovers: Vec<PathBuf>,
    /// Go by the pinned keys only: not by those that handovers lead to from them
    #[arg(long)]
    no_follow: bool,
    /// The key of a witness, or a file of such keys, whose cosignature you trust; may be given several times
    #[arg(long = "witness", value_name = "KEY|FILE")]
    witnesses: Vec<String>,
    /// How many of these witnesses must have cosigned [default: all of them]
    #[arg(long, value_name = "K", requires = "witnesses")]
    quorum: Option<usize>,
    /// A folder that `lastlook log export` wrote, or a copy of one: verified in the place of the state folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["files", "older"], requires = "keys")]
    tiles: Option<PathBuf>,
    /// Only the logs: not the attempts, nor the values that are kept
    #[arg(long, conflicts_with = "files")]
    logs: bool,
}

/// Verifies what was named.
pub fn run(place: &Place, args: &VerifyArgs) -> Result<ExitCode, Failure> {
    let keys = keys::read(&args.keys)?;
    let witnesses = witnesses::read(&args.witnesses, args.quorum)?;
    let known = keys::known(&args.handovers)?;
    let handovers = (!args.no_follow).then_some(known.as_slice());
    if let Some(dir) = &args.tiles {
        let keys = keys::followed(&keys.unwrap_or_default(), handovers.unwrap_or_default())?;
        return tiles::run(place, dir, &keys, &witnesses);
    }
    match (args.files.is_empty(), keys) {
        (true, keys) => state::run(place, keys, &args.older, &witnesses, args.logs, handovers),
        (false, Some(keys)) => receipts::run(place, &args.files, &keys, &witnesses, handovers),
        (false, None) => Err(Failure::usage("no key is pinned: a receipt cannot vouch for itself")
            .hint("`--key FILE`, with the line that `lastlook keys export` printed where the boundary runs")),
    }
}
