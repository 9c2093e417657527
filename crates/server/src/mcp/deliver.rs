//! From a call of an effect to its answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lastlook_canon::members;
use lastlook_engine::{Delivery, Proposal, SlipRefused};
use lastlook_kernel::{Class, Outcome, Tool};
use tokio::sync::{oneshot, watch};

use super::elicit::{Answer, Brought, OnHold};
use super::in_flight::Waiting;
use super::reply;
use super::session::{Era, Session};

/// How often a client that waits for people is told so.
const BETWEEN_PROGRESS: Duration = Duration::from_secs(2);

/// One tool call as it stands in the client's stream.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) id: Arc<[u8]>,
    pub(super) era: Era,
    pub(super) params: Arc<[u8]>,
    /// The exact frame, line break included.
    pub(super) frame: Arc<[u8]>,
    /// What it brings back of an answer of ours; the frame is without it.
    pub(super) brought: Option<Brought>,
}

impl Session {
    /// Makes an attempt of a call. `register` enters it among the requests in flight; false: it was cancelled.
    pub(super) fn attempt(
        self: &Arc<Self>,
        call: Call,
        tool: Arc<Tool>,
        register: impl FnOnce(Waiting) -> bool,
    ) {
        let proposal = match self.boundary.propose(tool, Arc::clone(&call.params), Arc::clone(&call.frame)) {
            Ok(proposal) => proposal,
            Err(error) => {
                self.in_flight.forget(&call.id);
                let frame = reply::error(Some(&call.id), reply::INTERNAL_ERROR, &error.to_string());
                self.runtime.spawn(Arc::clone(self).answer(frame));
                return;
            }
        };
        let (answer, answered) = oneshot::channel();
        if register(Waiting::Effect { answer, control: Arc::clone(&proposal.control) }) {
            let session = Arc::clone(self);
            self.attempts.spawn_on(session.run(call, proposal, answered), &self.runtime);
        }
    }

    async fn run(self: Arc<Self>, call: Call, proposal: Proposal, answered: oneshot::Receiver<Arc<[u8]>>) {
        let tool = Arc::clone(&proposal.tool);
        if let Some(brought) = &call.brought
            && let Some(frame) = self.take_back(&call, brought, &proposal).await
        {
            self.in_flight.forget(&call.id);
            if !proposal.control.is_cancelled() {
                self.write(frame.into()).await;
            }
            return;
        }
        let waiting = proposal.control.waiting();
        let on_hold = OnHold::new(&self, &call);
        let running = self.boundary.run(proposal, answered, &on_hold);
        let delivery = tokio::select! {
            biased;
            delivery = running => delivery,
            never = self.tell_progress(&call.params, waiting) => match never {},
        };
        on_hold.has_ended(&delivery).await;
        let shows = matches!(&delivery, Delivery::Answer { outcome, .. } if *outcome == Outcome::Succeeded);
        let frame: Option<Arc<[u8]>> = match delivery {
            Delivery::Answer { frame, receipt, .. } if self.boundary.settings().receipt_meta => {
                Some(reply::with_receipt(&frame, &receipt).into())
            }
            Delivery::Answer { frame, .. } => Some(frame),
            Delivery::Refusal(refusal) => Some(reply::refusal(&call.id, call.era, &refusal).into()),
            Delivery::Contradicted { receipt, sentence } => {
                Some(reply::contradicted(&call.id, call.era, &sentence, &receipt).into())
            }
            Delivery::Held(held) => Some(on_hold.reply(&call, &held).await.into()),
            Delivery::Lost { receipt, sentence, code, outcome } => {
                Some(reply::lost(&call.id, call.era, &sentence, code, outcome, receipt.as_deref()).into())
            }
            Delivery::Nothing => None,
        };
        // Before the answer leaves: the client may use the id again as soon as it has it.
        self.in_flight.forget(&call.id);
        let Some(frame) = frame else { return };
        if shows && (tool.class == Class::Read || self.boundary.reader().watches(&tool.name)) {
            self.give_and_note(tool, call.params, frame).await;
        } else {
            self.write(frame).await;
        }
    }

