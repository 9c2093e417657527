//! Rosters: which logs a state has, so that one that is gone shows.
//!
//! A roster is a log like any other, with entries about logs (`spec/log.md`, *Rosters*). Everything here compares what rosters say
//! with the logs that are there; that each of them is what was signed is [`LogVerifier`](crate::LogVerifier)'s to say.

use crate::entry::{Entry, Kind, leaf_of_payload};
use crate::error::VerifyError;
use crate::key::VerifierKey;
use crate::log::LogVerifier;
use crate::note::{Checkpoint, open_checkpoint};
use crate::tree::Hash;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The last step of a roster's origin.
pub const NAME: &str = "roster";

/// Whether a log of this origin is a roster.
pub fn is_roster(origin: &str) -> bool {
    origin.rsplit_once('/').is_some_and(|(_, last)| last == NAME)
}

/// The origin of the roster in which the log with this origin is listed.
pub fn listing(origin: &str) -> String {
    let (state, _) = origin.rsplit_once('/').unwrap_or_default();
    format!("{state}/{NAME}")
}

/// Why the logs of a state are not those that its rosters tell of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("log `{origin}` {problem}")]
pub struct RosterError {
    /// The log it is about.
    pub origin: String,
    /// What is wrong with it.
    pub problem: RosterProblem,
}

/// What can be wrong with one log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RosterProblem {
    /// There are logs, and no roster that lists them.
    #[error("is not there, though there are logs that it must list")]
    RosterMissing,
    /// An entry of a roster is none, or speaks of a log that was not listed before.
    #[error("has an entry, {0}, that does not belong in a roster")]
    Entry(u64),
    /// Two entries say that this log began.
    #[error("is said to have begun twice")]
    BegunTwice,
    /// A roster tells of it, and it is not there.
    #[error("is gone: a roster tells of it")]
    Missing,
    /// It does not begin with, or lead back to, what a roster says.
    #[error("is another than the one that a roster tells of: its first {0} entries differ")]
    Replaced(u64),
    /// It had more entries when a roster noted its head.
    #[error("was cut short: it had {0} entries when a roster noted its head")]
    CutShort(u64),
    /// It is there, and no roster tells of it.
    #[error("is listed by no roster")]
    Unlisted,
}

impl RosterError {
    /// The stable code of this error, as `spec/log.md` lists them.
    pub fn code(&self) -> &'static str {
        match self.problem {
            RosterProblem::RosterMissing => "roster-missing",
            RosterProblem::Entry(_) => "roster-entry",
            RosterProblem::BegunTwice => "log-begun-twice",
            RosterProblem::Missing => "log-missing",
            RosterProblem::Replaced(_) => "log-replaced",
            RosterProblem::CutShort(_) => "log-cut-short",
            RosterProblem::Unlisted => "log-unlisted",
        }
    }
}

/// What the rosters of a state say, gathered entry by entry.
#[derive(Debug, Clone, Default)]
pub struct Rosters {
    /// The first entry of each log that is listed.
    firsts: BTreeMap<String, Hash>,
    /// Heads that were noted, by log: each must be one that the log passed.
    heads: BTreeMap<String, BTreeMap<u64, BTreeSet<Hash>>>,
    /// Logs in the order in which anything was said of them.
    order: Vec<String>,
    found: bool,
    read: u64,
}

impl Rosters {
    /// Begins with a roster: what is [taken](Rosters::take) from here on are its entries, from the first on.
    pub fn begin(&mut self) {
        self.found = true;
        self.read = 0;
    }

