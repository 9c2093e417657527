//! *Confirm*: whether the effect shows, looked for once its outcome is on record.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lastlook_canon::Json;
use lastlook_kernel::{
    Before, Condition, Confirm, Confirmation, Event, Guard, Mode, Moment, Now, Outcome, ToolName,
};
use lastlook_ledger::Kind;
use lastlook_store::{AttemptState, Commit, Precondition, Write};

use super::Run;
use super::record::settling;
use crate::boundary::Boundary;
use crate::clock;
use crate::entry::{Draft, DraftError};
use crate::facts::{Asking, PlannedFact, take_all};
use crate::guarding::Guarding;

/// The first pause between two looks for an effect; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// The longest pause between two looks for an effect.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// What looking for an effect found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Found {
    confirmation: Confirmation,
    evidence: &'static str,
}

impl Found {
    fn unconfirmed(evidence: &'static str) -> Found {
        Found { confirmation: Confirmation::Unconfirmed, evidence }
    }
}

impl Run<'_> {
    /// Looks for the effect until it shows, is refuted, or the time is up; records what was seen.
    ///
    /// Several guards: the effect is confirmed when all of them say so, contradicted when one does.
    pub(super) async fn confirm(&mut self) -> Event {
        let Some(guarding) = self.proposal.guarding.as_deref() else { return Event::Confirmed };
        let passed_at = self.passed.map(|passed| passed.at);
        let mut all = Vec::new();
        for guard in guarding.confirming() {
            let Some(confirm) = &guard.confirm else { continue };
            let mut before = self.judgement.iter().flat_map(|judgement| &judgement.before);
            let before = before.find(|before| before.guard == guard.name);
            let deadline = Instant::now() + confirm.within;
            let answered = self.outcome != Outcome::Unknown;
            let look = Look {
                boundary: self.boundary,
                own: &self.proposal.id,
                guarding,
                guard,
                confirm,
                before,
                answered,
                passed_at,
            };
            all.push((look.until(deadline).await, look.later()));
        }
        let found = joined(all.iter().map(|(found, _)| *found));
        let later = all.into_iter().filter_map(|(_, later)| later).max();
        self.confirmation = Some(found.confirmation);
        let ending = Ending {
            boundary: self.boundary,
            attempt: self.proposal.id.clone(),
            tool: guarding.tool.clone(),
            action: self.proposal.action.digest(),
            mode: self.boundary.settings.mode,
        };
        if let Some(outcome) = ending.record(self.outcome, found).await {
            self.outcome = outcome;
        }
        if let Some(at) = later.filter(|_| found.confirmation == Confirmation::Unconfirmed) {
            self.look_later(at);
        }
        Event::Confirmed
    }

    /// Looks once more, in the background, when the request can no longer land.
    fn look_later(&self, at: Moment) {
        let Some(guarding) = self.proposal.guarding.clone() else { return };
        let boundary = Arc::clone(self.boundary);
        let (attempt, action, outcome) =
            (self.proposal.id.clone(), self.proposal.action.digest(), self.outcome);
        let passed_at = self.passed.map(|passed| passed.at);
        let said = self.judgement.as_ref().map(|judgement| judgement.before.clone()).unwrap_or_default();
        tokio::spawn(async move {
            let wait = Duration::from_nanos(at.since(clock::moment()));
            tokio::time::sleep(wait).await;
            let mut all = Vec::new();
            for guard in guarding.confirming() {
                let Some(confirm) = &guard.confirm else { continue };
                let before = said.iter().find(|before| before.guard == guard.name);
                let (boundary, guarding) = (&boundary, &*guarding);
                let answered = outcome != Outcome::Unknown;
                let own = &*attempt;
                let look = Look { boundary, own, guarding, guard, confirm, before, answered, passed_at };
                all.push(look.until(Instant::now()).await);
            }
            let found = joined(all.into_iter());
            if found.confirmation != Confirmation::Unconfirmed {
                let (tool, mode) = (guarding.tool.clone(), boundary.settings.mode);
                let ending = Ending { boundary: &boundary, attempt, tool, action, mode };
                ending.record(outcome, found).await;
            }
        });
    }
}

/// One contradiction contradicts; all must confirm to confirm.
fn joined(all: impl Iterator<Item = Found>) -> Found {
    let all: Vec<Found> = all.collect();
    let contradicted = all.iter().find(|found| found.confirmation == Confirmation::Contradicted);
    let unconfirmed = all.iter().find(|found| found.confirmation == Confirmation::Unconfirmed);
    contradicted.or(unconfirmed).or(all.first()).copied().unwrap_or(Found::unconfirmed("not-looked-for"))
}

/// Looking for one guard's effect.
struct Look<'a> {
    boundary: &'a Boundary,
    /// The attempt whose effect is looked for.
    own: &'a str,
    guarding: &'a Guarding,
    guard: &'a Guard,
    confirm: &'a Confirm,
    /// What could be said at the look before the act.
    before: Option<&'a Before>,
    /// Whether the server has answered: what has not may still land.
    answered: bool,
    passed_at: Option<Moment>,
}

