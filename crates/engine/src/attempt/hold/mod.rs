//! *Hold*: people are asked before anything is armed, and an attempt runs on what they said.

mod bytes;
pub(crate) mod changes;
mod request;
mod without;

use std::time::Instant;

use lastlook_kernel::{Code, Event, Mode, Now, Reason, Value, Verdict, Was};
use lastlook_store::{Commit, Lookup, Precondition, RequestRow, RequestState, StoreError, Write};

use super::{Delivery, Held, Run};
use crate::check::Claimed;
use crate::guarding::GuardPlan;
use crate::held::{Asked, AskedGuard, Stands};
use crate::{clock, explain, standing};
use bytes::with_arguments;

pub(super) use bytes::arguments_of;

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
        let began = Instant::now();
        loop {
            match self.hold_now().await {
                Some(Delivery::Held(held)) if self.is_decided_in_time(began, &held).await => {}
                Some(_) if self.proposal.control.is_cancelled() => return Some(Delivery::Nothing),
                delivery => return delivery,
            }
        }
    }

    /// Waits until a request is not pending any more; false when the time is up, or the caller has cancelled or given up.
    async fn is_decided_in_time(&self, began: Instant, held: &Held) -> bool {
        let Some(caller) = self.caller else { return false };
        let (control, store, changes) =
            (&self.proposal.control, &self.boundary.store, &self.boundary.changes);
        let request = held.request.as_str();
        let deadline = began + caller.is_held(held);
        let (mut seen, mut ends_at_ns) = (None, None);
        while Instant::now() < deadline && !control.is_cancelled() && !caller.gives_up() {
            control.tell_waiting(request);
            let version = changes.version(|| store.version().ok());
            // A store that does not say whether anything moved is read all the same.
            if version.is_none() || version != seen {
                seen = version;
                match store.request(request) {
                    Ok(Lookup::Found(row)) if row.state == RequestState::Pending => {
                        ends_at_ns = row.expires_at_ns;
                    }
                    // Whatever it is, the next look tells; who has given up meanwhile wants none.
                    _ => return !caller.gives_up(),
                }
            }
            if ends_at_ns.is_some_and(|end| clock::unix_ns() >= end) {
                return true;
            }
            changes.next(deadline).await;
        }
        false
    }

    async fn hold_now(&mut self) -> Option<Delivery> {
        if self.boundary.settings.mode == Mode::Audit || self.asking().next().is_none() {
            return None;
        }
        self.granted = None;
        self.barred.clear();
        let mut waits = None;
        match self.find_request().await {
            Ok(Found::Approved(claim)) => {
                self.rest_on(&claim);
                self.claim = Some(*claim);
                return None;
            }
            Ok(Found::Pending(request)) if !self.may_be_granted() => return Some(self.held(&request)),
            Ok(Found::Pending(request)) => waits = Some(self.held(&request)),
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
            return waits;
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
        match self.key_now() {
            Ok(refused) => self.barred.extend(refused),
            Err(error) => {
                tracing::error!("nobody was asked: {error}");
                self.barred.push(Reason::of(Code::StoreUnavailable));
            }
        }
        if !self.barred.is_empty() {
            return waits;
        }
        match self.look().await {
            Event::Looked(Verdict::Hold(reasons)) => {
                // Whoever gave permission in advance is not asked.
                if self.choose_grants(&reasons) {
                    return None;
                }
                match waits {
                    Some(waits) => Some(waits),
                    None => self.ask(&reasons, None).await,
                }
            }
            // What refuses it is told, and not that people would have to be asked if that is not so.
            Event::Looked(Verdict::Deny(mut reasons)) => {
                reasons.retain(|reason| reason.code == Code::ApprovalRequired);
                if self.choose_grants(&reasons) { None } else { waits }
            }
            // An allow is dropped: what runs is armed first, and looked at again.
            _ => waits,
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
            return match only_asks && (self.armed_at.is_some() || self.ungranted) {
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
            && let Some(Delivery::Held(held)) = self.ask_again(&claim).await
        {
            refusal.sentence.push_str(&explain::asked_again(&held.request));
        }
        Delivery::Refusal(refusal)
    }

    /// The guards that want people asked.
    pub(in crate::attempt) fn asking(&self) -> impl Iterator<Item = &GuardPlan> {
        self.proposal.guarding.iter().flat_map(|guarding| guarding.asking())
    }

    /// The same, as people are told of them.
    fn asking_now(&self) -> Vec<AskedGuard> {
        self.proposal.guarding.as_ref().map(|guarding| guarding.asked()).unwrap_or_default()
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
        // Where people were not shown all of it, nothing but the call itself has the rest: it is the same action.
        let arguments = match claim.asked.redacted {
            true => arguments_of(&self.proposal.frame),
            false => Some(claim.asked.arguments.clone()),
        };
        match arguments.and_then(|arguments| with_arguments(&self.proposal.frame, &arguments)) {
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
        Delivery::Held(Held::of(request))
    }
}

impl Held {
    /// What is said of a request to whoever made the call.
    pub(crate) fn of(row: &RequestRow) -> Held {
        let mut by: Vec<String> = Asked::of(row)
            .map(|asked| asked.guards.into_iter().map(|guard| guard.by).collect())
            .unwrap_or_default();
        by.sort();
        by.dedup();
        Held {
            request: row.id.clone(),
            tool: row.tool.clone(),
            by,
            action: row.action,
            until_ns: row.expires_at_ns.unwrap_or(i64::MAX),
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
