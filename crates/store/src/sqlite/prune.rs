//! Values that are not kept any longer: removed bit by bit, and overwritten where they stood.
//!
//! What entries say stays, and so do the logs and their proofs. What belongs to something that is not over yet stays too. Every
//! connection overwrites what it frees (`secure_delete`); what is left then is the write-ahead log, which is emptied last.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::schema;
use crate::state::{StateDir, StateError};
use crate::{AttemptState, RequestState};

/// What version 5 added: what takes the place of a request's detail once the request is over.
pub(super) const TABLES: &str = "
CREATE TABLE IF NOT EXISTS requests_over (request TEXT PRIMARY KEY, detail BLOB NOT NULL) WITHOUT ROWID;
";

/// The most entries whose values are removed in one transaction.
pub const MOST_AT_ONCE: usize = 256;

/// What is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prune {
    /// Values of what happened before this instant, in nanoseconds since the Unix epoch.
    pub before_ns: i64,
    /// Arguments by which steps are found, of steps armed before this instant; they go no sooner than other values.
    pub steps_before_ns: i64,
}

/// What was removed, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries whose values are gone.
    pub entries: u64,
    /// Steps whose arguments are gone.
    pub steps: u64,
    /// Requests of which what was asked is gone.
    pub requests: u64,
    /// Entries that are old enough, and belong to what is not over yet.
    pub kept: u64,
    /// Whether there may be more.
    pub more: bool,
}

/// A connection that removes values; independent of any writer.
#[derive(Debug)]
pub struct Pruner {
    conn: Connection,
    path: std::path::PathBuf,
}

impl Pruner {
    /// Opens the database of a state.
    ///
    /// # Errors
    ///
    /// It cannot be opened for writing.
    pub fn open(dir: &StateDir) -> Result<Pruner, StateError> {
        let paths = dir.paths();
        let conn =
            schema::connect(&paths.database, false).map_err(|error| schema::state_error(paths, &error))?;
        Ok(Pruner { conn, path: paths.database.clone() })
    }

    /// Removes one batch; at most [`MOST_AT_ONCE`] of each. Call again while there may be more.
    ///
    /// # Errors
    ///
    /// The database cannot be written; nothing was removed then.
    pub fn prune(&mut self, what: Prune) -> Result<Pruned, StateError> {
        let path = self.path.clone();
        self.batch(what, MOST_AT_ONCE, true)
            .map_err(|error| StateError::Unavailable { path, what: error.to_string() })
    }

    /// What would be removed in all.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn would_prune(&mut self, what: Prune) -> Result<Pruned, StateError> {
        let path = self.path.clone();
        self.batch(what, usize::MAX, false)
            .map_err(|error| StateError::Unavailable { path, what: error.to_string() })
    }

    /// Empties the write-ahead log, in which removed values may still stand. False when others are using it: call again.
    pub fn empty_log(&mut self) -> bool {
        let busy: rusqlite::Result<i64> =
            self.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        matches!(busy, Ok(0))
    }

    fn batch(&mut self, what: Prune, most: usize, remove: bool) -> rusqlite::Result<Pruned> {
        self.conn.execute_batch(if remove { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
        let done = Batch { conn: &self.conn, what, most, remove }.run();
        self.conn.execute_batch(if done.is_ok() && remove { "COMMIT" } else { "ROLLBACK" })?;
        done
    }
}

struct Batch<'a> {
    conn: &'a Connection,
    what: Prune,
    most: usize,
    remove: bool,
}

