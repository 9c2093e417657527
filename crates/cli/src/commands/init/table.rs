//! What was found of each tool, for the terminal and for programs.

use serde_json::{Value, json};

use super::compare::{Moved, spelt};
use super::{Listed, Tried};
use crate::record::text::{clean, padded, shortened};

/// The longest tool name that is shown.
const LONGEST_TOOL: usize = 40;
const TITLES: [&str; 4] = ["tool", "class", "why", "read twice"];

/// One line a tool, under titles.
pub fn table(tools: &[Listed]) -> String {
    let rows: Vec<[String; TITLES.len()]> =
        std::iter::once(TITLES.map(str::to_owned)).chain(tools.iter().map(cells)).collect();
    let mut widths = [0; TITLES.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; TITLES.len()]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| padded(cell, width)).collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

/// The same as JSON.
pub fn json(tools: &[Listed]) -> Value {
    let tool = |listed: &Listed| {
        let (ignore, retake) = match &listed.tried {
            Tried::Twice(Moved::Parts(parts)) => (parts.iter().filter_map(spelt).collect(), true),
            Tried::Twice(Moved::Everything) => (Vec::new(), false),
            Tried::Twice(Moved::Nothing | Moved::Unread) | Tried::Not(_) => (Vec::new(), true),
        };
        json!({
            "name": listed.name,
            "class": listed.proposal.class.as_str(),
            "why": listed.proposal.why,
            "review": listed.proposal.review,
            "called": matches!(listed.tried, Tried::Twice(_)),
            "found": found(&listed.tried),
            "ignore": ignore,
            "retake": retake,
        })
    };
    tools.iter().map(tool).collect()
}

fn cells(listed: &Listed) -> [String; TITLES.len()] {
    [
        shortened(&clean(&listed.name), LONGEST_TOOL),
        listed.proposal.class.as_str().to_owned(),
        clean(&listed.proposal.why),
        clean(&found(&listed.tried)),
    ]
}

fn found(tried: &Tried) -> String {
    match tried {
        Tried::Not(why) => format!("no: {why}"),
        Tried::Twice(Moved::Nothing) => "nothing moved".to_owned(),
        Tried::Twice(Moved::Parts(parts)) => {
            format!("moves: {}", parts.iter().filter_map(spelt).collect::<Vec<_>>().join(", "))
        }
        Tried::Twice(Moved::Everything) => "everything moves".to_owned(),
        Tried::Twice(Moved::Unread) => "its answer is an error".to_owned(),
    }
}
