//! What a witness keeps: its key, and of each log the last checkpoint it has cosigned.
//!
//! One file a log, replaced whole and flushed before a cosignature leaves. So whatever happens to the process, it has never
//! answered more than it remembers.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use lastlook_engine::{clock, ids};
use lastlook_ledger::witness::{AddCheckpoint, Refusal, recall};
use lastlook_ledger::{Checkpoint, CosigningKey, Digest, VerifierKey, WitnessKey};

/// Why a witness's folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// A file cannot be read or written.
    #[error("cannot {doing} `{}`: {source}", path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process is the witness of this folder.
    #[error("another witness runs on `{}`", .0.display())]
    Busy(PathBuf),
    /// There is no key yet, and nobody said what it is to be called.
    #[error("there is no witness at `{}` yet, and it needs a name", .0.display())]
    Nameless(PathBuf),
    /// The key there has another name.
    #[error("the witness at `{}` is called `{found}`", path.display())]
    OtherName {
        /// The key file.
        path: PathBuf,
        /// Its name.
        found: String,
    },
    /// Others can read the key.
    #[error("others can read the key `{}` (mode {mode:03o})", path.display())]
    Exposed {
        /// The key file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The name or the file is no key.
    #[error("the key `{}` cannot be used: {why}", path.display())]
    Key {
        /// The key file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// What is remembered of a log is not what this witness cosigned.
    #[error("what is remembered of log `{origin}` in `{}` cannot be trusted: {why}", path.display())]
    Altered {
        /// The log.
        origin: String,
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

impl MemoryError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            MemoryError::Io { .. } => "see that the folder is there, is yours, and has room",
            MemoryError::Busy(_) => "end the other one, or give this one a folder of its own",
            MemoryError::Nameless(_) => {
                "`--name NAME`, as in witness.example/w1: it stands in every cosignature"
            }
            MemoryError::OtherName { .. } => {
                "leave `--name` out, or take another folder: a key keeps its name"
            }
            MemoryError::Exposed { .. } => {
                "chmod go-rwx the file; if others may have read it, make a new witness"
            }
            MemoryError::Key { .. } => "a name is 1 to 255 printable ASCII characters without spaces and `+`",
            MemoryError::Altered { .. } => {
                "nothing is cosigned for this log until you have looked: bring back the file, or begin a new witness"
            }
        }
    }
}

/// A witness's key and memory. One for a process, and one process for a folder.
#[derive(Debug)]
pub struct Memory {
    logs: PathBuf,
    key: CosigningKey,
    /// Held from the look at a log's last checkpoint until the next one is durable.
    turn: Mutex<()>,
    _lock: File,
}

