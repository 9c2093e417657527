//! `lastlook resume`: ends halts.

use std::process::ExitCode;

use lastlook_engine::halts::{self, Halt};
use lastlook_engine::standing;
use lastlook_kernel::Principal;
use lastlook_store::SqliteStore;
use serde_json::json;

use crate::commands::halts::{failed, given_reason, json_of};
use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text::{self, clean};

/// End a halt, so that new calls may run again
///
/// Your word becomes an entry with your name and reason. Nothing that was refused runs by itself: agents may ask again, and
/// are looked at again. A new epoch begins: approvals that were given before count no more, so that no halt's end brings an
/// old yes back to life. Other halts go on holding.
#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    /// The halts to end: their ids, or as much of their beginnings as is unique
    #[arg(value_name = "HALT-ID", required_unless_present = "all", conflicts_with = "all")]
    halts: Vec<String>,
    /// End every halt that holds
    #[arg(long)]
    all: bool,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Ends them.
pub fn run(place: &Place, args: &ResumeArgs) -> Result<ExitCode, Failure> {
    let reason = given_reason(&args.reason)?;
    let state = place.existing_state()?;
    let reader = state.reader()?;
    let active = halts::active(&reader)?;
    let mut which: Vec<String> = match args.all {
        true => active.iter().map(|halt| halt.id.clone()).collect(),
        false => args.halts.iter().map(|asked| find(&reader, &active, asked)).collect::<Result<_, _>>()?,
    };
    which.sort();
    which.dedup();
    let (ended, epoch) = if which.is_empty() {
        (Vec::new(), standing::epoch(&reader)?)
    } else {
        let store = SqliteStore::open(&state, state.writer()?, None)?;
        let by = Principal { id: os_user(), asserted: true };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let ended = runtime.block_on(halts::end(&store, &which, reason, &by)).map_err(failed)?;
        // What was looked at in the old epoch is looked at again.
        if let Err(error) = standing::shut(&state) {
            eprintln!(
                "warning: {error}: what it is about to do was looked at before\nhint: {}",
                error.hint()
            );
        }
        ended
    };
    let holding = active.len().saturating_sub(ended.len());
    print(&match place.json {
        true => text::json(&json!({
            "resumed": ended.iter().map(|halt| json_of(halt, [])).collect::<Vec<_>>(), "epoch": epoch, "holding": holding,
        }))?,
        false => words(&ended, epoch, holding),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn words(ended: &[Halt], epoch: u64, holding: usize) -> String {
    if ended.is_empty() {
        return "nothing is halted\n".to_owned();
    }
    let mut text = String::new();
    for Halt { id, scope, .. } in ended {
        text.push_str(&format!("{id}: {} may run again\n", clean(&scope.to_string())));
    }
    text.push_str(&format!("epoch {epoch} begins: approvals given before count no more\n"));
    if holding > 0 {
        text.push_str(&format!("hint: {holding} other halts still hold: `lastlook halts`\n"));
    }
    text
}

/// The active halt whose id is this, or begins so.
fn find(store: &dyn lastlook_store::Store, active: &[Halt], asked: &str) -> Result<String, Failure> {
    // `halt-` is the beginning of every id; one may leave it out.
    let begins = |halt: &&Halt| {
        halt.id.starts_with(asked) || halt.id.strip_prefix("halt-").is_some_and(|id| id.starts_with(asked))
    };
    let found: Vec<&Halt> = active.iter().filter(begins).collect();
    match found.as_slice() {
        _ if asked.is_empty() => Err(Failure::usage("a halt's id cannot be empty")),
        [only] => Ok(only.id.clone()),
        [] => {
            let ended = halts::all(store)?.iter().any(|halt| begins(&halt));
            let asked = text::shortened(&clean(asked), 80);
            let says = match ended {
                true => format!("halt `{asked}` was ended already"),
                false => format!("no halt has an id that begins with `{asked}`"),
            };
            Err(Failure::usage(says)
                .hint("`lastlook halts` lists those that hold, with `--all` the ended ones too"))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|halt| halt.id.as_str()).collect();
            Err(Failure::usage(format!("`{}` is the beginning of {} ids", clean(asked), ids.len()))
                .hint(format!("one of: {}; or `--all`", ids.join(", "))))
        }
    }
}
