//! One attempt, decided again.

use std::collections::BTreeSet;
use std::sync::Arc;

use lastlook_kernel::{
    Case as Inputs, Class, ClassSource, Code, FactSpec, Mode, Moment, Now, Reason, Scope, Snapshot, Standing,
    Tool, ToolRules, Was, decide, opening_reasons,
};
use serde_json::json;

use super::case::{Decided, Look, reasons};
use super::recorded::{NotReplayable, Recorded, Told, asks_json, reasons_json};
use super::rules::Rules;
use crate::deciding::{Found, FoundFor, judge_found, on_approval, refuses_in_audit, unread};
use crate::facts::{Ask, NoAsk, PlannedFact, Taken};
use crate::guarding::{Guarding, Planning};
use crate::held::AskedGuard;
use crate::steps::StepFound;

/// What comes out for an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// The verdict, and why.
    pub told: Told,
    /// What the rules ask for and the record does not have: the verdict rests on it.
    pub missing: Vec<String>,
    /// True when it was the record or the gate that decided: that is taken as it was found.
    pub as_recorded: bool,
}

/// What comes out for an attempt, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It runs.
    Allow,
    /// It is refused.
    Deny,
    /// People are asked.
    Hold,
    /// The record does not say enough.
    Undecided,
}

impl Verdict {
    /// The spelling in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Allow => "allow",
            Verdict::Deny => "deny",
            Verdict::Hold => "hold",
            Verdict::Undecided => "undecided",
        }
    }
}

impl Ruling {
    /// The verdict in a word; what rests on something that was not recorded is undecided.
    pub fn verdict(&self) -> Verdict {
        match self.told.verdict() {
            _ if !self.missing.is_empty() => Verdict::Undecided,
            "allow" => Verdict::Allow,
            "hold" => Verdict::Hold,
            _ => Verdict::Deny,
        }
    }
}

/// What refuses, and what only watches.
#[derive(Debug, Default)]
struct Outcome {
    verdict: &'static str,
    reasons: Vec<Reason>,
    audited: Vec<Reason>,
    policies: Vec<String>,
    proofs: Vec<String>,
    /// Whom what holds it asks.
    asks: Vec<AskedGuard>,
}

impl Recorded {
    /// Decides it again under the rules it was decided under: what comes out is what was recorded, or something is wrong.
    ///
    /// # Errors
    ///
    /// Some input is not there any more.
    pub fn again(&self, rules: &Rules) -> Result<Ruling, NotReplayable> {
        let mut bench = Bench::new(self, rules, None, false);
        match self.case.decided {
            Decided::Record => Ok(Ruling { told: self.told()?, missing: Vec::new(), as_recorded: true }),
            Decided::Opening => {
                let reasons = bench.opening()?;
                let told = Told::of("deny", reasons_json(&reasons), json!([]), json!([]), json!([]));
                Ok(Ruling { told, missing: Vec::new(), as_recorded: false })
            }
            Decided::Look => {
                let look = self.case.look.as_ref().ok_or_else(|| NotReplayable::Pruned("look".to_owned()))?;
                let mut outcome = bench.look(look)?;
                // Nobody is asked by an attempt that is armed: it is refused, and what comes after asks.
                if outcome.verdict == "hold" && !self.is_held() {
                    outcome.verdict = "deny";
                }
                Ok(Ruling { told: self.told_of(outcome), missing: Vec::new(), as_recorded: false })
            }
        }
    }

    /// What is compared with what comes out of [`Recorded::again`]: before anything was read, no policy and no step counts.
    ///
    /// # Errors
    ///
    /// Those of [`Recorded::told`].
    pub fn to_compare(&self) -> Result<Told, NotReplayable> {
        let mut told = self.told()?;
        if self.case.decided == Decided::Opening
            && let Some(members) = told.0.as_object_mut()
        {
            members.insert("policies".to_owned(), json!([]));
            members.insert("steps".to_owned(), json!([]));
        }
        Ok(told)
    }

    /// Decides it under other rules.
    ///
    /// # Errors
    ///
    /// Some input is not there any more.
    pub fn under(&self, rules: &Rules) -> Result<Ruling, NotReplayable> {
        let class = rules.class(self.upstream(), self.tool());
        let mut bench = Bench::new(self, rules, class, true);
        let refused = bench.opening()?;
        if !refused.is_empty() {
            let told = Told::of("deny", reasons_json(&refused), json!([]), json!([]), json!([]));
            return Ok(Ruling { told, missing: Vec::new(), as_recorded: false });
        }
        let Some(look) = &self.case.look else {
            // Nothing was read: only what was refused by the record stays so.
            let missing = match self.case.decided {
                Decided::Record => Vec::new(),
                Decided::Opening | Decided::Look => vec!["nothing was read then".to_owned()],
            };
            return Ok(Ruling { told: self.told()?, missing, as_recorded: true });
        };
        let mut outcome = bench.look(look)?;
        let told = self.told()?;
        let same = || told.0.get("reasons") == Some(&reasons_json(&outcome.reasons));
        if outcome.verdict == "hold" && !self.is_held() && same() {
            outcome.verdict = "deny";
        }
        if outcome.verdict == "allow" && self.case.decided == Decided::Record {
            return Ok(Ruling { told, missing: Vec::new(), as_recorded: true });
        }
        // What other reasons refuse is refused, whatever is missing.
        let missing = match outcome.verdict {
            "deny" if outcome.reasons.iter().any(|reason| !bench.rests_on_missing(reason)) => Vec::new(),
            _ => bench.missing.iter().cloned().collect(),
        };
        Ok(Ruling { told: self.told_of(outcome), missing, as_recorded: false })
    }

