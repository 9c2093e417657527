//! What guards say of an action, as a function of what was found for it: at the look, and whenever it is decided again.

use lastlook_kernel::{
    Code, FactCase, GuardCase, Guarded, Judgement, Mode, Reason, Verdict, WindowCase, judge, judge_unread,
};

use crate::facts::Taken;
use crate::guarding::{Guarding, instant};
use crate::steps::StepFound;
use crate::window::{self, Window};

/// What was found for the guards of one action at one look, apart from their facts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    /// The time on the wall, in nanoseconds since the Unix epoch.
    pub(crate) wall_ns: i64,
    /// For each guard, in their order.
    pub(crate) guards: Vec<FoundFor>,
    /// Guards of which the record could not be read, and why.
    pub(crate) unreadable: Vec<(String, String)>,
    /// The instant that what they claim was counted at, in nanoseconds since the Unix epoch; nothing before arming.
    pub(crate) claimed_ns: Option<i64>,
    /// For how long the leases have been held, in nanoseconds; nothing before arming.
    pub(crate) held_ns: Option<u64>,
    /// What guards that only watch would have refused before the look.
    pub(crate) audited: Vec<Reason>,
}

/// What was found for one guard.
#[derive(Debug, Clone, Default)]
pub(crate) struct FoundFor {
    /// The guard.
    pub(crate) guard: String,
    /// What is on record of its steps.
    pub(crate) steps: Vec<StepFound>,
    /// When the last action it spaces out was, in nanoseconds since the Unix epoch.
    pub(crate) spaced_ns: Option<i64>,
    /// Whether people have approved this very action for it.
    pub(crate) approved: bool,
    /// Whether grants stand for it in place of people.
    pub(crate) granted: bool,
}

/// What refuses before anything is read.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    /// What refuses.
    pub(crate) enforced: Vec<Reason>,
    /// What would have, in guards that only watch.
    pub(crate) audited: Vec<Reason>,
}

/// Whether a reason refuses although the boundary only watches: what cannot run at all, and what an operator halted.
pub(crate) fn refuses_in_audit(reason: &Reason) -> bool {
    matches!(reason.code, Code::Cancelled | Code::Halted)
}

/// What refuses before anything is read: unfilled templates, the policy on the arguments alone, a shut window.
pub(crate) fn unread(guarding: &Guarding, principal: &str, mode: Mode, wall_ns: i64) -> Unread {
    let mut unread = Unread::default();
    let mut take = |mode: Mode, reason: Reason| match mode {
        Mode::Enforce => unread.enforced.push(reason),
        Mode::Audit => unread.audited.push(reason),
    };
    for unfit in &guarding.unfit {
        take(unfit.mode, unfit.reason.clone());
    }
    for plan in &guarding.guards {
        let shut = plan.rules.window.as_ref().and_then(|window| window_case(window, wall_ns).shut);
        if let Some((code, expected, actual)) = shut {
            let reason = Reason::of(code).saying(expected, actual, true);
            take(plan.mode, reason.in_guard(&plan.rules.guard.name));
        }
    }
    let nothing = Found { wall_ns, ..Found::default() };
    for reason in judge_unread(&guarded(guarding, principal, mode, &[], &nothing)) {
        take(mode, reason);
    }
    unread
}

/// Judges every guard, then the policies, on what was read (in the order of the plan) and found.
pub(crate) fn judge_found(
    guarding: &Guarding,
    principal: &str,
    mode: Mode,
    taken: &[Taken],
    found: &Found,
) -> Judgement {
    let mut judgement = judge(&guarded(guarding, principal, mode, taken, found));
    for (guard, error) in &found.unreadable {
        let reason = Reason::about(Code::StoreUnavailable, "steps")
            .saying("the record can be read", error.clone(), false)
            .in_guard(guard);
        judgement.enforced.push(reason);
    }
    if let Some(claimed_ns) = found.claimed_ns
        && guarding.claimed_until(claimed_ns, found.wall_ns).is_none()
    {
        let reason = Reason::about(Code::StandingChanged, "period");
        let expected = "it runs in the period it was counted in";
        judgement.enforced.push(reason.saying(expected, "another period has begun".to_owned(), true));
    }
    let longest = guarding.shortest_lease().map(|hold| u64::try_from(hold.as_nanos()).unwrap_or(u64::MAX));
    if found.held_ns.zip(longest).is_some_and(|(held, longest)| held >= longest) {
        judgement.enforced.push(Reason::of(Code::LeaseExpired));
    }
    judgement.audited.extend(found.audited.iter().cloned());
    judgement
}

/// The verdict on what runs on a request's approval: nobody is asked a second time by the attempt that has it.
pub(crate) fn on_approval(verdict: Verdict, request: Option<&str>, approved: bool) -> Verdict {
    match (verdict, request) {
        // Another guard asks by now: what was approved is not what people would be asked.
        (Verdict::Hold(reasons), Some(_)) if approved => Verdict::Deny(reasons),
        // It had everybody's word when it was armed.
        (Verdict::Hold(_), Some(request)) => {
            Verdict::Deny(vec![Reason::about(Code::ApprovalRevoked, request)])
        }
        (verdict, _) => verdict,
    }
}

fn guarded<'a>(
    guarding: &'a Guarding,
    principal: &'a str,
    mode: Mode,
    taken: &[Taken],
    found: &'a Found,
) -> Guarded<'a> {
    let facts = guarding.facts.iter().zip(taken).map(|(fact, taken)| FactCase {
        spec: &fact.spec,
        was: fact.was.clone(),
        now: taken.now.clone(),
    });
    let guards = guarding.guards.iter().enumerate().map(|(index, plan)| {
        let found_for = found.guards.get(index);
        GuardCase {
            guard: &plan.rules.guard,
            resource: plan.resource.clone(),
            window: plan.rules.window.as_ref().map(|window| window_case(window, found.wall_ns)),
            decided_ns: plan.decided_ns,
            last_ns: found_for.and_then(|found| found.spaced_ns),
            approved: found_for.is_some_and(|found| found.approved),
            granted: found_for.is_some_and(|found| found.granted),
            steps: found_for
                .map(|found| found.steps.iter().map(StepFound::case).collect())
                .unwrap_or_default(),
        }
    });
    Guarded {
        tool: &guarding.tool,
        action: &guarding.action,
        principal,
        groups: &guarding.book.groups,
        args: &guarding.args,
        args_shape: &guarding.args_shape,
        facts: facts.collect(),
        guards: guards.collect(),
        policies: guarding.authority.as_deref(),
        wall_ns: found.wall_ns,
        mode,
    }
}

/// A window at one instant, in words.
fn window_case(window: &Window, wall_ns: i64) -> WindowCase {
    let resolved = window.resolve(instant(wall_ns));
    let shut = resolved.why.as_ref().map(|why| {
        let code = match why {
            window::Why::Closed { .. } | window::Why::OutsideHours { .. } => Code::WindowClosed,
            window::Why::TooEarly { .. } => Code::TooEarly,
            window::Why::TooLate { .. } => Code::TooLate,
        };
        (code, format!("it is open by the guard's window ({})", window.zone()), why.to_string())
    });
    WindowCase { shut, until_ns: resolved.until_ns }
}
