//! The transaction in which a state that was put back goes on: with a new era, and logs of its own.

use lastlook_ledger::{Checkpoint, Signer, leaf_of_payload, sign_checkpoint, tree::Tree, witness};
use rusqlite::Connection;

use super::apply::Tx;
use super::era::Era;
use super::{behind, era, head, roster, schema};
use crate::state::{Found, Restoration, StateError, StatePaths};

/// What was durable when it had committed: the era, and the signed heads of its first two logs.
pub(crate) struct Begun {
    pub era: Era,
    pub found: Found,
    pub heads: Vec<(String, String)>,
}

/// Begins an era, writes its first log's first entry and its roster's, and what else the restoration asks, all or nothing.
pub(crate) fn commit(
    paths: &StatePaths,
    state_id: &str,
    key: &dyn Signer,
    kept: Vec<Checkpoint>,
    restoration: &Restoration<'_>,
) -> Result<Begun, StateError> {
    let sql = |e: rusqlite::Error| schema::state_error(paths, &e);
    let failed = |what: String| StateError::NotRestored { what };
    let conn = schema::connect(&paths.database, false).map_err(sql)?;
    conn.execute_batch("BEGIN IMMEDIATE").map_err(sql)?;
    if schema::recorded(&conn).map_err(sql)? != key.verifier().to_string() {
        return Err(failed("the key was replaced meanwhile".into()));
    }
    let lost: Vec<Checkpoint> =
        behind::compare(&conn, kept).map_err(sql)?.lost.into_iter().map(|lost| lost.kept).collect();
    for tag in lost.iter().filter_map(|head| behind::tag_of(&head.origin)) {
        era::give_up(&conn, &tag).map_err(sql)?;
    }
    let copied = era::copied(&conn).map_err(sql)?;
    let found = Found { heads: heads(&conn).map_err(sql)?, lost, copied };
    let era = era::begin(&conn, restoration.tag).map_err(sql)?;
    let era =
        era.ok_or_else(|| failed("no number is left for another era's logs: name a new state".into()))?;
    conn.execute_batch("DELETE FROM meta WHERE name = 'copied'; UPDATE rostered SET size = 0")
        .map_err(sql)?;

    let id = era.writer(state_id, era.base.saturating_add(1));
    let commit = (restoration.commit)(&id, &found).map_err(failed)?;
    let leaves: Vec<_> = commit.entries.iter().map(|entry| leaf_of_payload(&entry.payload)).collect();
    let first = commit.entries.first().ok_or_else(|| failed("it has no entry".into()))?;
    let roster = era.roster(state_id);
    let listed = roster::enter(&conn, key, &roster, &id, 0, &first.payload);
    let listed = listed.map_err(|e| e.in_state(paths, failed))?;
    let mut tree = Tree::new();
    let applied = Tx { conn: &conn, id: &id, fault: None }.apply(&commit, &leaves, &mut tree);
    applied.map_err(|e| e.in_state(paths, failed))?.map_err(|e| failed(e.to_string()))?;
    let checkpoint = Checkpoint { origin: id.origin.clone(), size: tree.size(), root: tree.root() };
    let signed = sign_checkpoint(key, &checkpoint).map_err(|e| failed(e.to_string()))?;
    head::save(&conn, &id, &tree, &signed).map_err(sql)?;
    (restoration.after)("restored-written");
    conn.execute_batch("COMMIT").map_err(sql)?;
    (restoration.after)("restored-durable");
    Ok(Begun { era, found, heads: vec![(roster.origin, listed), (id.origin, signed)] })
}

/// The head of every log that is there, in the order of their origins.
fn heads(conn: &Connection) -> rusqlite::Result<Vec<Checkpoint>> {
    let notes: rusqlite::Result<Vec<String>> = conn
        .prepare_cached("SELECT note FROM logs WHERE size > 0 ORDER BY origin")?
        .query_map([], |row| row.get(0))?
        .collect();
    Ok(notes?.iter().filter_map(|signed| witness::claimed(signed).ok()).collect())
}
