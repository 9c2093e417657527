//! What is kept of a log's witnesses: cosigned checkpoints, and how each witness stands to it.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_ledger::witness::{claimed, signers};
use lastlook_store::{Commit, CommitError, Precondition, Store, StoreError, Write};
use serde::{Deserialize, Serialize};

/// The most cosigned checkpoints that are kept of a log; one or two are usual.
const MOST_NOTES: usize = 16;

/// What is kept of one log's witnesses.
///
/// Nothing here has to be believed: the notes verify by themselves, and what a witness said is only told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kept {
    /// Checkpoints with cosignatures, oldest first. One stays until a newer one has all of its witnesses.
    pub notes: Vec<String>,
    /// How each witness stands, by its name in the configuration.
    pub witnesses: BTreeMap<String, Said>,
}

/// How a witness stands to a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// In a word.
    pub stands: Stands,
    /// In a sentence, unless it has cosigned.
    pub why: Option<String>,
    /// Since when, in nanoseconds since the Unix epoch.
    pub since_ns: i64,
    /// The size of the checkpoint it was asked about.
    pub size: u64,
}

/// How a witness stands to a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stands {
    /// It has cosigned the checkpoint.
    Signed,
    /// It gave no cosignature: it is down, hangs, or answers something else.
    Missing,
    /// It has cosigned something that this log does not continue: one of the two was cut short or rewritten.
    Contradicts,
}

impl Stands {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Stands::Signed => "signed",
            Stands::Missing => "missing",
            Stands::Contradicts => "contradicts",
        }
    }
}

fn mark(origin: &str) -> String {
    format!("witnessed/{origin}")
}

impl Kept {
    /// What is kept of a log; nothing yet, or nothing that can be read, is nothing.
    ///
    /// # Errors
    ///
    /// The state cannot be read.
    pub fn of(store: &dyn Store, origin: &str) -> Result<Kept, StoreError> {
        Ok(read(store.mark(&mark(origin))?.as_deref()))
    }

    /// Changes what is kept, durably; `change` may be called more than once, when somebody else was faster.
    pub(super) async fn update(
        store: &dyn Store,
        origin: &str,
        change: impl Fn(&mut Kept),
    ) -> Result<(), CommitError> {
        const TRIES: usize = 8;
        let name = mark(origin);
        for _ in 0..TRIES {
            let before = store.mark(&name).map_err(|error| CommitError::Unavailable(error.to_string()))?;
            let mut kept = read(before.as_deref());
            let was = kept.clone();
            change(&mut kept);
            if kept == was {
                return Ok(());
            }
            let value =
                serde_json::to_string(&kept).map_err(|error| CommitError::Unavailable(error.to_string()))?;
            let commit = Commit {
                when: vec![Precondition::MarkIs { name: name.clone(), value: before }],
                writes: vec![Write::SetMark { name: name.clone(), value }],
                ..Commit::default()
            };
            match store.commit(commit).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(CommitError::Precondition { .. })) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(CommitError::Unavailable("the writer has stopped".to_owned())),
            }
        }
        Err(CommitError::Unavailable("others change what is kept of the witnesses all the time".to_owned()))
    }

    /// Keeps a cosigned note, and drops those that it makes needless.
    pub(super) fn keep(&mut self, note: &str) {
        let (Ok(new), Ok(by)) = (claimed(note), signers(note)) else { return };
        let by: BTreeSet<String> = by.into_iter().collect();
        self.notes.retain(|old| match (claimed(old), signers(old)) {
            (Ok(old), Ok(signed)) => old.size > new.size || !signed.iter().all(|name| by.contains(name)),
            _ => false,
        });
        self.notes.push(note.to_owned());
        self.notes.sort_by_key(|note| claimed(note).map_or(0, |it| it.size));
        let many = self.notes.len().saturating_sub(MOST_NOTES);
        self.notes.drain(..many);
    }

    /// The kept note of this very checkpoint, to which more cosignatures may be added.
    pub(super) fn same_as<'a>(&'a self, note: &'a str) -> &'a str {
        let text = |note: &'a str| note.rsplit_once("\n\n").map(|(text, _)| text);
        self.notes.iter().map(String::as_str).find(|kept| text(kept) == text(note)).unwrap_or(note)
    }

    /// The note to put into a receipt of this entry: of those that cover it the one with the most signatures, of these the newest.
    pub fn covering(&self, index: u64) -> Option<&str> {
        let covers = |note: &&String| claimed(note).is_ok_and(|it| it.size > index);
        let weight =
            |note: &&String| (signers(note).map_or(0, |it| it.len()), claimed(note).map_or(0, |it| it.size));
        self.notes.iter().filter(covers).max_by_key(weight).map(String::as_str)
    }
}

fn read(value: Option<&str>) -> Kept {
    value.and_then(|value| serde_json::from_str(value).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use lastlook_ledger::{Checkpoint, CosigningKey, SigningKey, tree};

    fn note(size: u64, by: &[u8]) -> String {
        let log = SigningKey::from_seed("lastlook/a", &[1; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "lastlook/a/1".to_owned(), size, root: tree::empty_root() };
        let note = log.sign_checkpoint(&checkpoint).unwrap();
        let line =
            |n: &u8| CosigningKey::from_seed(&format!("w{n}"), &[*n; 32]).unwrap().cosign(&note, 7).unwrap();
        format!("{note}{}", by.iter().map(line).collect::<String>())
    }

    #[test]
    fn a_note_stays_until_a_newer_one_has_all_of_its_witnesses() {
        let mut kept = Kept::default();
        kept.keep(&note(3, &[1, 2]));
        kept.keep(&note(5, &[1]));
        assert_eq!(kept.notes, [note(3, &[1, 2]), note(5, &[1])]);
        // A receipt takes the better one, if that covers it.
        assert_eq!(kept.covering(2), Some(note(3, &[1, 2]).as_str()));
        assert_eq!(kept.covering(3), Some(note(5, &[1]).as_str()));
        assert_eq!(kept.covering(5), None);
        assert_eq!(kept.same_as(&note(5, &[])), note(5, &[1]));
        assert_eq!(kept.same_as(&note(6, &[])), note(6, &[]));
        kept.keep(&note(5, &[1, 2]));
        assert_eq!(kept.notes, [note(5, &[1, 2])]);
        kept.keep(&note(9, &[2, 1, 3]));
        assert_eq!(kept.notes, [note(9, &[2, 1, 3])]);
        kept.keep(&note(4, &[4]));
        assert_eq!(kept.notes, [note(4, &[4]), note(9, &[2, 1, 3])]);
        for n in 10..60 {
            kept.keep(&note(u64::from(n), &[n]));
        }
        assert_eq!(kept.notes.len(), MOST_NOTES);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert_eq!(read(Some("{")), Kept::default());
        assert_eq!(read(None), Kept::default());
    }
}
