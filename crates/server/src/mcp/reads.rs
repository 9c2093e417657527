//! When calls that passed as reads are put on record: every now and then, and at the end.

use std::sync::Arc;
use std::time::Duration;

use lastlook_engine::{Boundary, reads};

/// Records what was counted, again and again.
pub(super) async fn keep_recorded(boundary: Arc<Boundary>) {
    loop {
        tokio::time::sleep(every()).await;
        if let Err(error) = boundary.record_reads().await {
            tracing::warn!("calls that only read could not be recorded, and will be later: {error}");
        }
    }
}

/// Records what was counted since, before the process ends.
pub(super) async fn record_last(boundary: Arc<Boundary>) {
    if let Err(error) = boundary.record_reads().await {
        tracing::error!("how many calls only read since the last entry is not on record: {error}");
    }
}

/// How long between two entries; in debug builds as many milliseconds as `LASTLOOK_READS_EVERY` says, so that no test waits.
#[cfg(debug_assertions)]
fn every() -> Duration {
    let asked = std::env::var("LASTLOOK_READS_EVERY").ok().and_then(|text| text.parse().ok());
    asked.map_or(reads::EVERY, Duration::from_millis)
}

#[cfg(not(debug_assertions))]
fn every() -> Duration {
    reads::EVERY
}
