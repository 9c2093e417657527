//! Two readings of the same thing, a moment apart: what moved by itself, said as `ignore` says it.

use lastlook_canon::{Json, Limits, lexical, parse};
use lastlook_kernel::{Ignore, comparable};

/// More parts than this are said by what holds them.
const MOST_PARTS: usize = 8;
/// The shortest start of a line that says which line is meant, in characters.
const SHORTEST_PREFIX: usize = 3;
/// Members of a content block that say what it is, not what was read.
const FRAMES: [&str; 3] = ["type", "mimeType", "annotations"];

/// What moved between two readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// Nothing, apart from what may move anyway.
    Nothing,
    /// These parts; what may move anyway is among them.
    Parts(Vec<Ignore>),
    /// So much that a comparison would say nothing.
    Everything,
    /// There are no two readings to compare: an answer was an error.
    Unread,
}

/// Compares two whole answers; `known` may move anyway.
pub fn moved(first: &Json, second: &Json, known: &[Ignore]) -> Moved {
    let (Some(was), Some(now)) = (reading(first), reading(second)) else { return Moved::Unread };
    if same(first, second, known) {
        return Moved::Nothing;
    }
    let mut parts = Vec::new();
    for member in ["content", "structuredContent"] {
        match (was.get(member), now.get(member)) {
            (Some(was), Some(now)) => differences(was, now, &format!("/{member}"), &mut parts),
            (None, None) => {}
            _ => return Moved::Everything,
        }
    }
    if parts.len() > MOST_PARTS {
        parts = parts.iter().map(|part| whole(&held_by(&part.pointer))).collect();
    }
    let mut ignore = known.to_vec();
    for part in parts {
        let covered = ignore.iter().any(|known| known.line_prefix.is_none() && known.pointer == part.pointer);
        if !covered && !ignore.contains(&part) {
            ignore.push(part);
        }
    }
    let says_something = comparable(first, &ignore)
        .and_then(|left| parse(&left.bytes, &Limits::default()).ok())
        .is_some_and(|left| says_something(&left));
    if same(first, second, &ignore) && says_something { Moved::Parts(ignore) } else { Moved::Everything }
}

/// The part in the spelling of the configuration; `None` when it has none.
pub fn spelt(part: &Ignore) -> Option<String> {
    match &part.line_prefix {
        _ if part.pointer.contains('#') => None,
        Some(prefix) => Some(format!("{}#{prefix}", part.pointer)),
        None => Some(part.pointer.clone()),
    }
}

fn reading(answer: &Json) -> Option<&Json> {
    let result = answer.get("result")?;
    (result.get("isError").and_then(Json::as_bool) != Some(true)).then_some(result)
}

fn same(first: &Json, second: &Json, ignore: &[Ignore]) -> bool {
    let digest = |answer| comparable(answer, ignore).map(|reading| reading.digest);
    digest(first).is_some_and(|first| Some(first) == digest(second))
}

fn differences(was: &Json, now: &Json, pointer: &str, parts: &mut Vec<Ignore>) {
    if lexical(was) == lexical(now) {
        return;
    }
    match (was, now) {
        (Json::Object(before), Json::Object(after))
            if before.len() == after.len() && before.iter().all(|(name, _)| now.get(name).is_some()) =>
        {
            for (name, was) in before {
                let token = name.replace('~', "~0").replace('/', "~1");
                // A name the configuration cannot spell is meant by what holds it.
                match now.get(name) {
                    Some(now) if !name.contains('#') => {
                        differences(was, now, &format!("{pointer}/{token}"), parts);
                    }
                    Some(now) if lexical(was) == lexical(now) => {}
                    _ => parts.push(whole(pointer)),
                }
            }
        }
        (Json::Array(before), Json::Array(after)) if before.len() == after.len() => {
            for (index, (was, now)) in before.iter().zip(after).enumerate() {
                differences(was, now, &format!("{pointer}/{index}"), parts);
            }
        }
        (Json::String(before), Json::String(after)) => match prefixes(before, after) {
            Some(prefixes) => parts.extend(
                prefixes
                    .into_iter()
                    .map(|prefix| Ignore { pointer: pointer.to_owned(), line_prefix: Some(prefix) }),
            ),
            None => parts.push(whole(pointer)),
        },
        _ => parts.push(whole(pointer)),
    }
}

/// How the lines start that moved; `None` when that does not tell them.
fn prefixes(before: &str, after: &str) -> Option<Vec<String>> {
    let (before, after): (Vec<&str>, Vec<&str>) = (before.split('\n').collect(), after.split('\n').collect());
    if before.len() != after.len() || before.len() < 2 {
        return None;
    }
    let mut prefixes = Vec::new();
    for (was, now) in before.iter().zip(&after).filter(|(was, now)| was != now) {
        let prefix = prefix(was, now)?;
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    Some(prefixes)
}

/// What two lines begin with and what names them: up to the first `:` or `=`, else up to the last space.
fn prefix(was: &str, now: &str) -> Option<String> {
    let common: String =
        was.chars().zip(now.chars()).take_while(|(was, now)| was == now).map(|(c, _)| c).collect();
    let at = common.find([':', '=']).or_else(|| common.rfind(' '))?;
    let prefix: String = common.get(..=at)?.to_owned();
    let named =
        prefix.trim_start_matches([' ', '\t', '"', '\'', '-', '*', '#']).starts_with(char::is_alphabetic);
    (named && prefix.trim().chars().count() >= SHORTEST_PREFIX).then_some(prefix)
}

fn whole(pointer: &str) -> Ignore {
    Ignore { pointer: pointer.to_owned(), line_prefix: None }
}

/// The member of the reading, or the block of its content, in which a pointer lies.
fn held_by(pointer: &str) -> String {
    pointer.split('/').take(3).collect::<Vec<_>>().join("/")
}

/// Whether anything is left to compare.
fn says_something(reading: &Json) -> bool {
    match reading {
        Json::Null => false,
        Json::Bool(_) | Json::Number(_) => true,
        Json::String(text) => !text.trim().is_empty(),
        Json::Array(items) => items.iter().any(says_something),
        Json::Object(members) => {
            members.iter().any(|(name, value)| !FRAMES.contains(&name.as_str()) && says_something(value))
        }
    }
}
