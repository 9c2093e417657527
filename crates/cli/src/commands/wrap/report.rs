//! What would be done to each server, for people and for programs.

use serde_json::{Value, json};

use super::{Direction, Planned, Step};
use crate::record::text::{clean, padded};

/// How wide the column is that says what is done.
const VERB: usize = 6;

/// One line a server: what is done to it, its name, what it starts or why it is left alone.
pub fn lines(direction: Direction, plan: &[Planned]) -> String {
    let widest = plan.iter().map(|planned| clean(&planned.name).chars().count()).max().unwrap_or_default();
    let verb = padded(direction.verb(), VERB);
    let line = |planned: &Planned| {
        let name = padded(&clean(&planned.name), widest);
        match &planned.step {
            Step::Change { was, now, .. } => {
                let server = if direction == Direction::Wrap { was } else { now };
                let note = planned.note.iter().map(|note| format!("\n{}  {}", " ".repeat(VERB), clean(note)));
                format!("{verb}  {name}  {}{}\n", clean(&server.join(" ")), note.collect::<String>())
            }
            Step::Leave { why, .. } => format!("{}  {name}  {}\n", padded("leave", VERB), clean(why)),
        }
    };
    plan.iter().map(line).collect()
}

/// The same as JSON.
pub fn json(plan: &[Planned]) -> Value {
    let server = |planned: &Planned| match &planned.step {
        Step::Change { state, was, now, .. } => json!({
            "table": planned.table, "name": planned.name, "state": state, "was": was, "now": now, "note": planned.note,
        }),
        Step::Leave { state, why } => {
            json!({"table": planned.table, "name": planned.name, "state": state, "why": why})
        }
    };
    plan.iter().map(server).collect()
}
