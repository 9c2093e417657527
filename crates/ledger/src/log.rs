//! Verifies a whole log: every entry, in order, against its signed checkpoint.

use crate::entry::{Entry, Kind, leaf_of_payload};
use crate::error::VerifyError;
use crate::key::VerifierKey;
use crate::note::{Checkpoint, open_checkpoint};
use crate::tree::Tree;
use std::collections::BTreeMap;

/// What a verified log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LogSummary {
    /// The checkpoint that the log was verified against.
    pub checkpoint: Checkpoint,
    /// How many entries there are of each kind that occurs.
    pub kinds: BTreeMap<Kind, u64>,
}

/// Verifies a log entry by entry, in memory that does not grow with it.
///
/// Use this when entries are read in pages; [`verify_log`] when they are at hand.
#[derive(Debug, Clone)]
pub struct LogVerifier {
    checkpoint: Checkpoint,
    tree: Tree,
    kinds: BTreeMap<Kind, u64>,
}

impl LogVerifier {
    /// Begins with the log's checkpoint, which a pinned key must vouch for.
    pub fn new(note: &str, keys: &[VerifierKey]) -> Result<LogVerifier, VerifyError> {
        let checkpoint = open_checkpoint(note, keys)?;
        Ok(LogVerifier { checkpoint, tree: Tree::new(), kinds: BTreeMap::new() })
    }

    /// The checkpoint, verified.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Takes the next entry's payload, and gives the entry, which is proven only once [`finish`](LogVerifier::finish) agrees.
    pub fn push(&mut self, payload: &[u8]) -> Result<Entry, VerifyError> {
        let Checkpoint { origin, size, root: _ } = &self.checkpoint;
        let index = self.tree.size();
        let at = |error: VerifyError| VerifyError::LogEntry { index, error: Box::new(error) };
        if index >= *size {
            return Err(VerifyError::LogLonger { size: *size });
        }
        let entry = Entry::from_payload(payload).map_err(|error| at(error.into()))?;
        if entry.origin != *origin {
            return Err(at(VerifyError::OtherLog { entry: entry.origin, checkpoint: origin.clone() }));
        }
        self.tree.push(leaf_of_payload(payload));
        *self.kinds.entry(entry.kind).or_default() += 1;
        Ok(entry)
    }

    /// Ends with the comparison that proves all entries: as many as were signed, and under the signed root.
    pub fn finish(self) -> Result<LogSummary, VerifyError> {
        let LogVerifier { checkpoint, tree, kinds } = self;
        if tree.size() < checkpoint.size {
            return Err(VerifyError::LogShorter { size: checkpoint.size, found: tree.size() });
        }
        if tree.root() != checkpoint.root {
            return Err(VerifyError::LogRoot);
        }
        Ok(LogSummary { checkpoint, kinds })
    }
}

/// Verifies a whole log: these payloads, in this order, are exactly what the checkpoint's signer recorded.
///
/// Finds entries edited, dropped, reordered, inserted or taken from another log, and a checkpoint signed by another key. An
/// older checkpoint with the log as it was then still verifies: cutting off the end shows only to somebody who has seen more.
pub fn verify_log(
    payloads: impl Iterator<Item = Vec<u8>>,
    note: &str,
    keys: &[VerifierKey],
) -> Result<LogSummary, VerifyError> {
    let mut log = LogVerifier::new(note, keys)?;
    for payload in payloads {
        log.push(&payload)?;
    }
    log.finish()
}
