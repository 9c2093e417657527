//! Reading: a few connections, opened as they are needed, each query its own snapshot.

use std::sync::{Mutex, PoisonError};

use lastlook_ledger::{Kind, tree::Hash};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use tokio::sync::oneshot;

use super::{head, packed, row, schema};
use crate::api::AMBIGUOUS_LISTED;
use crate::state::{StateError, StatePaths};
use crate::{
    AttemptRow, Commit, CommitError, Lookup, Store, StoreError, StoredEntry, Ticket, Values, WriterId,
};

/// How many connections are kept open while nobody reads.
const KEPT: usize = 4;

/// A store that only reads a state directory; every commit is answered with [`CommitError::Unavailable`].
///
/// It needs no writer's slot, and sees what is durable at the time of each call.
#[derive(Debug)]
pub struct SqliteReader {
    paths: StatePaths,
    idle: Mutex<Vec<Connection>>,
}

impl SqliteReader {
    pub(crate) fn open(paths: &StatePaths) -> Result<Self, StateError> {
        let conn = schema::connect_checked(paths)?;
        Ok(Self { paths: paths.clone(), idle: Mutex::new(vec![conn]) })
    }

    fn read<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let run = || {
            let conn = idle.map_or_else(|| schema::connect(&self.paths.database, true), Ok)?;
            let found = query(&conn)?;
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < KEPT {
                idle.push(conn);
            }
            Ok(found)
        };
        run().map_err(|e| self.store_error(&e))
    }

    fn store_error(&self, error: &rusqlite::Error) -> StoreError {
        use rusqlite::Error as E;
        let codes = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase];
        let damaged = error.sqlite_error_code().is_some_and(|code| codes.contains(&code))
            || matches!(
                error,
                E::FromSqlConversionFailure(..) | E::InvalidColumnType(..) | E::IntegralValueOutOfRange(..)
            );
        if damaged {
            return StoreError::Damaged { path: self.paths.database.clone(), what: error.to_string() };
        }
        StoreError::Unavailable(error.to_string())
    }
}

impl Store for SqliteReader {
    fn writer(&self) -> Option<&WriterId> {
        None
    }

    fn commit(&self, _: Commit) -> Ticket {
        let (reply, ticket) = oneshot::channel();
        let _ = reply.send(Err(CommitError::Unavailable("it was opened for reading only".into())));
        ticket
    }

    fn attempt(&self, id_or_prefix: &str) -> Result<Lookup<AttemptRow>, StoreError> {
        let prefix = id_or_prefix;
        let past = format!("{prefix}\u{10ffff}");
        let found: Vec<AttemptRow> = self.read(|conn| {
            conn.prepare_cached(concat!(
                "SELECT ",
                row::attempt_columns!(),
                " FROM attempts a WHERE a.id >= ?1 AND a.id < ?2 ORDER BY a.id LIMIT ?3"
            ))?
            .query_map(params![prefix, past, AMBIGUOUS_LISTED as i64], row::attempt)?
            .collect()
        })?;
        Ok(Lookup::among(prefix, found, |row| &row.id))
    }

    fn open_attempts(&self) -> Result<Vec<AttemptRow>, StoreError> {
        self.read(open_attempts)
    }

    fn holder(&self, subject: &str) -> Result<Option<AttemptRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(concat!(
                "SELECT ",
                row::attempt_columns!(),
                " FROM subjects s JOIN attempts a ON a.id = s.attempt WHERE s.subject = ?1"
            ))?
            .query_row([subject], row::attempt)
            .optional()
        })
    }

    fn origins(&self) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT origin FROM logs ORDER BY writer")?
                .query_map([], |row| row.get(0))?
                .collect()
        })
    }

    fn entries(&self, origin: &str, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        self.read(|conn| {
            let Some(writer) = writer_of(conn, origin)? else { return Ok(Vec::new()) };
            let (Some(first), past) = (row::seq(writer, from), row::seq(writer + 1, 0)) else {
                return Ok(Vec::new());
            };
            conn.prepare_cached(
                "SELECT ?1, seq, attempt, kind, payload FROM entries WHERE seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT ?4",
            )?
            .query_map(params![origin, first, past, i64::try_from(limit).unwrap_or(i64::MAX)], row::entry)?
            .collect()
        })
    }

    fn entries_of(&self, attempt: &str) -> Result<Vec<StoredEntry>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT l.origin, e.seq, e.attempt, e.kind, e.payload FROM entries e JOIN logs l ON l.writer = e.seq >> 40
                 WHERE e.attempt = ?1 ORDER BY e.seq",
            )?
            .query_map([attempt], row::entry)?
            .collect()
        })
    }

    fn leaf_hashes(&self, origin: &str, upto: u64) -> Result<Vec<Hash>, StoreError> {
        self.read(|conn| match writer_of(conn, origin)? {
            Some(writer) => head::leaves(conn, writer, upto),
            None => Ok(Vec::new()),
        })
    }

    fn checkpoint(&self, origin: &str) -> Result<Option<String>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT note FROM logs WHERE origin = ?1")?
                .query_row([origin], |row| row.get(0))
                .optional()
        })
    }

    fn values(&self, attempt: &str, kind: Kind) -> Result<Option<Values>, StoreError> {
        let found = self.read(|conn| {
            conn.prepare_cached(
                // A later entry of the same kind may have none: what settles an outcome commits to no values.
                "SELECT v.seed, v.packed FROM entries e JOIN \"values\" v ON v.seq = e.seq
                 WHERE e.attempt = ?1 AND e.kind = ?2 ORDER BY e.seq DESC LIMIT 1",
            )?
            .query_row([attempt, kind.as_str()], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))
            .optional()
        })?;
        let Some((seed, packed)) = found else { return Ok(None) };
        let rows = packed::unpack(&packed).ok_or_else(|| StoreError::Damaged {
            path: self.paths.database.clone(),
            what: format!("the values of attempt `{attempt}` are not whole"),
        })?;
        Ok(Some(Values { seed, rows }))
    }
}

/// All attempts that are armed or unknown.
pub(super) fn open_attempts(conn: &Connection) -> rusqlite::Result<Vec<AttemptRow>> {
    conn.prepare_cached(concat!(
        "SELECT ",
        row::attempt_columns!(),
        " FROM attempts a WHERE a.state IN ('armed', 'unknown') ORDER BY a.id"
    ))?
    .query_map([], row::attempt)?
    .collect()
}

fn writer_of(conn: &Connection, origin: &str) -> rusqlite::Result<Option<u32>> {
    conn.prepare_cached("SELECT writer FROM logs WHERE origin = ?1")?
        .query_row([origin], |row| row.get(0))
        .optional()
}
