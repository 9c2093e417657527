//! The writer thread: takes what is queued, makes it one transaction, and answers when it is durable.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use lastlook_ledger::{Checkpoint, Signer, sign_checkpoint, tree::Hash, tree::Tree};
use rusqlite::Connection;
use tokio::sync::oneshot;

use super::apply::{Given, Tx};
use super::era::{self, Era};
use super::failure::Failure;
use super::head;
use super::roster;
use super::schema;
use super::wal::Wal;
use crate::state::reserve::Reserve;
use crate::state::{HeadKeeper, Keeper};
use crate::{Commit, CommitError, Committed, Fault, Op, WriterId};

/// How many commits share a flush at most.
const GROUP: usize = 512;
/// How long nobody must have asked for anything, for the moment to be a quiet one.
const QUIET: Duration = Duration::from_millis(10);

/// One commit on its way, with the leaf hash of each of its entries.
pub(super) struct Job {
    pub commit: Commit,
    pub leaves: Vec<Hash>,
    pub reply: oneshot::Sender<Answer>,
}

impl Job {
    /// Whether it may only be made while the room for vital commits is there.
    fn needs_ballast(&self) -> bool {
        !self.commit.vital && !self.commit.entries.is_empty()
    }
}

type Answer = Result<Committed, CommitError>;

/// Everything one writer needs to append.
pub(super) struct Appender {
    pub conn: Connection,
    pub database: PathBuf,
    pub id: WriterId,
    pub keeper: Keeper,
    pub key: Arc<dyn Signer>,
    /// The key's public half, as the database records it.
    pub public: String,
    /// In which the writer's slot was taken.
    pub era: Era,
    /// The log of the state's logs.
    pub roster: WriterId,
    /// Whether this life of the writer has entered itself there.
    pub entered: bool,
    /// Keeps what was signed outside the directory, once it is durable.
    pub heads: HeadKeeper,
    pub tree: Tree,
    pub reserve: Reserve,
    pub fault: Option<Arc<dyn Fault>>,
    pub quota: Option<Quota>,
    /// Whether the last COMMIT failed, so that the tree must be read again before it is relied upon.
    pub stale: bool,
    pub wal: Wal,
}

/// A bound on the database's size, with room kept for vital commits.
pub(super) struct Quota {
    pub pages: u32,
    pub kept: u32,
    pub now: u32,
}

impl Appender {
    /// Serves the queue until all its senders are gone.
    pub(super) fn run(mut self, queue: &Receiver<Job>) {
        Wal::watch(&self.conn);
        while let Some(first) = self.next(queue) {
            let mut group = vec![first];
            group.extend(queue.try_iter().take(GROUP - 1));
            self.flush(group);
            self.wal.busy(&self.conn);
        }
    }

