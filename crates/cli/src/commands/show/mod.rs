//! `lastlook show`: one attempt, *was* and *now* side by side.

mod page;
mod sides;
mod view;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{json, width};
use view::View;

/// Show one attempt: was and now side by side, gap, timings, reasons
///
/// Values that are not kept any more are said to be pruned. What tools and agents wrote is shown with control
/// characters escaped.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The receipt's id, or as much of its beginning as is unique
    receipt: String,
    /// How many characters wide to print [default: as wide as the terminal, else 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(40..))]
    width: Option<u16>,
}

/// How the ids of requests begin.
const REQUEST: &str = "ask-";

/// Prints one attempt.
pub fn run(place: &Place, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    if args.receipt.starts_with(REQUEST) {
        // A request is no attempt, and has a page of its own.
        crate::commands::approvals::show(&record.store, &args.receipt, place.json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let attempt = record.find(&args.receipt)?;
    let view = View::of(&record, &attempt)?;
    let text = match place.json {
        true => json(&view)?,
        false => page::text(&view, width(args.width.map(usize::from)).max(40)),
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
