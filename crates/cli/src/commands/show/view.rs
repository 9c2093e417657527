//! Everything the record knows of one attempt, put together from its entries and the values beside them.

use lastlook_ledger::Kind;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::record::row::Row;
use crate::record::values::{Kept, Shown};
use crate::record::{Attempt, Placed, Record};

/// One attempt, as `lastlook show --json` prints it.
#[derive(Debug, Serialize)]
pub struct View {
    /// How it stands: armed, refused, succeeded, failed or unknown; recorded, when it is no attempt.
    pub state: &'static str,
    /// The line of the entry that says what the look found: the refusal, or the outcome as it was known first.
    #[serde(flatten)]
    pub row: Row,
    /// Where the class is from.
    pub class_by: Option<String>,
    /// Whether the principal only says who it is.
    pub asserted: Option<bool>,
    /// Why it was refused, or would have been.
    pub reasons: Vec<Reason>,
    /// Who approved it, where people were asked: the request, and each with the signed statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Value>,
    /// The grants it ran on, each with the signed statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<Value>,
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
    /// `succeeded` or `failed` of an attempt; other words are about no attempt.
    #[serde(rename = "as")]
    pub word: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub by: Option<String>,
    /// Whom it is about, if it is about an approver: name, key, fingerprint, groups, and who signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<Value>,
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
        let (armed, looked) = (attempt.armed(), attempt.looked());
        let Some(told) = looked.or(attempt.entries.last()) else {
            return Err(Failure::unavailable(format!("attempt `{}` has no entries", attempt.id)));
        };
        let mut row = Row::of(told);
        record.complete(&mut row)?;
        let values = Sides { armed: kept(record, armed)?, looked: kept(record, looked)? };
        // The arming comes first: what a later process wrote about the attempt it knew from there.
        let said = |name: &str| attempt.entries.iter().find_map(|placed| placed.entry.body.get(name));
        let count = |name: &str| said(name).and_then(Value::as_u64);
        Ok(View {
            state: match &attempt.row {
                Some(row) => row.state.as_str(),
                // What an operator said of the configuration is about no attempt.
                None if told.entry.kind == Kind::Operator => "recorded",
                None => "refused",
            },
            class_by: said("class").and_then(|class| class.get("by")?.as_str()).map(str::to_owned),
            asserted: said("principal").and_then(|principal| principal.get("asserted")?.as_bool()),
            reasons: looked.map(reasons).unwrap_or_default(),
            approval: said("approval").cloned(),
            grants: said("grants").cloned(),
            action: told.entry.action.to_hex(),
            sent: said("sent").and_then(Value::as_str).map(str::to_owned),
            look_ns: count("look_ns"),
            compared: count("compared"),
            uncompared: count("uncompared"),
            missing: count("missing"),
            rebased: count("rebased"),
            arguments: match values.armed("arguments") {
                Shown::Nothing => values.looked("arguments"),
                shown => shown,
            },
            readings: readings(armed, looked, &values),
            answer: values.looked("answer"),
            operator: attempt
                .entries
                .iter()
                .find(|placed| placed.entry.kind == Kind::Operator)
                .map(Operator::of),
            entries: attempt.entries.iter().map(EntryView::of).collect(),
            row,
        })
    }
}

/// The values beside the two entries that have some.
struct Sides<'a> {
    armed: Option<Kept<'a>>,
    looked: Option<Kept<'a>>,
}

impl Sides<'_> {
    fn armed(&self, label: &str) -> Shown {
        self.armed.as_ref().map_or(Shown::Nothing, |kept| kept.get(label))
    }

    fn looked(&self, label: &str) -> Shown {
        self.looked.as_ref().map_or(Shown::Nothing, |kept| kept.get(label))
    }
}

fn kept<'a>(record: &Record, placed: Option<&'a Placed>) -> Result<Option<Kept<'a>>, Failure> {
    Ok(placed.map(|placed| record.values_of(placed)).transpose()?)
}

fn reasons(placed: &Placed) -> Vec<Reason> {
    let text = |reason: &Value, name: &str| reason.get(name).and_then(Value::as_str).map(str::to_owned);
    let reason = |reason: &Value| Some(Reason { code: text(reason, "code")?, about: text(reason, "about") });
    placed.list("reasons").iter().filter_map(reason).collect()
}

fn readings(armed: Option<&Placed>, looked: Option<&Placed>, values: &Sides<'_>) -> Vec<Reading> {
    let basis = armed.map(|armed| armed.list("basis")).unwrap_or_default();
    let facts = looked.map(|looked| looked.list("facts")).unwrap_or_default();
    let reading = |(index, reading): (usize, &Value)| {
        let now = values.looked(&format!("facts/{index}/now"));
        let fact = |name: &str| facts.get(index).and_then(|fact| fact.get(name)?.as_bool()) == Some(true);
        let found = match facts.get(index) {
            None => Found::NotLooked,
            Some(_) if fact("same") => Found::Same,
            Some(_) if fact("unreadable") => Found::Unreadable,
            Some(_) => Found::Changed,
        };
        Reading {
            tool: reading.get("tool").and_then(Value::as_str).unwrap_or_default().to_owned(),
            params: values.armed(&format!("basis/{index}/params")),
            rebased_ms: reading.get("rebased_ms").and_then(Value::as_u64),
            found,
            was: values.armed(&format!("basis/{index}/was")),
            now,
        }
    };
    basis.iter().enumerate().map(reading).collect()
}

impl Operator {
    fn of(placed: &Placed) -> Operator {
        let text = |name: &str| placed.member(name).unwrap_or_default().to_owned();
        let by = placed.entry.body.get("by").and_then(|by| by.get("id")?.as_str());
        let approver = placed.entry.body.get("approver").cloned();
        Operator { word: text("as"), reason: text("reason"), by: by.map(str::to_owned), approver }
    }
}

impl EntryView {
    fn of(placed: &Placed) -> EntryView {
        let entry = placed.entry.clone();
        EntryView {
            time: entry.time,
            kind: entry.kind.as_str(),
            origin: entry.origin,
            index: placed.index,
            body: entry.body,
        }
    }
}