    /// Waits for the next commit; a quiet moment is used for what the write-ahead log needs.
    fn next(&mut self, queue: &Receiver<Job>) -> Option<Job> {
        while self.wal.wants_quiet(&self.reserve) {
            match queue.recv_timeout(QUIET) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.wal.quiet(&self.conn, &self.database, &self.reserve),
            }
        }
        queue.recv().ok()
    }

    /// Makes a group durable with one flush; if that fails, each alone, so that none suffers for another.
    fn flush(&mut self, group: Vec<Job>) {
        // While the ballast is missing, what could have to be followed by something vital is not begun.
        let refuse = group.iter().any(Job::needs_ballast) && !self.reserve.restore();
        let (refused, group): (Vec<_>, Vec<_>) =
            group.into_iter().partition(|job| refuse && job.needs_ballast());
        for job in refused {
            answer(job, Err(CommitError::Full));
        }
        match group.as_slice() {
            [] => {}
            [_] => group.into_iter().for_each(|job| self.alone(job)),
            jobs => match self.transact(jobs) {
                Ok(answers) => group.into_iter().zip(answers).for_each(|(job, outcome)| answer(job, outcome)),
                Err(failure) => {
                    tracing::debug!(?failure, "a shared flush failed; committing one by one");
                    // What happened already comes first.
                    let (vital, other): (Vec<_>, Vec<_>) =
                        group.into_iter().partition(|job| job.commit.vital);
                    vital.into_iter().chain(other).for_each(|job| self.alone(job));
                }
            },
        }
        if self.reserve.is_missing() {
            self.reserve.restore();
        }
    }

    fn alone(&mut self, job: Job) {
        if job.needs_ballast() && self.reserve.is_missing() {
            return answer(job, Err(CommitError::Full));
        }
        let mut outcome = self.transact(std::slice::from_ref(&job));
        while job.commit.vital
            && outcome.as_ref().is_err_and(Failure::may_want_room)
            && self.reserve.release()
        {
            outcome = self.transact(std::slice::from_ref(&job));
        }
        let outcome = match outcome {
            Ok(answers) => answers.into_iter().next().unwrap_or_else(|| Err(unavailable("no answer"))),
            Err(Failure::Full) => Err(CommitError::Full),
            Err(Failure::Device(_)) if self.reserve.disk_is_full() => Err(CommitError::Full),
            Err(Failure::Device(what) | Failure::Other(what)) => Err(unavailable(&what)),
            Err(Failure::Unsigned(what)) => Err(CommitError::Unsigned(what)),
            Err(Failure::Rotated) => Err(unavailable("the key was replaced meanwhile")),
        };
        answer(job, outcome);
    }

    /// One transaction: all of these commits, save those whose preconditions fail, and one signature over their entries.
    fn transact(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, Failure> {
        let vital = jobs.iter().all(|job| job.commit.vital);
        if let Some(quota) = &mut self.quota {
            quota.allow(&self.conn, vital)?;
        }
        let mut result = self.try_transact(jobs);
        while result.as_ref().is_err_and(|failure| *failure == Failure::Rotated) {
            self.take_back();
            self.renew()?;
            result = self.try_transact(jobs);
        }
        if result.is_err() {
            self.take_back();
        }
        result
    }

    fn take_back(&self) {
        if !self.conn.is_autocommit() && self.conn.execute_batch("ROLLBACK").is_err() {
            tracing::error!("a transaction could not be taken back");
        }
    }

    /// Goes on with the key that is on record now, if this process can open it; else nothing is recorded any more.
    fn renew(&mut self) -> Result<(), Failure> {
        let public = schema::recorded(&self.conn)?;
        let renewed = self.keeper.signer(&public).map_err(|e| {
            let hint = e.hint();
            Failure::Unsigned(format!(
                "signing-failed: the key was replaced by another one: {e}; hint: {hint}"
            ))
        })?;
        tracing::info!(key = %public, "the signing key was replaced; going on with the new one");
        self.key = renewed;
        self.public = public;
        self.stale = true;
        Ok(())
    }

    fn try_transact(&mut self, jobs: &[Job]) -> Result<Vec<Answer>, Failure> {
        let tx = Tx { conn: &self.conn, id: &self.id, fault: self.fault.as_deref() };
        tx.before(Op::Begin)?;
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        // INVARIANT(handed-over): nothing is signed with a key after its handover. Nobody hands over during a transaction.
        if schema::recorded(&self.conn)? != self.public {
            return Err(Failure::Rotated);
        }
        if self.stale {
            let head = head::load(&self.conn, &self.id, &self.key.verifier())?;
            self.tree = head.map_err(|what| Failure::Other(format!("log `{}`: {what}", self.id.origin)))?;
            self.stale = false;
        }
        let mut tree = self.tree.clone();
        let mut given = Vec::with_capacity(jobs.len());
        for job in jobs {
            given.push(tx.apply(&job.commit, &job.leaves, &mut tree)?);
        }
        let appends = tree.size() > self.tree.size();
        let mut notes = Vec::new();
        if appends && !self.entered {
            tx.before(Op::Append)?;
            // INVARIANT(eras): nobody appends to a log of an earlier era. Whoever restores holds all slots that exist while it
            // begins one; who takes a slot meanwhile finds the new one here, before it has appended anything.
            if era::current(&self.conn)? != self.era {
                return Err(Failure::Other("the state was restored meanwhile: start again".into()));
            }
            let (size, first) = (self.tree.size(), first_appended(jobs, &given));
            let note = roster::enter(&self.conn, &*self.key, &self.roster, &self.id, size, first)?;
            notes.push((self.roster.origin.clone(), note));
        }
        if appends {
            tx.before(Op::Sign)?;
            notes.push((self.id.origin.clone(), self.sign(&tree)?));
        }
        if given.iter().any(Result::is_ok) {
            tx.before(Op::Commit)?;
            self.commit()?;
        } else {
            self.conn.prepare_cached("ROLLBACK")?.execute([])?;
        }
        for (origin, note) in notes {
            self.heads.keep(&origin, &note);
        }
        self.tree = tree;
        self.entered |= appends;
        let size = self.tree.size();
        let done = |_: &Committed| self.fault.as_deref().map_or(Ok(()), |fault| fault.before(Op::Reply));
        let answer = |given: Result<Given, CommitError>| {
            let Given { indices, fences } = given?;
            let committed = Committed { indices, size, fences };
            done(&committed).map_err(|e| unavailable(&format!("{e}; it may have been recorded")))?;
            Ok(committed)
        };
        Ok(given.into_iter().map(answer).collect())
    }

    fn sign(&self, tree: &Tree) -> Result<String, Failure> {
        let checkpoint = Checkpoint { origin: self.id.origin.clone(), size: tree.size(), root: tree.root() };
        let note = sign_checkpoint(&*self.key, &checkpoint).map_err(|e| {
            Failure::Unsigned(format!("{}: {e}; hint: look at whoever holds that key", e.code()))
        })?;
        head::save(&self.conn, &self.id, tree, &note)?;
        Ok(note)
    }

    /// After a failed flush nobody can say what a crash would leave: it is reported as not recorded, and said so.
    fn commit(&mut self) -> Result<(), Failure> {
        let result = self.conn.prepare_cached("COMMIT")?.execute([]);
        result.map(|_| ()).map_err(|e| {
            self.stale = true;
            match Failure::from(e) {
                Failure::Other(what) => Failure::Other(format!("{what}; it may have been recorded")),
                other => other,
            }
        })
    }
}

