//! The life of one attempt, as a machine without time or IO.
//!
//! The engine carries out [`Command`]s and reports [`Event`]s; [`step`] is the only place where the order of
//! `arm → look → gate → act → record` is written down. [`TRANSITIONS`] is the whole of it.

use crate::verdict::Code;
use crate::{Passage, Permit, Reason, Verdict};

/// How an attempt ended in the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The tool said that it did it.
    Succeeded,
    /// There is positive evidence that it did not.
    Failed,
    /// Nobody knows: it may have happened.
    Unknown,
}

impl Outcome {
    /// The spelling in entries and receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
        }
    }
}

/// What came back after the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// A plain result.
    Result,
    /// An error result or a protocol error.
    Error {
        /// True when the tool was declared to have no effect when it errs.
        no_effect: bool,
    },
    /// The server wants input first: nothing was done, the caller will ask again.
    InputRequired,
    /// The server made a task of it, whose end is not seen here.
    Task,
    /// The server ended before it answered.
    Lost,
    /// The caller cancelled after the gate, and no answer came.
    Cancelled,
    /// Whoever was given the permit reports that it did it.
    Reported,
    /// Whoever was given the permit reports that it did not, and that nothing happened.
    ReportedNot,
    /// Whoever was given the permit does not know, or never said.
    Unreported,
    /// The permit ran out before anybody began to act on it.
    Unused,
}

impl Answer {
    /// The outcome an answer proves, and the evidence's name in the receipt (I26, I27).
    pub fn outcome(self) -> (Outcome, &'static str) {
        match self {
            Answer::Result => (Outcome::Succeeded, "answer"),
            Answer::Error { no_effect: true } => (Outcome::Failed, "no-effect-declared"),
            Answer::Error { no_effect: false } => (Outcome::Unknown, "error-answer"),
            Answer::InputRequired => (Outcome::Failed, "input-required"),
            Answer::Task => (Outcome::Unknown, "task-answer"),
            Answer::Lost => (Outcome::Unknown, "answer-lost"),
            Answer::Cancelled => (Outcome::Unknown, "cancelled"),
            Answer::Reported => (Outcome::Succeeded, "report"),
            Answer::ReportedNot => (Outcome::Failed, "report"),
            Answer::Unreported => (Outcome::Unknown, "unreported"),
            Answer::Unused => (Outcome::Failed, "permit-unused"),
        }
    }
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Asked for; nothing is durable yet.
    Proposed,
    /// The intent is being made durable.
    Arming,
    /// Armed: the facts are being read.
    Looking,
    /// Allowed on this look; about to pass the gate.
    Gating,
    /// Past the gate: bytes are, or may be, on their way.
    Acting,
    /// The outcome is being made durable.
    Recording,
    /// On record; its effect is being looked for.
    Confirming,
    /// The refusal is being made durable.
    Refusing,
    /// Ended: it did not run.
    Refused,
    /// Ended: it ran, or may have, and the record says how it went.
    Ended,
    /// Ended: it ran, or may have, and the record could not be made durable.
    Unrecorded,
}

/// What happened to an attempt.
#[derive(Debug)]
pub enum Event {
    /// Checked without any fact: these reasons refuse it (none: go on).
    Opened(Vec<Reason>),
    /// The intent is durable.
    Armed,
    /// The intent could not be made durable, or its subject is taken.
    NotArmed(Vec<Reason>),
    /// The facts were read and the verdict is in.
    Looked(Verdict),
    /// The permit passed the gate.
    Passed(Passage),
    /// The gate found the look outdated.
    GateShut(Code),
    /// The tool answered, or never will.
    Answered(Answer),
    /// The entry is durable.
    Recorded,
    /// The entry could not be made durable.
    NotRecorded,
    /// The effect was looked for, and what was seen is on record (or could not be).
    Confirmed,
    /// The caller cancelled.
    Cancelled,
}

/// An event's name, without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum EventKind {
    Opened,
    Inadmissible,
    Armed,
    NotArmed,
    Allowed,
    Denied,
    Passed,
    GateShut,
    GaveUp,
    Answered,
    Recorded,
    ToConfirm,
    NotRecorded,
    Confirmed,
    Cancelled,
}

