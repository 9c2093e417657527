//! What a refusal says: one sentence a model can act on, and *was* beside *now*, bounded.

use std::sync::Arc;
use std::time::Duration;

use lastlook_canon::{Json, Limits, parse};
use lastlook_kernel::{BasisReading, Code, Comparable, Reason, Unreadable, Value};
use similar::TextDiff;

use crate::attempt::{Held, SIGNING_KEY};
use crate::shown::clean;
use crate::withhold::{What, Withhold};

/// The longest diff shown, in bytes.
const LONGEST_DIFF: usize = 2000;
/// The longest arguments quoted in a sentence, in characters.
const LONGEST_CALL: usize = 200;
/// Texts longer than this are not compared line by line.
const LONGEST_TEXT: usize = 256 << 10;

/// One fact that is not what it was.
#[derive(Debug, Clone)]
pub(crate) struct Moved {
    tool: String,
    params: Arc<[u8]>,
    unreadable: Option<Unreadable>,
    /// *Was*, while its value was kept.
    pub(crate) was: Option<Arc<[u8]>>,
    /// *Now*, when it could be read and is not too large.
    pub(crate) now: Option<Arc<[u8]>>,
}

impl Moved {
    pub(crate) fn new(was: &BasisReading, now: Value, value: Option<&Comparable>) -> Moved {
        Moved {
            tool: was.tool.clone(),
            params: was.params.clone(),
            unreadable: match now {
                Value::Unreadable(why) => Some(why),
                Value::Read(_) => None,
            },
            was: was.value.clone(),
            now: value.map(|value| value.bytes.clone()).filter(|bytes| bytes.len() <= LONGEST_TEXT),
        }
    }

    /// The same without what is not kept of either side.
    pub(crate) fn without(&self, withhold: &Withhold) -> Moved {
        let left = |side: &Option<Arc<[u8]>>| {
            let left =
                |bytes: &Arc<[u8]>| withhold.left(What::Reading(&self.tool), bytes, None, false).bytes.into();
            side.as_ref().map(left)
        };
        Moved { was: left(&self.was), now: left(&self.now), ..self.clone() }
    }

    pub(crate) fn tool(&self) -> &str {
        &self.tool
    }

    pub(crate) fn is_about(&self, reading: &BasisReading) -> bool {
        self.tool == reading.tool && self.params == reading.params
    }

    /// The call that renews this part of the basis, as one would write it.
    fn call(&self) -> String {
        let arguments = lastlook_canon::members(&self.params).and_then(|params| params.get("arguments"));
        let text = String::from_utf8_lossy(arguments.unwrap_or(b"{}"));
        format!("`{}` with {}", self.tool, shortened(&text, LONGEST_CALL))
    }
}

