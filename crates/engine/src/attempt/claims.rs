//! What an attempt claims when it is armed: limits, once, leases, the caller's own key; and what it says when somebody else has them.

use std::time::Duration;

use lastlook_kernel::{By, Code, Mode, Per, Reason};
use lastlook_store::{AttemptRow, AttemptState, Commit, Lookup, Precondition, StoreError, Write};

use super::Run;
use crate::clock;
use crate::guarding::{GuardPlan, Guarding, LimitPlan};
use crate::key::Key;

/// What one part of a guard claims in the store.
pub(crate) struct Claim<'a> {
    pub(crate) plan: &'a GuardPlan,
    pub(super) part: Part<'a>,
    pub(crate) key: String,
    pub(crate) when: Precondition,
    pub(crate) write: Write,
}

pub(super) enum Part<'a> {
    Once(&'a str),
    Limit(&'a LimitPlan),
    Lease(Duration),
}

impl Guarding {
    /// Everything the guards claim at one instant.
    pub(crate) fn claims(&self, attempt: &str, at_ns: i64) -> Vec<Claim<'_>> {
        let mut claims = Vec::new();
        for plan in &self.guards {
            let attempt = || attempt.to_owned();
            if let Some(once) = &plan.once {
                let (key, until_ns) = once.at(at_ns);
                claims.push(Claim {
                    plan,
                    part: Part::Once(&once.shown),
                    when: Precondition::OnceFree { key: key.clone(), at_ns },
                    write: Write::TakeOnce { key: key.clone(), attempt: attempt(), until_ns },
                    key,
                });
            }
            for limit in &plan.limits {
                let (key, window) = limit.at(at_ns);
                let (amount, max) = (limit.amount.units(), limit.limit.max.units());
                claims.push(Claim {
                    plan,
                    part: Part::Limit(limit),
                    when: Precondition::WithinLimit { key: key.clone(), window, at_ns, amount, max },
                    write: Write::Reserve { key: key.clone(), window, at_ns, amount, attempt: attempt() },
                    key,
                });
            }
            if let Some(lease) = &plan.lease {
                let key = lease.key.clone();
                claims.push(Claim {
                    plan,
                    part: Part::Lease(lease.wait),
                    when: Precondition::LeaseFree { key: key.clone() },
                    write: Write::TakeLease { key: key.clone(), attempt: attempt() },
                    key,
                });
            }
        }
        claims
    }
}

/// Why an arming commit was not made, as far as claims go.
pub(super) enum Conflict {
    /// A guard that only watches would have refused: it is remembered, and no longer insisted on.
    Waived,
    /// It may become free.
    Wait { reason: Reason, at_most: Duration },
    /// It will not.
    Refuse(Reason),
}

