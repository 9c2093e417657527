//! What one attempt must have to prove a step, whatever the other steps are.

use super::{Confirmation, Done, DoneOutcome, LackWhy, StepCase};
use crate::{Accept, nanoseconds};

/// The attempts that prove a step by themselves; or the nearest miss, when there is none.
pub(super) fn judge<'a>(case: &StepCase<'a>, now_ns: i64) -> Result<Vec<&'a Done>, LackWhy> {
    let (mut good, mut nearest) = (Vec::new(), None);
    for done in case.candidates {
        match lack(case, done, now_ns) {
            None => good.push(done),
            Some(why) => {
                // How far it came counts first, then how late it was armed.
                let near = (rank(&why), done.armed_at_ns);
                if nearest.as_ref().is_none_or(|(best, _)| near > *best) {
                    nearest = Some((near, why));
                }
            }
        }
    }
    if good.is_empty() { Err(nearest.map_or(LackWhy::Missing, |(_, why)| why)) } else { Ok(good) }
}

/// What an attempt lacks first; `None` when it proves the step.
fn lack(case: &StepCase<'_>, done: &Done, now_ns: i64) -> Option<LackWhy> {
    let attempt = || done.attempt.clone();
    if !done.matches {
        return Some(LackWhy::Missing);
    }
    match done.outcome {
        DoneOutcome::Refused => return Some(LackWhy::Missing),
        DoneOutcome::Failed => return Some(LackWhy::Failed { attempt: attempt() }),
        DoneOutcome::Armed => return Some(LackWhy::InFlight { attempt: attempt() }),
        DoneOutcome::Unknown => return Some(LackWhy::Unknown { attempt: attempt() }),
        DoneOutcome::Succeeded => {}
    }
    let Some(ended_at_ns) = done.ended_at_ns else {
        return Some(LackWhy::InFlight { attempt: attempt() });
    };
    match (done.confirmation, case.step.accept) {
        (Some(Confirmation::Contradicted), _) => return Some(LackWhy::Contradicted { attempt: attempt() }),
        (Some(Confirmation::Confirmed), _) | (_, Accept::Succeeded) => {}
        (Some(Confirmation::Unconfirmed) | None, Accept::Confirmed) => {
            return Some(LackWhy::Unconfirmed { attempt: attempt() });
        }
    }
    if ended_at_ns > now_ns || ended_at_ns < done.armed_at_ns {
        return Some(LackWhy::ClockBehind { attempt: attempt(), ended_at_ns });
    }
    if let Some(by) = not_before(case.undoers, ended_at_ns, done) {
        return Some(LackWhy::Undone { attempt: attempt(), by });
    }
    if let Some(by) = not_before(case.blockers, done.armed_at_ns, done) {
        return Some(LackWhy::Since { attempt: attempt(), by });
    }
    let age_ns = now_ns.abs_diff(ended_at_ns);
    let too_old = case.step.within.is_some_and(|within| age_ns > nanoseconds(within));
    too_old.then(|| LackWhy::TooOld { attempt: attempt(), ended_at_ns })
}

/// An attempt that may have had an effect and did not end before this instant; the latest, for the explanation.
fn not_before(others: &[Done], instant_ns: i64, but: &Done) -> Option<String> {
    let counts = |other: &&Done| {
        other.attempt != but.attempt
            && !matches!(other.outcome, DoneOutcome::Refused | DoneOutcome::Failed)
            && other.ended_at_ns.is_none_or(|ended| ended >= instant_ns)
    };
    let latest = others.iter().filter(counts).max_by_key(|other| other.ended_at_ns.unwrap_or(i64::MAX));
    latest.map(|other| other.attempt.clone())
}

/// How far an attempt came: a greater number is a nearer miss.
fn rank(why: &LackWhy) -> u8 {
    match why {
        LackWhy::Missing => 0,
        LackWhy::Failed { .. } => 1,
        LackWhy::Unknown { .. } => 2,
        LackWhy::InFlight { .. } => 3,
        LackWhy::Contradicted { .. } => 4,
        LackWhy::Unconfirmed { .. } => 5,
        LackWhy::ClockBehind { .. } => 6,
        LackWhy::Undone { .. } => 7,
        LackWhy::Since { .. } => 8,
        LackWhy::TooOld { .. } => 9,
        LackWhy::OutOfOrder { .. } => 10,
    }
}
