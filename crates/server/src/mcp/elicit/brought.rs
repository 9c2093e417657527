//! What a call brings back of an answer of ours: a slip, and what its user said. Neither is the server's to see.

use lastlook_canon::{Members, members, string_of};
use lastlook_upstream::without_members;

use super::Answer;

/// The key of our one `InputRequest`, and of the answer to it.
pub(in super::super) const KEY: &str = "approval";
/// The members of a call's params in which a client brings something back (MCP 2026-07-28, multi round-trip requests).
const STATE: &str = "requestState";
const RESPONSES: &str = "inputResponses";

/// What a call brings back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Brought {
    /// The slip, not looked at yet.
    pub(in super::super) slip: String,
    /// What the user said; `None` when nothing came back of it.
    pub(in super::super) answer: Option<Answer>,
}

/// What was found in a call.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Found {
    /// Nothing of ours.
    Nothing,
    /// A slip, and the call without it.
    Ours {
        /// What it brings back.
        brought: Brought,
        /// Its params without that.
        params: Vec<u8>,
        /// Its frame without that.
        frame: Vec<u8>,
    },
    /// A slip, and something that is no answer.
    Senseless,
}

/// Looks for a slip of ours in a call. `inside` is what its raw `params` hold, `prefix` what slips begin with.
pub(in super::super) fn brought(frame: &[u8], params: &[u8], inside: &Members<'_>, prefix: &str) -> Found {
    let state = inside.get(STATE).and_then(string_of);
    let Some(slip) = state.filter(|state| state.starts_with(prefix)) else { return Found::Nothing };
    let answer = match inside.get(RESPONSES).map(members) {
        None => Ok(None),
        Some(None) => Err(()),
        Some(Some(responses)) => match responses.get(KEY).map(Answer::of) {
            None => Ok(None),
            Some(answer) => answer.map(Some).ok_or(()),
        },
    };
    let rest = || {
        let span = members(frame)?.span_of("params")?;
        let params = without_members(params, &[STATE, RESPONSES])?;
        let frame = [frame.get(..span.start)?, &params, frame.get(span.end..)?].concat();
        Some((params, frame))
    };
    match (answer, rest()) {
        (Ok(answer), Some((params, frame))) => {
            Found::Ours { brought: Brought { slip: slip.into_owned(), answer }, params, frame }
        }
        _ => Found::Senseless,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(params: &str) -> Found {
        let frame = format!("{{\"id\":1, \"params\" : {params} ,\"method\":\"tools/call\"}}\n");
        brought(frame.as_bytes(), params.as_bytes(), &members(params.as_bytes()).unwrap(), "lastlook-00.")
    }

    #[track_caller]
    fn check(params: &str, answer: Option<Answer>, left: &str) {
        let frame = format!("{{\"id\":1, \"params\" : {left} ,\"method\":\"tools/call\"}}\n");
        let brought = Brought { slip: "lastlook-00.x".to_owned(), answer };
        assert_eq!(found(params), Found::Ours { brought, params: left.into(), frame: frame.into_bytes() });
    }

    #[test]
    fn ours_is_cut_out_and_the_rest_stays_as_it_was() {
        check(
            r#"{"name":"t","inputResponses":{"approval":{"action":"accept"},"more":1},"requestState":"lastlook-00.x", "arguments":{"n": 1.0}}"#,
            Some(Answer::Accept),
            r#"{"name":"t","arguments":{"n": 1.0}}"#,
        );
        check(r#"{"request\u0053tate":"last\u006cook-00.x","name":"t"}"#, None, r#"{"name":"t"}"#);
        check(r#"{"requestState":"lastlook-00.x","inputResponses":{}}"#, None, "{}");
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        for params in [
            r#"{"name":"t"}"#,
            r#"{"requestState":"somebody else's","inputResponses":{"approval":{"action":"accept"}}}"#,
            r#"{"requestState":"lastlook-01.x"}"#,
            r#"{"requestState":7}"#,
            r#"{"inputResponses":{"approval":{"action":"accept"}}}"#,
        ] {
            assert_eq!(found(params), Found::Nothing, "{params}");
        }
    }

    #[test]
    fn an_answer_that_is_none_is_no_answer() {
        for responses in
            ["7", r#"{"approval":{}}"#, r#"{"approval":{"action":"yes"}}"#, r#"{"approval":"accept"}"#]
        {
            let params = format!(r#"{{"requestState":"lastlook-00.x","inputResponses":{responses}}}"#);
            assert_eq!(found(&params), Found::Senseless, "{params}");
        }
    }
}