    /// Takes the next entry of a roster.
    pub fn take(&mut self, entry: &Entry) -> Result<(), RosterError> {
        let wrong = RosterError { origin: entry.origin.clone(), problem: RosterProblem::Entry(self.read) };
        self.read = self.read.saturating_add(1);
        let member = |name: &str| entry.body.get(name);
        let word = member("as").and_then(Value::as_str);
        let log = member("log").and_then(|log| Some((text(log, "origin")?.to_owned(), hash(log, "first")?)));
        let (Kind::Operator, Some(word), Some((origin, first))) = (entry.kind, word, log) else {
            return Err(wrong);
        };
        match (word, self.firsts.get(&origin)) {
            ("log-opened" | "log-found", None) => drop(self.firsts.insert(origin.clone(), first)),
            ("log-opened" | "log-found", Some(_)) => {
                return Err(RosterError { origin, problem: RosterProblem::BegunTwice });
            }
            ("log-continued", Some(listed)) if *listed == first => {}
            _ => return Err(wrong),
        }
        self.order.push(origin);
        for head in member("heads").and_then(Value::as_array).into_iter().flatten() {
            let (Some(origin), Some(size), Some(root)) =
                (text(head, "origin"), head.get("size").and_then(Value::as_u64), hash(head, "root"))
            else {
                return Err(wrong);
            };
            self.order.push(origin.to_owned());
            self.heads.entry(origin.to_owned()).or_default().entry(size).or_default().insert(root);
        }
        Ok(())
    }

    /// What a log must pass on its way.
    pub fn walk(&self, origin: &str) -> Walk<'_> {
        let due = self.heads.get(origin).map(BTreeMap::iter);
        Walk { first: self.firsts.get(origin).copied(), due, next: None, size: 0, wrong: None }.ahead()
    }

    /// Whether any roster was begun.
    pub fn is_any(&self) -> bool {
        self.found
    }

    /// Compares the logs that are there, each with its walk, with all that was taken. `state` names the logs' state.
    ///
    /// `since` are logs that may have come since the rosters were read: nobody need have listed them.
    pub fn check(
        &self,
        state: &str,
        walked: &BTreeMap<String, Walk<'_>>,
        since: &BTreeSet<String>,
    ) -> Vec<RosterError> {
        let of = |origin: &str, problem| RosterError { origin: origin.to_owned(), problem };
        let logs = || walked.keys().filter(|origin| !is_roster(origin));
        if !self.found {
            let any = logs().next();
            return any
                .map(|_| of(&format!("{state}/{NAME}"), RosterProblem::RosterMissing))
                .into_iter()
                .collect();
        }
        let mut problems = Vec::new();
        let mut said = BTreeSet::new();
        for origin in self.order.iter().filter(|origin| said.insert(origin.as_str())) {
            let problem = match walked.get(origin) {
                Some(walk) => walk.problem(),
                None => Some(RosterProblem::Missing),
            };
            problems.extend(problem.map(|problem| of(origin, problem)));
        }
        let is_listed = |origin: &String| self.firsts.contains_key(origin);
        let unlisted = logs().filter(|origin| !is_listed(origin) && !since.contains(*origin));
        problems.extend(unlisted.map(|origin| of(origin, RosterProblem::Unlisted)));
        problems
    }
}

/// One log on its way past what rosters say of it.
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    first: Option<Hash>,
    due: Option<std::collections::btree_map::Iter<'a, u64, BTreeSet<Hash>>>,
    next: Option<(u64, &'a BTreeSet<Hash>)>,
    size: u64,
    wrong: Option<u64>,
}

