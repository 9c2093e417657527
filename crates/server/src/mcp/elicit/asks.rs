//! What a client of the revisions with a handshake was asked: by requests of the boundary's own, under ids of its own.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lastlook_canon::{members, string_of};

use super::{Answer, Elicits};

/// The first revision with elicitation, and the first with its url mode.
const FIRST: &str = "2025-06-18";
const FIRST_WITH_URL: &str = "2025-11-25";
/// How many requests are remembered; beyond that those that nobody asks about any more are forgotten.
const MOST: usize = 1000;

/// What one client was asked.
#[derive(Debug)]
pub(in super::super) struct Asks {
    /// What every id of ours begins with.
    prefix: String,
    inside: Mutex<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    /// What the client declared, and the revision that was agreed on.
    declared: Elicits,
    revision: Option<String>,
    last: u64,
    /// By the request that people must decide.
    asked: HashMap<String, Ask>,
}

#[derive(Debug)]
struct Ask {
    number: u64,
    /// Whether the call that asked still waits.
    open: bool,
    answer: Option<Answer>,
}

/// Whether the client must be asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// Under this id.
    Now(String),
    /// It is being asked by another call, or has said that it waits.
    Waits,
    /// It has said that it does not wait.
    GaveUp,
    /// It was asked before, and has not answered in time.
    Silent,
}

impl Asks {
    /// Nobody was asked anything. `nonce` keeps our ids apart from the server's.
    pub(in super::super) fn new(nonce: [u8; 8]) -> Asks {
        Asks { prefix: format!("lastlook-ask-{}-", hex::encode(nonce)), inside: Mutex::default() }
    }

    /// Takes in the params of the client's `initialize`.
    pub(in super::super) fn note_client(&self, params: Option<&[u8]>) {
        let capabilities = params.and_then(members).and_then(|params| params.get("capabilities"));
        self.lock().declared = Elicits::of(capabilities);
    }

    /// Takes in the server's answer to it.
    pub(in super::super) fn note_agreed(&self, result: Option<&[u8]>) {
        let revision = result.and_then(members).and_then(|result| result.get("protocolVersion"));
        self.lock().revision = revision.and_then(string_of).map(std::borrow::Cow::into_owned);
    }

    /// What the client can be asked under the revision that was agreed on. Revisions are dates.
    pub(super) fn elicits(&self) -> Elicits {
        let inside = self.lock();
        let since = |first| inside.revision.as_deref().is_some_and(|revision| revision >= first);
        let Elicits { form, url } = inside.declared;
        // Before there were modes, whoever could elicit could show forms.
        Elicits {
            form: (form || url && !since(FIRST_WITH_URL)) && since(FIRST),
            url: url && since(FIRST_WITH_URL),
        }
    }

    /// Asks about a request, once in a session.
    pub(super) fn ask(&self, request: &str) -> Asking {
        let mut inside = self.lock();
        match inside.asked.get(request) {
            Some(Ask { answer: Some(Answer::GiveUp), .. }) => return Asking::GaveUp,
            Some(Ask { answer: Some(Answer::Accept), .. } | Ask { open: true, .. }) => return Asking::Waits,
            Some(Ask { open: false, .. }) => return Asking::Silent,
            None => {}
        }
        if inside.asked.len() >= MOST {
            inside.asked.retain(|_, ask| ask.open);
        }
        inside.last += 1;
        let number = inside.last;
        inside.asked.insert(request.to_owned(), Ask { number, open: true, answer: None });
        Asking::Now(format!("{}{number}", self.prefix))
    }

    /// Takes an answer if it is to a request of ours: the first counts, while the call waits. `result` is its raw result,
    /// nothing for an error: whoever cannot ask their user does not wait for them.
    pub(in super::super) fn take_answer(&self, id: &[u8], result: Option<&[u8]>) -> bool {
        let Some(number) = self.own_number(id) else { return false };
        let answer = result.and_then(Answer::of).unwrap_or(Answer::GiveUp);
        let mut inside = self.lock();
        if let Some(ask) = inside.asked.values_mut().find(|ask| ask.number == number)
            && ask.open
        {
            ask.answer.get_or_insert(answer);
        }
        true
    }

