//! The read set of one reader.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lastlook_canon::Digest;

use crate::fact::{Basis, BasisReading};
use crate::{Moment, Reading, Rebased, Subject, Subjects};

/// How much a reader may hold; beyond it the oldest leave tombstones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Readings held.
    pub readings: usize,
    /// Bytes of compared values held in all; digests stay when values go.
    pub value_bytes: usize,
    /// Tombstones held; beyond it every unread subject counts as missing.
    pub tombstones: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { readings: 4096, value_bytes: 4 << 20, tombstones: 8192 }
    }
}

/// What one reader was seen to read, held until superseded, retired or evicted.
#[derive(Debug, Default)]
pub struct Readings {
    limits: Limits,
    held: BTreeMap<u64, Held>,
    /// The first subject of a reading, to the orders of the readings that start with it.
    by_subject: BTreeMap<String, Vec<u64>>,
    tombstones: BTreeMap<String, Vec<Subjects>>,
    tombstone_count: usize,
    /// Set when tombstones themselves had to be dropped: from then on nothing is known to be unread.
    forgot: bool,
    uncompared: u64,
    value_bytes: usize,
}

#[derive(Debug)]
struct Held {
    reading: Reading,
    outdated: bool,
}

/// What one effect rests on, and where those readings are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// The basis, in the order the answers were given.
    pub basis: Basis,
    /// The order numbers of `basis.readings`, in the same order.
    pub orders: Vec<u64>,
    /// Everything those readings are about.
    pub about: BTreeSet<Subject>,
}

impl Readings {
    /// An empty read set with these limits.
    pub fn new(limits: Limits) -> Readings {
        Readings { limits, ..Readings::default() }
    }

    /// Takes in an answer that has been given to the client.
    ///
    /// It supersedes an earlier reading by the same tool about the same subjects whatever its other arguments, retires
    /// readings of its subjects that a refusal found outdated, and clears their tombstones.
    pub fn insert(&mut self, reading: Reading) {
        let Some(first) = reading.subjects.first().map(|subject| subject.key().to_owned()) else {
            self.uncompared = self.uncompared.saturating_add(1);
            return;
        };
        let gone: Vec<u64> = self
            .candidates(&reading.subjects)
            .filter(|(_, held)| {
                let superseded =
                    held.reading.tool == reading.tool && held.reading.subjects == reading.subjects;
                superseded || (held.outdated && held.reading.subjects.all_among(&reading.subjects))
            })
            .map(|(order, _)| order)
            .collect();
        for order in gone {
            self.remove(order);
        }
        self.clear_tombstones(&reading.subjects);
        self.value_bytes += reading.value.as_ref().map_or(0, |value| value.len());
        self.by_subject.entry(first).or_default().push(reading.order);
        self.held.insert(reading.order, Held { reading, outdated: false });
        self.make_room();
    }

    /// Counts a reading that gives no basis: it is about nothing, or must not be repeated.
    pub fn count_uncompared(&mut self) {
        self.uncompared = self.uncompared.saturating_add(1);
    }

    /// The readings an effect rests on: all their subjects occur among the effect's, and their answers had been given
    /// at `upto` (inclusive).
    pub fn touched(&self, effect: &Subjects, upto: u64) -> Touched {
        let mut touched = Touched::default();
        touched.basis.uncompared = self.uncompared;
        let mut orders: Vec<u64> = self
            .candidates(effect)
            .filter(|(_, held)| held.reading.subjects.all_among(effect))
            .map(|(order, _)| order)
            .collect();
        orders.sort_unstable();
        orders.dedup();
        for order in orders {
            match self.held.get(&order) {
                Some(held) if order <= upto => {
                    touched.orders.push(order);
                    touched.about.extend(held.reading.subjects.iter().cloned());
                    touched.basis.readings.push(held.as_basis());
                }
                _ => touched.basis.missing += 1,
            }
        }
        touched.basis.missing += effect
            .iter()
            .filter_map(|subject| self.tombstones.get(subject.key()))
            .flatten()
            .filter(|tombstone| tombstone.all_among(effect))
            .count();
        if self.forgot && touched.basis.readings.is_empty() {
            touched.basis.missing += 1;
        }
        touched
    }

