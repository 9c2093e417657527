//! The rows and logs of a state in memory, and what one commit does to them.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_ledger::{Checkpoint, SigningKey, leaf_of_payload, tree::Hash, tree::Tree};

use crate::{
    ApproverRow, AttemptRow, Commit, CommitError, Committed, Fault, FaultError, NewEntry, Op, Precondition,
    StepRow, StoredEntry, Values, VoteRow, Write, WriterId,
};

use super::grants::{self, Grants};
use super::guards::{self, Guards};
use super::held::{self, Held};

pub(super) type Attempts = BTreeMap<String, AttemptRow>;

#[derive(Default)]
pub(super) struct Model {
    rows: Rows,
    pub logs: BTreeMap<u32, Log>,
    live: BTreeSet<u32>,
    /// How often something was committed.
    pub version: u64,
}

#[derive(Default)]
struct Rows {
    attempts: Attempts,
    subjects: BTreeMap<String, String>,
    guards: Guards,
    held: Held,
    grants: Grants,
}

pub(super) struct Log {
    pub origin: String,
    pub entries: Vec<LogEntry>,
    pub note: String,
    tree: Tree,
}

pub(super) struct LogEntry {
    pub stored: StoredEntry,
    pub leaf: Hash,
    pub values: Option<Values>,
}

/// How to take one change to the rows back.
pub(super) enum Undo {
    Attempt(String, Option<AttemptRow>),
    Subject(String, Option<String>),
    Guard(guards::Undo),
    Held(held::Undo),
    Grant(grants::Undo),
}

impl Model {
    pub(super) fn take_slot(&mut self) -> u32 {
        let n = (1..).find(|n| !self.live.contains(n)).unwrap_or(u32::MAX);
        self.live.insert(n);
        n
    }

    pub(super) fn free_slot(&mut self, n: u32) {
        self.live.remove(&n);
    }

    pub(super) fn log(&self, origin: &str) -> Option<&Log> {
        self.logs.values().find(|log| log.origin == origin)
    }

    pub(super) fn attempts_with_prefix(&self, prefix: &str) -> Vec<AttemptRow> {
        let from = self.rows.attempts.range(prefix.to_owned()..);
        from.take_while(|(id, _)| id.starts_with(prefix))
            .take(crate::api::AMBIGUOUS_LISTED)
            .map(|(_, row)| row.clone())
            .collect()
    }

    pub(super) fn tools_of(&self, upstream: &str) -> Vec<String> {
        let of = self.rows.attempts.values().filter(|row| row.upstream == upstream);
        BTreeSet::from_iter(of.map(|row| row.tool.clone())).into_iter().collect()
    }

    pub(super) fn open_attempts(&self) -> impl Iterator<Item = &AttemptRow> {
        self.rows.attempts.values().filter(|row| row.state.is_open())
    }

    pub(super) fn holder(&self, subject: &str) -> Option<AttemptRow> {
        self.rows.holder(subject)
    }

    pub(super) fn guards(&self) -> &Guards {
        &self.rows.guards
    }

    pub(super) fn held(&self) -> &Held {
        &self.rows.held
    }

    pub(super) fn grants(&self) -> &Grants {
        &self.rows.grants
    }

    pub(super) fn uses_of(&self, grant: &str) -> Vec<AttemptRow> {
        self.rows.grants.uses(grant).filter_map(|id| self.rows.attempts.get(id)).cloned().collect()
    }

    pub(super) fn lease(&self, key: &str) -> Option<(AttemptRow, u64)> {
        let (holder, fence) = self.rows.guards.lease(key)?;
        Some((self.rows.attempts.get(holder)?.clone(), fence))
    }

    pub(super) fn steps(&self, key: &str, limit: usize, before_ns: Option<i64>) -> Vec<StepRow> {
        self.rows.guards.steps(&self.rows.attempts, key, limit, before_ns)
    }

