//! Calls that pass unjudged because their tool only reads: counted, and put on record in summaries.
//!
//! Counting is an addition under a lock that nobody holds for longer. Recording happens beside the calls, and none of them waits
//! for it. What is counted and not recorded when the process is killed is lost; `docs/LIMITATIONS.md` says so.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lastlook_canon::Digest;
use lastlook_ledger::Kind;
use lastlook_store::Commit;
use serde_json::json;

use crate::boundary::Boundary;
use crate::entry::{Draft, RecordError};
use crate::{clock, ids};

/// How often what was counted is recorded, while there is something.
pub const EVERY: Duration = Duration::from_secs(60);
/// How many tools one summary tells apart; calls of others are added up.
const MOST_TOOLS: usize = 256;

/// What was counted since the last summary.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    counted: Mutex<Counted>,
    /// Held while a summary is being recorded, so that whoever comes second knows the first is done.
    recording: tokio::sync::Mutex<()>,
}

/// Calls by tool.
#[derive(Debug, Default)]
struct Counted {
    calls: BTreeMap<String, u64>,
    /// Calls of tools beyond [`MOST_TOOLS`].
    others: u64,
    /// When the first and the last call passed, nanoseconds since the Unix epoch.
    between: Option<(i64, i64)>,
}

impl Reads {
    fn count(&self, tool: &str, now_ns: i64) {
        self.lock().add(tool, 1, (now_ns, now_ns));
    }

    fn take(&self) -> Option<Counted> {
        let mut counted = self.lock();
        counted.between.is_some().then(|| std::mem::take(&mut *counted))
    }

    /// What could not be recorded counts with what comes next.
    fn give_back(&self, taken: Counted) {
        let Some(between) = taken.between else { return };
        let mut counted = self.lock();
        taken.calls.iter().for_each(|(tool, calls)| counted.add(tool, *calls, between));
        counted.others += taken.others;
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn add(&mut self, tool: &str, calls: u64, (first, last): (i64, i64)) {
        self.between =
            Some(self.between.map_or((first, last), |between| (between.0.min(first), between.1.max(last))));
        if let Some(count) = self.calls.get_mut(tool) {
            *count += calls;
        } else if self.calls.len() < MOST_TOOLS {
            self.calls.insert(tool.to_owned(), calls);
        } else {
            self.others += calls;
        }
    }
}

impl Boundary {
    /// Counts a call that passes unjudged, because its tool only reads.
    pub fn count_read(&self, tool: &str) {
        self.reads.count(tool, clock::unix_ns());
    }

    /// Records how many calls passed as reads since the last time, in one entry; none when none did.
    ///
    /// # Errors
    ///
    /// The entry could not be recorded, as far as is known; what was counted counts with the next one.
    pub async fn record_reads(&self) -> Result<(), RecordError> {
        let _turn = self.reads.recording.lock().await;
        let Some(taken) = self.reads.take() else { return Ok(()) };
        let recorded = self.record(&taken).await;
        if recorded.is_err() {
            self.reads.give_back(taken);
        }
        recorded
    }

    async fn record(&self, counted: &Counted) -> Result<(), RecordError> {
        let mut draft = Draft::new(Kind::Reads, self.settings.mode, &self.principal)?;
        let calls = counted.calls.iter();
        let calls =
            calls.map(|(tool, count)| json!({"upstream": self.upstream, "tool": tool, "count": count}));
        draft.set("calls", calls.collect::<Vec<_>>());
        draft.set_some("others", (counted.others > 0).then_some(counted.others));
        if let Some((first, last)) = counted.between {
            draft.set("first", clock::wall_at(first));
            draft.set("last", clock::wall_at(last));
        }
        // An id of its own: it is about no attempt.
        let about = format!("reads-{}", ids::attempt_id().map_err(crate::entry::DraftError::from)?);
        let action = Digest::of("lastlook/reads/v1", &[about.as_bytes()]);
        let entry = draft.finish(&self.origin, &about, action)?;
        // Not vital: room that is kept for outcomes is not for this.
        self.commit(Commit { entries: vec![entry], ..Commit::default() }).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_recorded_counts_with_what_comes_next() {
        let reads = Reads::default();
        assert!(reads.take().is_none());
        reads.count("read", 5);
        reads.count("list", 7);
        let taken = reads.take().unwrap();
        assert!(reads.take().is_none());
        reads.count("read", 9);
        reads.give_back(taken);
        let counted = reads.take().unwrap();
        assert_eq!(counted.calls, BTreeMap::from([("list".to_owned(), 1), ("read".to_owned(), 2)]));
        assert_eq!((counted.others, counted.between), (0, Some((5, 9))));
    }

    #[test]
    fn a_server_with_ever_more_tools_fills_nothing() {
        let reads = Reads::default();
        (0..10_000).for_each(|n| reads.count(&format!("tool-{n}"), n));
        reads.count("tool-0", 10_000);
        let counted = reads.take().unwrap();
        assert_eq!(counted.calls.len(), MOST_TOOLS);
        assert_eq!(counted.calls.values().sum::<u64>() + counted.others, 10_001);
        assert_eq!(counted.calls["tool-0"], 2);
    }
}
