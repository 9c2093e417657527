//! The part of the gate that all processes on one state directory share: what they ask at it, and what is past it.
//!
//! `STATE/gate` holds one number. A look notes it before it reads any standing (halts, approvals), and the gate passes
//! nothing whose look noted another one. Who takes something back makes that durable first, and then calls [`shut`]:
//!
//! ```text
//! a gate                                    shut
//!   lock STATE/gate, shared                   write another number
//!   is it the number of the look?             lock STATE/gate, alone: nobody is inside any more
//!   write the attempt into N.flight           read every N.flight
//!   unlock; only then are bytes sent
//! ```
//!
//! INVARIANT(nothing-after-shut): whoever entered with the old number has left, and stands in its flight file, before
//! `shut` has the lock; whoever enters later finds the new number, and its next look reads what was made durable.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lastlook_store::{Precondition, StateDir, StatePaths, Store, StoreError};

use crate::ids;

/// The store's name for the epoch of approvals.
pub(crate) const EPOCH: &str = "epoch";

/// How long [`shut`] waits for a process that is inside its gate: it is there for microseconds, unless it is stopped.
const WAIT_FOR_LEAVING: Duration = Duration::from_secs(5);

/// How often it looks.
const PAUSE: Duration = Duration::from_micros(200);

/// One attempt in a flight file: its id, filled up with zeros.
const SLOT: usize = 32;

/// How many slots a flight file begins with, so that passing needs no room on a full disk.
const FIRST_SLOTS: usize = 128;

/// The epoch that approvals are given in: whoever resumes after a halt begins a new one, and older approvals are void.
///
/// # Errors
///
/// The store cannot be read, or holds something else under that name.
pub fn epoch(store: &dyn Store) -> Result<u64, StoreError> {
    match store.mark(EPOCH)? {
        None => Ok(0),
        Some(text) => text
            .parse()
            .map_err(|_| StoreError::Unavailable(format!("its mark `{EPOCH}` is no number: `{text}`"))),
    }
}

/// What must hold for a commit that counts only in this epoch.
pub(crate) fn epoch_is(epoch: u64) -> Precondition {
    let value = (epoch > 0).then(|| epoch.to_string());
    Precondition::MarkIs { name: EPOCH.to_owned(), value }
}

/// Why nobody can say what is past the gate.
#[derive(Debug, thiserror::Error)]
pub enum ShutError {
    /// Processes were inside their gate all the time: what they are about to do may still be done.
    #[error("{} has been inside its gate for {} s", processes(pids), WAIT_FOR_LEAVING.as_secs())]
    Inside {
        /// The processes, as far as the system says.
        pids: Vec<u32>,
    },
    /// A file could not be used.
    #[error("cannot {doing} `{path}`: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no new number.
    #[error(transparent)]
    Randomness(#[from] ids::NoRandomness),
}

impl ShutError {
    /// What the reader of the message can do next.
    pub fn hint(&self) -> String {
        match self {
            ShutError::Inside { pids } if !pids.is_empty() => {
                let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
                format!("it is stopped, or its machine is: `kill -9 {}`, then say it again", pids.join(" "))
            }
            ShutError::Inside { .. } => {
                "see which `lastlook mcp` is stopped (`ps -o pid,stat,cmd`, state T or D), end it, then say it again"
                    .into()
            }
            ShutError::Io { .. } => "see what holds or forbids that file, then say it again".into(),
            ShutError::Randomness(_) => "try again".into(),
        }
    }
}

fn processes(pids: &[u32]) -> String {
    match pids {
        [] => "a process".to_owned(),
        [pid] => format!("process {pid}"),
        pids => {
            format!("one of the processes {}", pids.iter().map(u32::to_string).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Shuts the gates of all processes on a state for every look so far, and gives the ids of the attempts that are past them.
///
/// Call it once what is to hold from now on is durable: after `shut` has returned nothing passes that was looked at before.
/// It waits for no upstream, but it blocks its thread for as long as a process is inside its gate: microseconds. Among the
/// ids are attempts whose outcome has just been recorded, and those that writers which died since had let pass.
///
/// # Errors
///
/// A process did not leave its gate, or a file cannot be used. Whatever was not inside then is shut out all the same.
pub fn shut(state: &StateDir) -> Result<Vec<String>, ShutError> {
    let paths = state.paths();
    let path = &paths.gate;
    let failed = |doing, source| ShutError::Io { doing, path: path.clone(), source };
    let gate = open(path).map_err(|source| failed("open", source))?;
    // Another number, not the next one: two who write at the same time must not write what was there before.
    let number: [u8; 8] = ids::random()?;
    gate.write_all_at(&number, 0).map_err(|source| failed("write", source))?;
    let began = Instant::now();
    loop {
        match gate.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if began.elapsed() >= WAIT_FOR_LEAVING => {
                return Err(ShutError::Inside { pids: holders(&gate) });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(source)) => return Err(failed("lock", source)),
        }
    }
    // Nobody is inside with the old number any more: that was all the lock was for.
    gate.unlock().map_err(|source| failed("unlock", source))?;
    past_the_gate(paths)
}

/// The attempts in all flight files.
fn past_the_gate(paths: &StatePaths) -> Result<Vec<String>, ShutError> {
    let failed = |doing, path: &Path, source| ShutError::Io { doing, path: path.to_owned(), source };
    let listing = std::fs::read_dir(&paths.writers).map_err(|e| failed("list", &paths.writers, e))?;
    let mut past = BTreeSet::new();
    for file in listing {
        let path = file.map_err(|e| failed("list", &paths.writers, e))?.path();
        if path.extension().is_some_and(|extension| extension == "flight") {
            let bytes = std::fs::read(&path).map_err(|e| failed("read", &path, e))?;
            past.extend(bytes.chunks(SLOT).filter_map(attempt_in));
        }
    }
    Ok(past.into_iter().collect())
}

fn attempt_in(slot: &[u8]) -> Option<String> {
    let id = slot.split(|byte| *byte == 0).next().filter(|id| !id.is_empty())?;
    std::str::from_utf8(id).ok().map(str::to_owned)
}

/// Who holds a lock on this file, by the kernel's own list (proc_locks(5)).
fn holders(gate: &File) -> Vec<u32> {
    let Ok(stat) = rustix::fs::fstat(gate) else { return Vec::new() };
    let inode = format!(":{}", stat.st_ino);
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let held = locks.lines().filter_map(|line| {
        // `1: FLOCK  ADVISORY  READ 4711 08:01:131 0 EOF`; who waits has `->` after the number.
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, file, ..] = words.as_slice() else { return None };
        file.ends_with(&inode).then(|| pid.parse().ok())?
    });
    held.collect::<BTreeSet<u32>>().into_iter().collect()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// One process's end of it.
#[derive(Debug)]
pub(crate) struct SharedGate {
    gate: File,
    flight: Flight,
}

/// Why a gate cannot be entered.
#[derive(Debug)]
pub(crate) enum Closed {
    /// Somebody is just shutting it.
    Busy,
    /// It cannot be used.
    Broken(io::Error),
}

/// Who is inside holds the lock, and has read the number under it.
#[derive(Debug)]
pub(crate) struct Inside<'a> {
    gate: &'a File,
    flight: &'a mut Flight,
    pub(crate) number: u64,
}

impl SharedGate {
    /// Opens the gate of a state for one of its writers.
    pub(crate) fn open(paths: &StatePaths, writer: u32) -> io::Result<SharedGate> {
        Ok(SharedGate { gate: open(&paths.gate)?, flight: Flight::open(&paths.flight(writer))? })
    }

    /// The number as it is now: what is read of any standing afterwards is at least as new.
    pub(crate) fn number(&self) -> io::Result<u64> {
        number(&self.gate)
    }

    /// Enters. It never waits.
    pub(crate) fn enter(&mut self) -> Result<Inside<'_>, Closed> {
        match self.gate.try_lock_shared() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Closed::Busy),
            Err(TryLockError::Error(error)) => return Err(Closed::Broken(error)),
        }
        let mut inside = Inside { gate: &self.gate, flight: &mut self.flight, number: 0 };
        // A file that was removed is one that nobody else looks at.
        for file in [inside.gate, &inside.flight.file] {
            match rustix::fs::fstat(file) {
                Ok(stat) if stat.st_nlink > 0 => {}
                Ok(_) => {
                    return Err(Closed::Broken(io::Error::other(
                        "a file of the state directory was removed",
                    )));
                }
                Err(error) => return Err(Closed::Broken(error.into())),
            }
        }
        inside.number = number(inside.gate).map_err(Closed::Broken)?;
        Ok(inside)
    }

