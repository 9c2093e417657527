//! How a request stands by the clock.

use lastlook_store::{RequestRow, RequestState};

use crate::clock;

/// How a request stands for people: what has run out still says `pending` in its row until somebody looks.
pub fn stands(row: &RequestRow) -> &'static str {
    if is_late(row) { RequestState::Expired.as_str() } else { row.state.as_str() }
}

/// Whether it waits, or is approved, and its time is over.
pub fn is_late(row: &RequestRow) -> bool {
    let may = matches!(row.state, RequestState::Pending | RequestState::Approved);
    may && row.expires_at_ns.is_some_and(|end| clock::unix_ns() >= end)
}

/// Until when it waits.
pub fn until(row: &RequestRow) -> String {
    let Some(end) = row.expires_at_ns else { return "no end".to_owned() };
    let seconds = end.saturating_sub(clock::unix_ns()) / 1_000_000_000;
    match seconds {
        ..=0 => "has run out".to_owned(),
        1..120 => format!("{seconds} s left"),
        120..7_200 => format!("{} min left", seconds / 60),
        _ => format!("{} h left", seconds / 3_600),
    }
}
