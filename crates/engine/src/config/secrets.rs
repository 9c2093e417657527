//! What is not shown of a configuration.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// What stands in the place of a secret.
pub(super) const STRUCK: &str = "***";

/// The text with every secret struck out, byte for byte, so that places still fit.
pub(super) fn without_secrets(text: &str, table: &DeTable<'_>) -> String {
    let secret = places(table);
    let hidden = |at: usize| secret.iter().any(|span| span.contains(&at));
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        match character {
            '\n' | '\r' | '"' | '\'' => shown.push(character),
            _ if hidden(at) => shown.extend(std::iter::repeat_n('*', character.len_utf8())),
            _ => shown.push(character),
        }
    }
    shown
}

/// A text that is not TOML, with everything struck out that may be a secret: nobody can say where values begin and end.
///
/// These are the right sides of lines that name something secret, and of all lines in a table that does.
pub(super) fn without_likely_secrets(text: &str) -> String {
    const WORDS: [&str; 10] =
        ["env", "header", "url", "://", "token", "secret", "passw", "authorization", "cookie", "key"];
    let names_one = |part: &str| {
        let part = part.to_ascii_lowercase();
        WORDS.iter().any(|word| part.contains(word))
    };
    let (mut shown, mut in_table) = (String::with_capacity(text.len()), false);
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('[') {
            in_table = names_one(line);
        }
        let from = line.find(['=', ':']).filter(|_| in_table || names_one(line)).unwrap_or(line.len());
        for (at, character) in line.char_indices() {
            match character {
                '\n' | '\r' | '"' | '\'' | ' ' | '=' => shown.push(character),
                _ if at > from => shown.extend(std::iter::repeat_n('*', character.len_utf8())),
                _ => shown.push(character),
            }
        }
    }
    shown
}

/// The text with [`STRUCK`] for every secret: not even their lengths can be told.
pub(super) fn without_traces(text: &str, table: &DeTable<'_>) -> String {
    let mut secret = places(table);
    secret.sort_by_key(|span| span.start);
    let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
    for span in secret {
        shown.push_str(text.get(from..span.start).unwrap_or_default());
        shown.push_str(STRUCK);
        from = span.end;
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

/// Whether the value at this path is one: what goes into a program's environment, the address of a database, a header.
///
/// `env:NAME` says where a secret is, and is none.
pub(super) fn is_secret(path: &[&str], value: &DeValue<'_>) -> bool {
    let text = value.as_str().unwrap_or_default();
    match path {
        // Here `env` lists names; a value that got in by mistake has an `=`.
        ["fact", _, "command", "env"] => text.contains('='),
        _ if text.starts_with("env:") => false,
        [.., "http", "url"] => names_a_user(text),
        [.., "url"] | ["notify", _, "secret"] => true,
        _ => path.iter().any(|key| matches!(*key, "env" | "headers" | "password")),
    }
}

/// Whether a URL has a user, and perhaps a password, before its host.
pub(super) fn names_a_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// The text with something harmless of the same form in the place of every secret: it can be read again as a configuration,
/// and [`without_traces`] makes the same of it as of the text itself.
pub(super) fn readable_without(text: &str, table: &DeTable<'_>) -> String {
    let form = |value: &str| match value.trim_matches(['"', '\'']).split_once("://") {
        Some(("http" | "https", _)) => "\"https://struck.invalid/\"",
        Some((_, _)) => "\"postgres://struck\"",
        None => "\"***\"",
    };
    let mut secret = places(table);
    secret.sort_by_key(|span| span.start);
    let (mut shown, mut from) = (String::with_capacity(text.len()), 0);
    for span in secret {
        shown.push_str(text.get(from..span.start).unwrap_or_default());
        shown.push_str(form(text.get(span.clone()).unwrap_or_default()));
        from = span.end;
    }
    shown.push_str(text.get(from..).unwrap_or_default());
    shown
}

fn places(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut places = Vec::new();
    visit(table, &mut Vec::new(), &mut places);
    places
}

fn visit<'d>(table: &'d DeTable<'d>, path: &mut Vec<&'d str>, places: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        path.push(key.get_ref());
        match value.get_ref() {
            DeValue::Table(inner) => visit(inner, path, places),
            other if is_secret(path, other) => places.push(value.span()),
            DeValue::Array(items) => {
                for item in items {
                    match item.get_ref() {
                        DeValue::Table(inner) => visit(inner, path, places),
                        other if is_secret(path, other) => places.push(item.span()),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        path.pop();
    }
}
