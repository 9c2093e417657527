//! What the guards ask of one action, worked out as the call arrives.
//!
//! Templates are filled, amounts read, and what the agent saw of each fact is taken down at this instant: an effect rests
//! only on answers that had been given to the client before its frame arrived.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lastlook_canon::{Digest, Json, lexical};
use lastlook_kernel::{
    Amount, Authority, Basis, By, Code, FactSpec, Guard, Limit, Mode, Per, Place, Reason, Scope, Shape,
    Source, Template, Tool, ToolName, Unfilled, Was, World, WorldInput,
};
use lastlook_store::LimitWindow;

use crate::boundary::Boundary;
use crate::clock;
use crate::facts::{NoAsk, PlannedFact};
use crate::rulebook::{GuardRules, Rulebook};
use crate::window::{Period, PeriodKey};

/// What the guards ask of one action.
#[derive(Debug, Clone)]
pub(crate) struct Guarding {
    pub(crate) book: Arc<Rulebook>,
    pub(crate) tool: ToolName,
    /// Its full name, as conditions and policies know it.
    pub(crate) action: String,
    /// The digest of the tools that the rules were read against; nothing while they are not known.
    pub(crate) tools: Option<Digest>,
    /// The policies under the schema of the tools; `None` without policies.
    pub(crate) authority: Option<Arc<Authority>>,
    pub(crate) args: Json,
    pub(crate) args_shape: Arc<Shape>,
    pub(crate) guards: Vec<GuardPlan>,
    pub(crate) facts: Vec<PlannedFact>,
    /// How many rounds of reading the guards allow until two agree.
    pub(crate) rounds: Option<u32>,
    /// The keys under which the attempt is noted as a step.
    pub(crate) step_keys: Vec<String>,
    /// What refuses it before anything else: templates that could not be filled, amounts that are none.
    pub(crate) unfit: Vec<Unfit>,
    /// The variables that facts need and that are not set.
    pub(crate) unset: Vec<String>,
    /// When the call arrived, in nanoseconds since the Unix epoch.
    pub(crate) arrived_ns: i64,
}

/// A reason that stands before anything is read, and the mode of the guard it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Unfit {
    pub(crate) reason: Reason,
    pub(crate) mode: Mode,
}

/// What one guard asks of one action.
#[derive(Debug, Clone)]
pub(crate) struct GuardPlan {
    pub(crate) rules: Arc<GuardRules>,
    pub(crate) mode: Mode,
    pub(crate) resource: Option<String>,
    pub(crate) once: Option<OncePlan>,
    pub(crate) limits: Vec<LimitPlan>,
    pub(crate) lease: Option<LeasePlan>,
    /// When the decision was made: the oldest reading it rests on was given, or else the call arrived.
    pub(crate) decided_ns: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct OncePlan {
    pub(crate) key: String,
    pub(crate) shown: String,
    pub(crate) per: Option<Per>,
}

#[derive(Debug, Clone)]
pub(crate) struct LimitPlan {
    pub(crate) limit: Limit,
    pub(crate) key: String,
    pub(crate) amount: Amount,
}

#[derive(Debug, Clone)]
pub(crate) struct LeasePlan {
    pub(crate) key: String,
    pub(crate) wait: Duration,
    pub(crate) hold: Duration,
}

/// Under which circumstances an action is planned.
pub(crate) struct Planning<'a> {
    /// The upstream its tool belongs to.
    pub(crate) upstream: &'a str,
    /// Who acts.
    pub(crate) principal: &'a str,
    /// Whether guards without a mode of their own refuse.
    pub(crate) mode: Mode,
    /// What is known of the types of the arguments.
    pub(crate) args_shape: Arc<Shape>,
    /// When the call arrived, in nanoseconds since the Unix epoch.
    pub(crate) arrived_ns: i64,
    /// What is asked of a fact, and what the agent saw of it.
    pub(crate) fact: &'a Finding<'a>,
}