impl Look<'_> {
    /// When the request can no longer land, if that is later than now.
    fn later(&self) -> Option<Moment> {
        let settled = self.settled_at()?;
        (settled > clock::moment()).then_some(settled)
    }

    fn settled_at(&self) -> Option<Moment> {
        let settle = u64::try_from(self.confirm.settle?.as_nanos()).ok()?;
        Some(Moment(self.passed_at?.0.checked_add(settle)?))
    }

    /// Looks until there is an answer or `deadline`, at least once.
    ///
    /// Absence proves nothing while the request may still land (I26): only after `settle` does it contradict.
    async fn until(&self, deadline: Instant) -> Found {
        match self.before.and_then(|before| before.shown) {
            Some(false) => {}
            Some(true) => return Found::unconfirmed("was-already-so"),
            None => return Found::unconfirmed("not-known-before"),
        }
        let names = self.guard.confirming_facts();
        let facts: Vec<PlannedFact> =
            self.guarding.facts.iter().filter(|fact| names.contains(&fact.spec.name)).cloned().collect();
        let mut pause = FIRST_PAUSE;
        loop {
            let can_land = self.settled_at().is_none_or(|settled| clock::moment() < settled);
            let Guarding { book, args, .. } = self.guarding;
            let asking = Asking { boundary: self.boundary, book, args, own: self.own };
            let taken = take_all(asking, &facts, self.guarding.rounds).await;
            let now: Vec<Now> = taken.into_iter().map(|taken| taken.now).collect();
            let shows = self.holds(&self.confirm.when, &facts, &now);
            if shows == Some(true) {
                self.rest_on(&facts, &now);
                return Found { confirmation: Confirmation::Confirmed, evidence: "effect-shows" };
            }
            let refuted = self.confirm.refute.as_ref().and_then(|refute| self.holds(refute, &facts, &now));
            // What was so before the act says nothing of a request that nobody answered and that may still land.
            let tells = self.answered || !can_land || self.before.is_some_and(|it| it.refuted == Some(false));
            if refuted == Some(true) && tells {
                return Found { confirmation: Confirmation::Contradicted, evidence: "effect-refuted" };
            }
            if shows == Some(false) && !can_land {
                return Found { confirmation: Confirmation::Contradicted, evidence: "effect-absent" };
            }
            if Instant::now() >= deadline {
                return Found::unconfirmed("effect-not-seen");
            }
            tokio::time::sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await; // backoff: the world gives no event
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// What the effect was confirmed on is what the agent made of it: its next action may rest on that.
    fn rest_on(&self, facts: &[PlannedFact], now: &[Now]) {
        let read = facts.iter().zip(now).filter_map(|(fact, now)| match now {
            Now::Read(value) => Some((fact.question(), value.clone())),
            Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
        });
        self.boundary.reader.confirm(read.collect());
    }

    /// Whether a condition holds on what was just read; `None` when nobody can say.
    fn holds(&self, condition: &Condition, facts: &[PlannedFact], now: &[Now]) -> Option<bool> {
        let plan = self.guarding.guards.iter().find(|plan| plan.rules.guard.name == self.guard.name)?;
        let now: Vec<(String, Json)> = facts
            .iter()
            .zip(now)
            .filter_map(|(fact, now)| match now {
                Now::Read(read) => Some((fact.spec.name.clone(), read.value.clone())),
                Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
            })
            .collect();
        let world = self.guarding.world(&self.boundary.principal.id, plan.resource.as_deref(), &now);
        condition.eval(&world).ok()
    }
}

/// Putting on record what was found.
struct Ending<'a> {
    boundary: &'a Boundary,
    attempt: String,
    tool: ToolName,
    action: lastlook_canon::Digest,
    mode: Mode,
}

impl Ending<'_> {
    /// Records the confirmation; an unknown outcome that it settles is settled. Returns the outcome that stands then.
    async fn record(&self, outcome: Outcome, found: Found) -> Option<Outcome> {
        let settled = match (outcome, found.confirmation) {
            (Outcome::Unknown, Confirmation::Confirmed) => Some(Outcome::Succeeded),
            (Outcome::Unknown, Confirmation::Contradicted) => Some(Outcome::Failed),
            _ => None,
        };
        let commit = match self.commit(outcome, settled, found) {
            Ok(commit) => commit,
            Err(error) => {
                tracing::error!("what was seen of the effect could not be written: {error}");
                return None;
            }
        };
        match self.boundary.commit(commit).await {
            Ok(_) => settled,
            Err(error) => {
                tracing::error!("what was seen of the effect is not on record: {error}");
                None
            }
        }
    }

    fn commit(&self, outcome: Outcome, settled: Option<Outcome>, found: Found) -> Result<Commit, DraftError> {
        let kind = if settled.is_some() { Kind::Outcome } else { Kind::Confirmation };
        let mut draft = Draft::new(kind, self.mode, &self.boundary.principal)?;
        draft.about_named(&self.tool.upstream, &self.tool.tool);
        if settled.is_some() {
            draft.set("verdict", serde_json::Value::Null);
            draft.set("settles", true);
        }
        draft.set("outcome", settled.unwrap_or(outcome).as_str());
        draft.set("evidence", found.evidence);
        draft.set("confirmation", found.confirmation.as_str());
        let entry = draft.finish(self.boundary.origin(), &self.attempt, self.action)?;
        let confirmation = match found.confirmation {
            Confirmation::Confirmed => lastlook_store::Confirmation::Confirmed,
            Confirmation::Contradicted => lastlook_store::Confirmation::Contradicted,
            Confirmation::Unconfirmed => lastlook_store::Confirmation::Unconfirmed,
        };
        let attempt = self.attempt.clone();
        let mut commit = Commit { entries: vec![entry], vital: true, ..Commit::default() };
        commit.writes.push(Write::ConfirmStep { attempt: attempt.clone(), confirmation });
        if let Some(settled) = settled {
            let happened = settled == Outcome::Succeeded;
            let to = if happened { AttemptState::Succeeded } else { AttemptState::Failed };
            let states = vec![AttemptState::Unknown];
            commit.when.push(Precondition::AttemptIs { attempt: attempt.clone(), states });
            commit.writes.push(Write::MoveAttempt { attempt: attempt.clone(), to });
            commit.writes.extend(settling(&attempt, happened, clock::unix_ns()));
        }
        Ok(commit)
    }
}
