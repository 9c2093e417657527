//! Connections to the database, its tables, and whether a file is such a database at all.
//!
//! The tables are laid out for few touched pages per commit, since each is written whole into the write-ahead log:
//! rows with a payload are keyed by integer (whole rows stay in one leaf), rows without one by their text.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};

use super::prune;
use super::roster;
use crate::state::{StateError, StatePaths};

/// Marks the file as ours: `LLOK` in the database header.
const APPLICATION_ID: i64 = 0x4c4c_4f4b;
/// The version of the tables.
const SCHEMA_VERSION: i64 = 6;
/// The version that had no guards; like the next one, it is brought up to date when the state is opened.
const BEFORE_GUARDS: i64 = 1;
/// The version that had no approvals and no halts.
const BEFORE_APPROVALS: i64 = 2;
/// The version that had no grants, and no keys of callers.
const BEFORE_GRANTS: i64 = 3;
/// The version in which nothing took the place of what a request asked.
const BEFORE_PRUNING: i64 = 4;
/// The version that had no roster, and could not be put back.
const BEFORE_ROSTERS: i64 = 5;
/// An entry's key is its writer's number above this many bits of its index.
pub(super) const INDEX_BITS: u32 = 40;

/// How much of the database each connection keeps in memory.
pub(super) const CACHE_KIB: u32 = 8192;

const TABLES: &str = r#"
-- What this state is: its id's key name and verifier key.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- One log per writer: how far it goes, the right-hand edge of its hash tree, its latest signed checkpoint.
CREATE TABLE logs (
    writer INTEGER PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, frontier BLOB NOT NULL, note TEXT NOT NULL
);

CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    writer INTEGER GENERATED ALWAYS AS (seq >> 40) VIRTUAL,
    "index" INTEGER GENERATED ALWAYS AS (seq & 0xffffffffff) VIRTUAL,
    attempt TEXT NOT NULL, kind TEXT NOT NULL, leaf BLOB NOT NULL, payload BLOB NOT NULL
);
-- Holds the leaf too: a log's hashes can be read without its payloads.
CREATE INDEX entries_by_attempt ON entries (attempt, leaf);

-- Beside the log, and prunable: what entries only commit to.
CREATE TABLE "values" (seq INTEGER PRIMARY KEY, seed BLOB NOT NULL, packed BLOB NOT NULL);

CREATE TABLE attempts (
    id TEXT PRIMARY KEY, writer INTEGER NOT NULL, upstream TEXT NOT NULL, tool TEXT NOT NULL, action BLOB NOT NULL,
    state TEXT NOT NULL, opened_at_ns INTEGER NOT NULL, detail BLOB NOT NULL
) WITHOUT ROWID;
CREATE INDEX attempts_open ON attempts (id) WHERE state IN ('armed', 'unknown');

CREATE TABLE subjects (subject TEXT PRIMARY KEY, attempt TEXT NOT NULL) WITHOUT ROWID;
"#;

/// What version 2 added. Amounts are 128-bit integers, as 16 bytes with the highest first.
const GUARD_TABLES: &str = r#"
CREATE INDEX subjects_by_attempt ON subjects (attempt);
CREATE INDEX attempts_by_tool ON attempts (upstream, tool, opened_at_ns, id);

