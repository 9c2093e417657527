//! What a check found, for a program.

use lastlook_canon::{Json, lexical};
use lastlook_engine::check::{Checked, CheckedFact, CheckedGuard, CheckedPart, Found};
use lastlook_kernel::{Now, Reason};
use serde_json::{Value, json};

/// The whole page.
pub fn of(checked: &Checked, args: &Json, as_if_read: bool) -> Value {
    let policies = checked.policies.as_ref().map(|policies| {
        json!({"asked": policies.asked, "decided": policies.decided, "reasons": all(&policies.reasons)})
    });
    json!({
        "tool": checked.tool, "args": plain(args), "class": checked.class.0.as_str(),
        "class_by": checked.class.1.as_str(), "principal": checked.principal, "as_if_read": as_if_read,
        "would_run": checked.enforced.is_empty(), "reasons": all(&checked.enforced),
        "watched": all(&checked.audited), "guards": checked.guards.iter().map(guard).collect::<Vec<_>>(),
        "policies": policies, "facts": checked.facts.iter().map(fact).collect::<Vec<_>>(),
        "proofs": checked.proofs, "until": checked.until_ns.map(instant),
    })
}

fn guard(guard: &CheckedGuard) -> Value {
    let parts = guard.parts.iter().map(|CheckedPart { part, asks, found }| {
        let (found, why, wait, reasons) = match found {
            Found::Holds(more) => ("holds", more.clone(), None, Vec::new()),
            Found::NotAsked(why) => ("not-asked", Some((*why).to_owned()), None, Vec::new()),
            Found::Refuses(reasons, wait) => ("refuses", None, *wait, all(reasons)),
        };
        let wait_ms = wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        json!({"part": part, "asks": asks, "found": found, "why": why, "wait_ms": wait_ms, "reasons": reasons})
    });
    let parts: Vec<Value> = parts.collect();
    json!({"guard": guard.name, "mode": guard.mode.as_str(), "resource": guard.resource, "parts": parts})
}

fn fact(fact: &CheckedFact) -> Value {
    let (state, read, why) = match &fact.now {
        Now::Read(read) => ("read", Some(read), None),
        Now::Absent => ("absent", None, None),
        Now::Unreadable(why) => ("unreadable", None, Some(why.clone())),
        Now::Unstable => ("unstable", None, None),
    };
    json!({
        "fact": fact.name, "state": state, "why": why, "now": read.map(|read| plain(&read.value)),
        "was": fact.was.as_ref().map(|was| plain(&was.value)),
        "version": read.and_then(|read| read.version.clone()),
        "as_of": read.and_then(|read| read.as_of_ns).map(instant), "took_ns": fact.took_ns,
    })
}

fn all(reasons: &[Reason]) -> Vec<Value> {
    reasons.iter().map(reason).collect()
}

fn reason(reason: &Reason) -> Value {
    let said = reason.said.as_ref();
    json!({
        "code": reason.code.as_str(), "about": reason.about, "guard": reason.guard,
        "expected": said.map(|said| &said.expected), "actual": said.map(|said| &said.actual),
        "hint": said.and_then(|said| said.hint.as_ref()),
    })
}

fn instant(ns: i64) -> Option<String> {
    jiff::Timestamp::from_nanosecond(i128::from(ns)).ok().map(|at| at.to_string())
}

/// A value as a program reads it.
fn plain(value: &Json) -> Value {
    serde_json::from_slice(&lexical(value)).unwrap_or(Value::Null)
}