/// The sentence and the diff of a refusal.
pub(crate) fn refusal(tool: &str, reasons: &[Reason], moved: &[Moved]) -> (String, Option<String>) {
    let about = |code: Code| reasons.iter().find(|reason| reason.code == code);
    let name = |reason: &Reason| reason.about.clone().unwrap_or_default();
    let calls = |wanted: fn(&&Moved) -> bool| {
        let mut calls: Vec<String> = moved.iter().filter(wanted).map(Moved::call).collect();
        calls.dedup();
        calls.join(", and ")
    };
    let not_run = format!("Not run: `{tool}` was refused because");
    let sentence = if let Some(reason) = about(Code::Halted) {
        format!(
            "{not_run} an operator has halted it ({}). Do not try it again, nor another way to the same end, before an operator says that it may go on.",
            name(reason)
        )
    } else if about(Code::FactChanged).is_some() {
        match calls(|moved| moved.unreadable.is_none()) {
            none if none.is_empty() => {
                format!(
                    "{not_run} what it rests on has changed since you read it. Read it again, then decide again."
                )
            }
            calls => format!(
                "{not_run} what it rests on has changed since you read it. Call {calls} again, then decide again."
            ),
        }
    } else if about(Code::FactUnstable).is_some() {
        match calls(|moved| moved.unreadable.is_none()) {
            none if none.is_empty() => {
                format!("{not_run} what it rests on keeps changing. Wait, then try again.")
            }
            calls => format!(
                "{not_run} what it rests on keeps changing. Wait, call {calls} again, then decide again."
            ),
        }
    } else if about(Code::FactUnreadable).is_some() {
        match calls(|moved| moved.unreadable.is_some()) {
            none if none.is_empty() => {
                format!(
                    "{not_run} what it rests on could not be read just now. Try again; if it goes on, an operator must look at the source."
                )
            }
            calls => format!(
                "{not_run} what it rests on could not be read again just now. Call {calls}; if that works, try again."
            ),
        }
    } else if about(Code::BasisMissing).is_some() {
        format!(
            "{not_run} you have not read what it would change, or not since it was last changed. Read it with one of the read tools, then decide again."
        )
    } else if about(Code::InDoubt).is_some_and(|reason| name(reason).starts_with("restored-")) {
        format!(
            "{not_run} the record was put back from a back-up, and nobody knows whether this was done meanwhile. Do not repeat it; an operator must look, and say `lastlook restored --doubt-ended`."
        )
    } else if let Some(reason) = about(Code::InDoubt) {
        format!(
            "{not_run} attempt {} on the same thing is under way, or nobody knows how it ended. Do not repeat it; an operator can settle it with `lastlook resolve {0}`.",
            name(reason)
        )
    } else if about(Code::ToolChanged).is_some() {
        format!(
            "{not_run} its definition changed since you were shown it. List the tools again, then decide again."
        )
    } else if about(Code::ToolUnknown).is_some() {
        format!("{not_run} the server lists no tool of that name. List the tools, and use one of them.")
    } else if about(Code::TaskUnsupported).is_some() {
        format!("{not_run} it asks to run as a task, whose end cannot be recorded. Call it without `task`.")
    } else if let Some(reason) = about(Code::NumberInexact) {
        format!(
            "{not_run} a number in it has no exact form ({}). Send that number as a string.",
            name(reason)
        )
    } else if let Some(reason) = about(Code::InvalidCall) {
        format!("{not_run} its `{}` is not what a tool call has there. It must be an object.", name(reason))
    } else if about(Code::StoreFull).is_some() {
        format!("{not_run} the disk that holds the record is full. An operator must make room.")
    } else if about(Code::Unrecorded).is_some() {
        format!(
            "{not_run} an earlier outcome could not be recorded. An operator must look at the record's disk first."
        )
    } else if about(Code::StoreUnavailable).is_some_and(|reason| reason.about.as_deref() == Some(SIGNING_KEY))
    {
        format!(
            "{not_run} the key that signs the record did not sign, and nothing runs unrecorded. An operator must look at the \
             signing key: the boundary's own messages name it and the way out."
        )
    } else if about(Code::StoreUnavailable).is_some() {
        format!(
            "{not_run} it could not be recorded, and nothing runs unrecorded. An operator must look at the record."
        )
    } else if let Some(reason) = reasons.first() {
        let guard = reason.guard.as_ref().map(|guard| format!(" (guard `{guard}`)")).unwrap_or_default();
        let (why, way_out) = plainly(reason);
        format!("{not_run} {why}{guard}. {way_out}")
    } else {
        format!("{not_run} it could not be decided. Nothing was sent; it may be tried again.")
    };
    (sentence, diff(moved))
}

