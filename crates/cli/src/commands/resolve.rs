//! `lastlook resolve`: an operator's word on an outcome nobody knows.

use std::process::ExitCode;

use lastlook_engine::entry::RecordError;
use lastlook_engine::recovery;
use lastlook_kernel::Principal;
use lastlook_store::{AttemptRow, AttemptState, CommitError, SqliteStore};
use serde_json::json;

use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text::{self, clean};
use crate::record::{Attempt, Record};

/// The longest reason, in bytes.
const LONGEST_REASON: usize = 4096;

/// Record how an unknown outcome ended, on your word
///
/// Look at the thing itself first (the file, the order, the branch). Your word becomes an entry of its own, with your
/// name and reason, and frees what the attempt held; nothing is sent, and earlier entries stay as they are.
#[derive(Debug, clap::Args)]
pub struct ResolveArgs {
    /// The receipt's id, or as much of its beginning as is unique
    receipt: String,
    /// How it ended
    #[arg(long = "as", value_name = "OUTCOME")]
    word: Word,
    /// How you know; it stands in the record and in the receipt
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// What an operator can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Word {
    Succeeded,
    Failed,
}

/// Records the word.
pub fn run(place: &Place, args: &ResolveArgs) -> Result<ExitCode, Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.len() > LONGEST_REASON {
        return Err(Failure::usage(format!("the reason must have 1 to {LONGEST_REASON} bytes"))
            .hint("say what you looked at and what you saw"));
    }
    let record = Record::open(place)?;
    let attempt = record.find(&args.receipt)?;
    let row = unknown(&record, &attempt)?;
    let succeeded = args.word == Word::Succeeded;
    let by = Principal { id: os_user(), asserted: true };
    let store = SqliteStore::open(&record.state, record.state.writer()?, None)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(recovery::resolve(&store, row, succeeded, reason, &by)).map_err(failed)?;
    drop(store);

    let word = if succeeded { AttemptState::Succeeded } else { AttemptState::Failed }.as_str();
    let line = match place.json {
        true => text::json(&json!({"receipt": attempt.id, "as": word, "reason": reason, "by": by.id}))?,
        false => format!(
            "attempt {} of {} is on record as {word}, by the word of {}\n",
            attempt.id,
            clean(&row.tool),
            clean(&by.id)
        ),
    };
    print(&line)?;
    Ok(ExitCode::SUCCESS)
}

/// The attempt's row, if nobody knows how it ended.
fn unknown<'a>(record: &Record, attempt: &'a Attempt) -> Result<&'a AttemptRow, Failure> {
    let id = &attempt.id;
    let see = format!("`lastlook show {id}` has the whole story");
    let Some(row) = &attempt.row else {
        return Err(Failure::usage(format!("attempt `{id}` was refused before anything was sent")).hint(see));
    };
    match row.state {
        AttemptState::Unknown => Ok(row),
        AttemptState::Refused => {
            Err(Failure::usage(format!("attempt `{id}` was refused: nothing was sent")).hint(see))
        }
        AttemptState::Succeeded | AttemptState::Failed => {
            Err(Failure::usage(format!("the outcome of attempt `{id}` is known: it {}", row.state)).hint(see))
        }
        AttemptState::Armed => {
            let gone = row.writer <= record.state.earlier_writers()?;
            let dead = gone || record.state.dead_writers()?.iter().any(|writer| writer.n() == row.writer);
            Err(if dead {
                Failure::unavailable(format!("the process that ran attempt `{id}` has died, and nobody has seen to it"))
                    .hint("start `lastlook mcp` in front of its server once: it settles what it can, and marks the rest unknown")
            } else {
                Failure::unavailable(format!("attempt `{id}` is still under way"))
                    .hint("wait for its end: `lastlook log --follow` shows it")
            })
        }
    }
}

fn failed(error: RecordError) -> Failure {
    match error {
        RecordError::Commit(CommitError::Precondition { holder, .. }) => {
            let state = holder.map_or_else(|| "gone".to_owned(), |row| row.state.to_string());
            Failure::usage(format!("somebody was faster: the attempt is {state} by now"))
                .hint("`lastlook log` shows how it ended")
        }
        RecordError::Commit(error @ CommitError::Full) => {
            Failure::unavailable(error.to_string()).hint("make room on that disk, then say it again")
        }
        RecordError::Commit(
            error @ (CommitError::Limit { .. } | CommitError::Unavailable(_) | CommitError::Unsigned(_)),
        ) => Failure::unavailable(error.to_string())
            .hint("`lastlook log` shows whether your word is on record"),
        RecordError::Draft(error) => Failure::unavailable(error.to_string()),
        RecordError::ReadOnly => Failure::unavailable(RecordError::ReadOnly.to_string()),
    }
}
