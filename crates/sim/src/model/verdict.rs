//! The verdict, one rule for each sentence of the text, judged from the record alone.

use crate::case::{
    RecordedBlindWrites, RecordedCase, RecordedClass, RecordedFact, RecordedMode, RecordedReading,
    RecordedValue,
};

/// What the text says of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether the action may run.
    pub runs: bool,
    /// Codes and what they are about: sorted, each once.
    pub reasons: Vec<(String, Option<String>)>,
}

/// Judges one case.
pub fn judge(case: &RecordedCase) -> Judgement {
    let mut reasons = Vec::new();
    reasons.extend(on_the_tool(case));
    reasons.extend(on_the_call(case));
    reasons.extend(on_the_basis(case));
    for (index, reading) in case.basis.readings.iter().enumerate() {
        let fact = case.snapshot.facts.iter().find(|fact| fact.index == index as u64);
        reasons.extend(on_a_fact(reading, fact).map(|code| about(code, &reading.tool)));
    }
    let halts = on_the_halts(case);
    let watches = case.mode == RecordedMode::Audit && halts.is_empty();
    reasons.extend(halts);
    reasons.sort();
    reasons.dedup();
    Judgement { runs: reasons.is_empty() || watches, reasons }
}

type Why = (String, Option<String>);

fn about(code: &str, name: &str) -> Why {
    (code.to_owned(), Some(name.to_owned()))
}

/// An unlisted tool is refused; a definition that changed is a changed tool for whatever was decided before.
fn on_the_tool(case: &RecordedCase) -> Option<Why> {
    let name = &case.action.tool;
    let Some(definition) = &case.tool.definition else { return Some(about("tool-unknown", name)) };
    let decided_on_it = case.action.definition.as_ref() == Some(&definition.digest);
    (case.standing.tool_changed || !decided_on_it).then(|| about("tool-changed", name))
}

/// A call that is no action is refused, and so is one that asks to be a task; a cancel before the gate prevents; the same
/// thing in flight or unknown is in doubt.
fn on_the_call(case: &RecordedCase) -> Vec<Why> {
    let mut reasons = Vec::new();
    reasons.extend(case.standing.unreadable.iter().map(|why| (why.code.clone(), why.about.clone())));
    if case.standing.as_task {
        reasons.push(about("task-unsupported", &case.action.tool));
    }
    if case.standing.cancelled {
        reasons.push(("cancelled".to_owned(), None));
    }
    if let Some(attempt) = &case.standing.in_doubt {
        reasons.push(about("in-doubt", attempt));
    }
    reasons
}

/// A halt stops every effect in its scope, in audit mode too; a read goes on.
fn on_the_halts(case: &RecordedCase) -> Vec<Why> {
    let reads = case.tool.class == RecordedClass::Read;
    case.standing.halted.iter().filter(|_| !reads).map(|halt| about("halted", halt)).collect()
}

/// Destructive tools are never blind and take no rebased basis; touching only a tombstone is no blind write; a blind
/// write runs unless it may not. A read that is judged all the same is judged no looser than a write.
fn on_the_basis(case: &RecordedCase) -> Vec<Why> {
    let (readings, guards) = (&case.basis.readings, &case.guards);
    let never_blind = case.tool.class == RecordedClass::Destructive;
    let mut reasons = Vec::new();
    if readings.is_empty() {
        let only_tombstones = case.basis.missing > 0;
        let may_be_blind = guards.blind_writes == RecordedBlindWrites::Allow;
        if never_blind || only_tombstones || !may_be_blind {
            reasons.push(about("basis-missing", &case.action.tool));
        }
    }
    if never_blind {
        let rebased = readings.iter().filter(|reading| reading.rebased.is_some());
        reasons.extend(rebased.map(|reading| about("basis-missing", &reading.tool)));
    }
    if readings.len() as u64 > guards.max_facts {
        reasons.push(about("basis-too-large", &readings.len().to_string()));
    }
    reasons
}

/// Every touched reading is taken again: anything but a plain result is unreadable, any difference refuses, and what a
/// refusal found outdated stays so until it is read again.
fn on_a_fact(reading: &RecordedReading, fact: Option<&RecordedFact>) -> Option<&'static str> {
    let Some(fact) = fact else { return Some("fact-unreadable") };
    let RecordedValue::Read(now) = &fact.now else { return Some("fact-unreadable") };
    match &fact.again {
        Some(RecordedValue::Read(again)) if again != now => Some("fact-unstable"),
        _ if *now != reading.was => Some("fact-changed"),
        _ if reading.outdated => Some("fact-changed"),
        _ => None,
    }
}

/// Whether a permit passes the gate: the standing is the one the look saw, and the oldest fact is no older than accepted.
///
/// A value is as old as the moment it was asked for; with no facts, the age is that of the decision.
pub fn passes(case: &RecordedCase, epoch: u64, now: u64, max_gap_ns: u64) -> bool {
    let asked = case.snapshot.facts.iter().map(|fact| fact.asked_at).min().unwrap_or(case.at);
    epoch == case.standing.epoch && now.saturating_sub(asked) <= max_gap_ns
}