    fn told_of(&self, outcome: Outcome) -> Told {
        let Outcome { verdict, reasons, audited, policies, proofs, asks } = outcome;
        // In audit mode everything that would have refused is the verdict; else what single guards watch for stands beside.
        let (verdict, reasons, audited) = match (verdict, self.mode()) {
            ("allow", Mode::Audit) if !audited.is_empty() => ("deny", audited, Vec::new()),
            (verdict, _) => (verdict, reasons, audited),
        };
        Told::of(verdict, reasons_json(&reasons), reasons_json(&audited), json!(policies), json!(proofs))
            .asking((verdict == "hold").then(|| asks.iter().map(asks_json).collect()))
    }
}

/// One attempt under some rules.
struct Bench<'a> {
    recorded: &'a Recorded,
    rules: &'a Rules,
    /// Whether these are other rules than those it was decided under.
    other: bool,
    tool: Tool,
    guarding: Option<Guarding>,
    principal: String,
    mode: Mode,
    /// What the rules ask for and the record does not have.
    missing: BTreeSet<String>,
    /// Guards that ask for it.
    lacking: BTreeSet<String>,
}

impl<'a> Bench<'a> {
    fn new(recorded: &'a Recorded, rules: &'a Rules, class: Option<Class>, other: bool) -> Bench<'a> {
        let was = [Class::Read, Class::Write, Class::Destructive]
            .into_iter()
            .find(|class| class.as_str() == recorded.class());
        let tool = Tool {
            name: recorded.tool().to_owned(),
            class: class.or(was).unwrap_or(Class::Destructive),
            class_by: ClassSource::Default,
            definition: recorded.definition(),
            rules: ToolRules::default(),
        };
        let principal = recorded.principal().id;
        let mode = recorded.mode();
        let mut bench = Bench {
            recorded,
            rules,
            tool,
            other,
            guarding: None,
            principal,
            mode,
            missing: BTreeSet::new(),
            lacking: BTreeSet::new(),
        };
        bench.guarding = bench.plan();
        bench
    }

    /// What the rules ask of the action. Facts are planned as they were seen then, and asked of nobody.
    fn plan(&self) -> Option<Guarding> {
        let case = &self.recorded.case;
        let variable = |name: &str| (!case.unset.iter().any(|unset| unset == name)).then(String::new);
        let fact = |spec: &Arc<FactSpec>, scope: &Scope<'_>| -> Result<PlannedFact, NoAsk> {
            let ask = Ask::with(spec, scope, variable)?;
            let was = match self.recorded.fact(&spec.name) {
                Ok(Some((was, _))) => was,
                Ok(None) | Err(_) => Was::Unseen,
            };
            Ok(PlannedFact { spec: Arc::clone(spec), ask, was, seen_ns: None })
        };
        let planning = Planning {
            upstream: self.recorded.upstream(),
            principal: &self.principal,
            mode: self.mode,
            args_shape: self.rules.args_shape(&self.tool.name),
            arrived_ns: case.arrived_ns,
            fact: &fact,
        };
        let book = Arc::clone(&self.rules.book);
        let mut guarding = Guarding::planned(&planning, book, &self.tool.name, self.recorded.args()?)?;
        let oldest = case.decided_ns.iter().map(|(_, at_ns)| *at_ns).min();
        for plan in &mut guarding.guards {
            let name = &plan.rules.guard.name;
            let own = case.decided_ns.iter().find(|(guard, _)| guard == name).map(|(_, at_ns)| *at_ns);
            plan.decided_ns = own.or(oldest).unwrap_or(case.arrived_ns);
        }
        Some(guarding)
    }

    fn opening(&mut self) -> Result<Vec<Reason>, NotReplayable> {
        let case = &self.recorded.case;
        let (action, basis) = (self.recorded.wanted(), case.basis.read()?);
        let opening = &case.opening;
        let standing = opening.standing.read()?;
        let mut refused = opening_reasons(&action, &self.tool, &basis, &standing, &self.guard_set());
        if let Some(guarding) = &self.guarding {
            refused.extend(unread(guarding, &self.principal, self.mode, opening.wall_ns).enforced);
        }
        refused.extend(reasons(&opening.given)?);
        if self.mode == Mode::Audit {
            refused.retain(refuses_in_audit);
        }
        refused.extend(opening.halts.as_ref().map(super::case::RecordedReason::read).transpose()?);
        Ok(refused)
    }

    fn guard_set(&self) -> lastlook_kernel::GuardSet {
        self.recorded.case.guard_set()
    }

    fn look(&mut self, look: &Look) -> Result<Outcome, NotReplayable> {
        let case = &self.recorded.case;
        let (action, basis) = (self.recorded.wanted(), case.basis.read()?);
        let (standing, snapshot): (Standing, Snapshot) = (look.standing.read()?, look.snapshot()?);
        let judgement = match self.guarding.take() {
            Some(guarding) => {
                let taken = self.taken(&guarding)?;
                let found = self.found(&guarding, look)?;
                let judgement = judge_found(&guarding, &self.principal, self.mode, &taken, &found);
                self.guarding = Some(guarding);
                Some(judgement)
            }
            None => None,
        };
        let verdict = decide(&Inputs {
            action: &action,
            tool: &self.tool,
            basis: &basis,
            snapshot: &snapshot,
            standing: &standing,
            guards: &self.guard_set(),
            mode: self.mode,
            at: Moment(0),
            judgement: judgement.as_ref(),
            deadline: None,
        });
        let verdict = match verdict {
            // Under other rules it would not have come on that approval: people would be asked.
            lastlook_kernel::Verdict::Hold(_) if self.other && look.approved => verdict,
            verdict => on_approval(verdict, look.request.as_deref(), look.approved),
        };
        let mut outcome = match verdict {
            lastlook_kernel::Verdict::Allow(permit) => {
                Outcome { verdict: "allow", audited: permit.overridden().to_vec(), ..Outcome::default() }
            }
            lastlook_kernel::Verdict::Hold(reasons) => {
                let guarding = self.guarding.as_ref();
                let asks = guarding.map(|guarding| guarding.asked_for(&reasons)).unwrap_or_default();
                Outcome { verdict: "hold", reasons, asks, ..Outcome::default() }
            }
            lastlook_kernel::Verdict::Deny(reasons) => {
                Outcome { verdict: "deny", reasons, ..Outcome::default() }
            }
        };
        if let Some(judgement) = judgement {
            outcome.policies = judgement.policies;
            outcome.proofs = judgement.proofs;
        }
        Ok(outcome)
    }

    /// The facts as they were read at the look.
    fn taken(&mut self, guarding: &Guarding) -> Result<Vec<Taken>, NotReplayable> {
        let mut taken = Vec::with_capacity(guarding.facts.len());
        for fact in &guarding.facts {
            let name = &fact.spec.name;
            let now = match self.recorded.fact(name)? {
                Some((_, now)) => now,
                None => {
                    self.missing.insert(format!("fact `{name}`"));
                    let asking = guarding.guards.iter().map(|plan| &plan.rules.guard);
                    let asking = asking.filter(|guard| guard.fact_names().contains(name));
                    self.lacking.extend(asking.map(|guard| guard.name.clone()));
                    Now::Unreadable("it was not read then".to_owned())
                }
            };
            taken.push(Taken { now, asked_at: Moment(0), answered_at: Moment(0) });
        }
        Ok(taken)
    }

    /// What was found for the guards at the look.
    fn found(&mut self, guarding: &Guarding, look: &Look) -> Result<Found, NotReplayable> {
        let mut guards = Vec::with_capacity(guarding.guards.len());
        for plan in &guarding.guards {
            let name = &plan.rules.guard.name;
            let recorded = look.guards.iter().find(|found| found.guard == *name);
            let mut steps = Vec::with_capacity(plan.rules.steps.len());
            for (index, step) in plan.rules.steps.iter().enumerate() {
                let known = recorded.and_then(|recorded| recorded.steps.get(index));
                let known = known.filter(|known| known.tool == step.tool.to_string());
                if known.is_none() {
                    self.missing.insert(format!("step `{}`", step.tool));
                    self.lacking.insert(name.clone());
                }
                let nothing = super::case::RecordedStep::default();
                steps.push(StepFound::read(step, known.unwrap_or(&nothing))?);
            }
            guards.push(FoundFor {
                guard: name.clone(),
                steps,
                spaced_ns: recorded.and_then(|recorded| recorded.spaced_ns),
                approved: recorded.is_some_and(|recorded| recorded.approved),
                granted: recorded.is_some_and(|recorded| recorded.granted),
            });
        }
        Ok(Found {
            wall_ns: look.wall_ns,
            guards,
            unreadable: look.unreadable.clone(),
            claimed_ns: look.claimed_ns,
            held_ns: look.held_ns,
            audited: reasons(&look.audited)?,
        })
    }

    /// Whether a reason may be there only because of what the record does not have.
    fn rests_on_missing(&self, reason: &Reason) -> bool {
        match &reason.guard {
            Some(guard) => self.lacking.contains(guard),
            // Policies see every fact.
            None => !self.missing.is_empty() && matches!(reason.code, Code::PolicyDenied | Code::PolicyError),
        }
    }
}
