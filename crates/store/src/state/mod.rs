//! The state directory: who wrote it, its key, its writers' slots and the room kept free.
//!
//! ```text
//! STATE/version         what the rest means; written last
//! STATE/key             the state's id and signing key, for its owner only
//! STATE/next-key        the key that takes its place, while it is being replaced
//! STATE/lastlook.db     rows, logs and values (SQLite, with -wal and -shm beside it while in use)
//! STATE/gate            changed whenever a halt or a revocation shuts the gate; locked by whoever passes it
//! STATE/writers/N.lock  held by writer N while it lives
//! STATE/writers/N.flight what writer N has let past the gate
//! STATE/console         where the running console is; locked by it while it lives
//! STATE/reserve         ballast, given up on a full disk
//! STATE/setup.lock      held while a process opens the directory
//! ```

mod backup;
mod console;
mod error;
mod export;
mod files;
mod heads;
mod keeper;
mod key;
mod lock;
mod manage;
pub(crate) mod reserve;
mod restored;
#[cfg(test)]
mod tests;
mod version;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use lastlook_ledger::VerifierKey;

use crate::sqlite::{SqliteReader, behind, era, schema};

pub use backup::Backup;
pub use console::Announced;
pub use error::StateError;
pub(crate) use heads::HeadKeeper;
pub use heads::Heads;
pub(crate) use keeper::Keeper;
pub use keeper::{AskPassphrase, PASSPHRASE_FILE};
pub(crate) use lock::SLOTS;
pub use lock::{DeadWriter, Writer};
pub use manage::{Rotation, Step};
pub use restored::{Found, Restoration, Restored};

/// A state directory, opened and found sound.
///
/// Several processes may have it open; each that appends takes a [`Writer`].
#[derive(Clone, Debug)]
pub struct StateDir {
    paths: StatePaths,
    state_id: String,
    public: VerifierKey,
    keeper: Keeper,
    heads: Option<Heads>,
}

/// Where the parts of a state directory are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatePaths {
    /// The directory itself.
    pub root: PathBuf,
    /// The version file.
    pub version: PathBuf,
    /// The signing key.
    pub key: PathBuf,
    /// The key that takes its place, while one is being replaced.
    pub next_key: PathBuf,
    /// The database.
    pub database: PathBuf,
    /// What every process asks, and locks, at its gate.
    pub gate: PathBuf,
    /// The directory of the writers' locks.
    pub writers: PathBuf,
    /// Where the running console is; not there while none runs.
    pub console: PathBuf,
    /// The ballast.
    pub reserve: PathBuf,
    /// The lock held while the directory is opened.
    pub setup: PathBuf,
}

