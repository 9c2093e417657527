//! Steps.

use std::time::Duration;

use lastlook_kernel::{Accept, After, Procedure, Step};

/// What a procedure, or `after`, no longer asks for.
///
/// Steps of the old one must be among those of the new one, in the same order and at least as strong.
pub(super) fn weaker_steps(what: &str, old: &[After], new: &[After]) -> Option<String> {
    let mut rest = new.iter();
    let lost = old.iter().find(|before| !rest.any(|after| is_as_strong(before, after)))?;
    let step = match lost {
        After::Step(step) => format!("step `{}`", step.tool),
        After::Procedure(name) => format!("procedure `{name}`"),
    };
    Some(format!("{what} no longer asks for {step} as it did, or not in this order"))
}

/// The steps of a procedure, as `after` has them.
pub(super) fn of_procedure(procedure: &Procedure) -> Vec<After> {
    procedure.steps.iter().cloned().map(After::Step).collect()
}

fn is_as_strong(old: &After, new: &After) -> bool {
    match (old, new) {
        (After::Procedure(old), After::Procedure(new)) => old == new,
        (After::Step(old), After::Step(new)) => step_is_as_strong(old, new),
        (After::Step(_), After::Procedure(_)) | (After::Procedure(_), After::Step(_)) => false,
    }
}

fn step_is_as_strong(old: &Step, new: &Step) -> bool {
    let Step { tool, matching, within, accept, none_since } = old;
    *tool == new.tool
        && *matching == new.matching
        && is_no_longer(*within, new.within)
        && (*accept == new.accept || new.accept == Accept::Confirmed)
        && none_since.iter().all(|tool| new.none_since.contains(tool))
}

/// Whether a bound on time is as tight as it was; `None` is no bound.
pub(super) fn is_no_longer(old: Option<Duration>, new: Option<Duration>) -> bool {
    match (old, new) {
        (None, _) => true,
        (Some(old), Some(new)) => new <= old,
        (Some(_), None) => false,
    }
}
