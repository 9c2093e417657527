//! A tool of the boundary's own beside the server's: an agent can check its report before it sends it.

use std::ops::Range;
use std::sync::Arc;

use lastlook_canon::{Json, Limits, members, parse};
use serde_json::json;

use super::deliver::Call;
use super::reply;
use super::session::Session;

/// The tool's name.
pub(super) const NAME: &str = "lastlook_check_claims";

/// Its definition, as `tools/list` shows it.
fn definition() -> String {
    let claim = json!({
        "type": "object",
        "properties": {
            "tool": {"type": "string", "description": "The tool that was called."},
            "args": {"type": "object", "description": "Arguments of that call: all of them, or a few."},
            "procedure": {"type": "string", "description": "Or: the procedure all of whose steps were done."},
            "subject": {"type": "object", "description": "What the procedure was about."}
        }
    });
    json!({
        "name": NAME,
        "title": "Check claims",
        "description": "Checks what you are about to report against the record of what really ran. Each claim is confirmed, contradicted, unconfirmed, missing, or outdated. Call it before you say that something was done.",
        "inputSchema": {
            "type": "object",
            "properties": {"claims": {"type": "array", "items": claim}},
            "required": ["claims"]
        },
        "annotations": {"readOnlyHint": true}
    })
    .to_string()
}

/// The last page of a listing with the tool at its end; `None` when it is not the last, or has it already.
///
/// Every other byte stays as it was.
pub(super) fn with_tool(answer: &[u8]) -> Option<Vec<u8>> {
    let result = members(answer)?.span_of("result")?;
    let page = answer.get(result.clone())?;
    let inside = members(page)?;
    if inside.get("nextCursor").is_some_and(|next| next != b"null") {
        return None;
    }
    let tools = inside.span_of("tools")?;
    let array = page.get(tools.clone())?;
    let listed = parse(array, &Limits::default()).ok()?;
    let listed = listed.as_array()?;
    if listed.iter().any(|tool| tool.get("name").and_then(Json::as_str) == Some(NAME)) {
        return None;
    }
    let comma = if listed.is_empty() { "" } else { "," };
    let at = result.start + tools.end - 1;
    Some(inserted(answer, at..at, &format!("{comma}{}", definition())))
}

fn inserted(bytes: &[u8], at: Range<usize>, text: &str) -> Vec<u8> {
    let mut whole = Vec::with_capacity(bytes.len() + text.len());
    whole.extend_from_slice(bytes.get(..at.start).unwrap_or_default());
    whole.extend_from_slice(text.as_bytes());
    whole.extend_from_slice(bytes.get(at.end..).unwrap_or_default());
    whole
}

impl Session {
    /// Answers a call of the tool. Reading the record blocks, so it is done beside the runtime.
    pub(super) async fn check_claims(self: Arc<Self>, call: Call) {
        let session = Arc::clone(&self);
        let params = Arc::clone(&call.params);
        let checked = tokio::task::spawn_blocking(move || {
            let params = parse(&params, &Limits::default()).map_err(|error| error.to_string())?;
            let nothing = Json::Object(Vec::new());
            session.boundary.check_claims(params.get("arguments").unwrap_or(&nothing))
        });
        let frame = match checked.await {
            Ok(Ok(checked)) => reply::result(&call.id, call.era, &checked.to_json()),
            Ok(Err(why)) => reply::failed(&call.id, call.era, &why),
            Err(error) => reply::error(Some(&call.id), reply::INTERNAL_ERROR, &error.to_string()),
        };
        self.in_flight.forget(&call.id);
        self.answer(frame).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(answer: &str) -> Option<String> {
        with_tool(answer.as_bytes()).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn the_tool_stands_at_the_end_of_the_last_page_and_nothing_else_moves() {
        let page = r#"{"id":1, "result": {"tools":[ {"name":"a"} ],"x":1.0}}"#;
        let told = with(page).unwrap();
        let (before, after) = told.split_once(&format!(",{}", definition())).unwrap();
        assert_eq!(format!("{before}{after}"), page);
        let empty = with(r#"{"id":1,"result":{"tools":[]}}"#).unwrap();
        assert!(empty.contains(&format!("[{}]", definition())));
    }

    #[test]
    fn other_pages_and_answers_are_left_alone() {
        for answer in [
            r#"{"id":1,"result":{"tools":[],"nextCursor":"2"}}"#,
            r#"{"id":1,"result":{"tools":[{"name":"lastlook_check_claims"}]}}"#,
            r#"{"id":1,"result":{}}"#,
            r#"{"id":1,"error":{}}"#,
        ] {
            assert_eq!(with(answer), None, "{answer}");
        }
    }
}
