//! `lastlook receipt`: exports the entry that ended an attempt, with what proves it.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Read as _};
use std::process::ExitCode;

use lastlook_canon::{Limits, lexical, parse};
use lastlook_engine::witness::Kept;
use lastlook_ledger::tree::root_of;
use lastlook_ledger::{Armed, Hash, Included, OpenedValue, Receipt, open_checkpoint, verify_receipt};
use lastlook_store::Store;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::fields::Disclosed;
use crate::record::print::print_bytes;
use crate::record::{Attempt, Placed, Record};

/// Export a receipt as JSON: the entry that ended an attempt, its proof, and the signed checkpoint
///
/// The latest one: after `lastlook resolve` it is the operator's word. Where witnesses have cosigned a checkpoint that covers the
/// entry, it is that one. It holds no values (arguments, was, now,
/// answer), only salted commitments to them.
///
/// Other people's tools read it with `--as dsse` (an in-toto statement in a signed envelope) or `--as cose` (a signed statement
/// that carries a COSE receipt of its inclusion). These hold the entry that ended the attempt and nothing else, and are signed
/// anew with the key of the state folder.
#[derive(Debug, clap::Args)]
pub struct ReceiptArgs {
    /// The receipt's id, or as much of its beginning as is unique
    receipt: String,
    /// Bring salts and values along: whoever gets the file sees them
    #[arg(long)]
    with_values: bool,
    /// Bring along the field at POINTER, or all fields below it, and no other: /args/email, /answer/id, /now/FACT/status
    ///
    /// Given several times, all of these. It is proven without the fields beside it; of those nothing is told but how many
    /// there are.
    #[arg(long, value_name = "POINTER", conflicts_with = "with_values")]
    disclose: Vec<String>,
    /// The value of a disclosed field of which only a commitment is kept, as JSON in FILE (`-`: standard input)
    #[arg(long, value_name = "POINTER=FILE", requires = "disclose")]
    value: Vec<String>,
    /// The form: the receipt itself, or one that other people's tools read
    #[arg(long = "as", value_name = "FORM", value_enum, default_value_t, conflicts_with_all = ["with_values", "disclose"])]
    form: Form,
}

/// What a receipt is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Form {
    /// JSON, with everything that `lastlook verify` asks for
    #[default]
    Receipt,
    /// A DSSE envelope (JSON) around the in-toto statement
    Dsse,
    /// COSE_Sign1 (CBOR) around the statement, with a COSE receipt of its inclusion
    Cose,
}

/// Prints the receipt.
pub fn run(place: &Place, args: &ReceiptArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let attempt = record.find(&args.receipt)?;
    let mut receipt = receipt(&record, &attempt, args.with_values)?;
    if !args.disclose.is_empty() {
        receipt.values = record.disclose(&attempt, &disclosed(args)?)?;
    }
    let file = receipt.to_json_with(&record.state.handovers()?);
    // Nobody should have to find out elsewhere that what they were given does not verify.
    let verified = verify_receipt(&file, &lastlook_engine::keys::of(&record.state)?).map_err(|error| {
        Failure::refused(format!("the receipt would not verify: {error} ({})", error.code()))
            .hint("the record was altered or damaged; `lastlook verify` says where")
    })?;
    let file = match args.form {
        Form::Receipt => Ok(file),
        Form::Dsse => record.state.as_dsse(&verified)?,
        Form::Cose if std::io::stdout().is_terminal() => {
            return Err(
                Failure::usage("COSE is bytes, not text").hint("write it to a file: `> receipt.cose`")
            );
        }
        Form::Cose => record.state.as_cose(&verified)?,
    };
    print_bytes(&file.map_err(|error| Failure::refused(error.to_string()))?)?;
    Ok(ExitCode::SUCCESS)
}

fn disclosed(args: &ReceiptArgs) -> Result<Disclosed<'_>, Failure> {
    let mut values = BTreeMap::new();
    for given in &args.value {
        let Some((place, file)) = given.split_once('=').filter(|(_, file)| !file.is_empty()) else {
            return Err(Failure::usage(format!("`{given}` does not say which value is in which file"))
                .hint("write it like this: --value /args/email=email.json"));
        };
        if !args.disclose.iter().any(|disclosed| disclosed == place) {
            return Err(Failure::usage(format!("`{place}` is not disclosed"))
                .hint(format!("add `--disclose {place}`")));
        }
        let mut text = Vec::new();
        let read = match file {
            "-" => std::io::stdin().read_to_end(&mut text).map(drop),
            file => std::fs::read(file).map(|read| text = read),
        };
        read.map_err(|error| Failure::usage(format!("`{file}` cannot be read: {error}")))?;
        let json = parse(&text, &Limits::default()).map_err(|error| {
            Failure::usage(format!("what `{file}` holds is not JSON: {error}"))
                .hint("text stands in quotes: \"ada@example.org\"")
        })?;
        values.insert(place.to_owned(), lexical(&json));
    }
    Ok(Disclosed { places: &args.disclose, values })
}

fn receipt(record: &Record, attempt: &Attempt, with_values: bool) -> Result<Receipt, Failure> {
    let Some(end) = attempt.end() else {
        return Err(Failure::usage(format!(
            "attempt `{}` has not ended: there is no receipt yet",
            attempt.id
        ))
        .hint("`lastlook log` shows when it has; `lastlook show` says what is known"));
    };
    let armed = attempt.armed();
    // In one log, one checkpoint covers both.
    let log = Log::covering(record, end)?;
    let begun = match armed {
        None => None,
        Some(placed) if placed.entry.origin == end.entry.origin => {
            Some(Armed { entry: log.prove(placed)?, checkpoint: None })
        }
        Some(placed) => {
            let other = Log::covering(record, placed)?;
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
        values.extend(kept.into_iter().map(|(label, salt, value)| OpenedValue {
            of,
            label,
            salt,
            value,
            field: None,
        }));
    }
    Ok(Receipt { entry: log.prove(end)?, checkpoint: log.note, armed: begun, values })
}

/// One log up to a signed checkpoint.
struct Log {
    note: String,
    root: Hash,
    leaves: Vec<Hash>,
}

impl Log {
    /// As witnesses have cosigned it, if that covers the entry; else as it is.
    fn covering(record: &Record, placed: &Placed) -> Result<Log, Failure> {
        let origin = &placed.entry.origin;
        let kept = Kept::of(&record.store, origin)?;
        let latest = || record.store.checkpoint(origin).map(Option::unwrap_or_default);
        let cosigned = kept.covering(placed.index).and_then(|note| Log::of(record, origin, note).ok());
        match cosigned.filter(|log| log.root == root_of(&log.leaves)) {
            Some(log) => Ok(log),
            None => Log::of(record, origin, &latest()?),
        }
    }

    fn of(record: &Record, origin: &str, note: &str) -> Result<Log, Failure> {
        let checkpoint =
            open_checkpoint(note, &lastlook_engine::keys::of(&record.state)?).map_err(|error| {
                Failure::refused(error.to_string()).hint("`lastlook verify` says what is wrong")
            })?;
        let leaves = record.store.leaf_hashes(origin, checkpoint.size)?;
        Ok(Log { note: note.to_owned(), root: checkpoint.root, leaves })
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
