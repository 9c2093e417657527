//! The demo's voice: who did what, what was said, and what was found to hold.

use std::io::{self, Stdout, Write as _};
use std::path::Path;
use std::time::Instant;

use serde_json::json;

/// A step that went otherwise than told.
#[derive(Debug, thiserror::Error)]
#[error("expected: {told}\n   found: {found}")]
pub struct Otherwise {
    told: String,
    found: String,
}

/// Prints steps as they happen, readable or as JSON lines.
#[derive(Debug)]
pub struct Timeline {
    started: Instant,
    json: bool,
    out: Stdout,
    story: usize,
    held: usize,
}

/// Longer answers are cut; the whole text is in the receipt and with the agent.
const LINES_SHOWN: usize = 14;

impl Timeline {
    /// Starts the clock.
    pub fn new(out: Stdout, json: bool) -> Self {
        Self { started: Instant::now(), json, out, story: 0, held: 0 }
    }

    /// Opens the next story.
    pub fn story(&mut self, title: &str) -> io::Result<()> {
        self.story += 1;
        if self.json {
            return self.line(&json!({"story": self.story, "title": title}));
        }
        writeln!(self.out, "{}{}. {title}\n", if self.story > 1 { "\n" } else { "" }, self.story)
    }

    /// Somebody does something.
    pub fn does(&mut self, actor: &str, what: &str) -> io::Result<()> {
        let at_ms = self.at_ms();
        if self.json {
            return self.line(&json!({"story": self.story, "at_ms": at_ms, "actor": actor, "does": what}));
        }
        writeln!(self.out, "{at_ms:>7} ms  {actor:<10} {what}")
    }

    /// Somebody answers.
    pub fn says(&mut self, actor: &str, text: &str) -> io::Result<()> {
        let at_ms = self.at_ms();
        if self.json {
            return self.line(&json!({"story": self.story, "at_ms": at_ms, "actor": actor, "says": text}));
        }
        let all = text.trim_end().lines().count();
        for (number, line) in text.trim_end().lines().take(LINES_SHOWN).enumerate() {
            let who = if number == 0 { actor } else { "" };
            writeln!(self.out, "{:>10}  {who:<10} | {line}", "")?;
        }
        if all > LINES_SHOWN {
            writeln!(self.out, "{:>10}  {:<10} | … {} more lines", "", "", all - LINES_SHOWN)?;
        }
        Ok(())
    }

    /// States what must have happened; ends the demo when it has not.
    ///
    /// # Errors
    ///
    /// [`Otherwise`], with what was found instead, when it did not hold.
    pub fn holds(&mut self, told: &str, held: bool, found: impl FnOnce() -> String) -> anyhow::Result<()> {
        if !held {
            return Err(Otherwise { told: told.to_owned(), found: found() }.into());
        }
        self.held += 1;
        if self.json {
            self.line(&json!({"story": self.story, "at_ms": self.at_ms(), "holds": told}))?;
        } else {
            writeln!(self.out, "{:>10}  {:<10} ✓ {told}", "", "")?;
        }
        Ok(())
    }

    /// Ends a demo in which everything went as told.
    pub fn end(&mut self, kept: Option<&Path>) -> io::Result<()> {
        let (took_ms, held) = (self.at_ms(), self.held);
        if self.json {
            return self.line(&json!({"ok": true, "held": held, "took_ms": took_ms, "kept": kept}));
        }
        writeln!(self.out, "\nAll {held} statements held, in {took_ms} ms.")?;
        kept.map_or(Ok(()), |dir| {
            writeln!(self.out, "Notes, logs, state and receipts are in `{}`.", dir.display())
        })
    }

    /// Ends a demo in which something did not.
    pub fn otherwise(&mut self, otherwise: &Otherwise, complained: &str) -> io::Result<()> {
        if self.json {
            let Otherwise { told, found } = otherwise;
            return self.line(&json!({"ok": false, "story": self.story, "expected": told, "found": found}));
        }
        self.out.flush()?;
        writeln!(io::stderr(), "\nthis went otherwise than told{complained}\n{otherwise}")
    }

    fn at_ms(&self) -> u128 {
        self.started.elapsed().as_millis()
    }

    fn line(&mut self, value: &serde_json::Value) -> io::Result<()> {
        writeln!(self.out, "{value}")
    }
}
