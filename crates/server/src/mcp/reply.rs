//! Frames of our own making, and the one cut we make in somebody else's.

use std::ops::Range;

use lastlook_canon::members;
use lastlook_engine::Refusal;
use lastlook_kernel::Outcome;
use serde_json::{Map, Value, json, value::RawValue};

use super::elicit::KEY;
use super::session::Era;

/// The `_meta` key of the verdict in a refusal (reverse DNS, as MCP asks of `_meta` keys).
pub(super) const VERDICT: &str = "dev.lastlook/verdict";
/// The `_meta` key of the receipt's id in a result.
pub(super) const RECEIPT: &str = "dev.lastlook/receipt";

/// JSON-RPC 2.0 §5.1: not JSON.
pub(super) const PARSE_ERROR: i32 = -32700;
/// JSON-RPC 2.0 §5.1: JSON, but no request.
pub(super) const INVALID_REQUEST: i32 = -32600;
/// JSON-RPC 2.0 §5.1: no such method.
pub(super) const METHOD_NOT_FOUND: i32 = -32601;
/// JSON-RPC 2.0 §5.1: the method cannot take these params.
pub(super) const INVALID_PARAMS: i32 = -32602;
/// JSON-RPC 2.0 §5.1: something else went wrong.
pub(super) const INTERNAL_ERROR: i32 = -32603;

/// A JSON-RPC error; `id` is raw JSON, `None` when it cannot be told whose frame it was.
pub(super) fn error(id: Option<&[u8]>, code: i32, message: &str) -> Vec<u8> {
    frame(id, "error", &json!({"code": code, "message": message}))
}

/// A refusal: a tool result with `isError`, right for its era.
pub(super) fn refusal(id: &[u8], era: Era, refusal: &Refusal) -> Vec<u8> {
    let mut codes: Vec<&str> = refusal.reasons.iter().map(|reason| reason.code.as_str()).collect();
    // One code for each kind of reason: how many facts moved stands in the receipt.
    codes.dedup();
    let verdict = json!({"verdict": "deny", "codes": codes, "receipt": refusal.receipt});
    tool_error(id, era, &refusal.sentence, refusal.diff.as_deref(), verdict)
}

/// A result for an effect that was sent and that no answer came to.
pub(super) fn lost(
    id: &[u8],
    era: Era,
    sentence: &str,
    code: &str,
    outcome: Outcome,
    receipt: Option<&str>,
) -> Vec<u8> {
    let verdict =
        json!({"verdict": "allow", "codes": [code], "outcome": outcome.as_str(), "receipt": receipt});
    tool_error(id, era, sentence, None, verdict)
}

/// A result of a tool of ours: as text, and structured.
pub(super) fn result(id: &[u8], era: Era, value: &Value) -> Vec<u8> {
    let mut result = Map::new();
    result.insert("content".into(), json!([{"type": "text", "text": value.to_string()}]));
    result.insert("structuredContent".into(), value.clone());
    if era == Era::Stateless {
        result.insert("resultType".into(), "complete".into());
    }
    frame(Some(id), "result", &Value::Object(result))
}

/// An error of a tool of ours.
pub(super) fn failed(id: &[u8], era: Era, sentence: &str) -> Vec<u8> {
    let mut result = Map::new();
    result.insert("content".into(), json!([{"type": "text", "text": sentence}]));
    result.insert("isError".into(), true.into());
    if era == Era::Stateless {
        result.insert("resultType".into(), "complete".into());
    }
    frame(Some(id), "result", &Value::Object(result))
}

/// A result for an effect whose success the world contradicts.
pub(super) fn contradicted(id: &[u8], era: Era, sentence: &str, receipt: &str) -> Vec<u8> {
    let verdict = json!({
        "verdict": "allow", "codes": ["contradicted"], "confirmation": "contradicted", "receipt": receipt,
    });
    tool_error(id, era, sentence, None, verdict)
}

