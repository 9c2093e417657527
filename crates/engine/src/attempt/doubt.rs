//! What a restored record does not know: whether something was done, or counted, since the back-up that was put back.

use lastlook_kernel::{Code, Guard, Mode, Reason};
use lastlook_store::StoreError;

use super::Run;
use crate::facts::Ask;
use crate::guarding::GuardPlan;
use crate::restored;

impl Run<'_> {
    /// Why this attempt rests on what nobody knows: one reason for each guard that asks the record, and one for the caller's
    /// own key. None once an operator has said that the doubt has ended.
    pub(super) fn doubts(&self) -> Result<Vec<(Mode, Reason)>, StoreError> {
        let guards = self.proposal.guarding.iter().flat_map(|guarding| &guarding.guards);
        let ledger = self.proposal.guarding.iter().flat_map(|guarding| &guarding.facts);
        let asks_ledger = ledger.into_iter().any(|fact| matches!(fact.ask, Ask::Ledger { .. }));
        let asking: Vec<&GuardPlan> = guards.filter(|plan| asks_ledger || rests_on_record(plan)).collect();
        if asking.is_empty() && self.proposal.key.is_none() {
            return Ok(Vec::new());
        }
        let Some(restored) = restored::doubt(&*self.boundary.store)? else { return Ok(Vec::new()) };
        let reason = |what: String| {
            Reason::about(Code::InDoubt, restored.clone())
                .saying(
                    what,
                    "the record was put back from a back-up, and does not know what was done after it was made",
                    true,
                )
                .hint("an operator must look, and say `lastlook restored --doubt-ended`")
        };
        let mut doubts: Vec<(Mode, Reason)> = asking
            .iter()
            .map(|plan| {
                let name = &plan.rules.guard.name;
                let what = format!("guard `{name}` counts what was done before");
                (plan.mode, reason(what).in_guard(name))
            })
            .collect();
        if let Some(key) = &self.proposal.key {
            let what = format!("what has the idempotency key `{}` is done at most once", key.as_str());
            doubts.push((self.boundary.settings.mode, reason(what)));
        }
        Ok(doubts)
    }
}

/// Whether a guard's answer depends on which attempts there were.
fn rests_on_record(plan: &GuardPlan) -> bool {
    // Every part by its name, so that one that is new says here whether it counts.
    let Guard {
        after,
        window,
        once,
        limit,
        lease,
        name: _,
        on: _,
        mode: _,
        resource: _,
        unchanged: _,
        fresh: _,
        facts: _,
        stable: _,
        when: _,
        approve: _,
        confirm: _,
    } = &plan.rules.guard;
    let spaced = window.as_ref().is_some_and(|window| window.min_spacing.is_some());
    !after.is_empty() || spaced || once.is_some() || !limit.is_empty() || lease.is_some()
}
