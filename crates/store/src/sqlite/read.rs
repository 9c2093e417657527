//! Reading: a few connections, opened as they are needed, each query its own snapshot.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use lastlook_canon::Digest;
use lastlook_ledger::{Kind, tree::Hash};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, params};
use tokio::sync::oneshot;

use super::{grant, head, held, limit, packed, row, schema};
use crate::api::AMBIGUOUS_LISTED;
use crate::state::{StateError, StatePaths};
use crate::{
    ApproverRow, AttemptRow, Commit, CommitError, GrantRow, HaltRow, LimitWindow, Lookup, RequestRow,
    RequestState, StepRow, Store, StoreError, StoredEntry, Ticket, Values, VoteRow, WriterId,
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
    counter: Mutex<Counter>,
}

/// Where commits are counted: SQLite's own number compares with nothing but what the same connection said before.
#[derive(Debug, Default)]
struct Counter {
    conn: Option<Connection>,
    /// How many connections there were before this one: their numbers say nothing about its.
    lost: u32,
}

impl SqliteReader {
    pub(crate) fn open(paths: &StatePaths) -> Result<Self, StateError> {
        let conn = schema::connect_checked(paths)?;
        Ok(Self { paths: paths.clone(), idle: Mutex::new(vec![conn]), counter: Mutex::default() })
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

    fn version(&self) -> Result<u64, StoreError> {
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = match &counter.conn {
            Some(conn) => data_version(conn),
            None => schema::connect(&self.paths.database, true).and_then(|conn| {
                let first = data_version(&conn);
                counter.conn = Some(conn);
                first
            }),
        };
        let number = asked.map_err(|e| {
            counter.conn = None;
            counter.lost = counter.lost.wrapping_add(1);
            self.store_error(&e)
        })?;
        Ok(u64::from(counter.lost) << 32 | u64::from(number))
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
            conn.prepare_cached("SELECT origin FROM logs ORDER BY origin LIKE '%/roster', writer")?
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
                "SELECT ?1, seq, attempt, kind, payload, leaf FROM entries WHERE seq >= ?2 AND seq < ?3 ORDER BY seq LIMIT ?4",
            )?
            .query_map(params![origin, first, past, i64::try_from(limit).unwrap_or(i64::MAX)], row::entry)?
            .collect()
        })
    }

    fn entries_of(&self, attempt: &str) -> Result<Vec<StoredEntry>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT l.origin, e.seq, e.attempt, e.kind, e.payload, e.leaf FROM entries e JOIN logs l ON l.writer = e.seq >> 40
                 WHERE e.attempt = ?1 ORDER BY e.seq",
            )?
            .query_map([attempt], row::entry)?
            .collect()
        })
    }

    fn entry_ids(&self, after: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT DISTINCT attempt FROM entries WHERE attempt > ?1
                 AND seq >> 40 NOT IN (SELECT writer FROM logs WHERE origin LIKE '%/roster') ORDER BY attempt LIMIT ?2",
            )?
            .query_map(params![after, i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?
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

    fn attempts_of(
        &self,
        upstream: &str,
        tool: &str,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<AttemptRow>, StoreError> {
        let (opened, id) = before.unwrap_or_else(|| (i64::MAX, "\u{10ffff}".into()));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|conn| {
            conn.prepare_cached(ATTEMPTS_OF)?
                .query_map(params![upstream, tool, opened, id, limit], row::attempt)?
                .collect()
        })
    }

    fn tools_of(&self, upstream: &str) -> Result<Vec<String>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT DISTINCT tool FROM attempts WHERE upstream = ?1 ORDER BY tool")?
                .query_map([upstream], |row| row.get(0))?
                .collect()
        })
    }

    fn steps(&self, key: &str, limit: usize, before_ns: Option<i64>) -> Result<Vec<StepRow>, StoreError> {
        let Some(latest) = before_ns.map_or(Some(i64::MAX), |before| before.checked_sub(1)) else {
            return Ok(Vec::new());
        };
        self.read(|conn| {
            let mut query = conn.prepare_cached(STEPS)?;
            let mut rows = query.query(params![key, latest])?;
            let mut steps: Vec<StepRow> = Vec::new();
            while let Some(next) = rows.next()? {
                let armed_at_ns: i64 = next.get(3)?;
                if steps.len() >= limit && steps.last().is_none_or(|last| last.armed_at_ns != armed_at_ns) {
                    break;
                }
                steps.push(row::step(next)?);
            }
            Ok(steps)
        })
    }

    fn steps_since(&self, key: &str, since_ns: i64, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|conn| {
            let mut query = conn.prepare_cached(STEPS_OPEN)?;
            let mut steps: Vec<StepRow> =
                query.query_map(params![key, limit], row::step)?.collect::<rusqlite::Result<_>>()?;
            let left = limit - i64::try_from(steps.len()).unwrap_or(limit);
            let mut query = conn.prepare_cached(STEPS_ENDED)?;
            let ended = query.query_map(params![key, since_ns, left], row::step)?;
            steps.extend(ended.collect::<rusqlite::Result<Vec<_>>>()?);
            Ok(steps)
        })
    }

    fn once(&self, key: &str) -> Result<Option<(String, Option<i64>)>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT attempt, until_ns FROM once WHERE key = ?1")?
                .query_row([key], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()
        })
    }

    fn limit(&self, key: &str, window: LimitWindow, at_ns: i64) -> Result<(u128, u128), StoreError> {
        self.read(|conn| {
            // Totals and parts of one moment.
            let snapshot = conn.unchecked_transaction()?;
            let counted = limit::count(conn, key, window, at_ns)?;
            snapshot.commit()?;
            Ok(counted)
        })
    }

    fn lease(&self, key: &str) -> Result<Option<(AttemptRow, u64)>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(concat!(
                "SELECT ",
                row::attempt_columns!(),
                ", l.fence FROM leases l JOIN attempts a ON a.id = l.attempt WHERE l.key = ?1"
            ))?
            .query_row([key], |row| Ok((row::attempt(row)?, row.get::<_, i64>(8)?.unsigned_abs())))
            .optional()
        })
    }

    fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|conn| held::mark(conn, name))
    }

    fn request(&self, id_or_prefix: &str) -> Result<Lookup<RequestRow>, StoreError> {
        let prefix = id_or_prefix;
        let past = format!("{prefix}\u{10ffff}");
        let found: Vec<RequestRow> = self.read(|conn| {
            conn.prepare_cached(concat!(
                "SELECT ",
                row::request_columns!(),
                " FROM requests r WHERE r.id >= ?1 AND r.id < ?2 ORDER BY r.id LIMIT ?3"
            ))?
            .query_map(params![prefix, past, AMBIGUOUS_LISTED as i64], row::request)?
            .collect()
        })?;
        Ok(Lookup::among(prefix, found, |row| &row.id))
    }

    fn requests(
        &self,
        states: &[RequestState],
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let before = before.unwrap_or_else(|| (i64::MAX, "\u{10ffff}".into()));
        let states = BTreeSet::from_iter(states);
        let mut found = self.read(|conn| {
            // No request is seen in two states.
            let snapshot = conn.unchecked_transaction()?;
            let mut found = Vec::new();
            for state in states {
                found.extend(held::requests_in(conn, *state, limit, &before)?);
            }
            snapshot.commit()?;
            Ok(found)
        })?;
        found.sort_by(|a, b| (b.opened_at_ns, &b.id).cmp(&(a.opened_at_ns, &a.id)));
        found.truncate(limit);
        Ok(found)
    }

    fn open_requests_of(
        &self,
        principal: &str,
        action: Digest,
        key: Option<&str>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(held::OPEN_REQUESTS_OF)?
                .query_map(params![principal, action.as_bytes(), key], row::request)?
                .collect()
        })
    }

    fn votes(&self, request: &str) -> Result<Vec<VoteRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached(
                "SELECT request, approver, approves, at_ns, detail FROM votes WHERE request = ?1
                 ORDER BY at_ns, approver",
            )?
            .query_map([request], row::vote)?
            .collect()
        })
    }

    fn approvers(&self) -> Result<Vec<ApproverRow>, StoreError> {
        self.read(|conn| {
            conn.prepare_cached("SELECT name, since_ns, removed_ns, detail FROM approvers ORDER BY name")?
                .query_map([], row::approver)?
                .collect()
        })
    }

    fn grant(&self, id_or_prefix: &str) -> Result<Lookup<GrantRow>, StoreError> {
        let found = self.read(|conn| grant::with_prefix(conn, id_or_prefix))?;
        Ok(Lookup::among(id_or_prefix, found, |row| &row.id))
    }

    fn grants(&self) -> Result<Vec<GrantRow>, StoreError> {
        self.read(grant::all)
    }

    fn grants_for(&self, upstream: &str, tool: &str, at_ns: i64) -> Result<Vec<GrantRow>, StoreError> {
        self.read(|conn| grant::in_force(conn, upstream, tool, at_ns))
    }

    fn uses_of(&self, grant: &str) -> Result<Vec<AttemptRow>, StoreError> {
        self.read(|conn| grant::uses(conn, grant))
    }

    fn halts(&self, all: bool) -> Result<Vec<HaltRow>, StoreError> {
        let sql = if all {
            "SELECT id, since_ns, ended_ns, detail FROM halts ORDER BY since_ns, id"
        } else {
            "SELECT id, since_ns, ended_ns, detail FROM halts WHERE ended_ns IS NULL ORDER BY since_ns, id"
        };
        self.read(|conn| conn.prepare_cached(sql)?.query_map([], row::halt)?.collect())
    }
}

