//! A copy of the database as it is at one instant, while others write.

use rusqlite::params;

use super::schema;
use crate::state::{StateError, StatePaths};

/// What a copy of the database says of itself.
pub(crate) struct Copied {
    /// The key on record.
    pub recorded: String,
    /// Its logs, and how many entries each has.
    pub logs: Vec<(String, u64)>,
}

/// Copies it into an empty file, and notes in the copy that it is one, made then.
pub(crate) fn into(from: &StatePaths, to: &StatePaths, made: &str) -> Result<Copied, StateError> {
    let here = |e: rusqlite::Error| schema::state_error(from, &e);
    let there = |e: rusqlite::Error| schema::state_error(to, &e);
    let conn = schema::connect(&from.database, false).map_err(here)?;
    let Some(name) = to.database.to_str() else {
        let what = "its name is no UTF-8".to_owned();
        return Err(StateError::Unavailable { path: to.database.clone(), what });
    };
    conn.execute("VACUUM INTO ?1", [name]).map_err(here)?;
    let copy = schema::connect(&to.database, false).map_err(there)?;
    // Copied by statements, it has the journal of a new file.
    schema::write_ahead(&copy).map_err(there)?;
    // A copy of a copy is as old as that one.
    copy.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('copied', ?1)", params![made])
        .map_err(there)?;
    let recorded = schema::recorded(&copy).map_err(there)?;
    let logs = || -> rusqlite::Result<Vec<(String, i64)>> {
        let mut logs =
            copy.prepare("SELECT origin, size FROM logs ORDER BY origin LIKE '%/roster', writer")?;
        logs.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    let logs = logs().map_err(there)?;
    // Whole in its one file before anybody says that it is there.
    copy.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).map_err(there)?;
    copy.close().map_err(|(_, e)| there(e))?;
    Ok(Copied {
        recorded,
        logs: logs.into_iter().map(|(origin, size)| (origin, size.unsigned_abs())).collect(),
    })
}
