//! The newest signed checkpoint of each log, kept outside the state directory: what tells that the state was put back.
//!
//! One file a log: a signed note, and empty lines behind it up to a whole block. It is written after each flush, over
//! itself and without a flush of its own: what it says is always durable in the database before. So a file that is behind
//! means nothing, and one that is ahead means that the database is not the one that it was.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lastlook_ledger::{Checkpoint, witness};

use super::files;

/// Notes are filled up to a multiple of this, so that one write within one block of the disk replaces one.
const BLOCK: usize = 512;
/// How long after a failure a file is tried again.
const PAUSE: Duration = Duration::from_secs(10);
/// The longest file that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// The folder in which the heads of one state's logs are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    folder: PathBuf,
    /// What the origins of the state's logs begin with.
    state: String,
}

impl Heads {
    /// The heads of this state, below a folder that is shared by several.
    pub(super) fn below(folder: &Path, state_id: &str) -> Heads {
        Heads { folder: folder.join(state_id), state: format!("{}/", super::key_name(state_id)) }
    }

    /// Where they are: `FOLDER/STATE-ID`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All heads that are kept, in the order of their origins. None where none was ever kept.
    ///
    /// Nobody's signature is verified: a state that was put back may not know the key that signed. Whoever can write here
    /// could as well remove what is here. A file that is no checkpoint of this state says nothing, as after a power cut.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed.
    pub fn read(&self) -> io::Result<Vec<Checkpoint>> {
        let listing = match fs::read_dir(&self.folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listing => listing?,
        };
        let mut heads = Vec::new();
        for item in listing {
            let path = item?.path();
            match self.read_one(&path) {
                Ok(head) => heads.extend(head),
                // Gone meanwhile, or another user's: that file says nothing, and the others do.
                Err(error) => {
                    tracing::warn!(path = %path.display(), "this head of a log cannot be read: {error}")
                }
            }
        }
        heads.sort_by(|a, b| a.origin.cmp(&b.origin));
        Ok(heads)
    }

    fn read_one(&self, path: &Path) -> io::Result<Option<Checkpoint>> {
        let meta = fs::symlink_metadata(path)?;
        if !meta.is_file() || meta.len() == 0 || meta.len() > LONGEST {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
        let said = witness::claimed(&format!("{}\n", text.trim_end_matches('\n'))).ok();
        let head = said.filter(|head| self.file_of(&head.origin).as_deref() == Some(path));
        if head.is_none() {
            tracing::warn!(path = %path.display(), "this file holds no head of a log, and says nothing");
        }
        Ok(head)
    }

    fn file_of(&self, origin: &str) -> Option<PathBuf> {
        let name = origin.strip_prefix(&self.state)?.replace('/', ".");
        (!name.is_empty() && !name.starts_with('.')).then(|| self.folder.join(name))
    }
}

/// Keeps the heads of the logs that one writer appends to.
#[derive(Debug)]
pub(crate) struct HeadKeeper {
    heads: Option<Heads>,
    files: Vec<(String, Kept)>,
}

/// The file of one log's head.
#[derive(Debug)]
enum Kept {
    /// It is open, and so many bytes long.
    Open(File, u64),
    /// It could not be opened or written at this time. That was said, and is tried again by and by.
    Failed(Instant),
}

impl HeadKeeper {
    /// Keeps them there; nowhere without a place.
    pub(crate) fn new(heads: Option<Heads>) -> HeadKeeper {
        HeadKeeper { heads, files: Vec::new() }
    }

    /// Keeps a log's newest checkpoint, which must be durable. What cannot be written is said once; the log goes on without.
    pub(crate) fn keep(&mut self, origin: &str, note: &str) {
        let Some(heads) = &self.heads else { return };
        let Some(path) = heads.file_of(origin) else { return };
        let known = self.files.iter_mut().find(|(known, _)| known == origin);
        let done = match known {
            Some((_, Kept::Open(file, length))) => write(file, length, note).map(|()| None),
            Some((_, Kept::Failed(since))) if since.elapsed() < PAUSE => return,
            _ => open(heads, &path).and_then(|(file, mut length)| {
                write(&file, &mut length, note).map(|()| Some(Kept::Open(file, length)))
            }),
        };
        let now = match done {
            Ok(None) => return,
            Ok(Some(open)) => open,
            Err(error) => {
                if !self.files.iter().any(|(known, kept)| known == origin && matches!(kept, Kept::Failed(_)))
                {
                    unkept(heads, origin, &error);
                }
                Kept::Failed(Instant::now())
            }
        };
        self.files.retain(|(known, _)| known != origin);
        self.files.push((origin.to_owned(), now));
    }
}

fn open(heads: &Heads, path: &Path) -> io::Result<(File, u64)> {
    files::make_dir(heads.folder())?;
    let file = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let length = file.metadata()?.len();
    Ok((file, length))
}

fn write(file: &File, length: &mut u64, note: &str) -> io::Result<()> {
    let mut bytes = Vec::from(note);
    bytes.resize(note.len().div_ceil(BLOCK).saturating_mul(BLOCK), b'\n');
    file.write_all_at(&bytes, 0)?;
    let written = bytes.len() as u64;
    // What a longer note left behind it would make the file say nothing.
    if written < *length {
        file.set_len(written)?;
    }
    *length = written;
    Ok(())
}

fn unkept(heads: &Heads, origin: &str, error: &io::Error) {
    tracing::warn!(
        "the head of log `{origin}` cannot be kept in `{}`: {error}; should this state be put back to an earlier one, nobody would notice",
        heads.folder().display()
    );
}

#[cfg(test)]
mod tests {
    use lastlook_ledger::{SigningKey, sign_checkpoint, tree::Hash};

    use super::*;

    fn note(size: u64, signatures: usize) -> String {
        let key = SigningKey::from_seed("lastlook/ab", &[7; 32]).unwrap();
        let root = Hash::from_slice(&[1; 32]).unwrap();
        let note = sign_checkpoint(&key, &Checkpoint { origin: "lastlook/ab/1".into(), size, root }).unwrap();
        let (text, line) = note.split_once("\n\n").unwrap();
        format!("{text}\n\n{}", line.repeat(signatures))
    }

    #[test]
    fn the_newest_head_is_read_back_whatever_stood_there_before() {
        let temp = tempfile::tempdir().unwrap();
        let heads = Heads::below(temp.path(), "ab");
        assert_eq!(heads.read().unwrap(), []);
        let mut keeper = HeadKeeper::new(Some(heads.clone()));
        for (size, signatures) in [(1, 1), (2, 40), (3, 1), (4, 6), (9_999_999, 1)] {
            keeper.keep("lastlook/ab/1", &note(size, signatures));
            let sizes: Vec<u64> = heads.read().unwrap().iter().map(|head| head.size).collect();
            assert_eq!(sizes, [size]);
            // Whoever comes later goes on with the file that is there.
            keeper = HeadKeeper::new(Some(heads.clone()));
        }
        // Origins that are another state's, or lead elsewhere, are kept nowhere.
        for origin in ["lastlook/cd/1", "lastlook/ab/", "lastlook/ab/../x", "1"] {
            keeper.keep(origin, &note(1, 1));
        }
        assert_eq!(fs::read_dir(heads.folder()).unwrap().count(), 1);
    }
}