    pub(super) fn attempts_of(
        &self,
        upstream: &str,
        tool: &str,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Vec<AttemptRow> {
        let place = |row: &AttemptRow| (row.opened_at_ns, row.id.clone());
        let wanted = |row: &&AttemptRow| {
            row.upstream == upstream
                && row.tool == tool
                && before.as_ref().is_none_or(|before| place(row) < *before)
        };
        let mut found: Vec<_> = self.rows.attempts.values().filter(wanted).cloned().collect();
        found.sort_by_key(|row| std::cmp::Reverse(place(row)));
        found.truncate(limit);
        found
    }

    pub(super) fn prune(&mut self, attempt: &str) {
        let entries = self.logs.values_mut().flat_map(|log| &mut log.entries);
        entries.filter(|entry| entry.stored.attempt == attempt).for_each(|entry| entry.values = None);
    }

    /// Makes one commit, or leaves everything as it was.
    pub(super) fn commit(
        &mut self,
        commit: &Commit,
        id: &WriterId,
        key: &SigningKey,
        fault: Option<&dyn Fault>,
    ) -> Result<Committed, CommitError> {
        let before = |op| fault.map_or(Ok(()), |fault| fault.before(op));
        before(Op::Begin)?;
        for (place, which) in commit.when.iter().enumerate() {
            before(Op::Check)?;
            self.rows.guards.check_limit(&commit.when, place)?;
            self.rows.check(which)?;
        }
        self.rows.check_takes(commit)?;
        let (mut undo, mut fences) = (Vec::new(), Vec::new());
        let appended = self.rows.write_all(commit, &mut fences, &mut undo, &before).and_then(|()| {
            let appended = self.append(&commit.entries, id, key, &before)?;
            before(Op::Commit)?;
            Ok(appended)
        });
        let Appended { entries, tree, note } = appended.inspect_err(|_| self.rows.take_back(undo))?;
        self.version += 1;
        let committed = Committed {
            indices: entries.iter().map(|entry| entry.stored.index).collect(),
            size: tree.size(),
            fences,
        };
        if let Some(note) = note {
            let new = || Log {
                origin: id.origin.clone(),
                entries: Vec::new(),
                note: String::new(),
                tree: Tree::new(),
            };
            let log = self.logs.entry(id.n).or_insert_with(new);
            log.entries.extend(entries);
            (log.tree, log.note) = (tree, note);
        }
        before(Op::Reply).map_err(|e| CommitError::Unavailable(format!("{e}; it may have been recorded")))?;
        Ok(committed)
    }

    /// What the log becomes with these entries; changes nothing yet.
    fn append(
        &self,
        new: &[NewEntry],
        id: &WriterId,
        key: &SigningKey,
        before: &impl Fn(Op) -> Result<(), FaultError>,
    ) -> Result<Appended, CommitError> {
        let mut tree = self.logs.get(&id.n).map(|log| log.tree.clone()).unwrap_or_default();
        let mut entries = Vec::with_capacity(new.len());
        for NewEntry { attempt, kind, payload, values } in new {
            before(Op::Append)?;
            if values.is_some() {
                before(Op::Values)?;
            }
            let (index, leaf) = (tree.size(), leaf_of_payload(payload));
            let (origin, attempt, payload) = (id.origin.clone(), attempt.clone(), payload.clone());
            let stored = StoredEntry { origin, index, attempt, kind: *kind, leaf, payload };
            entries.push(LogEntry { stored, leaf, values: values.clone() });
            tree.push(leaf);
        }
        if entries.is_empty() {
            return Ok(Appended { entries, tree, note: None });
        }
        before(Op::Sign)?;
        let checkpoint = Checkpoint { origin: id.origin.clone(), size: tree.size(), root: tree.root() };
        let note = key.sign_checkpoint(&checkpoint).map_err(|e| CommitError::Unsigned(e.to_string()))?;
        Ok(Appended { entries, tree, note: Some(note) })
    }
}

struct Appended {
    entries: Vec<LogEntry>,
    tree: Tree,
    note: Option<String>,
}

impl Rows {
    fn holder(&self, subject: &str) -> Option<AttemptRow> {
        self.subjects.get(subject).and_then(|id| self.attempts.get(id)).cloned()
    }