/// What the engine must do next.
#[derive(Debug)]
pub enum Command {
    /// Make the intent durable: entry `armed`, subjects taken.
    Arm,
    /// Read every fact and every standing together, and decide.
    Look,
    /// Take the permit to the gate.
    Gate(Permit),
    /// Write the bytes, or hand the passage to whoever acts by itself.
    Send(Passage),
    /// Tell the server that the caller cancelled.
    ForwardCancel,
    /// Read again what the effect touched, before the answer is given.
    Rebase,
    /// Make the outcome durable, and only then answer.
    RecordOutcome {
        /// How it ended.
        outcome: Outcome,
        /// The name of the evidence.
        evidence: &'static str,
    },
    /// Look for the effect, and make what was seen durable, before the answer is given.
    Confirm,
    /// Make the refusal durable, and only then answer.
    RecordRefusal {
        /// Why.
        reasons: Vec<Reason>,
        /// True when the attempt had been armed.
        armed: bool,
    },
    /// Give the recorded answer to the caller.
    Deliver,
    /// Tell the caller that it may have happened and is not on record; stop effects.
    DeliverUnrecorded,
    /// Tell the caller that nothing happened, and that even this could not be recorded.
    DeliverUnrecordedRefusal,
}

/// One permitted step of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transition {
    /// Where it stood.
    pub from: State,
    /// What happened.
    pub on: EventKind,
    /// Where it stands then.
    pub to: State,
}

const fn t(from: State, on: EventKind, to: State) -> Transition {
    Transition { from, on, to }
}

/// Every step an attempt can take. Anything else is ignored before the gate and cannot happen after it.
pub const TRANSITIONS: &[Transition] = &[
    t(State::Proposed, EventKind::Opened, State::Arming),
    t(State::Proposed, EventKind::Inadmissible, State::Refusing),
    t(State::Proposed, EventKind::Cancelled, State::Refusing),
    t(State::Arming, EventKind::Armed, State::Looking),
    t(State::Arming, EventKind::NotArmed, State::Refusing),
    t(State::Looking, EventKind::Allowed, State::Gating),
    t(State::Looking, EventKind::Denied, State::Refusing),
    t(State::Looking, EventKind::Cancelled, State::Refusing),
    t(State::Gating, EventKind::Passed, State::Acting),
    t(State::Gating, EventKind::GateShut, State::Looking),
    t(State::Gating, EventKind::GaveUp, State::Refusing),
    t(State::Gating, EventKind::Cancelled, State::Refusing),
    t(State::Acting, EventKind::Answered, State::Recording),
    t(State::Acting, EventKind::Cancelled, State::Acting),
    t(State::Recording, EventKind::Recorded, State::Ended),
    t(State::Recording, EventKind::ToConfirm, State::Confirming),
    t(State::Recording, EventKind::NotRecorded, State::Unrecorded),
    t(State::Confirming, EventKind::Confirmed, State::Ended),
    t(State::Refusing, EventKind::Recorded, State::Refused),
    t(State::Refusing, EventKind::NotRecorded, State::Refused),
];

/// How many looks one attempt may take before it gives up.
const MOST_LOOKS: u32 = 3;

/// One try at doing an action.
#[derive(Debug)]
pub struct Attempt {
    state: State,
    looks: u32,
    armed: bool,
    cancel_wanted: bool,
    confirms: bool,
}

impl Default for Attempt {
    fn default() -> Self {
        Attempt { state: State::Proposed, looks: 0, armed: false, cancel_wanted: false, confirms: false }
    }
}

impl Attempt {
    /// A new attempt, proposed.
    pub fn new() -> Attempt {
        Attempt::default()
    }

