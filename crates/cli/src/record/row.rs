//! One entry as one line: what `lastlook log` shows of it.

use lastlook_ledger::Kind;
use lastlook_store::{AttemptState, Lookup, Store};
use serde::Serialize;
use serde_json::Value;

use super::{Placed, Record};
use crate::failure::Failure;

/// One line of `lastlook log --json`; members that an entry of this kind does not have are null.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The attempt's id, which is its receipt's.
    pub receipt: String,
    /// When the entry was written: RFC 3339, UTC.
    pub time: String,
    /// The entry's kind.
    pub kind: &'static str,
    /// The tool's own name.
    pub tool: Option<String>,
    /// `allow`, `hold` or `deny`.
    pub verdict: Option<String>,
    /// The codes of the reasons.
    pub codes: Vec<String>,
    /// `succeeded`, `failed` or `unknown`, as this entry says.
    pub outcome: Option<String>,
    /// What became of an unknown outcome since.
    pub settled: Option<&'static str>,
    /// `confirmed`, `contradicted` or `unconfirmed`.
    pub confirmation: Option<String>,
    /// How the last gap was closed.
    pub closure: Option<String>,
    /// Gate minus the moment the oldest fact was asked for, nanoseconds.
    pub gap_ns: Option<u64>,
    /// Gate minus the last answer of the look, nanoseconds.
    pub decide_ns: Option<u64>,
    /// Answer minus gate, nanoseconds.
    pub tail_ns: Option<u64>,
    /// `enforce` or `audit`.
    pub mode: Option<String>,
    /// The upstream's name.
    pub upstream: Option<String>,
    /// Who acted.
    pub principal: Option<String>,
    /// `read`, `write` or `destructive`.
    pub class: Option<String>,
    /// What the outcome rests on.
    pub evidence: Option<String>,
    /// Whether it acted on something nobody had read.
    pub blind: Option<bool>,
    /// How many calls a summary of reads is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reads: Option<u64>,
    /// The log.
    pub origin: String,
    /// The entry's place in it, from 0.
    pub index: u64,
}

impl Row {
    /// The line of one entry; [`Record::complete`] adds what other entries say.
    pub fn of(placed: &Placed) -> Row {
        let Placed { index, payload: _, entry } = placed;
        let text = |name: &str| placed.member(name).map(str::to_owned);
        let within = |object: &str, name: &str| {
            entry
                .body
                .get(object)
                .and_then(|object| object.get(name))
                .and_then(Value::as_str)
                .map(str::to_owned)
        };
        let codes = placed.list("reasons").iter().filter_map(|reason| reason.get("code")?.as_str());
        Row {
            receipt: entry.attempt.clone(),
            time: entry.time.clone(),
            kind: entry.kind.as_str(),
            tool: text("tool"),
            verdict: text("verdict"),
            codes: codes.map(str::to_owned).collect(),
            // An operator's word is how it ended.
            outcome: text(if entry.kind == Kind::Operator { "as" } else { "outcome" }),
            settled: None,
            confirmation: text("confirmation"),
            closure: text("closure"),
            gap_ns: placed.count("gap_ns"),
            decide_ns: placed.count("decide_ns"),
            tail_ns: placed.count("tail_ns"),
            mode: text("mode"),
            upstream: text("upstream"),
            principal: within("principal", "id"),
            class: within("class", "is"),
            evidence: text("evidence"),
            blind: entry.body.get("blind").and_then(Value::as_bool),
            reads: (entry.kind == Kind::Reads).then(|| placed.calls().map(|calls| calls.count).sum()),
            origin: entry.origin.clone(),
            index: *index,
        }
    }

    /// How the attempt stands now, as far as this line tells.
    pub fn latest(&self) -> Option<&str> {
        self.settled.or(self.outcome.as_deref())
    }
}

impl Record {
    /// Adds what only other entries or rows know: class and blindness, and what became of an unknown outcome.
    pub fn complete(&self, row: &mut Row) -> Result<(), Failure> {
        if row.outcome.as_deref() == Some("unknown") {
            row.settled = match self.store.attempt(&row.receipt)? {
                Lookup::Found(found) if found.id == row.receipt => match found.state {
                    state @ (AttemptState::Succeeded | AttemptState::Failed) => Some(state.as_str()),
                    AttemptState::Armed | AttemptState::Refused | AttemptState::Unknown => None,
                },
                Lookup::Found(_) | Lookup::Missing | Lookup::Ambiguous(_) => None,
            };
        }
        let armed =
            self.entries_of(&row.receipt)?.into_iter().find(|placed| placed.entry.kind == Kind::Armed);
        if let Some(armed) = armed.as_ref().map(Row::of) {
            // Whoever ends somebody else's attempt knows its tool by name only.
            row.class = armed.class;
            row.blind = armed.blind;
        }
        Ok(())
    }
}
