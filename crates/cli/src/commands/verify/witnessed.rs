//! What the pinned witnesses saw of the logs of a state folder.

use lastlook_engine::witness::Kept;
use lastlook_ledger::{Checkpoint, Cosigned, VerifierKey, Witnesses, open_witnessed};
use lastlook_store::Store as _;
use serde::Serialize;

use super::older::Older;
use super::state::Problem;
use super::witnesses;
use crate::failure::Failure;
use crate::record::Record;

/// The largest checkpoint of a log that enough witnesses have cosigned.
pub struct Seen {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    cosigned: Vec<Cosigned>,
}

/// The same, for the report.
#[derive(Debug, Serialize)]
pub struct Said {
    size: u64,
    by: Vec<By>,
}

#[derive(Debug, Serialize)]
struct By {
    witness: String,
    time: u64,
}

/// For each log the largest such checkpoint, of those kept in the state and those that somebody brought.
pub fn collect(
    record: &Record,
    older: &[Older],
    keys: &[VerifierKey],
    pinned: &Witnesses,
) -> Result<Vec<Seen>, Failure> {
    let mut found: Vec<Seen> = Vec::new();
    if pinned.quorum() == 0 {
        return Ok(found);
    }
    let mut notes: Vec<String> = older.iter().map(|older| older.note.clone()).collect();
    for origin in record.store.origins()? {
        notes.extend(Kept::of(&record.store, &origin)?.notes);
    }
    for note in notes {
        // A note that the pinned ones have not cosigned says nothing here.
        let Ok((checkpoint, cosigned)) = open_witnessed(&note, keys, pinned) else { continue };
        match found.iter_mut().find(|seen| seen.checkpoint.origin == checkpoint.origin) {
            Some(seen) if seen.checkpoint.size >= checkpoint.size => {}
            Some(seen) => *seen = Seen { checkpoint, cosigned },
            None => found.push(Seen { checkpoint, cosigned }),
        }
    }
    Ok(found)
}

/// That nobody has seen enough of a log.
pub fn never(origin: &str, pinned: &Witnesses) -> Problem {
    Problem {
        code: "checkpoint-not-witnessed",
        at: origin.to_owned(),
        message: format!("no checkpoint of it is cosigned by {} of the pinned witnesses", pinned.quorum()),
    }
}

impl Seen {
    /// What the report says of it.
    pub fn said(&self) -> Said {
        let by = self.cosigned.iter().map(|it| By { witness: it.witness.clone(), time: it.time_s });
        Said { size: self.checkpoint.size, by: by.collect() }
    }
}

impl Said {
    /// One line, of a log that has this size.
    pub fn line(&self, size: u64) -> String {
        let Said { size: seen, by } = self;
        let cosigned: Vec<Cosigned> =
            by.iter().map(|by| Cosigned { witness: by.witness.clone(), time_s: by.time }).collect();
        let which = match size.saturating_sub(*seen) {
            0 => "all of them".to_owned(),
            newer => format!("the first {seen}, and {newer} newer ones not"),
        };
        format!("  witnessed {which}, by {}", witnesses::words(&cosigned))
    }
}
