//! The write-ahead log as a file: laid out in advance, and kept short.
//!
//! A flush into blocks that exist already costs half of one that makes the file longer, since the file system then has a
//! journal of its own to write. So the log's first stretch is written before it is needed, and the log is copied into the
//! database, after which it begins again at its start, before it outgrows that.

use std::cell::Cell;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::schema::{self, CACHE_KIB};
use crate::state::reserve::Reserve;

/// How much of the log is written in advance.
const LAID_OUT_BYTES: u64 = 4 << 20;
/// How many pages the log may hold before it is copied into the database in a quiet moment…
const IDLE: u32 = 250;
/// …and before that is done in a busy one: in longer strides, since somebody may be waiting.
const BUSY: u32 = 4_000;
/// As [`IDLE`], while disk space is short, so that the log's room is soon used again.
const SHORT: u32 = 64;

/// How long a busy moment's checkpoint waits for others to let the log begin again.
const PATIENCE: Duration = Duration::from_millis(20);

thread_local! {
    /// Pages in the log after this thread's last commit.
    static PAGES: Cell<u32> = const { Cell::new(0) };
}

/// One writer's care for the log.
#[derive(Default)]
pub(super) struct Wal {
    laid_out: bool,
    /// Pages in the log when it was last copied: until it begins again, only what came after counts.
    copied: u32,
}

impl Wal {
    /// Counts the pages in the log after each commit on this connection and thread.
    pub(super) fn watch(conn: &Connection) {
        conn.wal_hook(Some(|_, pages| {
            PAGES.set(pages.unsigned_abs());
            Ok(())
        }));
    }

    /// Whether there is something to do if nobody is waiting.
    pub(super) fn wants_quiet(&mut self, reserve: &Reserve) -> bool {
        !self.laid_out || self.grown() >= if reserve.is_missing() { SHORT } else { IDLE }
    }

    /// Does what is to be done in a quiet moment.
    pub(super) fn quiet(&mut self, conn: &Connection, database: &Path, reserve: &Reserve) {
        if self.laid_out {
            self.copy(conn, "PRAGMA wal_checkpoint(PASSIVE)");
        } else if !reserve.is_missing() && reserve.has_plenty_around() {
            lay_out(conn, database);
        }
        self.laid_out = true;
    }

    /// Does what must be done even if somebody is waiting. With several busy writers the log never begins again by
    /// itself, so the others are held for this.
    pub(super) fn busy(&mut self, conn: &Connection) {
        if self.grown() < BUSY {
            return;
        }
        let _ = conn.busy_timeout(PATIENCE);
        self.copy(conn, "PRAGMA wal_checkpoint(RESTART)");
        let _ = schema::be_patient(conn);
    }

    fn grown(&mut self) -> u32 {
        let pages = PAGES.get();
        if pages < self.copied {
            self.copied = 0;
        }
        pages - self.copied
    }

    /// Copies the log into the database, as far as others allow. Failing is no harm: it is tried again after as many
    /// pages more.
    fn copy(&mut self, conn: &Connection, sql: &str) {
        self.copied = PAGES.get();
        if let Err(e) = conn.query_row(sql, [], |_| Ok(())) {
            tracing::debug!(error = %e, "the write-ahead log could not be copied into the database");
        }
    }
}

/// Writes the log's first stretch, unless it is there: by a transaction larger than the cache, which is then taken back.
///
/// Failing is no harm, and expected on a full disk: flushes are slower then.
fn lay_out(conn: &Connection, database: &Path) {
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
