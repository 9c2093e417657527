//! A copy of a state, made while others use it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{StateDir, StateError, StatePaths, files, key, lock_setup};
use crate::sqlite::copy::{self, Copied};

/// What a back-up holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backup {
    /// The folder it was made in.
    pub folder: PathBuf,
    /// How large its database is, in bytes.
    pub bytes: u64,
    /// The logs in it: the origin and how many entries each has.
    pub logs: Vec<(String, u64)>,
}

impl StateDir {
    /// Copies the state into a new folder, for its owner only, as it is at one instant. Others append meanwhile.
    ///
    /// The copy says of itself that it is one, with this text: nobody appends to it before
    /// [`restore`](StateDir::restore). It holds the signing key, encrypted exactly if it is here.
    ///
    /// # Errors
    ///
    /// The folder has something in it, or cannot be written: what was begun there is removed again.
    pub fn back_up(&self, folder: &Path, made: &str) -> Result<Backup, StateError> {
        let to = StatePaths::below(folder);
        let failed = |doing, path: &Path, e| StateError::from_io(folder, doing, path, e);
        let was_there = folder.exists();
        files::make_dir(folder).map_err(|e| failed("make", folder, e))?;
        let mut inside = fs::read_dir(folder).map_err(|e| failed("list", folder, e))?;
        if inside.next().is_some() {
            return Err(StateError::NotEmpty { path: folder.into() });
        }
        let clear = || {
            let parts = [&to.database, &to.key, &to.version];
            parts.into_iter().for_each(|path| drop(fs::remove_file(path)));
        };
        let mut copied = self.copy(&to, made);
        // The key that the copy records is gone if it was replaced while the database was copied: then it is copied once more.
        if matches!(copied, Err(StateError::KeyMissing { .. })) {
            clear();
            copied = self.copy(&to, made);
        }
        if copied.is_err() {
            clear();
            if !was_there {
                drop(fs::remove_dir(folder));
            }
        }
        copied
    }

    fn copy(&self, to: &StatePaths, made: &str) -> Result<Backup, StateError> {
        let failed = |doing, path: &Path, e| StateError::from_io(&to.root, doing, path, e);
        // Made here, so that it is the owner's only from its first byte on.
        files::open_private(&to.database).map_err(|e| failed("make", &to.database, e))?;
        let Copied { recorded, logs } = copy::into(&self.paths, to, made)?;
        // Nobody replaces the key meanwhile; whoever did before has been waited for.
        let _setup = lock_setup(&self.paths)?;
        for path in [&self.paths.key, &self.paths.next_key] {
            let is_it = key::read(&self.paths, path)?.is_some_and(|file| file.public.to_string() == recorded);
            if is_it {
                let text = fs::read(path).map_err(|e| self.paths.error("read", path, e))?;
                files::write_whole(&to.key, &[&text]).map_err(|e| failed("write", &to.key, e))?;
            }
        }
        if !to.key.exists() {
            return Err(StateError::KeyMissing { path: self.paths.key.clone() });
        }
        let version =
            fs::read(&self.paths.version).map_err(|e| self.paths.error("read", &self.paths.version, e))?;
        files::write_whole(&to.version, &[&version]).map_err(|e| failed("write", &to.version, e))?;
        let bytes = fs::metadata(&to.database).map_err(|e| failed("read", &to.database, e))?.len();
        Ok(Backup { folder: to.root.clone(), bytes, logs })
    }
}
