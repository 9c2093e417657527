//! `--follow`: looks again and again, until interrupted or nobody reads any more.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::Printer;
use super::filter::Filter;
use super::gather::Gathered;
use crate::failure::Failure;
use crate::record::Record;
use crate::record::print::{Audience, audience, print};

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Prints what was gathered, then whatever comes.
pub fn run(
    record: &Record,
    filter: &Filter,
    mut gathered: Gathered,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        loop {
            if print(&printer.text(record, gathered.rows())?)? == Audience::Gone
                || audience() == Audience::Gone
            {
                return Ok(());
            }
            tokio::select! {
                _ = interrupt.recv() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                () = tokio::time::sleep(PAUSE) => {} // backoff: a database file gives no event to other processes
            }
            gathered.more(record, filter)?;
        }
    })
}
