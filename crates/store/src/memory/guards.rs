//! The rows behind the conditions of guards, in memory: every sum is taken afresh from all there is.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Attempts, no_attempt, unavailable};
use crate::{Commit, CommitError, Confirmation, LimitWindow, Precondition, StepRow, Write};

/// A limit's key and how long what is spent counts.
pub(super) type LimitId = (String, Option<i64>);

#[derive(Default)]
pub(super) struct Guards {
    once: BTreeMap<String, Once>,
    limits: BTreeMap<LimitId, Limit>,
    leases: BTreeMap<String, Lease>,
    steps: BTreeMap<String, Step>,
    marks: BTreeMap<String, String>,
}

#[derive(Clone)]
pub(super) struct Once {
    attempt: String,
    until_ns: Option<i64>,
    settled: bool,
}

#[derive(Clone)]
pub(super) struct Limit {
    latest_ns: i64,
    held: Vec<Held>,
}

#[derive(Clone)]
struct Held {
    attempt: String,
    reserved_ns: i64,
    amount: u128,
    open: bool,
}

#[derive(Clone)]
pub(super) struct Lease {
    attempt: Option<String>,
    fence: u64,
}

#[derive(Clone)]
pub(super) struct Step {
    keys: BTreeSet<String>,
    armed_at_ns: i64,
    ended_at_ns: Option<i64>,
    confirmation: Option<Confirmation>,
    arguments: Vec<u8>,
}

/// How to take one change back: what stood there before.
pub(super) enum Undo {
    Once(String, Option<Once>),
    Limit(LimitId, Option<Limit>),
    Lease(String, Option<Lease>),
    Step(String, Option<Step>),
    Mark(String, Option<String>),
}

impl Guards {
    pub(super) fn once(&self, key: &str) -> Option<(String, Option<i64>)> {
        self.once.get(key).map(|once| (once.attempt.clone(), once.until_ns))
    }

    pub(super) fn mark(&self, name: &str) -> Option<String> {
        self.marks.get(name).cloned()
    }

    pub(super) fn lease(&self, key: &str) -> Option<(&str, u64)> {
        let Lease { attempt, fence } = self.leases.get(key)?;
        Some((attempt.as_deref()?, *fence))
    }

    /// What is spent and what is reserved at this instant.
    pub(super) fn limit(&self, key: &str, window: LimitWindow, at_ns: i64) -> (u128, u128) {
        let Some(limit) = self.limits.get(&(key.to_owned(), window.length())) else { return (0, 0) };
        let sum = |open| {
            limit.counted(window, at_ns).filter(|held| held.open == open).map(|held| held.amount).sum()
        };
        (sum(false), sum(true))
    }

