//! The rows of what people decide, in memory: every question is asked of all there is.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use lastlook_canon::Digest;

use super::guards::restore;
use super::model::{self, Attempts, no_attempt, unavailable};
use crate::{ApproverRow, CommitError, HaltRow, RequestRow, RequestState, VoteRow, Write};

#[derive(Default)]
pub(super) struct Held {
    requests: BTreeMap<String, RequestRow>,
    /// By request and approver.
    votes: BTreeMap<(String, String), VoteRow>,
    approvers: BTreeMap<String, ApproverRow>,
    halts: BTreeMap<String, HaltRow>,
}

/// How to take one change back: what stood there before.
pub(super) enum Undo {
    Request(String, Option<RequestRow>),
    Vote((String, String)),
    Approver(String, Option<ApproverRow>),
    Halt(String, Option<HaltRow>),
}

impl Held {
    pub(super) fn request(&self, id: &str) -> Option<&RequestRow> {
        self.requests.get(id)
    }

    pub(super) fn approver(&self, name: &str) -> Option<&ApproverRow> {
        self.approvers.get(name)
    }

    pub(super) fn has_voted(&self, request: &str, approver: &str) -> bool {
        self.votes.contains_key(&(request.to_owned(), approver.to_owned()))
    }

    pub(super) fn pending(&self, principal: &str) -> u64 {
        let of = |row: &&RequestRow| row.principal == principal && row.state == RequestState::Pending;
        self.requests.values().filter(of).count() as u64
    }

    pub(super) fn requests_with_prefix(&self, prefix: &str) -> Vec<RequestRow> {
        let from = self.requests.range(prefix.to_owned()..);
        from.take_while(|(id, _)| id.starts_with(prefix))
            .take(crate::api::AMBIGUOUS_LISTED)
            .map(|(_, row)| row.clone())
            .collect()
    }

