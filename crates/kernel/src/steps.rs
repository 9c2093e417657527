//! Whether the steps an action requires have been taken: `after`, with `within`, `none_since` and undoing.
//!
//! Pure matching over attempts on record. Each step asks something of one attempt by itself, and consecutive steps ask
//! something of two: the first must have ended before the second was armed. So the latest attempt that proves the last
//! step leaves the most room for the step before it, and choosing from the last step backwards finds an assignment
//! whenever there is one.

mod judge;

use std::fmt;

use crate::Step;

use judge::judge;

/// How an earlier attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DoneOutcome {
    /// It is under way.
    Armed,
    /// The tool said that it happened.
    Succeeded,
    /// It is proven not to have happened.
    Failed,
    /// It was stopped before the gate.
    Refused,
    /// Nobody knows.
    Unknown,
}

/// What looking for an effect showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Confirmation {
    /// It shows.
    Confirmed,
    /// It can not have happened.
    Contradicted,
    /// Neither.
    Unconfirmed,
}

impl Confirmation {
    /// The spelling in entries and receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Confirmation::Confirmed => "confirmed",
            Confirmation::Contradicted => "contradicted",
            Confirmation::Unconfirmed => "unconfirmed",
        }
    }
}

/// An earlier attempt on record. Times are nanoseconds of Unix time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its id.
    pub attempt: String,
    /// When it was armed.
    pub armed_at_ns: i64,
    /// When it ended. `None` while it is under way; also for an unknown one whose request may still land.
    pub ended_at_ns: Option<i64>,
    /// How it stands.
    pub outcome: DoneOutcome,
    /// What looking for its effect showed; `None` when nobody looked.
    pub confirmation: Option<Confirmation>,
    /// Whether the step's `where` held for it. Asked of candidates only: every blocker and undoer that is given counts.
    pub matches: bool,
}

/// One required step, and the attempts on record that bear on it.
///
/// The attempt that is being judged is none of them: leave it out.
#[derive(Debug, Clone)]
pub struct StepCase<'a> {
    /// What is required.
    pub step: &'a Step,
    /// What the step is called in explanations.
    pub name: String,
    /// Attempts of the step's tool.
    pub candidates: &'a [Done],
    /// Attempts of the tools in `none_since`. One that is the candidate itself does not count against it.
    pub blockers: &'a [Done],
    /// Attempts of tools that undo this one.
    pub undoers: &'a [Done],
}

/// The attempt that proves a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Its id.
    pub attempt: String,
}

/// A step that nothing proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack {
    /// Which, counted from 0.
    pub step: usize,
    /// What came nearest, and what it lacks.
    pub why: LackWhy,
}

/// What the attempt that came nearest to proving a step lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LackWhy {
    /// There is no attempt that was let through and about the same thing.
    Missing,
    /// It failed.
    Failed {
        /// The attempt.
        attempt: String,
    },
    /// It has not ended.
    InFlight {
        /// The attempt.
        attempt: String,
    },
    /// Nobody knows whether it happened.
    Unknown {
        /// The attempt.
        attempt: String,
    },
    /// The tool said that it happened, and it did not.
    Contradicted {
        /// The attempt.
        attempt: String,
    },
    /// Its effect was not seen, and the step asks for that.
    Unconfirmed {
        /// The attempt.
        attempt: String,
    },
    /// It ended in the future, or before it was armed: a clock went back.
    ClockBehind {
        /// The attempt.
        attempt: String,
        /// When it is said to have ended.
        ended_at_ns: i64,
    },
    /// It was undone.
    Undone {
        /// The attempt.
        attempt: String,
        /// What undid it, or may have.
        by: String,
    },
    /// Something happened since that must not have.
    Since {
        /// The attempt.
        attempt: String,
        /// What happened, or may have.
        by: String,
    },
    /// It ended longer ago than `within`.
    TooOld {
        /// The attempt.
        attempt: String,
        /// When it ended.
        ended_at_ns: i64,
    },
    /// It ended only after the step that must follow was armed.
    OutOfOrder {
        /// The attempt.
        attempt: String,
        /// When it ended.
        ended_at_ns: i64,
        /// The attempt that proves the step that must follow.
        before: String,
        /// When that one was armed.
        armed_at_ns: i64,
    },
}

