//! Reloading the configuration: through the gate, whole or not at all, and never weaker without an operator's word.

use std::path::{Path, PathBuf};

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::Kind;
use lastlook_store::{Commit, CommitError, Store, Write};

use crate::boundary::Boundary;
use crate::config::{Config, ConfigError, weaker};
use crate::entry::{Draft, DraftError, principal_json};
use crate::ids;
use crate::rulebook::Rulebook;

/// The store's name for the digest of the configuration that an operator accepted although it is weaker.
const ACCEPTED: &str = "accepted-configuration";

/// Watches one configuration file and the policy files it names.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    exe: PathBuf,
    in_force: Config,
    digest: Digest,
    /// The digest that was looked at last, so that each state of the files is told of once.
    seen: Option<Seen>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// Files that do not parse, by their bytes.
    Bad(String),
    /// Rules that wait for an operator's word.
    Waiting(Digest),
}

/// What one look at the files brought.
#[derive(Debug)]
pub enum Reloaded {
    /// Nothing new.
    Nothing,
    /// Other rules are in force.
    InForce {
        /// The digest of the rules before.
        from: Digest,
        /// Theirs.
        to: Digest,
        /// The attempts that had passed the gate before.
        in_flight: Vec<String>,
    },
    /// The new rules are weaker: the old ones stay until a restart, or an operator's word.
    Weaker {
        /// The digest of the new rules.
        digest: Digest,
        /// What they remove or weaken.
        what: Vec<String>,
    },
    /// The files are wrong: the old rules stay.
    Bad(ConfigError),
    /// The reload could not be put on record, so the old rules stay.
    NotRecorded(String),
}

/// Why an operator's word was not taken.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The entry could not be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store can only be read.
    #[error("the state is open for reading only")]
    ReadOnly,
}

impl Reloader {
    /// Watches the file that `config` was read from.
    pub fn new(config: Config, rulebook: &Rulebook, exe: &Path) -> Option<Reloader> {
        let digest = rulebook.digest()?;
        Some(Reloader {
            path: config.path.clone(),
            exe: exe.to_owned(),
            in_force: config,
            digest,
            seen: None,
        })
    }

    /// Looks at the files once. Call it every now and then: reading them costs less than being told.
    pub async fn look(&mut self, boundary: &Boundary) -> Reloaded {
        let (path, exe) = (self.path.clone(), self.exe.clone());
        // Rules take a while to compile, and calls go on meanwhile.
        let reading = tokio::task::spawn_blocking(move || {
            let config = Config::load(&path)?;
            let rulebook = Rulebook::new(Some(&config), &exe)?;
            Ok((config, rulebook))
        });
        // It fails when the process ends.
        let Ok(read) = reading.await else { return Reloaded::Nothing };
        let (config, rulebook) = match read {
            Ok(read) => read,
            Err(error) => {
                let seen = Some(Seen::Bad(format!("{error:?}")));
                let told = self.seen == seen;
                self.seen = seen;
                return if told { Reloaded::Nothing } else { Reloaded::Bad(error) };
            }
        };
        // The digest is made without secrets, which may have changed all the same.
        let changed = |digest: &Digest| *digest != self.digest || !self.in_force.is_same_text(&config);
        let Some(digest) = rulebook.digest().filter(changed) else {
            self.seen = None;
            return Reloaded::Nothing;
        };
        let mut what = weaker(&self.in_force, &config);
        if let (Some(old), Some(new)) = (boundary.rulebook().policies(), rulebook.policies()) {
            what.extend(old.weaker(new));
        }
        if !what.is_empty() && !is_accepted(&*boundary.store, digest) {
            let seen = Some(Seen::Waiting(digest));
            let told = self.seen == seen;
            self.seen = seen;
            return if told { Reloaded::Nothing } else { Reloaded::Weaker { digest, what } };
        }
        // On record first: nothing is decided under rules whose coming is not.
        if let Err(error) = self.record(boundary, digest).await {
            return Reloaded::NotRecorded(error.to_string());
        }
        let from = std::mem::replace(&mut self.digest, digest);
        self.in_force = config;
        self.seen = None;
        let in_flight = boundary.put_in_force(rulebook);
        Reloaded::InForce { from, to: digest, in_flight }
    }

    async fn record(&self, boundary: &Boundary, to: Digest) -> Result<(), AcceptError> {
        let entry =
            entry(boundary.origin(), "reloaded", &boundary.principal, self.digest, to, "the files changed")?;
        boundary.commit(Commit { entries: vec![entry], vital: true, ..Commit::default() }).await?;
        Ok(())
    }
}

fn is_accepted(store: &dyn Store, digest: Digest) -> bool {
    store.mark(ACCEPTED).is_ok_and(|accepted| accepted.as_deref() == Some(&digest.to_hex()))
}

/// Records an operator's word that rules of this digest may replace stricter ones without a restart.
///
/// # Errors
///
/// The store cannot write.
pub async fn accept(
    store: &dyn Store,
    digest: Digest,
    reason: &str,
    by: &Principal,
) -> Result<(), AcceptError> {
    let origin = store.writer().ok_or(AcceptError::ReadOnly)?.origin.clone();
    let entry = entry(&origin, "accepted", by, digest, digest, reason)?;
    let mark = Write::SetMark { name: ACCEPTED.to_owned(), value: digest.to_hex() };
    let commit = Commit { writes: vec![mark], entries: vec![entry], vital: true, ..Commit::default() };
    let ticket = store.commit(commit);
    ticket
        .await
        .unwrap_or_else(|_| Err(CommitError::Unavailable("the store's writer has ended".to_owned())))?;
    Ok(())
}

fn entry(
    origin: &str,
    word: &str,
    by: &Principal,
    from: Digest,
    to: Digest,
    reason: &str,
) -> Result<lastlook_store::NewEntry, DraftError> {
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.set("as", word);
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    draft.set("from", from.to_hex());
    draft.set("to", to.to_hex());
    // An id of its own: it is about no attempt, and no two reloads are about each other.
    let about = format!("configuration-{}", ids::attempt_id()?);
    draft.finish(origin, &about, to)
}
