//! One commit's statements, inside a transaction that is open already.

use lastlook_ledger::tree::{Hash, Tree};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use super::failure::Failure;
use super::{limit, packed, row};
use crate::{
    ApproverRow, AttemptRow, Commit, CommitError, Fault, NewEntry, Op, Precondition, VoteRow, Write, WriterId,
};

/// What a commit was given.
#[derive(Default)]
pub(super) struct Given {
    pub indices: Vec<u64>,
    pub fences: Vec<(String, u64)>,
}

/// A transaction in progress.
pub(super) struct Tx<'a> {
    pub conn: &'a Connection,
    pub id: &'a WriterId,
    pub fault: Option<&'a dyn Fault>,
}

impl Tx<'_> {
    /// Lets the test hook have its say.
    pub(super) fn before(&self, op: Op) -> Result<(), Failure> {
        self.fault.map_or(Ok(()), |fault| fault.before(op)).map_err(Failure::from)
    }

    /// Checks and writes one commit. The inner error is that commit's own affair, and nothing of it was written; the
    /// outer one spoils the transaction.
    pub(super) fn apply(
        &self,
        commit: &Commit,
        leaves: &[Hash],
        tree: &mut Tree,
    ) -> Result<Result<Given, CommitError>, Failure> {
        if let Some(refusal) = self.check_all(commit)? {
            return Ok(Err(refusal));
        }
        let mut given = Given::default();
        for write in &commit.writes {
            self.before(Op::Write)?;
            self.write(commit, write, &mut given)?;
        }
        for (entry, leaf) in commit.entries.iter().zip(leaves) {
            self.before(Op::Append)?;
            given.indices.push(self.append(entry, *leaf, tree)?);
        }
        Ok(Ok(given))
    }

    fn check_all(&self, commit: &Commit) -> Result<Option<CommitError>, Failure> {
        for (place, which) in commit.when.iter().enumerate() {
            self.before(Op::Check)?;
            let refused = match which {
                Precondition::WithinLimit { .. } => self.check_limit(commit, place)?,
                _ => self.check(which)?.map(|holder| refusal(which.clone(), holder)),
            };
            if refused.is_some() {
                return Ok(refused);
            }
        }
        self.check_takes(commit)
    }

    /// What must be free to be taken fails its commit before anything is written.
    fn check_takes(&self, commit: &Commit) -> Result<Option<CommitError>, Failure> {
        let (mut released, mut given_back) = (Vec::new(), Vec::new());
        for write in &commit.writes {
            let (which, attempt, gone) = match write {
                Write::ReleaseSubjects { attempt } => {
                    released.push(attempt);
                    continue;
                }
                Write::SettleAttempt { attempt, kept: false } => {
                    given_back.push(attempt);
                    continue;
                }
                Write::TakeSubject { subject, attempt, if_free: false } => {
                    (Precondition::SubjectFree { subject: subject.clone() }, attempt, &released)
                }
                Write::TakeLease { key, attempt } => {
                    (Precondition::LeaseFree { key: key.clone() }, attempt, &released)
                }
                Write::TakeOnce { key, attempt, .. } => {
                    let at_ns = free_at(commit, key);
                    (Precondition::OnceFree { key: key.clone(), at_ns }, attempt, &given_back)
                }
                Write::OpenAttempt(_)
                | Write::MoveAttempt { .. }
                | Write::TakeSubject { if_free: true, .. }
                | Write::Reserve { .. }
                | Write::SettleAttempt { kept: true, .. }
                | Write::NoteStep { .. }
                | Write::EndStep { .. }
                | Write::ConfirmStep { .. }
                | Write::SetMark { .. }
                | Write::OpenRequest(_)
                | Write::MoveRequest { .. }
                | Write::RemoveApprover { .. }
                | Write::GiveGrant(_)
                | Write::RevokeGrant { .. }
                | Write::OpenHalt(_)
                | Write::EndHalt { .. } => continue,
                Write::Vote(_) | Write::PutApprover(_) | Write::UseGrant { .. } => {
                    if let Some(refusal) = self.check_new(write)? {
                        return Ok(Some(refusal));
                    }
                    continue;
                }
            };
            if let Some(Some(holder)) = self.check(&which)?
                && holder.id != *attempt
                && !gone.contains(&&holder.id)
            {
                return Ok(Some(refusal(which, Some(holder))));
            }
        }
        Ok(None)
    }

    /// Nothing if it holds; else whom it names.
    fn check(&self, which: &Precondition) -> Result<Option<Option<AttemptRow>>, Failure> {
        Ok(match which {
            Precondition::SubjectFree { subject } => self.holder(subject)?.map(Some),
            Precondition::LeaseFree { key } => self.leaseholder(key)?.map(Some),
            Precondition::OnceFree { key, at_ns } => self.has_once(key, *at_ns)?.map(Some),
            Precondition::AttemptIs { attempt, states } => {
                let row = self.attempt(attempt)?;
                (!row.as_ref().is_some_and(|row| states.contains(&row.state))).then_some(row)
            }
            // Asked of the limit itself, which has more to say.
            Precondition::WithinLimit { .. } => None,
            Precondition::RequestIs { request, states, attempt } => {
                self.other_request(request, states, attempt.as_deref())?
            }
            Precondition::NoVote { request, approver } => unless(!self.has_voted(request, approver)?),
            Precondition::MarkIs { name, value } => unless(self.mark(name)? == *value),
            Precondition::ApproverIs { name, known } => {
                let removed = self.approver_removed(name)?;
                unless(if *known { removed == Some(false) } else { removed.is_none() })
            }
            Precondition::FewerPending { principal, most } => unless(self.pending(principal, *most)? < *most),
            Precondition::NoOpenRequest { principal, action, key } => {
                unless(!self.has_open_request(principal, action, key.as_deref())?)
            }
            Precondition::GrantStands { grant } => unless(self.grant_stands(grant)?),
        })
    }

    /// What a write that may be made only once, or only on what stands, asks for by itself.
    fn check_new(&self, write: &Write) -> Result<Option<CommitError>, Failure> {
        let which = match write {
            Write::Vote(VoteRow { request, approver, .. }) => {
                Precondition::NoVote { request: request.clone(), approver: approver.clone() }
            }
            Write::PutApprover(ApproverRow { name, .. }) => {
                Precondition::ApproverIs { name: name.clone(), known: false }
            }
            Write::UseGrant { grant, .. } => Precondition::GrantStands { grant: grant.clone() },
            _ => return Ok(None),
        };
        Ok(self.check(&which)?.map(|holder| refusal(which, holder)))
    }

    fn holder(&self, subject: &str) -> Result<Option<AttemptRow>, Failure> {
        let mut query = self.conn.prepare_cached(concat!(
            "SELECT ",
            row::attempt_columns!(),
            " FROM subjects s JOIN attempts a ON a.id = s.attempt WHERE s.subject = ?1"
        ))?;
        Ok(query.query_row([subject], row::attempt).optional()?)
    }

    pub(super) fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, Failure> {
        let mut query = self.conn.prepare_cached(concat!(
            "SELECT ",
            row::attempt_columns!(),
            " FROM attempts a WHERE a.id = ?1"
        ))?;
        Ok(query.query_row([id], row::attempt).optional()?)
    }

    fn write(&self, commit: &Commit, write: &Write, given: &mut Given) -> Result<(), Failure> {
        match write {
            Write::OpenAttempt(attempt) => self.open_attempt(attempt),
            Write::MoveAttempt { attempt, to } => {
                let moved = self
                    .conn
                    .prepare_cached("UPDATE attempts SET state = ?2 WHERE id = ?1")?
                    .execute(params![attempt, to.as_str()])?;
                if moved == 1 { Ok(()) } else { Err(no_attempt(attempt)) }
            }
            Write::TakeSubject { subject, attempt, if_free } => self.take_subject(subject, attempt, *if_free),
            Write::ReleaseSubjects { attempt } => {
                self.conn.prepare_cached("DELETE FROM subjects WHERE attempt = ?1")?.execute([attempt])?;
                self.release_leases(attempt)
            }
            Write::TakeOnce { key, attempt, until_ns } => {
                self.take_once(key, attempt, *until_ns, free_at(commit, key))
            }
            Write::Reserve { key, window, at_ns, amount, attempt } => {
                let found = limit::reserve(self.conn, key, *window, *at_ns, *amount, attempt)?;
                if found { Ok(()) } else { Err(no_attempt(attempt)) }
            }
            Write::SettleAttempt { attempt, kept } => self.settle(attempt, *kept),
            Write::TakeLease { key, attempt } => {
                given.fences.push((key.clone(), self.take_lease(key, attempt)?));
                Ok(())
            }
            Write::NoteStep { keys, attempt, armed_at_ns, arguments } => {
                self.note_step(keys, attempt, *armed_at_ns, arguments)
            }
            Write::EndStep { attempt, ended_at_ns } => self.end_step(attempt, *ended_at_ns),
            Write::ConfirmStep { attempt, confirmation } => self.confirm_step(attempt, *confirmation),
            Write::SetMark { name, value } => self.set_mark(name, value),
            Write::OpenRequest(request) => self.open_request(request),
            Write::MoveRequest { request, to, attempt } => {
                self.move_request(request, *to, attempt.as_deref())
            }
            Write::Vote(vote) => self.vote(vote),
            Write::PutApprover(approver) => self.put_approver(approver),
            Write::RemoveApprover { name, at_ns } => self.remove_approver(name, *at_ns),
            Write::GiveGrant(grant) => self.give_grant(grant),
            Write::RevokeGrant { grant, at_ns } => self.revoke_grant(grant, *at_ns),
            Write::UseGrant { grant, attempt } => self.use_grant(grant, attempt),
            Write::OpenHalt(halt) => self.open_halt(halt),
            Write::EndHalt { id, at_ns } => self.end_halt(id, *at_ns),
        }
    }

    fn open_attempt(&self, row: &AttemptRow) -> Result<(), Failure> {
        let AttemptRow { id, writer, upstream, tool, action, state, opened_at_ns, detail } = row;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO attempts (id, writer, upstream, tool, action, state, opened_at_ns, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        let values =
            params![id, writer, upstream, tool, action.as_bytes(), state.as_str(), opened_at_ns, detail];
        match insert.execute(values) {
            Ok(_) => Ok(()),
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(Failure::Other(format!("attempt `{id}` is recorded already")))
            }
            Err(e) => Err(e.into()),
        }
    }

    fn take_subject(&self, subject: &str, attempt: &str, if_free: bool) -> Result<(), Failure> {
        let taken = self
            .conn
            .prepare_cached("INSERT OR IGNORE INTO subjects SELECT ?1, id FROM attempts WHERE id = ?2")?
            .execute([subject, attempt])?;
        if taken == 1 {
            return Ok(());
        }
        // Either it is held already, or there is no such attempt.
        match self.holder(subject)? {
            Some(holder) if if_free || holder.id == attempt => Ok(()),
            Some(holder) => Err(Failure::Other(format!("`{subject}` is held by attempt `{}`", holder.id))),
            None => Err(no_attempt(attempt)),
        }
    }

    fn append(&self, entry: &NewEntry, leaf: Hash, tree: &mut Tree) -> Result<u64, Failure> {
        let NewEntry { attempt, kind, payload, values } = entry;
        let index = tree.size();
        let seq = row::seq(self.id.n, index)
            .ok_or_else(|| Failure::Other("the log cannot grow any further".into()))?;
        self.conn
            .prepare_cached(
                "INSERT INTO entries (seq, attempt, kind, leaf, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![seq, attempt, kind.as_str(), leaf.as_bytes(), payload])?;
        if let Some(values) = values {
            self.before(Op::Values)?;
            let packed =
                packed::pack(&values.rows).ok_or_else(|| Failure::Other("a value is too large".into()))?;
            self.conn
                .prepare_cached("INSERT INTO \"values\" (seq, seed, packed) VALUES (?1, ?2, ?3)")?
                .execute(params![seq, values.seed, packed])?;
        }
        tree.push(leaf);
        Ok(index)
    }
}

/// Nothing if it holds; else that it names nobody.
fn unless(holds: bool) -> Option<Option<AttemptRow>> {
    (!holds).then_some(None)
}

fn refusal(which: Precondition, holder: Option<AttemptRow>) -> CommitError {
    CommitError::Precondition { which, holder: holder.map(Box::new) }
}

/// The instant at which a commit asks for this key to be free; before all others if it does not ask.
fn free_at(commit: &Commit, key: &str) -> i64 {
    let asked = commit.when.iter().filter_map(|which| match which {
        Precondition::OnceFree { key: other, at_ns } if other == key => Some(*at_ns),
        _ => None,
    });
    asked.max().unwrap_or(i64::MIN)
}

pub(super) fn no_attempt(id: &str) -> Failure {
    Failure::Other(format!("attempt `{id}` is not recorded"))
}
