//! *Hold*: people are asked before anything is armed, and an attempt runs on what they said.

mod bytes;
mod request;

use std::time::{Duration, Instant};

use lastlook_kernel::{Code, Event, Mode, Now, Reason, Value, Verdict, Was};
use lastlook_store::{Commit, Lookup, Precondition, RequestRow, RequestState, StoreError, Write};

use super::{Delivery, Run};
use crate::check::Claimed;
use crate::guarding::GuardPlan;
use crate::held::{Asked, AskedGuard, Stands};
use crate::{clock, explain, standing};
use bytes::with_arguments;

pub(super) use bytes::arguments_of;

/// How often somebody who waits looks whether it is decided.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// The approval that an attempt runs on.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) request: RequestRow,
    pub(super) stands: Stands,
    asked: Asked,
}

/// What is on record of an action that people must approve.
enum Found {
    /// Nothing that counts.
    Nothing,
    /// It waits.
    Pending(RequestRow),
    /// It was approved, and nobody has used that yet.
    Approved(Box<Claim>),
    /// Another attempt runs on the approval.
    UnderWay(String),
    /// Somebody said no.
    Rejected(RequestRow),
}

impl Run<'_> {
    /// Asks people where some guard wants it; `None`: it may go on, on [`Run::claim`] if they said yes.
    ///
    /// What is refused anyway is refused as ever: nobody is asked about it.
    pub(super) async fn hold(&mut self) -> Option<Delivery> {
        let deadline = Instant::now() + self.boundary.settings.wait_for_approval;
        loop {
            match self.hold_now().await {
                Some(Delivery::Held { request, .. }) if self.is_decided_before(deadline, &request).await => {}
                Some(_) if self.proposal.control.is_cancelled() => return Some(Delivery::Nothing),
                delivery => return delivery,
            }
        }
    }

    /// Waits until a request is not pending any more; false when the time is up, or the caller has cancelled.
    async fn is_decided_before(&self, deadline: Instant, request: &str) -> bool {
        let control = &self.proposal.control;
        while Instant::now() < deadline && !control.is_cancelled() {
            control.tell_waiting(request);
            tokio::time::sleep(BETWEEN_LOOKS.min(deadline.saturating_duration_since(Instant::now()))).await; // backoff: another process writes it
            match self.boundary.store.request(request) {
                Ok(Lookup::Found(row)) if row.state == RequestState::Pending => {
                    if row.expires_at_ns.is_some_and(|end| clock::unix_ns() >= end) {
                        return true;
                    }
                }
                // Whatever it is, the next look tells.
                _ => return true,
            }
        }
        false
    }

    async fn hold_now(&mut self) -> Option<Delivery> {
        if self.boundary.settings.mode == Mode::Audit || self.asking().next().is_none() {
            return None;
        }
        match self.find_request().await {
            Ok(Found::Approved(claim)) => {
                self.rest_on(&claim);
                self.claim = Some(*claim);
                return None;
            }
            Ok(Found::Pending(request)) => return Some(self.held(&request)),
            Ok(Found::UnderWay(attempt)) => self.barred.push(Reason::about(Code::InDoubt, attempt)),
            Ok(Found::Rejected(request)) => {
                self.barred.push(Reason::about(Code::ApprovalRejected, request.id));
            }
            Ok(Found::Nothing) => {}
            Err(error) => {
                tracing::error!("nothing was sent: {error}");
                self.barred.push(Reason::of(Code::StoreUnavailable));
            }
        }
        if !self.opening().is_empty() {
            return None;
        }
        // Nobody is asked about what arming would refuse: what was done already, a limit that is spent.
        match self.claims_now(clock::unix_ns()) {
            Ok(claims) => {
                let refused = claims.iter().filter(|claim| claim.wait.is_none()).filter_map(Claimed::reason);
                self.barred.extend(refused.cloned());
            }
            Err(error) => {
                tracing::error!("nobody was asked: {error}");
                self.barred.push(Reason::of(Code::StoreUnavailable));
            }
        }
        if !self.barred.is_empty() {
            return None;
        }
        match self.look().await {
            Event::Looked(Verdict::Hold(reasons)) => self.ask(&reasons, None).await,
            // An allow is dropped: what runs is armed first, and looked at again.
            _ => None,
        }
    }

    /// What becomes of the approval once the attempt has ended without an effect, and what the caller gets then.
    pub(super) async fn after(&mut self, delivery: Delivery) -> Delivery {
        if matches!(delivery, Delivery::Nothing) && self.passed.is_none() && self.armed_at.is_some() {
            // Cancelled in time: whoever asks next may run on it.
            if let Some(claim) = self.claim.take() {
                let to =
                    if are_passing(&self.refused_for) { RequestState::Approved } else { RequestState::Void };
                self.give_back(&claim, to).await;
            }
            return delivery;
        }
        let Delivery::Refusal(mut refusal) = delivery else { return delivery };
        let only_asks = refusal.reasons.iter().all(|reason| reason.code == Code::ApprovalRequired);
        let Some(claim) = self.claim.take() else {
            // What did not need anybody's word when it came needs it now.
            return match only_asks && self.armed_at.is_some() {
                true => self.hold().await.unwrap_or(Delivery::Refusal(refusal)),
                false => Delivery::Refusal(refusal),
            };
        };
        if self.armed_at.is_none() {
            return Delivery::Refusal(refusal);
        }
        let passing = are_passing(&refusal.reasons);
        let to = if passing { RequestState::Approved } else { RequestState::Void };
        let gave_back = self.give_back(&claim, to).await;
        if gave_back
            && !passing
            && let Some(Delivery::Held { request, .. }) = self.ask_again(&claim).await
        {
            refusal.sentence.push_str(&explain::asked_again(&request));
        }
        Delivery::Refusal(refusal)
    }

    /// The guards that want people asked.
    fn asking(&self) -> impl Iterator<Item = &GuardPlan> {
        let guards = self.proposal.guarding.iter().flat_map(|guarding| &guarding.guards);
        guards.filter(|plan| plan.mode == Mode::Enforce && plan.rules.guard.approve.is_some())
    }

    /// The same, as people are told of them.
    fn asking_now(&self) -> Vec<AskedGuard> {
        let config = self.proposal.book.config.as_ref();
        let mut asked: Vec<AskedGuard> = self
            .asking()
            .filter_map(|plan| {
                let guard = &plan.rules.guard;
                let approve = guard.approve.as_ref()?;
                Some(AskedGuard {
                    guard: guard.name.clone(),
                    digest: config?.guard_digest(guard).to_hex(),
                    by: approve.by.clone(),
                    quorum: approve.quorum.max(1),
                })
            })
            .collect();
        asked.sort();
        asked
    }

    /// What people saw stands for what the agent saw, and their bytes for its bytes.
    fn rest_on(&mut self, claim: &Claim) {
        let opened_ns = claim.request.opened_at_ns;
        if let Some(guarding) = &mut self.proposal.guarding {
            for fact in &mut guarding.facts {
                (fact.was, fact.seen_ns) = (claim.asked.was(fact), Some(opened_ns));
            }
            for plan in &mut guarding.guards {
                plan.decided_ns = plan.decided_ns.min(opened_ns);
            }
        }
        let touched = &mut self.proposal.touched;
        if let Some(readings) = claim.asked.readings(clock::moment()) {
            // No reading of this session's: none is found outdated by it.
            touched.orders = vec![u64::MAX; readings.len()];
            touched.basis.readings = readings;
            touched.basis.missing = 0;
            if touched.basis.readings.is_empty() {
                touched.basis.covered = touched.basis.covered.max(1);
            }
        }
        match with_arguments(&self.proposal.frame, &claim.asked.arguments) {
            Some(frame) => self.proposal.frame = frame,
            None => self.barred.push(Reason::about(Code::InvalidCall, "params")),
        }
    }

    /// Asks once more, with what is true now: so that people decide again on that.
    async fn ask_again(&mut self, before: &Claim) -> Option<Delivery> {
        let read = self.read_facts().await;
        for (fact, value) in read {
            let reading = self.proposal.touched.basis.readings.get_mut(fact.index)?;
            let Value::Read(now) = fact.now else { return None };
            reading.was = now;
            reading.value = value.map(|value| value.bytes);
        }
        if let Some(guarding) = &mut self.proposal.guarding {
            let now = clock::unix_ns();
            for (fact, taken) in guarding.facts.iter_mut().zip(&self.taken) {
                let was = match &taken.now {
                    Now::Read(read) => Was::Seen(read.clone()),
                    Now::Absent => Was::Absent,
                    Now::Unreadable(_) | Now::Unstable => continue,
                };
                (fact.was, fact.seen_ns) = (was, Some(now));
            }
            for plan in &mut guarding.guards {
                plan.decided_ns = now;
            }
        }
        (self.armed_at, self.claimed_ns) = (None, None);
        match self.look().await {
            Event::Looked(Verdict::Hold(reasons)) => self.ask(&reasons, Some(before)).await,
            _ => None,
        }
    }

    /// Gives the approval back, or makes it void, if this attempt still has it: what was revoked meanwhile stays so.
    async fn give_back(&self, claim: &Claim, to: RequestState) -> bool {
        let request = claim.request.id.clone();
        let commit = Commit {
            when: vec![Precondition::RequestIs {
                request: request.clone(),
                states: vec![RequestState::Claimed],
                attempt: Some(self.proposal.id.clone()),
            }],
            writes: vec![Write::MoveRequest { request, to, attempt: None }],
            vital: true,
            ..Commit::default()
        };
        let done = self.boundary.commit(commit).await;
        if let Err(error) = &done {
            tracing::warn!("the approval was not given back: {error}");
        }
        done.is_ok()
    }

    /// Whether this attempt has a claim that stands at this instant; without a claim there is none to lose.
    pub(super) fn is_approved(&self) -> Result<bool, StoreError> {
        let Some(claim) = &self.claim else { return Ok(false) };
        let store = &self.boundary.store;
        let Lookup::Found(row) = store.request(&claim.request.id)? else { return Ok(false) };
        let ours = row.state == RequestState::Claimed && row.attempt.as_deref() == Some(&self.proposal.id);
        // Before it is armed nothing is claimed yet.
        let free = self.armed_at.is_none() && row.state == RequestState::Approved;
        // A clock that went back behind the request says nothing of how long ago it was.
        let now_ns = clock::unix_ns();
        let in_time = row.opened_at_ns <= now_ns && row.expires_at_ns.is_none_or(|end| now_ns < end);
        let same_rules = claim.asked.is_asked_by(&self.asking_now());
        if !(ours || free) || !in_time || !same_rules || standing::epoch(&**store)? != claim.asked.epoch {
            return Ok(false);
        }
        // No word is good for longer than whoever gave it is an approver.
        let stands = Stands::of(&**store, &row, &claim.asked);
        if let Err(why) = &stands {
            tracing::warn!("the approval of `{}` does not stand any more: {why}", row.id);
        }
        Ok(stands.is_ok())
    }

    fn held(&self, request: &RequestRow) -> Delivery {
        let by: Vec<String> = Asked::of(request)
            .map(|asked| asked.guards.into_iter().map(|guard| guard.by).collect())
            .unwrap_or_default();
        Delivery::Held {
            request: request.id.clone(),
            sentence: explain::held(&self.proposal.tool.name, &request.id, &by),
        }
    }
}

