//! `--follow`: looks again and again, until interrupted or nobody reads any more.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::failure::Failure;
use crate::record::print::{Audience, audience};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Looks, and looks again after a pause; a look prints what came since the one before.
pub fn every(mut look: impl FnMut() -> Result<Audience, Failure>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        loop {
            if look()? == Audience::Gone || audience() == Audience::Gone {
                return Ok(());
            }
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {} // backoff: a database file gives no event to other processes
            }
        }
    })
}
