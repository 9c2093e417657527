//! `lastlook replay`: recorded attempts, decided again.

mod attempts;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use lastlook_engine::config::Config;
use lastlook_engine::replay::{Replayer, WhatIf};
use lastlook_ledger::VerifierKey;

use crate::commands::log::filter::Filter;
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use report::Report;

/// Decide recorded attempts again: by the same rules, or by others
///
/// Every attempt's inputs are on record: what it rested on, what was read, what the guards found. Without other rules the
/// verdict and every reason must come out as they were recorded, byte for byte. With `--guards` or `--policy` it shows
/// what those rules would have stopped, held or let through. Nothing is read from the world and nothing runs.
///
/// Limits, once, leases and what moved in the last instant are taken as the record found them. What other rules ask for and
/// nobody read then leaves an attempt undecided.
///
/// Exit code 0: everything came out as recorded, or the question was a what-if. 1: something differs. 2: usage. 4: the
/// record cannot be read.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// Ids of attempts, or the beginnings of ids; or receipt files, written with `lastlook receipt --with-values`
    #[arg(value_name = "RECEIPT", required_unless_present = "all", conflicts_with = "all")]
    receipts: Vec<String>,
    /// Every attempt of the record
    #[arg(long)]
    all: bool,
    /// By these Cedar policies in place of the recorded ones
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// By this configuration file in place of the recorded one
    #[arg(long, value_name = "FILE")]
    guards: Option<PathBuf>,
    /// Keys that receipt files must be signed with, as `lastlook keys export` prints them [default: this state's]
    #[arg(long = "key", value_name = "FILE")]
    keys: Vec<PathBuf>,
    /// How many attempts are decided at once [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    #[command(flatten)]
    filter: Filter,
}

/// Decides them again, and says what came of it.
pub fn run(place: &Place, args: &ReplayArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let what_if = what_if(args)?;
    let mut replayer = Replayer::new(&record.store);
    let named = what_if.as_ref().map(|(_, named)| named.clone());
    if let Some((what_if, _)) = what_if {
        replayer = replayer.under(what_if);
    }
    let keys: Vec<VerifierKey> = match crate::commands::verify::keys::read(&args.keys)? {
        Some(keys) => keys,
        None => lastlook_engine::keys::of(&record.state)?,
    };
    let threads = args.threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::unavailable(format!("no threads: {error}")))?;
    let mut report = Report::new(named);
    let bench = attempts::Bench { record: &record, replayer: &replayer, filter: &args.filter, keys: &keys };
    pool.install(|| match args.all {
        true => bench.all(place.json, &mut report),
        false => bench.these(&args.receipts, &mut report),
    })?;
    print(&report.text(place.json)?)?;
    Ok(match report.differs() {
        true => ExitCode::from(REFUSED),
        false => ExitCode::SUCCESS,
    })
}

/// The rules that were named, and how the report names them.
fn what_if(args: &ReplayArgs) -> Result<Option<(WhatIf, String)>, Failure> {
    if args.policy.is_none() && args.guards.is_none() {
        return Ok(None);
    }
    let config = args.guards.as_deref().map(Config::load).transpose().map_err(Failure::config)?;
    let what_if = WhatIf::new(config, args.policy.as_deref()).map_err(Failure::config)?;
    let named: Vec<String> =
        [&args.guards, &args.policy].into_iter().flatten().map(|path| path.display().to_string()).collect();
    Ok(Some((what_if, named.join(" and "))))
}
