//! *Arm*: the intent made durable, before anything is read or sent.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lastlook_kernel::{Code, Event, Mode, Reason};
use lastlook_ledger::Kind;
use lastlook_store::{AttemptRow, AttemptState, Commit, CommitError, Precondition, Write};
use serde_json::{Value, json};

use super::Run;
use crate::entry::{Draft, DraftError};
use crate::reader::digest_text;
use crate::{clock, recovery};

impl Run<'_> {
    /// Records the attempt and takes its subjects; waits a while for another attempt that holds one of them.
    pub(super) async fn arm(&mut self) -> Event {
        if !self.boundary.owed.settle(self.boundary).await {
            return Event::NotArmed(vec![Reason::of(Code::Unrecorded)]);
        }
        let subjects = self.claimed();
        let commit = match self.arming(&subjects) {
            Ok(commit) => commit,
            Err(error) => {
                tracing::error!("nothing was sent: {error}");
                return Event::NotArmed(vec![Reason::of(Code::StoreUnavailable)]);
            }
        };
        self.commit_when_free(commit).await
    }

    async fn commit_when_free(&mut self, commit: Commit) -> Event {
        let deadline = Instant::now() + self.boundary.settings.wait_for_subject;
        let mut pause = Duration::from_millis(1);
        let mut settled = None;
        loop {
            let holder = match self.boundary.commit(commit.clone()).await {
                Ok(_) => return Event::Armed,
                Err(CommitError::Precondition { holder, .. }) => holder,
                Err(CommitError::Full) => return Event::NotArmed(vec![Reason::of(Code::StoreFull)]),
                Err(CommitError::Unavailable(why)) => {
                    tracing::error!("nothing was sent: {why}");
                    return Event::NotArmed(vec![Reason::of(Code::StoreUnavailable)]);
                }
            };
            if self.proposal.control.is_cancelled() {
                return Event::NotArmed(vec![Reason::of(Code::Cancelled)]);
            }
            // A holder that is gone between two tries leaves the subject free: try again at once.
            if let Some(holder) = holder {
                if holder.state == AttemptState::Unknown && settled.as_ref() != Some(&holder.id) {
                    // Whoever held it may have died meanwhile, and the world may show that it did nothing.
                    settled = Some(holder.id.clone());
                    recovery::settle(self.boundary, vec![*holder]).await;
                    continue;
                }
                let waitable = holder.state == AttemptState::Armed && Instant::now() < deadline;
                if !waitable {
                    return Event::NotArmed(vec![Reason::about(Code::InDoubt, holder.id)]);
                }
                if holder.writer != self.boundary.writer() && pause > Duration::from_millis(50) {
                    recovery::mark_dead(self.boundary).await;
                }
            }
            tokio::time::sleep(pause).await; // backoff: another process holds the subject
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    /// What no other attempt may hold meanwhile: this action, its paths and identifiers, and what its basis is about.
    fn claimed(&self) -> BTreeSet<String> {
        let upstream = &self.boundary.upstream;
        let mut claimed = BTreeSet::from([format!("action {}", self.proposal.action.digest().to_hex())]);
        claimed.extend(self.proposal.subjects.resources().map(|subject| format!("{upstream} {subject}")));
        claimed.extend(
            self.boundary.basis_subjects(&self.proposal).map(|subject| format!("{upstream} {subject}")),
        );
        claimed
    }

    fn arming(&self, subjects: &BTreeSet<String>) -> Result<Commit, DraftError> {
        let boundary = self.boundary;
        let (id, tool, basis) = (&self.proposal.id, &self.proposal.tool, &self.proposal.touched.basis);
        let audit = boundary.settings.mode == Mode::Audit;
        let mut draft = self.draft(Kind::Armed)?;
        let arguments = draft.commit("arguments", self.proposal.action.canonical_arguments());
        draft.set("arguments", arguments);
        let mut readings = Vec::with_capacity(basis.readings.len());
        for (index, reading) in basis.readings.iter().enumerate() {
            let was = match &reading.value {
                Some(value) => draft.commit(&format!("basis/{index}/was"), value),
                None => draft.commit(&format!("basis/{index}/was"), &digest_text(reading.was)),
            };
            let params = draft.commit(&format!("basis/{index}/params"), &reading.params);
            let rebased_ms = reading.rebased.as_ref().map(|rebased| rebased.since_act_ns / 1_000_000);
            readings
                .push(json!({"tool": reading.tool, "was": was, "params": params, "rebased_ms": rebased_ms}));
        }
        draft.set("basis", Value::Array(readings));
        draft.set("compared", basis.readings.len());
        draft.set("uncompared", basis.uncompared);
        draft.set("missing", basis.missing);
        draft.set("blind", self.is_blind());
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
            opened_at_ns: clock::unix_ns(),
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
        Ok(commit)
    }

    pub(super) fn draft(&self, kind: Kind) -> Result<Draft, DraftError> {
        let boundary = self.boundary;
        let mut draft = Draft::new(kind, boundary.settings.mode, &boundary.principal)?;
        draft.about(&boundary.upstream, &self.proposal.tool);
        Ok(draft)
    }
}