    pub(super) fn requests(
        &self,
        states: &[RequestState],
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Vec<RequestRow> {
        let mut found = self.newest_first(|row| {
            states.contains(&row.state) && before.as_ref().is_none_or(|before| place(row) < *before)
        });
        found.truncate(limit);
        found
    }

    pub(super) fn open_requests_of(
        &self,
        principal: &str,
        action: Digest,
        key: Option<&str>,
    ) -> Vec<RequestRow> {
        let of = |row: &RequestRow| {
            row.principal == principal && row.action == action && row.key.as_deref() == key
        };
        self.newest_first(|row| of(row) && row.state.is_open())
    }

    fn newest_first(&self, wanted: impl Fn(&RequestRow) -> bool) -> Vec<RequestRow> {
        let mut found: Vec<_> = self.requests.values().filter(|row| wanted(row)).cloned().collect();
        found.sort_by_key(|row| Reverse(place(row)));
        found
    }

    pub(super) fn votes(&self, request: &str) -> Vec<VoteRow> {
        // By name already.
        let mut found: Vec<_> = self.votes.values().filter(|row| row.request == request).cloned().collect();
        found.sort_by_key(|row| row.at_ns);
        found
    }

    pub(super) fn approvers(&self) -> Vec<ApproverRow> {
        self.approvers.values().cloned().collect()
    }

    pub(super) fn halts(&self, all: bool) -> Vec<HaltRow> {
        // By id already.
        let wanted = |row: &&HaltRow| all || row.ended_ns.is_none();
        let mut found: Vec<_> = self.halts.values().filter(wanted).cloned().collect();
        found.sort_by_key(|row| row.since_ns);
        found
    }

    /// Makes one change.
    pub(super) fn write(
        &mut self,
        attempts: &Attempts,
        write: &Write,
        undo: &mut Vec<model::Undo>,
    ) -> Result<(), CommitError> {
        let known = |attempt: &Option<String>| match attempt {
            Some(id) if !attempts.contains_key(id) => Err(no_attempt(id)),
            _ => Ok(()),
        };
        let change = match write {
            Write::OpenRequest(row) => {
                known(&row.attempt)?;
                let was = add(&mut self.requests, &row.id, row)
                    .map_err(|()| unavailable(format!("request `{}` is recorded already", row.id)))?;
                Undo::Request(row.id.clone(), was)
            }
            Write::MoveRequest { request, to, attempt } => {
                known(attempt)?;
                let row = self.requests.get_mut(request).ok_or_else(|| no_request(request))?;
                let was = row.clone();
                (row.state, row.attempt) = (*to, attempt.clone());
                if !to.is_open()
                    && let Some(over) = row.over.take()
                {
                    row.detail = over;
                }
                Undo::Request(request.clone(), Some(was))
            }
            Write::Vote(row) => {
                let VoteRow { request, approver, .. } = row;
                if !self.requests.contains_key(request) {
                    return Err(no_request(request));
                }
                let key = (request.clone(), approver.clone());
                add(&mut self.votes, &key, row).map_err(|()| {
                    unavailable(format!("`{approver}` has voted on request `{request}` already"))
                })?;
                Undo::Vote(key)
            }
            Write::PutApprover(row) => {
                let was = add(&mut self.approvers, &row.name, row).map_err(|()| {
                    unavailable(format!("there is or was an approver `{}` already", row.name))
                })?;
                Undo::Approver(row.name.clone(), was)
            }
            Write::RemoveApprover { name, at_ns } => {
                let missing = || unavailable(format!("there is no approver `{name}`"));
                let row = self.approvers.get_mut(name).ok_or_else(missing)?;
                let was = row.clone();
                row.removed_ns = row.removed_ns.or(Some(*at_ns));
                Undo::Approver(name.clone(), Some(was))
            }
            Write::OpenHalt(row) => {
                let was = add(&mut self.halts, &row.id, row)
                    .map_err(|()| unavailable(format!("halt `{}` is recorded already", row.id)))?;
                Undo::Halt(row.id.clone(), was)
            }
            Write::EndHalt { id, at_ns } => {
                let missing = || unavailable(format!("halt `{id}` is not recorded"));
                let row = self.halts.get_mut(id).ok_or_else(missing)?;
                let was = row.clone();
                row.ended_ns = row.ended_ns.or(Some(*at_ns));
                Undo::Halt(id.clone(), Some(was))
            }
            Write::OpenAttempt(_)
            | Write::MoveAttempt { .. }
            | Write::TakeSubject { .. }
            | Write::ReleaseSubjects { .. }
            | Write::TakeOnce { .. }
            | Write::Reserve { .. }
            | Write::SettleAttempt { .. }
            | Write::TakeLease { .. }
            | Write::NoteStep { .. }
            | Write::EndStep { .. }
            | Write::ConfirmStep { .. }
            | Write::GiveGrant(_)
            | Write::RevokeGrant { .. }
            | Write::UseGrant { .. }
            | Write::SetMark { .. } => return Ok(()),
        };
        undo.push(model::Undo::Held(change));
        Ok(())
    }

    pub(super) fn take_back(&mut self, undo: Undo) {
        match undo {
            Undo::Request(id, was) => restore(&mut self.requests, id, was),
            Undo::Vote(key) => drop(self.votes.remove(&key)),
            Undo::Approver(name, was) => restore(&mut self.approvers, name, was),
            Undo::Halt(id, was) => restore(&mut self.halts, id, was),
        }
    }
}

/// Adds a row under a key that must be new; what stood there before, which is nothing.
pub(super) fn add<K: Ord + Clone, V: Clone>(
    map: &mut BTreeMap<K, V>,
    key: &K,
    row: &V,
) -> Result<Option<V>, ()> {
    if map.contains_key(key) { Err(()) } else { Ok(map.insert(key.clone(), row.clone())) }
}

fn place(row: &RequestRow) -> (i64, String) {
    (row.opened_at_ns, row.id.clone())
}

fn no_request(id: &str) -> CommitError {
    unavailable(format!("request `{id}` is not recorded"))
}