impl Claim {
    /// What must hold, and what is written, when an attempt is armed on it.
    pub(super) fn arm(&self, attempt: &str, commit: &mut Commit) {
        let request = || self.request.id.clone();
        // First of all: whoever loses learns which attempt has it.
        commit.when.insert(
            0,
            Precondition::RequestIs {
                request: request(),
                states: vec![RequestState::Approved],
                attempt: None,
            },
        );
        commit.when.insert(1, standing::epoch_is(self.asked.epoch));
        let to = RequestState::Claimed;
        commit.writes.push(Write::MoveRequest { request: request(), to, attempt: Some(attempt.to_owned()) });
    }

    /// Whether this guard was among those that asked.
    pub(super) fn is_for(&self, guard: &str) -> bool {
        self.asked.guards.iter().any(|asked| asked.guard == guard)
    }

    /// Until when it may be used, in nanoseconds since the Unix epoch.
    pub(super) fn until_ns(&self) -> Option<i64> {
        self.request.expires_at_ns
    }
}

/// Whether what refused will pass by itself: then the approval is still good.
fn are_passing(reasons: &[Reason]) -> bool {
    let unread =
        reasons.iter().any(|reason| matches!(reason.code, Code::FactUnreadable | Code::FactUnstable));
    // What could not be read could not be judged either.
    let follows = |code| unread && matches!(code, Code::ConditionError | Code::PolicyError);
    reasons.iter().all(|reason| is_passing(reason.code) || follows(reason.code))
}

fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::FactUnreadable
            | Code::FactUnstable
            | Code::InDoubt
            | Code::Cancelled
            | Code::StoreUnavailable
            | Code::StoreFull
            | Code::Unrecorded
            | Code::UpstreamGone
            | Code::LookTooOld
            | Code::StandingChanged
            | Code::WindowClosed
            | Code::TooEarly
            | Code::SpacingTooShort
            | Code::LimitReserved
            | Code::LeaseTaken
            | Code::LeaseExpired
            | Code::ConfigurationChanged
    )
}
