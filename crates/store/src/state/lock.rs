//! Writer slots: numbered lock files that the system frees when their process ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;

use super::{StateError, StatePaths, files};
use crate::sqlite::era::Era;

/// How many writers can share a state: the number has 15 bits beside an entry's index in one key.
pub(crate) const SLOTS: u32 = 0x7fff;

/// A slot of this process: it is the only live writer with this number while this value exists.
#[derive(Debug)]
pub struct Writer {
    n: u32,
    /// In which it was taken.
    era: Era,
    /// Closing it frees the slot.
    _lock: File,
}

impl Writer {
    pub(crate) fn era(&self) -> &Era {
        &self.era
    }

    /// The slot's number, from 1 on; after a restoration, above all that were used before it.
    pub fn n(&self) -> u32 {
        self.n
    }
}

/// A slot whose writer has ended. While this value exists nobody else can take the slot, or recover it.
#[derive(Debug)]
pub struct DeadWriter {
    n: u32,
    _lock: File,
}

impl DeadWriter {
    /// The slot's number: the attempts it left are those with this writer.
    pub fn n(&self) -> u32 {
        self.n
    }
}

/// Takes the lowest slot of this era that nobody holds, making its file if need be.
pub(super) fn take_lowest(paths: &StatePaths, era: Era) -> Result<Writer, StateError> {
    for n in era.base.saturating_add(1)..=SLOTS {
        if let Some(lock) = take(paths, n)? {
            return Ok(Writer { n, era, _lock: lock });
        }
    }
    Err(StateError::NoSlot { path: paths.root.clone(), slots: SLOTS })
}

/// Takes every slot that exists and that nobody holds, lowest first.
pub(super) fn take_dead(paths: &StatePaths) -> Result<Vec<DeadWriter>, StateError> {
    let mut dead = Vec::new();
    for n in slots(paths)? {
        dead.extend(take(paths, n)?.map(|lock| DeadWriter { n, _lock: lock }));
    }
    Ok(dead)
}

/// Takes every slot that exists, so that no writer lives while they are held.
///
/// # Errors
///
/// One lives.
pub(super) fn take_all(paths: &StatePaths) -> Result<Vec<File>, StateError> {
    let mut all = Vec::new();
    for n in slots(paths)? {
        let lock = take(paths, n)?;
        all.push(lock.ok_or_else(|| StateError::InUse { path: paths.root.clone(), n })?);
    }
    Ok(all)
}

/// The numbers of the slots that exist, lowest first.
fn slots(paths: &StatePaths) -> Result<Vec<u32>, StateError> {
    let listing = fs::read_dir(&paths.writers).map_err(|e| paths.error("list", &paths.writers, e))?;
    let number = |name: &str| name.strip_suffix(".lock")?.parse::<u32>().ok();
    let mut slots: Vec<u32> = listing
        .flatten()
        .filter_map(|file| number(file.file_name().to_str()?))
        .filter(|n| *n <= SLOTS)
        .collect();
    slots.sort_unstable();
    Ok(slots)
}

fn take(paths: &StatePaths, n: u32) -> Result<Option<File>, StateError> {
    let path = slot_path(paths, n);
    let file = files::open_private(&path).map_err(|e| paths.error("open", &path, e))?;
    try_lock(file, path)
}

fn try_lock(file: File, path: PathBuf) -> Result<Option<File>, StateError> {
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(StateError::NoLocks { path, source }),
    }
}

fn slot_path(paths: &StatePaths, n: u32) -> PathBuf {
    paths.writers.join(format!("{n}.lock"))
}