    /// The orders of the readings by these tools, newest first: what an effect moves without sharing a subject.
    pub fn by_tools(&self, tools: &[String]) -> Vec<u64> {
        if tools.is_empty() {
            return Vec::new();
        }
        self.held
            .iter()
            .rev()
            .filter(|(_, held)| tools.contains(&held.reading.tool))
            .map(|(order, _)| *order)
            .collect()
    }

    /// The held reading of this order.
    pub fn get(&self, order: u64) -> Option<&Reading> {
        self.held.get(&order).map(|held| &held.reading)
    }

    /// Marks a reading that a look found to differ: it refuses until its subject is read again.
    pub fn mark_outdated(&mut self, order: u64) {
        if let Some(held) = self.held.get_mut(&order) {
            held.outdated = true;
        }
    }

    /// Replaces what a reading said by what was read right after an own effect.
    pub fn rebase(&mut self, order: u64, digest: Digest, value: Arc<[u8]>, at: Moment, rebased: Rebased) {
        if let Some(held) = self.held.get_mut(&order) {
            self.value_bytes -= held.reading.value.as_ref().map_or(0, |old| old.len());
            self.value_bytes += value.len();
            held.reading.digest = digest;
            held.reading.value = Some(value);
            held.reading.answered_at = at;
            held.reading.rebased = Some(rebased);
        }
        self.make_room();
    }

    /// Drops a reading that can no longer be vouched for, leaving its tombstone.
    pub fn bury(&mut self, order: u64) {
        if let Some(reading) = self.remove(order) {
            self.add_tombstone(reading.subjects);
        }
    }

    /// How many readings are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// True when nothing was read.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Readings whose first subject is one of these.
    fn candidates<'a>(&'a self, subjects: &'a Subjects) -> impl Iterator<Item = (u64, &'a Held)> {
        subjects
            .iter()
            .filter_map(|subject| self.by_subject.get(subject.key()))
            .flatten()
            .filter_map(|order| Some((*order, self.held.get(order)?)))
    }

    fn remove(&mut self, order: u64) -> Option<Reading> {
        let held = self.held.remove(&order)?;
        self.value_bytes -= held.reading.value.as_ref().map_or(0, |value| value.len());
        let first = held.reading.subjects.first().map(|first| first.key().to_owned());
        if let Some(first) = first
            && let Some(orders) = self.by_subject.get_mut(&first)
        {
            orders.retain(|other| *other != order);
            if orders.is_empty() {
                self.by_subject.remove(&first);
            }
        }
        Some(held.reading)
    }

    fn make_room(&mut self) {
        while self.held.len() > self.limits.readings {
            let Some(oldest) = self.held.keys().next().copied() else { break };
            self.bury(oldest);
        }
        if self.value_bytes > self.limits.value_bytes {
            for held in self.held.values_mut() {
                if let Some(value) = held.reading.value.take() {
                    self.value_bytes -= value.len();
                }
                // Half, not all: the next reading should not have to walk the whole set again.
                if self.value_bytes <= self.limits.value_bytes / 2 {
                    break;
                }
            }
        }
    }

    fn add_tombstone(&mut self, subjects: Subjects) {
        let Some(first) = subjects.first().map(|subject| subject.key().to_owned()) else { return };
        if self.tombstone_count >= self.limits.tombstones {
            self.forgot = true;
            return;
        }
        let there = self.tombstones.entry(first).or_default();
        if !there.contains(&subjects) {
            there.push(subjects);
            self.tombstone_count += 1;
        }
    }

    fn clear_tombstones(&mut self, read: &Subjects) {
        if self.tombstone_count == 0 {
            return;
        }
        let mut cleared = 0;
        for subject in read.iter() {
            if let Some(there) = self.tombstones.get_mut(subject.key()) {
                let before = there.len();
                there.retain(|tombstone| !tombstone.all_among(read));
                cleared += before - there.len();
            }
        }
        self.tombstone_count -= cleared;
    }
}

impl Held {
    fn as_basis(&self) -> BasisReading {
        BasisReading {
            tool: self.reading.tool.clone(),
            params: self.reading.params.clone(),
            was: self.reading.digest,
            value: self.reading.value.clone(),
            answered_at: self.reading.answered_at,
            rebased: self.reading.rebased.clone(),
            outdated: self.outdated,
        }
    }
}

#[cfg(test)]
mod tests;
