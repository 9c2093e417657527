//! Changes to a state's key: another passphrase, or another key.

use std::sync::Arc;

use lastlook_ledger::{SigningKey, VerifierKey, Why};

use super::{StateDir, StateError, key, lock_setup};
use crate::sealed::Passphrase;
use crate::sqlite::handover;
use crate::{NewEntry, WriterId};

/// A key that is to be replaced by a new one.
pub struct Rotation<'a> {
    /// Why.
    pub why: Why,
    /// When, in the form of entries' times.
    pub time: String,
    /// Makes the entry of the handover: for this writer, with this note and this new key.
    pub entry: &'a dyn Fn(&WriterId, &str, &VerifierKey) -> Result<NewEntry, String>,
    /// Is told after each step, so that a test can end the process there.
    pub after: &'a dyn Fn(Step),
}

/// The steps of a rotation, in their order. Killed after any of them, the state goes on with the one key or with the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The new key is durable beside the old one.
    Drawn,
    /// The handover, its entry and the new signatures are written, and not durable.
    Signed,
    /// They are durable: from now on the new key signs.
    HandedOver,
    /// The new key is in the old one's place, and the old one is gone.
    Moved,
}

impl Step {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::Drawn => "key-drawn",
            Step::Signed => "key-signed",
            Step::HandedOver => "key-handed-over",
            Step::Moved => "key-moved",
        }
    }
}

impl StateDir {
    /// Replaces the state's key by a new one, encrypted under the same passphrase if the old one is; gives the handover.
    ///
    /// Everybody else who appends goes on with the new key, or stops: a checkpoint is signed in the transaction that
    /// makes it durable, and only with the key that the database records by then.
    ///
    /// # Errors
    ///
    /// The old key cannot be opened, one of the two does not sign, or something cannot be written: then the old key stays,
    /// or, if the answer to the commit is lost, whichever the next process finds on record.
    pub fn rotate_key(&self, rotation: &Rotation<'_>) -> Result<String, StateError> {
        let paths = &self.paths;
        let _setup = lock_setup(paths)?;
        // Two handovers from one key would contradict each other for ever.
        self.check_was_not_put_back()?;
        let slot = self.writer()?;
        let recorded = handover::recorded(paths)?;
        let file = self.key_file()?;
        if file.public.to_string() != recorded {
            let (path, found) = (paths.key.clone(), file.public.to_string());
            return Err(StateError::KeyForeign { path, found, recorded });
        }
        let passphrase = match file.seed.is_sealed() {
            true => Some(self.keeper.passphrase(&paths.key)?),
            false => None,
        };
        let locked = || StateError::KeyLocked { path: paths.key.clone() };
        let old = key::open(&file, &paths.key, || passphrase.clone().ok_or_else(locked))?;
        let old = signing(self, &old)?;
        let seed = key::draw(paths)?;
        let new = signing(self, &seed)?;
        key::write(paths, &paths.next_key, &key::text(paths, &self.state_id, &seed, passphrase.as_ref())?)?;
        (rotation.after)(Step::Drawn);
        let id = slot.era().writer(&self.state_id, slot.n());
        let roster = slot.era().roster(&self.state_id);
        let note = match handover::commit(paths, (&id, &roster), &old, &new, rotation) {
            Ok(note) => note,
            Err(handover::Failed::Before(error)) => {
                key::settle(paths, false)?;
                return Err(error);
            }
            // Nobody knows which key is on record: the next process that opens the directory looks.
            Err(handover::Failed::Unknown(error)) => return Err(error),
        };
        (rotation.after)(Step::HandedOver);
        key::settle(paths, true)?;
        (rotation.after)(Step::Moved);
        self.keeper.hold(Arc::new(new));
        Ok(note)
    }

    /// Encrypts the key under this passphrase, or, without one, keeps it in the clear; its file is the old one or the new
    /// one, whatever ends the process.
    ///
    /// Processes that have the key open go on with it.
    ///
    /// # Errors
    ///
    /// The key cannot be opened with the passphrase it has, or its file not written.
    pub fn reseal_key(
        &self,
        passphrase: Option<&Passphrase>,
        after: &dyn Fn(&'static str),
    ) -> Result<(), StateError> {
        let paths = &self.paths;
        let _setup = lock_setup(paths)?;
        let file = self.key_file()?;
        let seed = key::open(&file, &paths.key, || self.keeper.passphrase(&paths.key))?;
        let text = key::text(paths, &self.state_id, &seed, passphrase)?;
        after("key-opened");
        key::write(paths, &paths.key, &text)?;
        after("key-written");
        // INVARIANT(key): what was written can be read back, before anybody relies on it.
        let file = self.key_file()?;
        let again = key::open(&file, &paths.key, || {
            passphrase.cloned().ok_or_else(|| StateError::KeyLocked { path: paths.key.clone() })
        })?;
        match again == seed {
            true => Ok(()),
            false => Err(StateError::KeyDamaged {
                path: paths.key.clone(),
                what: "it was altered while it was written",
            }),
        }
    }

    fn key_file(&self) -> Result<key::KeyFile, StateError> {
        let path = &self.paths.key;
        key::read(&self.paths, path)?.ok_or_else(|| StateError::KeyMissing { path: path.clone() })
    }

    /// Whether signing takes a passphrase.
    ///
    /// # Errors
    ///
    /// The key file cannot be read.
    pub fn key_is_encrypted(&self) -> Result<bool, StateError> {
        Ok(self.key_file()?.seed.is_sealed())
    }

    /// The handovers of the state's keys, oldest first, as they were signed.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn handovers(&self) -> Result<Vec<String>, StateError> {
        handover::list(&self.paths)
    }
}

fn signing(dir: &StateDir, seed: &[u8; 32]) -> Result<SigningKey, StateError> {
    key::signing(&dir.state_id, seed)
        .map_err(|what| StateError::KeyDamaged { path: dir.paths.next_key.clone(), what })
}
