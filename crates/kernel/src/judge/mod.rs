//! Guards at the look: every part of every guard on a tool, judged on one snapshot.

mod facts;
mod guard;
#[cfg(test)]
mod tests;

use lastlook_canon::Json;

use crate::verdict::Code;
use crate::{
    Authority, Guard, Mode, PolicyDecision, PolicyFirst, PolicyRequest, Reason, Shape, StepCase, ToolName,
    World, WorldInput,
};

pub use facts::{FactCase, FactValue, Now, Was};

/// Everything the guards on one tool are judged on.
#[derive(Debug, Clone)]
pub struct Guarded<'a> {
    /// The tool.
    pub tool: &'a ToolName,
    /// Its full name, as policies know it.
    pub action: &'a str,
    /// Who acts.
    pub principal: &'a str,
    /// The groups the configuration puts the principal in.
    pub groups: &'a [String],
    /// The action's arguments.
    pub args: &'a Json,
    /// What is known of their types.
    pub args_shape: &'a Shape,
    /// Every fact that some guard on the tool names, read together.
    pub facts: Vec<FactCase<'a>>,
    /// The guards, with what was found for each.
    pub guards: Vec<GuardCase<'a>>,
    /// Who may do what; `None` without `[policy]`.
    pub policies: Option<&'a Authority>,
    /// The time on the wall, in nanoseconds since the Unix epoch.
    pub wall_ns: i64,
    /// Whether a guard without a mode of its own refuses.
    pub mode: Mode,
}

/// One guard, and what was found for its parts.
#[derive(Debug, Clone)]
pub struct GuardCase<'a> {
    /// The guard.
    pub guard: &'a Guard,
    /// The entity it acts on.
    pub resource: Option<String>,
    /// Its window, resolved to instants.
    pub window: Option<WindowCase>,
    /// When the decision was made: the oldest reading it rests on was given, or else the call arrived.
    pub decided_ns: i64,
    /// When the last action under this guard ended, if it asks for spacing.
    pub last_ns: Option<i64>,
    /// Whether the people it asks for have approved this very action.
    pub approved: bool,
    /// Whether enough of them gave permission for it in advance: then nobody is asked, and nothing else is different.
    pub granted: bool,
    /// Its `after`, procedures resolved to steps, with what is on record of each.
    pub steps: Vec<StepCase<'a>>,
}

/// A window at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowCase {
    /// Why it is shut: a code, what was expected, what is. `None` when it is open.
    pub shut: Option<(Code, String, String)>,
    /// Until when that stays so, in nanoseconds since the Unix epoch.
    pub until_ns: i64,
}

/// What the guards say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What refuses.
    pub enforced: Vec<Reason>,
    /// What guards in audit mode would have refused.
    pub audited: Vec<Reason>,
    /// From when on, in nanoseconds since the Unix epoch, the judgement no longer holds by time alone.
    pub until_ns: Option<i64>,
    /// The attempts that proved the steps.
    pub proofs: Vec<String>,
    /// For each guard with a `confirm`, what could be said of the effect before the act.
    pub before: Vec<Before>,
    /// The policies that decided.
    pub policies: Vec<String>,
}

/// What a guard's `confirm` said before the act; `None`: nobody could say.
///
/// What held already proves nothing afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// The guard.
    pub guard: String,
    /// Whether the effect showed already.
    pub shown: Option<bool>,
    /// Whether `refute` held already; `Some(false)` where there is none.
    pub refuted: Option<bool>,
}

/// Judges every guard on one snapshot, then the policies.
///
/// Total: what cannot be evaluated refuses with a reason of its own (I2).
pub fn judge(guarded: &Guarded<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let proven = guard::prove_steps(guarded, &mut judgement);
    let values = Values::of(guarded);
    for case in &guarded.guards {
        let world = values.world(guarded, case.resource.as_deref(), &proven);
        let found = guard::judge(guarded, case, &world, &mut judgement);
        judgement.take(case.guard.mode_under(guarded.mode), found);
    }
    if let Some(policies) = guarded.policies {
        let found = authorize(guarded, policies, &values, &proven, &mut judgement);
        judgement.take(guarded.mode, found);
    }
    judgement.enforced.dedup();
    judgement.audited.dedup();
    judgement
}

