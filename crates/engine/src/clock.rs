//! The two clocks: wall time for the record, and a monotonic one for every duration.

use std::time::Duration;

use jiff::Timestamp;
use lastlook_canon::Json;
use lastlook_kernel::Moment;
use rustix::time::{ClockId, clock_gettime};

/// Now, on a monotonic clock that counts suspend (`CLOCK_BOOTTIME`, clock_gettime(2)).
///
/// A laptop that slept between the look and the gate has an old look; `CLOCK_MONOTONIC` would not say so.
pub fn moment() -> Moment {
    let now = clock_gettime(ClockId::Boottime);
    let ns =
        now.tv_sec.unsigned_abs().saturating_mul(1_000_000_000).saturating_add(now.tv_nsec.unsigned_abs());
    Moment(ns.saturating_add(ahead().as_nanos().try_into().unwrap_or(u64::MAX)))
}

/// Now, as entries write it: RFC 3339, UTC, nine digits of a second.
pub fn wall() -> String {
    format!("{:.9}", now())
}

/// An instant in nanoseconds since the Unix epoch, in the same form.
pub fn wall_at(ns: i64) -> String {
    format!("{:.9}", Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::MAX))
}

/// Now, in nanoseconds since the Unix epoch.
pub fn unix_ns() -> i64 {
    i64::try_from(now().as_nanosecond()).unwrap_or(i64::MAX)
}

fn now() -> Timestamp {
    Timestamp::now().checked_add(ahead()).unwrap_or(Timestamp::MAX)
}

/// How far both clocks are set ahead: the seconds in the file that `LASTLOOK_CLOCK_AHEAD` names, in debug builds only.
///
/// So a test can let a calendar day end between two steps, and nobody waits for it.
#[cfg(debug_assertions)]
fn ahead() -> Duration {
    use std::sync::OnceLock;
    static FILE: OnceLock<Option<std::ffi::OsString>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("LASTLOOK_CLOCK_AHEAD"));
    let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    Duration::from_secs(text.and_then(|text| text.trim().parse().ok()).unwrap_or_default())
}

/// Nothing, in release builds.
#[cfg(not(debug_assertions))]
fn ahead() -> Duration {
    Duration::ZERO
}

/// The instant of a text as entries write it, in nanoseconds since the Unix epoch.
pub fn ns_of(time: &str) -> Option<i64> {
    let instant: Timestamp = time.parse().ok()?;
    i64::try_from(instant.as_nanosecond()).ok()
}

/// The instant a source's own words name: RFC 3339 text, or seconds since the Unix epoch; in nanoseconds since then.
pub fn instant_of(value: &Json) -> Option<i64> {
    match value {
        Json::String(text) => {
            let instant: Timestamp = text.parse().ok()?;
            i64::try_from(instant.as_nanosecond()).ok()
        }
        Json::Number(number) => match number.as_i64() {
            Some(seconds) => seconds.checked_mul(1_000_000_000),
            None => decimal_seconds(number.as_str()),
        },
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// `1700000000.25` in nanoseconds; digits beyond the ninth are dropped.
fn decimal_seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.')?;
    let seconds: i64 = whole.parse().ok()?;
    let mut digits: String = fraction.chars().take(9).collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) || seconds < 0 {
        return None;
    }
    while digits.len() < 9 {
        digits.push('0');
    }
    let nanos: i64 = digits.parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
}
