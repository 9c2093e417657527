//! The rows of grants, and of the attempts that were armed on them.

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};

use super::apply::{Tx, no_attempt};
use super::failure::Failure;
use super::row;
use crate::api::AMBIGUOUS_LISTED;
use crate::{AttemptRow, GrantRow};

impl Tx<'_> {
    /// Whether there is such a grant, and it was not taken back.
    pub(super) fn grant_stands(&self, grant: &str) -> Result<bool, Failure> {
        let mut query = self.conn.prepare_cached("SELECT revoked_ns IS NULL FROM grants WHERE id = ?1")?;
        Ok(query.query_row([grant], |row| row.get(0)).optional()?.unwrap_or(false))
    }

    pub(super) fn give_grant(&self, row: &GrantRow) -> Result<(), Failure> {
        let GrantRow { id, upstream, tool, given_ns, expires_ns, revoked_ns, detail } = row;
        let given = self
            .conn
            .prepare_cached(
                "INSERT INTO grants (id, upstream, tool, given_ns, expires_ns, revoked_ns, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![id, upstream, tool, given_ns, expires_ns, revoked_ns, detail]);
        match given {
            Ok(_) => Ok(()),
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(Failure::Other(format!("grant `{id}` is recorded already")))
            }
            Err(e) => Err(e.into()),
        }
    }

    pub(super) fn revoke_grant(&self, grant: &str, at_ns: i64) -> Result<(), Failure> {
        let revoked = self
            .conn
            .prepare_cached("UPDATE grants SET revoked_ns = coalesce(revoked_ns, ?2) WHERE id = ?1")?
            .execute(params![grant, at_ns])?;
        if revoked == 1 { Ok(()) } else { Err(Failure::Other(format!("grant `{grant}` is not recorded"))) }
    }

    pub(super) fn use_grant(&self, grant: &str, attempt: &str) -> Result<(), Failure> {
        let used = self
            .conn
            .prepare_cached(
                "INSERT OR IGNORE INTO grant_uses (\"grant\", attempt) SELECT ?1, id FROM attempts WHERE id = ?2",
            )?
            .execute([grant, attempt])?;
        match used == 1 || self.attempt(attempt)?.is_some() {
            true => Ok(()),
            false => Err(no_attempt(attempt)),
        }
    }
}

pub(super) fn with_prefix(conn: &Connection, prefix: &str) -> rusqlite::Result<Vec<GrantRow>> {
    let past = format!("{prefix}\u{10ffff}");
    conn.prepare_cached(concat!(
        "SELECT ",
        row::grant_columns!(),
        " FROM grants g WHERE g.id >= ?1 AND g.id < ?2 ORDER BY g.id LIMIT ?3"
    ))?
    .query_map(params![prefix, past, AMBIGUOUS_LISTED as i64], row::grant)?
    .collect()
}

pub(super) fn all(conn: &Connection) -> rusqlite::Result<Vec<GrantRow>> {
    conn.prepare_cached(concat!(
        "SELECT ",
        row::grant_columns!(),
        " FROM grants g ORDER BY g.given_ns, g.id"
    ))?
    .query_map([], row::grant)?
    .collect()
}

/// One tool's grants that were not taken back, from an index in the order they come in.
pub(super) const IN_FORCE: &str = concat!(
    "SELECT ",
    row::grant_columns!(),
    " FROM grants g WHERE g.upstream = ?1 AND g.tool = ?2 AND g.expires_ns > ?3 AND g.revoked_ns IS NULL
      ORDER BY g.expires_ns, g.id"
);

pub(super) fn in_force(
    conn: &Connection,
    upstream: &str,
    tool: &str,
    at_ns: i64,
) -> rusqlite::Result<Vec<GrantRow>> {
    conn.prepare_cached(IN_FORCE)?.query_map(params![upstream, tool, at_ns], row::grant)?.collect()
}

pub(super) fn uses(conn: &Connection, grant: &str) -> rusqlite::Result<Vec<AttemptRow>> {
    conn.prepare_cached(concat!(
        "SELECT ",
        row::attempt_columns!(),
        " FROM grant_uses u JOIN attempts a ON a.id = u.attempt WHERE u.\"grant\" = ?1 ORDER BY a.id"
    ))?
    .query_map([grant], row::attempt)?
    .collect()
}