impl fmt::Display for LackWhy {
    /// What came nearest, naming attempts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LackWhy::Missing => f.write_str("nothing of the kind is on record"),
            LackWhy::Failed { attempt } => write!(f, "attempt {attempt} failed"),
            LackWhy::InFlight { attempt } => write!(f, "attempt {attempt} has not ended"),
            LackWhy::Unknown { attempt } => write!(f, "nobody knows how attempt {attempt} ended"),
            LackWhy::Contradicted { attempt } => {
                write!(f, "attempt {attempt} said that it succeeded, and its effect does not show")
            }
            LackWhy::Unconfirmed { attempt } => write!(f, "nobody has seen the effect of attempt {attempt}"),
            LackWhy::ClockBehind { attempt, .. } => {
                write!(f, "attempt {attempt} is on record as later than now: a clock went back")
            }
            LackWhy::Undone { attempt, by } => write!(f, "attempt {attempt} was undone by {by}"),
            LackWhy::Since { attempt, by } => {
                write!(f, "since attempt {attempt} began, attempt {by} has happened, or may have")
            }
            LackWhy::TooOld { attempt, .. } => write!(f, "attempt {attempt} ended too long ago"),
            LackWhy::OutOfOrder { attempt, before, .. } => {
                write!(f, "attempt {attempt} ended only after {before}, which had to follow it, had begun")
            }
        }
    }
}

/// Proves all steps in their order, or says of each that cannot be proven what came nearest.
///
/// An attempt proves a step when its `where` held, it succeeded, is confirmed (or, where the step accepts the tool's
/// word, not contradicted), ended no longer ago than `within`, nothing in `none_since` has ended since it was armed or is
/// still under way, and nothing undid it since it ended. Where two instants are equal, the order is not known, and that
/// does not prove either.
///
/// # Errors
///
/// The steps that are lacking, in their order; only the last one out of order when each could be proven by itself.
pub fn prove(steps: &[StepCase<'_>], now_ns: i64) -> Result<Vec<Proof>, Vec<Lack>> {
    let judged: Vec<_> = steps.iter().map(|case| judge(case, now_ns)).collect();
    let lacks: Vec<Lack> = judged
        .iter()
        .enumerate()
        .filter_map(|(step, judged)| judged.as_ref().err().map(|why| Lack { step, why: why.clone() }))
        .collect();
    if !lacks.is_empty() {
        return Err(lacks);
    }
    let mut chosen: Vec<&Done> = Vec::with_capacity(steps.len());
    for (step, good) in judged.iter().enumerate().rev() {
        let good = good.as_deref().unwrap_or_default();
        let next = chosen.last().copied();
        let in_order = |done: &&&Done| next.is_none_or(|next| is_before(done, next));
        match good.iter().filter(in_order).max_by_key(|done| done.armed_at_ns) {
            Some(done) => chosen.push(done),
            None => return Err(vec![Lack { step, why: out_of_order(good, next) }]),
        }
    }
    Ok(chosen.into_iter().rev().map(|done| Proof { attempt: done.attempt.clone() }).collect())
}

/// Whether one had ended before the other was armed.
fn is_before(first: &Done, second: &Done) -> bool {
    first.ended_at_ns.is_some_and(|ended| ended < second.armed_at_ns)
}

/// The nearest miss: what ended first is nearest to having ended in time.
fn out_of_order(good: &[&Done], next: Option<&Done>) -> LackWhy {
    let earliest =
        good.iter().filter_map(|done| Some((done.ended_at_ns?, done))).min_by_key(|(ended, _)| *ended);
    match (earliest, next) {
        (Some((ended_at_ns, done)), Some(next)) => LackWhy::OutOfOrder {
            attempt: done.attempt.clone(),
            ended_at_ns,
            before: next.attempt.clone(),
            armed_at_ns: next.armed_at_ns,
        },
        _ => LackWhy::Missing,
    }
}

#[cfg(test)]
mod tests;
