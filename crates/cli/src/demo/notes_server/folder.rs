//! Notes in one folder: reading, writing, editing and deleting, without a way out of it.
//!
//! Every path is walked component by component from the folder's own descriptor, and no symbolic link is followed. A check of
//! the path's text alone would leave a moment between check and use in which somebody could put a link there.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// The largest note that is read or written, in bytes.
pub const MAX_NOTE_BYTES: usize = 1024 * 1024;

/// A note's place: relative, downwards only, no hidden names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotePath {
    folders: Vec<String>,
    name: String,
}

impl NotePath {
    /// Reads a path such as `plan.md` or `2026/plan.md`; `.` components and doubled slashes fall away.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let refuse = |why| NoteError::Path { path: text.to_owned(), why };
        if text.starts_with('/') {
            return Err(refuse("it is absolute"));
        }
        if text.contains('\0') {
            return Err(refuse("it contains a NUL character"));
        }
        let mut folders: Vec<String> = Vec::new();
        for component in text.split('/').filter(|component| !matches!(*component, "" | ".")) {
            match component {
                ".." => return Err(refuse("`..` leads out of the folder")),
                hidden if hidden.starts_with('.') => return Err(refuse("hidden files are not notes")),
                plain => folders.push(plain.to_owned()),
            }
        }
        let name = folders.pop().ok_or_else(|| refuse("it names no file"))?;
        Ok(Self { folders, name })
    }
}

impl std::fmt::Display for NotePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.folders.iter().try_for_each(|folder| write!(f, "{folder}/"))?;
        f.write_str(&self.name)
    }
}

/// Why a note could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    /// The path is not one of a note.
    #[error("`{path}` is refused: {why}")]
    Path {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// There is no such note, or a folder on the way to it is missing.
    #[error("there is no note `{0}`, or no folder for it")]
    Missing(NotePath),
    /// The text to replace does not occur exactly once.
    #[error("the old text occurs {found} times in `{path}`; it must occur exactly once")]
    Occurrences {
        /// The note.
        path: NotePath,
        /// How often the text occurs.
        found: usize,
    },
    /// The note is larger than the server handles.
    #[error("`{0}` is larger than 1 MiB")]
    TooLarge(NotePath),
    /// The operating system said no.
    #[error("`{path}`: {source}")]
    Io {
        /// The note.
        path: NotePath,
        /// What it said.
        source: std::io::Error,
    },
}

/// An open folder of notes.
#[derive(Debug)]
pub struct Folder(OwnedFd);

impl Folder {
    /// Opens an existing folder.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Ok(Self(rustix::fs::open(path, FOLDER, Mode::empty())?))
    }

    /// The whole text of a note.
    pub fn read(&self, path: &NotePath) -> Result<String, NoteError> {
        let parent = self.parent(path)?;
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file =
            rustix::fs::openat(&parent, &path.name, flags, Mode::empty()).map_err(|e| said(path, e))?;
        let mut text = String::new();
        let mut bounded = File::from(file).take(MAX_NOTE_BYTES as u64 + 1);
        bounded.read_to_string(&mut text).map_err(|source| NoteError::Io { path: path.clone(), source })?;
        if text.len() > MAX_NOTE_BYTES { Err(NoteError::TooLarge(path.clone())) } else { Ok(text) }
    }

    /// Puts a note in place whole: readers see the old text or the new one, never a part.
    ///
    /// It happens whole or not at all, so folders on the way must exist. The bytes are not flushed to the disk: a note survives
    /// the server, not a power cut.
    pub fn write(&self, path: &NotePath, text: &str) -> Result<(), NoteError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        if text.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLarge(path.clone()));
        }
        let parent = self.parent(path)?;
        let fresh = format!(".{}-{}.tmp", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let placed = create(&parent, &fresh, text)
            .and_then(|()| Ok(rustix::fs::renameat(&parent, &fresh, &parent, &path.name)?));
        placed.map_err(|source| {
            let _ = rustix::fs::unlinkat(&parent, &fresh, AtFlags::empty());
            NoteError::Io { path: path.clone(), source }
        })
    }

    /// Replaces the one occurrence of `old` by `new`.
    pub fn edit(&self, path: &NotePath, old: &str, new: &str) -> Result<(), NoteError> {
        let text = self.read(path)?;
        let found = if old.is_empty() { 0 } else { text.matches(old).count() };
        if found != 1 {
            return Err(NoteError::Occurrences { path: path.clone(), found });
        }
        self.write(path, &text.replacen(old, new, 1))
    }

    /// Removes a note.
    pub fn delete(&self, path: &NotePath) -> Result<(), NoteError> {
        let parent = self.parent(path)?;
        rustix::fs::unlinkat(&parent, &path.name, AtFlags::empty()).map_err(|e| said(path, e))
    }

    /// The paths of all notes, in subfolders too, sorted; hidden names and symbolic links are left out.
    pub fn list(&self) -> std::io::Result<Vec<String>> {
        let mut notes = Vec::new();
        collect(&self.0, "", &mut notes)?;
        notes.sort();
        Ok(notes)
    }

    fn parent(&self, path: &NotePath) -> Result<OwnedFd, NoteError> {
        let open = |from: &OwnedFd, name: &str| rustix::fs::openat(from, name, FOLDER, Mode::empty());
        let here = open(&self.0, ".").map_err(|error| said(path, error))?;
        path.folders
            .iter()
            .try_fold(here, |here, folder| open(&here, folder).map_err(|error| said(path, error)))
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

fn create(parent: &OwnedFd, name: &str, text: &str) -> std::io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    File::from(rustix::fs::openat(parent, name, flags, Mode::from(0o644))?).write_all(text.as_bytes())
}

fn collect(folder: &OwnedFd, prefix: &str, notes: &mut Vec<String>) -> std::io::Result<()> {
    for entry in Dir::read_from(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().to_str() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let stat = rustix::fs::statat(folder, OsStr::new(name), AtFlags::SYMLINK_NOFOLLOW)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => notes.push(format!("{prefix}{name}")),
            FileType::Directory => {
                let inner = rustix::fs::openat(folder, name, FOLDER, Mode::empty())?;
                collect(&inner, &format!("{prefix}{name}/"), notes)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Turns what the operating system said into a sentence about the note.
fn said(path: &NotePath, error: Errno) -> NoteError {
    match error {
        Errno::NOENT => NoteError::Missing(path.clone()),
        Errno::LOOP | Errno::NOTDIR => NoteError::Path {
            path: path.to_string(),
            why: "symbolic links are not followed, and files have no inside",
        },
        other => NoteError::Io { path: path.clone(), source: other.into() },
    }
}
