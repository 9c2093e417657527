//! `lastlook approve`, `reject` and `revoke`: what people say of a request.

use std::path::PathBuf;
use std::process::ExitCode;

use lastlook_engine::grants;
use lastlook_engine::held::{self, Decided, Revoked, SayError, Word};
use lastlook_engine::notify::{Happened, Notice};
use lastlook_kernel::Principal;
use lastlook_ledger::approval::Ruling;
use lastlook_store::{RequestState, SqliteStore};
use serde_json::json;

use crate::credentials::{self, Given};
use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text::{self, clean};
use crate::tell;

/// The longest reason, in bytes.
const LONGEST_REASON: usize = 4096;

/// Approve a held action, in your own name
///
/// You sign with your own key, and its passphrase is asked for: whoever only has a shell here cannot do it. Look at the
/// request first with `lastlook approvals ID`. What you approve is this action, once, on what was true when it was asked
/// for: if the world moves before it runs, it does not run, and you are asked again.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct ApproveArgs {
    #[command(flatten)]
    word: WordArgs,
    /// Why; it stands in the record and in the receipt
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Reject a held action, in your own name
///
/// It is final: the same call is refused from then on, until the request would have run out.
#[derive(Debug, clap::Args)]
pub struct RejectArgs {
    #[command(flatten)]
    word: WordArgs,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Who says it, and of what.
#[derive(Debug, clap::Args)]
struct WordArgs {
    /// The request's id, or as much of its beginning as is unique
    request: String,
    /// Who you are: the name you have among `lastlook approvers`
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// Your key [default: lastlook/approvers/NAME.pem in your configuration folder]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A file whose first line is the passphrase, where there is no terminal to ask at
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

/// Take an approval or a grant back, or withdraw a request
///
/// From the answer on nothing starts on it. The answer says whether that prevented it, or which attempts had passed the
/// gate already. No key is needed: it can only prevent.
#[derive(Debug, clap::Args)]
pub struct RevokeArgs {
    /// The request's or the grant's id, or as much of its beginning as is unique
    #[arg(value_name = "ID")]
    request: String,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Approves.
pub fn approve(place: &Place, args: &ApproveArgs) -> Result<ExitCode, Failure> {
    say(place, &args.word, Ruling::Approve, args.reason.trim())
}

/// Rejects.
pub fn reject(place: &Place, args: &RejectArgs) -> Result<ExitCode, Failure> {
    let reason = reason(&args.reason)?;
    say(place, &args.word, Ruling::Reject, reason)
}

fn say(place: &Place, word: &WordArgs, ruling: Ruling, reason: &str) -> Result<ExitCode, Failure> {
    let state = place.existing_state()?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let given = Given { key: word.key.as_deref(), passphrase: word.passphrase_file.as_deref() };
    let said = Word { request: &word.request, approver: &word.name, ruling, reason };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let decided = held::decide(&store, said, |approver| credentials::unlock_as(approver, given));
    let decided = runtime.block_on(decided)?;
    let notice = Notice::said(&decided, ruling, &word.name);
    let Decided { row, state: stands, tally } = decided;
    let left: u32 = tally.missing.iter().map(|(_, left)| *left).sum();
    let line = match place.json {
        true => text::json(&json!({
            "request": row.id, "as": ruling.as_str(), "by": word.name, "state": stands.as_str(), "left": left,
        }))?,
        false => match (ruling, stands) {
            (Ruling::Reject, _) => format!("`{}` is rejected: nothing runs on it\n", row.id),
            (Ruling::Approve, RequestState::Pending) => {
                format!("your word on `{}` is on record; {left} more must say yes\n", row.id)
            }
            (Ruling::Approve, _) => format!(
                "`{}` is approved: the next call of `{}` with exactly these arguments runs, once, if nothing has changed\n",
                row.id,
                clean(&row.tool)
            ),
        },
    };
    let printed = print(&line);
    tell::once(place, Happened::of(ruling), notice);
    printed?;
    Ok(ExitCode::SUCCESS)
}

/// Revokes.
pub fn revoke(place: &Place, args: &RevokeArgs) -> Result<ExitCode, Failure> {
    let reason = reason(&args.reason)?;
    let state = place.existing_state()?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let by = Principal { id: os_user(), asserted: true };
    if args.request.starts_with(grants::PREFIX) {
        print(&super::grants::revoke(place, &store, &state, &args.request, reason, &by)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let revoked = runtime.block_on(held::revoke(&store, &state, &args.request, reason, &by));
    let (row, revoked) = revoked?;
    let line = match (place.json, &revoked) {
        (true, Revoked::Prevented) => {
            text::json(&json!({"request": row.id, "as": "revoked", "outcome": "prevented"}))?
        }
        (true, Revoked::InFlight(attempt)) => text::json(
            &json!({"request": row.id, "as": "revoked", "outcome": "in_flight", "attempt": attempt}),
        )?,
        (false, Revoked::Prevented) => format!("`{}` is revoked: prevented, nothing runs on it\n", row.id),
        (false, Revoked::InFlight(attempt)) => format!(
            "`{}` is revoked, and attempt {attempt} had passed the gate on it already: `lastlook show {attempt}` tells how it ended\n",
            row.id
        ),
    };
    let printed = print(&line);
    tell::once(place, Happened::Revoked, Notice::revoked(&row, &by.id));
    printed?;
    Ok(ExitCode::SUCCESS)
}

fn reason(text: &str) -> Result<&str, Failure> {
    let reason = text.trim();
    match reason.len() {
        1..=LONGEST_REASON => Ok(reason),
        _ => Err(Failure::usage(format!("the reason must have 1 to {LONGEST_REASON} bytes"))
            .hint("say why, for whoever reads the record")),
    }
}

impl From<SayError> for Failure {
    /// A word that was not taken, with the way out.
    fn from(error: SayError) -> Failure {
        let message = error.to_string();
        match error {
            SayError::Missing(_) | SayError::Ambiguous { .. } => {
                Failure::usage(message).hint("`lastlook approvals --all` lists them")
            }
            SayError::Closed { .. } => {
                Failure::usage(message).hint("`lastlook approvals ID` tells what became of it")
            }
            SayError::Expired(_) | SayError::EarlierEpoch(_) => {
                Failure::usage(message).hint("the agent's next call of it opens a new request")
            }
            SayError::Requester(_) | SayError::NotAsked { .. } | SayError::Twice { .. } => {
                Failure::usage(message).hint("`lastlook approvals ID` says who is asked")
            }
            SayError::Unproven(_) => {
                Failure::usage(message).hint("`lastlook approvers list` shows whose word counts")
            }
            SayError::Gate(error) => Failure::unavailable(message).hint(error.hint()),
            SayError::Damaged(_)
            | SayError::Statement(_)
            | SayError::Registry(_)
            | SayError::Store(_)
            | SayError::Draft(_)
            | SayError::Commit(_)
            | SayError::ReadOnly => Failure::unavailable(message),
        }
    }
}
