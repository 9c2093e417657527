//! Every witness, asked about one log, once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use lastlook_ledger::witness::{claimed, signers, with_cosignature};
use lastlook_ledger::{NoteError, VerifierKey, WitnessKey, Witnesses, open_checkpoint, open_witnessed};
use lastlook_store::{CommitError, Store, StoreError};
use lastlook_upstream::hook::HookClient;

use super::ask::{Answer, Log, ask};
use super::kept::{Kept, Said, Stands};
use crate::clock;
use crate::config::WitnessesConfig;

/// How a log stands after a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// How many entries it has.
    pub size: u64,
    /// How many of these enough witnesses have cosigned; nothing if there never were enough.
    pub witnessed: Option<u64>,
    /// What is kept, with how each witness stands.
    pub kept: Kept,
}

/// Whom a round asks.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Also those who have cosigned this checkpoint.
    pub again: bool,
    /// But none of these: how they stand is left as it is.
    pub but: &'a BTreeSet<String>,
}

/// Why nobody could be asked.
#[derive(Debug, thiserror::Error)]
pub enum RoundError {
    /// The state cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log's own checkpoint does not verify.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// What was answered cannot be kept.
    #[error("what the witnesses answered could not be kept: {0}")]
    Commit(#[from] CommitError),
}

/// Asks the witnesses to cosign a log's checkpoint, and keeps what they say; nothing for a log without entries.
///
/// [`Asked::again`] asks also those who have cosigned this very checkpoint: they may have seen a larger one since, of which this
/// state knows nothing when it was brought back from a copy.
///
/// # Errors
///
/// The state cannot be read or written, or the log's checkpoint is not what its key signed. What a witness does is no error.
pub async fn round(
    store: &dyn Store,
    client: &HookClient,
    keys: &[VerifierKey],
    witnesses: &WitnessesConfig,
    origin: &str,
    asked: Asked<'_>,
) -> Result<Option<Round>, RoundError> {
    let Some(mut log) = log(store, keys, origin)? else { return Ok(None) };
    let kept = Kept::of(store, origin)?;
    let mut answers = ask_all(client, witnesses, &log, &kept, asked).await;
    let ahead = |answers: &[(String, Answer)]| answers.iter().any(|it| matches!(it.1, Answer::Ahead(_)));
    if ahead(&answers) {
        // The log may have grown meanwhile, and another process have shown it.
        if let Some(grown) =
            self::log(store, keys, origin)?.filter(|grown| grown.checkpoint.size > log.checkpoint.size)
        {
            log = grown;
            answers = ask_all(client, witnesses, &log, &kept, asked).await;
        }
    }
    let size = log.checkpoint.size;
    let now_ns = clock::unix_ns();
    let each: Vec<(String, Option<String>, Said)> = answers
        .into_iter()
        .map(|(name, answer)| {
            let (note, said) = said(answer, size, now_ns);
            (name, note, said)
        })
        .collect();
    Kept::update(store, origin, |kept| {
        kept.witnesses.retain(|name, _| witnesses.each.contains_key(name));
        for (name, note, said) in &each {
            let witness = witnesses.each.get(name);
            if let (Some(note), Some(witness)) = (note, witness) {
                let merged = with_cosignature(kept.same_as(note), note, &witness.key);
                kept.keep(merged.as_deref().unwrap_or(note));
            }
            kept.note(name, said);
        }
    })
    .await?;
    let kept = Kept::of(store, origin)?;
    let witnessed = kept.witnessed(keys, &witnesses.pinned());
    Ok(Some(Round { size, witnessed, kept }))
}

/// The log as its latest checkpoint says; nothing while it has no entries.
fn log(store: &dyn Store, keys: &[VerifierKey], origin: &str) -> Result<Option<Log>, RoundError> {
    let Some(note) = store.checkpoint(origin)? else { return Ok(None) };
    let checkpoint = open_checkpoint(&note, keys)?;
    let leaves = store.leaf_hashes(origin, checkpoint.size)?;
    Ok(Some(Log { note, checkpoint, leaves }))
}

async fn ask_all(
    client: &HookClient,
    witnesses: &WitnessesConfig,
    log: &Log,
    kept: &Kept,
    whom: Asked<'_>,
) -> Vec<(String, Answer)> {
    let asked =
        witnesses.each.iter().filter(|(name, _)| !whom.but.contains(*name)).map(|(name, witness)| async {
            let answer = match kept.cosigned_by(&witness.key, &log.note) {
                Ok(note) if !whom.again => Answer::Cosigned(note),
                Ok(_) => ask(client, witness, log, log.checkpoint.size).await,
                Err(old) => ask(client, witness, log, old).await,
            };
            (name.clone(), answer)
        });
    join_all(asked).await
}

fn said(answer: Answer, size: u64, since_ns: i64) -> (Option<String>, Said) {
    let (note, stands, why) = match answer {
        Answer::Cosigned(note) => (Some(note), Stands::Signed, None),
        Answer::Missing(why) => (None, Stands::Missing, Some(why)),
        Answer::Contradicts(why) => (None, Stands::Contradicts, Some(why)),
        Answer::Ahead(seen) => {
            let why =
                format!("it has cosigned {seen} entries, and here there are {size}: this log was cut short");
            (None, Stands::Contradicts, Some(why))
        }
    };
    (note, Said { stands, why, since_ns, size })
}

impl Kept {
    /// Notes how a witness stands; the instant stays while nothing else changes.
    fn note(&mut self, name: &str, said: &Said) {
        let since_ns = self.witnesses.get(name).and_then(|before| {
            (before.stands == said.stands && before.why == said.why).then_some(before.since_ns)
        });
        // Who has cosigned has done so now, and more than before.
        let since_ns = since_ns.filter(|_| said.stands != Stands::Signed).unwrap_or(said.since_ns);
        let same = self.witnesses.get(name).is_some_and(|before| {
            before.stands == Stands::Signed && said.stands == Stands::Signed && before.size == said.size
        });
        if !same {
            self.witnesses.insert(name.to_owned(), Said { since_ns, ..said.clone() });
        }
    }

    /// The kept note of this checkpoint, if the witness has cosigned it; else how many entries it has cosigned, as far as is known.
    fn cosigned_by(&self, key: &WitnessKey, note: &str) -> Result<String, u64> {
        let spelt = format!("{}+{}", key.name(), hex::encode(key.id()));
        let is_by = |note: &str| signers(note).is_ok_and(|names| names.contains(&spelt));
        let same = self.same_as(note);
        if is_by(same) {
            return Ok(same.to_owned());
        }
        let sizes =
            self.notes.iter().filter(|note| is_by(note)).filter_map(|note| Some(claimed(note).ok()?.size));
        Err(sizes.max().unwrap_or(0))
    }

    /// How many entries enough of the witnesses have cosigned, by the kept notes; each is verified.
    pub fn witnessed(&self, keys: &[VerifierKey], witnesses: &Witnesses) -> Option<u64> {
        let sizes = self.notes.iter().filter_map(|note| open_witnessed(note, keys, witnesses).ok());
        sizes.map(|(checkpoint, _)| checkpoint.size).max().filter(|_| witnesses.quorum() > 0)
    }
}
