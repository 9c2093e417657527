//! The ballast: room on the disk that is given up when the record of something that already happened needs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::files;

/// The size of the ballast.
pub(crate) const BALLAST_BYTES: u64 = 4 << 20;

/// How long a failed attempt to lay the ballast down again keeps the next one from being made.
const RETRY: Duration = Duration::from_secs(1);

/// The ballast file. Several processes share one; each looks at the file itself to know whether it is there.
#[derive(Debug)]
pub(crate) struct Reserve {
    path: PathBuf,
    failed_at: Mutex<Option<Instant>>,
}

impl Reserve {
    pub(crate) fn new(path: &Path) -> Self {
        Self { path: path.into(), failed_at: Mutex::new(None) }
    }

    /// Whether the room is not there: given up, or never found.
    pub(crate) fn is_missing(&self) -> bool {
        fs::metadata(&self.path).map_or(true, |file| file.len() < BALLAST_BYTES)
    }

    /// Gives the room up; false if there was none.
    pub(crate) fn release(&self) -> bool {
        let gone = fs::remove_file(&self.path).is_ok();
        if gone {
            // Some file systems free the blocks only when the removal is durable.
            let _ = self.path.parent().map(files::sync_dir);
            tracing::warn!(path = %self.path.display(), "disk full: gave up the ballast to record what happened");
        }
        gone
    }

    /// Takes the room again if the disk has plenty; true if it is there afterwards.
    ///
    /// Filling the last free blocks, even for a moment, could make another process's vital commit fail: hence the
    /// look at the free space first.
    pub(crate) fn restore(&self) -> bool {
        if !self.is_missing() {
            return true;
        }
        let mut failed_at = self.failed_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if failed_at.is_some_and(|at| at.elapsed() < RETRY) || !self.has_plenty_around() {
            return false;
        }
        let restored = self.write().is_ok();
        *failed_at = (!restored).then(Instant::now);
        restored
    }

    /// Whether the disk has room for more than what must be recorded.
    pub(crate) fn has_plenty_around(&self) -> bool {
        self.free_bytes() >= 3 * BALLAST_BYTES
    }

    /// Whether the file system itself says that it is as good as full.
    pub(crate) fn disk_is_full(&self) -> bool {
        self.free_bytes() < BALLAST_BYTES / 4
    }

    fn free_bytes(&self) -> u64 {
        let stat = self.path.parent().and_then(|dir| rustix::fs::statvfs(dir).ok());
        stat.map_or(u64::MAX, |stat| stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Random bytes, since a file system may store zeros in no room at all.
    fn write(&self) -> std::io::Result<()> {
        let mut chunk = vec![0; 64 << 10];
        getrandom::fill(&mut chunk)?;
        let times = usize::try_from(BALLAST_BYTES).unwrap_or(usize::MAX) / chunk.len();
        files::write_whole(&self.path, &vec![chunk.as_slice(); times])
    }
}
