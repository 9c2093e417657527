//! Everything the record knows of one attempt, put together from its entries and the values beside them.

use lastlook_ledger::Kind;
use lastlook_store::AttemptState;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::record::row::Row;
use crate::record::values::{Kept, Shown};
use crate::record::{Attempt, Placed, Record};

/// One attempt, as `lastlook show --json` prints it.
#[derive(Debug, Serialize)]
pub struct View {
    /// How it stands: armed, refused, succeeded, failed or unknown.
    pub state: &'static str,
    /// The line of its latest entry, with what earlier ones said where it is silent.
    #[serde(flatten)]
    pub row: Row,
    /// Where the class is from.
    pub class_by: Option<String>,
    /// Whether the principal only says who it is.
    pub asserted: Option<bool>,
    /// Why it was refused, or would have been.
    pub reasons: Vec<Reason>,
    /// The digest of the action.
    pub action: String,
    /// The digest of the exact bytes sent.
    pub sent: Option<String>,
    /// From the first question to the last answer of the look that refused, nanoseconds.
    pub look_ns: Option<u64>,
    /// Readings that were compared.
    pub compared: Option<u64>,
    /// Readings that name nothing, and are never compared.
    pub uncompared: Option<u64>,
    /// Readings the boundary no longer held.
    pub missing: Option<u64>,
    /// Readings taken again after the effect.
    pub rebased: Option<u64>,
    /// What was asked for.
    pub arguments: Shown,
    /// What it rests on.
    pub readings: Vec<Reading>,
    /// What the tool answered.
    pub answer: Shown,
    /// What an operator said.
    pub operator: Option<Operator>,
    /// All entries, oldest first.
    pub entries: Vec<EntryView>,
}

/// One reason.
#[derive(Debug, Serialize)]
pub struct Reason {
    /// The stable code.
    pub code: String,
    /// What it is about.
    pub about: Option<String>,
}

/// One reading the attempt rests on.
#[derive(Debug, Serialize)]
pub struct Reading {
    /// The tool it came from.
    pub tool: String,
    /// The call that gives it.
    pub params: Shown,
    /// When it was taken again after an own effect: how long after, in milliseconds.
    pub rebased_ms: Option<u64>,
    /// What the look found.
    pub found: Found,
    /// What the agent had read.
    pub was: Shown,
    /// What the look read; nothing when it is what it was.
    pub now: Shown,
}

/// What a look found of one reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// It is what it was.
    Same,
    /// It is something else.
    Changed,
    /// It could not be read.
    Unreadable,
    /// Nobody looked.
    NotLooked,
}

/// An operator's word.
#[derive(Debug, Serialize)]
pub struct Operator {
    /// `succeeded` or `failed`.
    #[serde(rename = "as")]
    pub word: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: Option<String>,
}

/// One entry.
#[derive(Debug, Serialize)]
pub struct EntryView {
    /// When.
    pub time: String,
    /// What it says.
    pub kind: &'static str,
    /// The log.
    pub origin: String,
    /// The place in it.
    pub index: u64,
    /// Its own members.
    pub body: Value,
}

impl View {
    /// Puts the view together.
    pub fn of(record: &Record, attempt: &Attempt) -> Result<View, Failure> {
        let Some(latest) = attempt.entries.last() else {
            return Err(Failure::unavailable(format!("attempt `{}` has no entries", attempt.id)));
        };
        let values = |placed: Option<&'_ Placed>| placed.map(|placed| record.values_of(placed)).transpose();
        let (armed, looked) = (attempt.armed(), attempt.looked());
        let (began, found) = (armed.map(|it| record.values_of(it)).transpose()?, values_of(record, looked)?);
        let _ = values;
        let get = |kept: &Option<Kept<'_>>, label: &str| kept.as_ref().map_or(Shown::Nothing, |kept| kept.get(label));
        let said = |name: &str| attempt.entries.iter().rev().find_map(|placed| placed.entry.body.get(name));
        let text = |name: &str| said(name).and_then(Value::as_str).map(str::to_owned);
        let count = |name: &str| said(name).and_then(Value::as_u64);

        let mut row = Row::of(looked.unwrap_or(latest));
        record.complete(&mut row)?;
        let state = attempt.row.as_ref().map_or("refused", |row| row.state.as_str());
        let arguments = match get(&began, "arguments") {
            Shown::Nothing => get(&found, "arguments"),
            shown => shown,
        };
        Ok(View {
            state,
            class_by: said("class").and_then(|class| class.get("by")?.as_str()).map(str::to_owned),
            asserted: said("principal").and_then(|principal| principal.get("asserted")?.as_bool()),
            reasons: looked.map(reasons).unwrap_or_default(),
            action: latest.entry.action.to_hex(),
            sent: text("sent"),
            look_ns: count("look_ns"),
            compared: count("compared"),
            uncompared: count("uncompared"),
            missing: count("missing"),
            rebased: count("rebased"),
            arguments,
            readings: readings(armed, looked, |label| get(&began, label), |label| get(&found, label)),
            answer: get(&found, "answer"),
            operator: operator(attempt),
            entries: attempt.entries.iter().map(EntryView::of).collect(),
            row,
        })
    }

    /// Whether it is still under way.
    pub fn is_under_way(&self) -> bool {
        self.state == AttemptState::Armed.as_str()
    }
}
