//! What is being waited for, while it is waited for: one line on a terminal, nothing elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// A line on standard error that goes away again.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    /// Says what is being waited for, if somebody watches.
    pub fn on(what: &str, quiet: bool) -> Progress {
        let shown = !quiet && std::io::stderr().is_terminal();
        if shown {
            // Clears the line, so that what is there already does not shine through.
            eprint!("\r\u{1b}[2K{what} …");
            let _ = std::io::stderr().flush();
        }
        Progress { shown }
    }
}

/// A line on standard error that says how far something is; nothing where nobody watches.
#[derive(Debug)]
pub struct Counted {
    what: String,
    /// How many there are; 0 when nobody knows.
    of: u64,
    line: Progress,
    told: Instant,
}

/// How often the line is renewed.
const BETWEEN: Duration = Duration::from_millis(100);

impl Counted {
    /// Begins with nothing done of so many.
    pub fn on(what: &str, of: u64, quiet: bool) -> Counted {
        Counted { what: what.to_owned(), of, line: Progress::on(what, quiet), told: Instant::now() }
    }

    /// So many are done.
    pub fn at(&mut self, done: u64) {
        if !self.line.shown || self.told.elapsed() < BETWEEN {
            return;
        }
        self.told = Instant::now();
        let share = done.saturating_mul(100).checked_div(self.of);
        let share =
            share.map_or_else(|| done.to_string(), |percent| format!("{done} of {}, {percent} %", self.of));
        eprint!("\r\u{1b}[2K{}: {share}", self.what);
        let _ = std::io::stderr().flush();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            eprint!("\r\u{1b}[2K");
            let _ = std::io::stderr().flush();
        }
    }
}