    fn check(&self, which: &Precondition) -> Result<(), CommitError> {
        let (holds, holder) = match which {
            Precondition::SubjectFree { subject } => {
                (!self.subjects.contains_key(subject), self.holder(subject))
            }
            Precondition::AttemptIs { attempt, states } => {
                let row = self.attempts.get(attempt);
                (row.is_some_and(|row| states.contains(&row.state)), row.cloned())
            }
            Precondition::OnceFree { key, at_ns } => self.free_unless(self.guards.has_once(key, *at_ns)),
            Precondition::LeaseFree { key } => {
                self.free_unless(self.guards.lease(key).map(|(holder, _)| holder))
            }
            // Asked of the limit itself, which has more to say.
            Precondition::WithinLimit { .. } => (true, None),
            Precondition::RequestIs { request, states, attempt } => {
                let row = self.held.request(request);
                let holds = row.is_some_and(|row| {
                    states.contains(&row.state) && (attempt.is_none() || *attempt == row.attempt)
                });
                let by = row.and_then(|row| row.attempt.as_ref());
                (holds, by.and_then(|id| self.attempts.get(id)).cloned())
            }
            Precondition::NoVote { request, approver } => (!self.held.has_voted(request, approver), None),
            Precondition::MarkIs { name, value } => (self.guards.mark(name) == *value, None),
            Precondition::ApproverIs { name, known } => {
                let row = self.held.approver(name);
                let is = row.is_some_and(|row| row.removed_ns.is_none());
                (if *known { is } else { row.is_none() }, None)
            }
            Precondition::FewerPending { principal, most } => (self.held.pending(principal) < *most, None),
            Precondition::NoOpenRequest { principal, action, key } => {
                (self.held.open_requests_of(principal, *action, key.as_deref()).is_empty(), None)
            }
            Precondition::GrantStands { grant } => (self.grants.stands(grant), None),
        };
        if holds {
            Ok(())
        } else {
            Err(CommitError::Precondition { which: which.clone(), holder: holder.map(Box::new) })
        }
    }

    fn free_unless(&self, holder: Option<&str>) -> (bool, Option<AttemptRow>) {
        (holder.is_none(), holder.and_then(|id| self.attempts.get(id)).cloned())
    }

    /// What must be free to be taken fails its commit before anything is written.
    fn check_takes(&self, commit: &Commit) -> Result<(), CommitError> {
        let (mut released, mut given_back) = (BTreeSet::new(), BTreeSet::new());
        for write in &commit.writes {
            let (which, attempt, holder, gone) = match write {
                Write::ReleaseSubjects { attempt } => {
                    released.insert(attempt.as_str());
                    continue;
                }
                Write::SettleAttempt { attempt, kept: false } => {
                    given_back.insert(attempt.as_str());
                    continue;
                }
                Write::TakeSubject { subject, attempt, if_free: false } => {
                    let holder = self.subjects.get(subject).map(String::as_str);
                    (Precondition::SubjectFree { subject: subject.clone() }, attempt, holder, &released)
                }
                Write::TakeLease { key, attempt } => {
                    let holder = self.guards.lease(key).map(|(holder, _)| holder);
                    (Precondition::LeaseFree { key: key.clone() }, attempt, holder, &released)
                }
                Write::TakeOnce { key, attempt, .. } => {
                    let at_ns = guards::free_at(commit, key);
                    let holder = self.guards.has_once(key, at_ns);
                    (Precondition::OnceFree { key: key.clone(), at_ns }, attempt, holder, &given_back)
                }
                Write::Vote(VoteRow { request, approver, .. }) => {
                    self.check(&Precondition::NoVote {
                        request: request.clone(),
                        approver: approver.clone(),
                    })?;
                    continue;
                }
                Write::PutApprover(ApproverRow { name, .. }) => {
                    self.check(&Precondition::ApproverIs { name: name.clone(), known: false })?;
                    continue;
                }
                Write::UseGrant { grant, .. } => {
                    self.check(&Precondition::GrantStands { grant: grant.clone() })?;
                    continue;
                }
                _ => continue,
            };
            if holder.is_some_and(|holder| holder != attempt && !gone.contains(holder)) {
                self.check(&which)?;
            }
        }
        Ok(())
    }

