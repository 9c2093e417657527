//! The transaction in which one key hands over to the next.

use lastlook_ledger::{
    Checkpoint, Handover, Signer, cosign_checkpoint, handover::MAX_HANDOVER_BYTES, leaf_of_payload,
    sign_checkpoint, tree::Tree,
};
use rusqlite::{Connection, params};

use super::apply::Tx;
use super::{head, roster as rosters, schema};
use crate::state::{Rotation, StateError, StatePaths, Step};
use crate::{Commit, WriterId};
use lastlook_ledger::Why;

/// Why there was no handover, as far as anybody knows.
pub(crate) enum Failed {
    /// There was none.
    Before(StateError),
    /// The answer to the commit was lost.
    Unknown(StateError),
}

/// Makes the handover, its entry, the signatures of the new key on every log's head and the record of the new key durable
/// together. No other writer signs anything meanwhile: each does so in a transaction of its own.
pub(crate) fn commit(
    paths: &StatePaths,
    (id, roster): (&WriterId, &WriterId),
    old: &dyn Signer,
    new: &dyn Signer,
    rotation: &Rotation<'_>,
) -> Result<String, Failed> {
    let sql = |e: rusqlite::Error| schema::state_error(paths, &e);
    let begin = || -> Result<Connection, rusqlite::Error> {
        let conn = schema::connect(&paths.database, false)?;
        conn.execute_batch("BEGIN IMMEDIATE")?;
        Ok(conn)
    };
    let conn = begin().map_err(sql).map_err(Failed::Before)?;
    let note = write(&conn, paths, (id, roster), old, new, rotation).map_err(Failed::Before)?;
    (rotation.after)(Step::Signed);
    conn.execute_batch("COMMIT").map_err(sql).map_err(Failed::Unknown)?;
    Ok(note)
}

fn write(
    conn: &Connection,
    paths: &StatePaths,
    (id, roster): (&WriterId, &WriterId),
    old: &dyn Signer,
    new: &dyn Signer,
    rotation: &Rotation<'_>,
) -> Result<String, StateError> {
    let sql = |e: rusqlite::Error| schema::state_error(paths, &e);
    let failed = |what: String| StateError::NotRotated { what };
    let altered = |origin: &str, what: &str| StateError::LogAltered {
        path: paths.database.clone(),
        origin: origin.to_owned(),
        what: what.to_owned(),
    };
    let mut logs: Vec<(WriterId, Tree)> = Vec::new();
    for log in writers(conn).map_err(sql)? {
        let tree = head::load(conn, &log, &old.verifier()).map_err(sql)?;
        let tree = tree.map_err(|what| altered(&log.origin, what))?;
        logs.push((log, tree));
    }
    let mut heads: Vec<Checkpoint> =
        logs.iter().filter(|(_, tree)| tree.size() > 0).map(|(log, tree)| at(log, tree)).collect();
    heads.sort_by(|one, other| one.origin.cmp(&other.origin));
    let handover = Handover {
        why: rotation.why,
        time: rotation.time.clone(),
        old: old.verifier(),
        new: new.verifier(),
        logs: heads,
    };
    let note = handover.sign(old, new).map_err(|e| failed(e.to_string()))?;
    if note.len() > MAX_HANDOVER_BYTES {
        return Err(failed(format!("it has {} logs, and a handover has no room for so many", logs.len())));
    }
    // Nobody signs what no verifier would read.
    Handover::open(note.as_bytes()).map_err(|e| failed(e.to_string()))?;
    for (log, tree) in logs.iter().filter(|(log, tree)| log.n != id.n && tree.size() > 0) {
        let head = at(log, tree);
        let signed = match rotation.why {
            Why::Rotated => cosign_checkpoint(&[old, new], &head),
            Why::Compromised => sign_checkpoint(new, &head),
        };
        head::save(conn, log, tree, &signed.map_err(|e| failed(e.to_string()))?).map_err(sql)?;
    }
    let entry = (rotation.entry)(id, &note, &new.verifier()).map_err(failed)?;
    let leaf = leaf_of_payload(&entry.payload);
    let mut tree = logs.into_iter().find(|(log, _)| log.n == id.n).map_or_else(Tree::new, |(_, tree)| tree);
    rosters::enter(conn, new, roster, id, tree.size(), &entry.payload)
        .map_err(|e| e.in_state(paths, failed))?;
    let commit = Commit { entries: vec![entry], vital: true, ..Commit::default() };
    let applied = Tx { conn, id, fault: None }.apply(&commit, &[leaf], &mut tree);
    applied.map_err(|e| e.in_state(paths, failed))?.map_err(|e| failed(e.to_string()))?;
    let signed = sign_checkpoint(new, &at(id, &tree)).map_err(|e| failed(e.to_string()))?;
    head::save(conn, id, &tree, &signed).map_err(sql)?;
    let record = || -> rusqlite::Result<()> {
        let number: i64 =
            conn.query_row("SELECT count(*) FROM meta WHERE name GLOB 'handover-*'", [], |row| row.get(0))?;
        let name = format!("handover-{:06}", number + 1);
        conn.execute("INSERT INTO meta (name, value) VALUES (?1, ?2)", params![name, note])?;
        let verifier = new.verifier().to_string();
        conn.execute("UPDATE meta SET value = ?1 WHERE name = 'verifier'", [verifier])?;
        Ok(())
    };
    record().map_err(sql)?;
    Ok(note)
}

fn at(log: &WriterId, tree: &Tree) -> Checkpoint {
    Checkpoint { origin: log.origin.clone(), size: tree.size(), root: tree.root() }
}

fn writers(conn: &Connection) -> rusqlite::Result<Vec<WriterId>> {
    let mut logs = conn.prepare("SELECT writer, origin FROM logs ORDER BY writer")?;
    let logs = logs.query_map([], |row| Ok(WriterId { n: row.get(0)?, origin: row.get(1)? }))?;
    logs.collect()
}

/// The verifier key on record.
pub(crate) fn recorded(paths: &StatePaths) -> Result<String, StateError> {
    let conn = schema::connect_checked(paths)?;
    schema::recorded(&conn).map_err(|e| schema::state_error(paths, &e))
}

/// The handovers, oldest first.
pub(crate) fn list(paths: &StatePaths) -> Result<Vec<String>, StateError> {
    let conn = schema::connect_checked(paths)?;
    let list = || -> rusqlite::Result<Vec<String>> {
        let mut rows = conn.prepare("SELECT value FROM meta WHERE name GLOB 'handover-*' ORDER BY name")?;
        rows.query_map([], |row| row.get(0))?.collect()
    };
    list().map_err(|e| schema::state_error(paths, &e))
}
