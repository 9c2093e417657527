//! What one agent was seen to read, as a list.

use super::subjects::{About, touches};

/// One answer an agent was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The tool it came from.
    pub tool: String,
    /// What it is about.
    pub about: Vec<About>,
    /// What it said.
    pub said: String,
    /// Its place in the order in which answers were given.
    pub given: u64,
    /// True when a refusal found it outdated.
    pub outdated: bool,
    /// The attempt after whose effect it was taken again.
    pub rebased: Option<String>,
}

/// What an effect rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rests {
    /// The touched readings, in the order in which they were given.
    pub on: Vec<Seen>,
    /// Touched things that were read, of which the boundary can no longer say what was read.
    pub missing: usize,
    /// Readings about nothing.
    pub uncompared: u64,
}

/// Everything one agent was seen to read.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// How many readings are held.
    pub most: usize,
    /// How many tombstones are held.
    pub most_tombstones: usize,
    /// The readings held.
    pub held: Vec<Seen>,
    /// What was read and aged out, was evicted, or could not be taken again.
    pub tombstones: Vec<Vec<About>>,
    /// True once a tombstone had to be dropped: from then on nothing is known to be unread.
    pub forgot: bool,
    /// Readings about nothing, and reads that must not be repeated.
    pub uncompared: u64,
}

impl Memory {
    /// Takes in a reading.
    ///
    /// A later reading by the same tool with the same subjects supersedes an earlier one, whatever its other arguments;
    /// after a refusal, the next reading of that subject by any read tool retires the outdated ones.
    pub fn read(&mut self, seen: Seen) {
        if seen.about.is_empty() {
            self.uncompared += 1;
            return;
        }
        self.held.retain(|old| !(old.tool == seen.tool && old.about == seen.about));
        self.held.retain(|old| !(old.outdated && touches(&seen.about, &old.about)));
        self.tombstones.retain(|gone| !touches(&seen.about, gone));
        self.held.push(seen);
        while self.held.len() > self.most {
            let oldest = self.held.iter().map(|seen| seen.given).min().unwrap_or(0);
            self.bury(oldest);
        }
    }

    /// Drops a reading and leaves a tombstone.
    pub fn bury(&mut self, given: u64) {
        let Some(at) = self.held.iter().position(|seen| seen.given == given) else { return };
        let about = self.held.remove(at).about;
        if self.tombstones.contains(&about) {
            return;
        }
        if self.tombstones.len() < self.most_tombstones {
            self.tombstones.push(about);
        } else {
            self.forgot = true;
        }
    }

    /// Remembers that a look found a reading to differ.
    pub fn outdate(&mut self, given: u64) {
        self.held.iter_mut().filter(|seen| seen.given == given).for_each(|seen| seen.outdated = true);
    }

    /// Takes a reading again after an own effect.
    pub fn rebase(&mut self, given: u64, said: &str, after: &str) {
        for seen in self.held.iter_mut().filter(|seen| seen.given == given) {
            seen.said = said.to_owned();
            seen.rebased = Some(after.to_owned());
        }
    }

    /// The readings by these tools, newest first.
    pub fn by(&self, tools: &[String]) -> Vec<u64> {
        let mut given: Vec<u64> =
            self.held.iter().filter(|seen| tools.contains(&seen.tool)).map(|seen| seen.given).collect();
        given.sort();
        given.reverse();
        given
    }

    /// What an effect rests on whose frame arrived after the answer numbered `upto` had been given.
    ///
    /// A touched reading that was given later is no basis. It counts as missing: it may have superseded one that was.
    pub fn rests(&self, effect: &[About], upto: u64) -> Rests {
        let touched: Vec<&Seen> = self.held.iter().filter(|seen| touches(effect, &seen.about)).collect();
        let mut on: Vec<Seen> =
            touched.iter().filter(|seen| seen.given <= upto).map(|seen| (*seen).clone()).collect();
        on.sort_by_key(|seen| seen.given);
        let later = touched.len() - on.len();
        let buried = self.tombstones.iter().filter(|gone| touches(effect, gone)).count();
        let unknown = usize::from(self.forgot && on.is_empty() && !effect.is_empty());
        Rests { on, missing: later + buried + unknown, uncompared: self.uncompared }
    }
}
