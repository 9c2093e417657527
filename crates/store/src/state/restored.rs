//! A state that was put back from a back-up, and goes on as what it is: an earlier one, with something missing.

use std::fs;
use std::io;

use lastlook_ledger::Checkpoint;

use super::{HeadKeeper, StateDir, StateError, lock, lock_setup};
use crate::sqlite::{handover, restoration};
use crate::{Commit, WriterId};

/// What somebody wants recorded of a restoration.
pub struct Restoration<'a> {
    /// The step in the origins of the logs that begin with it: eight hexadecimal digits, drawn for this.
    pub tag: &'a str,
    /// Makes its commit: at least one entry, for this writer, about what was found.
    pub commit: &'a dyn Fn(&WriterId, &Found) -> Result<Commit, String>,
    /// Is told after each step, so that a test can end the process there.
    pub after: &'a dyn Fn(&'static str),
}

/// The state as it was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The heads of its logs, in the order of their origins.
    pub heads: Vec<Checkpoint>,
    /// Heads that were kept elsewhere, of logs that are shorter here, or other ones.
    pub lost: Vec<Checkpoint>,
    /// When the back-up was made, if the state says that it is one.
    pub copied: Option<String>,
}

/// What a restoration began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The state as it was found.
    pub found: Found,
    /// The log that begins with it.
    pub origin: String,
}

impl StateDir {
    /// Goes on with a state that was put back: its logs end here, and new ones begin, the first with this commit's entries.
    ///
    /// # Errors
    ///
    /// A process has the state open, the key does not sign, or something cannot be written: then nothing changed.
    pub fn restore(&self, restoration: &Restoration<'_>) -> Result<Restored, StateError> {
        let paths = &self.paths;
        let _setup = lock_setup(paths)?;
        let _all = lock::take_all(paths)?;
        let key = self.keeper.signer(&handover::recorded(paths)?)?;
        let kept = match &self.heads {
            Some(heads) => heads.read().map_err(|e| paths.error("list", heads.folder(), e))?,
            None => Vec::new(),
        };
        let begun = restoration::commit(paths, &self.state_id, &*key, kept, restoration)?;
        let mut heads = HeadKeeper::new(self.heads.clone());
        begun.heads.iter().for_each(|(origin, note)| heads.keep(origin, note));
        // What had passed the gate of writers that are gone: their attempts are unknown, and nobody waits for them.
        for n in 1..=begun.era.base {
            match fs::remove_file(paths.flight(n)) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!("`{}` cannot be removed: {e}", paths.flight(n).display());
                }
                _ => {}
            }
        }
        let origin = begun.heads.into_iter().next_back().map(|(origin, _)| origin).unwrap_or_default();
        Ok(Restored { found: begun.found, origin })
    }
}
