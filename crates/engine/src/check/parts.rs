//! A guard taken apart: each thing it asks, and which of the reasons answer it.

use std::time::Duration;

use lastlook_kernel::{Accept, By, Code, Mode, Now, Per, Reason};

use super::{CheckedFact, CheckedGuard, CheckedPart, ClaimFound, Claimed, Found};
use crate::guarding::GuardPlan;
use crate::rulebook::GuardRules;

/// What was found of the guard's call.
pub(super) struct Seen<'a> {
    /// What the guard asks of this call; `None` when its templates could not be filled.
    pub(super) plan: Option<&'a GuardPlan>,
    pub(super) facts: &'a [CheckedFact],
    pub(super) reasons: &'a [&'a Reason],
    pub(super) claimed: &'a [Claimed],
    pub(super) looked: bool,
}

/// What a part is, as far as reasons name it.
enum Kind<'a> {
    Reads,
    Unchanged(&'a str),
    Fresh(&'a str),
    When,
    Step(String),
    Hours,
    MaxAge,
    Spacing,
    Once,
    Limit { sum: Option<&'a str>, key: Option<&'a str> },
    Lease,
    Approve,
    Confirm,
}

/// Why a part was not asked when something refused before.
pub(super) const BEFORE: &str = "something refused before it";

/// Whether a reason is the policies' own.
pub(super) fn is_of_policies(reason: &Reason) -> bool {
    matches!(reason.code, Code::PolicyDenied | Code::PolicyError | Code::PolicyInvalid)
}

/// A guard and what was found of its parts.
pub(super) fn guard(rules: &GuardRules, mode: Mode, seen: &Seen<'_>) -> CheckedGuard {
    let name = &rules.guard.name;
    let own: Vec<&Reason> =
        seen.reasons.iter().copied().filter(|reason| reason.guard.as_deref() == Some(name)).collect();
    let mut told: Vec<&Reason> = Vec::new();
    let mut parts = Vec::new();
    for (kind, part, asks) in listed(rules, seen.plan) {
        let about: Vec<&Reason> = own.iter().copied().filter(|reason| kind.is_meant(reason, seen)).collect();
        told.extend(&about);
        let found = kind.found(about, seen);
        parts.push(CheckedPart { part, asks, found });
    }
    let rest: Vec<Reason> = own.into_iter().filter(|reason| !told.contains(reason)).cloned().collect();
    if !rest.is_empty() {
        let asks = "what the guard needs can be taken from the arguments".to_owned();
        let part = CheckedPart { part: "arguments".to_owned(), asks, found: Found::Refuses(rest, None) };
        parts.insert(0, part);
    }
    let resource = seen.plan.and_then(|plan| plan.resource.clone());
    CheckedGuard { name: name.clone(), mode, resource, parts }
}

/// Everything a guard asks, in its order.
fn listed<'a>(rules: &'a GuardRules, plan: Option<&'a GuardPlan>) -> Vec<(Kind<'a>, String, String)> {
    let guard = &rules.guard;
    let mut parts = Vec::new();
    let mut part = |kind: Kind<'a>, part: &str, asks: String| parts.push((kind, part.to_owned(), asks));
    if let Some(spec) = &guard.window {
        if let Some(window) = &rules.window {
            part(Kind::Hours, "window", format!("it is open ({})", window.zone()));
        }
        if let Some(max) = spec.max_age {
            part(Kind::MaxAge, "window max_age", format!("the decision is at most {} old", span(max)));
        }
        if let Some(least) = spec.min_spacing {
            part(Kind::Spacing, "window min_spacing", format!("{} since the last one", span(least)));
        }
    }
    if let Some(once) = &guard.once {
        let key = plan.and_then(|plan| plan.once.as_ref()).map(|once| once.shown.clone());
        let key = key.unwrap_or_else(|| text(once.key.source()));
        let per = once.per.as_ref().map(|per| format!(" {}", period(per))).unwrap_or_default();
        part(Kind::Once, "once", format!("`{key}` is done at most once{per}"));
    }
    for (index, limit) in guard.limit.iter().enumerate() {
        let what = limit.sum.as_deref().map_or_else(|| "calls".to_owned(), |sum| format!("`{sum}`"));
        let by = match &limit.by {
            By::Principal => "for each principal".to_owned(),
            By::Tool => "for each tool".to_owned(),
            By::Resource => "for each resource".to_owned(),
            By::Guard => "for all of the guard".to_owned(),
            By::Key(key) => format!("for each `{}`", text(key.source())),
        };
        let key = plan.and_then(|plan| plan.limits.get(index)).map(|limit| limit.key.as_str());
        let kind = Kind::Limit { sum: limit.sum.as_deref(), key };
        part(kind, "limit", format!("{what}: at most {} {}, {by}", limit.max, period(&limit.per)));
    }
    if let Some(lease) = &guard.lease {
        let key = plan.and_then(|plan| plan.lease.as_ref()?.key.strip_prefix("lease ").map(str::to_owned));
        let key = key.unwrap_or_else(|| text(lease.key.source()));
        part(Kind::Lease, "lease", format!("nobody else is at `{key}`"));
    }
    let names = guard.fact_names();
    if !names.is_empty() {
        let asks = format!("{} can be read", names.iter().cloned().collect::<Vec<_>>().join(", "));
        part(Kind::Reads, "facts", asks);
    }
    for fact in &guard.unchanged {
        let asks = format!("`{fact}` is what the agent read");
        part(Kind::Unchanged(fact), &format!("unchanged {fact}"), asks);
    }
    for fresh in &guard.fresh {
        let asks = format!("`{}` is at most {} old", fresh.fact, span(fresh.max_age));
        part(Kind::Fresh(&fresh.fact), &format!("fresh {}", fresh.fact), asks);
    }
    if let Some(when) = &guard.when {
        part(Kind::When, "when", when.text().to_owned());
    }
    for step in &rules.steps {
        let mut asks = format!("`{}` is on record", step.tool);
        if let Some(within) = step.within {
            asks.push_str(&format!(" within the last {}", span(within)));
        }
        if step.accept == Accept::Confirmed {
            asks.push_str(", its effect seen");
        }
        if let Some(matching) = &step.matching {
            asks.push_str(&format!(", where {}", matching.text()));
        }
        part(Kind::Step(step.tool.to_string()), "after", asks);
    }
    if let Some(approve) = &guard.approve {
        let when = approve.when.as_ref().map(|when| format!(", if {}", when.text())).unwrap_or_default();
        part(Kind::Approve, "approve", format!("{} has approved it{when}", approve.by));
    }
    if let Some(confirm) = &guard.confirm {
        part(Kind::Confirm, "confirm", confirm.when.text().to_owned());
    }
    parts
}