impl Walk<'_> {
    /// Passes the next entry; `root` gives the root over the log up to and with it.
    pub fn pass(&mut self, leaf: Hash, root: impl FnOnce() -> Hash) {
        self.size = self.size.saturating_add(1);
        if self.size == 1 && self.first.is_some_and(|first| first != leaf) {
            self.wrong = Some(1);
        }
        let Some((size, roots)) = self.next.filter(|(size, _)| *size == self.size) else { return };
        let root = root();
        if roots.iter().any(|noted| *noted != root) {
            self.wrong = self.wrong.or(Some(size));
        }
        self.next = self.due.as_mut().and_then(|due| due.next().map(|(size, roots)| (*size, roots)));
    }

    /// Past the empty log, which every log began with.
    fn ahead(mut self) -> Self {
        let mut next = || self.due.as_mut().and_then(|due| due.next().map(|(size, roots)| (*size, roots)));
        let mut first = next();
        while first.is_some_and(|(size, _)| size == 0) {
            first = next();
        }
        self.next = first;
        self
    }

    fn problem(&self) -> Option<RosterProblem> {
        let last_due = || self.due.clone().and_then(|due| due.last().map(|(size, _)| *size));
        match (self.wrong, self.next) {
            _ if self.size == 0 && self.first.is_some() => Some(RosterProblem::Missing),
            (Some(size), _) => Some(RosterProblem::Replaced(size)),
            (None, Some((size, _))) => Some(RosterProblem::CutShort(last_due().unwrap_or(size))),
            (None, None) => None,
        }
    }
}

/// Why the logs of a state do not verify together.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LogsError {
    /// One of them does not by itself.
    #[error("log `{origin}`: {error}")]
    Log {
        /// Its origin, as its checkpoint says; empty if nobody vouches for that.
        origin: String,
        /// What is wrong.
        error: VerifyError,
    },
    /// They are not the logs that the rosters tell of.
    #[error(transparent)]
    Roster(#[from] RosterError),
}

impl LogsError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            LogsError::Log { error, .. } => error.code(),
            LogsError::Roster(error) => error.code(),
        }
    }
}

/// Verifies all logs of a state: each by itself, and that they are the ones that the rosters tell of.
///
/// Each log is given as its payloads, in order, and its checkpoint. Rosters are among them, and are taken in the order given.
pub fn verify_logs(logs: &[(Vec<Vec<u8>>, String)], keys: &[VerifierKey]) -> Result<(), LogsError> {
    let mut rosters = Rosters::default();
    let mut checkpoints: Vec<Checkpoint> = Vec::new();
    let mut wrong = None;
    for (payloads, note) in logs {
        let at = |origin: &str| {
            let origin = origin.to_owned();
            move |error| LogsError::Log { origin, error }
        };
        let checkpoint = open_checkpoint(note, keys).map_err(|error| at("")(error.into()))?;
        let origin = checkpoint.origin.clone();
        let mut log = LogVerifier::new(note, keys).map_err(at(&origin))?;
        let is_roster = is_roster(&origin);
        if is_roster {
            rosters.begin();
        }
        for payload in payloads {
            let entry = log.push(payload).map_err(at(&origin))?;
            if is_roster && wrong.is_none() {
                wrong = rosters.take(&entry).err();
            }
        }
        log.finish().map_err(at(&origin))?;
        checkpoints.push(checkpoint);
    }
    if let Some(error) = wrong {
        return Err(error.into());
    }
    let mut walked = BTreeMap::new();
    for ((payloads, _), checkpoint) in logs.iter().zip(&checkpoints) {
        let mut walk = rosters.walk(&checkpoint.origin);
        let mut tree = crate::tree::Tree::new();
        for payload in payloads {
            let leaf = leaf_of_payload(payload);
            tree.push(leaf);
            walk.pass(leaf, || tree.root());
        }
        walked.insert(checkpoint.origin.clone(), walk);
    }
    let state = checkpoints.iter().map(|it| it.origin.as_str()).find_map(|it| it.rsplit_once('/'));
    let problems = rosters.check(state.map_or("", |(state, _)| state), &walked, &BTreeSet::new());
    problems.into_iter().next().map_or(Ok(()), |error| Err(error.into()))
}

fn text<'a>(object: &'a Value, member: &str) -> Option<&'a str> {
    object.get(member).and_then(Value::as_str)
}

fn hash(object: &Value, member: &str) -> Option<Hash> {
    lastlook_canon::Digest::from_hex(text(object, member)?)
        .and_then(|digest| Hash::from_slice(digest.as_bytes()))
}