/// Why one code refuses, and what an agent can do about it.
fn plainly(reason: &Reason) -> (String, &'static str) {
    let about = reason.about.as_deref().unwrap_or("it");
    let (why, way_out) = match reason.code {
        Code::FactStale => {
            ("what is known of it is too old", "Wait until its source has news, then try again.")
        }
        Code::ConditionFalse => {
            ("a condition of its guard does not hold now", "Read again what it is about, then decide again.")
        }
        Code::ConditionError => {
            ("a condition of its guard could not be evaluated", "An operator must look at the guard.")
        }
        Code::StepMissing => {
            return (
                format!("a step that must come first, `{about}`, is not proven"),
                "Do that step first; saying that it was done does not count.",
            );
        }
        Code::StepUndone => {
            return (
                format!("a step that must come first, `{about}`, no longer holds"),
                "Do that step again, then decide again.",
            );
        }
        Code::WindowClosed => {
            ("it may not run at this time", "Try again when it is open; nothing is caught up by itself.")
        }
        Code::TooEarly => ("it is too early for it", "Try again later."),
        Code::TooLate => ("it is too late for it", "Do not repeat it: its time is over."),
        Code::DecisionTooOld => {
            ("it was decided too long ago", "Read again what it rests on, then decide again.")
        }
        Code::SpacingTooShort => ("it comes too soon after the last one", "Wait a while, then try again."),
        Code::OnceDone => {
            return (format!("it was done already (receipt {about})"), "Do not repeat it.");
        }
        Code::KeyReused => {
            return (
                format!("its idempotency key stands for another action already (receipt {about})"),
                "Use a key of its own for each action.",
            );
        }
        Code::LimitExceeded => {
            ("its limit would be passed", "Ask for less, or try again in the next period.")
        }
        Code::LimitReserved => {
            ("its limit is full because of what is under way", "Try again when that has ended.")
        }
        Code::LimitInvalid => {
            return (
                format!("`{about}` is no amount that can be counted"),
                "Send a whole number, or a decimal in quotes, that is not negative.",
            );
        }
        Code::LeaseTaken => ("somebody else is at it", "Try again later."),
        Code::LeaseExpired => ("it took too long before it could be sent", "Try again."),
        Code::ApprovalRequired => ("a person must approve it first", "Ask an operator."),
        Code::ApprovalRejected => ("a person said no", "Do not repeat it; ask an operator why."),
        Code::ApprovalRevoked => (
            "its approval was taken back, ran out or is used already",
            "Ask an operator before you repeat it.",
        ),
        Code::TooManyHeld => ("too many actions wait for approval already", "Wait until some are decided."),
        Code::TextHidden => (
            "people would have to read it, and it has characters that they would not see",
            "Send it without them.",
        ),
        Code::PolicyDenied => {
            ("the policy does not permit it", "Do not repeat it; ask an operator if it should be.")
        }
        Code::PolicyError => ("the policy could not be evaluated", "An operator must look at the policy."),
        Code::PolicyInvalid => {
            ("the rules do not fit the server's tools", "An operator must put them right first.")
        }
        Code::TemplateUnfilled => {
            return (
                format!("its guard needs an argument that is missing or may not stand there (`{about}`)"),
                "Correct the arguments.",
            );
        }
        Code::PathAmbiguous => ("a path in it can mean two things", "Name the path without `..`."),
        Code::ConfigurationChanged => ("the rules changed meanwhile", "Try again."),
        Code::LookTooOld | Code::StandingChanged => {
            ("the world kept moving while it was checked", "Try again.")
        }
        Code::Cancelled => ("it was cancelled", "Nothing was sent."),
        Code::DuplicateId => ("its request id is in use", "Use another id."),
        Code::UpstreamGone => ("the server is not there", "Try again when it is."),
        Code::BasisTooLarge => {
            ("it rests on more readings than are checked at once", "Do it in smaller parts.")
        }
        Code::Halted
        | Code::FactChanged
        | Code::FactUnstable
        | Code::FactUnreadable
        | Code::BasisMissing
        | Code::ToolUnknown
        | Code::ToolChanged
        | Code::TaskUnsupported
        | Code::InDoubt
        | Code::InvalidCall
        | Code::NumberInexact
        | Code::StoreUnavailable
        | Code::StoreFull
        | Code::Unrecorded => (reason.code.as_str(), "Nothing was sent; it may be tried again."),
    };
    (why.to_owned(), way_out)
}

/// What single conditions expected and found, below the sentence: only what the agent may be told.
pub(crate) fn with_conditions(diff: Option<String>, reasons: &[Reason]) -> Option<String> {
    let mut shown = diff.unwrap_or_default();
    for reason in reasons {
        let Some(said) = reason.said.as_ref() else { continue };
        if !shown.is_empty() {
            shown.push('\n');
        }
        shown.push_str(reason.code.as_str());
        for (word, name) in [("guard", &reason.guard), ("about", &reason.about)] {
            if let Some(name) = name {
                shown.push_str(&format!(", {word} `{name}`"));
            }
        }
        if said.for_agent {
            shown.push_str(&format!(": expected {}; {}", said.expected, said.actual));
        }
        if let Some(hint) = &said.hint {
            shown.push_str(&format!("; {hint}"));
        }
    }
    (!shown.is_empty()).then(|| shortened(&shown, LONGEST_DIFF))
}

/// What is said when the tool said that it succeeded and the world says that it did not.
pub(crate) fn contradicted(tool: &str, receipt: &str) -> String {
    format!(
        "`{tool}` answered that it succeeded, but its effect does not show: it was looked for and is not there. Do not report it as done; receipt {receipt}."
    )
}

impl Held {
    /// What is said to the agent.
    pub fn sentence(&self) -> String {
        let Held { tool, request, .. } = self;
        format!(
            "`{tool}` has not run: {} must approve it first. It waits as `{request}`. Once it is approved, call it again with exactly the same arguments; until then every such call gets this answer.",
            self.by()
        )
    }

