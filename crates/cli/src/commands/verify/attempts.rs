//! Each attempt against its entries: what was armed has an end or is open, and rows and values are what entries say.

use lastlook_ledger::Kind;
use lastlook_store::{AttemptRow, AttemptState, Lookup, Store};
use rayon::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::state::Problem;
use crate::failure::Failure;
use crate::progress::Counted;
use crate::record::{Placed, Record};

/// How many attempts are looked at at once.
const BATCH: usize = 256;
/// How often an attempt is read again because it moved while it was read.
const TRIES: usize = 16;

/// What became of them.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    ended: usize,
    /// Ids of those under way.
    under_way: Vec<String>,
    /// Ids of those that nobody knows the outcome of.
    unknown: Vec<String>,
    /// Values that are what was committed to.
    values: usize,
    /// Entries whose values are not kept any more.
    pruned: usize,
}

/// Compares every attempt that the logs tell of with its entries. The logs must verify: what has entries is found by what
/// they are filed under.
pub fn check(record: &Record, quiet: bool, problems: &mut Vec<Problem>) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let mut progress = Counted::on("attempts", 0, quiet);
    let mut done: u64 = 0;
    let mut take = |found: Vec<Result<Found, Failure>>| -> Result<(), Failure> {
        for found in found {
            tally.add(found?, problems);
        }
        Ok(())
    };
    let mut after = String::new();
    loop {
        let ids = record.store.entry_ids(&after, BATCH)?;
        let Some(last) = ids.last() else { break };
        after.clone_from(last);
        take(ids.par_iter().map(|id| one(record, id)).collect())?;
        done = done.saturating_add(ids.len() as u64);
        progress.at(done);
    }
    // What has a row and no entry at all is found nowhere else.
    for row in record.store.open_attempts()? {
        if record.store.entries_of(&row.id)?.is_empty() {
            take(vec![one(record, &row.id)])?;
        }
    }
    Ok(tally)
}

