//! `lastlook log stats`: the log in numbers.

use std::collections::BTreeMap;
use std::process::ExitCode;

use lastlook_ledger::Kind;
use lastlook_store::StoredEntry;
use serde::Serialize;

use super::filter::Filter;
use super::gather::{placed, row_of};
use crate::failure::Failure;
use crate::place::Place;
use crate::progress::Progress;
use crate::record::Record;
use crate::record::print::print;
use crate::record::reads::Calls;
use crate::record::row::Row;
use crate::record::text::{clean, duration, json, padded};

/// Count what was attempted, allowed and refused, and why
///
/// Every attempt that has ended counts once: as it was refused, or as its outcome is by now. Times are those between
/// the last reading and the act. Calls that passed unjudged because their tool only reads are counted by tool.
#[derive(Debug, clap::Args)]
pub struct StatsArgs {
    #[command(flatten)]
    filter: Filter,
}

/// The log in numbers; what `lastlook log stats --json` prints.
#[derive(Debug, Default, Serialize)]
struct Stats {
    /// When the first and the last line were written.
    from: Option<String>,
    to: Option<String>,
    /// Attempts that have ended.
    attempts: u64,
    /// By what became of them: `refused`, `succeeded`, `failed`, `unknown`.
    ended: BTreeMap<String, u64>,
    /// Attempts that audit mode let pass and enforce mode would have refused.
    would_deny: u64,
    /// By the reason code: an attempt counts under each of its codes.
    codes: BTreeMap<String, u64>,
    /// By the tool, in full, and what became of them.
    tools: BTreeMap<String, BTreeMap<String, u64>>,
    /// By who acted.
    principals: BTreeMap<String, BTreeMap<String, u64>>,
    /// What was seen of effects.
    confirmations: BTreeMap<String, u64>,
    /// What operators and approvers said.
    words: BTreeMap<String, u64>,
    /// Calls that passed unjudged because their tool only reads, by the tool, in full.
    reads: BTreeMap<String, u64>,
    /// Gate minus the moment the oldest fact was asked for, nanoseconds.
    gap_ns: Option<Spread>,
    /// Gate minus the last answer of the look, nanoseconds.
    decide_ns: Option<Spread>,
    #[serde(skip)]
    gaps: Vec<u64>,
    #[serde(skip)]
    decides: Vec<u64>,
}

/// How values lie.
#[derive(Debug, Serialize)]
struct Spread {
    count: usize,
    p50: u64,
    p90: u64,
    p99: u64,
    max: u64,
}

/// Prints the numbers.
pub fn run(place: &Place, args: &StatsArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let mut stats = Stats::default();
    let progress = Progress::on("counting", place.json);
    for origin in record.logs()? {
        for page in record.pages(&origin, 0, u64::MAX) {
            for stored in page? {
                if stored.kind == Kind::Reads {
                    stats.count_reads(&args.filter, stored);
                    continue;
                }
                let Some(mut row) = row_of(&args.filter, stored) else { continue };
                if args.filter.is_too_old(&row.time) {
                    continue;
                }
                if row.outcome.as_deref() == Some("unknown") {
                    record.complete(&mut row)?;
                }
                if args.filter.wants(&row) {
                    stats.count(row);
                }
            }
        }
    }
    drop(progress);
    stats.gap_ns = spread(std::mem::take(&mut stats.gaps));
    stats.decide_ns = spread(std::mem::take(&mut stats.decides));
    print(&if place.json { json(&stats)? } else { stats.page() })?;
    Ok(ExitCode::SUCCESS)
}

impl Stats {
    fn count(&mut self, row: Row) {
        self.from = self.from.take().into_iter().chain([row.time.clone()]).min();
        self.to = self.to.take().into_iter().chain([row.time.clone()]).max();
        let one = |counts: &mut BTreeMap<String, u64>, key: &str| {
            *counts.entry(key.to_owned()).or_default() += 1;
        };
        match row.kind {
            "confirmation" => {
                one(&mut self.confirmations, row.confirmation.as_deref().unwrap_or("unconfirmed"))
            }
            "operator" => one(&mut self.words, row.outcome.as_deref().unwrap_or("unknown")),
            // What settles an attempt that was counted as unknown counts no second time.
            "outcome" if row.verdict.is_none() && row.outcome.as_deref() != Some("unknown") => {}
            "outcome" | "refused" => self.attempt(row),
            _ => {}
        }
    }

    fn count_reads(&mut self, filter: &Filter, stored: StoredEntry) {
        let Some(placed) = placed(stored) else { return };
        if !filter.wants_but_for_its_tool(&Row::of(&placed)) {
            return;
        }
        for Calls { tool, count } in placed.calls() {
            let name = match tool {
                Some((upstream, tool)) if filter.wants_tool(upstream, tool) => format!("{upstream}.{tool}"),
                None if filter.wants_every_tool() => "(other tools)".to_owned(),
                Some(_) | None => continue,
            };
            let reads = self.reads.entry(name).or_default();
            *reads = reads.saturating_add(count);
        }
    }