impl StateDir {
    /// Opens a state directory, making it (for its owner only) if it does not exist or is empty.
    ///
    /// A directory that was being made when its maker died is completed. Blocks while another process opens it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StateError> {
        let paths = StatePaths::below(path.as_ref());
        make_root(&paths)?;
        let complete = version::is_complete(&paths)?;
        if !complete {
            refuse_foreign(&paths)?;
        }
        let _setup = lock_setup(&paths)?;
        // Again, now that nobody else is at it.
        let complete = version::is_complete(&paths)?;
        files::make_dir(&paths.writers).map_err(|e| paths.error("make", &paths.writers, e))?;
        // Made here, where only one process is at it: two files of this name would be two gates.
        files::open_private(&paths.gate).map_err(|e| paths.error("open", &paths.gate, e))?;
        key::sweep(&paths)?;
        let found = key::read(&paths, &paths.key)?;
        let file = match found {
            Some(file) => file,
            None if complete || paths.database.exists() => {
                return Err(StateError::KeyMissing { path: paths.key.clone() });
            }
            None => key::create(&paths)?,
        };
        let public = open_database(&paths, complete, &file.public)?;
        if !complete {
            version::write(&paths)?;
        }
        let keeper = Keeper::new(&paths);
        let dir = Self { paths, state_id: file.state_id, public, keeper, heads: None };
        if !dir.reserve().restore() {
            tracing::warn!(path = %dir.paths.reserve.display(), "no room for the ballast: new effects will be refused");
        }
        Ok(dir)
    }

    /// The same directory, which asks for the passphrase of an encrypted key when somebody first signs, unless
    /// [`PASSPHRASE_FILE`] names a file that has it.
    #[must_use]
    pub fn asking(self, ask: AskPassphrase) -> Self {
        Self { keeper: self.keeper.asking(ask), ..self }
    }

    /// The same directory, with the newest checkpoint of each log kept in this folder too, in one named after the state.
    ///
    /// Then a writer does not start once the directory was put back to an earlier one ([`StateError::Behind`]). The folder
    /// should be on another disk, or at least outside of what is backed up and put back together with the directory.
    #[must_use]
    pub fn keeping_heads(self, folder: &Path) -> Self {
        Self { heads: Some(Heads::below(folder, &self.state_id)), ..self }
    }

    /// Where the newest checkpoints are kept outside the directory; nothing if nowhere.
    pub fn heads(&self) -> Option<&Heads> {
        self.heads.as_ref()
    }

    /// Takes the lowest slot that no live writer holds, and with it the log that slot began.
    pub fn writer(&self) -> Result<Writer, StateError> {
        lock::take_lowest(&self.paths, era::of(&self.paths)?)
    }

    /// The slots whose writers have ended, each held until the returned value is dropped.
    ///
    /// Slots of live writers, this process's among them, are not in it. What an earlier life of our own slot left is
    /// told by [`SqliteStore::inherited`](crate::SqliteStore::inherited).
    pub fn dead_writers(&self) -> Result<Vec<DeadWriter>, StateError> {
        lock::take_dead(&self.paths)
    }

    /// Whether this is the state that it was, as far as anybody can tell: no back-up that nobody has accepted, and no log of it
    /// shorter than, or another one than, when its head was kept.
    ///
    /// # Errors
    ///
    /// It is not ([`StateError::Copied`], [`StateError::Behind`]), or it cannot be read.
    pub fn check_was_not_put_back(&self) -> Result<(), StateError> {
        let conn = schema::connect_checked(&self.paths)?;
        behind::refuse(&conn, &self.paths, self.heads()).map(drop)
    }

    /// The highest number of a writer from before the state was put back, whose slot nobody takes any more; 0 if it never was.
    pub fn earlier_writers(&self) -> Result<u32, StateError> {
        Ok(era::of(&self.paths)?.base)
    }

    /// A store that only reads, for looking at logs; it takes no slot.
    pub fn reader(&self) -> Result<SqliteReader, StateError> {
        SqliteReader::open(&self.paths)
    }

    /// Whether somebody has begun a roster: then there must be one. A state of an earlier version has none until a writer appends.
    pub fn has_roster(&self) -> Result<bool, StateError> {
        schema::has_roster(&self.paths)
    }

    /// The key with which others verify this state's checkpoints, as it was when the directory was opened.
    pub fn verifier_key(&self) -> VerifierKey {
        self.public.clone()
    }

    /// The state's id: 16 hexadecimal digits, drawn when it was made.
    pub fn state_id(&self) -> &str {
        &self.state_id
    }

    /// Where the parts are.
    pub fn paths(&self) -> &StatePaths {
        &self.paths
    }

    pub(crate) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(crate) fn reserve(&self) -> reserve::Reserve {
        reserve::Reserve::new(&self.paths.reserve)
    }
}

impl StatePaths {
    fn below(root: &Path) -> Self {
        Self {
            root: root.into(),
            version: root.join("version"),
            key: root.join("key"),
            next_key: root.join("next-key"),
            database: root.join("lastlook.db"),
            gate: root.join("gate"),
            writers: root.join("writers"),
            console: root.join("console"),
            reserve: root.join("reserve"),
            setup: root.join("setup.lock"),
        }
    }

    /// What one writer has let past the gate, and where every writer's is.
    pub fn flight(&self, writer: u32) -> PathBuf {
        self.writers.join(format!("{writer}.flight"))
    }