/// A result for an effect that waits for people.
pub(super) fn held(id: &[u8], era: Era, sentence: &str, request: &str) -> Vec<u8> {
    tool_error(id, era, sentence, None, hold(request))
}

/// The same for a client that can put something before its user: an `InputRequiredResult` of MCP 2026-07-28. `notice` are
/// the params of the elicitation, `slip` is what the client brings back.
pub(super) fn input_required(id: &[u8], notice: &Value, slip: &str, request: &str) -> Vec<u8> {
    let result = json!({
        "resultType": "input_required",
        "inputRequests": {KEY: {"method": "elicitation/create", "params": notice}},
        "requestState": slip,
        "_meta": {VERDICT: hold(request)},
    });
    frame(Some(id), "result", &result)
}

fn hold(request: &str) -> Value {
    json!({"verdict": "hold", "codes": ["approval-required"], "request": request})
}

/// An elicitation as a request of our own, as MCP 2025-06-18 and 2025-11-25 have it; `id` is also the `elicitationId`.
pub(super) fn elicit(id: &str, mut notice: Value) -> Vec<u8> {
    if let Some(params) = notice.as_object_mut() {
        match params.get("mode").and_then(Value::as_str) {
            Some("url") => drop(params.insert("elicitationId".into(), id.into())),
            // The earlier revision has no modes, and the later one takes a form for granted.
            _ => drop(params.remove("mode")),
        }
    }
    let frame = json!({"jsonrpc": "2.0", "id": id, "method": "elicitation/create", "params": notice});
    format!("{frame}\n").into_bytes()
}

/// Takes a request of our own back: no answer is waited for any more.
pub(super) fn take_back(id: &str) -> Vec<u8> {
    let params = json!({"requestId": id, "reason": "the call waits no more"});
    notification("notifications/cancelled", &params)
}

/// Tells that what an elicitation sent its user to has come to its end (MCP 2025-11-25).
pub(super) fn elicited(id: &str) -> Vec<u8> {
    notification("notifications/elicitation/complete", &json!({"elicitationId": id}))
}

fn notification(method: &str, params: &Value) -> Vec<u8> {
    format!("{}\n", json!({"jsonrpc": "2.0", "method": method, "params": params})).into_bytes()
}

/// A notification that people are waited for; `token` is the client's own, raw, and seconds are what has passed.
pub(super) fn progress(token: &[u8], seconds: f64, request: &str) -> Vec<u8> {
    let token =
        std::str::from_utf8(token).ok().and_then(|token| serde_json::from_str::<&RawValue>(token).ok());
    let params = json!({
        "progressToken": token, "progress": seconds, "message": format!("waits for approval: {request}"),
    });
    notification("notifications/progress", &params)
}

fn tool_error(id: &[u8], era: Era, sentence: &str, detail: Option<&str>, verdict: Value) -> Vec<u8> {
    let texts = std::iter::once(sentence).chain(detail);
    let content: Vec<Value> = texts.map(|text| json!({"type": "text", "text": text})).collect();
    let mut result = Map::new();
    result.insert("content".into(), content.into());
    result.insert("isError".into(), true.into());
    if era == Era::Stateless {
        result.insert("resultType".into(), "complete".into());
    }
    result.insert("_meta".into(), json!({VERDICT: verdict}));
    frame(Some(id), "result", &Value::Object(result))
}

fn frame(id: Option<&[u8]>, member: &str, value: &Value) -> Vec<u8> {
    let id = id.and_then(|id| std::str::from_utf8(id).ok());
    // An id is echoed by its source text: a large number must come back as it was sent.
    let id = id.and_then(|id| serde_json::from_str::<&RawValue>(id).ok()).map_or("null", RawValue::get);
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"{member}\":{value}}}\n").into_bytes()
}

