//! *Hold*: people are asked before anything is armed, and an attempt runs on what they said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lastlook_canon::members;
use lastlook_kernel::{Code, Event, Mode, Now, Reason, Value, Verdict, Was};
use lastlook_ledger::Kind;
use lastlook_store::{
    AttemptState, Commit, CommitError, Lookup, Precondition, RequestRow, RequestState, StoreError, Write,
};
use serde_json::json;

use super::{Delivery, Run};
use crate::entry::DraftError;
use crate::guarding::GuardPlan;
use crate::held::{Asked, AskedGuard, SeenFact, SeenReading, Stands};
use crate::{clock, explain, ids, standing};

/// How many requests of one principal may wait.
const MOST_PENDING: u64 = 100;
/// How long a request waits when no guard says so: one day.
const LONGEST_WAIT_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// How often somebody who waits looks whether it is decided.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How many rejected requests are looked through for an earlier one about the same action.
const REJECTED_LOOKED_AT: usize = 64;

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
        match self.look().await {
            Event::Looked(Verdict::Hold(reasons)) => self.ask(&reasons, None).await,
            // An allow is dropped: what runs is armed first, and looked at again.
            _ => None,
        }
    }

    /// What becomes of the approval once the attempt has ended without an effect, and what the caller gets then.
    pub(super) async fn after(&mut self, delivery: Delivery) -> Delivery {
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

    async fn find_request(&self) -> Result<Found, StoreError> {
        let store = &self.boundary.store;
        let (principal, action) = (&self.proposal.action.principal().id, self.proposal.action.digest());
        let (now_ns, epoch) = (clock::unix_ns(), standing::epoch(&**store)?);
        let guards = self.asking_now();
        for row in store.open_requests_of(principal, action)? {
            let asked = Asked::of(&row).filter(|asked| asked.epoch == epoch && asked.is_asked_by(&guards));
            let late = row.expires_at_ns.is_some_and(|end| now_ns >= end);
            let end = match (&asked, late) {
                (_, true) => Some(RequestState::Expired),
                (None, false) => Some(RequestState::Void),
                (Some(_), false) => None,
            };
            match (row.state, asked, end) {
                (RequestState::Claimed, ..) => {
                    let by = row.attempt.clone().unwrap_or_default();
                    let end = match store.attempt(&by)? {
                        Lookup::Found(attempt) => match attempt.state {
                            AttemptState::Armed | AttemptState::Unknown => {
                                return Ok(Found::UnderWay(by));
                            }
                            // Whoever ran on it died, and somebody has said since how that ended.
                            AttemptState::Succeeded | AttemptState::Failed => RequestState::Used,
                            // Whoever ran on it died between the refusal and giving it back.
                            AttemptState::Refused => RequestState::Void,
                        },
                        Lookup::Missing | Lookup::Ambiguous(_) => RequestState::Void,
                    };
                    self.end(&row, end).await;
                }
                (RequestState::Pending, Some(_), None) => return Ok(Found::Pending(row)),
                (RequestState::Approved, Some(asked), None) => match Stands::of(&**store, &row, &asked) {
                    Ok(stands) => {
                        return Ok(Found::Approved(Box::new(Claim { request: row, stands, asked })));
                    }
                    Err(why) => {
                        tracing::error!("the approval of `{}` does not stand: {why}", row.id);
                        self.end(&row, RequestState::Void).await;
                    }
                },
                (_, _, end) => self.end(&row, end.unwrap_or(RequestState::Void)).await,
            }
        }
        let rejected = store.requests(&[RequestState::Rejected], REJECTED_LOOKED_AT, None)?;
        let same = |row: &RequestRow| {
            let end = row.expires_at_ns.unwrap_or(row.opened_at_ns.saturating_add(LONGEST_WAIT_NS));
            row.principal == *principal && row.action == action && now_ns < end
        };
        let standing = |row: &RequestRow| {
            Asked::of(row).is_some_and(|asked| asked.epoch == epoch && asked.is_asked_by(&guards))
        };
        let last = rejected.into_iter().find(|row| same(row) && standing(row));
        Ok(last.map_or(Found::Nothing, Found::Rejected))
    }

    /// Closes a request that counts no more, if it is still open.
    async fn end(&self, row: &RequestRow, to: RequestState) {
        // What was used says by which attempt; everything else is nobody's any more.
        let attempt = row.attempt.clone().filter(|_| to == RequestState::Used);
        let commit = Commit {
            when: vec![Precondition::RequestIs {
                request: row.id.clone(),
                states: vec![row.state],
                attempt: row.attempt.clone(),
            }],
            writes: vec![Write::MoveRequest { request: row.id.clone(), to, attempt }],
            ..Commit::default()
        };
        if let Err(error) = self.boundary.commit(commit).await {
            tracing::warn!("request `{}` could not be closed: {error}", row.id);
        }
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
        self.proposal.frame = with_arguments(&self.proposal.frame, &claim.asked.arguments);
    }

    /// Opens a request, or joins one that somebody opened meanwhile.
    async fn ask(&mut self, reasons: &[Reason], after: Option<&Claim>) -> Option<Delivery> {
        let (request, commit) = match self.asking_commit(reasons, after) {
            Ok(Some(opened)) => opened,
            Ok(None) => return None,
            Err(error) => {
                tracing::error!("nobody was asked: {error}");
                self.barred.push(Reason::of(Code::StoreUnavailable));
                return None;
            }
        };
        match self.boundary.commit(commit).await {
            Ok(_) => Some(self.held(&request)),
            Err(CommitError::Precondition { which: Precondition::NoOpenRequest { .. }, .. }) => {
                match self.find_request().await {
                    Ok(Found::Pending(request)) => Some(self.held(&request)),
                    _ => {
                        self.barred.push(Reason::of(Code::StandingChanged));
                        None
                    }
                }
            }
            Err(CommitError::Precondition { which: Precondition::FewerPending { .. }, .. }) => {
                self.barred.push(Reason::about(Code::TooManyHeld, MOST_PENDING.to_string()));
                None
            }
            Err(error) => {
                tracing::error!("nobody was asked: {error}");
                self.barred.push(Reason::of(Code::StoreUnavailable));
                None
            }
        }
    }

    fn asking_commit(
        &self,
        reasons: &[Reason],
        after: Option<&Claim>,
    ) -> Result<Option<(RequestRow, Commit)>, DraftError> {
        let (boundary, proposal) = (self.boundary, &self.proposal);
        let Some(guarding) = &proposal.guarding else { return Ok(None) };
        let Some(arguments) = arguments_of(&proposal.frame) else { return Ok(None) };
        let Ok(epoch) = standing::epoch(&*boundary.store) else { return Ok(None) };
        let facts = guarding.facts.iter().zip(&self.taken).map(|(fact, taken)| {
            let read = match &taken.now {
                Now::Read(read) => Some(read),
                Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
            };
            SeenFact::new(fact, read)
        });
        let readings: Option<Vec<SeenReading>> =
            proposal.touched.basis.readings.iter().map(SeenReading::new).collect();
        // What is no text cannot be kept for people to see.
        let Some(readings) = readings else { return Ok(None) };
        // A guard whose condition does not hold asks nobody.
        let asks = |name: &str| reasons.iter().any(|reason| reason.guard.as_deref() == Some(name));
        let guards = self.asking_now().into_iter().filter(|guard| asks(&guard.guard)).collect();
        let asked = Asked {
            principal: proposal.action.principal().id.clone(),
            upstream: boundary.upstream.clone(),
            tool: proposal.tool.name.clone(),
            arguments,
            guards,
            facts: facts.collect(),
            readings,
            epoch,
            after: after.map(|claim| claim.request.id.clone()),
        };
        let opened_at_ns = clock::unix_ns();
        let plans = self.asking().filter(|plan| asks(&plan.rules.guard.name));
        let waits = plans.filter_map(|plan| plan.rules.guard.approve.as_ref()?.expires);
        let waits = waits.filter_map(|wait| i64::try_from(wait.as_nanos()).ok()).min();
        let id = format!("ask-{}", ids::attempt_id()?);
        let row = RequestRow {
            id: id.clone(),
            principal: asked.principal.clone(),
            upstream: asked.upstream.clone(),
            tool: asked.tool.clone(),
            action: proposal.action.digest(),
            state: RequestState::Pending,
            opened_at_ns,
            expires_at_ns: Some(opened_at_ns.saturating_add(waits.unwrap_or(LONGEST_WAIT_NS))),
            attempt: None,
            detail: asked.to_bytes(),
        };
        let mut draft = self.draft(Kind::Held)?;
        draft.set("verdict", "hold");
        let committed = draft.commit("arguments", asked.arguments.as_bytes());
        draft.set("arguments", committed);
        let basis = draft.commit("asked", &row.detail);
        draft.set("asked", basis);
        let asks: Vec<_> = asked.guards.iter().map(|guard| json!(guard)).collect();
        draft.set("asks", asks);
        draft.set("epoch", epoch);
        draft.set_some("after", asked.after.clone());
        self.set_rules(&mut draft);
        let entry = draft.finish(boundary.origin(), &id, row.action)?;
        let commit = Commit {
            when: vec![
                Precondition::NoOpenRequest { principal: row.principal.clone(), action: row.action },
                Precondition::FewerPending { principal: row.principal.clone(), most: MOST_PENDING },
            ],
            writes: vec![Write::OpenRequest(row.clone())],
            entries: vec![entry],
            vital: false,
        };
        Ok(Some((row, commit)))
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
                let Now::Read(read) = &taken.now else { continue };
                (fact.was, fact.seen_ns) = (Was::Seen(read.clone()), Some(now));
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
        let in_time = row.expires_at_ns.is_none_or(|end| clock::unix_ns() < end);
        if !(ours || free) || !in_time || standing::epoch(&**store)? != claim.asked.epoch {
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

/// The raw arguments of a `tools/call` frame; `{}` when it has none.
fn arguments_of(frame: &[u8]) -> Option<String> {
    let params = members(frame)?.get("params")?;
    let arguments = members(params)?.get("arguments").unwrap_or(b"{}");
    String::from_utf8(arguments.to_vec()).ok()
}

/// The frame with these arguments in place of its own, which mean the same.
fn with_arguments(frame: &Arc<[u8]>, arguments: &str) -> Arc<[u8]> {
    let place = || {
        let params = members(frame)?.span_of("params")?;
        let inside = members(frame.get(params.clone())?)?.span_of("arguments")?;
        Some(params.start + inside.start..params.start + inside.end)
    };
    let Some(place) = place() else { return Arc::clone(frame) };
    let mut bytes = Vec::with_capacity(frame.len() + arguments.len());
    bytes.extend_from_slice(frame.get(..place.start).unwrap_or_default());
    bytes.extend_from_slice(arguments.as_bytes());
    bytes.extend_from_slice(frame.get(place.end..).unwrap_or_default());
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(frame: &str, arguments: &str) -> String {
        String::from_utf8(with_arguments(&frame.as_bytes().into(), arguments).to_vec()).unwrap()
    }

    #[test]
    fn only_the_arguments_are_those_that_people_saw() {
        let frame = r#"{"id":7,"params":{"name":"x", "arguments" : { "b":1.0,"a":"é" } ,"_meta":{"t":1}}}"#;
        let seen = r#"{"a":"\u00e9","b":1}"#;
        assert_eq!(
            sent(frame, seen),
            r#"{"id":7,"params":{"name":"x", "arguments" : {"a":"\u00e9","b":1} ,"_meta":{"t":1}}}"#
        );
        let again = sent(frame, r#"{ "b":1.0,"a":"é" }"#);
        assert_eq!(again, frame);
        assert_eq!(arguments_of(again.as_bytes()).as_deref(), Some(r#"{ "b":1.0,"a":"é" }"#));
    }

    #[test]
    fn a_call_without_arguments_stays_as_it_is() {
        let frame = r#"{"id":7,"params":{"name":"x"}}"#;
        assert_eq!(sent(frame, "{}"), frame);
        assert_eq!(arguments_of(frame.as_bytes()).as_deref(), Some("{}"));
    }
}
