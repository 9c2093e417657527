//! *Arm*: the intent made durable, before anything is read or sent.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lastlook_canon::lexical;
use lastlook_kernel::{Class, Code, Event, Mode, Now, Reason, Was};
use lastlook_ledger::Kind;
use lastlook_store::{AttemptRow, AttemptState, Commit, CommitError, Precondition, Write};
use serde_json::{Value, json};

use super::claims::Conflict;
use super::granted::Lost;
use super::{Proposal, Run, SIGNING_KEY};
use crate::entry::{Draft, DraftError};
use crate::key::Key;
use crate::reader::digest_text;
use crate::withhold::{What, Withhold};
use crate::{clock, recovery};

impl Run<'_> {
    /// Records the attempt and takes its subjects; waits a while for another attempt that holds one of them.
    pub(super) async fn arm(&mut self) -> Event {
        if !self.boundary.owed.settle(self.boundary).await {
            return Event::NotArmed(vec![Reason::of(Code::Unrecorded)]);
        }
        match self.doubts() {
            Ok(doubts) => {
                let (enforced, audited): (Vec<_>, Vec<_>) =
                    doubts.into_iter().partition(|(mode, _)| *mode == Mode::Enforce);
                self.audited.extend(audited.into_iter().map(|(_, reason)| reason));
                if !enforced.is_empty() {
                    return Event::NotArmed(enforced.into_iter().map(|(_, reason)| reason).collect());
                }
            }
            Err(error) => {
                tracing::error!("nothing was sent: {error}");
                return Event::NotArmed(vec![Reason::of(Code::StoreUnavailable)]);
            }
        }
        let subjects = self.claimed();
        self.commit_when_free(&subjects).await
    }

    async fn commit_when_free(&mut self, subjects: &BTreeSet<String>) -> Event {
        let began = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut settled = None;
        loop {
            let at_ns = clock::unix_ns();
            let commit = match self.arming(subjects, at_ns) {
                Ok(commit) => commit,
                Err(error) => {
                    tracing::error!("nothing was sent: {error}");
                    return Event::NotArmed(vec![Reason::of(Code::StoreUnavailable)]);
                }
            };
            let (conflict, holder) = match self.boundary.commit(commit).await {
                Ok(committed) => {
                    self.fences = committed.fences;
                    self.armed_at = Some(clock::moment());
                    self.claimed_ns = Some(at_ns);
                    self.waited = began.elapsed();
                    return Event::Armed;
                }
                Err(CommitError::Limit { key, spent, reserved, .. }) => match self.grant_lost(&key) {
                    Some(Lost::Others) => continue,
                    Some(Lost::Asks(reasons)) => return Event::NotArmed(reasons),
                    None => (self.limit_full(&key, spent, reserved, at_ns), None),
                },
                Err(CommitError::Precondition { which: Precondition::GrantStands { grant }, .. }) => {
                    match self.grant_lost(&grant) {
                        Some(Lost::Others) => continue,
                        Some(Lost::Asks(reasons)) => return Event::NotArmed(reasons),
                        None => return Event::NotArmed(vec![Reason::about(Code::ApprovalRevoked, grant)]),
                    }
                }
                Err(CommitError::Precondition {
                    which: Precondition::OnceFree { key, .. } | Precondition::LeaseFree { key },
                    holder,
                }) => (self.taken_by(&key, holder.as_deref(), at_ns), holder),
                Err(CommitError::Precondition { which: Precondition::RequestIs { request, .. }, holder }) => {
                    // One approval is one attempt: whoever comes second learns which has it (I10).
                    let reason = match holder {
                        Some(winner) => Reason::about(Code::InDoubt, winner.id.clone()),
                        None => Reason::about(Code::ApprovalRevoked, request),
                    };
                    return Event::NotArmed(vec![reason]);
                }
                Err(CommitError::Precondition { which: Precondition::MarkIs { .. }, .. }) => {
                    return Event::NotArmed(match self.grants_void() {
                        Some(Lost::Asks(reasons)) => reasons,
                        Some(Lost::Others) | None => vec![Reason::of(Code::ApprovalRevoked)],
                    });
                }
                Err(CommitError::Precondition { holder, .. }) => {
                    // A holder that is gone between two tries leaves the subject free: try again at once.
                    let Some(holder) = holder else { continue };
                    let reason = Reason::about(Code::InDoubt, holder.id.clone());
                    let at_most = self.boundary.settings.wait_for_subject;
                    let waitable = matches!(holder.state, AttemptState::Armed | AttemptState::Unknown);
                    let conflict = match waitable {
                        true => Conflict::Wait { reason, at_most },
                        false => Conflict::Refuse(reason),
                    };
                    (conflict, Some(holder))
                }
                Err(CommitError::Full) => return Event::NotArmed(vec![Reason::of(Code::StoreFull)]),
                Err(CommitError::Unavailable(why)) => {
                    tracing::error!("nothing was sent: {why}");
                    return Event::NotArmed(vec![Reason::of(Code::StoreUnavailable)]);
                }
                Err(CommitError::Unsigned(why)) => {
                    tracing::error!("nothing was sent: {why}");
                    return Event::NotArmed(vec![Reason::about(Code::StoreUnavailable, SIGNING_KEY)]);
                }
            };
            self.waited = began.elapsed();
            if self.proposal.control.is_cancelled() {
                return Event::NotArmed(vec![Reason::of(Code::Cancelled)]);
            }
            let unknown = holder.as_ref().filter(|holder| holder.state == AttemptState::Unknown);
            if let Some(holder) = unknown {
                if settled.as_ref() == Some(&holder.id) {
                    let doubt = Reason::about(Code::InDoubt, holder.id.clone());
                    return Event::NotArmed(vec![doubt]);
                }
                // Whoever held it may have died meanwhile, and the world may show that it did nothing.
                settled = Some(holder.id.clone());
                recovery::settle(self.boundary, vec![(**holder).clone()]).await;
                continue;
            }
            match conflict {
                Conflict::Waived => continue,
                Conflict::Refuse(reason) => return Event::NotArmed(vec![reason]),
                Conflict::Wait { reason, at_most } if self.waited >= at_most => {
                    return Event::NotArmed(vec![reason]);
                }
                Conflict::Wait { .. } => {}
            }
            let others = holder.is_none_or(|holder| holder.writer != self.boundary.writer());
            if others && pause > Duration::from_millis(50) {
                recovery::mark_dead(self.boundary).await;
            }
            tokio::time::sleep(pause).await; // backoff: another process holds it
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    /// What no other attempt may hold meanwhile: this action, its paths and identifiers, and what its basis is about.
    pub(super) fn claimed(&self) -> BTreeSet<String> {
        let upstream = &self.boundary.upstream;
        if self.proposal.tool.class == Class::Read {
            return BTreeSet::new();
        }
        let mut claimed = BTreeSet::from([format!("action {}", self.proposal.action.digest().to_hex())]);
        claimed.extend(self.proposal.subjects.resources().map(|subject| format!("{upstream} {subject}")));
        claimed.extend(
            self.boundary.basis_subjects(&self.proposal).map(|subject| format!("{upstream} {subject}")),
        );
        claimed.extend(self.proposal.guarding.iter().flat_map(|guarding| guarding.subjects()));
        match self.withhold() {
            Some(withhold) => claimed.into_iter().map(|subject| self.veiled(&withhold, subject)).collect(),
            None => claimed,
        }
    }

    /// A subject under a name that tells nobody what is not kept.
    fn veiled(&self, withhold: &Withhold, subject: String) -> String {
        if withhold.text(&subject) == subject {
            return subject;
        }
        let digest = self.boundary.private_digest("lastlook/private-subject/v1", subject.as_bytes());
        format!("{} private {}", self.boundary.upstream, hex::encode(digest.unwrap_or_default()))
    }

    fn arming(&self, subjects: &BTreeSet<String>, at_ns: i64) -> Result<Commit, DraftError> {
        let boundary = self.boundary;
        let (id, tool, basis) = (&self.proposal.id, &self.proposal.tool, &self.proposal.touched.basis);
        let audit = boundary.settings.mode == Mode::Audit;
        let mut draft = self.draft(Kind::Armed)?;
        let arguments = draft.commit_as(
            self.proposal.arguments_are(),
            "arguments",
            self.proposal.action.canonical_arguments(),
        );
        draft.set("arguments", arguments);
        let mut readings = Vec::with_capacity(basis.readings.len());
        for (index, reading) in basis.readings.iter().enumerate() {
            let was = match &reading.value {
                Some(value) => {
                    draft.commit_as(What::Reading(&reading.tool), &format!("basis/{index}/was"), value)
                }
                None => draft.commit_as(
                    What::Reading(&reading.tool),
                    &format!("basis/{index}/was"),
                    &digest_text(reading.was),
                ),
            };
            let params = draft.commit_as(
                What::Params(&reading.tool),
                &format!("basis/{index}/params"),
                &reading.params,
            );
            let rebased_ms = reading.rebased.as_ref().map(|rebased| rebased.since_act_ns / 1_000_000);
            readings
                .push(json!({"tool": reading.tool, "was": was, "params": params, "rebased_ms": rebased_ms}));
        }
        draft.set("basis", Value::Array(readings));
        draft.set("compared", basis.readings.len());
        draft.set("uncompared", basis.uncompared);
        draft.set("missing", basis.missing);
        draft.set("blind", self.is_blind());
        self.set_rules(&mut draft);
        draft.set_some("approval", self.claim.as_ref().map(|claim| claim.stands.to_json(&claim.request.id)));
        draft.set_some("grants", self.granted_json());
        let group = &boundary.group;
        draft.set("child", json!({"pgid": group.pgid, "start": group.start, "boot": group.boot}));
        let entry = draft.finish(boundary.origin(), id, self.proposal.action.digest())?;

        let row = AttemptRow {
            id: id.clone(),
            writer: boundary.writer(),
            upstream: boundary.upstream.clone(),
            tool: tool.name.clone(),
            action: self.proposal.action.digest(),
            state: AttemptState::Armed,
            opened_at_ns: at_ns,
            detail: recovery::Detail::of(boundary, &self.proposal).to_bytes(),
        };
        let mut commit = Commit { entries: vec![entry], ..Commit::default() };
        commit.writes.push(Write::OpenAttempt(row));
        for subject in subjects {
            if !audit {
                commit.when.push(Precondition::SubjectFree { subject: subject.clone() });
            }
            let attempt = id.clone();
            commit.writes.push(Write::TakeSubject { subject: subject.clone(), attempt, if_free: audit });
        }
        if let Some(guarding) = &self.proposal.guarding {
            let claims = guarding.claims(id, at_ns).into_iter();
            for claim in claims.filter(|claim| !self.waived.contains(&claim.key)) {
                commit.when.push(claim.when);
                commit.writes.push(claim.write);
            }
            if !guarding.step_keys.is_empty() {
                commit.writes.push(Write::NoteStep {
                    keys: guarding.step_keys.clone(),
                    attempt: id.clone(),
                    armed_at_ns: at_ns,
                    arguments: self.kept_arguments(),
                });
            }
        }
        self.take_key(at_ns, &mut commit);
        self.arm_on_grants(at_ns, &mut commit);
        if let Some(claim) = &self.claim {
            claim.arm(id, &mut commit);
        }
        Ok(commit)
    }

    /// What is not kept of this attempt's values, with all that is known of them by now.
    pub(super) fn withhold(&self) -> Option<Withhold> {
        let Proposal { tool, action, touched, guarding, book, .. } = &self.proposal;
        let mut withhold = Withhold::new(&book.withheld, &self.boundary.upstream, &tool.name)?;
        withhold.learn(self.proposal.arguments_are(), action.canonical_arguments());
        for reading in &touched.basis.readings {
            withhold.learn(What::Params(&reading.tool), &reading.params);
            withhold.learn(What::Reading(&reading.tool), reading.value.as_deref().unwrap_or_default());
        }
        for moved in &self.moved {
            withhold.learn(What::Reading(moved.tool()), moved.now.as_deref().unwrap_or_default());
        }
        let facts = guarding.iter().flat_map(|guarding| &guarding.facts);
        for fact in facts.clone() {
            if let Was::Seen(seen) = &fact.was {
                withhold.learn(What::Fact(&fact.spec), &lexical(&seen.value));
            }
        }
        for (fact, taken) in facts.zip(&self.taken) {
            if let Now::Read(read) = &taken.now {
                withhold.learn(What::Fact(&fact.spec), &lexical(&read.value));
            }
        }
        if let Some(answer) = &self.answer {
            withhold.learn(What::Frame(&tool.name), answer);
        }
        Some(withhold)
    }

    /// The arguments as later attempts find them.
    fn kept_arguments(&self) -> Vec<u8> {
        let arguments = self.proposal.action.canonical_arguments();
        match self.withhold() {
            None => arguments.to_vec(),
            Some(withhold) => withhold.left(self.proposal.arguments_are(), arguments, None, false).bytes,
        }
    }

    pub(super) fn draft(&self, kind: Kind) -> Result<Draft, DraftError> {
        let boundary = self.boundary;
        let mut draft = Draft::new(kind, boundary.settings.mode, &boundary.principal)?;
        draft.withholding(self.withhold());
        draft.about(&boundary.upstream, &self.proposal.tool);
        draft.set_some("idempotency_key", self.proposal.key.as_ref().map(Key::as_str));
        Ok(draft)
    }
}
