//! Guards, part by part.

use lastlook_kernel::{Approve, Confirm, Guard, Lease, Limit, Mode, Once, Per, WindowSpec};

use super::Said;
use super::step::{is_no_longer, weaker_steps};

/// `modes` are the old and the new mode where the guard names none.
pub(super) fn guard(old: &Guard, new: &Guard, modes: (Mode, Mode), said: &mut Said) {
    // Named one by one, so that a new one has to be thought about here.
    let Guard {
        name,
        on,
        mode,
        resource,
        unchanged,
        fresh,
        facts,
        stable,
        when,
        after,
        window,
        once,
        limit,
        lease,
        approve,
        confirm,
    } = old;
    let what = format!("guard `{name}`");
    for tool in on.iter().filter(|tool| !new.on.contains(tool)) {
        said.when(true, || format!("{what} no longer guards `{tool}`"));
    }
    let (was, now) = (mode.unwrap_or(modes.0), new.mode.unwrap_or(modes.1));
    said.when(was == Mode::Enforce && now == Mode::Audit, || format!("{what} only watches"));
    said.when(resource.is_some() && *resource != new.resource, || {
        format!("{what} has another resource, or none")
    });
    for fact in unchanged.iter().filter(|fact| !new.unchanged.contains(fact)) {
        said.when(true, || format!("{what} lets fact `{fact}` change"));
    }
    for bound in fresh {
        let kept = new.fresh.iter().any(|new| new.fact == bound.fact && new.max_age <= bound.max_age);
        said.when(!kept, || format!("{what} lets fact `{}` be older", bound.fact));
    }
    for fact in facts.iter().filter(|fact| !new.facts.contains(fact)) {
        said.when(true, || format!("{what} no longer reads fact `{fact}` for the policies"));
    }
    // More rounds are more chances to agree.
    let steadier = stable.is_none_or(|old| new.stable.is_some_and(|new| new <= old));
    said.when(!steadier, || format!("{what} asks for less stability"));
    said.when(when.is_some() && *when != new.when, || format!("{what} has another `when`, or none"));
    said.extend(weaker_steps(&what, after, &new.after));
    said.when(window.as_ref().is_some_and(|old| !is_narrower(old, new.window.as_ref())), || {
        format!("{what} has another window, or none")
    });
    said.when(once.as_ref().is_some_and(|old| !is_rarer(old, new.once.as_ref())), || {
        format!("{what} has another `once`, or none")
    });
    for before in limit {
        let kept = new.limit.iter().any(|after| is_tighter(before, after));
        said.when(!kept, || format!("{what} has a limit that is higher, counts otherwise, or is gone"));
    }
    said.when(lease.as_ref().is_some_and(|old| !is_same_lease(old, new.lease.as_ref())), || {
        format!("{what} has another lease, or none")
    });
    said.when(approve.as_ref().is_some_and(|old| !asks_more(old, new.approve.as_ref())), || {
        format!("{what} asks for other approval, or none")
    });
    said.when(confirm.as_ref().is_some_and(|old| !proves_as_much(old, new.confirm.as_ref())), || {
        format!("{what} confirms otherwise, or not at all")
    });
}

fn is_narrower(old: &WindowSpec, new: Option<&WindowSpec>) -> bool {
    let Some(new) = new else { return false };
    let WindowSpec { open, tz, closed, not_before, not_after, max_age, min_spacing } = old;
    let in_zone = !open.is_empty() || !closed.is_empty();
    (open.is_empty() || *open == new.open)
        && (!in_zone || *tz == new.tz)
        && closed.iter().all(|dates| new.closed.contains(dates))
        && (not_before.is_none() || *not_before == new.not_before)
        && (not_after.is_none() || *not_after == new.not_after)
        && is_no_longer(*max_age, new.max_age)
        && min_spacing.is_none_or(|old| new.min_spacing.is_some_and(|new| new >= old))
}

fn is_rarer(old: &Once, new: Option<&Once>) -> bool {
    let Some(new) = new else { return false };
    let longer = match (&old.per, &new.per) {
        (_, None) => true,
        (Some(Per::Sliding(old)), Some(Per::Sliding(new))) => new >= old,
        (old, new) => old == new,
    };
    old.key == new.key && longer
}

fn is_tighter(old: &Limit, new: &Limit) -> bool {
    let Limit { sum, max, per, by } = old;
    *sum == new.sum && *per == new.per && *by == new.by && new.max <= *max
}

/// How long it may be held before the gate, and how long to wait for it, make nothing possible that was not.
fn is_same_lease(old: &Lease, new: Option<&Lease>) -> bool {
    new.is_some_and(|new| old.key == new.key)
}

fn asks_more(old: &Approve, new: Option<&Approve>) -> bool {
    let Some(new) = new else { return false };
    let Approve { when, by, quorum, expires } = old;
    (new.when.is_none() || *when == new.when)
        && *by == new.by
        && new.quorum >= *quorum
        && is_no_longer(*expires, new.expires)
}

/// Without `refute` or `settle` less is ever taken for a failure.
fn proves_as_much(old: &Confirm, new: Option<&Confirm>) -> bool {
    let Some(new) = new else { return false };
    let Confirm { when, refute, within: _, settle } = old;
    let later = match (settle, new.settle) {
        (_, None) => true,
        (Some(old), Some(new)) => new >= *old,
        (None, Some(_)) => false,
    };
    *when == new.when && (new.refute.is_none() || *refute == new.refute) && later
}
