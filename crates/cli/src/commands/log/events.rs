//! `--as cloudevents`: every entry as an event, for whoever gathers events of many programs.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use lastlook_ledger::PAYLOAD_TYPE;
use lastlook_ledger::entry::PREDICATE_TYPE;
use lastlook_store::Store as _;
use serde::Serialize;
use serde_json::value::RawValue;

use super::filter::Filter;
use super::follow;
use super::gather::{is_too_old, placed};
use crate::failure::Failure;
use crate::record::print::{Audience, print};
use crate::record::row::Row;
use crate::record::text::json;
use crate::record::{PAGE, Placed, Record};

/// How many bytes of lines are gathered before they are printed.
const BLOCK: usize = 64 * 1024;
/// How many entries of all logs together are held at a time; each log has one at least.
const HELD: usize = 4096;

/// One line: CloudEvents 1.0 in JSON. `source` and `id` together name the entry.
#[derive(Serialize)]
struct Event<'a> {
    specversion: &'static str,
    id: String,
    source: &'a str,
    r#type: String,
    subject: String,
    time: &'a str,
    datacontenttype: &'static str,
    dataschema: &'static str,
    data: &'a RawValue,
}

/// Prints the entries that are asked for, oldest first; to follow is to go on as entries come.
///
/// The order depends on the logs alone: entries of one log stand in its order, and logs are merged by the times in them.
pub fn run(record: &Record, filter: &Filter, limit: Option<usize>, follows: bool) -> Result<(), Failure> {
    let (mut next, mut limit) = (BTreeMap::new(), limit);
    let mut look = || {
        let mut merged = Merged::of(record, filter, &mut next)?;
        match limit.take() {
            None => merged.print(filter),
            Some(limit) => merged.print_last(filter, limit),
        }
    };
    if follows { follow::every(look) } else { look().map(|_| ()) }
}

/// The entries of all logs in one order, a few of each held at a time.
struct Merged<'a> {
    record: &'a Record,
    logs: Vec<Tail>,
    /// The time up to which each log with entries left has come, and which log it is.
    heads: BinaryHeap<Reverse<(String, usize)>>,
    page: usize,
}

/// What is left of one log.
struct Tail {
    origin: String,
    next: u64,
    upto: u64,
    held: VecDeque<Placed>,
    /// The latest time so far: a clock that was set back does not put an entry before its predecessors.
    latest: String,
}

impl<'a> Merged<'a> {
    /// All logs from where `next` says; it is moved to their ends, as signed by now.
    fn of(record: &'a Record, filter: &Filter, next: &mut BTreeMap<String, u64>) -> Result<Self, Failure> {
        let mut logs = Vec::new();
        for origin in record.store.origins()? {
            let upto = record.size(&origin)?;
            let from = match next.insert(origin.clone(), upto) {
                Some(from) => from,
                None => beginning(record, filter, &origin, upto)?,
            };
            logs.push(Tail { origin, next: from, upto, held: VecDeque::new(), latest: String::new() });
        }
        logs.sort_by(|a, b| a.origin.cmp(&b.origin));
        let page = (HELD / logs.len().max(1)).clamp(1, PAGE);
        let mut merged = Merged { record, logs, heads: BinaryHeap::new(), page };
        (0..merged.logs.len()).try_for_each(|log| merged.look(log))?;
        Ok(merged)
    }

    /// Notes what comes next in a log, if anything does.
    fn look(&mut self, log: usize) -> Result<(), Failure> {
        let Some(tail) = self.logs.get_mut(log) else { return Ok(()) };
        tail.fill(self.record, self.page)?;
        if let Some(head) = tail.held.front() {
            if head.entry.time > tail.latest {
                tail.latest.clone_from(&head.entry.time);
            }
            self.heads.push(Reverse((tail.latest.clone(), log)));
        }
        Ok(())
    }

    /// The line of the next entry that is asked for.
    fn line(&mut self, filter: &Filter) -> Result<Option<String>, Failure> {
        while let Some(Reverse((_, log))) = self.heads.pop() {
            let placed = self.logs.get_mut(log).and_then(|tail| tail.held.pop_front());
            self.look(log)?;
            let Some(placed) = placed else { continue };
            let mut row = Row::of(&placed);
            if filter.asks_how_it_ended() {
                self.record.complete(&mut row)?;
            }
            if filter.wants(&row) {
                return event(&placed).map(Some);
            }
        }
        Ok(None)
    }

    fn print(&mut self, filter: &Filter) -> Result<Audience, Failure> {
        let mut block = String::new();
        while let Some(line) = self.line(filter)? {
            block.push_str(&line);
            if block.len() >= BLOCK && print(&std::mem::take(&mut block))? == Audience::Gone {
                return Ok(Audience::Gone);
            }
        }
        print(&block)
    }

    fn print_last(&mut self, filter: &Filter, limit: usize) -> Result<Audience, Failure> {
        let mut lines = VecDeque::new();
        while let Some(line) = self.line(filter)? {
            lines.push_back(line);
            if lines.len() > limit {
                lines.pop_front();
            }
        }
        print(&lines.into_iter().collect::<String>())
    }
}

impl Tail {
    /// Reads on when nothing is held; an entry that cannot be read is complained of and passed over.
    fn fill(&mut self, record: &Record, page: usize) -> Result<(), Failure> {
        while self.held.is_empty() && self.next < self.upto {
            let wanted = usize::try_from(self.upto - self.next).unwrap_or(page).min(page);
            let stored = record.store.entries(&self.origin, self.next, wanted)?;
            self.next = stored.last().map_or(self.upto, |last| last.index.saturating_add(1));
            self.held.extend(stored.into_iter().filter_map(placed));
        }
        Ok(())
    }
}

/// The first index of a log at which something that is asked for may stand.
fn beginning(record: &Record, filter: &Filter, origin: &str, upto: u64) -> Result<u64, Failure> {
    let mut before = upto;
    while filter.has_a_beginning() && before > 0 {
        let from = before.saturating_sub(PAGE as u64);
        let page = record.store.entries(origin, from, PAGE)?;
        if page.iter().all(|stored| is_too_old(filter, stored)) {
            return Ok(before);
        }
        before = from;
    }
    Ok(0)
}

fn event(placed: &Placed) -> Result<String, Failure> {
    let Placed { index, payload, entry } = placed;
    let unreadable = |error: serde_json::Error| Failure::unavailable(format!("entry {index}: {error}"));
    json(&Event {
        specversion: "1.0",
        id: index.to_string(),
        source: &entry.origin,
        r#type: format!("dev.lastlook.entry.{}", entry.kind),
        subject: format!("attempt/{}", entry.attempt),
        time: &entry.time,
        datacontenttype: PAYLOAD_TYPE,
        dataschema: PREDICATE_TYPE,
        data: serde_json::from_slice(payload).map_err(unreadable)?,
    })
}
