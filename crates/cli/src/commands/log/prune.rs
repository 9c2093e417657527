//! `lastlook log prune`: removes values that need not be kept any longer.

use std::process::ExitCode;
use std::time::Duration;

use lastlook_engine::config::duration_of;
use lastlook_engine::retention::{self, Kept};
use lastlook_store::{Pruned, Pruner};
use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// How often others are given way before the write-ahead log is left as it is.
const TRIES: u32 = 50;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);

/// Remove old values (arguments, was, now, answers); entries, proofs and receipts stay
///
/// They are removed with the seeds of their salts, so that nothing can be opened any more, and overwritten where they stood. What
/// belongs to a request that waits, or to an attempt whose outcome is not known, stays until it is settled. A running
/// boundary does the same by itself where the configuration has `keep_values` in `[record]`.
#[derive(Debug, clap::Args)]
pub struct PruneArgs {
    /// How old values must be, such as 30d, 12h or 0s [default: `keep_values` of the configuration]
    #[arg(long, value_name = "TIME", value_parser = time)]
    older_than: Option<Duration>,
    /// Say what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    duration_of(text).ok_or_else(|| "write a whole number and a unit, ms, s, m, h or d: 30d".to_owned())
}

pub fn run(place: &Place, args: &PruneArgs) -> Result<ExitCode, Failure> {
    let config = place.load_config()?;
    let age = args.older_than.or_else(|| config.as_ref().and_then(|config| config.keep_values));
    let Some(age) = age else {
        return Err(Failure::usage("nothing says how old values must be").hint(
            "give `--older-than 30d`, or write it into the configuration: [record] keep_values = \"30d\"",
        ));
    };
    let state = place.existing_state()?;
    let what = Kept::new(config.as_ref(), age).now();
    let mut pruner = Pruner::open(&state)?;
    let (pruned, emptied) = match args.dry_run {
        true => (pruner.would_prune(what)?, true),
        false => {
            let pruned = retention::all(&mut pruner, what)?;
            let emptied = (0..TRIES).any(|_| {
                pruner.empty_log() || {
                    std::thread::sleep(BETWEEN_TRIES); // backoff: another process reads or writes
                    false
                }
            });
            (pruned, emptied)
        }
    };
    let Pruned { entries, steps, requests, kept, more: _ } = pruned;
    if place.json {
        let said = json!({
            "dry_run": args.dry_run, "entries": entries, "steps": steps, "requests": requests, "unsettled": kept,
            "overwritten": emptied,
        });
        print(&text::json(&said)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let did = if args.dry_run { "would be removed" } else { "removed" };
    let mut lines = vec![format!("values of {entries} entries, {steps} steps and {requests} requests {did}")];
    if kept > 0 {
        lines.push(format!(
            "values of {kept} entries stay: what they belong to waits, or its outcome is not known"
        ));
    }
    if !emptied {
        lines.push(
            "others use the record just now: they may still stand in the file lastlook.db-wal; run this again".to_owned(),
        );
    }
    print(&format!("{}\n", lines.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}