/// One tool's attempts, from an index in the order they come in.
pub(super) const ATTEMPTS_OF: &str = concat!(
    "SELECT ",
    row::attempt_columns!(),
    " FROM attempts a WHERE a.upstream = ?1 AND a.tool = ?2 AND (a.opened_at_ns, a.id) < (?3, ?4)
      ORDER BY a.opened_at_ns DESC, a.id DESC LIMIT ?5"
);

/// One key's steps, read in order for as long as more are wanted.
pub(super) const STEPS: &str =
    "SELECT s.attempt, a.upstream, a.tool, s.armed_at_ns, s.ended_at_ns, a.state, s.confirmation, s.arguments
     FROM step_keys k CROSS JOIN steps s ON s.attempt = k.attempt CROSS JOIN attempts a ON a.id = s.attempt
     WHERE k.key = ?1 AND k.armed_at_ns <= ?2 ORDER BY k.armed_at_ns DESC, k.attempt DESC";

const STEPS_OPEN: &str =
    "SELECT s.attempt, a.upstream, a.tool, s.armed_at_ns, s.ended_at_ns, a.state, s.confirmation, s.arguments
     FROM step_keys k CROSS JOIN steps s ON s.attempt = k.attempt CROSS JOIN attempts a ON a.id = s.attempt
     WHERE k.key = ?1 AND k.ended_at_ns IS NULL AND a.state NOT IN ('refused', 'failed') LIMIT ?2";

const STEPS_ENDED: &str =
    "SELECT s.attempt, a.upstream, a.tool, s.armed_at_ns, s.ended_at_ns, a.state, s.confirmation, s.arguments
     FROM step_keys k CROSS JOIN steps s ON s.attempt = k.attempt CROSS JOIN attempts a ON a.id = s.attempt
     WHERE k.key = ?1 AND k.ended_at_ns > ?2 AND a.state NOT IN ('refused', 'failed')
     ORDER BY k.ended_at_ns DESC LIMIT ?3";

/// Another number after each commit that another connection made, of whatever process. Source: SQLite, "PRAGMA data_version".
fn data_version(conn: &Connection) -> rusqlite::Result<u32> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
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
