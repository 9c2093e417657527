//! Writer slots: numbered lock files that the system frees when their process ends, however it ends.

use std::fs::{self, File, TryLockError};
use std::path::PathBuf;

use super::{StateError, StatePaths, files};

/// How many writers can share a state: the number has 15 bits beside an entry's index in one key.
pub(super) const SLOTS: u32 = 0x7fff;

/// A slot of this process: it is the only live writer with this number while this value exists.
#[derive(Debug)]
pub struct Writer {
    n: u32,
    /// Closing it frees the slot.
    _lock: File,
}

impl Writer {
    /// The slot's number, from 1 on.
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

/// Takes the lowest slot that nobody holds, making its file if need be.
pub(super) fn take_lowest(paths: &StatePaths) -> Result<Writer, StateError> {
    for n in 1..=SLOTS {
        let path = slot_path(paths, n);
        let file = files::open_private(&path).map_err(|e| paths.error("open", &path, e))?;
        if let Some(lock) = try_lock(file, path)? {
            return Ok(Writer { n, _lock: lock });
        }
    }
    Err(StateError::NoSlot { path: paths.root.clone(), slots: SLOTS })
}

/// Takes every slot that exists and that nobody holds, lowest first.
pub(super) fn take_dead(paths: &StatePaths) -> Result<Vec<DeadWriter>, StateError> {
    let listing = fs::read_dir(&paths.writers).map_err(|e| paths.error("list", &paths.writers, e))?;
    let number = |name: &str| name.strip_suffix(".lock")?.parse::<u32>().ok();
    let mut slots: Vec<u32> = listing
        .flatten()
        .filter_map(|file| number(file.file_name().to_str()?))
        .filter(|n| *n <= SLOTS)
        .collect();
    slots.sort_unstable();
    let mut dead = Vec::new();
    for n in slots {
        let path = slot_path(paths, n);
        let file = files::open_private(&path).map_err(|e| paths.error("open", &path, e))?;
        dead.extend(try_lock(file, path)?.map(|lock| DeadWriter { n, _lock: lock }));
    }
    Ok(dead)
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
