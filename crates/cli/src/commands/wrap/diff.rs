//! The difference between the file as it is and as it would be, without the values that may be secrets.

use std::ops::Range;

use similar::{ChangeTag, TextDiff};

use super::document::{parse, secrets};
use super::edit::{Edit, apply};
use crate::record::text::clean;

/// Lines shown around a change.
const AROUND: usize = 3;
/// What stands in the place of a value that may be a secret.
const STRUCK_OUT: &str = "\"***\"";

/// Whether colours help the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// A terminal shows it.
    On,
    /// Something else reads it.
    Off,
}

/// A unified difference; values of `env` and `headers` are struck out on both sides.
pub fn unified(name: &str, old: &str, new: &str, colour: Colour) -> String {
    let (old, new) = (without_secrets(old), without_secrets(new));
    let diff = TextDiff::from_lines(old.as_str(), new.as_str());
    let mut unified = diff.unified_diff();
    let mut shown = line(colour, BOLD, "--- ", name) + &line(colour, BOLD, "+++ ", name);
    for hunk in unified.context_radius(AROUND).iter_hunks() {
        shown.push_str(&line(colour, CYAN, "", hunk.header().to_string().trim_end()));
        for change in hunk.iter_changes() {
            let text = change.value().trim_end_matches(['\r', '\n']);
            shown.push_str(&match change.tag() {
                ChangeTag::Equal => line(Colour::Off, "", " ", text),
                ChangeTag::Delete => line(colour, RED, "-", text),
                ChangeTag::Insert => line(colour, GREEN, "+", text),
            });
        }
    }
    shown
}

// Select Graphic Rendition (ECMA-48, 8.3.117).
const BOLD: &str = "\u{1b}[1m";
const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const CYAN: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

fn line(colour: Colour, code: &str, sign: &str, text: &str) -> String {
    let text = clean(text);
    match colour {
        Colour::On => format!("{code}{sign}{text}{PLAIN}\n"),
        Colour::Off => format!("{sign}{text}\n"),
    }
}

/// The text with secrets struck out. It was read before: what cannot be read is not shown at all.
fn without_secrets(text: &str) -> String {
    let spans: Vec<Range<usize>> = parse(text, "").map(|root| secrets(&root)).unwrap_or_default();
    let edits: Vec<Edit> = spans.into_iter().map(|span| Edit::replace(span, STRUCK_OUT)).collect();
    apply(text, &edits).unwrap_or_default()
}