/// Plans one fact: what is asked, and what the agent saw of it.
pub(crate) type Finding<'a> = dyn Fn(&Arc<FactSpec>, &Scope<'_>) -> Result<PlannedFact, NoAsk> + 'a;

impl Guarding {
    /// Works out what these rules ask of a call that arrives now; `None` when they ask nothing.
    pub(crate) fn plan(
        boundary: &Boundary,
        book: Arc<Rulebook>,
        tool: &Tool,
        args: &Json,
    ) -> Option<Guarding> {
        let planning = Planning {
            upstream: &boundary.upstream,
            principal: &boundary.principal.id,
            mode: boundary.settings.mode,
            args_shape: boundary.catalog.args_shape(&tool.name),
            arrived_ns: clock::unix_ns(),
            fact: &|spec, scope| PlannedFact::new(boundary, spec, scope),
        };
        Guarding::planned(&planning, book, &tool.name, args)
    }

    /// Works out what these rules ask under these circumstances; `None` when they ask nothing.
    pub(crate) fn planned(
        planning: &Planning<'_>,
        book: Arc<Rulebook>,
        tool: &str,
        args: &Json,
    ) -> Option<Guarding> {
        let name = ToolName::new(planning.upstream, tool);
        let on: Vec<Arc<GuardRules>> = book.guards_on(&name).cloned().collect();
        if on.is_empty() && book.policies.is_none() && !book.index.names(&name) {
            return None;
        }
        let scope = Scope { args, principal: planning.principal };
        let step_keys = book.index.keys(&name, args, on.iter().map(|rules| rules.guard.name.as_str()));
        let fit = book.fit();
        let misfits = match &fit {
            None => vec!["the server's tools are not known yet".to_owned()],
            Some(fit) => fit.misfits.clone(),
        };
        let mut guarding = Guarding {
            action: name.to_string(),
            tool: name,
            tools: fit.as_ref().and_then(|fit| fit.tools.as_ref()).map(|tools| tools.digest),
            authority: fit.and_then(|fit| fit.authority),
            args: args.clone(),
            args_shape: Arc::clone(&planning.args_shape),
            guards: Vec::with_capacity(on.len()),
            facts: Vec::new(),
            rounds: on.iter().filter_map(|rules| rules.guard.stable).max(),
            step_keys,
            unfit: Vec::new(),
            unset: Vec::new(),
            arrived_ns: planning.arrived_ns,
            book,
        };
        for rules in on {
            guarding.add(planning, rules, &scope);
        }
        for misfit in misfits {
            let fits = "policies and conditions fit the tools as the server lists them";
            guarding.refuse(planning.mode, Reason::of(Code::PolicyInvalid).saying(fits, misfit, false));
        }
        Some(guarding)
    }

    fn add(&mut self, planning: &Planning<'_>, rules: Arc<GuardRules>, scope: &Scope<'_>) {
        let mode = rules.guard.mode_under(planning.mode);
        let mut decided_ns = self.arrived_ns;
        for name in rules.guard.fact_names() {
            if let Some(known) = self.facts.iter().find(|fact| fact.spec.name == name) {
                decided_ns = decided_ns.min(known.seen_ns.unwrap_or(decided_ns));
                continue;
            }
            let Some(spec) = self.book.facts.get(&name) else { continue };
            match (planning.fact)(spec, scope) {
                Ok(fact) => {
                    decided_ns = decided_ns.min(fact.seen_ns.unwrap_or(decided_ns));
                    self.facts.push(fact);
                }
                Err(why) => {
                    if let NoAsk::NoVariable(variable) = &why {
                        self.unset.push(variable.clone());
                    }
                    let expected = format!("fact `{name}` can be asked for");
                    let reason = unfilled_code(matches!(spec.source, Source::File { .. }), &why).saying(
                        expected,
                        why.to_string(),
                        true,
                    );
                    self.refuse(mode, reason.in_guard(&rules.guard.name));
                }
            }
        }
        let plan = match GuardPlan::new(&rules, mode, scope, &self.tool, decided_ns) {
            Ok(plan) => plan,
            Err(reasons) => {
                for reason in reasons {
                    self.refuse(mode, reason.in_guard(&rules.guard.name));
                }
                return;
            }
        };
        self.guards.push(plan);
    }