    /// What is said to the agent when its user did not want to wait.
    pub fn given_up(&self) -> String {
        let Held { tool, request, .. } = self;
        format!(
            "`{tool}` has not run: {} must approve it first, and the user of this client does not wait for that. It stays open as `{request}`. Once it is approved, call it again with exactly the same arguments.",
            self.by()
        )
    }

    /// What the user of a client reads that cannot be shown the page.
    pub fn notice(&self) -> String {
        let Held { tool, request, .. } = self;
        clean(&format!(
            "`{tool}` waits for {} (request {request}). They see and decide it with `lastlook approvals {request}`, or on the page of `lastlook console`. Accept: wait for their word, and look again. Decline: do not wait. Neither approves anything.",
            self.by()
        ))
    }

    /// What the user of a client reads who can be shown the page.
    pub fn notice_with_page(&self) -> String {
        let Held { tool, request, .. } = self;
        clean(&format!(
            "`{tool}` waits for {} (request {request}). The page shows what would be done, and is where they decide; it opens in the browser of whoever started `lastlook console`. To go there approves nothing.",
            self.by()
        ))
    }

    fn by(&self) -> String {
        if self.by.is_empty() { "somebody".to_owned() } else { self.by.join(" and ") }
    }
}

/// What is added when the world moved after an approval, and people are asked again.
pub(crate) fn asked_again(request: &str) -> String {
    format!(" People are asked again, with what is true now, as `{request}`.")
}

/// What is said when no answer will come.
pub(crate) fn lost(tool: &str, receipt: &str) -> String {
    format!(
        "The outcome of `{tool}` is unknown: the server ended, or never said, before the answer came. It may have happened. Do not repeat it before you have read what it would have changed; receipt {receipt}."
    )
}

/// What is said when nobody reported how an act went.
pub(crate) fn unreported(tool: &str, receipt: &str) -> String {
    format!(
        "The outcome of `{tool}` is unknown: it was begun, and nobody reported in time how it went. It may have happened. Do not repeat it before you have read what it would have changed; receipt {receipt}."
    )
}

/// What is said when no answer came and the effect was seen all the same.
pub(crate) fn lost_but_seen(tool: &str, receipt: &str) -> String {
    format!(
        "`{tool}` happened: its answer was lost, but its effect was seen. Do not repeat it; what it answered can only be read anew; receipt {receipt}."
    )
}

/// What is said when the outcome could not be recorded.
pub(crate) fn unrecorded(tool: &str) -> String {
    format!(
        "`{tool}` was sent, and how it ended could not be recorded: it may have happened. Nothing more will run until the record works again."
    )
}

/// *Was* and *now* side by side, at most [`LONGEST_DIFF`] bytes.
fn diff(moved: &[Moved]) -> Option<String> {
    let mut shown = String::new();
    for moved in moved {
        let (Some(was), Some(now)) = (&moved.was, &moved.now) else { continue };
        let (was, now) = (text_of(was), text_of(now));
        if was == now {
            continue;
        }
        let diff = TextDiff::configure().timeout(Duration::from_millis(50)).diff_lines(&was, &now);
        shown.push_str(&format!("{}:\n", moved.call()));
        shown.push_str(&diff.unified_diff().context_radius(1).header("was", "now").to_string());
    }
    (!shown.is_empty()).then(|| shortened(&shown, LONGEST_DIFF))
}

/// The text of a reading as a person would read it: its text blocks, else its JSON.
pub fn text_of(comparable: &[u8]) -> String {
    let parsed = parse(comparable, &Limits::default()).ok();
    let blocks = parsed.as_ref().and_then(|value| value.get("content")).and_then(Json::as_array);
    let texts: Vec<&str> = blocks
        .unwrap_or_default()
        .iter()
        .filter_map(|block| block.get("text").and_then(Json::as_str))
        .collect();
    let mut text = match texts.is_empty() {
        false => texts.join("\n"),
        true => String::from_utf8_lossy(comparable).into_owned(),
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let mut kept: String = text
        .chars()
        .scan(0, |taken, c| {
            *taken += c.len_utf8();
            (*taken <= most).then_some(c)
        })
        .collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_sentence_that_says_what_to_do() {
        for code in Code::ALL {
            let (sentence, _) = refusal("edit_file", &[Reason::about(*code, "x")], &[]);
            assert!(sentence.starts_with("Not run: `edit_file` was refused because"), "{sentence}");
            assert!(sentence.ends_with('.'), "{sentence}");
        }
    }

    #[test]
    fn long_text_is_cut_at_a_character() {
        assert_eq!(shortened("aéé", 3), "aé…");
        assert_eq!(shortened("abc", 3), "abc");
    }
}
