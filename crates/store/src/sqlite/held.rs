//! The rows of what people decide: requests, votes, approvers, halts.

use lastlook_canon::Digest;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use super::apply::{Tx, no_attempt};
use super::failure::Failure;
use super::row;
use crate::{ApproverRow, AttemptRow, HaltRow, RequestRow, RequestState, VoteRow};

impl Tx<'_> {
    /// Nothing if the request is in one of these states, and this attempt's if one is given; else whose it is.
    pub(super) fn other_request(
        &self,
        request: &str,
        states: &[RequestState],
        attempt: Option<&str>,
    ) -> Result<Option<Option<AttemptRow>>, Failure> {
        let found = self
            .conn
            .prepare_cached("SELECT state, attempt FROM requests WHERE id = ?1")?
            .query_row([request], |row| Ok((row::request_state(row, 0)?, row.get::<_, Option<String>>(1)?)))
            .optional()?;
        let Some((state, by)) = found else { return Ok(Some(None)) };
        if states.contains(&state) && (attempt.is_none() || attempt == by.as_deref()) {
            return Ok(None);
        }
        Ok(Some(by.map(|by| self.attempt(&by)).transpose()?.flatten()))
    }

    pub(super) fn has_voted(&self, request: &str, approver: &str) -> Result<bool, Failure> {
        let mut query =
            self.conn.prepare_cached("SELECT 1 FROM votes WHERE request = ?1 AND approver = ?2")?;
        Ok(query.exists([request, approver])?)
    }

    pub(super) fn mark(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(mark(self.conn, name)?)
    }

    /// Whether the approver was removed; nothing if there never was one of this name.
    pub(super) fn approver_removed(&self, name: &str) -> Result<Option<bool>, Failure> {
        let mut query =
            self.conn.prepare_cached("SELECT removed_ns IS NOT NULL FROM approvers WHERE name = ?1")?;
        Ok(query.query_row([name], |row| row.get(0)).optional()?)
    }

    /// How many requests of this principal are pending, counted up to `most`.
    pub(super) fn pending(&self, principal: &str, most: u64) -> Result<u64, Failure> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let counted: i64 =
            self.conn.prepare_cached(PENDING)?.query_row(params![principal, most], |row| row.get(0))?;
        Ok(counted.unsigned_abs())
    }

    pub(super) fn has_open_request(
        &self,
        principal: &str,
        action: &Digest,
        key: Option<&str>,
    ) -> Result<bool, Failure> {
        let mut query = self.conn.prepare_cached(HAS_OPEN)?;
        Ok(query.exists(params![principal, action.as_bytes(), key])?)
    }

    pub(super) fn open_request(&self, row: &RequestRow) -> Result<(), Failure> {
        let RequestRow {
            id,
            principal,
            upstream,
            tool,
            action,
            key,
            state,
            opened_at_ns,
            expires_at_ns,
            attempt,
            detail,
            over,
        } = row;
        self.known(attempt.as_deref())?;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO requests (id, principal, upstream, tool, action, state, opened_at_ns, expires_at_ns, attempt, detail, key)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?;
        let values = params![
            id,
            principal,
            upstream,
            tool,
            action.as_bytes(),
            state.as_str(),
            opened_at_ns,
            expires_at_ns,
            attempt,
            detail,
            key
        ];
        new(insert.execute(values), || format!("request `{id}` is recorded already"))?;
        if let Some(over) = over {
            let mut insert =
                self.conn.prepare_cached("INSERT INTO requests_over (request, detail) VALUES (?1, ?2)")?;
            insert.execute(params![id, over])?;
        }
        Ok(())
    }

    pub(super) fn move_request(
        &self,
        request: &str,
        to: RequestState,
        attempt: Option<&str>,
    ) -> Result<(), Failure> {
        self.known(attempt)?;
        let moved = self
            .conn
            .prepare_cached("UPDATE requests SET state = ?2, attempt = ?3 WHERE id = ?1")?
            .execute(params![request, to.as_str(), attempt])?;
        if !to.is_open() {
            let over = self
                .conn
                .prepare_cached(
                    "UPDATE requests SET detail = o.detail FROM requests_over o WHERE requests.id = ?1 AND o.request = ?1",
                )?
                .execute([request])?;
            if over > 0 {
                self.conn
                    .prepare_cached("DELETE FROM requests_over WHERE request = ?1")?
                    .execute([request])?;
            }
        }
        found(moved, || format!("request `{request}` is not recorded"))
    }

    pub(super) fn vote(&self, row: &VoteRow) -> Result<(), Failure> {
        let VoteRow { request, approver, approves, at_ns, detail } = row;
        let mut insert = self.conn.prepare_cached(
            "INSERT INTO votes (request, approver, approves, at_ns, detail)
             SELECT id, ?2, ?3, ?4, ?5 FROM requests WHERE id = ?1",
        )?;
        let voted = insert.execute(params![request, approver, approves, at_ns, detail]);
        if let Ok(0) = voted {
            return Err(Failure::Other(format!("request `{request}` is not recorded")));
        }
        new(voted, || format!("`{approver}` has voted on request `{request}` already"))
    }

    pub(super) fn put_approver(&self, row: &ApproverRow) -> Result<(), Failure> {
        let ApproverRow { name, since_ns, removed_ns, detail } = row;
        let put = self
            .conn
            .prepare_cached(
                "INSERT INTO approvers (name, since_ns, removed_ns, detail) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![name, since_ns, removed_ns, detail]);
        new(put, || format!("there is or was an approver `{name}` already"))
    }

    pub(super) fn remove_approver(&self, name: &str, at_ns: i64) -> Result<(), Failure> {
        let removed = self
            .conn
            .prepare_cached("UPDATE approvers SET removed_ns = coalesce(removed_ns, ?2) WHERE name = ?1")?
            .execute(params![name, at_ns])?;
        found(removed, || format!("there is no approver `{name}`"))
    }

    pub(super) fn open_halt(&self, row: &HaltRow) -> Result<(), Failure> {
        let HaltRow { id, since_ns, ended_ns, detail } = row;
        let opened = self
            .conn
            .prepare_cached("INSERT INTO halts (id, since_ns, ended_ns, detail) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![id, since_ns, ended_ns, detail]);
        new(opened, || format!("halt `{id}` is recorded already"))
    }

    pub(super) fn end_halt(&self, id: &str, at_ns: i64) -> Result<(), Failure> {
        let ended = self
            .conn
            .prepare_cached("UPDATE halts SET ended_ns = coalesce(ended_ns, ?2) WHERE id = ?1")?
            .execute(params![id, at_ns])?;
        found(ended, || format!("halt `{id}` is not recorded"))
    }

    /// An attempt that is named must exist.
    fn known(&self, attempt: Option<&str>) -> Result<(), Failure> {
        match attempt {
            Some(id) if self.attempt(id)?.is_none() => Err(no_attempt(id)),
            _ => Ok(()),
        }
    }
}

/// One more row, if there was none of its name.
fn new(inserted: rusqlite::Result<usize>, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    match inserted {
        Ok(_) => Ok(()),
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(Failure::Other(otherwise()))
        }
        Err(e) => Err(e.into()),
    }
}

