//! The rows behind the conditions of guards: keys taken once, leases, steps, marks.

use rusqlite::{ErrorCode, OptionalExtension as _, params};

use super::apply::{Tx, no_attempt};
use super::failure::Failure;
use super::{limit, row};
use crate::{AttemptRow, Commit, CommitError, Confirmation, Precondition};

impl Tx<'_> {
    /// Nothing if the amount that the precondition at this place asks for fits, beside those of the ones before it.
    pub(super) fn check_limit(&self, commit: &Commit, place: usize) -> Result<Option<CommitError>, Failure> {
        let Some(Precondition::WithinLimit { key, window, at_ns, max, .. }) = commit.when.get(place) else {
            return Ok(None);
        };
        let amount = commit.when.iter().take(place + 1).try_fold(0_u128, |sum, which| match which {
            Precondition::WithinLimit { key: other, window: over, amount, .. }
                if other == key && over.length() == window.length() =>
            {
                sum.checked_add(*amount)
            }
            _ => Some(sum),
        });
        let no_room = limit::no_room(self.conn, key, *window, *at_ns, amount, *max)?;
        Ok(no_room.map(|limit::NoRoom { spent, reserved, free_at_ns }| CommitError::Limit {
            key: key.clone(),
            spent,
            reserved,
            max: *max,
            free_at_ns,
        }))
    }

    /// Whoever has taken this key, and still has it at this instant.
    pub(super) fn has_once(&self, key: &str, at_ns: i64) -> Result<Option<AttemptRow>, Failure> {
        let mut query = self.conn.prepare_cached(concat!(
            "SELECT ",
            row::attempt_columns!(),
            " FROM once o JOIN attempts a ON a.id = o.attempt
              WHERE o.key = ?1 AND (o.until_ns IS NULL OR o.until_ns > ?2)"
        ))?;
        Ok(query.query_row(params![key, at_ns], row::attempt).optional()?)
    }

    /// Whoever holds this lease.
    pub(super) fn leaseholder(&self, key: &str) -> Result<Option<AttemptRow>, Failure> {
        let mut query = self.conn.prepare_cached(concat!(
            "SELECT ",
            row::attempt_columns!(),
            " FROM leases l JOIN attempts a ON a.id = l.attempt WHERE l.key = ?1"
        ))?;
        Ok(query.query_row([key], row::attempt).optional()?)
    }

    /// Takes a key that is free at this instant. What the same attempt takes twice stays taken for the longer of the two.
    pub(super) fn take_once(
        &self,
        key: &str,
        attempt: &str,
        until_ns: Option<i64>,
        at_ns: i64,
    ) -> Result<(), Failure> {
        if let Some(other) = self.has_once(key, at_ns)?.filter(|other| other.id != attempt) {
            return Err(Failure::Other(format!("`{key}` was taken by attempt `{}`", other.id)));
        }
        let taken = self
            .conn
            .prepare_cached(
                "INSERT INTO once (key, attempt, until_ns, settled)
                 SELECT ?1, id, ?3, 0 FROM attempts WHERE id = ?2
                 ON CONFLICT (key) DO UPDATE SET
                     until_ns = CASE
                         WHEN once.attempt = excluded.attempt
                              AND (once.until_ns IS NULL OR once.until_ns > excluded.until_ns)
                         THEN once.until_ns ELSE excluded.until_ns END,
                     attempt = excluded.attempt,
                     settled = 0",
            )?
            .execute(params![key, attempt, until_ns])?;
        if taken == 1 { Ok(()) } else { Err(no_attempt(attempt)) }
    }

    /// Takes a lease and returns its fencing token.
    pub(super) fn take_lease(&self, key: &str, attempt: &str) -> Result<u64, Failure> {
        let row = self
            .conn
            .prepare_cached("SELECT attempt, fence FROM leases WHERE key = ?1")?
            .query_row([key], |row| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, i64>(1)?)))
            .optional()?;
        let last = match row {
            Some((Some(holder), fence)) if holder == attempt => return Ok(fence.unsigned_abs()),
            Some((Some(holder), _)) => {
                return Err(Failure::Other(format!("lease `{key}` is held by attempt `{holder}`")));
            }
            Some((None, fence)) => fence,
            None => 0,
        };
        let fence = last
            .checked_add(1)
            .ok_or_else(|| Failure::Other(format!("lease `{key}` was given too often")))?;
        let taken = self
            .conn
            .prepare_cached(
                "INSERT OR REPLACE INTO leases (key, attempt, fence) SELECT ?1, id, ?3 FROM attempts WHERE id = ?2",
            )?
            .execute(params![key, attempt, fence])?;
        if taken == 1 { Ok(fence.unsigned_abs()) } else { Err(no_attempt(attempt)) }
    }

    /// Frees all leases of an attempt; their rows keep the fencing tokens.
    pub(super) fn release_leases(&self, attempt: &str) -> Result<(), Failure> {
        self.conn
            .prepare_cached("UPDATE leases SET attempt = NULL WHERE attempt = ?1")?
            .execute([attempt])?;
        Ok(())
    }

    pub(super) fn settle(&self, attempt: &str, kept: bool) -> Result<(), Failure> {
        limit::settle(self.conn, attempt, kept)?;
        let sql = if kept {
            "UPDATE once SET settled = 1 WHERE attempt = ?1 AND settled = 0"
        } else {
            "DELETE FROM once WHERE attempt = ?1 AND settled = 0"
        };
        self.conn.prepare_cached(sql)?.execute([attempt])?;
        Ok(())
    }

    pub(super) fn note_step(
        &self,
        keys: &[String],
        attempt: &str,
        armed_at_ns: i64,
        arguments: &[u8],
    ) -> Result<(), Failure> {
        let noted = self
            .conn
            .prepare_cached(
                "INSERT INTO steps (attempt, armed_at_ns, arguments) SELECT id, ?2, ?3 FROM attempts WHERE id = ?1",
            )?
            .execute(params![attempt, armed_at_ns, arguments]);
        match noted {
            Ok(0) => return Err(no_attempt(attempt)),
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                return Err(Failure::Other(format!("attempt `{attempt}` is noted as a step already")));
            }
            noted => noted?,
        };
        for key in keys {
            self.conn
                .prepare_cached(
                    "INSERT OR IGNORE INTO step_keys (key, armed_at_ns, attempt) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![key, armed_at_ns, attempt])?;
        }
        Ok(())
    }

    pub(super) fn end_step(&self, attempt: &str, ended_at_ns: i64) -> Result<(), Failure> {
        self.conn
            .prepare_cached(
                "UPDATE steps SET ended_at_ns = max(coalesce(ended_at_ns, ?2), ?2) WHERE attempt = ?1",
            )?
            .execute(params![attempt, ended_at_ns])?;
        self.conn
            .prepare_cached(
                "UPDATE step_keys SET ended_at_ns = max(coalesce(ended_at_ns, ?2), ?2) WHERE attempt = ?1",
            )?
            .execute(params![attempt, ended_at_ns])?;
        Ok(())
    }

    pub(super) fn confirm_step(&self, attempt: &str, confirmation: Confirmation) -> Result<(), Failure> {
        self.conn
            .prepare_cached("UPDATE steps SET confirmation = ?2 WHERE attempt = ?1")?
            .execute([attempt, confirmation.as_str()])?;
        Ok(())
    }

    pub(super) fn set_mark(&self, name: &str, value: &str) -> Result<(), Failure> {
        self.conn
            .prepare_cached("INSERT OR REPLACE INTO marks (name, value) VALUES (?1, ?2)")?
            .execute([name, value])?;
        Ok(())
    }
}
