//! One call, as far as its client's user hears of it while it waits for people.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lastlook_canon::members;
use lastlook_engine::{Caller, Delivery, Held};
use tokio::task::JoinHandle;

use super::super::deliver::Call;
use super::super::reply;
use super::super::session::{Era, Session};
use super::asks::Asking;
use super::{Answer, Elicits, Notice};

/// How long a call waits whose user was told, where nothing says how long. The official TypeScript client gives up a
/// request after 60 s unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(50);
/// The `_meta` key under which each request of MCP 2026-07-28 says what its client can do.
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// One call, as far as its client's user hears of it.
#[derive(Debug)]
pub(in super::super) struct OnHold {
    session: Arc<Session>,
    era: Era,
    /// What the call itself says that its client can show.
    elicits: Elicits,
    /// What its user said to the answer before, if it brings that back.
    answer: Option<Answer>,
    waits_for: Mutex<Option<String>>,
    asked: Mutex<Vec<Asked>>,
}

/// A request of our own to the client.
#[derive(Debug)]
struct Asked {
    request: String,
    id: String,
    with_page: bool,
    /// Written to the client.
    sent: JoinHandle<()>,
}

impl OnHold {
    pub(in super::super) fn new(session: &Arc<Session>, call: &Call) -> OnHold {
        let meta = members(&call.params).and_then(|params| params.get("_meta")).and_then(members);
        OnHold {
            session: Arc::clone(session),
            era: call.era,
            elicits: Elicits::of(meta.and_then(|meta| meta.get(CAPABILITIES))),
            answer: call.brought.as_ref().and_then(|brought| brought.answer),
            waits_for: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// The answer to a call that waits for people.
    pub(in super::super) async fn reply(&self, call: &Call, held: &Held) -> Vec<u8> {
        let notice = match self.era {
            Era::Stateless => self.session.notice(self.elicits, held),
            Era::Session => None,
        };
        if let Some(notice) = notice {
            match self.session.boundary.slip_for(held).await {
                Ok(slip) => {
                    return reply::input_required(&call.id, &notice.params(held), &slip, &held.request);
                }
                Err(error) => tracing::error!("the client cannot be asked: {error}"),
            }
        }
        let sentence = if self.user_gave_up() { held.given_up() } else { held.sentence() };
        reply::held(&call.id, call.era, &sentence, &held.request)
    }

    /// The call has come to its end: what it asked is taken back, and whoever was sent to a page hears that it was decided.
    pub(in super::super) async fn has_ended(&self, delivery: &Delivery) {
        let asked = std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        for Asked { request, id, with_page, sent } in asked {
            // Not before it is there.
            let _ = sent.await;
            if self.session.asks.close(&request) {
                self.session.write(reply::take_back(&id).into()).await;
            }
            let is_decided = match delivery {
                Delivery::Held(held) => held.request != request,
                Delivery::Nothing => false,
                Delivery::Answer { .. }
                | Delivery::Refusal(_)
                | Delivery::Contradicted { .. }
                | Delivery::Lost { .. } => true,
            };
            if with_page && is_decided {
                self.session.write(reply::elicited(&id).into()).await;
            }
        }
    }

    /// Asks the client, by a request of our own.
    fn ask(&self, id: String, notice: &Notice, held: &Held) {
        let frame = reply::elicit(&id, notice.params(held));
        let sent = self.session.runtime.spawn(Arc::clone(&self.session).answer(frame));
        let with_page = matches!(notice, Notice::Page(_));
        let asked = Asked { request: held.request.clone(), id, with_page, sent };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
    }

    /// Whether the client's user was asked, and does not want to wait.
    fn user_gave_up(&self) -> bool {
        let waits_for = self.waits_for.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(request) = &*waits_for else { return false };
        self.era == Era::Session && self.session.asks.answer(request) == Some(Answer::GiveUp)
    }
}

impl Caller for OnHold {
    fn is_held(&self, held: &Held) -> Duration {
        *self.waits_for.lock().unwrap_or_else(PoisonError::into_inner) = Some(held.request.clone());
        let wait = self.session.boundary.settings().wait_for_approval;
        let patience = if wait.is_zero() { PATIENCE } else { wait };
        let elicits = match self.era {
            Era::Stateless => self.elicits,
            Era::Session => self.session.asks.elicits(),
        };
        let Some(notice) = self.session.notice(elicits, held) else { return wait };
        match self.era {
            // The first answer tells the user; the call that comes back with theirs waits.
            Era::Stateless if self.answer == Some(Answer::Accept) => patience,
            Era::Stateless => Duration::ZERO,
            Era::Session => match self.session.asks.ask(&held.request) {
                Asking::Now(id) => {
                    self.ask(id, &notice, held);
                    patience
                }
                Asking::Waits => patience,
                Asking::GaveUp => Duration::ZERO,
                Asking::Silent => wait,
            },
        }
    }

    fn gives_up(&self) -> bool {
        self.session.ends.load(Ordering::SeqCst) || self.user_gave_up()
    }
}
