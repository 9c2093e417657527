//! What an MCP answer means for an attempt.

use lastlook_canon::{Json, Limits, parse};
use lastlook_kernel::{Answer, Comparable, Ignore, Unreadable, comparable};

/// What an answer to an effect means.
///
/// Sources: `resultType` of MCP 2026-07-28 (`input_required` asks first); `CreateTaskResult` of 2025-11-25 (`task`).
pub fn of_effect(frame: &[u8], errors_mean_no_effect: bool) -> Answer {
    let error = Answer::Error { no_effect: errors_mean_no_effect };
    // What cannot be read strictly says nothing: the outcome stays unknown.
    let nothing_proven = Answer::Error { no_effect: false };
    let Ok(answer) = parse(frame, &Limits::default()) else { return nothing_proven };
    let Some(result) = answer.get("result") else { return error };
    match result.get("resultType").map(Json::as_str) {
        Some(Some("input_required")) => return Answer::InputRequired,
        None | Some(Some("complete")) => {}
        Some(Some(_)) => return Answer::Task,
        Some(None) => return nothing_proven,
    }
    if result.get("task").is_some_and(|task| task.as_object().is_some()) {
        return Answer::Task;
    }
    match (result, result.get("isError")) {
        (Json::Object(_), None | Some(Json::Bool(false))) => Answer::Result,
        (_, Some(Json::Bool(true))) => error,
        // Not what a tool's result is: nobody can say what it means.
        _ => nothing_proven,
    }
}

/// The compared part of an answer to a repeated reading; anything but a plain result or error is no reading.
pub fn of_reading(frame: &[u8], ignore: &[Ignore]) -> Result<Comparable, Unreadable> {
    let answer = parse(frame, &Limits::default()).map_err(|_| Unreadable::NotPlain)?;
    if let Some(result) = answer.get("result") {
        let plain = matches!(result.get("resultType").and_then(Json::as_str), None | Some("complete"));
        if !plain || result.get("task").is_some() {
            return Err(Unreadable::NotPlain);
        }
    }
    comparable(&answer, ignore).ok_or(Unreadable::NotPlain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_they_prove() {
        let ok = br#"{"id":1,"result":{"content":[]}}"#;
        assert_eq!(of_effect(ok, false), Answer::Result);
        let complete = br#"{"id":1,"result":{"content":[],"resultType":"complete"}}"#;
        assert_eq!(of_effect(complete, false), Answer::Result);
        let failed = br#"{"id":1,"result":{"content":[],"isError":true}}"#;
        assert_eq!(of_effect(failed, false), Answer::Error { no_effect: false });
        assert_eq!(of_effect(failed, true), Answer::Error { no_effect: true });
        let asks = br#"{"id":1,"result":{"resultType":"input_required","inputRequests":{}}}"#;
        assert_eq!(of_effect(asks, true), Answer::InputRequired);
        let task = br#"{"id":1,"result":{"task":{"taskId":"t"}}}"#;
        assert_eq!(of_effect(task, true), Answer::Task);
        assert_eq!(of_effect(b"{\"id\":1", true), Answer::Error { no_effect: false });
        for odd in
            [r#"7"#, "null", "[]", r#"{"isError":"true"}"#, r#"{"isError":null}"#, r#"{"resultType":7}"#]
        {
            let frame = format!(r#"{{"id":1,"result":{odd}}}"#);
            assert_eq!(of_effect(frame.as_bytes(), true), Answer::Error { no_effect: false }, "{odd}");
        }
    }

    #[test]
    fn only_plain_answers_are_readings() {
        assert!(of_reading(br#"{"id":1,"result":{"content":[]}}"#, &[]).is_ok());
        assert!(of_reading(br#"{"id":1,"error":{"code":1,"message":"no"}}"#, &[]).is_ok());
        assert_eq!(
            of_reading(br#"{"id":1,"result":{"resultType":"input_required"}}"#, &[]),
            Err(Unreadable::NotPlain)
        );
        assert_eq!(of_reading(b"nonsense", &[]), Err(Unreadable::NotPlain));
    }
}