    /// Takes an attempt off the list: its outcome is on record.
    pub(crate) fn leave(&mut self, attempt: &str) {
        self.flight.clear(attempt);
    }

    /// The attempts on the list.
    pub(crate) fn past(&self) -> Vec<String> {
        self.flight.slots.iter().flatten().cloned().collect()
    }
}

impl Inside<'_> {
    /// Puts an attempt on the list of those past the gate.
    pub(crate) fn publish(&mut self, attempt: &str) -> io::Result<()> {
        self.flight.publish(attempt)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.gate.unlock() {
            tracing::error!("the gate stays locked: {error}");
        }
    }
}

fn number(gate: &File) -> io::Result<u64> {
    let mut bytes = [0; 8];
    // An empty file is one that was never shut.
    gate.read_at(&mut bytes, 0)?;
    Ok(u64::from_le_bytes(bytes))
}

/// What one writer has let pass, for others to read: a file of slots.
#[derive(Debug)]
struct Flight {
    file: File,
    /// What stands in each slot; those of an earlier life of this writer among them.
    slots: Vec<Option<String>>,
}

impl Flight {
    fn open(path: &Path) -> io::Result<Flight> {
        let file = open(path)?;
        let bytes = std::fs::read(path)?;
        let mut slots: Vec<Option<String>> = bytes.chunks(SLOT).map(attempt_in).collect();
        if slots.len() < FIRST_SLOTS {
            let missing = vec![0; (FIRST_SLOTS - slots.len()) * SLOT];
            file.write_all_at(&missing, offset(slots.len()))?;
            slots.resize(FIRST_SLOTS, None);
        }
        Ok(Flight { file, slots })
    }

    fn publish(&mut self, attempt: &str) -> io::Result<()> {
        let mut slot = [0; SLOT];
        let Some(part) = slot.get_mut(..attempt.len()).filter(|_| attempt.len() < SLOT) else {
            return Err(io::Error::other("the attempt's id is too long"));
        };
        part.copy_from_slice(attempt.as_bytes());
        let at = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        self.file.write_all_at(&slot, offset(at))?;
        match self.slots.get_mut(at) {
            Some(free) => *free = Some(attempt.to_owned()),
            None => self.slots.push(Some(attempt.to_owned())),
        }
        Ok(())
    }

    fn clear(&mut self, attempt: &str) {
        let Some(at) = self.slots.iter().position(|slot| slot.as_deref() == Some(attempt)) else { return };
        // What stays there is found to be on record by whoever reads it.
        if let Err(error) = self.file.write_all_at(&[0; SLOT], offset(at)) {
            tracing::warn!("attempt {attempt} stays listed as past the gate: {error}");
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = None;
        }
    }
}

fn offset(slot: usize) -> u64 {
    (slot * SLOT) as u64
}

#[cfg(test)]
mod tests;
