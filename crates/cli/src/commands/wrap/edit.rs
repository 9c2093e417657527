//! Changes to a text as spans and what stands there instead: everything else stays as it is, byte for byte.

use std::ops::Range;

/// One span, and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// In bytes of the text; empty where something is put in.
    pub span: Range<usize>,
    /// What stands there afterwards.
    pub text: String,
}

impl Edit {
    /// Puts a text in, before the byte at `at`.
    pub fn insert(at: usize, text: impl Into<String>) -> Edit {
        Edit { span: at..at, text: text.into() }
    }

    /// Takes a span out.
    pub fn remove(span: Range<usize>) -> Edit {
        Edit { span, text: String::new() }
    }

    /// Puts a text in the place of a span.
    pub fn replace(span: Range<usize>, text: impl Into<String>) -> Edit {
        Edit { span, text: text.into() }
    }
}

/// The text with all edits made; `None` when two of them overlap or a span is none of the text's.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut changed = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        changed.push_str(text.get(done..edit.span.start)?);
        changed.push_str(&edit.text);
        done = edit.span.end;
    }
    changed.push_str(text.get(done..)?);
    Some(changed)
}
