//! The guards of one attempt: what refuses unread, what is read at the look, and how it is judged.

use lastlook_kernel::{Code, Judgement, Mode, Moment, Reason};

use lastlook_store::StoreError;

use super::granted::Stands;
use super::{Covered, Run, hold};
use crate::clock;
use crate::deciding::{Found, FoundFor, Unread, judge_found, unread};
use crate::facts::{Asking, Taken, take_all};
use crate::guarding::{GuardPlan, Guarding};
use crate::steps::{self, StepFound};

impl Run<'_> {
    /// What refuses before anything is read: unfilled templates, the policy on the arguments alone, a shut window.
    ///
    /// What guards that only watch would have refused is remembered.
    pub(super) fn unread_reasons(&mut self, wall_ns: i64) -> Vec<Reason> {
        let Some(guarding) = &self.proposal.guarding else { return Vec::new() };
        let Unread { enforced, audited } =
            unread(guarding, &self.boundary.principal.id, self.mode(), wall_ns);
        self.audited = audited;
        enforced
    }

    fn mode(&self) -> Mode {
        self.boundary.settings.mode
    }

    /// Takes other rules over when they were reloaded since the call arrived.
    ///
    /// What was claimed at arming was claimed under the old ones: if the new ones claim something else, nothing can be
    /// decided, and the caller may try again.
    pub(super) fn renew_rules(&mut self) -> Result<(), Vec<Reason>> {
        let book = self.boundary.rulebook();
        let current = match &self.proposal.guarding {
            Some(guarding) => std::sync::Arc::ptr_eq(&guarding.book, &book),
            None => std::sync::Arc::ptr_eq(&self.proposal.book, &book),
        };
        if current {
            return Ok(());
        }
        let arguments = self.proposal.action.arguments();
        let book_now = std::sync::Arc::clone(&book);
        let renewed = Guarding::plan(self.boundary, book_now, &self.proposal.tool, arguments);
        let changed = || vec![Reason::of(Code::ConfigurationChanged)];
        // What was waived at arming was not claimed, and the new rules may insist on it.
        if !self.waived.is_empty() {
            return Err(changed());
        }
        let renewed = match (self.proposal.guarding.as_deref(), renewed) {
            (None, None) => None,
            (Some(old), Some(new)) => Some(new.resting_on(old).ok_or_else(changed)?),
            (Some(_), None) | (None, Some(_)) => return Err(changed()),
        };
        // A reading that no guard compares any more is not compared at all: it left the basis for a guard's sake.
        let still = |covered: &Covered| {
            let renewed = renewed.as_ref();
            renewed.is_some_and(|new| self.boundary.is_covered(new, &covered.tool, &covered.params))
        };
        if !self.proposal.covered.iter().all(still) {
            return Err(changed());
        }
        self.proposal.guarding = renewed.map(Box::new);
        self.proposal.book = book;
        let unread = self.unread_reasons(clock::unix_ns());
        if unread.is_empty() { Ok(()) } else { Err(unread) }
    }

    /// Reads the guards' facts, all at once.
    pub(super) async fn take_facts(&self) -> Vec<Taken> {
        let Some(guarding) = &self.proposal.guarding else { return Vec::new() };
        let (book, args, own) = (&*guarding.book, &guarding.args, &*self.proposal.id);
        let asking = Asking { boundary: self.boundary, book, args, own };
        take_all(asking, &guarding.facts, guarding.rounds).await
    }

    /// What is on record of the steps and the spacing the guards ask for.
    pub(super) fn on_record(&self) -> OnRecord {
        let mut found = OnRecord::default();
        for plan in self.proposal.guarding.iter().flat_map(|guarding| &guarding.guards) {
            let name = &plan.rules.guard.name;
            let mut told = |error: StoreError| found.errors.push((name.clone(), error.to_string()));
            let steps = self.steps_of(plan).unwrap_or_else(|error| {
                told(error);
                Vec::new()
            });
            let wanted = plan.rules.guard.window.as_ref().is_some_and(|spec| spec.min_spacing.is_some());
            let last = wanted.then(|| steps::last_spaced(self.boundary, name, &self.proposal.id));
            let spaced = last.transpose().unwrap_or_else(|error| {
                told(error);
                None
            });
            found.steps.push(steps);
            found.spaced.push(spaced.flatten());
        }
        found.granted = self.grants_on_record().unwrap_or_else(|error| {
            found.errors.push(("approve".to_owned(), error.to_string()));
            Vec::new()
        });
        found.approved = self.is_approved().unwrap_or_else(|error| {
            found.errors.push(("approve".to_owned(), error.to_string()));
            false
        });
        found
    }

    /// Judges the guards on what was just read; also the instant from which the judgement no longer holds.
    pub(super) fn judged(&mut self, at: Moment) -> (Option<Judgement>, Option<Moment>) {
        let Some(guarding) = &self.proposal.guarding else { return (None, None) };
        let wall_ns = clock::unix_ns();
        let principal = &self.boundary.principal.id;
        let found = self.found(guarding, at, wall_ns);
        let judgement = judge_found(guarding, principal, self.mode(), &self.taken, &found);
        let period_ends = found.claimed_ns.and_then(|claimed| guarding.claimed_until(claimed, wall_ns));
        let ends = self.lease_ends();
        self.found = Some(found);
        let runs_out = self.claim.as_ref().and_then(hold::Claim::until_ns);
        let runs_out = runs_out.into_iter().chain(self.granted_until_ns());
        let until = judgement.until_ns.into_iter().chain(period_ends).chain(runs_out).min().map(|until| {
            let left = u64::try_from(until.saturating_sub(wall_ns)).unwrap_or_default();
            Moment(at.0.saturating_add(left))
        });
        let deadline = until.into_iter().chain(ends).min();
        (Some(judgement), deadline)
    }

    /// What was found for the guards, apart from their facts.
    fn found(&self, guarding: &Guarding, at: Moment, wall_ns: i64) -> Found {
        let OnRecord { steps, spaced, approved, granted: _, errors } = &self.on_record;
        let guards = guarding.guards.iter().enumerate().map(|(index, plan)| {
            let name = &plan.rules.guard.name;
            let claimed = self.claim.as_ref().is_some_and(|claim| claim.is_for(name));
            FoundFor {
                guard: name.clone(),
                steps: steps.get(index).cloned().unwrap_or_default(),
                spaced_ns: spaced.get(index).copied().flatten(),
                approved: *approved && claimed,
                granted: self.is_granted(plan),
            }
        });
        Found {
            wall_ns,
            guards: guards.collect(),
            unreadable: errors.clone(),
            claimed_ns: self.claimed_ns,
            held_ns: self.armed_at.map(|armed| at.since(armed)),
            audited: self.audited.clone(),
        }
    }

    /// From when on the leases taken at arming have been held too long.
    fn lease_ends(&self) -> Option<Moment> {
        let armed_at = self.armed_at?;
        let guarding = self.proposal.guarding.as_ref()?;
        let shortest = guarding.shortest_lease()?;
        Some(Moment(armed_at.0.saturating_add(u64::try_from(shortest.as_nanos()).unwrap_or(u64::MAX))))
    }

    fn steps_of(&self, plan: &GuardPlan) -> Result<Vec<StepFound>, StoreError> {
        let Some(guarding) = &self.proposal.guarding else { return Ok(Vec::new()) };
        let world = guarding.world(&self.boundary.principal.id, plan.resource.as_deref(), &[]);
        let own = &self.proposal.id;
        let find = |step| {
            steps::find(&*self.boundary.store, &guarding.book.index, step, &guarding.args, &world, own)
        };
        plan.rules.steps.iter().map(find).collect()
    }
}

