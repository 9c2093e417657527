//! The store on disk: one SQLite database, shared by the writers of a state directory.
//!
//! **Order of durability.** A commit's rows, entries, values and the signed checkpoint over the entries are one SQLite
//! transaction, flushed once; tickets are answered after it. Each writer appends to a log of its own under the state's
//! one key, so writers wait for each other's transaction at most, never for each other's sequence.

mod apply;
pub(crate) mod behind;
pub(crate) mod copy;
pub(crate) mod era;
mod failure;
#[cfg(test)]
mod fuzz;
mod grant;
mod guards;
pub(crate) mod handover;
mod head;
mod held;
mod limit;
mod packed;
mod prune;
mod read;
pub(crate) mod restoration;
mod roster;
mod row;
pub(crate) mod schema;
#[cfg(test)]
mod tests;
mod wal;
mod writer;

use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use lastlook_canon::Digest;
use lastlook_ledger::{Kind, Signer, leaf_of_payload, tree::Hash};
use tokio::sync::oneshot;

use crate::state::{HeadKeeper, StateDir, StateError, Writer};
use crate::{
    ApproverRow, AttemptRow, Commit, CommitError, Fault, GrantRow, HaltRow, LimitWindow, Lookup, RequestRow,
    RequestState, StepRow, Store, StoreError, StoredEntry, Ticket, Values, VoteRow, WriterId,
};

pub use prune::{Prune, Pruned, Pruner};
pub use read::SqliteReader;
use wal::Wal;
use writer::{Appender, Job, Quota};

/// The store of one writer on a state directory.
///
/// Dropping it commits what is queued, then frees the writer's slot.
#[derive(Debug)]
pub struct SqliteStore {
    id: WriterId,
    inherited: Vec<AttemptRow>,
    reader: SqliteReader,
    /// Nothing only while being dropped.
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// After the fields above, so that the slot is free only when nothing appends any more.
    _slot: Writer,
}

/// What can be set about a store; the default suits all but tests.
#[derive(Clone, Default)]
pub struct Settings {
    /// Has its say before every operation of a commit.
    pub fault: Option<Arc<dyn Fault>>,
    /// A bound on the database's size in bytes, a sixteenth of which is kept for vital commits.
    pub max_bytes: Option<u64>,
    /// Signs in the place of the state's own key file; it must be the key on record.
    pub signer: Option<Arc<dyn Signer>>,
}

impl SqliteStore {
    /// Opens the database for this writer and takes up the log its slot began, if it adds up to its signed checkpoint.
    pub fn open(dir: &StateDir, slot: Writer, fault: Option<Arc<dyn Fault>>) -> Result<Self, StateError> {
        Self::open_with(dir, slot, Settings { fault, ..Settings::default() })
    }

    /// Like [`open`](Self::open), with other settings.
    pub fn open_with(dir: &StateDir, slot: Writer, settings: Settings) -> Result<Self, StateError> {
        let id = slot.era().writer(dir.state_id(), slot.n());
        let reader = dir.reader()?;
        let sql = |e: rusqlite::Error| schema::state_error(dir.paths(), &e);
        let conn = schema::connect(&dir.paths().database, false).map_err(sql)?;
        let stale = behind::refuse(&conn, dir.paths(), dir.heads())?;
        let mut heads = HeadKeeper::new(dir.heads().cloned());
        // Else whoever comes next would read these logs from the beginning once more.
        for origin in stale {
            if let Some(note) = head::note(&conn, &origin).map_err(sql)? {
                heads.keep(&origin, &note);
            }
        }
        let roster = slot.era().roster(dir.state_id());
        let altered = |id: &WriterId, what: &str| StateError::LogAltered {
            path: dir.paths().database.clone(),
            origin: id.origin.clone(),
            what: what.into(),
        };
        let mut public = schema::recorded(&conn).map_err(sql)?;
        let (key, tree) = loop {
            let key = match &settings.signer {
                Some(signer) => Arc::clone(signer),
                None => dir.keeper().signer(&public)?,
            };
            let loaded = head::load(&conn, &id, &key.verifier()).map_err(sql)?;
            let listed = head::load(&conn, &roster, &key.verifier()).map_err(sql)?;
            // Replaced between the two: then the head is signed by the next key.
            let now = schema::recorded(&conn).map_err(sql)?;
            if now != public {
                public = now;
                continue;
            }
            listed.map_err(|what| altered(&roster, what))?;
            let tree = loaded.map_err(|what| altered(&id, what))?;
            break (key, tree);
        };
        roster::check(&conn, &id, &roster).map_err(sql)?.map_err(|what| altered(&id, what))?;
        let mut inherited = read::open_attempts(&conn).map_err(sql)?;
        inherited.retain(|row| row.writer == id.n);
        let quota = settings.max_bytes.map(|bytes| Quota::of(bytes, &conn)).transpose().map_err(sql)?;
        let appender = Appender {
            conn,
            database: dir.paths().database.clone(),
            id: id.clone(),
            keeper: dir.keeper().clone(),
            roster,
            era: slot.era().clone(),
            entered: false,
            heads,
            key,
            public,
            tree,
            reserve: dir.reserve(),
            fault: settings.fault,
            quota,
            stale: false,
            wal: Wal::default(),
        };
        let (queue, jobs) = mpsc::channel();
        let thread = thread::Builder::new()
            .name(format!("lastlook-writer-{}", id.n))
            .spawn(move || appender.run(&jobs))
            .map_err(|e| {
                StateError::from_io(&dir.paths().root, "start a writer for", &dir.paths().root, e)
            })?;
        Ok(Self { id, inherited, reader, queue: Some(queue), thread: Some(thread), _slot: slot })
    }

