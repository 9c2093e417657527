//! A look without an attempt: what would be said of an action now. Nothing is armed, recorded, reserved or sent.

use std::sync::Arc;

use lastlook_canon::{Json, lexical};
use lastlook_kernel::{Class, Code, Event, Judgement, Mode, Now, Reason, Verdict, Was};
use lastlook_store::{AttemptState, LimitWindow, Lookup, Precondition, StoreError};

use super::claims::{Conflict, Part};
use super::{Proposal, Run};
use crate::boundary::Boundary;
use crate::check::{CheckError, Checked, ClaimFound, Claimed};
use crate::clock;
use crate::facts::{Taken, as_if_seen};

impl Boundary {
    /// Says what would become of a call of `tool` with these arguments if it came now.
    ///
    /// The call is planned, its facts are read and it is judged by the code that attempts go through. Without a session
    /// nothing was read by an agent; with `as_if_read`, the facts as they are now stand for what it read.
    ///
    /// # Errors
    ///
    /// The record cannot be read, or there is no randomness.
    pub async fn check(
        self: &Arc<Self>,
        tool: &str,
        args: &Json,
        as_if_read: bool,
    ) -> Result<Checked, CheckError> {
        let tool = self.catalog.tool(tool).unwrap_or_else(|| self.catalog.unlisted(tool));
        let params = Json::object([("name", Json::from(tool.name.as_str())), ("arguments", args.clone())]);
        let mut proposal = self.propose(Arc::clone(&tool), lexical(&params).into(), Arc::from([]))?;
        if as_if_read && tool.class != Class::Read {
            // Whatever it has to rest on was read: so it is not blind.
            proposal.touched.basis.covered += 1;
        }
        let mut run = Run::new(self, proposal, None);
        run.as_if_read = as_if_read;
        let mut enforced = run.opening();
        // What was not read is told with the rest; anything else ends it before a source is asked, as in an attempt.
        let looks = enforced.iter().all(|reason| reason.code == Code::BasisMissing);
        let mut claimed = Vec::new();
        let mut audited = run.audited.clone();
        if looks {
            let at_ns = clock::unix_ns();
            claimed = run.claims_now(at_ns)?;
            enforced.extend(run.subjects_now()?);
            for reason in claimed.iter().filter_map(Claimed::reason) {
                enforced.push(reason.clone());
            }
            match run.look().await {
                // Whoever gave permission in advance would not be asked.
                Event::Looked(Verdict::Hold(reasons)) if run.choose_grants(&reasons) => {}
                Event::Looked(Verdict::Deny(reasons) | Verdict::Hold(reasons)) => enforced.extend(reasons),
                // The permit is dropped: nothing passes the gate with it.
                Event::Looked(Verdict::Allow(permit)) => audited.extend(permit.overridden().iter().cloned()),
                _ => enforced.push(Reason::of(Code::StoreUnavailable)),
            }
            audited.extend(run.audited.iter().cloned());
            audited.extend(run.judgement.iter().flat_map(|judgement| judgement.audited.iter().cloned()));
        }
        for reasons in [&mut enforced, &mut audited] {
            reasons.sort();
            reasons.dedup();
        }
        Ok(Checked::gather(&run, looks, claimed, enforced, audited))
    }
}

impl Run<'_> {
    /// What there is to tell of a look.
    pub(crate) fn seen(&self) -> (&Boundary, &Proposal, &[Taken], Option<&Judgement>) {
        (self.boundary, &self.proposal, &self.taken, self.judgement.as_ref())
    }

    /// Takes the facts as they were just read for what the agent read, where it could have seen them.
    pub(super) fn take_now_for_was(&mut self) {
        let Some(guarding) = &mut self.proposal.guarding else { return };
        for (fact, taken) in guarding.facts.iter_mut().zip(&self.taken) {
            if let Now::Read(now) = &taken.now
                && let Some(seen) = as_if_seen(&fact.spec, now)
            {
                fact.was = Was::Seen(seen);
            }
        }
    }

    /// Whether what the guards would claim at arming is free, in the order of the guards.
    pub(super) fn claims_now(&mut self, at_ns: i64) -> Result<Vec<Claimed>, StoreError> {
        let Some(guarding) = self.proposal.guarding.clone() else { return Ok(Vec::new()) };
        let store = Arc::clone(&self.boundary.store);
        let mut found = Vec::new();
        for claim in guarding.claims(&self.proposal.id, at_ns) {
            let (conflict, state) = match (&claim.when, &claim.part) {
                (Precondition::OnceFree { key, .. }, _) => {
                    let taken = store.once(key)?.filter(|(_, until)| until.is_none_or(|until| until > at_ns));
                    let holder = match taken.map(|(attempt, _)| store.attempt(&attempt)).transpose()? {
                        Some(Lookup::Found(row)) => Some(row),
                        _ => None,
                    };
                    (holder.map(|holder| self.taken_by(key, Some(&holder), at_ns)), None)
                }
                (Precondition::LeaseFree { key }, _) => {
                    let holder = store.lease(key)?;
                    (holder.map(|(holder, _)| self.taken_by(key, Some(&holder), at_ns)), None)
                }
                (Precondition::WithinLimit { key, window, amount, max, .. }, Part::Limit(plan)) => {
                    let (spent, reserved) = self.counted(key, *window, at_ns)?;
                    let units = lastlook_kernel::Amount::from_units;
                    let state = format!(
                        "{} spent, {} reserved, this asks for {} of {}",
                        units(spent),
                        units(reserved),
                        plan.amount,
                        plan.limit.max
                    );
                    let full = spent.saturating_add(reserved).saturating_add(*amount) > *max;
                    (full.then(|| self.limit_full(key, spent, reserved, at_ns)), Some(state))
                }
                _ => (None, None),
            };
            let (reason, wait, waived) = match conflict {
                None => (None, None, false),
                Some(Conflict::Refuse(reason)) => (Some(reason), None, false),
                Some(Conflict::Wait { reason, at_most }) => (Some(reason), Some(at_most), false),
                Some(Conflict::Waived) => (self.audited.last().cloned(), None, true),
            };
            let what = match &claim.part {
                Part::Once(_) => ClaimFound::Once,
                Part::Limit(plan) => ClaimFound::Limit(plan.key.clone()),
                Part::Lease(_) => ClaimFound::Lease,
            };
            let guard = claim.plan.rules.guard.name.clone();
            found.push(Claimed { guard, what, state, refused: reason, wait, waived });
        }
        Ok(found)
    }

    fn counted(&self, key: &str, window: LimitWindow, at_ns: i64) -> Result<(u128, u128), StoreError> {
        self.boundary.store.limit(key, window, at_ns)
    }

    /// The attempts that hold the same action or something it is about, and what a restored record does not know.
    fn subjects_now(&self) -> Result<Vec<Reason>, StoreError> {
        if self.boundary.settings.mode == Mode::Audit {
            return Ok(Vec::new());
        }
        let doubts = self.doubts()?.into_iter().filter(|(mode, _)| *mode == Mode::Enforce);
        let mut reasons: Vec<Reason> = doubts.map(|(_, reason)| reason).collect();
        for subject in self.claimed() {
            let Some(holder) = self.boundary.store.holder(&subject)? else { continue };
            let state = match holder.state {
                AttemptState::Armed => "it is under way",
                _ => "its outcome is not known: `lastlook resolve`",
            };
            let reason = Reason::about(Code::InDoubt, holder.id.clone());
            reasons.push(reason.saying("no other attempt is about the same", state, false));
        }
        Ok(reasons)
    }
}
