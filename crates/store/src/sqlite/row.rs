//! Rows as they come out of the database.

use lastlook_canon::Digest;
use lastlook_ledger::{Kind, tree::Hash};
use rusqlite::{Row, types::Type};

use super::schema::INDEX_BITS;
use crate::{
    ApproverRow, AttemptRow, AttemptState, Confirmation, GrantRow, HaltRow, RequestRow, RequestState,
    StepRow, StoredEntry, VoteRow,
};

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

/// Reads `origin, seq, attempt, kind, payload, leaf`.
pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    let kind = row.get_ref(3)?.as_str()?;
    Ok(StoredEntry {
        origin: row.get(0)?,
        index: index(row.get(1)?),
        attempt: row.get(2)?,
        kind: kind.parse::<Kind>().map_err(|_| unknown(3, "entry kind"))?,
        payload: row.get(4)?,
        leaf: hash(row, 5)?,
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

/// The columns [`request`] reads, from a table called `r`.
macro_rules! request_columns {
    () => {
        "r.id, r.principal, r.upstream, r.tool, r.action, r.state, r.opened_at_ns, r.expires_at_ns, r.attempt, r.detail, r.key"
    };
}
pub(super) use request_columns;

pub(super) fn request(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
    Ok(RequestRow {
        id: row.get(0)?,
        principal: row.get(1)?,
        upstream: row.get(2)?,
        tool: row.get(3)?,
        action: Digest::from_bytes(row.get(4)?),
        key: row.get(10)?,
        state: request_state(row, 5)?,
        opened_at_ns: row.get(6)?,
        expires_at_ns: row.get(7)?,
        attempt: row.get(8)?,
        detail: row.get(9)?,
        over: None,
    })
}

/// Reads a request's state from this column.
pub(super) fn request_state(row: &Row<'_>, column: usize) -> rusqlite::Result<RequestState> {
    RequestState::from_name(row.get_ref(column)?.as_str()?).ok_or_else(|| unknown(column, "request state"))
}

/// Reads `request, approver, approves, at_ns, detail`.
pub(super) fn vote(row: &Row<'_>) -> rusqlite::Result<VoteRow> {
    Ok(VoteRow {
        request: row.get(0)?,
        approver: row.get(1)?,
        approves: row.get(2)?,
        at_ns: row.get(3)?,
        detail: row.get(4)?,
    })
}

/// Reads `name, since_ns, removed_ns, detail`.
pub(super) fn approver(row: &Row<'_>) -> rusqlite::Result<ApproverRow> {
    Ok(ApproverRow { name: row.get(0)?, since_ns: row.get(1)?, removed_ns: row.get(2)?, detail: row.get(3)? })
}

/// The columns [`grant`] reads, from a table called `g`.
macro_rules! grant_columns {
    () => {
        "g.id, g.upstream, g.tool, g.given_ns, g.expires_ns, g.revoked_ns, g.detail"
    };
}
pub(super) use grant_columns;

pub(super) fn grant(row: &Row<'_>) -> rusqlite::Result<GrantRow> {
    Ok(GrantRow {
        id: row.get(0)?,
        upstream: row.get(1)?,
        tool: row.get(2)?,
        given_ns: row.get(3)?,
        expires_ns: row.get(4)?,
        revoked_ns: row.get(5)?,
        detail: row.get(6)?,
    })
}

/// Reads `id, since_ns, ended_ns, detail`.
pub(super) fn halt(row: &Row<'_>) -> rusqlite::Result<HaltRow> {
    Ok(HaltRow { id: row.get(0)?, since_ns: row.get(1)?, ended_ns: row.get(2)?, detail: row.get(3)? })
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
