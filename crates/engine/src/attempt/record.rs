//! *Record*: how it ended, made durable before anybody is told.

use lastlook_canon::Digest;
use lastlook_kernel::{Event, Mode, Outcome, Reason, Value as FactValue};
use lastlook_ledger::Kind;
use lastlook_store::{AttemptState, Commit, CommitError, Precondition, RequestState, Write};
use serde_json::{Value, json};

use super::hold::arguments_of;
use super::{Proposal, Run};
use crate::clock;
use crate::entry::{Draft, DraftError};
use crate::reader::digest_text;
use crate::withhold::What;

/// Answers longer than this are committed to by digest.
const LARGEST_ANSWER: usize = 64 << 10;

/// The evidence of a permit that ran out before anybody began to act on it.
const UNUSED: &str = "permit-unused";

impl Run<'_> {
    /// Records the outcome and frees the subjects, unless nobody knows how it ended.
    pub(super) async fn record_outcome(&mut self, outcome: Outcome, evidence: &'static str) -> Event {
        self.outcome = outcome;
        let event = match self.outcome_commit(outcome, evidence) {
            Ok(commit) => self.make_durable(commit).await,
            Err(error) => {
                tracing::error!("the outcome could not be written: {error}");
                Event::NotRecorded
            }
        };
        // As long as it is not on record, whoever halts must learn of it.
        if matches!(event, Event::Recorded) {
            self.boundary.gate.leave(&self.proposal.id);
        }
        event
    }

    /// Records why nothing was sent.
    pub(super) async fn record_refusal(&mut self, reasons: Vec<Reason>, armed: bool) -> Event {
        self.refused_for = reasons;
        match self.refusal_commit(armed) {
            Ok(commit) => self.make_durable(commit).await,
            Err(error) => {
                tracing::error!("the refusal could not be written: {error}");
                Event::NotRecorded
            }
        }
    }

    async fn make_durable(&mut self, commit: Commit) -> Event {
        match self.boundary.commit(commit.clone()).await {
            Ok(_) => Event::Recorded,
            Err(error) => {
                tracing::error!("not on record: {error}");
                // Kept only when a later flush could still make it true.
                let repeatable = matches!(
                    error,
                    CommitError::Full | CommitError::Unavailable(_) | CommitError::Unsigned(_)
                );
                self.unrecorded = repeatable.then_some(commit);
                Event::NotRecorded
            }
        }
    }

    fn outcome_commit(&self, outcome: Outcome, evidence: &'static str) -> Result<Commit, DraftError> {
        let mut draft = self.draft(Kind::Outcome)?;
        // What only single guards watch for is told beside an allow; audit mode as a whole tells it as the verdict.
        let audit = self.boundary.settings.mode == Mode::Audit;
        let would_deny = audit && !self.overridden.is_empty();
        draft.set("verdict", if would_deny { "deny" } else { "allow" });
        draft.set_reasons("reasons", if audit { &self.overridden } else { &[] });
        if !audit && !self.overridden.is_empty() {
            draft.set_reasons("audited", &self.overridden);
        }
        self.set_rules(&mut draft);
        self.set_case(&mut draft);
        draft.set_some("approval", self.claim.as_ref().map(|claim| claim.stands.to_json(&claim.request.id)));
        draft.set_some("grants", self.granted_json());
        self.set_guarding(&mut draft);
        draft.set("outcome", outcome.as_str());
        draft.set("evidence", evidence);
        draft.set("confirmation", "unconfirmed");
        if let Some(passed) = self.passed {
            draft.set("closure", if self.hands.is_some() { "delegated" } else { "adjacent" });
            self.set_sent(&mut draft);
            draft.set_some("gap_ns", passed.gap_ns);
            draft.set("decide_ns", passed.decide_ns);
            draft.set_some("begun_ns", passed.begun_ns);
            draft.set_some("tail_ns", passed.tail_ns);
        }
        self.set_facts(&mut draft);
        if let Some(answer) = &self.answer {
            let frame = What::Frame(&self.proposal.tool.name);
            let answer = match answer.len() <= LARGEST_ANSWER {
                true => draft.commit_as(frame, "answer", answer),
                false => {
                    let digest = digest_text(Digest::of("lastlook/answer/v1", &[answer]));
                    draft.commit_as(frame, "answer", &digest)
                }
            };
            draft.set("answer", answer);
        }
        draft.set("rebased", self.rebased);
        let id = &self.proposal.id;
        let entry = draft.finish(self.boundary.origin(), id, self.proposal.action.digest())?;
        let to = match outcome {
            Outcome::Succeeded => AttemptState::Succeeded,
            Outcome::Failed => AttemptState::Failed,
            Outcome::Unknown => AttemptState::Unknown,
        };
        let mut writes = vec![Write::MoveAttempt { attempt: id.clone(), to }];
        if let Some(claim) = &self.claim {
            let (request, attempt) = (claim.request.id.clone(), Some(id.clone()));
            // Nobody began to act on it: whoever proposes it again may run on it.
            let (to, attempt) = match evidence == UNUSED {
                true => (RequestState::Approved, None),
                false => (RequestState::Used, attempt),
            };
            writes.push(Write::MoveRequest { request, to, attempt });
        }
        if outcome != Outcome::Unknown {
            writes.extend(settling(id, outcome == Outcome::Succeeded, clock::unix_ns()));
        }
        Ok(Commit { when: self.still_armed(), writes, entries: vec![entry], vital: true })
    }

    /// The digest of the exact bytes that were sent: of the frame, or of the arguments that were handed to who acts.
    fn sent(&self) -> Digest {
        let frame = &self.proposal.frame;
        let arguments = self.hands.is_some().then(|| arguments_of(frame)).flatten();
        crate::recovery::sent_digest(arguments.as_ref().map_or(frame, |arguments| arguments.as_bytes()))
    }

    /// The digest of what was sent; where arguments are not kept only a commitment, since a digest could be found by guessing.
    fn set_sent(&self, draft: &mut Draft) {
        let Proposal { action, frame, .. } = &self.proposal;
        let what = self.proposal.arguments_are();
        let withheld =
            self.withhold().is_some_and(|withhold| withhold.touches(what, action.canonical_arguments()));
        match withheld {
            true => {
                let sent = draft.commit_unkept("sent_salted", frame);
                draft.set("sent_salted", sent);
            }
            false => draft.set("sent", self.sent().to_hex()),
        }
    }

    fn refusal_commit(&self, armed: bool) -> Result<Commit, DraftError> {
        let mut draft = self.draft(Kind::Refused)?;
        draft.set("armed", armed);
        draft.set("verdict", "deny");
        draft.set_reasons("reasons", &self.refused_for);
        self.set_rules(&mut draft);
        self.set_case(&mut draft);
        self.set_guarding(&mut draft);
        let what = self.proposal.arguments_are();
        let arguments = draft.commit_as(what, "arguments", self.proposal.action.canonical_arguments());
        draft.set("arguments", arguments);
        self.set_facts(&mut draft);
        let id = &self.proposal.id;
        let entry = draft.finish(self.boundary.origin(), id, self.proposal.action.digest())?;
        let mut commit = Commit { entries: vec![entry], vital: armed, ..Commit::default() };
        if armed {
            commit.when = self.still_armed();
            commit.writes.push(Write::MoveAttempt { attempt: id.clone(), to: AttemptState::Refused });
            commit.writes.extend(settling(id, false, clock::unix_ns()));
        }
        Ok(commit)
    }

    fn still_armed(&self) -> Vec<Precondition> {
        vec![Precondition::AttemptIs { attempt: self.proposal.id.clone(), states: vec![AttemptState::Armed] }]
    }

    /// *Was* and *now* of everything that was looked at; values only of what moved, the rest stands in the armed entry.
    fn set_facts(&self, draft: &mut Draft) {
        let basis = &self.proposal.touched.basis.readings;
        let mut facts = Vec::with_capacity(self.snapshot.facts.len());
        for fact in &self.snapshot.facts {
            let Some(was) = basis.get(fact.index) else { continue };
            let moved = self.moved.iter().find(|moved| moved.is_about(was));
            let tool = was.tool.as_str();
            let written = match (fact.now, moved) {
                (FactValue::Read(_), None) => json!({"tool": tool, "same": true}),
                (FactValue::Read(now), Some(moved)) => {
                    let index = fact.index;
                    let before = moved.was.as_deref().map_or_else(|| digest_text(was.was), <[u8]>::to_vec);
                    let after = moved.now.as_deref().map_or_else(|| digest_text(now), <[u8]>::to_vec);
                    let what = What::Reading(tool);
                    let before = draft.commit_as(what, &format!("facts/{index}/was"), &before);
                    let after = draft.commit_as(what, &format!("facts/{index}/now"), &after);
                    json!({"tool": tool, "was": before, "now": after})
                }
                (FactValue::Unreadable(_), _) => json!({"tool": tool, "unreadable": true}),
            };
            facts.push(written);
        }
        if !facts.is_empty() {
            draft.set("facts", Value::Array(facts));
        }
        if self.boundary.settings.mode == Mode::Enforce && self.passed.is_none() {
            let asked = self.snapshot.asked_at().zip(self.snapshot.answered_at());
            draft.set_some("look_ns", asked.map(|(asked, answered)| answered.since(asked)));
        }
    }
}

/// What a known end writes beside the state: subjects and leases are free, limits are settled, the step has ended.
///
/// What happened keeps its `once` keys and is spent; what provably did not gives both back (I23).
pub(crate) fn settling(attempt: &str, happened: bool, at_ns: i64) -> [Write; 3] {
    let attempt = || attempt.to_owned();
    [
        Write::ReleaseSubjects { attempt: attempt() },
        Write::SettleAttempt { attempt: attempt(), kept: happened },
        Write::EndStep { attempt: attempt(), ended_at_ns: at_ns },
    ]
}
