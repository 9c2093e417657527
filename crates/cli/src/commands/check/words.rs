//! What a check found, for a person.

use lastlook_canon::{Json, lexical};
use lastlook_engine::check::{Checked, CheckedFact, CheckedGuard, CheckedPart, CheckedPolicies, Found};
use lastlook_kernel::{Code, FactValue, Mode, Now, Reason};

use crate::record::text::{clean, duration, local_time, shortened};

/// The longest value on one line, in characters.
const LONGEST: usize = 160;

/// The whole page.
pub fn of(checked: &Checked, args: &Json, as_if_read: bool) -> String {
    let (class, by) = checked.class;
    let mut lines = vec![
        format!("{} {}", clean(&checked.tool), value(args)),
        format!("{} ({}), as {}", class.as_str(), by.as_str(), clean(&checked.principal)),
    ];
    if !checked.judged {
        lines.push(String::new());
        lines.push("nothing is asked of it: it only reads, and no rule names it".to_owned());
    }
    for guard in &checked.guards {
        lines.push(String::new());
        lines.extend(guard_lines(guard));
    }
    if let Some(policies) = &checked.policies {
        lines.push(String::new());
        lines.extend(policy_lines(policies));
    }
    if !checked.others.is_empty() {
        lines.push(String::new());
        lines.push("beside guards and policies".to_owned());
        for reason in &checked.others {
            lines.push(format!("  refuses    {}", coded(reason)));
            lines.extend(said(reason));
            lines.extend(unsaid(reason, as_if_read));
        }
    }
    if !checked.facts.is_empty() {
        lines.push(String::new());
        lines.push("facts".to_owned());
        lines.extend(checked.facts.iter().flat_map(fact_lines));
    }
    lines.push(String::new());
    if !checked.looked {
        lines.push("something refused it before anything was read, so the rest was not asked".to_owned());
    }
    lines.push(verdict(checked));
    lines.join("\n") + "\n"
}

fn guard_lines(guard: &CheckedGuard) -> Vec<String> {
    let on = guard.resource.as_ref().map(|resource| format!(", on {}", clean(resource))).unwrap_or_default();
    let mode = if guard.mode == Mode::Audit { ", which only watches" } else { "" };
    let mut lines = vec![format!("guard {}{on}{mode}", clean(&guard.name))];
    for CheckedPart { part, asks, found } in &guard.parts {
        let word = match found {
            Found::Holds(_) => "holds",
            Found::Refuses(..) if guard.mode == Mode::Audit => "watched",
            Found::Refuses(..) => "refuses",
            Found::NotAsked(_) => "not asked",
        };
        lines.push(format!("  {word:<10} {part}: {}", shortened(&clean(asks), LONGEST)));
        match found {
            Found::Holds(None) => {}
            Found::Holds(Some(more)) => lines.push(aside(more)),
            Found::NotAsked(why) => {
                lines.extend((!found.is_cut_off()).then(|| aside(why)));
            }
            Found::Refuses(reasons, wait) => {
                for reason in reasons {
                    lines.push(aside(&coded(reason)));
                    lines.extend(said(reason));
                }
                if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
                    lines.push(aside(&format!("a call would wait for it, at most {} s", wait.as_secs_f64())));
                }
            }
        }
    }
    lines
}

fn policy_lines(policies: &CheckedPolicies) -> Vec<String> {
    let decided: Vec<String> = policies.decided.iter().map(|id| clean(id)).collect();
    let mut lines = vec!["policies".to_owned()];
    if policies.reasons.is_empty() {
        lines.push(match policies.asked {
            true => format!("  permit     by {}", decided.join(", ")),
            false => "  not asked".to_owned(),
        });
    }
    for reason in &policies.reasons {
        lines.push(format!("  refuse     {}", coded(reason)));
        lines.extend(said(reason));
    }
    lines
}

fn fact_lines(fact: &CheckedFact) -> Vec<String> {
    let CheckedFact { name, now, was: _, took_ns, question: _ } = fact;
    let took = duration(*took_ns);
    let says = match now {
        Now::Read(read) => format!("{} (in {took})", value(&read.value)),
        Now::Absent => format!("there is none (in {took})"),
        Now::Unreadable(why) => format!("cannot be read: {} (after {took})", clean(why)),
        Now::Unstable => format!("kept changing while it was read (for {took})"),
    };
    let mut lines = vec![format!("  {:<10} {says}", clean(name))];
    if let Now::Read(FactValue { version, as_of_ns, .. }) = now {
        let version = version.as_ref().map(|version| format!("version {}", clean(version)));
        let as_of = as_of_ns.map(|ns| format!("as of {}", instant(ns)));
        let more: Vec<String> = version.into_iter().chain(as_of).collect();
        if !more.is_empty() {
            lines.push(aside(&more.join(", ")));
        }
    }
    lines
}

fn verdict(checked: &Checked) -> String {
    let count = |reasons: &[Reason]| match reasons.len() {
        1 => "1 reason".to_owned(),
        many => format!("{many} reasons"),
    };
    if !checked.enforced.is_empty() {
        return format!("it would be refused, for {}", count(&checked.enforced));
    }
    let mut line = "it would run".to_owned();
    if let Some(until) = checked.until_ns {
        line.push_str(&format!("; by time alone, until {}", instant(until)));
    }
    if !checked.audited.is_empty() {
        line.push_str(&format!("; enforced, it would be refused, for {}", count(&checked.audited)));
    }
    line
}

fn coded(reason: &Reason) -> String {
    match &reason.about {
        Some(about) => format!("{} ({})", reason.code, clean(about)),
        None => reason.code.to_string(),
    }
}

fn said(reason: &Reason) -> Vec<String> {
    let Some(said) = &reason.said else { return Vec::new() };
    let mut lines = vec![
        aside(&format!("expected: {}", clean(&said.expected))),
        aside(&format!("found:    {}", clean(&said.actual))),
    ];
    lines.extend(said.hint.iter().map(|hint| aside(&format!("hint:     {}", clean(hint)))));
    lines
}

/// Words for the reasons that have none of their own.
fn unsaid(reason: &Reason, as_if_read: bool) -> Option<String> {
    let words = match reason.code {
        Code::BasisMissing if reason.said.is_none() && !as_if_read => {
            "it must rest on something the agent read, and here is no agent: see --as-if-read"
        }
        Code::ToolUnknown => "the server lists no such tool",
        _ => return None,
    };
    Some(aside(words))
}

fn aside(text: &str) -> String {
    format!("             {text}")
}

fn value(value: &Json) -> String {
    shortened(&clean(&String::from_utf8_lossy(&lexical(value))), LONGEST)
}

/// An instant on the local clock.
pub fn instant(ns: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(ns)) {
        Ok(at) => local_time(&at.to_string()),
        Err(_) => "for ever".to_owned(),
    }
}
