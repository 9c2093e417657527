//! The state's roster: a log of its logs, written in the transaction that begins or continues one (`spec/log.md`, *Rosters*).
//!
//! A writer enters itself with the first entry it appends in its life, and with it the heads of all logs that have grown since
//! somebody noted them: one roster that is watched elsewhere covers them all. Nobody waits for it but for that one transaction.

use lastlook_canon::Digest;
use lastlook_ledger::{
    Checkpoint, Entry, Kind, Signer, leaf_of_payload, open_checkpoint, roster, sign_checkpoint, tree::Hash,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::{Value, json};

use super::failure::Failure;
use super::{head, row};
use crate::WriterId;

pub(super) use roster::NAME;

/// What version 6 added: up to which size the roster has noted each log, whether there is a roster already, and the
/// restorations ([`era`](super::era)).
///
/// In `meta`, `roster` is `owed` until the first writer begins the roster, then `kept`.
pub(super) const TABLES: &str = r#"
CREATE TABLE IF NOT EXISTS rostered (writer INTEGER PRIMARY KEY, size INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS eras (base INTEGER PRIMARY KEY, tag TEXT NOT NULL UNIQUE);
INSERT OR IGNORE INTO meta VALUES ('roster', 'owed');
"#;

/// The most heads that one entry notes: the others are the next writer's to note.
const HEADS: usize = 256;

/// What the roster says of a log that is gone on with, and why.
const TAKEN_UP: (&str, &str) = ("log-continued", "a writer took up this log");

/// What is wrong with a writer's log, or with the roster, as far as the other tells.
pub(super) fn check(
    conn: &Connection,
    id: &WriterId,
    roster: &WriterId,
) -> rusqlite::Result<Result<(), &'static str>> {
    let size = |n: u32| -> rusqlite::Result<Option<i64>> {
        conn.prepare_cached("SELECT size FROM logs WHERE writer = ?1")?
            .query_row([n], |row| row.get(0))
            .optional()
    };
    if is_kept(conn)? && size(roster.n)?.is_none() {
        return Ok(Err("the roster of the logs is gone"));
    }
    let noted: Option<i64> = conn
        .prepare_cached("SELECT size FROM rostered WHERE writer = ?1")?
        .query_row([id.n], |row| row.get(0))
        .optional()?;
    Ok(match (noted, size(id.n)?) {
        (Some(_), None) => Err("it is gone: the roster tells of it"),
        (Some(noted), Some(size)) if size < noted => Err("it has fewer entries than the roster tells of"),
        _ => Ok(()),
    })
}

/// Whether somebody has begun the roster: then there must be one.
pub(super) fn is_kept(conn: &Connection) -> rusqlite::Result<bool> {
    let said: Option<String> =
        conn.query_row("SELECT value FROM meta WHERE name = 'roster'", [], |row| row.get(0)).optional()?;
    Ok(said.as_deref() == Some("kept"))
}

/// Enters a writer that is about to append this payload, its life's first, to a log that has `size` entries.
///
/// Time, mode and principal are the entry's own: the roster needs no clock, and names whoever caused the log. Gives the
/// roster's new checkpoint.
pub(super) fn enter(
    conn: &Connection,
    key: &dyn Signer,
    roster: &WriterId,
    own: &WriterId,
    size: u64,
    payload: &[u8],
) -> Result<String, Failure> {
    let first = Entry::from_payload(payload).map_err(|e| Failure::Other(format!("the first entry: {e}")))?;
    let found = head::load(conn, roster, &key.verifier())?;
    let mut tree = found.map_err(|what| Failure::Other(format!("log `{}`: {what}", roster.origin)))?;
    let begins = tree.size() == 0;
    let mut append = |word: &str,
                      reason: &str,
                      log: Value,
                      heads: Vec<Value>,
                      at: &Entry|
     -> Result<(), Failure> {
        let index = tree.size();
        let origin = log.get("origin").and_then(Value::as_str).unwrap_or_default();
        let of = |member: &str| at.body.get(member).cloned().unwrap_or_default();
        let (mode, principal) = (of("mode"), of("principal"));
        let entry = Entry {
            kind: Kind::Operator,
            origin: roster.origin.clone(),
            attempt: format!("roster-{index}"),
            time: at.time.clone(),
            action: Digest::of("lastlook/log/v1", &[origin.as_bytes()]),
            body: json!({
                "as": word, "reason": reason, "log": log, "heads": heads, "mode": mode, "by": principal, "principal": principal,
            }),
        };
        let payload = entry.to_payload().map_err(|e| Failure::Other(format!("the roster: {e}")))?;
        let leaf = leaf_of_payload(&payload);
        let seq = row::seq(roster.n, index)
            .ok_or_else(|| Failure::Other("the roster cannot grow any further".into()))?;
        conn.prepare_cached(
            "INSERT INTO entries (seq, attempt, kind, leaf, payload) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![seq, entry.attempt, entry.kind.as_str(), leaf.as_bytes(), payload])?;
        tree.push(leaf);
        Ok(())
    };
    for (n, origin) in unlisted(conn)? {
        let leaf = first_leaf(conn, n)?
            .ok_or_else(|| Failure::Other(format!("log `{origin}` has no first entry")))?;
        let log = json!({ "origin": origin, "first": leaf.to_hex() });
        append("log-found", "this log began without the roster", log, Vec::new(), &first)?;
        note(conn, n, 0)?;
    }
    if !is_kept(conn)? {
        conn.execute("UPDATE meta SET value = 'kept' WHERE name = 'roster'", [])?;
    }
    let leaf = if size == 0 { Some(leaf_of_payload(payload)) } else { first_leaf(conn, own.n)? };
    let leaf = leaf.ok_or_else(|| Failure::Other(format!("log `{}` has no first entry", own.origin)))?;
    let log = json!({ "origin": own.origin, "first": leaf.to_hex() });
    let mut said = match size {
        0 => ("log-opened", "a writer began this log"),
        _ => TAKEN_UP,
    };
    loop {
        let (heads, all) = grown(conn, key, roster)?;
        let written = heads
            .iter()
            .map(|(_, head)| json!({ "origin": head.origin, "size": head.size, "root": head.root.to_hex() }));
        append(said.0, said.1, log.clone(), written.collect(), &first)?;
        for (n, head) in &heads {
            note(conn, *n, head.size)?;
        }
        // What is left over is the next writer's to note; but a roster that begins an era notes all of the earlier ones.
        if !begins || all || heads.is_empty() {
            break;
        }
        said = TAKEN_UP;
    }
    if size == 0 {
        note(conn, own.n, 0)?;
    }
    let checkpoint = Checkpoint { origin: roster.origin.clone(), size: tree.size(), root: tree.root() };
    let signed = sign_checkpoint(key, &checkpoint)
        .map_err(|e| Failure::Unsigned(format!("{}: {e}; hint: look at whoever holds that key", e.code())))?;
    head::save(conn, roster, &tree, &signed)?;
    Ok(signed)
}

/// The logs that no writer entered: they are older than the roster, or of a program that knew of none.
fn unlisted(conn: &Connection) -> rusqlite::Result<Vec<(u32, String)>> {
    let all: rusqlite::Result<Vec<(u32, String)>> = conn
        .prepare_cached(
            "SELECT writer, origin FROM logs WHERE size > 0 AND writer NOT IN (SELECT writer FROM rostered) ORDER BY writer",
        )?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect();
    Ok(all?.into_iter().filter(|(_, origin)| !roster::is_roster(origin)).collect())
}

fn first_leaf(conn: &Connection, writer: u32) -> rusqlite::Result<Option<Hash>> {
    conn.prepare_cached("SELECT leaf FROM entries WHERE seq = ?1")?
        .query_row([row::seq(writer, 0)], |row| row::hash(row, 0))
        .optional()
}

/// The heads that are larger than when they were noted last. One that its key does not vouch for is passed over: whoever
/// takes that log up, or verifies the state, says so. Besides, whether these are all.
fn grown(
    conn: &Connection,
    key: &dyn Signer,
    roster: &WriterId,
) -> rusqlite::Result<(Vec<(u32, Checkpoint)>, bool)> {
    let notes: rusqlite::Result<Vec<(u32, String)>> = conn
        .prepare_cached(
            "SELECT l.writer, l.note FROM logs l LEFT JOIN rostered r ON r.writer = l.writer
             WHERE l.writer <> ?1 AND l.size > coalesce(r.size, 0) ORDER BY l.writer LIMIT ?2",
        )?
        .query_map(params![roster.n, HEADS as i64], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect();
    let verifier = [key.verifier()];
    let notes = notes?;
    let all = notes.len() < HEADS;
    let heads = notes.into_iter().filter_map(|(n, note)| Some((n, open_checkpoint(&note, &verifier).ok()?)));
    Ok((heads.collect(), all))
}

fn note(conn: &Connection, writer: u32, size: u64) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT INTO rostered (writer, size) VALUES (?1, ?2)
         ON CONFLICT (writer) DO UPDATE SET size = max(size, excluded.size)",
    )?
    .execute(params![writer, i64::try_from(size).unwrap_or(i64::MAX)])?;
    Ok(())
}
