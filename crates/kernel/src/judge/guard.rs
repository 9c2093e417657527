//! One guard: the parent that branches over its parts.

use std::collections::BTreeSet;

use super::{Before, GuardCase, Guarded, Judgement};
use crate::age::{nanoseconds, spaced};
use crate::judge::facts::{FactCase, span};
use crate::steps::{LackWhy, prove};
use crate::verdict::Code;
use crate::{Approve, Condition, Reason, Root, World};

/// Proves every guard's steps; returns the full names of the tools whose steps are proven.
pub(super) fn prove_steps(guarded: &Guarded<'_>, judgement: &mut Judgement) -> Vec<String> {
    let mut proven = Vec::new();
    for case in guarded.guards.iter().filter(|case| !case.steps.is_empty()) {
        if let Ok(proofs) = prove(&case.steps, guarded.wall_ns) {
            proven.extend(case.steps.iter().map(|step| step.step.tool.to_string()));
            judgement.proofs.extend(proofs.into_iter().map(|proof| proof.attempt));
        }
    }
    proven.sort();
    proven.dedup();
    proven
}

/// Every reason of this guard against the action.
pub(super) fn judge(
    guarded: &Guarded<'_>,
    case: &GuardCase<'_>,
    world: &World,
    judgement: &mut Judgement,
) -> Vec<Reason> {
    let guard = case.guard;
    let named = guard.fact_names();
    let mut reasons: Vec<Reason> =
        facts(guarded, named.iter().map(String::as_str)).filter_map(FactCase::unusable).collect();
    // What people approved they approved on all that they were shown.
    let mut compared: BTreeSet<String> = guard.unchanged.iter().cloned().collect();
    if case.approved {
        compared.extend(guard.facts_before());
    }
    reasons.extend(facts(guarded, compared.iter().map(String::as_str)).filter_map(FactCase::unchanged));
    for fresh in &guard.fresh {
        let max_age_ns = nanoseconds(fresh.max_age);
        for fact in facts(guarded, std::iter::once(fresh.fact.as_str())) {
            match fact.fresh(guarded.wall_ns, max_age_ns) {
                Ok(until_ns) => judgement.until(until_ns),
                Err(reason) => reasons.push(reason),
            }
        }
    }
    if let Some(when) = &guard.when {
        reasons.extend(holds(guarded, "when", when, world));
    }
    reasons.extend(steps(guarded, case));
    reasons.extend(time(guarded, case, judgement));
    if let Some(approve) = &guard.approve {
        let missing = approval(guarded, approve, world);
        let is_given = case.approved || case.granted;
        reasons.extend(missing.filter(|reason| !is_given || reason.code != Code::ApprovalRequired));
    }
    if let Some(confirm) = &guard.confirm {
        judgement.before.push(Before {
            guard: guard.name.clone(),
            shown: confirm.when.eval(world).ok(),
            refuted: confirm.refute.as_ref().map_or(Some(false), |refute| refute.eval(world).ok()),
        });
    }
    reasons.into_iter().map(|reason| reason.in_guard(&guard.name)).collect()
}

fn facts<'a>(
    guarded: &'a Guarded<'_>,
    names: impl Iterator<Item = &'a str>,
) -> impl Iterator<Item = &'a FactCase<'a>> {
    names.filter_map(|name| guarded.facts.iter().find(|fact| fact.spec.name == name))
}

fn holds(guarded: &Guarded<'_>, part: &str, condition: &Condition, world: &World) -> Option<Reason> {
    let about = part.to_owned();
    let for_agent = may_be_told(guarded, condition);
    match condition.eval(world) {
        Ok(true) => None,
        Ok(false) => Some(Reason::about(Code::ConditionFalse, about).saying(
            condition.text(),
            values(condition, world),
            for_agent,
        )),
        Err(error) => Some(Reason::about(Code::ConditionError, about).saying(
            condition.text(),
            error.to_string(),
            false,
        )),
    }
}

/// The values a condition looked at: `now.order.status is "refunded"`.
fn values(condition: &Condition, world: &World) -> String {
    let values: Vec<String> =
        condition.explain(world).into_iter().map(|(path, value)| format!("{path} is {value}")).collect();
    if values.is_empty() { "it does not hold".to_owned() } else { values.join(", ") }
}

