//! One look for all who wait: whether anything was committed since the last.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How often those who wait learn whether anything was committed.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// What the calls of one process that wait for people share.
///
/// They wake together, and the first of them asks the store for the number of its last commit; a request is read again
/// only where that has moved. So a call that waits costs a timer, however many others wait, and however many requests there are.
#[derive(Debug)]
pub(crate) struct Changes {
    began: Instant,
    every: Duration,
    /// The last look, and what was seen at it; nothing where the store did not answer.
    last: Mutex<Option<(u128, Option<u64>)>>,
}

impl Changes {
    pub(crate) fn new(every: Duration) -> Changes {
        Changes { began: Instant::now(), every, last: Mutex::default() }
    }

    /// What `version` says, which is asked once at each look. It may be as old as the look: whoever compares it must
    /// have taken it before reading what it is about.
    pub(crate) fn version(&self, version: impl FnOnce() -> Option<u64>) -> Option<u64> {
        let look = self.look();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match *last {
            Some((at, seen)) if at == look => seen,
            _ => {
                let seen = version();
                *last = Some((look, seen));
                seen
            }
        }
    }

    /// Waits for the next look of all, but no longer than until `deadline`.
    pub(crate) async fn next(&self, deadline: std::time::Instant) {
        let next = u32::try_from(self.look() + 1).unwrap_or(u32::MAX);
        let next = self.began + self.every.saturating_mul(next);
        tokio::time::sleep_until(next.min(Instant::from_std(deadline))).await;
    }

    fn look(&self) -> u128 {
        self.began.elapsed().as_nanos() / self.every.as_nanos().max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// What a store was asked.
    #[derive(Default)]
    struct Asked {
        version: AtomicU64,
        versions: AtomicU64,
        requests: AtomicU64,
    }

    #[tokio::test]
    async fn many_who_wait_ask_once_for_all_and_read_only_what_moved() {
        const WAIT: u64 = 50;
        let (changes, asked) = (Arc::new(Changes::new(Duration::from_millis(5))), Arc::new(Asked::default()));
        let far = std::time::Instant::now() + Duration::from_secs(600);
        let waits = (0..WAIT).map(|_| {
            let (changes, asked) = (Arc::clone(&changes), Arc::clone(&asked));
            tokio::spawn(async move {
                let mut seen = None;
                while seen != Some(3) {
                    let version = changes.version(|| {
                        asked.versions.fetch_add(1, Ordering::SeqCst);
                        Some(asked.version.load(Ordering::SeqCst))
                    });
                    if version != seen {
                        seen = version;
                        asked.requests.fetch_add(1, Ordering::SeqCst);
                    }
                    changes.next(far).await;
                }
            })
        });
        let waits: Vec<_> = waits.collect();
        // Three commits, each after a good many looks at which there was nothing.
        for commit in 1..=3 {
            let looks = changes.look() + 20;
            while changes.look() < looks || asked.requests.load(Ordering::SeqCst) < commit * WAIT {
                changes.next(far).await;
            }
            asked.version.store(commit, Ordering::SeqCst);
        }
        for wait in waits {
            wait.await.unwrap();
        }
        assert_eq!(
            asked.requests.load(Ordering::SeqCst),
            4 * WAIT,
            "each at first, and once for each commit"
        );
        let versions = u128::from(asked.versions.load(Ordering::SeqCst));
        assert!((4..=changes.look() + 1).contains(&versions), "{versions} at {} looks", changes.look());
    }

    #[tokio::test]
    async fn nobody_waits_longer_than_they_would() {
        let changes = Changes::new(Duration::from_secs(600));
        changes.next(std::time::Instant::now()).await;
    }
}
