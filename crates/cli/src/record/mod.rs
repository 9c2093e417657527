//! What every command that looks at the record shares: finding an attempt, its entries, its values, and one line of it.

pub mod fields;
pub mod print;
pub mod reads;
pub mod row;
pub mod text;
pub mod values;

use std::collections::BTreeSet;

use lastlook_ledger::roster::is_roster;
use lastlook_ledger::{Entry, Kind, open_checkpoint};
use lastlook_store::{AttemptRow, Lookup, SqliteReader, StateDir, Store, StoreError, StoredEntry};

use crate::failure::Failure;
use crate::place::Place;
use text::clean;

/// How many entries are read at once.
pub const PAGE: usize = 256;
/// How many candidates an ambiguous beginning of an id lists.
const CANDIDATES: usize = 16;

/// A state directory, open for looking.
#[derive(Debug)]
pub struct Record {
    /// The directory.
    pub state: StateDir,
    /// Its logs and rows.
    pub store: SqliteReader,
}

/// An entry and its place.
#[derive(Debug, Clone)]
pub struct Placed {
    /// Its place in its log, from 0.
    pub index: u64,
    /// Its exact bytes.
    pub payload: Vec<u8>,
    /// What they say.
    pub entry: Entry,
}

/// One attempt as the record tells it.
#[derive(Debug)]
pub struct Attempt {
    /// Its id, which is its receipt's.
    pub id: String,
    /// Its entries, oldest first; there is at least one.
    pub entries: Vec<Placed>,
    /// Its row; a call that was refused before it was armed has none.
    pub row: Option<AttemptRow>,
}

impl Record {
    /// Opens the record that is there.
    pub fn open(place: &Place) -> Result<Record, Failure> {
        Record::of(place.existing_state()?)
    }

    /// Looks at an open state directory.
    pub fn of(state: StateDir) -> Result<Record, Failure> {
        let store = state.reader()?;
        Ok(Record { state, store })
    }

    /// The attempt whose id is this, or begins so.
    pub fn find(&self, asked: &str) -> Result<Attempt, Failure> {
        let id = self.id_of(asked)?;
        let entries = self.entries_of(&id)?;
        let row = match self.store.attempt(&id)? {
            Lookup::Found(row) if row.id == id => Some(row),
            Lookup::Found(_) | Lookup::Missing | Lookup::Ambiguous(_) => None,
        };
        Ok(Attempt { id, entries, row })
    }

    /// The entries of the attempt with this complete id: as it went on, the arming first.
    pub fn entries_of(&self, id: &str) -> Result<Vec<Placed>, Failure> {
        let stored = self.store.entries_of(id)?;
        let mut entries = stored.into_iter().map(placed).collect::<Result<Vec<_>, _>>()?;
        entries.sort_by_cached_key(|placed| (placed.stage(), placed.entry.time.clone(), placed.index));
        Ok(entries)
    }

    /// The origins of the logs that writers append to: all but rosters.
    pub fn logs(&self) -> Result<Vec<String>, StoreError> {
        let mut origins = self.store.origins()?;
        origins.retain(|origin| !is_roster(origin));
        Ok(origins)
    }

    /// How many entries a log has, by its signed checkpoint.
    pub fn size(&self, origin: &str) -> Result<u64, StoreError> {
        let note = self.store.checkpoint(origin)?.unwrap_or_default();
        match open_checkpoint(&note, &[self.state.verifier_key()]) {
            Ok(checkpoint) => Ok(checkpoint.size),
            // `lastlook verify` is the command that complains; to look around, the entries themselves will do.
            Err(_) => Ok(self.store.leaf_hashes(origin, u64::MAX)?.len() as u64),
        }
    }

