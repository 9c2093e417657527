//! The head of one log: taken up where it ended, and only if it adds up.

use lastlook_ledger::{VerifierKey, open_checkpoint, tree::Hash, tree::Tree, witness};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::row;
use crate::WriterId;

/// Reads the tree of a writer's log and compares it with the log's signed checkpoint.
///
/// The right-hand edge is stored, so that a long log is taken up at once; should it not fit, the tree is built again
/// from the leaves. The inner error says what does not add up.
pub(super) fn load(
    conn: &Connection,
    id: &WriterId,
    key: &VerifierKey,
) -> rusqlite::Result<Result<Tree, &'static str>> {
    let stored = conn
        .prepare_cached("SELECT size, frontier, note FROM logs WHERE writer = ?1")?
        .query_row([id.n], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, String>(2)?))
        })
        .optional()?;
    let entries = count(conn, id.n)?;
    let Some((size, frontier, note)) = stored else {
        return Ok(if entries == 0 { Ok(Tree::new()) } else { Err("it has entries and no checkpoint") });
    };
    let Ok(checkpoint) = open_checkpoint(&note, std::slice::from_ref(key)) else {
        return Ok(Err("its checkpoint is not signed by this state's key"));
    };
    if checkpoint.origin != id.origin {
        return Ok(Err("its checkpoint is another log's"));
    }
    if checkpoint.size != size.unsigned_abs() || checkpoint.size != entries {
        return Ok(Err("it has more or fewer entries than its checkpoint says"));
    }
    let frontier: Option<Vec<Hash>> = frontier.chunks(32).map(Hash::from_slice).collect();
    let tree = frontier.and_then(|frontier| Tree::from_frontier(checkpoint.size, &frontier));
    if let Some(tree) = tree.filter(|tree| tree.root() == checkpoint.root) {
        return Ok(Ok(tree));
    }
    let tree = Tree::from_leaf_hashes(leaves(conn, id.n, checkpoint.size)?);
    let adds_up = tree.size() == checkpoint.size && tree.root() == checkpoint.root;
    Ok(if adds_up { Ok(tree) } else { Err("its entries do not give its checkpoint's root") })
}

/// Writes the log's new end.
pub(super) fn save(conn: &Connection, id: &WriterId, tree: &Tree, note: &str) -> rusqlite::Result<()> {
    let frontier: Vec<u8> = tree.frontier().iter().flat_map(|hash| *hash.as_bytes()).collect();
    let size = i64::try_from(tree.size()).unwrap_or(i64::MAX);
    conn.prepare_cached(
        "INSERT INTO logs (writer, origin, size, frontier, note) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (writer) DO UPDATE SET size = excluded.size, frontier = excluded.frontier, note = excluded.note",
    )?
    .execute(params![id.n, id.origin, size, frontier, note])?;
    Ok(())
}

/// How many indices the log's entries span; indices have no gaps.
fn count(conn: &Connection, writer: u32) -> rusqlite::Result<u64> {
    let (first, past) = (row::seq(writer, 0), row::seq(writer + 1, 0));
    let last: Option<i64> = conn
        .prepare_cached("SELECT max(seq) FROM entries WHERE seq >= ?1 AND seq < ?2")?
        .query_row([first, past], |row| row.get(0))?;
    Ok(last.map_or(0, |last| row::index(last) + 1))
}

/// A log's newest checkpoint.
pub(super) fn note(conn: &Connection, origin: &str) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT note FROM logs WHERE origin = ?1")?
        .query_row([origin], |row| row.get(0))
        .optional()
}

/// The root over the first `size` entries of a writer's log, which has as many.
pub(super) fn root(conn: &Connection, writer: u32, size: u64) -> rusqlite::Result<Option<Hash>> {
    let note: String = conn
        .prepare_cached("SELECT note FROM logs WHERE writer = ?1")?
        .query_row([writer], |row| row.get(0))?;
    let newest = witness::claimed(&note).ok().filter(|newest| newest.size == size);
    if let Some(newest) = newest {
        return Ok(Some(newest.root));
    }
    let tree = Tree::from_leaf_hashes(leaves(conn, writer, size)?);
    Ok((tree.size() == size).then(|| tree.root()))
}

/// Up to how many leaves the payload rows are walked; beyond, the smaller index of all logs is.
const SHORT: u64 = 2_000;

/// The leaf hashes of the first `upto` entries of a writer's log, in order.
pub(super) fn leaves(conn: &Connection, writer: u32, upto: u64) -> rusqlite::Result<Vec<Hash>> {
    let limit = 1 << super::schema::INDEX_BITS;
    let (first, past) = (row::seq(writer, 0), row::seq(writer, upto.min(limit - 1)));
    let sql = if upto <= SHORT {
        "SELECT leaf FROM entries WHERE seq >= ?1 AND seq < ?2 ORDER BY seq"
    } else {
        "SELECT leaf FROM entries INDEXED BY entries_by_attempt WHERE +seq >= ?1 AND +seq < ?2 ORDER BY +seq"
    };
    conn.prepare_cached(sql)?.query_map([first, past], |row| row::hash(row, 0))?.collect()
}