    fn refuse(&mut self, mode: Mode, reason: Reason) {
        self.unfit.push(Unfit { reason, mode });
    }

    /// Takes in the tracked readings: a decision is as old as the oldest reading it rests on.
    pub(crate) fn rest_on(&mut self, basis: &Basis) {
        let Some(oldest) = basis.readings.iter().map(|reading| reading.answered_at).min() else { return };
        let age = i64::try_from(clock::moment().since(oldest)).unwrap_or(i64::MAX);
        let decided_ns = self.arrived_ns.saturating_sub(age);
        for plan in &mut self.guards {
            plan.decided_ns = plan.decided_ns.min(decided_ns);
        }
    }

    /// What conditions are evaluated against, with these facts as they are now.
    pub(crate) fn world(&self, principal: &str, resource: Option<&str>, now: &[(String, Json)]) -> World {
        let shapes: Vec<(String, Shape)> = self
            .facts
            .iter()
            .filter_map(|fact| Some((fact.spec.name.clone(), fact.spec.shape.clone()?)))
            .collect();
        World::new(&WorldInput {
            principal,
            groups: &self.book.groups,
            action: &self.action,
            resource,
            args: &self.args,
            args_shape: Some(&self.args_shape),
            was: &[],
            now,
            fact_shapes: &shapes,
            steps: &[],
            entities: self.authority.as_deref().map(|authority| authority.policies().entities()),
        })
    }

    /// These rules for an action that was planned under others: what the agent saw stays what it was then.
    ///
    /// `None` when they claim other keys, subjects or steps than were claimed at arming.
    pub(crate) fn resting_on(mut self, old: &Guarding) -> Option<Guarding> {
        let claims = |guarding: &Guarding| -> Vec<String> {
            guarding
                .claims("", old.arrived_ns)
                .into_iter()
                .map(|claim| format!("{:?} {:?}", claim.when, claim.plan.mode))
                .collect()
        };
        let same = claims(&self) == claims(old)
            && self.subjects() == old.subjects()
            && self.step_keys == old.step_keys
            && self.confirming().next().is_some() == old.confirming().next().is_some();
        if !same {
            return None;
        }
        for fact in &mut self.facts {
            let before = old.facts.iter().find(|before| before.spec.name == fact.spec.name);
            (fact.was, fact.seen_ns) =
                before.map_or((Was::Unseen, None), |before| (before.was.clone(), before.seen_ns));
        }
        for plan in &mut self.guards {
            let before = old.guards.iter().map(|before| before.decided_ns).min();
            plan.decided_ns = before.unwrap_or(old.arrived_ns);
        }
        self.arrived_ns = old.arrived_ns;
        Some(self)
    }

    /// From when on what was claimed at one instant is claimed for a period that is over; `None` when the period of some
    /// claim at this instant is another one already.
    pub(crate) fn claimed_until(&self, claimed_ns: i64, at_ns: i64) -> Option<i64> {
        let enforced = self.guards.iter().filter(|plan| plan.mode == Mode::Enforce);
        let periods = enforced.flat_map(|plan| {
            let once = plan.once.iter().filter_map(|once| once.per.as_ref());
            once.chain(plan.limits.iter().map(|limit| &limit.limit.per))
        });
        let calendar = periods.filter(|per| matches!(per, Per::Calendar { .. }));
        calendar
            .map(|per| (period(per, claimed_ns), period(per, at_ns)))
            .try_fold(i64::MAX, |end, (claimed, now)| (claimed.key == now.key).then(|| end.min(now.until_ns)))
    }

