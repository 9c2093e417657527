//! Files that are either whole and durable, or not there.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Makes a directory, and those above it, for its owner only.
pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a file of the owner's for reading and writing, making it empty if it is not there.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Writes a file of the owner's whole: into a neighbour, flushed, then moved into place, and the move flushed.
pub(super) fn write_whole(path: &Path, chunks: &[&[u8]]) -> io::Result<()> {
    let new = beside(path);
    let written = (|| {
        // Left by a process that died; whoever else could write here could also replace the file itself.
        match fs::remove_file(&new) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        // A new file and no other: not what somebody put there, nor what a link there leads to.
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        chunks.iter().try_for_each(|chunk| file.write_all(chunk))?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    match written {
        Ok(()) => path.parent().map_or(Ok(()), sync_dir),
        Err(e) => {
            // A half-written neighbour would take the very room that is missing; it means nothing to anybody.
            let _ = fs::remove_file(&new);
            Err(e)
        }
    }
}

/// Where a file is written before it is moved to `path`.
pub(super) fn beside(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// Makes additions to and removals from a directory durable.
pub(super) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