impl Batch<'_> {
    fn run(&self) -> rusqlite::Result<Pruned> {
        let mut pruned = Pruned::default();
        let mut writers = self.conn.prepare("SELECT writer FROM logs ORDER BY writer")?;
        let writers: Vec<i64> = writers.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for writer in writers {
            self.values_of(writer, &mut pruned)?;
        }
        self.steps(&mut pruned)?;
        self.requests(&mut pruned)?;
        Ok(pruned)
    }

    /// From the oldest entry on, until one is too young.
    fn values_of(&self, writer: i64, pruned: &mut Pruned) -> rusqlite::Result<()> {
        let from = writer << schema::INDEX_BITS;
        let mut rows = self.conn.prepare(
            "SELECT v.seq, e.attempt, e.kind, a.state, r.state,
                    unixepoch(json_extract(CAST(e.payload AS TEXT), '$.predicate.time'))
             FROM \"values\" v JOIN entries e ON e.seq = v.seq
             LEFT JOIN attempts a ON a.id = e.attempt LEFT JOIN requests r ON r.id = e.attempt
             WHERE v.seq >= ?1 AND v.seq < ?2 ORDER BY v.seq",
        )?;
        let mut rows = rows.query(params![from, from.saturating_add(1 << schema::INDEX_BITS)])?;
        let mut old = Vec::new();
        while let Some(row) = rows.next()? {
            let written: i64 = row.get(5)?;
            if written.saturating_add(1).saturating_mul(1_000_000_000) > self.what.before_ns {
                break;
            }
            let attempt: Option<String> = row.get(3)?;
            let request: Option<String> = row.get(4)?;
            let open = attempt
                .as_deref()
                .is_some_and(|state| AttemptState::from_name(state).is_none_or(AttemptState::is_open))
                || request
                    .as_deref()
                    .is_some_and(|state| RequestState::from_name(state).is_none_or(RequestState::is_open));
            if open {
                pruned.kept += 1;
                continue;
            }
            if old.len() >= self.most {
                pruned.more = true;
                break;
            }
            old.push((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        }
        pruned.entries += old.len() as u64;
        if self.remove {
            for (seq, attempt) in old {
                self.conn.prepare_cached("DELETE FROM \"values\" WHERE seq = ?1")?.execute([seq])?;
                // What it leaves for whoever finds it open: nobody does any more.
                let forget = "UPDATE attempts SET detail = x'' WHERE id = ?1 AND detail <> x''";
                self.conn.prepare_cached(forget)?.execute([attempt])?;
            }
        }
        Ok(())
    }

    fn steps(&self, pruned: &mut Pruned) -> rusqlite::Result<()> {
        let before = self.what.steps_before_ns.min(self.what.before_ns);
        let found = self.walk(
            "pruned/steps",
            "SELECT s.id, s.armed_at_ns < ?2 AND a.state NOT IN ('armed', 'unknown') AND s.arguments <> x'',
                    s.arguments = x'' FROM steps s JOIN attempts a ON a.id = s.attempt WHERE s.id > ?1 ORDER BY s.id",
            "UPDATE steps SET arguments = x'' WHERE id = ?1",
            before,
            pruned,
        )?;
        pruned.steps += found;
        Ok(())
    }

    fn requests(&self, pruned: &mut Pruned) -> rusqlite::Result<()> {
        let found = self.walk(
            "pruned/requests",
            "SELECT n, opened_at_ns < ?2 AND state NOT IN ('pending', 'approved', 'claimed') AND detail <> x'', detail = x''
             FROM requests WHERE n > ?1 ORDER BY n",
            "UPDATE requests SET detail = x'' WHERE n = ?1",
            self.what.before_ns,
            pruned,
        )?;
        pruned.requests += found;
        Ok(())
    }

    /// Goes through rows in the order in which they were made, from behind the last before which all are done.
    fn walk(
        &self,
        mark: &str,
        select: &str,
        update: &str,
        before: i64,
        pruned: &mut Pruned,
    ) -> rusqlite::Result<u64> {
        let from: Option<String> = self
            .conn
            .query_row("SELECT value FROM marks WHERE name = ?1", [mark], |row| row.get(0))
            .optional()?;
        let from: i64 = from.and_then(|text| text.parse().ok()).unwrap_or(0);
        let (mut done, mut all_done, mut found, mut left) = (from, true, Vec::new(), 0);
        let mut rows = self.conn.prepare(select)?;
        let mut rows = rows.query(params![from, before])?;
        while let Some(row) = rows.next()? {
            let (id, goes, gone): (i64, bool, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
            if goes && found.len() >= self.most {
                pruned.more = true;
                break;
            }
            if goes {
                found.push(id);
            } else if !gone {
                all_done = false;
                left += 1;
                // Everything behind so many that stay is younger, or waits for its turn.
                if left > MOST_LEFT {
                    break;
                }
            }
            if all_done {
                done = id;
            }
        }
        if self.remove {
            for id in &found {
                self.conn.prepare_cached(update)?.execute([id])?;
            }
            if done > from {
                let set = "INSERT INTO marks VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
                self.conn.prepare_cached(set)?.execute(params![mark, done.to_string()])?;
            }
        }
        Ok(found.len() as u64)
    }
}

/// How many rows that stay are passed over.
const MOST_LEFT: usize = 4096;
