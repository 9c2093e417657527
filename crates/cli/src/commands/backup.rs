//! `lastlook backup`: a copy of the record, made while others use it.

use std::path::PathBuf;
use std::process::ExitCode;

use lastlook_engine::clock;
use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::progress::Progress;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// Copy the record into a new folder, while boundaries go on
///
/// The copy is the record as it is at one instant, with its key: keep it as safe as the record itself. `lastlook verify --state DIR`
/// and all that only looks work on it. To go on with it, put it in the record's place and say `lastlook restored`: nothing
/// runs before, because the record ends where the copy was made, and the world went on.
#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The folder to make; it must be new, or empty
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Copies it.
pub fn run(place: &Place, args: &BackupArgs) -> Result<ExitCode, Failure> {
    let state = place.existing_state()?;
    let _progress = Progress::on("copying", place.json);
    let done = state.back_up(&args.folder, &clock::wall())?;
    let folder = done.folder.display().to_string();
    let entries: u64 = done.logs.iter().map(|(_, size)| size).sum();
    print(&match place.json {
        true => text::json(&json!({
            "folder": folder, "bytes": done.bytes,
            "logs": done.logs.iter().map(|(origin, size)| json!({"origin": origin, "size": size})).collect::<Vec<_>>(),
        }))?,
        false => format!(
            "{}: {} logs with {entries} entries, {} kB\n",
            clean(&folder),
            done.logs.len(),
            done.bytes.div_ceil(1000)
        ),
    })?;
    if !place.json {
        eprintln!(
            "note: it holds the key that signs; `lastlook verify --state {}` checks it",
            clean(&folder)
        );
    }
    Ok(ExitCode::SUCCESS)
}