-- Keys taken once; settled: for good, or until until_ns.
CREATE TABLE once (key TEXT PRIMARY KEY, attempt TEXT NOT NULL, until_ns INTEGER, settled INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX once_unsettled ON once (attempt) WHERE settled = 0;

-- A key's running totals; per_ns is 0 for a window that nothing leaves. next numbers its reservations.
CREATE TABLE limits (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, per_ns INTEGER NOT NULL, latest_ns INTEGER NOT NULL, next INTEGER NOT NULL,
    spent BLOB NOT NULL, reserved BLOB NOT NULL, UNIQUE (key, per_ns)
);
-- What is reserved and not settled yet.
CREATE TABLE reservations (
    attempt TEXT NOT NULL, "limit" INTEGER NOT NULL, n INTEGER NOT NULL, reserved_ns INTEGER NOT NULL, amount BLOB NOT NULL,
    PRIMARY KEY (attempt, "limit", n)
) WITHOUT ROWID;
-- What was spent under a sliding window and may still be in it; reserved_ns never falls as n grows. Each run of 1024
-- numbers is summed up, so that what has left the window is known without reading it.
CREATE TABLE spent (
    "limit" INTEGER NOT NULL, n INTEGER NOT NULL, reserved_ns INTEGER NOT NULL, amount BLOB NOT NULL, PRIMARY KEY ("limit", n)
) WITHOUT ROWID;
CREATE TABLE spent_runs (
    "limit" INTEGER NOT NULL, run INTEGER NOT NULL, last_ns INTEGER NOT NULL, rows INTEGER NOT NULL, amount BLOB NOT NULL,
    PRIMARY KEY ("limit", run)
) WITHOUT ROWID;

-- A lease's row stays when it is free: its fencing token never falls.
CREATE TABLE leases (key TEXT PRIMARY KEY, attempt TEXT, fence INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX leases_held ON leases (attempt) WHERE attempt IS NOT NULL;

CREATE TABLE steps (
    id INTEGER PRIMARY KEY, attempt TEXT NOT NULL UNIQUE, armed_at_ns INTEGER NOT NULL, ended_at_ns INTEGER, confirmation TEXT,
    arguments BLOB NOT NULL
);
CREATE TABLE step_keys (
    key TEXT NOT NULL, armed_at_ns INTEGER NOT NULL, attempt TEXT NOT NULL, ended_at_ns INTEGER,
    PRIMARY KEY (key, armed_at_ns, attempt)
) WITHOUT ROWID;
-- What has ended since, and what has not: nothing that ended earlier is read for it.
CREATE INDEX step_keys_by_end ON step_keys (key, ended_at_ns);
CREATE INDEX step_keys_by_attempt ON step_keys (attempt);

CREATE TABLE marks (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"#;

/// What version 3 added.
const APPROVAL_TABLES: &str = r#"
CREATE TABLE requests (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, principal TEXT NOT NULL, upstream TEXT NOT NULL, tool TEXT NOT NULL,
    action BLOB NOT NULL, state TEXT NOT NULL, opened_at_ns INTEGER NOT NULL, expires_at_ns INTEGER, attempt TEXT,
    detail BLOB NOT NULL
);
CREATE INDEX requests_by_state ON requests (state, opened_at_ns, id);
CREATE INDEX requests_by_principal ON requests (principal, state, action);

CREATE TABLE votes (
    n INTEGER PRIMARY KEY, request TEXT NOT NULL, approver TEXT NOT NULL, approves INTEGER NOT NULL, at_ns INTEGER NOT NULL,
    detail BLOB NOT NULL, UNIQUE (request, approver)
);

-- A removed approver's row stays: a name is never given twice.
CREATE TABLE approvers (name TEXT PRIMARY KEY, since_ns INTEGER NOT NULL, removed_ns INTEGER, detail BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE halts (id TEXT PRIMARY KEY, since_ns INTEGER NOT NULL, ended_ns INTEGER, detail BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX halts_in_force ON halts (since_ns, id) WHERE ended_ns IS NULL;
"#;

/// What version 4 added: grants, and the caller's own key of a request.
const GRANT_TABLES: &str = r#"
ALTER TABLE requests ADD COLUMN key TEXT;

-- A grant's row stays when it is taken back.
CREATE TABLE grants (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, upstream TEXT NOT NULL, tool TEXT NOT NULL, given_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL, revoked_ns INTEGER, detail BLOB NOT NULL
);
CREATE INDEX grants_in_force ON grants (upstream, tool, expires_ns, id) WHERE revoked_ns IS NULL;
CREATE TABLE grant_uses ("grant" TEXT NOT NULL, attempt TEXT NOT NULL, PRIMARY KEY ("grant", attempt)) WITHOUT ROWID;
"#;

/// Opens an existing database file.
///
/// `synchronous=FULL` flushes the log on every commit, `fullfsync` through the device's cache where that is a call of
/// its own; `secure_delete` overwrites what is freed; checkpoints are asked for by the writer, so that none sits on a commit.
pub(super) fn connect(path: &Path, query_only: bool) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    be_patient(&conn)?;
    conn.set_prepared_statement_cache_capacity(128);
    conn.execute_batch(&format!(
        "PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1; PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = ON; PRAGMA cache_size = -{CACHE_KIB};"
    ))?;
    if query_only {
        conn.pragma_update(None, "query_only", true)?;
    }
    Ok(conn)
}

/// Makes statements on this connection wait for other processes' transactions.
pub(super) fn be_patient(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_busy))
}

/// Waits for another process's transaction: briefly at first, since one takes a fraction of a millisecond; 30 s in all.
fn wait_busy(waited: i32) -> bool {
    thread::sleep(Duration::from_micros(match waited {
        ..100 => 50,
        100..1_000 => 1_000,
        _ => 10_000,
    }));
    waited < 4_000
}

/// Makes the tables in a new database, or checks an old one and brings it up to date; returns the verifier key it records.
pub(crate) fn prepare(paths: &StatePaths, complete: bool, verifier: &str) -> Result<String, StateError> {
    let path = &paths.database;
    let open = || -> rusqlite::Result<Result<String, StateError>> {
        let conn = connect(path, false)?;
        if !complete && is_blank(&conn)? {
            create(&conn, verifier)?;
        }
        migrate(&conn)?;
        if let Err(e) = check_version(&conn, path)? {
            return Ok(Err(e));
        }
        // Nothing where it does so already; a database that other programs copied may not.
        write_ahead(&conn)?;
        let recorded = recorded(&conn).optional()?;
        Ok(recorded.ok_or_else(|| corrupt(path, "it does not say which key it belongs to".into())))
    };
    open().unwrap_or_else(|e| Err(state_error(paths, &e)))
}

/// Has it write ahead: whoever reads holds up nobody who writes, and a commit is durable when it returns.
pub(super) fn write_ahead(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))
}

