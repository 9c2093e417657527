//! What things may be called.

use crate::config::document::{Sink, Word};

/// A name of letters, digits, `-` and `_`.
pub(super) fn plain_name(name: &Word<'_>, kind: &str, sink: &mut Sink) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.text.is_empty() || !name.text.chars().all(plain) {
        sink.report(
            name.span.clone(),
            format!("`{}` cannot name {kind}", name.text.escape_debug()),
            "only letters, digits, `-` and `_`",
            "it is shown in reasons and receipts: choose a short plain name",
        );
    }
}

/// A name that can stand in a condition: `now.order`.
pub(super) fn member_name(name: &Word<'_>, kind: &str, sink: &mut Sink) {
    // Words Cedar keeps for itself (Cedar policy grammar, `RESERVED`).
    const RESERVED: &[&str] = &["true", "false", "if", "then", "else", "in", "is", "like", "has", "__cedar"];
    let starts = name.text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let plain = name.text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !starts || !plain {
        let mut better: String =
            name.text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if !better.starts_with(|c: char| c.is_ascii_alphabetic()) {
            better.insert(0, '_');
        }
        sink.report(
            name.span.clone(),
            format!("`{}` cannot name {kind}", name.text.escape_debug()),
            "only letters, digits and `_`, and no digit first",
            format!("conditions say `now.NAME`; call it `{better}`"),
        );
    } else if RESERVED.contains(&name.text) {
        let help = format!("conditions say `now.NAME`; call it `{}_`", name.text);
        sink.report(
            name.span.clone(),
            format!("`{}` cannot name {kind}", name.text),
            "a word of Cedar's own",
            help,
        );
    }
}