/// Puts the receipt's id into a result's `_meta`, leaving every other byte as it was.
///
/// What stood under our key is replaced: two members of one name would be two answers, and the server's is no receipt.
/// An error answer, or a `_meta` that is no object, stays as it is.
pub(super) fn with_receipt(answer: &[u8], receipt: &str) -> Vec<u8> {
    let cut = || {
        let span = members(answer)?.span_of("result")?;
        let result = answer.get(span.clone())?;
        let inside = members(result)?;
        let (at, entry) = match inside.span_of("_meta") {
            Some(meta) => {
                let inner = members(result.get(meta.clone())?)?;
                if let Some(old) = inner.span_of(RECEIPT) {
                    let start = span.start + meta.start;
                    return Some(replaced(
                        answer,
                        start + old.start..start + old.end,
                        &format!("\"{receipt}\""),
                    ));
                }
                let comma = if inner.is_empty() { "" } else { "," };
                (span.start + meta.start + 1, format!("\"{RECEIPT}\":\"{receipt}\"{comma}"))
            }
            None => {
                let comma = if inside.is_empty() { "" } else { "," };
                (span.start + 1, format!("\"_meta\":{{\"{RECEIPT}\":\"{receipt}\"}}{comma}"))
            }
        };
        Some(replaced(answer, at..at, &entry))
    };
    cut().unwrap_or_else(|| answer.to_vec())
}

fn replaced(bytes: &[u8], range: Range<usize>, by: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + by.len());
    out.extend_from_slice(bytes.get(..range.start).unwrap_or_default());
    out.extend_from_slice(by.as_bytes());
    out.extend_from_slice(bytes.get(range.end..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spliced(answer: &str) -> String {
        String::from_utf8(with_receipt(answer.as_bytes(), "r1")).unwrap()
    }

    #[test]
    fn only_the_receipt_is_added() {
        assert_eq!(
            spliced(r#"{"id":1, "result": {"n":1.0,"_meta":{"a":1}}}"#),
            r#"{"id":1, "result": {"n":1.0,"_meta":{"dev.lastlook/receipt":"r1","a":1}}}"#
        );
        assert_eq!(spliced(r#"{"result":{}}"#), r#"{"result":{"_meta":{"dev.lastlook/receipt":"r1"}}}"#);
        assert_eq!(
            spliced(r#"{"result":{"_meta":{}}}"#),
            r#"{"result":{"_meta":{"dev.lastlook/receipt":"r1"}}}"#
        );
        assert_eq!(
            spliced(r#"{"result":{"_meta":{"a":1, "dev.lastlook\/receipt" : {"x":"forged"} ,"b":2}}}"#),
            r#"{"result":{"_meta":{"a":1, "dev.lastlook\/receipt" : "r1" ,"b":2}}}"#
        );
        for untouched in [r#"{"error":{}}"#, r#"{"result":7}"#, r#"{"result":{"_meta":null}}"#] {
            assert_eq!(spliced(untouched), untouched);
        }
    }

    #[test]
    fn ids_come_back_as_they_were_sent() {
        let frame = error(Some(b"12345678901234567890"), INTERNAL_ERROR, "x");
        assert!(String::from_utf8(frame).unwrap().contains(r#""id":12345678901234567890,"#));
        let frame = error(Some(br#"" ""#), INTERNAL_ERROR, "x");
        assert!(String::from_utf8(frame).unwrap().contains(r#""id":" ","#));
        assert!(String::from_utf8(error(Some(b"{"), 1, "x")).unwrap().contains(r#""id":null,"#));
    }

    #[test]
    fn stateless_results_name_their_type() {
        let refused = Refusal { receipt: None, reasons: Vec::new(), sentence: "no".into(), diff: None };
        let text = |era| String::from_utf8(refusal(b"1", era, &refused)).unwrap();
        assert!(text(Era::Stateless).contains(r#""resultType":"complete""#));
        assert!(!text(Era::Session).contains("resultType"));
    }
}