    /// How long the leases it takes may be held before the gate; nothing without one that refuses.
    pub(crate) fn shortest_lease(&self) -> Option<Duration> {
        let enforced = self.guards.iter().filter(|plan| plan.mode == Mode::Enforce);
        enforced.filter_map(|plan| plan.lease.as_ref()).map(|lease| lease.hold).min()
    }

    /// The subjects nobody else may act on meanwhile: the resources, and what a guard spaces out.
    pub(crate) fn subjects(&self) -> BTreeSet<String> {
        let mut subjects = BTreeSet::new();
        for plan in &self.guards {
            subjects.extend(plan.resource.iter().map(|resource| format!("resource {resource}")));
            let spaced = plan.rules.guard.window.as_ref().is_some_and(|window| window.min_spacing.is_some());
            if spaced {
                subjects.insert(format!("spacing {}", plan.rules.guard.name));
            }
        }
        subjects
    }

    /// Whether a tracked reading is compared by some guard, by what it selects, in place of the whole of it.
    pub(crate) fn covers(&self, boundary: &Boundary, tool: &str, args: &Json) -> bool {
        let scope = Scope { args: &self.args, principal: &boundary.principal.id };
        let compared = self
            .guards
            .iter()
            .filter(|plan| plan.mode == Mode::Enforce)
            .flat_map(|plan| &plan.rules.guard.unchanged);
        let compared: BTreeSet<&str> = compared.map(String::as_str).collect();
        self.facts
            .iter()
            .filter(|fact| compared.contains(fact.spec.name.as_str()))
            .any(|fact| fact.covers(&boundary.upstream, &scope, tool, args))
    }

    /// The guards that say how their effect shows.
    pub(crate) fn confirming(&self) -> impl Iterator<Item = &Guard> {
        self.guards.iter().map(|plan| &plan.rules.guard).filter(|guard| guard.confirm.is_some())
    }
}

impl GuardPlan {
    fn new(
        rules: &Arc<GuardRules>,
        mode: Mode,
        scope: &Scope<'_>,
        tool: &ToolName,
        decided_ns: i64,
    ) -> Result<GuardPlan, Vec<Reason>> {
        let guard = &rules.guard;
        let mut reasons = Vec::new();
        let mut fill = |template: &Template, what: &str, place: Place| match template.text(scope, place) {
            Ok(text) => Some(text),
            Err(why) => {
                reasons.push(unfilled(what, &why));
                None
            }
        };
        let resource = guard.resource.as_ref().and_then(|template| fill(template, "resource", Place::Entity));
        let once = guard.once.as_ref().and_then(|once| {
            let shown = fill(&once.key, "once", Place::Value)?;
            Some(OncePlan { key: format!("once {shown}"), shown, per: once.per.clone() })
        });
        let lease = guard.lease.as_ref().and_then(|lease| {
            let key = format!("lease {}", fill(&lease.key, "lease", Place::Value)?);
            Some(LeasePlan { key, wait: lease.wait, hold: lease.hold })
        });
        let mut limits: Vec<(String, &Limit)> = Vec::with_capacity(guard.limit.len());
        for limit in &guard.limit {
            let of = match &limit.by {
                By::Principal => scope.principal.to_owned(),
                By::Tool => tool.to_string(),
                By::Resource => resource.clone().unwrap_or_default(),
                By::Guard => String::new(),
                By::Key(template) => match fill(template, "limit", Place::Value) {
                    Some(key) => key,
                    None => continue,
                },
            };
            // By what it counts, not by its place: limits that are put in another order go on counting.
            let key = format!("limit {} {} {of}", guard.name, counting(limit));
            match limits.iter_mut().find(|(known, _)| *known == key) {
                // Of two that count the same the lower one decides, and it is counted once.
                Some((_, known)) if limit.max < known.max => *known = limit,
                Some(_) => {}
                None => limits.push((key, limit)),
            }
        }
        let mut planned = Vec::with_capacity(limits.len());
        for (key, limit) in limits {
            match counted(limit, scope.args) {
                Ok(amount) => planned.push(LimitPlan { limit: limit.clone(), key, amount }),
                Err(reason) => reasons.push(reason),
            }
        }
        if !reasons.is_empty() {
            return Err(reasons);
        }
        let rules = Arc::clone(rules);
        Ok(GuardPlan { rules, mode, resource, once, limits: planned, lease, decided_ns })
    }
}

