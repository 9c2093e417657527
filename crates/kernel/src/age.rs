//! How old something is, and whether that is young enough.

use core::time::Duration;
use std::fmt;

/// How far a source's clock may be ahead of ours, in nanoseconds: five seconds.
///
/// HTTP dates have whole seconds, and clocks kept by NTP differ by much less. A source further ahead would stamp old
/// values as new.
pub const AHEAD_TOLERATED_NS: u64 = 5_000_000_000;

/// Why something is not young enough, or came too soon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Aged {
    /// It is older than allowed.
    #[error("it is {} old; at most {} is accepted", Span(*age_ns), Span(*max_ns))]
    TooOld {
        /// Its age in nanoseconds.
        age_ns: u64,
        /// The greatest age that is accepted.
        max_ns: u64,
    },
    /// Its time lies in the future, so that nothing is known of its age.
    #[error("its time is {} ahead of the clock here", Span(*by_ns))]
    Ahead {
        /// By how much, in nanoseconds.
        by_ns: u64,
    },
}

/// Why it is too soon for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the last one was {} ago; {} must lie between", Span(*since_ns), Span(*min_ns))]
pub struct TooSoon {
    /// Since the last one, in nanoseconds; 0 when the clock is behind it.
    pub since_ns: u64,
    /// What must lie between two.
    pub min_ns: u64,
    /// The first instant at which it is not too soon, in nanoseconds of Unix time.
    pub again_at_ns: i64,
}

/// Whether a fact is fresh: now minus its source's own time, both in nanoseconds of Unix time.
///
/// An age of exactly the greatest one is fresh.
///
/// # Errors
///
/// [`Aged::TooOld`]; [`Aged::Ahead`] for a source's time more than [`AHEAD_TOLERATED_NS`] in the future.
pub fn fresh(now_ns: i64, as_of_ns: i64, max_age_ns: u64) -> Result<(), Aged> {
    if as_of_ns > now_ns {
        let by_ns = as_of_ns.abs_diff(now_ns);
        return if by_ns > AHEAD_TOLERATED_NS { Err(Aged::Ahead { by_ns }) } else { Ok(()) };
    }
    young(now_ns.abs_diff(as_of_ns), max_age_ns)
}

/// Whether enough time lies between the last such action and now, both in nanoseconds of Unix time.
///
/// # Errors
///
/// [`TooSoon`]; also when the last one lies in the future: the clock went back, and has to catch up.
pub fn spaced(now_ns: i64, last_ns: Option<i64>, min_ns: u64) -> Result<(), TooSoon> {
    let Some(last_ns) = last_ns else { return Ok(()) };
    let again_at_ns = i64::try_from(min_ns).map_or(i64::MAX, |min| last_ns.saturating_add(min));
    // A length past 292 years would saturate to an instant that is reached early; the difference does not.
    let enough = now_ns >= last_ns && now_ns.abs_diff(last_ns) >= min_ns;
    let since_ns = if now_ns >= last_ns { now_ns.abs_diff(last_ns) } else { 0 };
    if enough { Ok(()) } else { Err(TooSoon { since_ns, min_ns, again_at_ns }) }
}

fn young(age_ns: u64, max_ns: u64) -> Result<(), Aged> {
    if age_ns > max_ns { Err(Aged::TooOld { age_ns, max_ns }) } else { Ok(()) }
}

/// A duration in nanoseconds; what is longer than 584 years is that long.
pub fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A length of time as people read it: `2.5 s`, `94 s`, `3 h 20 min`.
struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, below) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if seconds < 600 {
            let decimals = format!("{below:09}");
            let decimals = decimals.trim_end_matches('0');
            let point = if decimals.is_empty() { "" } else { "." };
            return write!(f, "{seconds}{point}{decimals} s");
        }
        let parts = [
            (seconds / 86_400, "d"),
            (seconds / 3_600 % 24, "h"),
            (seconds / 60 % 60, "min"),
            (seconds % 60, "s"),
        ];
        let shown =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count} {unit}"));
        f.write_str(&shown.collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests;