impl Quota {
    /// The bound for a database of at most `bytes`.
    pub(super) fn of(bytes: u64, conn: &Connection) -> rusqlite::Result<Self> {
        let page: u32 = conn.query_row("PRAGMA page_size", [], |row| row.get(0))?;
        let pages = u32::try_from(bytes / u64::from(page)).unwrap_or(u32::MAX);
        Ok(Self { pages, kept: pages / 16, now: 0 })
    }

    /// Bounds what the next transaction may use.
    fn allow(&mut self, conn: &Connection, vital: bool) -> Result<(), Failure> {
        let pages = if vital { self.pages } else { self.pages.saturating_sub(self.kept) };
        if pages != self.now {
            conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            self.now = pages;
        }
        Ok(())
    }
}

/// The payload of the first entry that these commits appended.
fn first_appended<'a>(jobs: &'a [Job], given: &[Result<Given, CommitError>]) -> &'a [u8] {
    let made = jobs.iter().zip(given).filter(|(_, given)| given.is_ok()).map(|(job, _)| job);
    made.flat_map(|job| &job.commit.entries).next().map_or(&[], |entry| &entry.payload)
}

fn answer(job: Job, outcome: Answer) {
    // Nobody waiting any more is the caller's choice; the commit stands.
    let _ = job.reply.send(outcome);
}

fn unavailable(what: &str) -> CommitError {
    CommitError::Unavailable(what.into())
}