/// What the record says that guards rest on, in their order.
#[derive(Debug, Default)]
pub(super) struct OnRecord {
    /// For each guard, what was found of each step.
    steps: Vec<Vec<StepFound>>,
    /// For each guard, when the last action it spaces out was.
    spaced: Vec<Option<i64>>,
    /// Whether people have approved this very action, and it stands.
    pub(super) approved: bool,
    /// The grants it runs on that stand.
    pub(super) granted: Vec<Stands>,
    /// Guards of which the record could not be read, and why.
    errors: Vec<(String, String)>,
}

impl OnRecord {
    /// Whether the record says what it said before. What cannot be read does not.
    pub(super) fn says_the_same(&self, before: &OnRecord) -> bool {
        let steps = |found: &OnRecord| found.steps.iter().map(Vec::len).collect::<Vec<_>>();
        let same = |(now, before): (&StepFound, &StepFound)| now.says_the_same(before);
        self.errors.is_empty()
            && self.spaced == before.spaced
            && self.approved == before.approved
            && self.granted.len() == before.granted.len()
            && self.granted.iter().zip(&before.granted).all(|(now, before)| now.says_the_same(before))
            && steps(self) == steps(before)
            && self.steps.iter().flatten().zip(before.steps.iter().flatten()).all(same)
    }
}
