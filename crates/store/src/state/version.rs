//! The `version` file: what the rest of the directory means. It is written last, so it also says "complete".

use std::fs;
use std::io;

use super::{StateError, StatePaths, files};

/// What the file holds, for this version of the program.
pub(super) const VERSION: &str = "lastlook-state 1\n";

/// Whether the directory is a complete state; an error if it is of another version.
pub(super) fn is_complete(paths: &StatePaths) -> Result<bool, StateError> {
    let bytes = match fs::read(&paths.version) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(e) => return Err(paths.error("read", &paths.version, e)),
    };
    if bytes == VERSION.as_bytes() {
        return Ok(true);
    }
    let text = String::from_utf8_lossy(&bytes);
    let found = text.lines().next().unwrap_or_default().chars().take(60).collect();
    Err(StateError::OtherVersion { path: paths.root.clone(), found, known: VERSION.trim_end().into() })
}

/// Marks the directory as complete.
pub(super) fn write(paths: &StatePaths) -> Result<(), StateError> {
    files::write_whole(&paths.version, &[VERSION.as_bytes()])
        .map_err(|e| paths.error("write", &paths.version, e))
}
