//! Reloading the configuration: through the gate, whole or not at all, and never weaker without an operator's word.

use std::path::{Path, PathBuf};

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::Kind;
use lastlook_store::{Commit, CommitError, Store, Write};

use crate::boundary::Boundary;
use crate::config::{Config, ConfigError, PolicyFiles, at_restart, weaker};
use crate::entry::{Draft, DraftError, RecordError, principal_json};
use crate::ids;
use crate::rulebook::Rulebook;

/// The store's name for the digest of the configuration that an operator accepted although it is weaker.
const ACCEPTED: &str = "accepted-configuration";

/// Watches one configuration file and the policy files it names.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    exe: PathBuf,
    /// What the boundary was started with: some of it holds until it is started again.
    started: Config,
    in_force: Config,
    digest: Digest,
    seen: Seen,
    /// The policy files that the last configuration named.
    policy: Option<PolicyFiles>,
    /// What stood in all files when they were read last; `None` before the first time.
    on_disk: Option<Digest>,
}

/// What was found when the files were read last, so that each state of them is told of once.
#[derive(Debug)]
enum Seen {
    /// The rules in force.
    Same,
    /// Files that do not parse, by what is said of them.
    Bad(String),
    /// Rules that wait for an operator's word.
    Waiting(Box<Read>),
}

/// Rules that were read from the files.
#[derive(Debug)]
struct Read {
    config: Config,
    rulebook: Rulebook,
    digest: Digest,
    /// What changed and takes effect at the next start.
    at_restart: Vec<String>,
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
        /// The sections of the file that differ from those the boundary was started with, and take effect at its next
        /// start.
        at_restart: Vec<String>,
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

impl Reloader {
    /// Watches the file that `config` was read from.
    pub fn new(config: Config, rulebook: &Rulebook, exe: &Path) -> Option<Reloader> {
        let digest = rulebook.digest()?;
        Some(Reloader {
            path: config.path.clone(),
            exe: exe.to_owned(),
            started: config.clone(),
            policy: config.policy.clone(),
            in_force: config,
            digest,
            seen: Seen::Same,
            on_disk: None,
        })
    }

    /// Looks at the files once. Call it every now and then: reading them costs less than being told.
    pub async fn look(&mut self, boundary: &Boundary) -> Reloaded {
        let on_disk = Some(Config::on_disk(&self.path, self.policy.as_ref()));
        if self.on_disk == on_disk {
            return self.look_again(boundary).await;
        }
        let read = match self.read(&boundary.upstream).await {
            Ok(read) => read,
            Err(error) => {
                let said = format!("{error:?}");
                let told = matches!(&self.seen, Seen::Bad(before) if *before == said);
                self.seen = Seen::Bad(said);
                return if told { Reloaded::Nothing } else { Reloaded::Bad(error) };
            }
        };
        // Other policy files may have changed since they were not watched yet: then the next look reads once more.
        self.on_disk = on_disk.filter(|_| self.policy == read.config.policy);
        self.policy.clone_from(&read.config.policy);
        // The digest is made without secrets, which may have changed all the same.
        if read.digest == self.digest && self.in_force.is_same_text(&read.config) {
            self.seen = Seen::Same;
            return Reloaded::Nothing;
        }
        let mut what = weaker(&self.in_force, &read.config);
        if let (Some(old), Some(new)) = (boundary.rulebook().policies(), read.rulebook.policies()) {
            what.extend(old.weaker(new));
        }
        if !what.is_empty() && !is_accepted(&*boundary.store, read.digest) {
            let digest = read.digest;
            let told = matches!(&self.seen, Seen::Waiting(before) if before.digest == digest);
            self.seen = Seen::Waiting(Box::new(read));
            return if told { Reloaded::Nothing } else { Reloaded::Weaker { digest, what } };
        }
        self.put_in_force(read, boundary).await
    }

    /// The files are as they were: what waits may have been accepted since.
    async fn look_again(&mut self, boundary: &Boundary) -> Reloaded {
        match std::mem::replace(&mut self.seen, Seen::Same) {
            Seen::Waiting(read) if is_accepted(&*boundary.store, read.digest) => {
                self.put_in_force(*read, boundary).await
            }
            Seen::Waiting(read) => {
                self.seen = Seen::Waiting(read);
                Reloaded::Nothing
            }
            Seen::Same | Seen::Bad(_) => Reloaded::Nothing,
        }
    }

    async fn read(&self, upstream: &str) -> Result<Read, ConfigError> {
        let (path, exe) = (self.path.clone(), self.exe.clone());
        let (started, upstream) = (self.started.clone(), upstream.to_owned());
        // Rules take a while to compile, and calls go on meanwhile.
        let reading = tokio::task::spawn_blocking(move || {
            let mut config = Config::load(&path)?;
            let at_restart = at_restart(&started, &config, &upstream);
            // Who acts was settled when the session began.
            config.principal = started.principal;
            let rulebook = Rulebook::new(Some(&config), &exe)?;
            let digest = rulebook.digest().unwrap_or_else(|| config.digest(None, None));
            Ok(Read { config, rulebook, digest, at_restart })
        });
        match reading.await {
            Ok(read) => read,
            // It fails when the process ends, and then nobody asks.
            Err(_) => std::future::pending().await,
        }
    }

    async fn put_in_force(&mut self, read: Read, boundary: &Boundary) -> Reloaded {
        let Read { config, rulebook, digest, at_restart } = read;
        // On record first: nothing is decided under rules whose coming is not.
        if let Err(error) = self.record(boundary, digest).await {
            // The next look reads the files once more.
            self.on_disk = None;
            return Reloaded::NotRecorded(error.to_string());
        }
        let from = std::mem::replace(&mut self.digest, digest);
        self.in_force = config;
        self.seen = Seen::Same;
        let in_flight = boundary.put_in_force(rulebook);
        boundary.draw_private_key().await;
        Reloaded::InForce { from, to: digest, in_flight, at_restart }
    }

    async fn record(&self, boundary: &Boundary, to: Digest) -> Result<(), RecordError> {
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
) -> Result<(), RecordError> {
    let origin = store.writer().ok_or(RecordError::ReadOnly)?.origin.clone();
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
