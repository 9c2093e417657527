//! The bytes of a call: what people see of it, and what is sent when they have said yes.

use std::sync::Arc;

use lastlook_canon::{Json, lexical, members};

/// The raw arguments of a `tools/call` frame; `{}` when it has none.
pub(in crate::attempt) fn arguments_of(frame: &[u8]) -> Option<String> {
    let params = members(frame)?.get("params")?;
    let arguments = members(params)?.get("arguments").unwrap_or(b"{}");
    String::from_utf8(arguments.to_vec()).ok()
}

/// The frame with these arguments, and of all that stands beside them only what people need not see: the tool's name, and
/// what the protocol itself keeps in `_meta`. `None` when it is no call.
pub(super) fn with_arguments(frame: &Arc<[u8]>, arguments: &str) -> Option<Arc<[u8]>> {
    let place = members(frame)?.span_of("params")?;
    let params = members(frame.get(place.clone())?)?;
    let mut inside = Vec::from(b"{\"name\":");
    inside.extend_from_slice(params.get("name")?);
    inside.extend_from_slice(b",\"arguments\":");
    inside.extend_from_slice(arguments.as_bytes());
    if let Some(meta) = params.get("_meta").and_then(members) {
        let own = |key: &str| key == "progressToken" || key.starts_with("io.modelcontextprotocol/");
        let kept = meta.iter().filter(|(key, _)| own(key)).map(|(key, value)| {
            let mut member = lexical(&Json::from(&*key));
            member.push(b':');
            member.extend_from_slice(value);
            member
        });
        inside.extend_from_slice(b",\"_meta\":{");
        inside.extend_from_slice(&kept.collect::<Vec<_>>().join(&b','));
        inside.push(b'}');
    }
    inside.push(b'}');
    let mut bytes = Vec::with_capacity(frame.len() + inside.len());
    bytes.extend_from_slice(frame.get(..place.start)?);
    bytes.extend_from_slice(&inside);
    bytes.extend_from_slice(frame.get(place.end..)?);
    Some(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(frame: &str, arguments: &str) -> Option<String> {
        let sent = with_arguments(&frame.as_bytes().into(), arguments)?;
        Some(String::from_utf8(sent.to_vec()).unwrap())
    }

    #[test]
    fn what_is_sent_is_what_people_saw() {
        let frame = r#"{"id":7,"params":{"name":"x", "arguments" : { "b":1.0,"a":"é" } ,"_meta":{"t":1}}}"#;
        let seen = r#"{"a":"\u00e9","b":1}"#;
        assert_eq!(
            sent(frame, seen).unwrap(),
            r#"{"id":7,"params":{"name":"x","arguments":{"a":"\u00e9","b":1},"_meta":{}}}"#
        );
        assert_eq!(arguments_of(frame.as_bytes()).as_deref(), Some(r#"{ "b":1.0,"a":"é" }"#));
    }

    #[test]
    fn nothing_that_people_did_not_see_is_sent_with_it() {
        let frame = r#"{"id":7,"params":{"dry_run":false,"name":"x","_meta":{"tenant":"prod","progressToken":5,"io.modelcontextprotocol/v":"1"}}}"#;
        assert_eq!(
            sent(frame, "{}").unwrap(),
            r#"{"id":7,"params":{"name":"x","arguments":{},"_meta":{"progressToken":5,"io.modelcontextprotocol/v":"1"}}}"#
        );
        assert_eq!(arguments_of(frame.as_bytes()).as_deref(), Some("{}"));
        assert_eq!(sent(r#"{"id":7}"#, "{}"), None);
    }
}
