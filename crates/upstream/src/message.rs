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
    /// A carriage return stands between its tokens.
    #[error("a carriage return stands inside the frame")]
    CarriageReturn,
}

/// Reads a frame strictly: over the whole of it, duplicate keys, lone surrogates, excess depth and trailing data refuse.
///
/// Source of the rule: parsers disagree on such frames, so the boundary and the server could judge different calls. A
/// carriage return inside refuses as well: it is white space to JSON, and the end of a line to servers on a text stream
/// (Python's default), which would find a message of its own between two of them.
pub fn read<'a>(frame: &'a [u8], limits: &Limits) -> Result<Message<'a>, BadFrame> {
    let members = scan(frame, limits).map_err(BadFrame::Json)?;
    if memchr::memchr(b'\r', frame.trim_ascii()).is_some() {
        return Err(BadFrame::CarriageReturn);
    }
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

/// A string, or a number that is one: `1e400` has no value that a server could answer to.
fn is_id(raw: &[u8]) -> bool {
    match raw.first() {
        Some(b'"') => true,
        Some(b'-' | b'0'..=b'9') => is_short_integer(raw) || double(raw).is_some(),
        _ => false,
    }
}

/// True for an integer that is written in one way only, and is the same as a double.
fn is_short_integer(raw: &[u8]) -> bool {
    raw.len() <= 15 && raw.iter().all(u8::is_ascii_digit)
}

fn double(raw: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(raw).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

/// The id as a key: one key for one id, however it is spelt (`"a"` and `"\u0061"`, `1` and `1.0`).
///
/// Numbers count by their value as doubles: servers that hold them so answer `2^53 + 1` under the spelling of `2^53`.
pub fn id_key(raw: &[u8]) -> Cow<'_, [u8]> {
    match raw.first() {
        Some(b'"') if raw.contains(&b'\\') => match string_of(raw) {
            Some(text) => format!("\"{text}\"").into_bytes().into(),
            None => raw.into(),
        },
        Some(b'"') | None => raw.into(),
        Some(_) if is_short_integer(raw) => raw.into(),
        // `+ 0.0` makes one zero of two.
        Some(_) => {
            double(raw).map_or_else(|| raw.into(), |number| (number + 0.0).to_string().into_bytes().into())
        }
    }
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
    fn a_carriage_return_may_only_stand_around_a_frame() {
        assert_eq!(kind("\r {\"method\":\"m\"}\r\n"), "notification m");
        assert_eq!(kind("{\"method\":\r\"m\"}"), "a carriage return stands inside the frame");
        assert_eq!(kind(r#"{"method":"\r"}"#), "notification \r");
    }

    #[test]
    fn one_id_has_one_key() {
        assert_eq!(id_key(br#""\u0061""#), id_key(br#""a""#));
        assert_ne!(id_key(b"1"), id_key(br#""1""#));
        for (one, same) in
            [("1", "1.0"), ("0", "-0"), ("20", "2e1"), ("9007199254740993", "9007199254740992")]
        {
            assert_eq!(id_key(one.as_bytes()), id_key(same.as_bytes()), "{one}");
        }
        assert_ne!(id_key(b"1"), id_key(b"1.5"));
        assert_eq!(kind(r#"{"id":1e400,"method":"m"}"#), "`id` has a type JSON-RPC 2.0 does not allow there");
    }
}