    fn error(&self, doing: &'static str, path: &Path, source: io::Error) -> StateError {
        StateError::from_io(&self.root, doing, path, source)
    }

    /// Whether a file of this name may be found in a directory that is not complete yet.
    fn is_ours(&self, name: &str) -> bool {
        let known = [
            "key",
            "key.new",
            "next-key",
            "next-key.new",
            "version.new",
            "gate",
            "writers",
            "reserve",
            "reserve.new",
            "setup.lock",
        ];
        known.contains(&name) || name.starts_with("lastlook.db")
    }
}

/// The name of a state's key, which its logs' origins begin with.
pub(crate) fn key_name(state_id: &str) -> String {
    format!("lastlook/{state_id}")
}

fn make_root(paths: &StatePaths) -> Result<(), StateError> {
    let root = &paths.root;
    match fs::metadata(root) {
        Ok(meta) if !meta.is_dir() => return Err(StateError::NotADirectory { path: root.clone() }),
        Ok(meta) => refuse_shared(root, &meta)?,
        Err(e) if e.kind() == io::ErrorKind::NotADirectory => {
            return Err(StateError::NotADirectory { path: root.clone() });
        }
        Err(_) => {
            files::make_dir(root).map_err(|e| paths.error("make", root, e))?;
            // Without its name in the directory above, nothing in it would be durable.
            let above = root.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
            files::sync_dir(above).map_err(|e| paths.error("flush", above, e))?;
        }
    }
    use rustix::fs::Access;
    rustix::fs::access(root, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|e| paths.error("open", root, e.into()))
}

/// Whoever can write a directory can put another key in it.
fn refuse_shared(root: &Path, meta: &fs::Metadata) -> Result<(), StateError> {
    if meta.mode() & 0o022 != 0 {
        return Err(StateError::Exposed { path: root.to_owned(), mode: meta.mode() & 0o777 });
    }
    Ok(())
}

/// A directory with somebody else's things in it is not made into a state.
fn refuse_foreign(paths: &StatePaths) -> Result<(), StateError> {
    let listing = fs::read_dir(&paths.root).map_err(|e| paths.error("list", &paths.root, e))?;
    let mut names = listing.flatten().map(|file| file.file_name().to_string_lossy().into_owned());
    match names.find(|name| name != "version" && !paths.is_ours(name)) {
        Some(found) => Err(StateError::NotAState { path: paths.root.clone(), found }),
        None => Ok(()),
    }
}

fn lock_setup(paths: &StatePaths) -> Result<File, StateError> {
    let file = files::open_private(&paths.setup).map_err(|e| paths.error("open", &paths.setup, e))?;
    file.lock().map_err(|source| StateError::NoLocks { path: paths.setup.clone(), source })?;
    Ok(file)
}

/// Makes the database, or checks that it is a sound one of this state; gives the key on record.
///
/// A process that died while it replaced the key left two: the one on record stays, the other goes.
fn open_database(
    paths: &StatePaths,
    complete: bool,
    verifier: &VerifierKey,
) -> Result<VerifierKey, StateError> {
    if complete && !paths.database.exists() {
        return Err(StateError::DatabaseMissing { path: paths.database.clone() });
    }
    if !complete {
        // Its owner's only, whatever the umask says; SQLite gives -wal and -shm the same mode.
        files::open_private(&paths.database).map_err(|e| paths.error("make", &paths.database, e))?;
    }
    let recorded = schema::prepare(paths, complete, &verifier.to_string())?;
    let is_in_place = recorded == verifier.to_string();
    if !paths.next_key.exists() && is_in_place {
        return Ok(verifier.clone());
    }
    let next = if is_in_place { None } else { key::read(paths, &paths.next_key)? };
    if is_in_place {
        key::settle(paths, false)?;
        return Ok(verifier.clone());
    }
    if let Some(next) = next.filter(|next| next.public.to_string() == recorded) {
        key::settle(paths, true)?;
        return Ok(next.public);
    }
    Err(StateError::KeyForeign { path: paths.key.clone(), found: verifier.to_string(), recorded })
}