/// The verifier key on record: the only one whose signatures anybody may add.
pub(super) fn recorded(conn: &Connection) -> rusqlite::Result<String> {
    conn.prepare_cached("SELECT value FROM meta WHERE name = 'verifier'")?.query_row([], |row| row.get(0))
}

/// Opens a connection for reading only, having checked that the database is one we can read.
pub(crate) fn connect_checked(paths: &StatePaths) -> Result<Connection, StateError> {
    let open = || {
        let conn = connect(&paths.database, true)?;
        Ok(check_version(&conn, &paths.database)?.map(|()| conn))
    };
    open().unwrap_or_else(|e| Err(state_error(paths, &e)))
}

/// Whether a roster was begun.
pub(crate) fn has_roster(paths: &StatePaths) -> Result<bool, StateError> {
    let conn = connect_checked(paths)?;
    roster::is_kept(&conn).map_err(|e| state_error(paths, &e))
}

/// Says what a failure to open means; only then is the whole file checked, for the reason to give.
pub(super) fn state_error(paths: &StatePaths, error: &rusqlite::Error) -> StateError {
    let path = &paths.database;
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => corrupt(path, "it is not a database".into()),
        Some(ErrorCode::DatabaseCorrupt) => {
            corrupt(path, first_fault(path).unwrap_or_else(|| error.to_string()))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StateError::ReadOnly { path: paths.root.clone() }
        }
        Some(ErrorCode::CannotOpen) if !path.exists() => StateError::DatabaseMissing { path: path.clone() },
        Some(ErrorCode::DiskFull) => StateError::Full { path: paths.root.clone() },
        _ => StateError::Unavailable { path: path.clone(), what: error.to_string() },
    }
}

fn is_blank(conn: &Connection) -> rusqlite::Result<bool> {
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(tables == 0 && header(conn, "application_id")? == 0)
}

fn create(conn: &Connection, verifier: &str) -> rusqlite::Result<()> {
    conn.pragma_update(None, "page_size", 4096)?;
    write_ahead(conn)?;
    conn.execute_batch("BEGIN IMMEDIATE")?;
    conn.execute_batch(TABLES)?;
    conn.execute_batch(GUARD_TABLES)?;
    conn.execute_batch(APPROVAL_TABLES)?;
    conn.execute_batch(GRANT_TABLES)?;
    conn.execute_batch(prune::TABLES)?;
    conn.execute_batch(roster::TABLES)?;
    conn.execute("INSERT INTO meta VALUES ('verifier', ?1)", [verifier])?;
    conn.pragma_update(None, "application_id", APPLICATION_ID)?;
    conn.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    conn.execute_batch("COMMIT")
}

/// Brings a database of an earlier version up to date, whole or not at all.
///
/// A process of that version that has it open goes on undisturbed: all that it knows of its tables stays as it is.
fn migrate(conn: &Connection) -> rusqlite::Result<()> {
    if missing(conn)?.is_empty() {
        return Ok(());
    }
    conn.execute_batch("BEGIN IMMEDIATE")?;
    // Another process may have been faster.
    let missing = missing(conn)?;
    if !missing.is_empty() {
        missing.iter().try_for_each(|tables| conn.execute_batch(tables))?;
        conn.pragma_update(None, "user_version", SCHEMA_VERSION)?;
    }
    conn.execute_batch("COMMIT")
}

/// The tables that a database of an earlier version has not got.
fn missing(conn: &Connection) -> rusqlite::Result<&'static [&'static str]> {
    if header(conn, "application_id")? != APPLICATION_ID {
        return Ok(&[]);
    }
    Ok(match header(conn, "user_version")? {
        BEFORE_GUARDS => &[GUARD_TABLES, APPROVAL_TABLES, GRANT_TABLES, prune::TABLES, roster::TABLES],
        BEFORE_APPROVALS => &[APPROVAL_TABLES, GRANT_TABLES, prune::TABLES, roster::TABLES],
        BEFORE_GRANTS => &[GRANT_TABLES, prune::TABLES, roster::TABLES],
        BEFORE_PRUNING => &[prune::TABLES, roster::TABLES],
        BEFORE_ROSTERS => &[roster::TABLES],
        _ => &[],
    })
}

fn check_version(conn: &Connection, path: &Path) -> rusqlite::Result<Result<(), StateError>> {
    let (application, version) = (header(conn, "application_id")?, header(conn, "user_version")?);
    Ok(match (application, version) {
        (APPLICATION_ID, SCHEMA_VERSION) => Ok(()),
        (APPLICATION_ID, found) => {
            Err(StateError::DatabaseVersion { path: path.into(), found, known: SCHEMA_VERSION })
        }
        (0, 0) => Err(corrupt(path, "it is empty".into())),
        _ => Err(corrupt(path, "it is another program's database".into())),
    })
}

fn header(conn: &Connection, field: &str) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, field, |row| row.get(0))
}

fn first_fault(path: &Path) -> Option<String> {
    let conn = connect(path, true).ok()?;
    let fault: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).ok()?;
    (fault != "ok").then_some(fault)
}

fn corrupt(path: &Path, what: String) -> StateError {
    StateError::DatabaseCorrupt { path: path.into(), what }
}
