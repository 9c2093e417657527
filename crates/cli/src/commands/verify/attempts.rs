//! Each attempt against its entries: what was armed has an end or is open, and rows and values are what entries say.

use std::collections::BTreeSet;

use lastlook_ledger::Kind;
use lastlook_store::{AttemptRow, AttemptState, Lookup, Store};
use serde::Serialize;
use serde_json::Value;

use super::state::Problem;
use crate::failure::Failure;
use crate::record::{Placed, Record};

/// How often an attempt is read again because it moved while it was read.
const TRIES: usize = 16;

/// The attempts that the logs tell of.
#[derive(Debug, Default)]
pub struct Attempts {
    seen: BTreeSet<String>,
}

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

impl Attempts {
    /// Notes that an entry is about this attempt.
    pub fn saw(&mut self, attempt: String) {
        self.seen.insert(attempt);
    }

    /// Compares every attempt with its entries.
    pub fn check(mut self, record: &Record, problems: &mut Vec<Problem>) -> Result<Tally, Failure> {
        self.seen.extend(record.store.open_attempts()?.into_iter().map(|row| row.id));
        let mut tally = Tally::default();
        for id in &self.seen {
            let (entries, row) = settled_view(record, id)?;
            if row.is_none() && is_no_attempt(&entries) {
                continue;
            }
            let mut wrong =
                |code, message: String| problems.push(Problem { code, at: format!("attempt {id}"), message });
            if let Some(message) = life(&entries).or_else(|| row_differs(&entries, row.as_ref())) {
                wrong("attempt-differs", message);
            }
            for placed in &entries {
                let kept = record.values_of(placed)?;
                for label in kept.altered() {
                    let kind = placed.entry.kind;
                    wrong(
                        "value-does-not-open",
                        format!("the value kept for `{label}` is not the one the {kind} entry commits to"),
                    );
                }
                tally.values += kept.opened().len();
                tally.pruned += usize::from(kept.is_pruned());
            }
            match row.map(|row| row.state) {
                Some(AttemptState::Armed) => tally.under_way.push(id.clone()),
                Some(AttemptState::Unknown) => tally.unknown.push(id.clone()),
                Some(AttemptState::Refused | AttemptState::Succeeded | AttemptState::Failed) | None => {
                    tally.ended += 1
                }
            }
        }
        Ok(tally)
    }
}

/// Whether this is no attempt at all: a word on the rules in force (a reload, or an operator's yes to one) or on the
/// approvers, a halt and its end, or a request with what people said of it.
fn is_no_attempt(entries: &[Placed]) -> bool {
    let words: Option<Vec<&str>> = entries
        .iter()
        .map(|placed| match placed.entry.kind {
            Kind::Held => Some("held"),
            Kind::Operator => placed.member("as"),
            _ => None,
        })
        .collect();
    let Some(mut words) = words else { return false };
    // They may stand in several logs.
    words.sort_unstable();
    match words.as_slice() {
        ["reloaded" | "accepted" | "approver-added" | "approver-removed" | "halted"] => true,
        ["halted", "resumed"] => true,
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
