//! One case, judged by the code that attempts go through.

use std::collections::BTreeSet;

use lastlook_canon::Json;
use lastlook_engine::config::Config;
use lastlook_engine::{Listed, clock};
use lastlook_kernel::{
    Accept, Authority, Code, Confirmation, Done, DoneOutcome, FactCase, FactSpec, FactValue, Guard,
    GuardCase, Guarded, Mode, Now, Place, Reason, Scope, Step, StepCase, ToolName, Was, judge,
};

use super::cases::{Case, Expect};
use super::values;

/// What came out of a case.
#[derive(Debug)]
pub struct Outcome {
    pub found: Expect,
    /// What decided: ids of policies, and `guard NAME`.
    pub by: BTreeSet<String>,
    pub reasons: Vec<Reason>,
}

/// Judges a case; a mistake in the case itself is told in a sentence.
pub fn outcome(
    case: &Case,
    config: &Config,
    tools: &[Listed],
    authority: Option<&Authority>,
) -> Result<Outcome, String> {
    let tool = ToolName::parse(&case.tool).ok_or_else(|| format!("`{}` is not UPSTREAM.TOOL", case.tool))?;
    let listed = tools.iter().find(|listed| listed.name == tool).ok_or_else(|| {
        format!("the tool `{tool}` is not known here: write it down, name a file of `tools`, or `live`")
    })?;
    let args = values::table(&case.args)?;
    let principal = case.principal.as_ref().or(config.principal.as_ref());
    let principal = principal.ok_or("nobody acts: say `principal`")?;
    let scope = Scope { args: &args, principal };
    let guards = guards(case, config, &tool, &scope)?;
    let facts = facts(case, config)?;
    let now_ns = clock::unix_ns();
    let steps = steps(case, now_ns)?;
    let none = || GuardCase {
        guard: &guards.steps,
        resource: case.resource.clone(),
        window: None,
        decided_ns: now_ns,
        last_ns: None,
        approved: false,
        granted: false,
        steps: Vec::new(),
    };
    let mut cases: Vec<GuardCase<'_>> = guards
        .on
        .iter()
        .map(|(guard, resource)| GuardCase { guard, resource: resource.clone(), ..none() })
        .collect();
    let proven = steps.iter().map(|(step, done)| StepCase {
        step,
        name: step.tool.to_string(),
        candidates: std::slice::from_ref(done),
        blockers: &[],
        undoers: &[],
    });
    cases.push(GuardCase { steps: proven.collect(), ..none() });
    let judgement = judge(&Guarded {
        tool: &tool,
        action: &case.tool,
        principal,
        groups: case.groups.as_ref().unwrap_or(&config.groups),
        args: &args,
        args_shape: &listed.args,
        facts: facts
            .iter()
            .map(|(spec, was, now)| FactCase { spec, was: was.clone(), now: now.clone() })
            .collect(),
        guards: cases,
        policies: authority,
        wall_ns: now_ns,
        mode: Mode::Enforce,
    });
    let reasons = judgement.enforced;
    Ok(match reasons.is_empty() {
        true => Outcome { found: Expect::Allow, by: judgement.policies.into_iter().collect(), reasons },
        false => Outcome { found: Expect::Deny, by: reasons.iter().filter_map(decider).collect(), reasons },
    })
}

/// Who denies; nobody, where nothing permits.
fn decider(reason: &Reason) -> Option<String> {
    match (reason.code, &reason.guard) {
        (_, Some(guard)) => Some(format!("guard {guard}")),
        (Code::PolicyDenied, None) => reason.about.clone(),
        _ => None,
    }
}

struct Guards {
    /// The guards on the tool with nothing but their conditions, and what they act on.
    on: Vec<(Guard, Option<String>)>,
    /// Asks for nothing but the steps that the case says are proven.
    steps: Guard,
}

fn guards(case: &Case, config: &Config, tool: &ToolName, scope: &Scope<'_>) -> Result<Guards, String> {
    let mut on = Vec::new();
    for guard in config.guards.values().filter(|guard| guard.on.contains(tool)) {
        let resource =
            match (&case.resource, &guard.resource) {
                (Some(resource), _) => Some(resource.clone()),
                (None, Some(template)) => Some(template.text(scope, Place::Entity).map_err(|why| {
                    format!("the resource of guard `{}` cannot be filled: {why}", guard.name)
                })?),
                (None, None) => None,
            };
        let when = guard.when.clone().filter(|_| case.conditions);
        on.push((Guard { name: guard.name.clone(), mode: guard.mode, when, ..nothing() }, resource));
    }
    Ok(Guards { on, steps: nothing() })
}

/// A guard that asks for nothing.
fn nothing() -> Guard {
    Guard {
        name: "steps".to_owned(),
        on: Vec::new(),
        mode: None,
        resource: None,
        unchanged: Vec::new(),
        fresh: Vec::new(),
        facts: Vec::new(),
        stable: None,
        when: None,
        after: Vec::new(),
        window: None,
        once: None,
        limit: Vec::new(),
        lease: None,
        approve: None,
        confirm: None,
    }
}

fn facts<'a>(case: &Case, config: &'a Config) -> Result<Vec<(&'a FactSpec, Was, Now)>, String> {
    let names: BTreeSet<&String> = case.was.keys().chain(case.now.keys()).collect();
    let mut facts = Vec::with_capacity(names.len());
    for name in names {
        let spec = config.facts.get(name).ok_or_else(|| format!("no fact `{name}` is configured"))?;
        let value = |given: Option<&toml::Value>| -> Result<Option<FactValue>, String> {
            let value: Option<Json> = given.map(values::json).transpose()?;
            Ok(value.map(|value| FactValue { value, version: None, as_of_ns: None }))
        };
        let was = value(case.was.get(name))?.map_or(Was::Unseen, Was::Seen);
        let now = value(case.now.get(name))?.map_or(Now::Absent, Now::Read);
        facts.push((spec, was, now));
    }
    Ok(facts)
}

/// Steps that are proven, one after the other.
fn steps(case: &Case, now_ns: i64) -> Result<Vec<(Step, Done)>, String> {
    const APART_NS: i64 = 1_000_000_000;
    let count = i64::try_from(case.steps.len()).unwrap_or(i64::MAX);
    let mut began_ns = now_ns.saturating_sub(count.saturating_add(1).saturating_mul(APART_NS));
    let mut steps = Vec::with_capacity(case.steps.len());
    for name in &case.steps {
        let tool = ToolName::parse(name).ok_or_else(|| format!("step `{name}` is not UPSTREAM.TOOL"))?;
        let step =
            Step { tool, matching: None, within: None, accept: Accept::Succeeded, none_since: Vec::new() };
        let done = Done {
            attempt: name.clone(),
            armed_at_ns: began_ns,
            ended_at_ns: Some(began_ns.saturating_add(APART_NS / 2)),
            outcome: DoneOutcome::Succeeded,
            confirmation: Some(Confirmation::Confirmed),
            matches: true,
        };
        began_ns = began_ns.saturating_add(APART_NS);
        steps.push((step, done));
    }
    Ok(steps)
}
