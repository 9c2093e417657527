//! The eras of a state: each restoration from a back-up begins one, with logs of its own.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::{roster, row};
use crate::WriterId;
use crate::state::{self, StateError, StatePaths};

/// The time between two restorations of a state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Era {
    /// The step in its logs' origins; none before the first restoration.
    pub tag: Option<String>,
    /// Its writers' numbers are above this one, under which its roster is filed.
    pub base: u32,
}

impl Era {
    /// The log of one of its writers.
    pub(crate) fn writer(&self, state_id: &str, n: u32) -> WriterId {
        WriterId { n, origin: self.origin(state_id, &n.to_string()) }
    }

    /// Its roster.
    pub(crate) fn roster(&self, state_id: &str) -> WriterId {
        WriterId { n: self.base, origin: self.origin(state_id, roster::NAME) }
    }

    fn origin(&self, state_id: &str, last: &str) -> String {
        let key = state::key_name(state_id);
        match &self.tag {
            None => format!("{key}/{last}"),
            Some(tag) => format!("{key}/{tag}/{last}"),
        }
    }
}

/// The eras, oldest first: at least one.
pub(super) fn all(conn: &Connection) -> rusqlite::Result<Vec<Era>> {
    let restored: rusqlite::Result<Vec<Era>> = conn
        .prepare_cached("SELECT tag, base FROM eras ORDER BY base")?
        .query_map([], |row| Ok(Era { tag: Some(row.get(0)?), base: row.get(1)? }))?
        .collect();
    Ok([vec![Era::default()], restored?].concat())
}

/// The present one.
pub(super) fn current(conn: &Connection) -> rusqlite::Result<Era> {
    Ok(all(conn)?.pop().unwrap_or_default())
}

/// The present one, of the database at these paths.
pub(crate) fn of(paths: &StatePaths) -> Result<Era, StateError> {
    let conn = super::schema::connect_checked(paths)?;
    current(&conn).map_err(|e| super::schema::state_error(paths, &e))
}

/// The tags of eras of which heads were kept, and which a restoration took back: whoever put the state back has accepted that.
pub(super) fn given_up(conn: &Connection) -> rusqlite::Result<Vec<String>> {
    conn.prepare_cached("SELECT substr(name, 9) FROM meta WHERE name GLOB 'lost-in-*'")?
        .query_map([], |row| row.get(0))?
        .collect()
}

/// Notes that the era with this tag is one of those.
pub(super) fn give_up(conn: &Connection, tag: &str) -> rusqlite::Result<()> {
    conn.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('lost-in-' || ?1, '')", [tag])?;
    Ok(())
}

/// Begins another one under this tag, above all numbers that were ever used; nothing when no number is left.
pub(super) fn begin(conn: &Connection, tag: &str) -> rusqlite::Result<Option<Era>> {
    let logs: u32 = conn.query_row("SELECT coalesce(max(writer), 0) FROM logs", [], |row| row.get(0))?;
    let base = logs.max(current(conn)?.base).saturating_add(1);
    if row::seq(base.saturating_add(2), 0).is_none() || base.saturating_add(2) > state::SLOTS {
        return Ok(None);
    }
    conn.execute("INSERT INTO eras (base, tag) VALUES (?1, ?2)", params![base, tag])?;
    Ok(Some(Era { tag: Some(tag.to_owned()), base }))
}

/// Since when this database is a back-up that nobody has said was put in place; nothing if it is none.
pub(super) fn copied(conn: &Connection) -> rusqlite::Result<Option<String>> {
    conn.query_row("SELECT value FROM meta WHERE name = 'copied'", [], |row| row.get(0)).optional()
}