impl Memory {
    /// Opens a folder; makes it, with a new key of this name, where there is none.
    ///
    /// # Errors
    ///
    /// It cannot be written, is another witness's, or its key cannot be used.
    pub fn open(folder: &Path, name: Option<&str>) -> Result<Memory, MemoryError> {
        let logs = folder.join("logs");
        let make = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
        make(&logs).map_err(|source| io_error("make", &logs, source))?;
        let lock = folder.join("lock");
        let held = private().create(true).truncate(false).open(&lock);
        let held = held.map_err(|source| io_error("open", &lock, source))?;
        match held.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(MemoryError::Busy(folder.to_owned())),
            Err(fs::TryLockError::Error(source)) => return Err(io_error("lock", &lock, source)),
        }
        let key = key(&folder.join("key"), name)?;
        sync(folder)?;
        Ok(Memory { logs, key, turn: Mutex::default(), _lock: held })
    }

    /// The key to pin.
    pub fn verifier(&self) -> WitnessKey {
        self.key.verifier()
    }

    /// Cosigns a checkpoint that continues the last one of its log: the line, once the checkpoint is durably the last one.
    ///
    /// # Errors
    ///
    /// The memory does not work, or is not what was written: then nothing is cosigned.
    pub fn add(
        &self,
        request: &AddCheckpoint,
        keys: &[VerifierKey],
    ) -> Result<Result<String, Refusal>, MemoryError> {
        let origin = match request.origin() {
            Ok(origin) => origin,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // INVARIANT(one-at-a-time): what is judged is what is remembered until the new one has taken its place.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.logs.join(Digest::of("lastlook/witness-log/v1", &[origin.as_bytes()]).to_hex());
        let seen = self.seen(&path, &origin)?;
        if let Err(refusal) = request.judge(keys, seen.as_ref()) {
            return Ok(Err(refusal));
        }
        let now_s = u64::try_from(clock::unix_ns() / 1_000_000_000).unwrap_or_default();
        let line = match self.key.cosign(&request.note, now_s) {
            Ok(line) => line,
            Err(error) => return Ok(Err(Refusal::Unsigned(error))),
        };
        super::crash::point("witness:remember");
        write_whole(&path, &format!("{}{line}", request.note))?;
        Ok(Ok(line))
    }

    /// The checkpoint of this log that was cosigned last; nothing if none was.
    fn seen(&self, path: &Path, origin: &str) -> Result<Option<Checkpoint>, MemoryError> {
        let note = match fs::read_to_string(path) {
            Ok(note) => note,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io_error("read", path, source)),
        };
        let altered =
            |why: String| MemoryError::Altered { origin: origin.to_owned(), path: path.to_owned(), why };
        let seen = recall(&note, &self.verifier()).map_err(|error| altered(error.to_string()))?;
        match seen.origin == origin {
            true => Ok(Some(seen)),
            false => Err(altered(format!("it is of log `{}`", seen.origin))),
        }
    }
}

/// The key in this file, or a new one of this name.
fn key(path: &Path, name: Option<&str>) -> Result<CosigningKey, MemoryError> {
    let unusable = |why: String| MemoryError::Key { path: path.to_owned(), why };
    let text = match fs::metadata(path) {
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
            return Err(MemoryError::Exposed {
                path: path.to_owned(),
                mode: meta.permissions().mode() & 0o777,
            });
        }
        Ok(_) => fs::read_to_string(path).map_err(|source| io_error("read", path, source))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = path.parent().unwrap_or(path);
            let name = name.ok_or_else(|| MemoryError::Nameless(folder.to_owned()))?;
            let seed = ids::random::<32>().map_err(|error| unusable(error.to_string()))?;
            CosigningKey::from_seed(name, &seed).map_err(|error| unusable(error.to_string()))?;
            let text = format!("witness {name}\nseed {}\n", hex::encode(seed));
            write_whole(path, &text)?;
            text
        }
        Err(source) => return Err(io_error("read", path, source)),
    };
    let parse = || {
        let (found, seed) = text.strip_prefix("witness ")?.split_once("\nseed ")?;
        let seed = hex::decode(seed.strip_suffix('\n')?).ok()?;
        Some((found.to_owned(), <[u8; 32]>::try_from(seed).ok()?))
    };
    let (found, seed) =
        parse().ok_or_else(|| unusable("it is not `witness NAME` and `seed HEX`".to_owned()))?;
    if name.is_some_and(|name| name != found) {
        return Err(MemoryError::OtherName { path: path.to_owned(), found });
    }
    CosigningKey::from_seed(&found, &seed).map_err(|error| unusable(error.to_string()))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

/// Writes a file whole: into a neighbour, flushed, then moved into place, and the move flushed.
fn write_whole(path: &Path, text: &str) -> Result<(), MemoryError> {
    let new = path.with_extension("new");
    let written = (|| {
        let mut file = private().create(true).truncate(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, path)
    })();
    written.map_err(|source| io_error("write", path, source))?;
    path.parent().map_or(Ok(()), sync)
}

fn sync(folder: &Path) -> Result<(), MemoryError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|source| io_error("flush", folder, source))
}

fn io_error(doing: &'static str, path: &Path, source: io::Error) -> MemoryError {
    MemoryError::Io { doing, path: path.to_owned(), source }
}
