//! Verifies a whole log: every entry, in order, against its signed checkpoint.

use crate::entry::{Entry, Head, Kind, leaf_of_payload};
use crate::error::VerifyError;
use crate::key::VerifierKey;
use crate::note::{Checkpoint, open_checkpoint};
use crate::tree::{Hash, Tree};
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

/// What a log keeps of an entry that was read: its leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Its hash.
    pub hash: Hash,
    kind: Kind,
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

    /// Reads one entry by itself, wherever it stands: any number can be read at once, on as many threads. What is read is
    /// taken in order by [`take`](LogVerifier::take).
    pub fn read(&self, payload: &[u8]) -> Result<(Entry, Leaf), VerifyError> {
        let entry = Entry::from_payload(payload)?;
        let origin = &self.checkpoint.origin;
        if entry.origin != *origin {
            return Err(VerifyError::OtherLog { entry: entry.origin, checkpoint: origin.clone() });
        }
        let leaf = Leaf { hash: leaf_of_payload(payload), kind: entry.kind };
        Ok((entry, leaf))
    }

    /// The same as [`read`](LogVerifier::read), where nobody wants to see what stands in the entry: much faster.
    pub fn read_head(&self, payload: &[u8]) -> Result<(Head, Leaf), VerifyError> {
        let head = Entry::head_of_payload(payload)?;
        let origin = &self.checkpoint.origin;
        if head.origin != *origin {
            return Err(VerifyError::OtherLog { entry: head.origin, checkpoint: origin.clone() });
        }
        let leaf = Leaf { hash: leaf_of_payload(payload), kind: head.kind };
        Ok((head, leaf))
    }

    /// Takes the next entry as it was read, which is proven only once [`finish`](LogVerifier::finish) agrees.
    pub fn take(&mut self, leaf: Leaf) -> Result<(), VerifyError> {
        self.room()?;
        self.tree.push(leaf.hash);
        *self.kinds.entry(leaf.kind).or_default() += 1;
        Ok(())
    }

    /// How many entries were taken.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over what was taken so far.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// An error of reading, with the place of the entry that is next.
    pub fn at_next(&self, error: VerifyError) -> VerifyError {
        VerifyError::LogEntry { index: self.tree.size(), error: Box::new(error) }
    }

    /// Reads and takes the next entry's payload, and gives the entry.
    pub fn push(&mut self, payload: &[u8]) -> Result<Entry, VerifyError> {
        self.room()?;
        let (entry, leaf) = self.read(payload).map_err(|error| self.at_next(error))?;
        self.take(leaf)?;
        Ok(entry)
    }

    fn room(&self) -> Result<(), VerifyError> {
        let size = self.checkpoint.size;
        if self.tree.size() < size { Ok(()) } else { Err(VerifyError::LogLonger { size }) }
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
