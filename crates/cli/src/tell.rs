//! Telling people, by the configuration's hooks, what was decided here.

use std::time::Duration;

use lastlook_engine::config::Config;
use lastlook_engine::notify::{Happened, Notice, Notifier};

use crate::place::Place;

/// How long the end of a process waits for messages under way.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Who tells people from a command on a terminal.
pub fn notifier() -> Notifier {
    Notifier::new(|warning| eprintln!("warning: {warning}"))
}

/// Tells what was decided, under the configuration as it is now. What is on record is on record: a configuration that cannot
/// be read is only said.
pub fn tell(notifier: &Notifier, place: &Place, happened: Happened, notice: Option<Notice>) {
    match Config::find(place.config.as_deref()) {
        Ok(config) => notifier.tell(config.as_ref(), happened, || notice),
        Err(error) => eprintln!("warning: nobody was told: {error}\nhint: see `lastlook config check`"),
    }
}

/// Waits a little for what is under way.
pub fn finish(notifier: &Notifier) {
    notifier.finish(PATIENCE);
}

/// Tells one thing, and waits a little for it.
pub fn once(place: &Place, happened: Happened, notice: Option<Notice>) {
    let notifier = notifier();
    tell(&notifier, place, happened, notice);
    finish(&notifier);
}
