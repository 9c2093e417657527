//! Where the running console is: a file that its process holds locked, so that nobody is sent to one that has ended.
//!
//! The file holds an address and nothing that would let anybody in.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{StateDir, files};

/// The longest address that is read, in bytes.
const LONGEST: u64 = 64;
/// How often the lock is tried for, and how long it is waited in between.
const TRIES: usize = 10;
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// A console's word of where it is; taken back when this value is dropped.
#[derive(Debug)]
pub struct Announced {
    path: PathBuf,
    /// Closing it ends the lock.
    _lock: File,
}

impl Drop for Announced {
    fn drop(&mut self) {
        // Still locked: nobody can have put another file there.
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!("`{}` was not removed: {error}", self.path.display());
        }
    }
}

impl StateDir {
    /// Says where a console of this process is, for as long as the returned value lives; `None` where another console has
    /// said so already, and is still there.
    ///
    /// # Errors
    ///
    /// The file cannot be written or locked.
    pub fn announce_console(&self, address: SocketAddr) -> io::Result<Option<Announced>> {
        let path = &self.paths().console;
        for _ in 0..TRIES {
            let mut file = files::open_private(path)?;
            match file.try_lock() {
                // Another console may have ended, and removed what was opened here, in between.
                Ok(()) if is_at(&file, path) => {
                    file.set_len(0)?;
                    file.write_all(format!("{address}\n").as_bytes())?;
                    return Ok(Some(Announced { path: path.clone(), _lock: file }));
                }
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES), // backoff: whoever only looks lets go at once
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Where a console on this state is; `None` while none runs, or the file says anything but a loopback address.
    pub fn console(&self) -> Option<SocketAddr> {
        let file = File::open(&self.paths().console).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {}
            // Whoever wrote it has ended without a last word.
            Ok(()) | Err(TryLockError::Error(_)) => return None,
        }
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).ok()?;
        let address: SocketAddr = text.strip_suffix('\n')?.parse().ok()?;
        address.ip().is_loopback().then_some(address)
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let same =
        |file: &fs::Metadata, there: &fs::Metadata| (file.dev(), file.ino()) == (there.dev(), there.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(file), Ok(there)) if same(&file, &there))
}
