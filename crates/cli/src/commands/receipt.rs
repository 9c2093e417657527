//! `lastlook receipt`: exports the entry that ended an attempt, with what proves it.

use std::process::ExitCode;

use lastlook_ledger::{Armed, Hash, Included, OpenedValue, Receipt, open_checkpoint, verify_receipt};
use lastlook_store::Store;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::{Attempt, Placed, Record};

/// Export a receipt as JSON: the entry that ended an attempt, its proof, and the signed checkpoint
///
/// The latest one: after `lastlook resolve` it is the operator's word. It holds no values (arguments, was, now,
/// answer), only salted commitments to them.
#[derive(Debug, clap::Args)]
pub struct ReceiptArgs {
    /// The receipt's id, or as much of its beginning as is unique
    receipt: String,
    /// Bring salts and values along: whoever gets the file sees them
    #[arg(long)]
    with_values: bool,
}

/// Prints the receipt.
pub fn run(place: &Place, args: &ReceiptArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let attempt = record.find(&args.receipt)?;
    let file = receipt(&record, &attempt, args.with_values)?.to_json();
    // Nobody should have to find out elsewhere that what they were given does not verify.
    if let Err(error) = verify_receipt(&file, &[record.state.verifier_key()]) {
        return Err(Failure::refused(format!("the receipt would not verify: {error} ({})", error.code()))
            .hint("the record was altered or damaged; `lastlook verify` says where"));
    }
    print(&String::from_utf8_lossy(&file))?;
    Ok(ExitCode::SUCCESS)
}

fn receipt(record: &Record, attempt: &Attempt, with_values: bool) -> Result<Receipt, Failure> {
    let Some(end) = attempt.end() else {
        return Err(Failure::usage(format!(
            "attempt `{}` has not ended: there is no receipt yet",
            attempt.id
        ))
        .hint("`lastlook log` shows when it has; `lastlook show` says what is known"));
    };
    let log = Log::of(record, &end.entry.origin)?;
    let armed = attempt.armed();
    let begun = match armed {
        None => None,
        Some(placed) if placed.entry.origin == end.entry.origin => {
            Some(Armed { entry: log.prove(placed)?, checkpoint: None })
        }
        Some(placed) => {
            let other = Log::of(record, &placed.entry.origin)?;
            Some(Armed { entry: other.prove(placed)?, checkpoint: Some(other.note) })
        }
    };
    let mut values = Vec::new();
    for placed in [Some(end), armed].into_iter().flatten().filter(|_| with_values) {
        let kept = record.values_of(placed)?.opened();
        if kept.is_empty() && placed.commits() {
            eprintln!("note: no values of the {} entry are kept", placed.entry.kind);
        }
        let of = placed.entry.kind;
        values.extend(kept.into_iter().map(|(label, salt, value)| OpenedValue { of, label, salt, value }));
    }
    Ok(Receipt { entry: log.prove(end)?, checkpoint: log.note, armed: begun, values })
}

/// One log up to its signed checkpoint.
struct Log {
    note: String,
    leaves: Vec<Hash>,
}

impl Log {
    fn of(record: &Record, origin: &str) -> Result<Log, Failure> {
        let note = record.store.checkpoint(origin)?.unwrap_or_default();
        let checkpoint = open_checkpoint(&note, &[record.state.verifier_key()]).map_err(|error| {
            Failure::refused(error.to_string()).hint("`lastlook verify` says what is wrong")
        })?;
        let leaves = record.store.leaf_hashes(origin, checkpoint.size)?;
        Ok(Log { note, leaves })
    }

    fn prove(&self, placed: &Placed) -> Result<Included, Failure> {
        Included::prove(placed.payload.clone(), placed.index, &self.leaves).ok_or_else(|| {
            let Placed { index, entry, .. } = placed;
            Failure::refused(format!(
                "entry {index} of log `{}` is not what the log's hash says",
                entry.origin
            ))
            .hint("the record was altered or damaged; `lastlook verify` says where")
        })
    }
}
