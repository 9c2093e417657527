//! `lastlook log`: what was attempted, allowed, refused, and why.

mod checkpoints;
mod consistency;
mod events;
mod export;
pub mod filter;
mod follow;
mod gather;
mod prune;
mod stats;
mod table;
mod witness;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::row::Row;
use crate::record::text::json;
use filter::Filter;
use gather::Gathered;
use table::Table;

/// How many lines are shown where nobody says.
const LINES: usize = 50;

/// Show what was attempted, allowed, refused, and why
///
/// One line for each way an attempt ended (refused, outcome, operator) and for what was seen of its effect (confirmation),
/// over all logs, oldest first; an attempt that is still under way has a line of kind `armed`. An outcome that was unknown
/// and is settled by now shows both. Reloads of the configuration, and an operator's word on one, are lines of kind
/// `operator` whose receipt begins with `configuration-`; halts and their ends, of one that begins with `halt-`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct LogArgs {
    #[command(subcommand)]
    command: Option<LogCommand>,
    /// Go on as entries come, until interrupted or nobody reads any more
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    filter: Filter,
    /// At most the N newest lines [default: 50; all of them with --json or --as]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Another form: `cloudevents` is one event (CloudEvents 1.0, JSON) a line for every entry, armed ones and reads too
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Form>,
}

/// What lines can be written as, beside the table and `--json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    Cloudevents,
}

#[derive(Debug, clap::Subcommand)]
enum LogCommand {
    Stats(stats::StatsArgs),
    Checkpoints(checkpoints::CheckpointsArgs),
    Consistency(consistency::ConsistencyArgs),
    Export(export::ExportArgs),
    Witness(witness::WitnessArgs),
    Prune(prune::PruneArgs),
}

/// Prints the log.
pub fn run(place: &Place, args: &LogArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        Some(LogCommand::Stats(args)) => return stats::run(place, args),
        Some(LogCommand::Prune(args)) => return prune::run(place, args),
        Some(LogCommand::Checkpoints(_)) => return checkpoints::run(place),
        Some(LogCommand::Consistency(args)) => return consistency::run(place, args),
        Some(LogCommand::Export(args)) => return export::run(place, args),
        Some(LogCommand::Witness(_)) => return witness::run(place),
        None => {}
    }
    let record = Record::open(place)?;
    if let Some(Form::Cloudevents) = args.form {
        events::run(&record, &args.filter, args.limit, args.follow)?;
        return Ok(ExitCode::SUCCESS);
    }
    let limit = args.limit.or((!place.json).then_some(LINES));
    let gathered = Gathered::newest(&record, &args.filter, limit)?;
    let mut printer = Printer { json: place.json, table: Table::new(&record, gathered.rows())? };
    if gathered.rows().is_empty() && !place.json && !args.follow {
        let folder = record.state.paths().root.display();
        eprintln!("note: nothing in `{folder}` to show");
        return Ok(ExitCode::SUCCESS);
    }
    if args.follow {
        let (mut gathered, mut seen) = (gathered, false);
        follow::every(|| {
            if std::mem::replace(&mut seen, true) {
                gathered.more(&record, &args.filter)?;
            }
            print(&printer.text(&record, gathered.rows())?)
        })?;
    } else {
        print(&printer.text(&record, gathered.rows())?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows as they are printed: JSON lines, or a table.
struct Printer {
    json: bool,
    table: Table,
}

impl Printer {
    fn text(&mut self, record: &Record, rows: &[Row]) -> Result<String, Failure> {
        if self.json { rows.iter().map(json).collect() } else { self.table.lines(record, rows) }
    }
}