    /// The same attempt, whose effect is looked for once its outcome is on record, unless it is known to have failed.
    pub fn confirming(mut self, confirms: bool) -> Attempt {
        self.confirms = confirms;
        self
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// True while a cancellation still prevents the effect.
    pub fn is_before_gate(&self) -> bool {
        matches!(self.state, State::Proposed | State::Arming | State::Looking | State::Gating)
    }

    /// Moves along the table; `None` when the table has no such step.
    fn advance(&mut self, on: EventKind) -> Option<State> {
        let step = TRANSITIONS.iter().find(|step| step.from == self.state && step.on == on)?;
        self.state = step.to;
        Some(step.to)
    }
}

/// Takes one event and says what must be done next.
///
/// An event that the table does not know in this state changes nothing and asks for nothing: a second answer, a late
/// cancellation. A cancellation while arming is remembered until the arming is settled.
pub fn step(attempt: &mut Attempt, event: Event) -> Vec<Command> {
    match event {
        Event::Opened(reasons) if reasons.is_empty() => {
            on(attempt, EventKind::Opened, |_| vec![Command::Arm])
        }
        Event::Opened(reasons) => on(attempt, EventKind::Inadmissible, |a| refuse(a, reasons)),
        Event::Armed => on(attempt, EventKind::Armed, |attempt| {
            attempt.armed = true;
            match attempt.cancel_wanted {
                true => step(attempt, Event::Cancelled),
                false => look(attempt),
            }
        }),
        Event::NotArmed(reasons) => on(attempt, EventKind::NotArmed, |a| refuse(a, reasons)),
        Event::Looked(Verdict::Allow(permit)) => {
            on(attempt, EventKind::Allowed, |_| vec![Command::Gate(permit)])
        }
        Event::Looked(Verdict::Deny(reasons)) => on(attempt, EventKind::Denied, |a| refuse(a, reasons)),
        // Whoever must be asked is asked before arming: an attempt that is armed does not wait for people.
        Event::Looked(Verdict::Hold(reasons)) => on(attempt, EventKind::Denied, |a| refuse(a, reasons)),
        Event::Passed(passage) => on(attempt, EventKind::Passed, |_| vec![Command::Send(passage)]),
        Event::GateShut(code) if attempt.looks >= MOST_LOOKS => {
            on(attempt, EventKind::GaveUp, |a| refuse(a, vec![Reason::of(code)]))
        }
        Event::GateShut(_) => on(attempt, EventKind::GateShut, look),
        Event::Answered(answer) => on(attempt, EventKind::Answered, |attempt| {
            attempt.confirms &= answer.outcome().0 != Outcome::Failed;
            record(answer)
        }),
        Event::Recorded if attempt.confirms && attempt.state == State::Recording => {
            on(attempt, EventKind::ToConfirm, |_| vec![Command::Confirm])
        }
        Event::Recorded => on(attempt, EventKind::Recorded, |_| vec![Command::Deliver]),
        Event::Confirmed => on(attempt, EventKind::Confirmed, |_| vec![Command::Deliver]),
        Event::NotRecorded => on(attempt, EventKind::NotRecorded, |attempt| match attempt.state {
            State::Unrecorded => vec![Command::DeliverUnrecorded],
            _ => vec![Command::DeliverUnrecordedRefusal],
        }),
        Event::Cancelled => cancel(attempt),
    }
}

fn on(
    attempt: &mut Attempt,
    kind: EventKind,
    then: impl FnOnce(&mut Attempt) -> Vec<Command>,
) -> Vec<Command> {
    match attempt.advance(kind) {
        Some(_) => then(attempt),
        None => Vec::new(),
    }
}

fn look(attempt: &mut Attempt) -> Vec<Command> {
    attempt.looks += 1;
    vec![Command::Look]
}

fn refuse(attempt: &mut Attempt, mut reasons: Vec<Reason>) -> Vec<Command> {
    // INVARIANT(refused-with-reason): a refusal without a reason would not be an answer anyone can act on.
    if reasons.is_empty() {
        reasons.push(Reason::of(Code::StandingChanged));
    }
    vec![Command::RecordRefusal { reasons, armed: attempt.armed }]
}

/// An answer whose effect is known is followed by a rebase; then it is recorded; only then delivered.
fn record(answer: Answer) -> Vec<Command> {
    let (outcome, evidence) = answer.outcome();
    let record = Command::RecordOutcome { outcome, evidence };
    match outcome {
        Outcome::Succeeded => vec![Command::Rebase, record],
        Outcome::Failed | Outcome::Unknown => vec![record],
    }
}

fn cancel(attempt: &mut Attempt) -> Vec<Command> {
    attempt.cancel_wanted = true;
    on(attempt, EventKind::Cancelled, |attempt| match attempt.state {
        State::Acting => vec![Command::ForwardCancel],
        _ => refuse(attempt, vec![Reason::of(Code::Cancelled)]),
    })
}

#[cfg(test)]
mod tests;
