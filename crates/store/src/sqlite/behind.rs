//! Whether the database is the one that it was: compared with the heads that are kept outside of it.

use std::collections::BTreeSet;

use lastlook_ledger::Checkpoint;
use rusqlite::{Connection, OptionalExtension as _};

use super::{era, head};
use crate::state::{Heads, StateError, StatePaths};

/// How often a head that is ahead is looked at.
const LOOKS: usize = 3;

/// What a state lacks that it had: a log that was longer, or another one, when its head was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The head that was kept.
    pub kept: Checkpoint,
    /// How many entries the log has here.
    pub size: u64,
    /// How it differs.
    pub what: &'static str,
}

/// What the heads that are kept say of the logs that are there.
#[derive(Debug, Default)]
pub(crate) struct Compared {
    /// The logs of which more was kept than is there.
    pub lost: Vec<Lost>,
    /// The logs that have gone on since their head was kept, by their origins.
    pub stale: Vec<String>,
}

/// Compares them. Heads of earlier eras say nothing: what was lost then was accepted, with the restoration.
pub(crate) fn compare(conn: &Connection, kept: Vec<Checkpoint>) -> rusqlite::Result<Compared> {
    let mut eras = era::all(conn)?;
    let current = eras.pop().unwrap_or_default();
    let mut earlier: BTreeSet<Option<String>> = eras.into_iter().map(|era| era.tag).collect();
    earlier.extend(era::given_up(conn)?.into_iter().map(Some));
    let mut compared = Compared::default();
    for kept in kept.into_iter().filter(|kept| kept.size > 0) {
        let tag = tag_of(&kept.origin);
        if tag != current.tag && earlier.contains(&tag) {
            continue;
        }
        let (size, what) = match found(conn, &kept)? {
            Some((size, true)) if size > kept.size => {
                compared.stale.push(kept.origin);
                continue;
            }
            Some((size, true)) if size == kept.size => continue,
            Some((size, false)) if size >= kept.size => (size, "its first entries are others"),
            Some((size, _)) => (size, "it is shorter"),
            None => (0, "it is not there"),
        };
        compared.lost.push(Lost { kept, size, what });
    }
    Ok(compared)
}

/// Refuses a state that is a back-up nobody has accepted, or that lacks what it had.
///
/// Heads that cannot be read are warned about: nobody can tell then. Gives the origins of the logs whose heads are behind.
pub(crate) fn refuse(
    conn: &Connection,
    paths: &StatePaths,
    heads: Option<&Heads>,
) -> Result<Vec<String>, StateError> {
    let sql = |e: rusqlite::Error| super::schema::state_error(paths, &e);
    let path = || paths.root.clone();
    if let Some(since) = era::copied(conn).map_err(sql)? {
        return Err(StateError::Copied { path: path(), since });
    }
    let Some(heads) = heads else { return Ok(Vec::new()) };
    let mut found = None;
    // Somebody may be writing a head just now: what is true is so the next time, too.
    for _ in 0..LOOKS {
        let kept = match heads.read() {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(
                    "the heads in `{}` cannot be read: {error}; whether this state was put back, nobody can tell",
                    heads.folder().display()
                );
                return Ok(Vec::new());
            }
        };
        let compared = compare(conn, kept).map_err(sql)?;
        found = compared.lost.into_iter().next();
        if found.is_none() {
            return Ok(compared.stale);
        }
    }
    found.map_or(Ok(Vec::new()), |Lost { kept, size, what }| {
        Err(StateError::Behind {
            path: path(),
            origin: kept.origin,
            what,
            size,
            kept: kept.size,
            heads: heads.folder().into(),
        })
    })
}

/// The era's step in the origin of a log, `lastlook/STATE/TAG/LOG`.
pub(super) fn tag_of(origin: &str) -> Option<String> {
    let steps: Vec<&str> = origin.split('/').collect();
    match steps.as_slice() {
        [_, _, tag, _] => Some((*tag).to_owned()),
        _ => None,
    }
}

/// How large the log is here, and whether it began with what was kept.
fn found(conn: &Connection, kept: &Checkpoint) -> rusqlite::Result<Option<(u64, bool)>> {
    let log: Option<(u32, i64)> = conn
        .prepare_cached("SELECT writer, size FROM logs WHERE origin = ?1")?
        .query_row([&kept.origin], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((writer, size)) = log else { return Ok(None) };
    let size = size.unsigned_abs();
    if size < kept.size {
        return Ok(Some((size, false)));
    }
    Ok(Some((size, head::root(conn, writer, kept.size)? == Some(kept.root))))
}