    pub(super) fn steps(
        &self,
        attempts: &Attempts,
        key: &str,
        limit: usize,
        before_ns: Option<i64>,
    ) -> Vec<StepRow> {
        let found = self.steps.iter().filter(|(_, step)| {
            step.keys.contains(key) && before_ns.is_none_or(|before| step.armed_at_ns < before)
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|(attempt, step)| std::cmp::Reverse((step.armed_at_ns, *attempt)));
        let last = limit.checked_sub(1).map(|last| found.get(last).map(|(_, step)| step.armed_at_ns));
        let row = |(id, step): (&String, &Step)| {
            let attempt = attempts.get(id)?;
            Some(StepRow {
                attempt: id.clone(),
                upstream: attempt.upstream.clone(),
                tool: attempt.tool.clone(),
                armed_at_ns: step.armed_at_ns,
                ended_at_ns: step.ended_at_ns,
                state: attempt.state,
                confirmation: step.confirmation,
                arguments: step.arguments.clone(),
            })
        };
        match last {
            None => Vec::new(),
            Some(last) => {
                let page = found
                    .into_iter()
                    .take_while(|(_, step)| last.is_none_or(|last| step.armed_at_ns >= last));
                page.filter_map(row).collect()
            }
        }
    }

    /// Whoever has this key at this instant.
    pub(super) fn has_once(&self, key: &str, at_ns: i64) -> Option<&str> {
        let once = self.once.get(key)?;
        once.until_ns.is_none_or(|until| until > at_ns).then_some(once.attempt.as_str())
    }

    /// Checks the limit that the precondition at this place is about.
    pub(super) fn check_limit(&self, when: &[Precondition], place: usize) -> Result<(), CommitError> {
        let Some(Precondition::WithinLimit { key, window, at_ns, max, .. }) = when.get(place) else {
            return Ok(());
        };
        let mut asked = Some(0_u128);
        for which in when.iter().take(place + 1) {
            if let Precondition::WithinLimit { key: other, window: over, amount, .. } = which
                && (other, over.length()) == (key, window.length())
            {
                asked = asked.and_then(|sum| sum.checked_add(*amount));
            }
        }
        let total = |(spent, reserved): (u128, u128)| asked?.checked_add(spent)?.checked_add(reserved);
        let fits = |at_ns| total(self.limit(key, *window, at_ns)).is_some_and(|total| total <= *max);
        if fits(*at_ns) {
            return Ok(());
        }
        let (spent, reserved) = self.limit(key, *window, *at_ns);
        let free_at_ns = window.length().and_then(|length| {
            let limit = self.limits.get(&(key.clone(), Some(length)))?;
            let now = limit.latest_ns.max(*at_ns);
            let leaving = limit.held.iter().filter(|held| !held.open);
            let mut leaving: Vec<_> =
                leaving.filter_map(|held| held.reserved_ns.checked_add(length)).collect();
            leaving.sort_unstable();
            leaving.into_iter().filter(|at| *at > now).find(|at| fits(*at))
        });
        Err(CommitError::Limit { key: key.clone(), spent, reserved, max: *max, free_at_ns })
    }

    /// Makes one change; the fencing token if it takes a lease.
    pub(super) fn write(
        &mut self,
        attempts: &Attempts,
        commit: &Commit,
        write: &Write,
        undo: &mut Vec<super::model::Undo>,
    ) -> Result<Option<u64>, CommitError> {
        let known = |attempt: &String| {
            if attempts.contains_key(attempt) { Ok(()) } else { Err(no_attempt(attempt)) }
        };
        let mut undone = |change| undo.push(super::model::Undo::Guard(change));
        match write {
            Write::TakeOnce { key, attempt, until_ns } => {
                let other = self.has_once(key, free_at(commit, key)).filter(|other| other != attempt);
                if let Some(other) = other {
                    return Err(unavailable(format!("`{key}` was taken by attempt `{other}`")));
                }
                known(attempt)?;
                let own = self.once.get(key).filter(|once| once.attempt == *attempt);
                // For ever is `None`.
                let until_ns = own.map_or(*until_ns, |own| Some(own.until_ns?.max((*until_ns)?)));
                let once = Once { attempt: attempt.clone(), until_ns, settled: false };
                undone(Undo::Once(key.clone(), self.once.insert(key.clone(), once)));
            }
            Write::Reserve { key, window, at_ns, amount, attempt } => {
                known(attempt)?;
                let id = (key.clone(), window.length());
                let was = self.limits.get(&id).cloned();
                let mut limit = was.clone().unwrap_or(Limit { latest_ns: *at_ns, held: Vec::new() });
                limit.latest_ns = limit.latest_ns.max(*at_ns);
                let all = limit.held.iter().try_fold(*amount, |sum, held| sum.checked_add(held.amount));
                if all.is_none() {
                    return Err(unavailable(format!(
                        "the amounts under limit `{key}` are too large to be counted"
                    )));
                }
                limit.held.push(Held {
                    attempt: attempt.clone(),
                    reserved_ns: limit.latest_ns,
                    amount: *amount,
                    open: true,
                });
                limit.forget(*window);
                self.limits.insert(id.clone(), limit);
                undone(Undo::Limit(id, was));
            }
            Write::SettleAttempt { attempt, kept } => {
                for (id, limit) in &mut self.limits {
                    if limit.held.iter().any(|held| held.open && held.attempt == *attempt) {
                        undone(Undo::Limit(id.clone(), Some(limit.clone())));
                        limit.settle(attempt, *kept);
                    }
                }
                let unsettled = |once: &Once| !once.settled && once.attempt == *attempt;
                for (key, once) in self.once.iter_mut().filter(|(_, once)| *kept && unsettled(once)) {
                    undone(Undo::Once(key.clone(), Some(once.clone())));
                    once.settled = true;
                }
                let given_back = self.once.extract_if(.., |_, once| !*kept && unsettled(once));
                given_back.for_each(|(key, once)| undone(Undo::Once(key, Some(once))));
            }
            Write::ReleaseSubjects { attempt } => {
                let held =
                    self.leases.iter_mut().filter(|(_, lease)| lease.attempt.as_ref() == Some(attempt));
                for (key, lease) in held {
                    undone(Undo::Lease(key.clone(), Some(lease.clone())));
                    lease.attempt = None;
                }
            }
            Write::TakeLease { key, attempt } => {
                let was = self.leases.get(key).cloned();
                let fence = match &was {
                    Some(Lease { attempt: Some(holder), fence }) if holder == attempt => {
                        return Ok(Some(*fence));
                    }
                    Some(Lease { attempt: Some(holder), .. }) => {
                        return Err(unavailable(format!("lease `{key}` is held by attempt `{holder}`")));
                    }
                    was => was.as_ref().map_or(0, |lease| lease.fence) + 1,
                };
                known(attempt)?;
                self.leases.insert(key.clone(), Lease { attempt: Some(attempt.clone()), fence });
                undone(Undo::Lease(key.clone(), was));
                return Ok(Some(fence));
            }
            Write::NoteStep { keys, attempt, armed_at_ns, arguments } => {
                known(attempt)?;
                if self.steps.contains_key(attempt) {
                    return Err(unavailable(format!("attempt `{attempt}` is noted as a step already")));
                }
                let step = Step {
                    keys: keys.iter().cloned().collect(),
                    armed_at_ns: *armed_at_ns,
                    ended_at_ns: None,
                    confirmation: None,
                    arguments: arguments.clone(),
                };
                undone(Undo::Step(attempt.clone(), self.steps.insert(attempt.clone(), step)));
            }
            Write::EndStep { attempt, ended_at_ns } => {
                if let Some(step) = self.steps.get_mut(attempt) {
                    undone(Undo::Step(attempt.clone(), Some(step.clone())));
                    step.ended_at_ns = step.ended_at_ns.max(Some(*ended_at_ns));
                }
            }
            Write::ConfirmStep { attempt, confirmation } => {
                if let Some(step) = self.steps.get_mut(attempt) {
                    undone(Undo::Step(attempt.clone(), Some(step.clone())));
                    step.confirmation = Some(*confirmation);
                }
            }
            Write::SetMark { name, value } => {
                undone(Undo::Mark(name.clone(), self.marks.insert(name.clone(), value.clone())));
            }
            Write::OpenAttempt(_)
            | Write::MoveAttempt { .. }
            | Write::TakeSubject { .. }
            | Write::OpenRequest(_)
            | Write::MoveRequest { .. }
            | Write::Vote(_)
            | Write::PutApprover(_)
            | Write::RemoveApprover { .. }
            | Write::GiveGrant(_)
            | Write::RevokeGrant { .. }
            | Write::UseGrant { .. }
            | Write::OpenHalt(_)
            | Write::EndHalt { .. } => {}
        }
        Ok(None)
    }

    pub(super) fn take_back(&mut self, undo: Undo) {
        match undo {
            Undo::Once(key, was) => restore(&mut self.once, key, was),
            Undo::Limit(id, was) => restore(&mut self.limits, id, was),
            Undo::Lease(key, was) => restore(&mut self.leases, key, was),
            Undo::Step(attempt, was) => restore(&mut self.steps, attempt, was),
            Undo::Mark(name, was) => restore(&mut self.marks, name, was),
        }
    }
}

impl Limit {
    /// What counts at this instant.
    fn counted(&self, window: LimitWindow, at_ns: i64) -> impl Iterator<Item = &Held> {
        let edge = window.length().and_then(|length| self.latest_ns.max(at_ns).checked_sub(length));
        self.held.iter().filter(move |held| held.open || edge.is_none_or(|edge| held.reserved_ns > edge))
    }

    /// Forgets what will never count again.
    fn forget(&mut self, window: LimitWindow) {
        self.held = self.counted(window, self.latest_ns).cloned().collect();
    }

    fn settle(&mut self, attempt: &str, kept: bool) {
        let mine = |held: &Held| held.open && held.attempt == attempt;
        if kept {
            self.held.iter_mut().filter(|held| mine(held)).for_each(|held| held.open = false);
        } else {
            self.held.retain(|held| !mine(held));
        }
    }
}

/// The instant at which a commit asks for this key to be free; before all others if it does not ask.
pub(super) fn free_at(commit: &Commit, key: &str) -> i64 {
    let asked = commit.when.iter().filter_map(|which| match which {
        Precondition::OnceFree { key: other, at_ns } if other == key => Some(*at_ns),
        _ => None,
    });
    asked.max().unwrap_or(i64::MIN)
}

pub(super) fn restore<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, was: Option<V>) {
    match was {
        Some(was) => drop(map.insert(key, was)),
        None => drop(map.remove(&key)),
    }
}