    fn attempt(&mut self, row: Row) {
        let ended = match row.kind {
            "refused" => "refused",
            _ => row.latest().unwrap_or("unknown"),
        };
        let one = |counts: &mut BTreeMap<String, u64>, key: &str| {
            *counts.entry(key.to_owned()).or_default() += 1;
        };
        self.attempts += 1;
        one(&mut self.ended, ended);
        self.would_deny += u64::from(row.kind == "outcome" && row.verdict.as_deref() == Some("deny"));
        let mut codes = row.codes.clone();
        codes.sort_unstable();
        codes.dedup();
        codes.iter().for_each(|code| one(&mut self.codes, code));
        let tool = [row.upstream.as_deref(), row.tool.as_deref()];
        let tool = tool.into_iter().flatten().collect::<Vec<_>>().join(".");
        one(self.tools.entry(tool).or_default(), ended);
        one(self.principals.entry(row.principal.clone().unwrap_or_default()).or_default(), ended);
        if row.kind == "outcome" {
            self.gaps.extend(row.gap_ns);
            self.decides.extend(row.decide_ns);
        }
    }

    /// The numbers as a page.
    fn page(&self) -> String {
        let mut page = match (&self.from, &self.to) {
            (Some(from), Some(to)) => {
                format!("{} attempts have ended, from {} to {}\n", self.attempts, clean(from), clean(to))
            }
            _ if self.reads.is_empty() => return "nothing to count\n".to_owned(),
            _ => "no attempt has ended\n".to_owned(),
        };
        let counts = |page: &mut String, title: &str, counts: &BTreeMap<String, u64>| {
            section(page, title, counts.iter().map(|(key, count)| (key.clone(), count.to_string())));
        };
        counts(&mut page, "ended", &self.ended);
        if self.would_deny > 0 {
            page.push_str(&format!("  would have been refused: {} (audit mode)\n", self.would_deny));
        }
        counts(&mut page, "reasons", &self.codes);
        for (title, by) in [("tools", &self.tools), ("who", &self.principals)] {
            section(&mut page, title, by.iter().map(|(key, ended)| (key.clone(), words(ended))));
        }
        counts(&mut page, "effects looked for", &self.confirmations);
        counts(&mut page, "words of people", &self.words);
        counts(&mut page, "passed unjudged, as reads", &self.reads);
        let gaps = [("the whole gap", &self.gap_ns), ("after the last answer", &self.decide_ns)];
        let gaps =
            gaps.into_iter().filter_map(|(what, spread)| Some((what.to_owned(), spread.as_ref()?.words())));
        section(&mut page, "between the last reading and the act", gaps);
        page
    }
}

impl Spread {
    fn words(&self) -> String {
        let Spread { count, p50, p90, p99, max } = self;
        let [p50, p90, p99, max] = [p50, p90, p99, max].map(|ns| duration(*ns));
        format!("p50 {p50}, p90 {p90}, p99 {p99}, at most {max} ({count} acts)")
    }
}

/// `3 succeeded, 1 refused`
fn words(counts: &BTreeMap<String, u64>) -> String {
    counts.iter().map(|(key, count)| format!("{count} {key}")).collect::<Vec<_>>().join(", ")
}

/// A title and its lines, the names as wide as the widest; nothing without lines.
fn section(page: &mut String, title: &str, lines: impl Iterator<Item = (String, String)>) {
    let lines: Vec<(String, String)> = lines.map(|(key, value)| (clean(&key), value)).collect();
    if lines.is_empty() {
        return;
    }
    let width = lines.iter().map(|(key, _)| key.chars().count()).max().unwrap_or_default();
    page.push_str(&format!("\n{title}\n"));
    for (key, value) in lines {
        page.push_str(&format!("  {}  {value}\n", padded(&key, width)));
    }
}

fn spread(mut values: Vec<u64>) -> Option<Spread> {
    values.sort_unstable();
    let last = values.len().checked_sub(1)?;
    // Nearest rank: a value that was measured, never one in between.
    let at = |percent: usize| values.get((values.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Some(Spread {
        count: values.len(),
        p50: at(50)?,
        p90: at(90)?,
        p99: at(99)?,
        max: values.get(last).copied()?,
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn percentiles_are_values_that_were_measured() {
        let spread =
            |values: &[u64]| super::spread(values.to_vec()).map(|it| [it.p50, it.p90, it.p99, it.max]);
        assert_eq!(spread(&[]), None);
        assert_eq!(spread(&[7]), Some([7; 4]));
        assert_eq!(spread(&[3, 1, 2]), Some([2, 3, 3, 3]));
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(spread(&hundred), Some([50, 90, 99, 100]));
    }
}
