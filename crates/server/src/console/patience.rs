//! Wrong passphrases are slowed down.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many wrong passphrases are looked at in a [`WINDOW`].
const MOST: usize = 5;
/// See [`MOST`].
const WINDOW: Duration = Duration::from_secs(60);

/// The wrong passphrases of the last minute, whoever's.
///
/// It is held while one is tried, so that one is tried at a time: each takes 128 MiB and a part of a second.
#[derive(Debug, Default)]
pub(super) struct Patience(VecDeque<Instant>);

impl Patience {
    /// How long nobody may try, if nobody may.
    pub(super) fn wait(&mut self, now: Instant) -> Option<Duration> {
        while self.0.front().is_some_and(|first| now.saturating_duration_since(*first) >= WINDOW) {
            self.0.pop_front();
        }
        let first = self.0.front().filter(|_| self.0.len() >= MOST)?;
        Some(WINDOW.saturating_sub(now.saturating_duration_since(*first)))
    }

    /// One was wrong.
    pub(super) fn wrong(&mut self, now: Instant) {
        self.0.push_back(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_in_a_minute_nobody_tries_until_the_first_is_a_minute_old() {
        let (mut patience, start) = (Patience::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for n in 0..5 {
            assert_eq!(patience.wait(at(n)), None);
            patience.wrong(at(n));
        }
        assert_eq!(patience.wait(at(10)), Some(Duration::from_secs(50)));
        assert_eq!(patience.wait(at(60)), None);
        patience.wrong(at(60));
        assert_eq!(patience.wait(at(60)), Some(Duration::from_secs(1)));
    }
}
