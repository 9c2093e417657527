//! Rows as they come out of the database.

use lastlook_canon::Digest;
use lastlook_ledger::{Kind, tree::Hash};
use rusqlite::{Row, types::Type};

use super::schema::INDEX_BITS;
use crate::{AttemptRow, AttemptState, Confirmation, StepRow, StoredEntry};

/// The columns [`attempt`] reads, from a table called `a`.
macro_rules! attempt_columns {
    () => {
        "a.id, a.writer, a.upstream, a.tool, a.action, a.state, a.opened_at_ns, a.detail"
    };
}
pub(super) use attempt_columns;

pub(super) fn attempt(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    Ok(AttemptRow {
        id: row.get(0)?,
        writer: row.get(1)?,
        upstream: row.get(2)?,
        tool: row.get(3)?,
        action: Digest::from_bytes(row.get(4)?),
        state: AttemptState::from_name(row.get_ref(5)?.as_str()?)
            .ok_or_else(|| unknown(5, "attempt state"))?,
        opened_at_ns: row.get(6)?,
        detail: row.get(7)?,
    })
}

/// Reads `origin, seq, attempt, kind, payload`.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    let kind = row.get_ref(3)?.as_str()?;
    Ok(StoredEntry {
        origin: row.get(0)?,
        index: index(row.get(1)?),
        attempt: row.get(2)?,
        kind: kind.parse::<Kind>().map_err(|_| unknown(3, "entry kind"))?,
        payload: row.get(4)?,
    })
}

/// Reads `attempt, upstream, tool, armed_at_ns, ended_at_ns, state, confirmation, arguments`.
pub(super) fn step(row: &Row<'_>) -> rusqlite::Result<StepRow> {
    let confirmation = row
        .get_ref(6)?
        .as_str_or_null()?
        .map(|name| Confirmation::from_name(name).ok_or_else(|| unknown(6, "confirmation")));
    Ok(StepRow {
        attempt: row.get(0)?,
        upstream: row.get(1)?,
        tool: row.get(2)?,
        armed_at_ns: row.get(3)?,
        ended_at_ns: row.get(4)?,
        state: AttemptState::from_name(row.get_ref(5)?.as_str()?)
            .ok_or_else(|| unknown(5, "attempt state"))?,
        confirmation: confirmation.transpose()?,
        arguments: row.get(7)?,
    })
}

/// Reads a leaf hash from this column.
pub(super) fn hash(row: &Row<'_>, column: usize) -> rusqlite::Result<Hash> {
    Ok(Hash::from_bytes(row.get(column)?))
}

/// The database's key of an entry; nothing past the end of what a log can hold.
pub(super) fn seq(writer: u32, index: u64) -> Option<i64> {
    let index = i64::try_from(index).ok().filter(|index| index >> INDEX_BITS == 0)?;
    Some(i64::from(writer) << INDEX_BITS | index)
}

/// The index in its log of the entry with this key.
pub(super) fn index(seq: i64) -> u64 {
    (seq & ((1 << INDEX_BITS) - 1)).unsigned_abs()
}

fn unknown(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, format!("unknown {what}").into())
}