    /// True for an id of our own making.
    pub(in super::super) fn is_own_id(&self, id: &[u8]) -> bool {
        self.own_number(id).is_some()
    }

    fn own_number(&self, id: &[u8]) -> Option<u64> {
        string_of(id)?.strip_prefix(self.prefix.as_str())?.parse().ok()
    }

    /// What was answered about a request.
    pub(super) fn answer(&self, request: &str) -> Option<Answer> {
        self.lock().asked.get(request)?.answer
    }

    /// The call that asked waits no more; true when nobody has answered, and nobody needs to.
    pub(super) fn close(&self, request: &str) -> bool {
        let mut inside = self.lock();
        let Some(ask) = inside.asked.get_mut(request) else { return false };
        ask.open = false;
        ask.answer.is_none()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(capabilities: &str, revision: &str) -> Asks {
        let asks = Asks::new([7; 8]);
        asks.note_client(Some(format!(r#"{{"capabilities":{capabilities}}}"#).as_bytes()));
        asks.note_agreed(Some(format!(r#"{{"protocolVersion":"{revision}"}}"#).as_bytes()));
        asks
    }

    #[test]
    fn a_client_is_asked_only_what_its_revision_has() {
        let check = |capabilities, revision, form, url| {
            assert_eq!(
                asks(capabilities, revision).elicits(),
                Elicits { form, url },
                "{capabilities} {revision}"
            );
        };
        check(r#"{"elicitation":{}}"#, "2025-11-25", true, false);
        check(r#"{"elicitation":{"url":{}}}"#, "2025-11-25", false, true);
        check(r#"{"elicitation":{"url":{},"form":{}}}"#, "2025-11-25", true, true);
        check(r#"{"elicitation":{"url":{}}}"#, "2025-06-18", true, false);
        check(r#"{"elicitation":{}}"#, "2025-03-26", false, false);
        check("{}", "2025-11-25", false, false);
        let unanswered = Asks::new([7; 8]);
        unanswered.note_client(Some(br#"{"capabilities":{"elicitation":{}}}"#));
        assert_eq!(unanswered.elicits(), Elicits::default(), "before anything was agreed on");
    }

    #[test]
    fn a_request_is_asked_about_once_and_the_first_answer_counts() {
        let asks = asks(r#"{"elicitation":{}}"#, "2025-11-25");
        let Asking::Now(id) = asks.ask("ask-1") else { panic!("nobody was asked") };
        assert_eq!(asks.ask("ask-1"), Asking::Waits);
        let id = format!("\"{id}\"");
        assert!(
            asks.is_own_id(id.as_bytes()) && !asks.is_own_id(b"1") && !asks.is_own_id(b"\"lastlook-ask-1\"")
        );
        assert!(!asks.take_answer(b"1", Some(br#"{"action":"accept"}"#)));
        assert!(asks.take_answer(id.as_bytes(), Some(br#"{"action":"accept"}"#)));
        assert!(asks.take_answer(id.as_bytes(), Some(br#"{"action":"decline"}"#)), "ours all the same");
        assert_eq!(asks.answer("ask-1"), Some(Answer::Accept));
        assert!(!asks.close("ask-1"));
        assert_eq!(asks.ask("ask-1"), Asking::Waits);
    }

    #[test]
    fn nonsense_is_not_waited_for_and_silence_is_not_asked_again() {
        let asks = asks(r#"{"elicitation":{}}"#, "2025-11-25");
        let Asking::Now(id) = asks.ask("ask-1") else { panic!("nobody was asked") };
        assert!(asks.take_answer(format!("\"{id}\"").as_bytes(), Some(b"[]")));
        assert_eq!(asks.ask("ask-1"), Asking::GaveUp);
        let Asking::Now(id) = asks.ask("ask-2") else { panic!("nobody was asked") };
        assert!(asks.close("ask-2"));
        assert!(asks.take_answer(format!("\"{id}\"").as_bytes(), Some(br#"{"action":"accept"}"#)));
        assert_eq!(asks.ask("ask-2"), Asking::Silent, "too late is no answer");
    }
}
