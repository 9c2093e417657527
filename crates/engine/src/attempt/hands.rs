//! *Act*, where the caller acts by itself: the passage is handed over, and the report waited for.

use std::sync::Arc;
use std::time::Duration;

use lastlook_kernel::{Answer, Event, Moment, Passage};
use tokio::sync::oneshot;

use super::hold::arguments_of;
use super::{Caller, Delivery, Held, Proposal, Run};
use crate::boundary::Boundary;
use crate::clock;
use crate::delegated::{Handed, Report, Terms};

/// An attempt whose act is its caller's.
#[derive(Debug)]
pub(super) struct Hands {
    give: Option<oneshot::Sender<Handed>>,
    terms: Terms,
    /// What the caller says, once it has the passage.
    said: Option<Said>,
}

#[derive(Debug)]
struct Said {
    until: Moment,
    begun: oneshot::Receiver<Moment>,
    report: oneshot::Receiver<Report>,
}

impl Boundary {
    /// Runs one proposal whose act is the caller's; `give` takes what it needs when the gate was passed, and is dropped
    /// when it was not.
    pub(crate) async fn run_delegated(
        self: Arc<Self>,
        proposal: Proposal,
        give: oneshot::Sender<Handed>,
        terms: Terms,
    ) -> Delivery {
        let caller = Patient(self.settings.wait_for_approval);
        let mut run = Run::new(&self, proposal, None);
        run.caller = Some(&caller);
        run.hands = Some(Hands { give: Some(give), terms, said: None });
        if let Some(held) = run.hold().await {
            return held;
        }
        let delivery = run.drive().await;
        run.after(delivery).await
    }
}

impl Run<'_> {
    /// Hands the passage over; true when there is somebody to take it.
    pub(super) fn hand_over(&mut self, passage: Passage) -> Option<Event> {
        let arguments = arguments_of(&self.proposal.frame);
        let Some(hands) = &mut self.hands else { return Some(Event::Answered(Answer::Unused)) };
        let (Some(give), Some(arguments)) = (hands.give.take(), arguments) else {
            return Some(Event::Answered(Answer::Unused));
        };
        let lives = u64::try_from(hands.terms.begin_within.as_nanos()).unwrap_or(u64::MAX);
        let end = Moment(passage.passed_at().0.saturating_add(lives));
        let until = passage.deadline().map_or(end, |deadline| deadline.min(end));
        let (begun, has_begun) = oneshot::channel();
        let (report, reported) = oneshot::channel();
        hands.said = Some(Said { until, begun: has_begun, report: reported });
        let attempt = self.proposal.id.clone();
        let boundary = Arc::clone(self.boundary);
        let handed = Handed { attempt, arguments, passage, until, begun, report, boundary };
        // Nobody is there any more: the permit is dropped with what it says.
        give.send(handed).err().map(|_| Event::Answered(Answer::Unused))
    }

    /// Waits until the caller has begun and reported, as long as the terms allow.
    pub(super) async fn wait_for_report(&mut self) -> Event {
        let Some(hands) = &mut self.hands else { return Event::Answered(Answer::Unused) };
        let Some(Said { until, mut begun, mut report }) = hands.said.take() else {
            return Event::Answered(Answer::Unused);
        };
        let left = Duration::from_nanos(until.since(clock::moment()));
        let Some(at) = within(left, &mut begun).await else { return Event::Answered(Answer::Unused) };
        let report_within = hands.terms.report_within;
        let told = within(report_within, &mut report).await;
        if let Some(passed) = &mut self.passed {
            passed.begun_ns = Some(at.since(passed.at));
            passed.tail_ns = Some(clock::moment().since(passed.at));
        }
        Event::Answered(match told {
            Some(Report::Done(answer)) => {
                self.answer = Some(answer.into());
                Answer::Reported
            }
            Some(Report::NotDone) => Answer::ReportedNot,
            Some(Report::Unknown) | None => Answer::Unreported,
        })
    }
}

/// A program that waits for people as long as the rules say.
#[derive(Debug)]
struct Patient(Duration);

impl Caller for Patient {
    fn is_held(&self, _held: &Held) -> Duration {
        self.0
    }

    fn gives_up(&self) -> bool {
        false
    }
}

/// What comes within this time; nothing when the other side was dropped. What was sent by then is never lost: from the
/// instant it is decided that nothing came, sending errs.
async fn within<T>(limit: Duration, from: &mut oneshot::Receiver<T>) -> Option<T> {
    if let Ok(received) = tokio::time::timeout(limit, &mut *from).await {
        return received.ok();
    }
    from.close();
    from.try_recv().ok()
}