    /// The entries of one log in pages, from index `from` on and before `upto`.
    pub fn pages<'a>(
        &'a self,
        origin: &'a str,
        from: u64,
        upto: u64,
    ) -> impl Iterator<Item = Result<Vec<StoredEntry>, StoreError>> + 'a {
        let mut next = from;
        std::iter::from_fn(move || {
            let wanted = usize::try_from(upto.saturating_sub(next)).unwrap_or(PAGE).min(PAGE);
            if wanted == 0 {
                return None;
            }
            let page = self.store.entries(origin, next, wanted);
            match &page {
                Ok(entries) => next = entries.last()?.index.saturating_add(1),
                Err(_) => next = upto,
            }
            Some(page)
        })
    }

    /// The complete id. Attempts refused before they were armed stand in the logs only, so these are gone through.
    fn id_of(&self, asked: &str) -> Result<String, Failure> {
        if asked.is_empty() {
            return Err(Failure::usage("a receipt's id cannot be empty"));
        }
        if !self.store.entries_of(asked)?.is_empty() {
            return Ok(asked.to_owned());
        }
        let mut found = BTreeSet::new();
        for origin in self.logs()? {
            for page in self.pages(&origin, 0, u64::MAX) {
                found.extend(page?.into_iter().map(|entry| entry.attempt).filter(|id| id.starts_with(asked)));
            }
        }
        let first = found.pop_first();
        match first {
            Some(id) if found.is_empty() => Ok(id),
            Some(id) => Err(ambiguous(asked, std::iter::once(id).chain(found).collect())),
            None => Err(Failure::usage(format!(
                "no attempt in `{}` has an id that begins with `{}`",
                self.state.paths().root.display(),
                text::shortened(&clean(asked), 80)
            ))
            .hint(
                "`lastlook log` lists the attempts; a receipt file is verified with `lastlook verify FILE`",
            )),
        }
    }
}

fn ambiguous(asked: &str, ids: Vec<String>) -> Failure {
    let listed: Vec<&str> = ids.iter().take(CANDIDATES).map(String::as_str).collect();
    let more = if ids.len() > CANDIDATES { ", …" } else { "" };
    Failure::usage(format!("`{}` is the beginning of {} ids", clean(asked), ids.len()))
        .hint(format!("one of: {}{more}", listed.join(", ")))
}

fn placed(stored: StoredEntry) -> Result<Placed, Failure> {
    let StoredEntry { origin, index, attempt: _, kind: _, leaf: _, payload } = stored;
    match Entry::from_payload(&payload) {
        Ok(entry) => Ok(Placed { index, payload, entry }),
        Err(error) => {
            Err(Failure::unavailable(format!("entry {index} of log `{origin}` cannot be read: {error}"))
                .hint("`lastlook verify` says what else does not add up"))
        }
    }
}

impl Placed {
    /// How far along an attempt is with this entry: what is final comes last, whatever the clock did meanwhile.
    fn stage(&self) -> u8 {
        match self.entry.kind {
            Kind::Armed | Kind::Held | Kind::Reads => 0,
            Kind::Outcome if self.member("outcome") == Some("unknown") => 1,
            Kind::Refused | Kind::Outcome | Kind::Operator => 2,
            Kind::Confirmation => 3,
        }
    }

    /// Whether there are values beside it, or were before they were pruned.
    pub fn commits(&self) -> bool {
        commits(&self.payload)
    }

    /// A text member of the body.
    pub fn member(&self, name: &str) -> Option<&str> {
        self.entry.body.get(name)?.as_str()
    }

    /// A count in the body.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.entry.body.get(name)?.as_u64()
    }

    /// The objects of an array in the body.
    pub fn list(&self, name: &str) -> &[serde_json::Value] {
        self.entry.body.get(name).and_then(serde_json::Value::as_array).map_or(&[], Vec::as_slice)
    }
}

impl Attempt {
    /// What it began with, if it was armed.
    pub fn armed(&self) -> Option<&Placed> {
        self.entries.iter().find(|placed| placed.entry.kind == Kind::Armed)
    }

    /// Its latest receipt: how it was refused, how it ended, or what an operator said.
    pub fn end(&self) -> Option<&Placed> {
        self.entries.iter().rev().find(|placed| placed.entry.kind.is_receipt())
    }

    /// What was recorded by whoever looked: the refusal, or the outcome as it was known first.
    pub fn looked(&self) -> Option<&Placed> {
        self.entries.iter().find(|placed| matches!(placed.entry.kind, Kind::Refused | Kind::Outcome))
    }
}

/// Whether an entry commits to values kept beside it.
pub(super) fn commits(payload: &[u8]) -> bool {
    const COMMITMENT: &[u8] = br#""commitment":"sha256:"#;
    payload.windows(COMMITMENT.len()).any(|window| window == COMMITMENT)
}