/// What refuses before anything is read: the principal's right to the action on its arguments alone.
///
/// Design: denied, nothing is read.
pub fn judge_unread(guarded: &Guarded<'_>) -> Vec<Reason> {
    let Some(policies) = guarded.policies else { return Vec::new() };
    let nothing = Values { was: Vec::new(), now: Vec::new(), shapes: Vec::new() };
    resources(guarded)
        .filter_map(|resource| match policies.first(&nothing.request(guarded, resource, &[])) {
            PolicyFirst::Deny(answer) => Some(policy_reasons(&answer, guarded.principal, guarded.tool)),
            PolicyFirst::Allow(_) | PolicyFirst::Undecided => None,
        })
        .flatten()
        .collect()
}

impl Judgement {
    fn take(&mut self, mode: Mode, found: Vec<Reason>) {
        match mode {
            Mode::Enforce => self.enforced.extend(found),
            Mode::Audit => self.audited.extend(found),
        }
    }

    fn until(&mut self, ns: i64) {
        self.until_ns = Some(self.until_ns.map_or(ns, |until| until.min(ns)));
    }
}

fn authorize(
    guarded: &Guarded<'_>,
    policies: &Authority,
    values: &Values,
    proven: &[String],
    judgement: &mut Judgement,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    for resource in resources(guarded) {
        let answer = policies.decide(&values.request(guarded, resource, proven));
        judgement.policies.extend(answer.determining.iter().map(|policy| policy.id.clone()));
        reasons.extend(policy_reasons(&answer, guarded.principal, guarded.tool));
    }
    judgement.policies.sort();
    judgement.policies.dedup();
    reasons
}

/// The distinct resources the guards name; without any, the tool itself.
fn resources<'a>(guarded: &'a Guarded<'_>) -> impl Iterator<Item = Option<&'a str>> {
    let mut named: Vec<Option<&str>> =
        guarded.guards.iter().filter_map(|case| case.resource.as_deref()).map(Some).collect();
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        named.push(None);
    }
    named.into_iter()
}

/// The facts as conditions and policies see them.
struct Values {
    was: Vec<(String, Json)>,
    now: Vec<(String, Json)>,
    shapes: Vec<(String, Shape)>,
}

impl Values {
    fn of(guarded: &Guarded<'_>) -> Values {
        let facts = || guarded.facts.iter();
        let name = |fact: &FactCase<'_>| fact.spec.name.clone();
        Values {
            was: facts().filter_map(|fact| Some((name(fact), fact.was_value()?.clone()))).collect(),
            now: facts().filter_map(|fact| Some((name(fact), fact.now_value()?.clone()))).collect(),
            shapes: facts().filter_map(|fact| Some((name(fact), fact.spec.shape.clone()?))).collect(),
        }
    }

    fn world(&self, guarded: &Guarded<'_>, resource: Option<&str>, steps: &[String]) -> World {
        World::new(&WorldInput {
            principal: guarded.principal,
            groups: guarded.groups,
            action: guarded.action,
            resource,
            args: guarded.args,
            args_shape: Some(guarded.args_shape),
            was: &self.was,
            now: &self.now,
            fact_shapes: &self.shapes,
            steps,
            entities: guarded.policies.map(|policies| policies.policies().entities()),
        })
    }

    fn request<'a>(
        &'a self,
        guarded: &'a Guarded<'_>,
        resource: Option<&'a str>,
        steps: &'a [String],
    ) -> PolicyRequest<'a> {
        PolicyRequest {
            principal: guarded.principal,
            groups: guarded.groups,
            action: guarded.action,
            resource,
            args: guarded.args,
            was: &self.was,
            now: &self.now,
            steps,
        }
    }
}

fn policy_reasons(answer: &PolicyDecision, principal: &str, tool: &ToolName) -> Vec<Reason> {
    if answer.allow {
        return Vec::new();
    }
    let expected = format!("the policy permits {principal} to call `{tool}`");
    if !answer.errors.is_empty() {
        let actual = answer.errors.join("; ");
        return vec![Reason::about(Code::PolicyError, tool.to_string()).saying(expected, actual, false)];
    }
    if answer.determining.is_empty() {
        let actual = "no policy permits it";
        return vec![Reason::of(Code::PolicyDenied).saying(expected, actual, true)];
    }
    answer
        .determining
        .iter()
        .map(|policy| {
            let why = policy.reason.clone().unwrap_or_else(|| format!("policy `{}` forbids it", policy.id));
            let reason =
                Reason::about(Code::PolicyDenied, policy.id.clone()).saying(expected.clone(), why, true);
            match &policy.hint {
                Some(hint) => reason.hint(hint.clone()),
                None => reason,
            }
        })
        .collect()
}
