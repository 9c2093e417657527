//! Who hands out the state's signer: the key that the database says is in force, opened when somebody first signs.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lastlook_ledger::Signer;

use super::{StateError, StatePaths, key};
use crate::sealed::{Passphrase, PassphraseError};

/// Asks for the passphrase of a state's key; nothing when there is nobody to ask.
pub type AskPassphrase = Arc<dyn Fn() -> Option<Result<Passphrase, PassphraseError>> + Send + Sync>;

/// The variable that names the file whose first line is the passphrase.
pub const PASSPHRASE_FILE: &str = "LASTLOOK_PASSPHRASE_FILE";

/// How often the files are looked at: another process may be moving the next key into its place.
const LOOKS: usize = 3;

/// Holds the open key of one state. What is copied of it holds the same key.
#[derive(Clone)]
pub(crate) struct Keeper {
    paths: StatePaths,
    ask: AskPassphrase,
    held: Arc<Mutex<Option<Arc<dyn Signer>>>>,
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("paths", &self.paths).finish_non_exhaustive()
    }
}

impl Keeper {
    /// A keeper that takes the passphrase, if there is need of one, from the file that [`PASSPHRASE_FILE`] names.
    pub(super) fn new(paths: &StatePaths) -> Keeper {
        Keeper { paths: paths.clone(), ask: Arc::new(from_environment), held: Arc::default() }
    }

    /// The same, which asks somebody if that variable is not set.
    pub(super) fn asking(self, ask: AskPassphrase) -> Keeper {
        Keeper { ask: Arc::new(move || from_environment().or_else(|| ask())), ..self }
    }

    /// The signer whose public half the database records.
    ///
    /// # Errors
    ///
    /// No file has that key, or it cannot be opened: then nobody signs.
    pub(crate) fn signer(&self, recorded: &str) -> Result<Arc<dyn Signer>, StateError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signer) = held.as_ref().filter(|signer| signer.verifier().to_string() == recorded) {
            return Ok(Arc::clone(signer));
        }
        let mut found = String::new();
        for path in [&self.paths.key, &self.paths.next_key].into_iter().cycle().take(2 * LOOKS) {
            let Some(file) = key::read(&self.paths, path)? else { continue };
            if file.public.to_string() != recorded {
                found = file.public.to_string();
                continue;
            }
            let seed = key::open(&file, path, || self.passphrase(path))?;
            let signer = key::signing(&file.state_id, &seed)
                .map_err(|what| StateError::KeyDamaged { path: path.clone(), what })?;
            let signer: Arc<dyn Signer> = Arc::new(signer);
            *held = Some(Arc::clone(&signer));
            return Ok(signer);
        }
        Err(StateError::KeyForeign { path: self.paths.key.clone(), found, recorded: recorded.to_owned() })
    }

    /// Hands out this signer from now on.
    pub(super) fn hold(&self, signer: Arc<dyn Signer>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(signer);
    }

    /// The passphrase of the key in this file.
    pub(super) fn passphrase(&self, path: &Path) -> Result<Passphrase, StateError> {
        match (self.ask)() {
            None => Err(StateError::KeyLocked { path: path.to_owned() }),
            Some(given) => given.map_err(|source| StateError::Passphrase { path: path.to_owned(), source }),
        }
    }
}

fn from_environment() -> Option<Result<Passphrase, PassphraseError>> {
    let file = std::env::var_os(PASSPHRASE_FILE).filter(|file| !file.is_empty())?;
    Some(Passphrase::from_file(Path::new(&file)))
}
