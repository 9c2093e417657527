//! `lastlook log checkpoints`: what to keep elsewhere, so that nobody can shorten or replace a log unseen.

use std::process::ExitCode;

use lastlook_store::Store as _;
use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::json as line;

/// Print the latest signed checkpoint of every log, to be kept elsewhere
///
/// Who has kept one can tell later whether a log was cut short or replaced: `lastlook verify --older FILE`. A receipt
/// serves as well.
#[derive(Debug, clap::Args)]
pub struct CheckpointsArgs {}

/// Prints them, one signed note after the other.
pub fn run(place: &Place) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let mut notes = Vec::new();
    for origin in record.store.origins()? {
        notes.extend(record.store.checkpoint(&origin)?.map(|note| (origin, note)));
    }
    let text = match place.json {
        true => notes
            .iter()
            .map(|(origin, note)| line(&json!({"origin": origin, "checkpoint": note})))
            .collect::<Result<String, _>>()?,
        false => notes.into_iter().map(|(_, note)| note).collect::<Vec<_>>().join("\n"),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
