//! Rows of all logs in the order of their times, and how far each log was read.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_ledger::{Entry, Kind};
use lastlook_store::{AttemptState, Store, StoredEntry};

use super::filter::Filter;
use crate::failure::Failure;
use crate::record::row::Row;
use crate::record::text::clean;
use crate::record::{PAGE, Placed, Record};

/// Rows that were gathered, and where to go on.
#[derive(Debug, Default)]
pub struct Gathered {
    rows: Vec<Row>,
    /// The next index of each log.
    next: BTreeMap<String, u64>,
    /// Attempts under way that have been shown.
    armed: BTreeSet<String>,
}

impl Gathered {
    /// The newest rows, at most `limit` of them.
    ///
    /// Logs are read from their ends: entries of one log stand in the order of their times, but for those of one flush.
    pub fn newest(record: &Record, filter: &Filter, limit: Option<usize>) -> Result<Gathered, Failure> {
        let mut gathered = Gathered::default();
        let under_way = gathered.under_way(record, filter)?;
        for origin in record.logs()? {
            let size = record.size(&origin)?;
            let (mut before, mut found) = (size, 0);
            while before > 0 && limit.is_none_or(|limit| found < limit) {
                let from = before.saturating_sub(PAGE as u64);
                let mut too_old = false;
                for page in record.pages(&origin, from, before) {
                    let page = page?;
                    too_old |=
                        filter.has_a_beginning() && page.iter().all(|stored| is_too_old(filter, stored));
                    found += gathered.take(record, filter, page)?;
                }
                if too_old {
                    break;
                }
                before = from;
            }
            gathered.next.insert(origin, size);
        }
        gathered.finish(under_way);
        let surplus = limit.map_or(0, |limit| gathered.rows.len().saturating_sub(limit));
        gathered.rows.drain(..surplus);
        Ok(gathered)
    }

    /// What came since.
    pub fn more(&mut self, record: &Record, filter: &Filter) -> Result<(), Failure> {
        self.rows.clear();
        let under_way = self.under_way(record, filter)?;
        for origin in record.logs()? {
            let from = self.next.get(&origin).copied().unwrap_or_default();
            for page in record.pages(&origin, from, u64::MAX) {
                let page = page?;
                let next = page.last().map(|entry| entry.index.saturating_add(1));
                self.take(record, filter, page)?;
                next.and_then(|next| self.next.insert(origin.clone(), next));
            }
        }
        self.finish(under_way);
        Ok(())
    }

    /// The rows, oldest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Attempts that are armed and not shown yet. Read before the logs: one that ends meanwhile has its end in them.
    fn under_way(&mut self, record: &Record, filter: &Filter) -> Result<Vec<Row>, Failure> {
        let open = record.store.open_attempts()?.into_iter().filter(|row| row.state == AttemptState::Armed);
        let open: BTreeSet<String> = open.map(|row| row.id).collect();
        let mut rows = Vec::new();
        for id in open.difference(&self.armed) {
            let entries = record.entries_of(id)?;
            let armed = entries.iter().find(|placed| placed.entry.kind == Kind::Armed);
            rows.extend(armed.map(Row::of).filter(|row| filter.wants(row)));
        }
        self.armed = open;
        Ok(rows)
    }

    /// Takes the rows of a page that are asked for; returns how many.
    fn take(&mut self, record: &Record, filter: &Filter, page: Vec<StoredEntry>) -> Result<usize, Failure> {
        let before = self.rows.len();
        for stored in page {
            let Some(mut row) = row_of(filter, stored) else { continue };
            record.complete(&mut row)?;
            if filter.wants(&row) {
                self.rows.push(row);
            }
        }
        Ok(self.rows.len() - before)
    }

    fn finish(&mut self, under_way: Vec<Row>) {
        let ended: BTreeSet<&str> = self.rows.iter().map(|row| row.receipt.as_str()).collect();
        let still: Vec<Row> =
            under_way.into_iter().filter(|row| !ended.contains(row.receipt.as_str())).collect();
        self.rows.extend(still);
        // Times have one length and form, so that their text has their order.
        self.rows.sort_by(|a, b| (&a.time, &a.origin, a.index).cmp(&(&b.time, &b.origin, b.index)));
    }
}

/// The row of an entry that ends something, and of a summary of reads where it is asked for.
pub fn row_of(filter: &Filter, stored: StoredEntry) -> Option<Row> {
    match stored.kind {
        Kind::Armed => None,
        Kind::Reads if !filter.asks_for_reads() => None,
        _ => placed(stored).as_ref().map(Row::of),
    }
}

/// A stored entry as it reads; one that cannot be read is complained of and passed over.
pub fn placed(stored: StoredEntry) -> Option<Placed> {
    let StoredEntry { origin, index, attempt: _, kind: _, leaf: _, payload } = stored;
    match Entry::from_payload(&payload) {
        Ok(entry) => Some(Placed { index, payload, entry }),
        Err(error) => {
            eprintln!("warning: entry {index} of log `{}` cannot be read: {error}", clean(&origin));
            None
        }
    }
}

/// Whether an entry, and so everything before it in its log, is older than anything that is asked for.
pub fn is_too_old(filter: &Filter, stored: &StoredEntry) -> bool {
    Entry::from_payload(&stored.payload).is_ok_and(|entry| filter.is_too_old(&entry.time))
}
