//! `lastlook halts`: what is halted, and what was.

use std::process::ExitCode;

use jiff::Timestamp;
use lastlook_engine::halts::{self, Halt, HaltError};
use lastlook_ledger::Kind;
use lastlook_store::CommitError;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{self, clean, local_time};

/// The longest reason, in bytes.
const LONGEST_REASON: usize = 4096;

/// List what is halted
///
/// Each halt with its id, its scope, since when it holds, who said so and why; the oldest first.
#[derive(Debug, clap::Args)]
pub struct HaltsArgs {
    /// The ended ones too, with who ended them and why
    #[arg(long)]
    all: bool,
}

/// Lists them.
pub fn run(place: &Place, args: &HaltsArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let halts = if args.all { halts::all(&record.store)? } else { halts::active(&record.store)? };
    let mut listed = Vec::with_capacity(halts.len());
    for halt in &halts {
        listed.push((halt, ended(&record, halt)?));
    }
    print(&match place.json {
        true => {
            let halts = listed.iter().map(|(halt, ended)| {
                let ended = ended
                    .iter()
                    .flat_map(|(by, reason)| [("ended_by", json!(by)), ("ended_reason", json!(reason))]);
                json_of(halt, ended)
            });
            text::json(&json!({"halts": halts.collect::<Vec<_>>()}))?
        }
        false if listed.is_empty() => "nothing is halted\n".to_owned(),
        false => listed.iter().map(|(halt, ended)| lines(halt, ended.as_ref())).collect(),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn lines(halt: &Halt, ended: Option<&(String, String)>) -> String {
    let Halt { id, since_ns, ended_ns, scope, reason, by } = halt;
    let mut text = format!("{id}  {}\n", clean(&scope.to_string()));
    text.push_str(&format!("  since {} by {}: {}\n", time(*since_ns), clean(by), clean(reason)));
    if let Some(ended_ns) = ended_ns {
        let (by, reason) = ended.map_or(("?", "?"), |(by, reason)| (by, reason));
        text.push_str(&format!("  ended {} by {}: {}\n", time(*ended_ns), clean(by), clean(reason)));
    }
    text
}

/// Who ended a halt, and why: that stands in its entry.
fn ended(record: &Record, halt: &Halt) -> Result<Option<(String, String)>, Failure> {
    if halt.ended_ns.is_none() {
        return Ok(None);
    }
    let entries = record.entries_of(&halt.id)?;
    let word = entries
        .iter()
        .find(|placed| placed.entry.kind == Kind::Operator && placed.member("as") == Some("resumed"));
    Ok(word.map(|word| {
        let by = word.entry.body.get("by").and_then(|by| by.get("id")?.as_str());
        (by.unwrap_or_default().to_owned(), word.member("reason").unwrap_or_default().to_owned())
    }))
}

/// A halt as JSON, and more members.
pub fn json_of(halt: &Halt, more: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let Halt { id, since_ns, ended_ns, scope, reason, by } = halt;
    let members = [
        ("halt", json!(id)),
        ("scope", json!(scope)),
        ("reason", json!(reason)),
        ("by", json!(by)),
        ("since", json!(rfc3339(*since_ns))),
        ("ended", json!(ended_ns.map(rfc3339))),
    ];
    Value::Object(members.into_iter().chain(more).map(|(name, value)| (name.to_owned(), value)).collect())
}

fn rfc3339(ns: i64) -> String {
    let at = Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.9}")
}

/// An instant on the local clock.
pub fn time(ns: i64) -> String {
    local_time(&rfc3339(ns))
}

/// The reason that was given, if it will do.
pub fn given_reason(reason: &str) -> Result<&str, Failure> {
    let reason = reason.trim();
    if reason.is_empty() || reason.len() > LONGEST_REASON {
        return Err(Failure::usage(format!("the reason must have 1 to {LONGEST_REASON} bytes"))
            .hint("say why: whoever reads the record later was not there"));
    }
    Ok(reason)
}

/// Why a halt could not be opened or ended.
pub fn failed(error: HaltError) -> Failure {
    let message = error.to_string();
    match error {
        HaltError::NotActive(_) => Failure::usage(message).hint("`lastlook halts` lists those that hold"),
        HaltError::Commit(CommitError::Full) => {
            Failure::unavailable(message).hint("make room on that disk, then say it again")
        }
        HaltError::Commit(_) => {
            Failure::unavailable(message).hint("`lastlook halts` shows whether your word is on record")
        }
        HaltError::Read(error) => error.into(),
        HaltError::Draft(_) | HaltError::ReadOnly => Failure::unavailable(message),
    }
}