impl LimitPlan {
    /// The store's key and window for this limit at one instant.
    pub(crate) fn at(&self, at_ns: i64) -> (String, LimitWindow) {
        match &self.limit.per {
            Per::Sliding(length) => {
                let per_ns = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
                (self.key.clone(), LimitWindow::Sliding { per_ns })
            }
            per @ Per::Calendar { .. } => {
                (format!("{} {}", self.key, period(per, at_ns).key), LimitWindow::Fixed)
            }
        }
    }
}

impl OncePlan {
    /// The store's key at one instant, and until when it stays taken.
    pub(crate) fn at(&self, at_ns: i64) -> (String, Option<i64>) {
        match &self.per {
            None => (self.key.clone(), None),
            Some(Per::Sliding(length)) => {
                let per_ns = i64::try_from(length.as_nanos()).unwrap_or(i64::MAX);
                (self.key.clone(), Some(at_ns.saturating_add(per_ns)))
            }
            Some(per @ Per::Calendar { .. }) => {
                let period = period(per, at_ns);
                (format!("{} {}", self.key, period.key), Some(period.until_ns))
            }
        }
    }
}

/// The calendar period of an instant. A zone that is not known was refused when the file was read; were it not, all of
/// time would be one period, which can only refuse more.
fn period(per: &Per, at_ns: i64) -> PeriodKey {
    let all = || PeriodKey { key: "always".to_owned(), from_ns: i64::MIN, until_ns: i64::MAX };
    Period::of(per, instant(at_ns)).unwrap_or_else(|_| all())
}

/// Nanoseconds since the Unix epoch as an instant.
pub(crate) fn instant(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::MAX)
}

/// What a limit counts, of whom and over which period, in words that stand in the store.
fn counting(limit: &Limit) -> String {
    let what = limit.sum.as_deref().unwrap_or("calls");
    let per = match &limit.per {
        Per::Sliding(length) => format!("{}ns", length.as_nanos()),
        Per::Calendar { unit, tz } => format!("{} in {tz}", unit.name()),
    };
    let by = match &limit.by {
        By::Principal => "principal".to_owned(),
        By::Tool => "tool".to_owned(),
        By::Resource => "resource".to_owned(),
        By::Guard => "guard".to_owned(),
        By::Key(template) => format!("key {}", String::from_utf8_lossy(&lexical(template.source()))),
    };
    format!("{what} per {per} by {by}:")
}

/// What one action counts for under a limit.
fn counted(limit: &Limit, args: &Json) -> Result<Amount, Reason> {
    let Some(pointer) = &limit.sum else { return Ok(Amount::of_count(1)) };
    let expected = format!("`{pointer}` is an amount: a JSON integer or a decimal string, not negative");
    let invalid = |actual: String| {
        Reason::about(Code::LimitInvalid, pointer.clone()).saying(expected.clone(), actual, true)
    };
    match args.pointer(pointer) {
        None | Some(Json::Null) => Err(invalid("it is missing".to_owned())),
        Some(value) => Amount::of(value).map_err(|error| invalid(error.to_string())),
    }
}

fn unfilled(what: &str, why: &Unfilled) -> Reason {
    Reason::about(Code::TemplateUnfilled, what).saying(
        format!("`{what}` can be filled from the arguments"),
        why.to_string(),
        true,
    )
}

fn unfilled_code(is_path: bool, why: &impl std::fmt::Display) -> Reason {
    match is_path && why.to_string().contains("`..`") {
        true => Reason::about(Code::PathAmbiguous, "path"),
        false => Reason::about(Code::TemplateUnfilled, "fact"),
    }
}
