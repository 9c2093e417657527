//! What an agent was seen to read.

use std::sync::Arc;

use lastlook_canon::{Digest, Json, lexical};

use crate::{Moment, Subjects};

/// The part of an answer that readings compare.
///
/// `content`, `structuredContent` and `isError` of a result (never `_meta`), or the code and message of an error:
/// absence is a fact too. Numbers count by their source text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparable {
    /// SHA-256 over [`Comparable::bytes`].
    pub digest: Digest,
    /// The deterministic form that was digested.
    pub bytes: Arc<[u8]>,
}

/// A part of a reading that may move freely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignore {
    /// A JSON Pointer into the result.
    pub pointer: String,
    /// When given, only the lines of the text at `pointer` that start with this prefix are ignored.
    pub line_prefix: Option<String>,
}

/// Why a reading taken before an own effect still counts: it was taken again right after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebased {
    /// The attempt whose effect moved it.
    pub after: String,
    /// From the gate of that attempt to this reading, in nanoseconds: somebody else's change may hide in it.
    pub since_act_ns: u64,
}

/// One answer an agent was given by a read tool.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The tool it came from.
    pub tool: String,
    /// The exact `params` bytes of the call, to ask again with.
    pub params: Arc<[u8]>,
    /// What it is about.
    pub subjects: Subjects,
    /// What it said: *was*.
    pub digest: Digest,
    /// The compared bytes, while there is room for them.
    pub value: Option<Arc<[u8]>>,
    /// Its place in the order in which answers were given to the client.
    pub order: u64,
    /// When its answer was given.
    pub answered_at: Moment,
    /// Set when it was taken again after an own effect.
    pub rebased: Option<Rebased>,
}

/// Reduces a tool's answer to what is compared; `None` when it is neither a result nor an error.
///
/// `answer` is the whole JSON-RPC response object. Source of the rule: MCP `CallToolResult` has exactly three members
/// that carry the answer; `_meta` is transport.
pub fn comparable(answer: &Json, ignore: &[Ignore]) -> Option<Comparable> {
    let reduced = match (answer.get("result"), answer.get("error")) {
        (Some(result), None) => from_result(result, ignore)?,
        (None, Some(error)) => Json::Object(vec![(
            "error".to_owned(),
            Json::Object(
                ["code", "message"]
                    .into_iter()
                    .filter_map(|name| Some((name.to_owned(), error.get(name)?.clone())))
                    .collect(),
            ),
        )]),
        _ => return None,
    };
    let bytes = lexical(&reduced);
    Some(Comparable { digest: Digest::of("lastlook/reading/v1", &[&bytes]), bytes: bytes.into() })
}

fn from_result(result: &Json, ignore: &[Ignore]) -> Option<Json> {
    result.as_object()?;
    let mut members = Vec::with_capacity(3);
    for name in ["content", "structuredContent"] {
        if let Some(value) = result.get(name) {
            let mut value = value.clone();
            for rule in ignore {
                if let Some(rest) = rule.pointer.strip_prefix(&format!("/{name}")) {
                    strike(&mut value, rest, rule.line_prefix.as_deref());
                }
            }
            members.push((name.to_owned(), value));
        }
    }
    if result.get("isError").and_then(Json::as_bool) == Some(true) {
        members.push(("isError".to_owned(), Json::Bool(true)));
    }
    Some(Json::Object(members))
}

/// Removes what lies at `pointer` below `value`: the whole of it, or its lines with the prefix.
fn strike(value: &mut Json, pointer: &str, line_prefix: Option<&str>) {
    let Some(rest) = pointer.strip_prefix('/') else {
        if pointer.is_empty() {
            strike_here(value, line_prefix);
        }
        return;
    };
    let (token, rest) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let token = token.replace("~1", "/").replace("~0", "~");
    let inner = match value {
        Json::Object(members) => members.iter_mut().find(|(name, _)| *name == token).map(|(_, inner)| inner),
        Json::Array(items) => token.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
        _ => None,
    };
    if let Some(inner) = inner {
        strike(inner, rest, line_prefix);
    }
}

fn strike_here(value: &mut Json, line_prefix: Option<&str>) {
    match (line_prefix, &mut *value) {
        (None, _) => *value = Json::Null,
        (Some(prefix), Json::String(text)) => {
            let kept: Vec<&str> = text.split('\n').filter(|line| !line.starts_with(prefix)).collect();
            *text = kept.join("\n");
        }
        (Some(_), _) => {}
    }
}

#[cfg(test)]
mod tests {
    use lastlook_canon::{Limits, parse};

    use super::*;

    fn digest(text: &str, ignore: &[Ignore]) -> Digest {
        comparable(&parse(text.as_bytes(), &Limits::default()).unwrap(), ignore).unwrap().digest
    }

    #[test]
    fn transport_and_key_order_do_not_count_and_number_spelling_does() {
        let a = r#"{"id":1,"result":{"content":[{"type":"text","text":"x"}],"isError":false}}"#;
        let b = r#"{"id":2,"result":{"_meta":{"t":1},"content":[{"text":"x","type":"text"}]}}"#;
        assert_eq!(digest(a, &[]), digest(b, &[]));
        let one = r#"{"result":{"structuredContent":{"n":1}}}"#;
        let one_point = r#"{"result":{"structuredContent":{"n":1.0}}}"#;
        assert_ne!(digest(one, &[]), digest(one_point, &[]));
    }

    #[test]
    fn an_error_is_a_reading() {
        let gone = r#"{"result":{"content":[{"type":"text","text":"x"}],"isError":true}}"#;
        let there = r#"{"result":{"content":[{"type":"text","text":"x"}]}}"#;
        assert_ne!(digest(gone, &[]), digest(there, &[]));
        let error = r#"{"error":{"code":-32602,"message":"no such order","data":1}}"#;
        let same = r#"{"error":{"code":-32602,"message":"no such order","data":2}}"#;
        assert_eq!(digest(error, &[]), digest(same, &[]));
    }

    #[test]
    fn ignored_parts_may_move() {
        let rule = |pointer: &str, prefix: Option<&str>| Ignore {
            pointer: pointer.to_owned(),
            line_prefix: prefix.map(str::to_owned),
        };
        let before = r#"{"result":{"content":[{"type":"text","text":"size: 3\naccessed: 1"}],"structuredContent":{"at":1}}}"#;
        let after = r#"{"result":{"content":[{"type":"text","text":"size: 3\naccessed: 2"}],"structuredContent":{"at":2}}}"#;
        let rules = [rule("/content/0/text", Some("accessed:")), rule("/structuredContent/at", None)];
        assert_eq!(digest(before, &rules), digest(after, &rules));
        assert_ne!(digest(before, &rules[..1]), digest(after, &rules[..1]));
    }
}