impl Kind<'_> {
    /// Whether a reason of the guard is this part's.
    fn is_meant(&self, reason: &Reason, seen: &Seen<'_>) -> bool {
        use Code as C;
        let about = reason.about.as_deref();
        let unread = about.is_some_and(|fact| seen.is_unread(fact));
        let expects = |words: &str| reason.said.as_ref().is_some_and(|said| said.expected.contains(words));
        match (self, reason.code) {
            (Kind::Reads, C::FactUnreadable | C::FactUnstable) => unread,
            (Kind::Unchanged(fact), C::FactChanged | C::BasisMissing) => about == Some(fact),
            (Kind::Unchanged(fact), C::FactUnreadable) => {
                about == Some(fact) && !unread && !expects("at most")
            }
            (Kind::Fresh(fact), C::FactStale) => about == Some(fact),
            (Kind::Fresh(fact), C::FactUnreadable) => about == Some(fact) && !unread && expects("at most"),
            (Kind::When, C::ConditionFalse | C::ConditionError) => about == Some("when"),
            (Kind::Step(tool), C::StepMissing | C::StepUndone) => about == Some(tool),
            (Kind::Hours, C::WindowClosed | C::TooEarly | C::TooLate) => true,
            (Kind::MaxAge, C::DecisionTooOld) | (Kind::Spacing, C::SpacingTooShort) => true,
            (Kind::Limit { sum, .. }, C::LimitInvalid) => about == *sum,
            (Kind::Approve, C::ApprovalRequired) => true,
            (Kind::Approve, C::ConditionError) => about == Some("approve"),
            // Claims say for themselves what they found.
            (Kind::Once | Kind::Limit { .. } | Kind::Lease, _) => {
                self.claimed(seen).any(|claimed| claimed.refused.as_ref() == Some(reason))
            }
            _ => false,
        }
    }

    fn claimed<'s>(&'s self, seen: &'s Seen<'_>) -> impl Iterator<Item = &'s Claimed> {
        let guard = seen.plan.map(|plan| plan.rules.guard.name.as_str());
        seen.claimed.iter().filter(move |claimed| {
            let own = match (self, &claimed.what) {
                (Kind::Once, ClaimFound::Once) | (Kind::Lease, ClaimFound::Lease) => true,
                (Kind::Limit { key, .. }, ClaimFound::Limit(other)) => *key == Some(other.as_str()),
                _ => false,
            };
            own && guard == Some(claimed.guard.as_str())
        })
    }

    fn found(&self, about: Vec<&Reason>, seen: &Seen<'_>) -> Found {
        let claimed = self.claimed(seen).next();
        if !about.is_empty() {
            let wait = claimed.and_then(|claimed| claimed.wait);
            return Found::Refuses(about.into_iter().cloned().collect(), wait);
        }
        let before = matches!(self, Kind::Hours);
        if seen.plan.is_none() || !seen.looked && !before {
            return Found::NotAsked(BEFORE);
        }
        match self {
            Kind::Confirm => Found::NotAsked("it is asked once the effect has run"),
            Kind::Unchanged(fact) | Kind::Fresh(fact) if seen.is_unread(fact) => {
                Found::NotAsked("the fact could not be read")
            }
            Kind::Approve => Found::Holds(Some("nobody needs to".to_owned())),
            _ => Found::Holds(claimed.and_then(|claimed| claimed.state.clone())),
        }
    }
}

impl Seen<'_> {
    /// Whether a fact was asked for and brought nothing that counts.
    fn is_unread(&self, fact: &str) -> bool {
        let found = self.facts.iter().find(|found| found.name == fact);
        found.is_some_and(|found| matches!(found.now, Now::Unreadable(_) | Now::Unstable))
    }
}

/// A period as a person says it.
fn period(per: &Per) -> String {
    match per {
        Per::Sliding(length) => format!("in any {}", span(*length)),
        Per::Calendar { unit, tz } => format!("a {} ({tz})", format!("{unit:?}").to_lowercase()),
    }
}

/// A length of time in the largest unit that tells it whole.
fn span(length: Duration) -> String {
    let seconds = length.as_secs();
    let whole = |unit: u64| length.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(unit);
    match () {
        () if whole(86_400) => format!("{} d", seconds / 86_400),
        () if whole(3600) => format!("{} h", seconds / 3600),
        () if whole(60) => format!("{} min", seconds / 60),
        () => format!("{} s", length.as_secs_f64()),
    }
}

/// A template as the operator wrote it.
fn text(source: &lastlook_canon::Json) -> String {
    match source.as_str() {
        Some(text) => text.to_owned(),
        None => String::from_utf8_lossy(&lastlook_canon::lexical(source)).into_owned(),
    }
}
