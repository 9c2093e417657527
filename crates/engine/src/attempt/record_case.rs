//! What an attempt was decided on, gathered for its entry: so that it can be decided again.

use lastlook_canon::{Digest, Limits, lexical, parse};
use lastlook_kernel::{BlindWrites, Reason, Standing, Verdict};

use super::Run;
use super::hold::Claim;
use crate::deciding::Found;
use crate::entry::Draft;
use crate::facts::Taken;
use crate::guarding::Guarding;
use crate::replay::case::{
    Blind, Case, Decided, Look, Opening, RecordedBasis, RecordedFact, RecordedGuard, RecordedGuardFact,
    RecordedNow, RecordedReason, RecordedStanding, RecordedWas, recorded,
};

/// What was known before anything was read, and what it refused for.
#[derive(Debug, Clone, Default)]
pub(super) struct Opened {
    /// When, in nanoseconds since the Unix epoch.
    pub(super) wall_ns: i64,
    pub(super) standing: Standing,
    /// What others said.
    pub(super) given: Vec<Reason>,
    /// Why nobody could say whether it is halted.
    pub(super) halts: Option<Reason>,
    /// Everything that refuses.
    pub(super) reasons: Vec<Reason>,
}

/// What one look was decided on, and what it refused for.
#[derive(Debug, Clone)]
pub(super) struct Looked {
    standing: Standing,
    /// The request it ran on.
    request: Option<String>,
    reasons: Vec<Reason>,
}

impl Looked {
    pub(super) fn new(standing: &Standing, claim: Option<&Claim>, verdict: &Verdict) -> Looked {
        let reasons = match verdict {
            Verdict::Allow(_) => &[],
            Verdict::Deny(reasons) | Verdict::Hold(reasons) => reasons.as_slice(),
        };
        Looked {
            standing: standing.clone(),
            request: claim.map(|claim| claim.request.id.clone()),
            reasons: reasons.to_vec(),
        }
    }
}

impl Run<'_> {
    /// Commits to what it was decided on, and says which versions decided. Where something of it is not
    /// kept, nothing is: what it was decided on says more than those fields.
    pub(super) fn set_case(&self, draft: &mut Draft) {
        self.set_case_decided(draft, self.decided());
    }

    /// The same of what people are asked about: only a look holds.
    pub(super) fn set_held_case(&self, draft: &mut Draft) {
        self.set_case_decided(draft, Decided::Look);
    }

    fn set_case_decided(&self, draft: &mut Draft, decided: Decided) {
        draft.set("versions", crate::replay::versions());
        if draft.withholds() {
            draft.set("case", serde_json::json!({"withheld": true}));
            return;
        }
        let case = draft.commit("case", &self.case(decided).to_bytes());
        draft.set("case", case);
    }

    fn case(&self, decided: Decided) -> Case {
        let guards = self.guard_set();
        let guarding = self.proposal.guarding.as_deref();
        let opened = &self.opened;
        let look = self.looked.as_ref().map(|looked| self.recorded_look(looked, guarding));
        Case {
            decided,
            tools: self.tools().map(|digest| digest.to_hex()),
            arguments: self.spelling(),
            arrived_ns: guarding.map_or(opened.wall_ns, |guarding| guarding.arrived_ns),
            blind: match guards.blind_writes {
                BlindWrites::Allow => Blind::Allow,
                BlindWrites::Refuse => Blind::Refuse,
            },
            max_facts: guards.max_facts,
            basis: RecordedBasis::of(&self.proposal.touched.basis),
            decided_ns: guarding
                .iter()
                .flat_map(|guarding| &guarding.guards)
                .map(|plan| (plan.rules.guard.name.clone(), plan.decided_ns))
                .collect(),
            unset: guarding.map(|guarding| guarding.unset.clone()).unwrap_or_default(),
            opening: Opening {
                wall_ns: opened.wall_ns,
                standing: RecordedStanding::of(&opened.standing),
                given: recorded(&opened.given),
                halts: opened.halts.as_ref().map(RecordedReason::of),
            },
            look,
        }
    }

    /// The tools that the rules were read against.
    fn tools(&self) -> Option<Digest> {
        match self.proposal.guarding.as_deref() {
            Some(guarding) => guarding.tools,
            None => Some(self.proposal.book.fit()?.tools?.digest),
        }
    }

    /// What decided it: the last thing that was worked out, if that is what it was refused for.
    fn decided(&self) -> Decided {
        let refused = self.passed.is_none();
        match &self.looked {
            _ if refused && self.armed_at.is_none() && self.refused_for == self.opened.reasons => {
                Decided::Opening
            }
            Some(looked) if !refused || self.refused_for == looked.reasons => Decided::Look,
            _ => Decided::Record,
        }
    }

    fn recorded_look(&self, looked: &Looked, guarding: Option<&Guarding>) -> Look {
        let facts = guarding.iter().flat_map(|guarding| guarding.facts.iter().zip(&self.taken)).map(
            |(fact, taken): (_, &Taken)| RecordedGuardFact {
                fact: fact.spec.name.clone(),
                was: RecordedWas::of(&fact.was),
                now: RecordedNow::of(&taken.now),
            },
        );
        let nothing = Found::default();
        let found = self.found.as_ref().unwrap_or(&nothing);
        Look {
            wall_ns: found.wall_ns,
            standing: RecordedStanding::of(&looked.standing),
            readings: self.snapshot.facts.iter().map(RecordedFact::of).collect(),
            facts: facts.collect(),
            guards: found
                .guards
                .iter()
                .map(|found| RecordedGuard {
                    guard: found.guard.clone(),
                    steps: found.steps.iter().map(crate::steps::StepFound::recorded).collect(),
                    spaced_ns: found.spaced_ns,
                    approved: found.approved,
                    granted: found.granted,
                })
                .collect(),
            unreadable: found.unreadable.clone(),
            claimed_ns: found.claimed_ns,
            held_ns: found.held_ns,
            audited: recorded(&found.audited),
            request: looked.request.clone(),
            approved: self.on_record.approved,
        }
    }

    /// The arguments as guards saw them, where that is more than their canonical form says.
    fn spelling(&self) -> Option<String> {
        let spelt = match self.proposal.guarding.as_deref() {
            Some(guarding) => lexical(&guarding.args),
            None => return None,
        };
        let canonical = parse(self.proposal.action.canonical_arguments(), &Limits::default()).ok();
        let same = canonical.is_some_and(|canonical| lexical(&canonical) == spelt);
        (!same).then(|| String::from_utf8_lossy(&spelt).into_owned())
    }
}
