//! One commit's statements, inside a transaction that is open already.

use lastlook_ledger::tree::{Hash, Tree};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use super::failure::Failure;
use super::{packed, row};
use crate::{AttemptRow, Commit, CommitError, Fault, NewEntry, Op, Precondition, Write, WriterId};

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
    ) -> Result<Result<Vec<u64>, CommitError>, Failure> {
        if let Some(refusal) = self.check_all(commit)? {
            return Ok(Err(refusal));
        }
        for write in &commit.writes {
            self.before(Op::Write)?;
            self.write(write)?;
        }
        let mut indices = Vec::with_capacity(commit.entries.len());
        for (entry, leaf) in commit.entries.iter().zip(leaves) {
            self.before(Op::Append)?;
            indices.push(self.append(entry, *leaf, tree)?);
        }
        Ok(Ok(indices))
    }

    fn check_all(&self, commit: &Commit) -> Result<Option<CommitError>, Failure> {
        for which in &commit.when {
            self.before(Op::Check)?;
            if let Some(holder) = self.check(which)? {
                return Ok(Some(refusal(which.clone(), holder)));
            }
        }
        let mut released = Vec::new();
        for write in &commit.writes {
            match write {
                Write::ReleaseSubjects { attempt } => released.push(attempt),
                Write::TakeSubject { subject, attempt, if_free: false } => {
                    let holder = self.holder(subject)?;
                    if holder.as_ref().is_some_and(|row| row.id != *attempt && !released.contains(&&row.id)) {
                        let which = Precondition::SubjectFree { subject: subject.clone() };
                        return Ok(Some(refusal(which, holder)));
                    }
                }
                Write::TakeSubject { .. } | Write::OpenAttempt(_) | Write::MoveAttempt { .. } => {}
            }
        }
        Ok(None)
    }

    /// Nothing if it holds; else whom it names.
    fn check(&self, which: &Precondition) -> Result<Option<Option<AttemptRow>>, Failure> {
        Ok(match which {
            Precondition::SubjectFree { subject } => self.holder(subject)?.map(Some),
            Precondition::AttemptIs { attempt, states } => {
                let row = self.attempt(attempt)?;
                (!row.as_ref().is_some_and(|row| states.contains(&row.state))).then_some(row)
            }
        })
    }

    fn holder(&self, subject: &str) -> Result<Option<AttemptRow>, Failure> {
        let mut query = self.conn.prepare_cached(concat!(
            "SELECT ",
            row::attempt_columns!(),
            " FROM subjects s JOIN attempts a ON a.id = s.attempt WHERE s.subject = ?1"
        ))?;
        Ok(query.query_row([subject], row::attempt).optional()?)
    }

    fn attempt(&self, id: &str) -> Result<Option<AttemptRow>, Failure> {
        let mut query = self.conn.prepare_cached(concat!(
            "SELECT ",
            row::attempt_columns!(),
            " FROM attempts a WHERE a.id = ?1"
        ))?;
        Ok(query.query_row([id], row::attempt).optional()?)
    }

    fn write(&self, write: &Write) -> Result<(), Failure> {
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
                Ok(())
            }
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

fn refusal(which: Precondition, holder: Option<AttemptRow>) -> CommitError {
    CommitError::Precondition { which, holder: holder.map(Box::new) }
}

fn no_attempt(id: &str) -> Failure {
    Failure::Other(format!("attempt `{id}` is not recorded"))
}
