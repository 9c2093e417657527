use lastlook_canon::{Json, Limits, parse};

use crate::source::{SourceError, quoted};

/// The value of a `CallToolResult`.
///
/// Its `structuredContent`; else its only content, a text, as the JSON it is when it parses strictly, else `{text}`.
///
/// Errs with [`SourceError::NotPlain`] for an answer that is no fact: `isError`, one that is not complete (a task, a
/// request for input), none or several contents, or one that is no text.
pub fn reduce(result: &Json) -> Result<Json, SourceError> {
    let not_plain = |why: &str| Err(SourceError::NotPlain(why.to_owned()));
    match result.get("isError") {
        None | Some(Json::Bool(false)) => {}
        Some(Json::Bool(true)) => return not_plain(&failed(result)),
        Some(_) => return not_plain("the answer's `isError` is neither true nor false"),
    }
    if result.get("resultType").is_some_and(|kind| kind.as_str() != Some("complete")) {
        return not_plain("the answer is not complete: the server asks for something first");
    }
    match result.get("structuredContent") {
        None | Some(Json::Null) => {}
        Some(content @ Json::Object(_)) => return Ok(content.clone()),
        Some(_) => return not_plain("the answer's `structuredContent` is no object"),
    }
    let blocks = result.get("content").and_then(Json::as_array).unwrap_or_default();
    let [block] = blocks else {
        return not_plain(&format!("the answer has {} contents; a fact has one", blocks.len()));
    };
    let text = block.get("text").and_then(Json::as_str);
    let Some(text) = text.filter(|_| block.get("type").and_then(Json::as_str) == Some("text")) else {
        return not_plain("the answer's content is no text");
    };
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    Ok(parse(text.as_bytes(), &limits).unwrap_or_else(|_| Json::object([("text", text.into())])))
}

fn failed(result: &Json) -> String {
    let said = result.pointer("/content/0/text").and_then(Json::as_str).map(quoted);
    match said {
        Some(said) if !said.is_empty() => format!("the tool answered with an error: {said}"),
        _ => "the tool answered with an error".to_owned(),
    }
}

#[cfg(test)]
mod tests;
