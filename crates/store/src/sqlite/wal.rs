//! The write-ahead log as a file: laid out in advance, and kept short.
//!
//! A flush into blocks that exist already costs half of one that makes the file longer, since the file system then has a
//! journal of its own to write. So the log's first stretch is written before it is needed, and the log is copied into the
//! database, after which it begins again at its start, before it outgrows that.

use std::cell::Cell;
use std::fs::File;
use std::path::Path;

use rusqlite::Connection;

use super::schema::CACHE_KIB;

/// How much of the log is written in advance.
const LAID_OUT_BYTES: u64 = 4 << 20;
/// How many pages the log may hold before it is copied into the database in a quiet moment…
const IDLE: u32 = 250;
/// …and before that is done in a busy one: in longer strides, since somebody may be waiting.
const BUSY: u32 = 4_000;
/// As [`IDLE`], while disk space is short, so that the log's room is soon used again.
const SHORT: u32 = 64;

thread_local! {
    /// Pages in the log after this thread's last commit, or since its last checkpoint failed.
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

/// Counts the pages in the log after each commit on this connection and thread.
pub(super) fn watch(conn: &Connection) {
    conn.wal_hook(Some(|_, pages| {
        PAGES.set(pages.unsigned_abs());
        Ok(())
    }));
}

/// Whether the log should be copied into the database if nobody is waiting.
pub(super) fn is_due_when_idle(short_of_space: bool) -> bool {
    PAGES.get() >= if short_of_space { SHORT } else { IDLE }
}

/// Whether the log should be copied into the database even if somebody is waiting.
pub(super) fn is_due() -> bool {
    PAGES.get() >= BUSY
}

/// Copies the log into the database, as far as readers allow. Failing is no harm: it is tried again after as many pages
/// more.
pub(super) fn checkpoint(conn: &Connection) {
    PAGES.set(0);
    if let Err(e) = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::debug!(error = %e, "the write-ahead log could not be copied into the database");
    }
}

/// Writes the log's first stretch, unless it is there: by a transaction larger than the cache, which is then taken back.
///
/// Failing is no harm, and expected on a full disk: flushes are slower then.
pub(super) fn lay_out(conn: &Connection, database: &Path) {
    let mut log = database.as_os_str().to_owned();
    log.push("-wal");
    let log = Path::new(&log);
    if log.metadata().is_ok_and(|file| file.len() >= LAID_OUT_BYTES) {
        return;
    }
    let spilled = conn.execute_batch(&format!(
        "PRAGMA cache_size = 10; BEGIN IMMEDIATE;
         INSERT INTO \"values\" (seq, seed, packed) VALUES (-1, x'', zeroblob({LAID_OUT_BYTES}));"
    ));
    let _ = conn.execute_batch("ROLLBACK");
    let _ = conn.execute_batch(&format!("PRAGMA cache_size = -{CACHE_KIB}"));
    let flushed = File::open(log).and_then(|file| file.sync_all());
    tracing::debug!(?spilled, ?flushed, "laid out the write-ahead log");
}
