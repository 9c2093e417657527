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
    /// Nothing readable is printed meanwhile; what is stated is checked all the same.
    hushed: bool,
}

/// Where a line of an answer is broken, in characters.
const WIDTH: usize = 88;
/// Longer answers are cut; the whole text is in the receipt and with the agent.
const LINES_SHOWN: usize = 14;

impl Timeline {
    /// Starts the clock.
    pub fn new(out: Stdout, json: bool) -> Self {
        Self { started: Instant::now(), json, out, story: 0, held: 0, hushed: false }
    }

    /// Stops printing, or starts again: a story that repeats itself need not be read twice. JSON has everything.
    pub fn hush(&mut self, hushed: bool) {
        self.hushed = hushed;
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
        self.print(format_args!("{at_ms:>7} ms  {actor:<10} {what}"))
    }

    /// Somebody answers.
    pub fn says(&mut self, actor: &str, text: &str) -> io::Result<()> {
        let at_ms = self.at_ms();
        if self.json {
            return self.line(&json!({"story": self.story, "at_ms": at_ms, "actor": actor, "says": text}));
        }
        let lines: Vec<String> = text.trim_end().lines().flat_map(broken).collect();
        for (number, line) in lines.iter().take(LINES_SHOWN).enumerate() {
            let who = if number == 0 { actor } else { "" };
            self.print(format_args!("{:>10}  {who:<10} | {line}", ""))?;
        }
        match lines.len().saturating_sub(LINES_SHOWN) {
            0 => Ok(()),
            more => self.print(format_args!("{:>10}  {:<10} | … {more} more lines", "", "")),
        }
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
            self.print(format_args!("{:>10}  {:<10} ✓ {told}", "", ""))?;
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

    fn print(&mut self, line: std::fmt::Arguments<'_>) -> io::Result<()> {
        if self.hushed { Ok(()) } else { writeln!(self.out, "{line}") }
    }

    fn line(&mut self, value: &serde_json::Value) -> io::Result<()> {
        writeln!(self.out, "{value}")
    }
}

/// Breaks a line between words, so that no part is wider than [`WIDTH`] unless a single word is.
fn broken(line: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in line.split(' ') {
        match parts.last_mut() {
            Some(part) if part.chars().count() + 1 + word.chars().count() <= WIDTH => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::broken;

    #[test]
    fn lines_are_broken_between_words_and_lose_nothing() {
        let long = "word ".repeat(60);
        let parts = broken(&long);
        assert!(parts.len() > 1 && parts.iter().all(|part| part.chars().count() <= super::WIDTH));
        assert_eq!(parts.join(" "), long);
        assert_eq!(broken("  - two  spaces"), ["  - two  spaces"]);
        assert_eq!(broken(""), [""]);
    }
}