impl Run<'_> {
    /// The store's name for the caller's own key, if it gave one.
    fn own_key(&self) -> Option<String> {
        Some(self.proposal.key.as_ref()?.once_key(&self.boundary.principal.id))
    }

    /// Takes the caller's own key in the commit that arms, unless somebody has it and nothing is refused.
    pub(super) fn take_key(&self, at_ns: i64, commit: &mut Commit) {
        let Some(key) = self.own_key().filter(|key| !self.waived.contains(key)) else { return };
        commit.when.push(Precondition::OnceFree { key: key.clone(), at_ns });
        let attempt = self.proposal.id.clone();
        commit.writes.push(Write::TakeOnce { key, attempt, until_ns: None });
    }

    /// What refuses an action under the caller's own key before anybody is asked about it: it was done, or may have been.
    pub(super) fn key_now(&mut self) -> Result<Option<Reason>, StoreError> {
        let Some(key) = self.own_key() else { return Ok(None) };
        let store = &self.boundary.store;
        let Some((attempt, _)) = store.once(&key)? else { return Ok(None) };
        let holder = match store.attempt(&attempt)? {
            Lookup::Found(row) => Some(row),
            Lookup::Missing | Lookup::Ambiguous(_) => None,
        };
        Ok(match self.taken_by(&key, holder.as_ref(), clock::unix_ns()) {
            Conflict::Refuse(reason) | Conflict::Wait { reason, .. } => Some(reason),
            Conflict::Waived => None,
        })
    }

    /// What it means that an attempt has the caller's own key.
    fn key_taken(&self, holder: Option<&AttemptRow>) -> Conflict {
        let key = self.proposal.key.as_ref().map(Key::as_str).unwrap_or_default();
        let id = holder.map(|holder| holder.id.clone()).unwrap_or_default();
        let ended = holder.filter(|holder| !holder.state.is_open());
        match ended {
            Some(holder) if holder.action == self.proposal.action.digest() => Conflict::Refuse(
                Reason::about(Code::OnceDone, id.clone())
                    .saying(
                        format!("what has the idempotency key `{key}` is done at most once"),
                        format!("receipt {id} already did it: {}", holder.state),
                        true,
                    )
                    .hint("do not repeat it"),
            ),
            Some(holder) => Conflict::Refuse(
                Reason::about(Code::KeyReused, id.clone())
                    .saying(
                        format!("the idempotency key `{key}` stands for one action"),
                        format!(
                            "receipt {id} has it for another one, of `{}`: {}",
                            holder.tool, holder.state
                        ),
                        true,
                    )
                    .hint("give each action a key of its own"),
            ),
            None => {
                let reason = Reason::about(Code::InDoubt, id);
                Conflict::Wait { reason, at_most: self.boundary.settings.wait_for_subject }
            }
        }
    }

    /// What a taken `once`, key or lease means.
    pub(super) fn taken_by(&mut self, key: &str, holder: Option<&AttemptRow>, at_ns: i64) -> Conflict {
        if self.own_key().as_deref() == Some(key) {
            let conflict = self.key_taken(holder);
            return self.waived_if_audit(key, (self.boundary.settings.mode, conflict));
        }
        let conflict = self.with_claim(key, at_ns, |run, claim| {
            let guard = &claim.plan.rules.guard.name;
            let open = holder.filter(|holder| holder.state.is_open());
            let conflict = match (&claim.part, holder) {
                (Part::Once(shown), Some(holder)) if open.is_none() => Conflict::Refuse(
                    Reason::about(Code::OnceDone, holder.id.clone())
                        .saying(
                            format!("`{shown}` is done at most once"),
                            format!("receipt {} already did it", holder.id),
                            true,
                        )
                        .hint("do not repeat it")
                        .in_guard(guard),
                ),
                (Part::Lease(wait), holder) => {
                    let id = holder.map(|holder| holder.id.clone()).unwrap_or_default();
                    let reason = Reason::about(Code::LeaseTaken, id.clone())
                        .saying("nobody else is at it", format!("attempt {id} is"), true)
                        .hint("try again later")
                        .in_guard(guard);
                    match holder.is_some_and(|holder| holder.state == AttemptState::Unknown) {
                        true => Conflict::Refuse(Reason::about(Code::InDoubt, id).in_guard(guard)),
                        false => Conflict::Wait { reason, at_most: *wait },
                    }
                }
                (_, holder) => {
                    let id = holder.map(|holder| holder.id.clone()).unwrap_or_default();
                    let reason = Reason::about(Code::InDoubt, id).in_guard(guard);
                    Conflict::Wait { reason, at_most: run.boundary.settings.wait_for_subject }
                }
            };
            (claim.plan.mode, conflict)
        });
        self.waived_if_audit(key, conflict)
    }

    /// What a limit without room means.
    pub(super) fn limit_full(&mut self, key: &str, spent: u128, reserved: u128, at_ns: i64) -> Conflict {
        let conflict = self.with_claim(key, at_ns, |run, claim| {
            let Part::Limit(plan) = &claim.part else { return (claim.plan.mode, unclear(key)) };
            let amount = lastlook_kernel::Amount::from_units;
            let limit = &plan.limit;
            let own = matches!(limit.by, By::Principal);
            let what = if limit.sum.is_some() { "" } else { " calls" };
            let expected = format!("at most {}{what} {}", limit.max, period(&limit.per));
            let actual = format!(
                "{} spent, {} reserved by what is under way, and this asks for {}",
                amount(spent),
                amount(reserved),
                plan.amount
            );
            let only_reserved = spent.saturating_add(plan.amount.units()) <= limit.max.units();
            let code = if only_reserved { Code::LimitReserved } else { Code::LimitExceeded };
            let reason = Reason::about(code, limit.sum.clone().unwrap_or_else(|| "calls".to_owned()))
                .saying(expected, actual, own)
                .in_guard(&claim.plan.rules.guard.name);
            let conflict = match only_reserved {
                true => Conflict::Wait { reason, at_most: run.boundary.settings.wait_for_subject },
                false => Conflict::Refuse(reason),
            };
            (claim.plan.mode, conflict)
        });
        self.waived_if_audit(key, conflict)
    }

    fn with_claim(
        &self,
        key: &str,
        at_ns: i64,
        say: impl FnOnce(&Self, &Claim<'_>) -> (Mode, Conflict),
    ) -> (Mode, Conflict) {
        let claims =
            self.proposal.guarding.as_ref().map(|guarding| guarding.claims(&self.proposal.id, at_ns));
        // Two guards may claim one key: what one of them only watches, the other still refuses.
        let mut all = claims.iter().flatten().filter(|claim| claim.key == key);
        match all.clone().find(|claim| claim.plan.mode == Mode::Enforce).or_else(|| all.next()) {
            Some(claim) => say(self, claim),
            None => (Mode::Enforce, unclear(key)),
        }
    }

    fn waived_if_audit(&mut self, key: &str, (mode, conflict): (Mode, Conflict)) -> Conflict {
        match (mode, conflict) {
            (Mode::Audit, Conflict::Wait { reason, .. } | Conflict::Refuse(reason)) => {
                self.audited.push(reason);
                self.waived.insert(key.to_owned());
                Conflict::Waived
            }
            (_, conflict) => conflict,
        }
    }
}

fn unclear(key: &str) -> Conflict {
    Conflict::Refuse(Reason::about(Code::StoreUnavailable, key))
}

fn period(per: &Per) -> String {
    match per {
        Per::Sliding(length) => format!("in any {} s", length.as_secs()),
        Per::Calendar { unit, tz } => format!("a {} ({tz})", format!("{unit:?}").to_lowercase()),
    }
}