/// Whether an agent may be told the values a condition looks at: its own arguments, what it read itself, and facts that
/// the operator shows to agents.
fn may_be_told(guarded: &Guarded<'_>, condition: &Condition) -> bool {
    condition.names().iter().all(|(root, name)| match (root, name) {
        (Root::Now, Some(name)) => {
            guarded.facts.iter().any(|fact| fact.spec.name == *name && fact.spec.show_agent)
        }
        (Root::Now, None) => false,
        _ => true,
    })
}

fn steps(guarded: &Guarded<'_>, case: &GuardCase<'_>) -> Vec<Reason> {
    if case.steps.is_empty() {
        return Vec::new();
    }
    let Err(lacks) = prove(&case.steps, guarded.wall_ns) else { return Vec::new() };
    lacks
        .into_iter()
        .filter_map(|lack| {
            let step = case.steps.get(lack.step)?;
            let name = &step.name;
            let expected = match step.step.within {
                Some(within) => {
                    format!("`{name}` is on record within the last {}", span(nanoseconds(within)))
                }
                None => format!("`{name}` is on record"),
            };
            let code = match lack.why {
                LackWhy::Undone { .. } | LackWhy::Since { .. } => Code::StepUndone,
                _ => Code::StepMissing,
            };
            Some(
                Reason::about(code, name.clone())
                    .saying(expected, lack.why.to_string(), true)
                    .hint(format!("do `{name}` first; saying that it was done does not count")),
            )
        })
        .collect()
}

fn time(guarded: &Guarded<'_>, case: &GuardCase<'_>, judgement: &mut Judgement) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if let Some(window) = &case.window {
        match &window.shut {
            Some((code, expected, actual)) => {
                reasons.push(Reason::of(*code).saying(expected.clone(), actual.clone(), true));
            }
            None => judgement.until(window.until_ns),
        }
    }
    let Some(spec) = &case.guard.window else { return reasons };
    if let Some(max_age) = spec.max_age {
        let max = i64::try_from(max_age.as_nanos()).unwrap_or(i64::MAX);
        let age = guarded.wall_ns.saturating_sub(case.decided_ns);
        if age > max || age < 0 {
            let expected = format!("the decision is at most {} old", span(max.unsigned_abs()));
            let actual = match age < 0 {
                true => "the clock went backwards since it was made".to_owned(),
                false => format!("it was made {} ago", span(age.unsigned_abs())),
            };
            reasons.push(
                Reason::of(Code::DecisionTooOld)
                    .saying(expected, actual, true)
                    .hint("read again what it rests on, then decide again"),
            );
        } else {
            judgement.until(case.decided_ns.saturating_add(max).saturating_add(1));
        }
    }
    if let Some(spacing) = spec.min_spacing
        && let Err(soon) = spaced(guarded.wall_ns, case.last_ns, nanoseconds(spacing))
    {
        let expected = format!("{} since the last one", span(soon.min_ns));
        let actual = match case.last_ns.is_some_and(|last| last > guarded.wall_ns) {
            true => "the last one is on record as later than now".to_owned(),
            false => format!("it was {} ago", span(soon.since_ns)),
        };
        reasons.push(Reason::of(Code::SpacingTooShort).saying(expected, actual, true));
    }
    reasons
}

fn approval(guarded: &Guarded<'_>, approve: &Approve, world: &World) -> Option<Reason> {
    let Approve { when, by, quorum, expires: _ } = approve;
    let needed = match when.as_ref().map(|when| when.eval(world)) {
        None | Some(Ok(true)) => true,
        Some(Ok(false)) => false,
        Some(Err(error)) => {
            let text = when.as_ref().map(Condition::text).unwrap_or_default();
            return Some(Reason::about(Code::ConditionError, "approve").saying(
                text,
                error.to_string(),
                false,
            ));
        }
    };
    let told = when.as_ref().is_none_or(|when| may_be_told(guarded, when));
    let expected = match quorum {
        0 | 1 => format!("{by} has approved it"),
        _ => format!("{quorum} of {by} have approved it"),
    };
    needed.then(|| Reason::about(Code::ApprovalRequired, by).saying(expected, "nobody has yet", told))
}
