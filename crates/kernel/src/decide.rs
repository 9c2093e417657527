//! The verdict: a pure, total function of recorded inputs.

#[cfg(test)]
mod tests;

use crate::verdict::Code;
use crate::{
    Action, Basis, Class, FactQuery, Judgement, Moment, Permit, Reason, Snapshot, Tool, Value, Verdict,
};

/// What a `write` tool may do to something that was never read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlindWrites {
    /// Run, and the receipt says that it was blind.
    Allow,
    /// Refuse with `basis-missing`.
    Refuse,
}

/// Whether the boundary refuses, or only says what it would have refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Refuse.
    Enforce,
    /// Let everything run that nobody halted, and record what would have been refused.
    Audit,
}

impl Mode {
    /// The spelling in configuration and receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Audit => "audit",
        }
    }
}

/// What must hold for an action beyond its class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardSet {
    /// What a `write` tool may do unread.
    pub blind_writes: BlindWrites,
    /// The most facts one look may read.
    pub max_facts: usize,
}

impl Default for GuardSet {
    fn default() -> Self {
        GuardSet { blind_writes: BlindWrites::Allow, max_facts: 32 }
    }
}

/// What stands for or against the action apart from facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The standing epoch this was read under.
    pub epoch: u64,
    /// The attempt that holds the same action or subject, if any.
    pub in_doubt: Option<String>,
    /// True once the caller has cancelled.
    pub cancelled: bool,
    /// True when the call asks to run as a task.
    pub as_task: bool,
    /// True when the tool's definition is not the one the agent was shown.
    pub tool_changed: bool,
    /// Why the call is no action, if it is none.
    pub unreadable: Option<Reason>,
    /// The active halts whose scope it is in, by id.
    pub halted: Vec<String>,
}

/// Everything a verdict depends on.
#[derive(Debug, Clone)]
pub struct Case<'a> {
    /// What is wanted.
    pub action: &'a Action,
    /// The tool as the boundary judges it.
    pub tool: &'a Tool,
    /// What it rests on: *was*.
    pub basis: &'a Basis,
    /// What is true: *now*.
    pub snapshot: &'a Snapshot,
    /// What stands for or against it.
    pub standing: &'a Standing,
    /// What must hold.
    pub guards: &'a GuardSet,
    /// Enforce or audit.
    pub mode: Mode,
    /// When it is decided.
    pub at: Moment,
    /// What the guards on the tool say; `None` when there are none.
    pub judgement: Option<&'a Judgement>,
    /// The instant from which a permit is no good any more: something it rests on stops holding by time alone.
    pub deadline: Option<Moment>,
}

/// The values that must be read again before the action may run: one for each touched reading.
pub fn required_facts(basis: &Basis) -> Vec<FactQuery> {
    basis
        .readings
        .iter()
        .enumerate()
        .map(|(index, reading)| FactQuery {
            index,
            tool: reading.tool.clone(),
            params: reading.params.clone(),
        })
        .collect()
}

/// What refuses the action before anything is read: it is checked before arming, and again with the facts.
pub fn opening_reasons(
    action: &Action,
    tool: &Tool,
    basis: &Basis,
    standing: &Standing,
    guards: &GuardSet,
) -> Vec<Reason> {
    let mut reasons = Vec::from_iter(standing.unreadable.clone());
    match &tool.definition {
        None => reasons.push(Reason::about(Code::ToolUnknown, action.tool())),
        Some(definition) if standing.tool_changed || action.definition() != Some(definition.digest) => {
            reasons.push(Reason::about(Code::ToolChanged, action.tool()));
        }
        Some(_) => {}
    }
    if standing.as_task {
        reasons.push(Reason::about(Code::TaskUnsupported, action.tool()));
    }
    if standing.cancelled {
        reasons.push(Reason::of(Code::Cancelled));
    }
    reasons.extend(halts(tool.class, standing));
    if let Some(attempt) = &standing.in_doubt {
        reasons.push(Reason::about(Code::InDoubt, attempt.clone()));
    }
    if lacks_basis(tool.class, basis, guards) {
        reasons.push(Reason::about(Code::BasisMissing, action.tool()));
    }
    if tool.class == Class::Destructive {
        // Somebody else's change may hide in what was read right after an own effect: the agent never saw it.
        let rebased = basis.readings.iter().filter(|reading| reading.rebased.is_some());
        reasons.extend(rebased.map(|reading| Reason::about(Code::BasisMissing, reading.tool.clone())));
    }
    if basis.readings.len() > guards.max_facts {
        reasons.push(Reason::about(Code::BasisTooLarge, basis.readings.len().to_string()));
    }
    reasons
}

/// The halts that stop it. A halt stops effects: what only reads goes on.
fn halts(class: Class, standing: &Standing) -> Vec<Reason> {
    match class {
        Class::Read => Vec::new(),
        Class::Write | Class::Destructive => {
            standing.halted.iter().map(|halt| Reason::about(Code::Halted, halt.clone())).collect()
        }
    }
}

/// True when the action needs a reading and has none.
///
/// A destructive tool is never blind. A tombstone without any reading beside it is missing, not blind: the agent did
/// read something, and the boundary can no longer say what.
fn lacks_basis(class: Class, basis: &Basis, guards: &GuardSet) -> bool {
    if !basis.readings.is_empty() || basis.covered > 0 {
        return false;
    }
    match class {
        Class::Destructive => true,
        Class::Write | Class::Read => basis.missing > 0 || guards.blind_writes == BlindWrites::Refuse,
    }
}

/// Decides one action at one moment.
///
/// Total and deterministic: every input gives exactly one verdict, and the same input the same one. What is unknown
/// refuses (I2): a basis reading without a fact, or a fact that could not be read, is `fact-unreadable`. A halt refuses in
/// either mode (I14): it is a person's word, and no guard that is being tried out.
pub fn decide(case: &Case<'_>) -> Verdict {
    let mut reasons = opening_reasons(case.action, case.tool, case.basis, case.standing, case.guards);
    for (index, reading) in case.basis.readings.iter().enumerate() {
        let fact = case.snapshot.facts.iter().find(|fact| fact.index == index);
        let code = match fact.map(|fact| (fact.now, fact.again)) {
            None | Some((Value::Unreadable(_), _)) => Some(Code::FactUnreadable),
            Some((Value::Read(now), Some(Value::Read(again)))) if now != again => Some(Code::FactUnstable),
            Some((Value::Read(now), _)) if now != reading.was => Some(Code::FactChanged),
            Some((Value::Read(_), _)) => reading.outdated.then_some(Code::FactChanged),
        };
        if let Some(code) = code {
            reasons.push(Reason::about(code, reading.tool.clone()));
        }
    }
    reasons.extend(case.judgement.iter().flat_map(|judgement| judgement.enforced.iter().cloned()));
    reasons.sort();
    reasons.dedup();
    let halted = reasons.iter().any(|reason| reason.code == Code::Halted);
    if !reasons.is_empty() && (case.mode == Mode::Enforce || halted) {
        return match reasons.iter().all(|reason| reason.code == Code::ApprovalRequired) {
            true => Verdict::Hold(reasons),
            false => Verdict::Deny(reasons),
        };
    }
    // What only watches, whether one guard or all of them, is recorded beside the allow.
    reasons.extend(case.judgement.iter().flat_map(|judgement| judgement.audited.iter().cloned()));
    let decided_on = case.snapshot.answered_at().unwrap_or(case.at);
    Verdict::Allow(
        Permit::new(case.action.digest(), case.standing.epoch, case.snapshot.asked_at(), decided_on, reasons)
            .until(case.deadline),
    )
}
