//! Telling a client's user that their call waits for people, with what the protocol has for that: elicitation.
//!
//! Their answer says whether the call goes on waiting, and nothing else. It comes through the agent's own client, and so it
//! is never an approval: those come from people with keys of their own.

mod asks;
mod brought;
mod on_hold;

use lastlook_canon::{members, string_of};
use lastlook_engine::Held;
use serde_json::{Value, json};

use super::session::Session;

pub(super) use asks::Asks;
pub(super) use brought::{Brought, Found, KEY, brought};
pub(super) use on_hold::OnHold;

/// Which elicitations a client can put before its user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Elicits {
    form: bool,
    url: bool,
}

impl Elicits {
    /// From a client's raw `ClientCapabilities`. An `elicitation` without a mode means forms (MCP 2025-11-25, elicitation).
    pub(super) fn of(capabilities: Option<&[u8]>) -> Elicits {
        let declared = capabilities.and_then(members).and_then(|all| all.get("elicitation"));
        let Some(declared) = declared.and_then(members) else { return Elicits::default() };
        let has = |mode| declared.get(mode).is_some_and(|value| value.starts_with(b"{"));
        Elicits { form: has("form") || !has("url"), url: has("url") }
    }
}

/// How a client's user is told.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Notice {
    /// By the page of the request, at this address.
    Page(String),
    /// By a form without fields: a text with two buttons.
    Text,
}

impl Notice {
    /// The `ElicitRequestParams` of MCP 2026-07-28.
    fn params(&self, held: &Held) -> Value {
        match self {
            Notice::Page(url) => json!({"mode": "url", "message": held.notice_with_page(), "url": url}),
            Notice::Text => json!({
                "mode": "form",
                "message": held.notice(),
                "requestedSchema": {"type": "object", "properties": {}},
            }),
        }
    }
}

/// What a client's user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// To wait, and look again.
    Accept,
    /// Not to wait.
    GiveUp,
}

impl Answer {
    /// From a raw `ElicitResult`; `None` for anything else.
    fn of(result: &[u8]) -> Option<Answer> {
        match &*string_of(members(result)?.get("action")?)? {
            "accept" => Some(Answer::Accept),
            "decline" | "cancel" => Some(Answer::GiveUp),
            _ => None,
        }
    }
}

impl Session {
    /// How the user of a client that can show this much is told; `None`: not at all.
    fn notice(&self, elicits: Elicits, held: &Held) -> Option<Notice> {
        if !self.boundary.settings().elicit {
            return None;
        }
        let page = || self.boundary.console().map(|at| format!("http://{at}/requests/{}", held.request));
        match elicits {
            Elicits { url: true, form } => page().map(Notice::Page).or(form.then_some(Notice::Text)),
            Elicits { url: false, form } => form.then_some(Notice::Text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_declares_is_what_it_is_asked() {
        let check = |capabilities: &str, form, url| {
            assert_eq!(Elicits::of(Some(capabilities.as_bytes())), Elicits { form, url }, "{capabilities}");
        };
        check("{}", false, false);
        check(r#"{"elicitation":{}}"#, true, false);
        check(r#"{"elicitation":{"form":{}}}"#, true, false);
        check(r#"{"elicitation":{"url":{}}}"#, false, true);
        check(r#"{"elicitation":{"url":{},"form":{"x":1}}}"#, true, true);
        check(r#"{"elicitation":{"url":null}}"#, true, false);
        check(r#"{"elicitation":true}"#, false, false);
        check("7", false, false);
        assert_eq!(Elicits::of(None), Elicits::default());
    }

    #[test]
    fn an_answer_is_one_of_three_words() {
        let check = |result: &str, expect| assert_eq!(Answer::of(result.as_bytes()), expect, "{result}");
        check(r#"{"action":"accept","content":{}}"#, Some(Answer::Accept));
        check(r#"{"action":"decline"}"#, Some(Answer::GiveUp));
        check(r#"{"action":"cancel"}"#, Some(Answer::GiveUp));
        for nonsense in [r#"{"action":"Accept"}"#, r#"{"action":true}"#, "{}", "[]", r#""accept""#] {
            check(nonsense, None);
        }
    }
}
