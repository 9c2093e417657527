//! What is being waited for, while it is waited for: one line on a terminal, nothing elsewhere.

use std::io::{IsTerminal as _, Write as _};

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

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            eprint!("\r\u{1b}[2K");
            let _ = std::io::stderr().flush();
        }
    }
}