    fn write_all(
        &mut self,
        commit: &Commit,
        fences: &mut Vec<(String, u64)>,
        undo: &mut Vec<Undo>,
        before: &impl Fn(Op) -> Result<(), FaultError>,
    ) -> Result<(), CommitError> {
        commit.writes.iter().try_for_each(|write| {
            before(Op::Write)?;
            self.write(write, undo)?;
            self.held.write(&self.attempts, write, undo)?;
            self.grants.write(&self.attempts, write, undo)?;
            let fence = self.guards.write(&self.attempts, commit, write, undo)?;
            if let (Write::TakeLease { key, .. }, Some(fence)) = (write, fence) {
                fences.push((key.clone(), fence));
            }
            Ok(())
        })
    }

    /// What a change does to attempts and subjects.
    fn write(&mut self, write: &Write, undo: &mut Vec<Undo>) -> Result<(), CommitError> {
        match write {
            Write::OpenAttempt(row) if self.attempts.contains_key(&row.id) => {
                Err(unavailable(format!("attempt `{}` is recorded already", row.id)))
            }
            Write::OpenAttempt(row) => {
                undo.push(Undo::Attempt(row.id.clone(), self.attempts.insert(row.id.clone(), row.clone())));
                Ok(())
            }
            Write::MoveAttempt { attempt, to } => {
                let row = self.attempts.get_mut(attempt).ok_or_else(|| no_attempt(attempt))?;
                undo.push(Undo::Attempt(attempt.clone(), Some(row.clone())));
                row.state = *to;
                Ok(())
            }
            Write::TakeSubject { subject, attempt, if_free } => match self.subjects.get(subject) {
                Some(holder) if *if_free || holder == attempt => Ok(()),
                Some(holder) => Err(unavailable(format!("`{subject}` is held by attempt `{holder}`"))),
                None if !self.attempts.contains_key(attempt) => Err(no_attempt(attempt)),
                None => {
                    undo.push(Undo::Subject(
                        subject.clone(),
                        self.subjects.insert(subject.clone(), attempt.clone()),
                    ));
                    Ok(())
                }
            },
            Write::ReleaseSubjects { attempt } => {
                let held = self.subjects.extract_if(.., |_, holder| holder == attempt);
                undo.extend(held.map(|(subject, holder)| Undo::Subject(subject, Some(holder))));
                Ok(())
            }
            Write::TakeOnce { .. }
            | Write::Reserve { .. }
            | Write::SettleAttempt { .. }
            | Write::TakeLease { .. }
            | Write::NoteStep { .. }
            | Write::EndStep { .. }
            | Write::ConfirmStep { .. }
            | Write::SetMark { .. }
            | Write::OpenRequest(_)
            | Write::MoveRequest { .. }
            | Write::Vote(_)
            | Write::PutApprover(_)
            | Write::RemoveApprover { .. }
            | Write::GiveGrant(_)
            | Write::RevokeGrant { .. }
            | Write::UseGrant { .. }
            | Write::OpenHalt(_)
            | Write::EndHalt { .. } => Ok(()),
        }
    }

    fn take_back(&mut self, undo: Vec<Undo>) {
        for undo in undo.into_iter().rev() {
            match undo {
                Undo::Attempt(id, Some(row)) => drop(self.attempts.insert(id, row)),
                Undo::Attempt(id, None) => drop(self.attempts.remove(&id)),
                Undo::Subject(subject, Some(holder)) => drop(self.subjects.insert(subject, holder)),
                Undo::Subject(subject, None) => drop(self.subjects.remove(&subject)),
                Undo::Guard(undo) => self.guards.take_back(undo),
                Undo::Held(undo) => self.held.take_back(undo),
                Undo::Grant(undo) => self.grants.take_back(undo),
            }
        }
    }
}

impl From<FaultError> for CommitError {
    fn from(error: FaultError) -> Self {
        match error {
            FaultError::Full => Self::Full,
            FaultError::Broken(_) => Self::Unavailable(error.to_string()),
        }
    }
}

pub(super) fn no_attempt(id: &str) -> CommitError {
    unavailable(format!("attempt `{id}` is not recorded"))
}

pub(super) fn unavailable(what: String) -> CommitError {
    CommitError::Unavailable(what)
}
