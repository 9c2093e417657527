//! *Act*: the bytes leave, and the answer is waited for.

use std::sync::Arc;
use std::time::Duration;

use lastlook_kernel::{Answer, Event, Passage};

use super::Run;
use crate::clock;

/// How long after a forwarded cancellation an answer is still waited for.
const AFTER_CANCEL: Duration = Duration::from_secs(2);

impl Run<'_> {
    /// Writes the exact bytes that were decided on.
    pub(super) async fn send(&mut self, passage: Passage) -> Option<Event> {
        let frame = Arc::clone(&self.proposal.frame);
        match self.boundary.link.execute(passage, frame).await {
            Ok(()) => None,
            Err(error) => {
                // Part of the frame may have arrived: nothing is proven.
                tracing::warn!("the server did not take the whole call: {error}");
                self.answered = None;
                Some(Event::Answered(self.no_answer()))
            }
        }
    }

    /// Waits for the answer, or for a cancellation; after a cancellation only for a while.
    pub(super) async fn wait_for_answer(&mut self) -> Event {
        let Some(mut answered) = self.answered.take() else { return Event::Answered(self.no_answer()) };
        let control = Arc::clone(&self.proposal.control);
        let received = if self.cancel_frame.is_some() {
            match tokio::time::timeout(AFTER_CANCEL, &mut answered).await {
                Ok(received) => received.ok(),
                Err(_) => return Event::Answered(Answer::Cancelled),
            }
        } else {
            tokio::select! {
                biased;
                received = &mut answered => received.ok(),
                frame = control.cancelled() => {
                    self.cancel_frame = Some(frame);
                    self.answered = Some(answered);
                    return Event::Cancelled;
                }
            }
        };
        if let Some(passed) = &mut self.passed {
            passed.tail_ns = Some(clock::moment().since(passed.at));
        }
        match received {
            Some(frame) => {
                let answer = self.answer_of(&frame);
                self.answer = Some(frame);
                Event::Answered(answer)
            }
            None => Event::Answered(self.no_answer()),
        }
    }

    /// Tells the server what the client told us, now that it is too late to prevent.
    pub(super) async fn forward_cancel(&mut self) -> Option<Event> {
        if let Some(frame) = self.cancel_frame.clone()
            && let Err(error) = self.boundary.link.notify(frame).await
        {
            tracing::warn!("the cancellation did not reach the server: {error}");
        }
        None
    }
}
