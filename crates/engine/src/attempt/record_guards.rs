//! What entries say of guards: which were asked, what they read, what proved their steps.

use lastlook_canon::{Json, lexical};
use lastlook_kernel::{Mode, Now, Was};
use serde_json::{Value, json};

use super::Run;
use crate::entry::Draft;
use crate::window;
use crate::withhold::What;

impl Run<'_> {
    /// Which rules applied: the guards with their modes, and the digest of the configuration they stand in.
    pub(super) fn set_rules(&self, draft: &mut Draft) {
        let configuration = match &self.proposal.guarding {
            Some(guarding) => guarding.book.digest(),
            None => self.proposal.book.digest(),
        };
        draft.set_some("configuration", configuration.map(|digest| digest.to_hex()));
        let Some(guarding) = &self.proposal.guarding else { return };
        let guards: Vec<Value> = guarding
            .guards
            .iter()
            .map(|plan| {
                let mode = if plan.mode == Mode::Audit { "audit" } else { "enforce" };
                json!({"guard": plan.rules.guard.name, "mode": mode, "resource": plan.resource})
            })
            .collect();
        if !guards.is_empty() {
            draft.set("guards", guards);
        }
        if guarding.guards.iter().any(|plan| plan.rules.window.is_some()) {
            draft.set("tz", window::tz_version());
        }
    }

    /// What the guards found, and what arming took for them.
    pub(super) fn set_guarding(&self, draft: &mut Draft) {
        self.set_judged(draft);
        if !self.fences.is_empty() {
            let fences: Vec<Value> =
                self.fences.iter().map(|(key, token)| json!({"lease": key, "token": token})).collect();
            draft.set("fences", fences);
        }
        if self.waited.as_millis() > 0 {
            draft.set("waited_ms", u64::try_from(self.waited.as_millis()).unwrap_or(u64::MAX));
        }
    }

    /// What the guards found: every fact with *was* and *now*, the policies that decided, the attempts that proved steps.
    pub(super) fn set_judged(&self, draft: &mut Draft) {
        let Some(guarding) = &self.proposal.guarding else { return };
        let mut facts = Vec::with_capacity(self.taken.len());
        for (index, (fact, taken)) in guarding.facts.iter().zip(&self.taken).enumerate() {
            let mut commit = |side: &str, value: &Json| {
                let label = format!("snapshot/{index}/{side}");
                draft.commit_as(What::Fact(&fact.spec), &label, &lexical(value))
            };
            let was = match &fact.was {
                Was::Seen(seen) => commit("was", &seen.value),
                Was::Unseen | Was::Rebased | Was::Absent => Value::Null,
            };
            let (state, now, version) = match &taken.now {
                Now::Read(read) => ("read", commit("now", &read.value), read.version.as_deref()),
                Now::Absent => ("absent", Value::Null, None),
                Now::Unreadable(_) => ("unreadable", Value::Null, None),
                Now::Unstable => ("unstable", Value::Null, None),
            };
            let version = version.map(|version| commit_text(draft, index, version));
            let read_ns = taken.answered_at.since(taken.asked_at);
            facts.push(json!({
                "fact": fact.spec.name, "state": state, "was": was, "now": now, "version": version, "read_ns": read_ns,
            }));
        }
        if !facts.is_empty() {
            draft.set("snapshot", facts);
        }
        if let Some(judgement) = &self.judgement {
            if !judgement.policies.is_empty() {
                draft.set("policies", judgement.policies.clone());
            }
            if !judgement.proofs.is_empty() {
                draft.set("steps", judgement.proofs.clone());
            }
        }
    }
}

fn commit_text(draft: &mut Draft, index: usize, version: &str) -> Value {
    draft.commit(&format!("snapshot/{index}/version"), version.as_bytes())
}