    /// The attempts that were open under this slot's number when it was taken: what the slot's earlier lives left.
    ///
    /// They are this writer's to recover, like those of a [`DeadWriter`](crate::DeadWriter).
    pub fn inherited(&self) -> &[AttemptRow] {
        &self.inherited
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread ended abnormally");
        }
    }
}

impl Store for SqliteStore {
    fn writer(&self) -> Option<&WriterId> {
        Some(&self.id)
    }

    fn commit(&self, commit: Commit) -> Ticket {
        // Hashed here, so that the writer thread, which everybody waits for, need not.
        let leaves = commit.entries.iter().map(|entry| leaf_of_payload(&entry.payload)).collect();
        let (reply, ticket) = oneshot::channel();
        let unsent = match &self.queue {
            Some(queue) => queue.send(Job { commit, leaves, reply }).err().map(|unsent| unsent.0.reply),
            None => Some(reply),
        };
        if let Some(reply) = unsent {
            let _ = reply.send(Err(CommitError::Unavailable("the writer has stopped".into())));
        }
        ticket
    }

    fn version(&self) -> Result<u64, StoreError> {
        self.reader.version()
    }

    fn attempt(&self, id_or_prefix: &str) -> Result<Lookup<AttemptRow>, StoreError> {
        self.reader.attempt(id_or_prefix)
    }

    fn open_attempts(&self) -> Result<Vec<AttemptRow>, StoreError> {
        self.reader.open_attempts()
    }

    fn holder(&self, subject: &str) -> Result<Option<AttemptRow>, StoreError> {
        self.reader.holder(subject)
    }

    fn origins(&self) -> Result<Vec<String>, StoreError> {
        self.reader.origins()
    }

    fn entries(&self, origin: &str, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        self.reader.entries(origin, from, limit)
    }

    fn entries_of(&self, attempt: &str) -> Result<Vec<StoredEntry>, StoreError> {
        self.reader.entries_of(attempt)
    }

    fn entry_ids(&self, after: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.reader.entry_ids(after, limit)
    }

    fn leaf_hashes(&self, origin: &str, upto: u64) -> Result<Vec<Hash>, StoreError> {
        self.reader.leaf_hashes(origin, upto)
    }

    fn checkpoint(&self, origin: &str) -> Result<Option<String>, StoreError> {
        self.reader.checkpoint(origin)
    }

    fn values(&self, attempt: &str, kind: Kind) -> Result<Option<Values>, StoreError> {
        self.reader.values(attempt, kind)
    }

    fn attempts_of(
        &self,
        upstream: &str,
        tool: &str,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<AttemptRow>, StoreError> {
        self.reader.attempts_of(upstream, tool, limit, before)
    }

    fn tools_of(&self, upstream: &str) -> Result<Vec<String>, StoreError> {
        self.reader.tools_of(upstream)
    }

    fn steps(&self, key: &str, limit: usize, before_ns: Option<i64>) -> Result<Vec<StepRow>, StoreError> {
        self.reader.steps(key, limit, before_ns)
    }

    fn steps_since(&self, key: &str, since_ns: i64, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        self.reader.steps_since(key, since_ns, limit)
    }

    fn once(&self, key: &str) -> Result<Option<(String, Option<i64>)>, StoreError> {
        self.reader.once(key)
    }

    fn limit(&self, key: &str, window: LimitWindow, at_ns: i64) -> Result<(u128, u128), StoreError> {
        self.reader.limit(key, window, at_ns)
    }

    fn lease(&self, key: &str) -> Result<Option<(AttemptRow, u64)>, StoreError> {
        self.reader.lease(key)
    }

    fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.reader.mark(name)
    }

    fn request(&self, id_or_prefix: &str) -> Result<Lookup<RequestRow>, StoreError> {
        self.reader.request(id_or_prefix)
    }

    fn requests(
        &self,
        states: &[RequestState],
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        self.reader.requests(states, limit, before)
    }

    fn open_requests_of(
        &self,
        principal: &str,
        action: Digest,
        key: Option<&str>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        self.reader.open_requests_of(principal, action, key)
    }

    fn votes(&self, request: &str) -> Result<Vec<VoteRow>, StoreError> {
        self.reader.votes(request)
    }

    fn approvers(&self) -> Result<Vec<ApproverRow>, StoreError> {
        self.reader.approvers()
    }

    fn grant(&self, id_or_prefix: &str) -> Result<Lookup<GrantRow>, StoreError> {
        self.reader.grant(id_or_prefix)
    }

    fn grants(&self) -> Result<Vec<GrantRow>, StoreError> {
        self.reader.grants()
    }

    fn grants_for(&self, upstream: &str, tool: &str, at_ns: i64) -> Result<Vec<GrantRow>, StoreError> {
        self.reader.grants_for(upstream, tool, at_ns)
    }

    fn uses_of(&self, grant: &str) -> Result<Vec<AttemptRow>, StoreError> {
        self.reader.uses_of(grant)
    }

    fn halts(&self, all: bool) -> Result<Vec<HaltRow>, StoreError> {
        self.reader.halts(all)
    }
}
