//! The log as a table: columns as wide as what stands in them.

use std::collections::BTreeSet;

use lastlook_store::{Lookup, Store};

use crate::failure::Failure;
use crate::record::Record;
use crate::record::row::Row;
use crate::record::text::{clean, duration, local_time, padded, shortened};

/// The least of an id that is shown.
const SHORTEST_ID: usize = 8;
/// The longest tool name that is shown.
const LONGEST_TOOL: usize = 32;
const TITLES: [&str; 7] = ["time", "receipt", "tool", "verdict", "outcome", "gap", "codes"];
/// What stands where there is nothing to say.
const NOTHING: &str = "-";

/// Widths that were found for the first rows, and hold for those that follow.
#[derive(Debug)]
pub struct Table {
    widths: [usize; TITLES.len()],
    titled: bool,
}

impl Table {
    /// A table with columns for these rows.
    pub fn new(record: &Record, rows: &[Row]) -> Result<Table, Failure> {
        let mut widths = TITLES.map(|title| title.chars().count());
        for cells in cells(record, rows)? {
            for (width, cell) in widths.iter_mut().zip(&cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        Ok(Table { widths, titled: false })
    }

    /// The rows as lines, the titles before the first ones.
    pub fn lines(&mut self, record: &Record, rows: &[Row]) -> Result<String, Failure> {
        let mut text = String::new();
        if !std::mem::replace(&mut self.titled, true) {
            text.push_str(&self.line(&TITLES.map(str::to_owned)));
        }
        text.extend(cells(record, rows)?.iter().map(|cells| self.line(cells)));
        Ok(text)
    }

    fn line(&self, cells: &[String; TITLES.len()]) -> String {
        let cells: Vec<String> =
            cells.iter().zip(self.widths).map(|(cell, width)| padded(cell, width)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    }
}

fn cells(record: &Record, rows: &[Row]) -> Result<Vec<[String; TITLES.len()]>, Failure> {
    let ids: BTreeSet<&str> = rows.iter().map(|row| row.receipt.as_str()).collect();
    let cells = |row: &Row| {
        let tool = clean(row.tool.as_deref().unwrap_or(NOTHING));
        Ok([
            local_time(&row.time),
            short_id(record, &ids, &row.receipt)?,
            shortened(&tool, LONGEST_TOOL),
            verdict(row).to_owned(),
            outcome(row),
            row.gap_ns.map_or_else(|| NOTHING.to_owned(), duration),
            remarks(row),
        ])
    };
    rows.iter().map(cells).collect()
}

/// The beginning of an id by which `lastlook show` finds it: nothing else shown, and nothing armed, begins so.
fn short_id(record: &Record, shown: &BTreeSet<&str>, id: &str) -> Result<String, Failure> {
    for end in SHORTEST_ID..id.len() {
        let Some(short) = id.get(..end) else { continue };
        let alone = shown.range(short..).take_while(|other| other.starts_with(short)).count() <= 1;
        if alone && !matches!(record.store.attempt(short)?, Lookup::Ambiguous(_)) {
            return Ok(clean(short));
        }
    }
    Ok(clean(id))
}

fn verdict(row: &Row) -> &str {
    match (row.verdict.as_deref(), row.mode.as_deref(), row.kind) {
        (Some("deny"), Some("audit"), "outcome") => "would deny",
        (Some(verdict), _, _) => verdict,
        (None, _, _) => NOTHING,
    }
}

fn outcome(row: &Row) -> String {
    match (row.kind, row.outcome.as_deref(), row.settled) {
        ("armed", _, _) => "under way".to_owned(),
        ("refused", _, _) => "not sent".to_owned(),
        ("operator", Some(word), _) => format!("{word} (operator)"),
        (_, Some(outcome), Some(settled)) => format!("{outcome} → {settled}"),
        (_, Some(outcome), None) => outcome.to_owned(),
        (_, None, _) => NOTHING.to_owned(),
    }
}

fn remarks(row: &Row) -> String {
    let blind = row.blind == Some(true);
    let reads = row.reads.map(|reads| format!("{reads} reads"));
    let remarks = row.codes.iter().map(String::as_str).chain(blind.then_some("(blind)"));
    let remarks: Vec<&str> = remarks.chain(reads.as_deref()).collect();
    if remarks.is_empty() { NOTHING.to_owned() } else { clean(&remarks.join(" ")) }
}