    /// Takes what a call brings back of an answer of ours; the call's answer, if it ends with that.
    async fn take_back(&self, call: &Call, brought: &Brought, proposal: &Proposal) -> Option<Vec<u8>> {
        let request = match self.boundary.take_slip(&brought.slip, proposal).await {
            Ok(request) => request,
            Err(why) => {
                tracing::warn!("a call of `{}` was not passed on: {why}", proposal.tool.name);
                let code = match why {
                    SlipRefused::NotForThisCall | SlipRefused::Late | SlipRefused::Spent => {
                        reply::INVALID_PARAMS
                    }
                    SlipRefused::Unchecked(_) => reply::INTERNAL_ERROR,
                };
                let message =
                    format!("{why}; nothing has run: call again without `requestState` and `inputResponses`");
                return Some(reply::error(Some(&call.id), code, &message));
            }
        };
        if brought.answer != Some(Answer::GiveUp) {
            return None;
        }
        let held = match self.boundary.held(&request) {
            Ok(held) => held?,
            Err(error) => {
                return Some(reply::error(Some(&call.id), reply::INTERNAL_ERROR, &error.to_string()));
            }
        };
        Some(reply::held(&call.id, call.era, &held.given_up(), &request))
    }

    /// Tells a client that asked for progress that people are waited for, for as long as they are; never ends.
    async fn tell_progress(
        &self,
        params: &[u8],
        mut waiting: watch::Receiver<Option<String>>,
    ) -> std::convert::Infallible {
        let token = members(params).and_then(|params| members(params.get("_meta")?)?.get("progressToken"));
        let Some(token) = token else { return std::future::pending().await };
        let began = Instant::now();
        loop {
            if waiting.changed().await.is_err() {
                return std::future::pending().await;
            }
            let request = waiting.borrow_and_update().clone();
            if let Some(request) = request {
                let frame = reply::progress(token, began.elapsed().as_secs_f64(), &request);
                self.write(frame.into()).await;
                tokio::time::sleep(BETWEEN_PROGRESS).await;
            }
        }
    }

    /// Gives an answer that the agent may rest its next action on, noted under the same lock as every other reading.
    async fn give_and_note(self: &Arc<Self>, tool: Arc<Tool>, params: Arc<[u8]>, frame: Arc<[u8]>) {
        let session = Arc::clone(self);
        let given = tokio::task::spawn_blocking(move || {
            let mut giving = session.boundary.reader().giving();
            if session.give(&frame) {
                match tool.class {
                    Class::Read => giving.note(tool, params, &frame),
                    Class::Write | Class::Destructive => giving.note_effect(tool, params, &frame),
                }
            }
        });
        if let Err(error) = given.await {
            tracing::error!("an answer could not be given: {error}");
        }
    }

    /// Whether a call of this tool only reads, and nothing has to be judged or recorded of it.
    pub(super) fn only_reads(&self, tool: &Tool) -> bool {
        tool.class == Class::Read && tool.definition.is_some() && !self.boundary.judges_reads_of(&tool.name)
    }

    /// A call whose tool was not known when it came: lists the tools first.
    pub(super) async fn dispatch_parked(self: Arc<Self>, call: Call, name: String) {
        self.ensure_listed().await;
        let catalog = self.boundary.catalog();
        let tool = catalog.tool(&name).unwrap_or_else(|| catalog.unlisted(&name));
        // What was cut is no longer what the client sent: it goes the way of what is judged.
        if self.only_reads(&tool) && call.brought.is_none() {
            let waiting = Waiting::Read { tool, params: Arc::clone(&call.params) };
            if !self.in_flight.unpark(&call.id, waiting) {
                return;
            }
            self.boundary.count_read(&name);
            if let Err(error) = self.boundary.link().notify(Arc::clone(&call.frame)).await {
                self.in_flight.forget(&call.id);
                let message = format!("the server did not take the call: {error}");
                self.answer(reply::error(Some(&call.id), reply::INTERNAL_ERROR, &message)).await;
            }
            return;
        }
        let id = Arc::clone(&call.id);
        let session = Arc::clone(&self);
        self.attempt(call, tool, |waiting| session.in_flight.unpark(&id, waiting));
    }

    /// Writes a frame of ours to the client.
    pub(super) async fn answer(self: Arc<Self>, frame: Vec<u8>) {
        self.write(frame.into()).await;
    }

    pub(super) async fn write(&self, frame: Arc<[u8]>) {
        // A client that has gone gets no answer; what happened is on record.
        if let Err(error) = self.client.send(frame).await {
            tracing::debug!("the client is gone: {error}");
        }
    }
}
