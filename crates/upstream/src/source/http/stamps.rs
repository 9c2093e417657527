//! What an answer's headers say of its state and its age.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{AGE, DATE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED};

use crate::source::SourceError;

/// The version and the time of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stamps {
    pub version: Option<String>,
    pub as_of_ns: Option<i64>,
}

/// Reads them; errs when a header that matters comes twice or is no text.
pub(super) fn read(headers: &HeaderMap) -> Result<Stamps, SourceError> {
    // Opaque, but for the empty one, which would be the same version for ever.
    let etag = one(headers, ETAG)?.filter(|etag| !matches!(*etag, "" | "\"\"" | "W/\"\""));
    let modified = one(headers, LAST_MODIFIED)?;
    let modified_at = modified.and_then(time);
    let date = one(headers, DATE)?.and_then(time);
    let age = one(headers, AGE)?.and_then(seconds);
    let strong = modified.filter(|_| is_strong(modified_at, date));
    let aged = || date?.checked_sub(age?).ok();
    Ok(Stamps {
        version: etag.or(strong).map(str::to_owned),
        as_of_ns: modified_at.or_else(aged).and_then(|time| i64::try_from(time.as_nanosecond()).ok()),
    })
}

fn one(headers: &HeaderMap, name: HeaderName) -> Result<Option<&str>, SourceError> {
    let mut values = headers.get_all(&name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.to_str().is_ok() => Ok(value.to_str().ok()),
        _ => Err(SourceError::NotPlain(format!("the answer's `{name}` comes twice, or is no text"))),
    }
}

/// A second holds many changes: the time tells two of them apart only when the answer was made later than that
/// (RFC 9110 §8.8.2.2).
fn is_strong(modified: Option<Timestamp>, date: Option<Timestamp>) -> bool {
    modified.zip(date).is_some_and(|(modified, date)| modified < date)
}

fn time(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text).ok()
}

/// Whole seconds, not negative (RFC 9111 §1.2.2).
fn seconds(text: &str) -> Option<jiff::SignedDuration> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).map(jiff::SignedDuration::from_secs)
}

#[cfg(test)]
mod tests;