/// What was found of one attempt.
#[derive(Debug, Default)]
struct Found {
    id: String,
    /// Codes and messages.
    wrong: Vec<(&'static str, String)>,
    values: usize,
    pruned: usize,
    state: Option<AttemptState>,
    /// It is no attempt, and has no state.
    is_none: bool,
}

fn one(record: &Record, id: &str) -> Result<Found, Failure> {
    let (entries, row) = settled_view(record, id)?;
    let mut found = Found { id: id.to_owned(), ..Found::default() };
    if row.is_none() && is_no_attempt(&entries) {
        return Ok(Found { is_none: true, ..found });
    }
    if let Some(message) = life(&entries).or_else(|| row_differs(&entries, row.as_ref())) {
        found.wrong.push(("attempt-differs", message));
    }
    for placed in &entries {
        let all = entries.iter().map(|of| (of.entry.kind, of.payload.as_slice()));
        let kept = record.values_among(placed, all)?;
        for label in kept.altered() {
            let kind = placed.entry.kind;
            let message = format!("the value kept for `{label}` is not the one the {kind} entry commits to");
            found.wrong.push(("value-does-not-open", message));
        }
        found.values += kept.opened().len();
        found.pruned += usize::from(kept.is_pruned());
    }
    found.state = row.map(|row| row.state);
    Ok(found)
}

/// Whether this is no attempt at all: a word on the rules in force (a reload, or an operator's yes to one) or on the
/// approvers, another key, a halt and its end, a grant and its end, a restoration and the end of its doubt, a request with what people said of it, or a summary of reads.
fn is_no_attempt(entries: &[Placed]) -> bool {
    let words: Option<Vec<&str>> = entries
        .iter()
        .map(|placed| match placed.entry.kind {
            Kind::Held => Some("held"),
            Kind::Operator => placed.member("as"),
            Kind::Reads => Some("reads"),
            _ => None,
        })
        .collect();
    let Some(mut words) = words else { return false };
    // They may stand in several logs.
    words.sort_unstable();
    match words.as_slice() {
        [
            "reloaded" | "accepted" | "approver-added" | "approver-removed" | "halted" | "granted"
            | "key-rotated" | "restored" | "reads",
        ] => true,
        ["halted", "resumed"] | ["grant-revoked", "granted"] | ["doubt-ended", "restored"] => true,
        words => {
            words.iter().filter(|word| **word == "held").count() == 1
                && words.iter().all(|word| matches!(*word, "held" | "approved" | "rejected" | "revoked"))
        }
    }
}

/// An attempt's entries and row of one moment: read again when it moved in between.
fn settled_view(record: &Record, id: &str) -> Result<(Vec<Placed>, Option<AttemptRow>), Failure> {
    let row = || -> Result<Option<AttemptRow>, Failure> {
        Ok(match record.store.attempt(id)? {
            Lookup::Found(row) if row.id == id => Some(row),
            Lookup::Found(_) | Lookup::Missing | Lookup::Ambiguous(_) => None,
        })
    };
    let mut before = row()?;
    for _ in 0..TRIES {
        let entries = record.entries_of(id)?;
        let after = row()?;
        if before == after {
            return Ok((entries, after));
        }
        before = after;
    }
    Err(Failure::unavailable(format!("attempt `{id}` keeps changing while it is read")).hint("try again"))
}

/// What is wrong with an attempt's entries as the story of one life; they are ordered by stage.
fn life(entries: &[Placed]) -> Option<String> {
    let of = |kind: Kind| entries.iter().filter(move |placed| placed.entry.kind == kind);
    let armed = of(Kind::Armed).count();
    let was_unknown = of(Kind::Outcome).filter(|placed| placed.member("outcome") == Some("unknown")).count();
    let known = of(Kind::Outcome).count() - was_unknown;
    let (refused, operator) = (of(Kind::Refused).count(), of(Kind::Operator).count());
    let says_armed =
        of(Kind::Refused).any(|placed| placed.entry.body.get("armed") == Some(&Value::Bool(true)));
    let one_action = entries.windows(2).all(|pair| {
        pair.iter().all(|placed| Some(placed.entry.action) == pair.first().map(|first| first.entry.action))
    });
    let message = if entries.is_empty() {
        "it has a row and no entry"
    } else if !one_action {
        "its entries are about different actions"
    } else if armed > 1 {
        "it was armed more than once"
    } else if refused + known + operator > 1 || was_unknown > 1 {
        "it ended more than once"
    } else if refused > 0 && was_unknown > 0 {
        "it was refused, and has an outcome"
    } else if refused > 0 && says_armed != (armed > 0) {
        "its refusal says otherwise than the log whether it was armed"
    } else if armed == 0 && refused == 0 {
        "it ended without having been armed"
    } else if operator > 0 && was_unknown == 0 {
        "an operator spoke on an outcome that was never unknown"
    } else {
        return None;
    };
    Some(message.to_owned())
}

/// How an attempt's row differs from its entries.
fn row_differs(entries: &[Placed], row: Option<&AttemptRow>) -> Option<String> {
    let armed = entries.iter().find(|placed| placed.entry.kind == Kind::Armed);
    let (armed, row) = match (armed, row) {
        (None, None) => return None,
        (Some(_), None) => return Some("it was armed and has no row".to_owned()),
        (None, Some(_)) => return Some("it has a row and was never armed".to_owned()),
        (Some(armed), Some(row)) => (armed, row),
    };
    // What was seen of the effect afterwards is an entry too, and moves no row.
    let moved = entries.iter().rfind(|placed| placed.entry.kind.is_receipt());
    let state = moved.map_or("armed", |last| match last.entry.kind {
        Kind::Refused => "refused",
        Kind::Outcome => last.member("outcome").unwrap_or_default(),
        Kind::Operator => last.member("as").unwrap_or_default(),
        Kind::Armed | Kind::Held | Kind::Confirmation | Kind::Reads => "armed",
    });
    let AttemptRow { id: _, writer: _, upstream, tool, action, state: stands, opened_at_ns: _, detail: _ } =
        row;
    if stands.as_str() != state {
        return Some(format!("its entries say {state}, its row {stands}"));
    }
    let said = (armed.entry.action, armed.member("upstream"), armed.member("tool"));
    (said != (*action, Some(upstream), Some(tool)))
        .then(|| "its row names another action than its entries".to_owned())
}

impl Tally {
    fn add(&mut self, found: Found, problems: &mut Vec<Problem>) {
        let Found { id, wrong, values, pruned, state, is_none } = found;
        let problem = |(code, message)| Problem { code, at: format!("attempt {id}"), message };
        problems.extend(wrong.into_iter().map(problem));
        self.values += values;
        self.pruned += pruned;
        match state {
            _ if is_none => {}
            Some(AttemptState::Armed) => self.under_way.push(id),
            Some(AttemptState::Unknown) => self.unknown.push(id),
            Some(AttemptState::Refused | AttemptState::Succeeded | AttemptState::Failed) | None => {
                self.ended += 1;
            }
        }
    }

    /// What a person reads.
    pub fn lines(&self) -> Vec<String> {
        let Tally { ended, under_way, unknown, values, pruned } = self;
        let mut lines = vec![format!(
            "  attempts  {ended} ended, {} under way, {} unknown",
            under_way.len(),
            unknown.len()
        )];
        for (what, ids) in [("under way", under_way), ("unknown", unknown)] {
            lines.extend(ids.iter().map(|id| format!("            {what}: {id}")));
        }
        let kept =
            if *pruned > 0 { format!("; those of {pruned} entries are pruned") } else { String::new() };
        lines.push(format!("  values    {values} kept, each what its entry committed to{kept}"));
        lines
    }
}
