//! What a JSON-RPC frame is, from its top-level members alone.

use std::borrow::Cow;

use lastlook_canon::{JsonError, Limits, Members, scan, string_of};

/// One JSON-RPC message; every span points into the frame.
#[derive(Debug)]
pub enum Message<'a> {
    /// A request: it wants an answer.
    Request {
        /// The raw id, a JSON string or number.
        id: &'a [u8],
        /// The decoded method.
        method: Cow<'a, str>,
        /// The raw params.
        params: Option<&'a [u8]>,
    },
    /// A notification.
    Notification {
        /// The decoded method.
        method: Cow<'a, str>,
        /// The raw params.
        params: Option<&'a [u8]>,
    },
    /// An answer: a result or an error.
    Response {
        /// The raw id; `None` when absent or null.
        id: Option<&'a [u8]>,
        /// The raw result.
        result: Option<&'a [u8]>,
    },
}

/// Why a frame is no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFrame {
    /// Not strict JSON, or not an object.
    #[error("{0}")]
    Json(JsonError),
    /// A member has a type JSON-RPC does not give it.
    #[error("`{0}` has a type JSON-RPC 2.0 does not allow there")]
    Member(&'static str),
    /// Neither a method nor a result nor an error.
    #[error("the frame is neither a request nor a notification nor an answer")]
    Shapeless,
}

/// Reads a frame strictly: over the whole of it, duplicate keys, lone surrogates, excess depth and trailing data refuse.
///
/// Source of the rule: parsers disagree on such frames, so the boundary and the server could judge different calls.
pub fn read<'a>(frame: &'a [u8], limits: &Limits) -> Result<Message<'a>, BadFrame> {
    let members = scan(frame, limits).map_err(BadFrame::Json)?;
    classify(&members)
}

fn classify<'a>(members: &Members<'a>) -> Result<Message<'a>, BadFrame> {
    let id = match members.get("id") {
        None | Some(b"null") => None,
        Some(raw) if is_id(raw) => Some(raw),
        Some(_) => return Err(BadFrame::Member("id")),
    };
    let params = members.get("params");
    match (members.get("method"), id) {
        (Some(raw), _) if !raw.starts_with(b"\"") => Err(BadFrame::Member("method")),
        // Deciding on one of two meanings would let the server pick the other.
        (Some(_), _) if members.get("result").is_some() || members.get("error").is_some() => {
            Err(BadFrame::Shapeless)
        }
        (Some(raw), Some(id)) => {
            let method = string_of(raw).ok_or(BadFrame::Member("method"))?;
            Ok(Message::Request { id, method, params })
        }
        (Some(raw), None) if members.get("id").is_none() => {
            let method = string_of(raw).ok_or(BadFrame::Member("method"))?;
            Ok(Message::Notification { method, params })
        }
        (Some(_), None) => Err(BadFrame::Member("id")),
        (None, id) => match (members.get("result"), members.get("error")) {
            (None, None) | (Some(_), Some(_)) => Err(BadFrame::Shapeless),
            (result, _) => Ok(Message::Response { id, result }),
        },
    }
}

fn is_id(raw: &[u8]) -> bool {
    matches!(raw.first(), Some(b'"' | b'-' | b'0'..=b'9'))
}

/// The id as a key: one key for one id, however it is spelt (`"a"` and `"\u0061"`).
pub fn id_key(raw: &[u8]) -> Vec<u8> {
    match raw.first() {
        Some(b'"') if raw.contains(&b'\\') => match string_of(raw) {
            Some(text) => format!("\"{text}\"").into_bytes(),
            None => raw.to_vec(),
        },
        _ => raw.to_vec(),
    }
}

/// The id of a frame that could not be read strictly, as far as it can be told: so that its sender gets an answer.
///
/// Looks only at the top level, and gives nothing when there are two. `frame` may be cut off.
pub fn salvage_id(frame: &[u8]) -> Option<&[u8]> {
    let (mut depth, mut at, mut found) = (0_usize, 0_usize, None);
    while let Some(byte) = frame.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = end_of_string(frame, at)?;
                let is_id = depth == 1 && frame.get(at..end) == Some(b"\"id\"");
                if let Some(value) = is_id.then(|| value_after(frame, end)).flatten()
                    && found.replace(value).is_some()
                {
                    return None;
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found
}

fn end_of_string(frame: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match frame.get(at)? {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

/// The id behind the colon after a key: a whole string or number.
fn value_after(frame: &[u8], key_end: usize) -> Option<&[u8]> {
    let skip = |from: usize| {
        let rest = frame.get(from..)?;
        Some(from + rest.iter().position(|byte| !byte.is_ascii_whitespace())?)
    };
    let colon = skip(key_end)?;
    if frame.get(colon) != Some(&b':') {
        return None;
    }
    let start = skip(colon + 1)?;
    let end = match frame.get(start)? {
        b'"' => end_of_string(frame, start)?,
        b'-' | b'0'..=b'9' => {
            let rest = frame.get(start..)?;
            start + rest.iter().position(|byte| matches!(byte, b',' | b'}') || byte.is_ascii_whitespace())?
        }
        _ => return None,
    };
    let value = frame.get(start..end)?;
    lastlook_canon::parse(value, &Limits::default()).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(frame: &str) -> String {
        match read(frame.as_bytes(), &Limits::default()) {
            Ok(Message::Request { method, .. }) => format!("request {method}"),
            Ok(Message::Notification { method, .. }) => format!("notification {method}"),
            Ok(Message::Response { result, .. }) => format!("response {}", result.is_some()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn messages_are_told_apart() {
        assert_eq!(kind(r#"{"jsonrpc":"2.0","id":1,"method":"tools\/call"}"#), "request tools/call");
        assert_eq!(kind(r#"{"method":"m"}"#), "notification m");
        assert_eq!(kind(r#"{"id":1,"result":{}}"#), "response true");
        assert_eq!(kind(r#"{"id":null,"error":{}}"#), "response false");
    }

    #[test]
    fn what_two_readers_could_take_differently_is_no_message() {
        for frame in [
            r#"{"id":1,"method":"m","result":{}}"#,
            r#"{"id":null,"method":"m"}"#,
            r#"{"id":[1],"method":"m"}"#,
            r#"{"id":1,"method":7}"#,
            r#"{"id":1}"#,
            r#"{"id":1,"result":1,"error":2}"#,
            r#"[{"id":1,"method":"m"}]"#,
            r#"{"id":1,"id":2,"method":"m"}"#,
        ] {
            assert!(read(frame.as_bytes(), &Limits::default()).is_err(), "{frame}");
        }
    }

    #[test]
    fn the_id_of_a_bad_frame_is_salvaged_when_there_is_one() {
        assert_eq!(salvage_id(br#"{"id":7,"a":1,"a":2}"#), Some(b"7".as_slice()));
        assert_eq!(salvage_id(br#"{"a":{"id":8},"id" : "x\"y" ,"z":[[[["#), Some(br#""x\"y""#.as_slice()));
        for none in [
            r#"{"id":7,"id":8}"#,
            r#"{"a":{"id":8}}"#,
            r#"{"id":7"#,
            r#"{"id":tru}"#,
            r#"[{"id":1}]"#,
            "\"id",
            "",
        ] {
            assert_eq!(salvage_id(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn one_id_has_one_key() {
        assert_eq!(id_key(br#""\u0061""#), id_key(br#""a""#));
        assert_ne!(id_key(b"1"), id_key(br#""1""#));
    }
}
