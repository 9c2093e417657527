//! Small values inside text: durations, JSON Pointers, Cedar entities.

use std::time::Duration;

use lastlook_kernel::Ignore;

use super::document::{Sink, Word};

/// Reads `250ms`, `5s`, `10m`, `1h`, `1d`.
pub(super) fn duration(key: &str, word: Word<'_>, sink: &mut Sink) -> Option<Duration> {
    let parsed = parse_duration(word.text);
    if parsed.is_none() {
        sink.report(
            word.span,
            format!("`{}` is not a duration", word.text),
            format!("`{key}` needs one"),
            "write a whole number and a unit, ms, s, m, h or d: \"250ms\", \"5s\", \"10m\"",
        );
    }
    parsed
}

/// A duration longer than zero.
pub(super) fn some_time(key: &str, word: Word<'_>, sink: &mut Sink) -> Option<Duration> {
    let span = word.span.clone();
    let parsed = duration(key, word, sink)?;
    if parsed.is_zero() {
        let message = format!("`{key}` must be longer than zero");
        sink.report(
            span,
            message,
            "nothing could ever be in time",
            "write a longer time, such as \"5s\", or leave it out",
        );
        return None;
    }
    Some(parsed)
}

/// A JSON Pointer into the arguments of a call.
pub(super) fn pointer(word: Word<'_>, sink: &mut Sink) -> Option<String> {
    let text = word.text;
    if !text.is_empty() && !text.starts_with('/') {
        let message = format!("`{text}` is not a JSON Pointer");
        sink.report(word.span, message, "it must start with `/`", format!("write \"/{text}\" (RFC 6901)"));
        return None;
    }
    if text.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1'])) {
        sink.report(
            word.span,
            format!("`{text}` is not a JSON Pointer"),
            "a lone `~`",
            "inside a name write `~0` for `~` and `~1` for `/` (RFC 6901)",
        );
        return None;
    }
    Some(text.to_owned())
}

/// A part of a reading: a JSON Pointer into it, optionally `#` and the start of the lines meant.
pub(super) fn ignore(word: Word<'_>, sink: &mut Sink) -> Option<Ignore> {
    let (place, prefix) = match word.text.split_once('#') {
        Some((place, prefix)) => (place, Some(prefix)),
        None => (word.text, None),
    };
    if prefix == Some("") {
        sink.report(
            word.span,
            format!("`{}` does not say which lines", word.text),
            "nothing follows the `#`",
            format!(
                "write how the lines start, as in \"{place}#accessed:\"; for the whole text drop the `#`"
            ),
        );
        return None;
    }
    let pointer = pointer(Word { text: place, span: word.span.clone() }, sink)?;
    let member = pointer.split('/').nth(1).unwrap_or_default();
    if !matches!(member, "content" | "structuredContent") {
        sink.report(
            word.span,
            format!("`{place}` is no part of a reading"),
            "a reading has `/content` and `/structuredContent`",
            "begin there, as in \"/structuredContent/accessed\"; for a tool that is never compared write `retake = false`",
        );
        return None;
    }
    Some(Ignore { pointer, line_prefix: prefix.map(str::to_owned) })
}

/// A Cedar entity such as `User::"deploy-bot"`; `what` it names, and `example` for how to write it.
pub(super) fn entity(word: Word<'_>, what: &str, example: &str, sink: &mut Sink) -> Option<String> {
    if is_entity(word.text) {
        return Some(word.text.to_owned());
    }
    let bare = word.text.rsplit("::").next().unwrap_or_default().trim_matches('"');
    let example = match example {
        "" => format!("id = 'User::\"{bare}\"'"),
        example => example.to_owned(),
    };
    sink.report(
        word.span,
        format!("`{}` does not name {what}", word.text),
        "not a type and a quoted name",
        format!("write it as Cedar does: {example}"),
    );
    None
}

/// Reports a NUL, which neither programs nor file systems take.
pub(super) fn no_nul(word: &Word<'_>, sink: &mut Sink) {
    if word.text.contains('\0') {
        let message = "a NUL character cannot be passed to a program";
        sink.report(word.span.clone(), message, "it contains `\\u0000`", "remove it");
    }
}

/// Whether an environment variable can be called so, and still be meant by `env:NAME`.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A whole number and a unit.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
    let number: u64 = digits.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// Whether this is a Cedar entity: a type, and a name in quotes.
pub(super) fn is_entity(text: &str) -> bool {
    let Some((kind, quoted)) = text.split_once("::\"") else { return false };
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let Some(name) = quoted.strip_suffix('"') else { return false };
    let mut escaped = false;
    for character in name.chars() {
        match character {
            '"' if !escaped => return false,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    !name.is_empty() && !escaped && kind.split("::").all(is_name)
}