/// One row that was there to be changed.
fn found(changed: usize, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if changed == 1 { Ok(()) } else { Err(Failure::Other(otherwise())) }
}

/// The value last set under this name.
pub(super) fn mark(conn: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT value FROM marks WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

/// One page of the requests in one state.
pub(super) fn requests_in(
    conn: &Connection,
    state: RequestState,
    limit: usize,
    (opened, id): &(i64, String),
) -> rusqlite::Result<Vec<RequestRow>> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    conn.prepare_cached(REQUESTS_IN)?
        .query_map(params![state.as_str(), opened, id, limit], row::request)?
        .collect()
}

/// How many requests of one principal are pending, up to a bound.
pub(super) const PENDING: &str =
    "SELECT count(*) FROM (SELECT 1 FROM requests WHERE principal = ?1 AND state = 'pending' LIMIT ?2)";

/// Whether a principal has an open request for one action.
pub(super) const HAS_OPEN: &str = "SELECT 1 FROM requests
     WHERE principal = ?1 AND state IN ('pending', 'approved', 'claimed') AND action = ?2 AND key IS ?3";

/// One state's requests, from an index in the order they come in.
pub(super) const REQUESTS_IN: &str = concat!(
    "SELECT ",
    row::request_columns!(),
    " FROM requests r WHERE r.state = ?1 AND (r.opened_at_ns, r.id) < (?2, ?3)
      ORDER BY r.opened_at_ns DESC, r.id DESC LIMIT ?4"
);

/// One principal's open requests for one action, found by an index.
pub(super) const OPEN_REQUESTS_OF: &str = concat!(
    "SELECT ",
    row::request_columns!(),
    " FROM requests r WHERE r.principal = ?1 AND r.state IN ('pending', 'approved', 'claimed') AND r.action = ?2
      AND r.key IS ?3 ORDER BY r.opened_at_ns DESC, r.id DESC"
);
