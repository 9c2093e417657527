//! The two clocks: wall time for the record, and a monotonic one for every duration.

use jiff::Timestamp;
use lastlook_kernel::Moment;
use rustix::time::{ClockId, clock_gettime};

/// Now, on a monotonic clock that counts suspend (`CLOCK_BOOTTIME`, clock_gettime(2)).
///
/// A laptop that slept between the look and the gate has an old look; `CLOCK_MONOTONIC` would not say so.
pub fn moment() -> Moment {
    let now = clock_gettime(ClockId::Boottime);
    Moment(now.tv_sec.unsigned_abs().saturating_mul(1_000_000_000).saturating_add(now.tv_nsec.unsigned_abs()))
}

/// Now, as entries write it: RFC 3339, UTC, nine digits of a second.
pub fn wall() -> String {
    format!("{:.9}", Timestamp::now())
}

/// Now, in nanoseconds since the Unix epoch.
pub fn unix_ns() -> i64 {
    i64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}
