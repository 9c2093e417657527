//! How much of a limit is used, at a cost that does not grow with how often it was.
//!
//! A limit's row holds running totals, its reservations numbers that grow with their time. What was spent under a
//! sliding window stays, by number, until it has left the window for good; a run of [`RUN`] numbers is summed up beside
//! it, so that what has left by some instant is the sum of whole runs and of a part of one. Looking writes nothing:
//! rows are dropped by a later reservation, a few at a time.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params, types::Type};

use super::failure::Failure;
use crate::LimitWindow;

/// How many numbers are summed up together; few in tests, so that short histories have several runs.
const RUN: i64 = if cfg!(test) { 8 } else { 1024 };
/// Every how many reservations rows are dropped…
const DROP_EVERY: i64 = if cfg!(test) { 4 } else { 16 };
/// …and how many at most: more than came in, so that what was left lying is caught up with.
const DROP_AT_MOST: i64 = if cfg!(test) { 6 } else { 64 };

/// A limit's row.
struct Limit {
    id: i64,
    /// How long what was spent counts; nothing: for ever.
    length: Option<i64>,
    /// The time of the latest reservation.
    latest_ns: i64,
    next: i64,
    /// Everything spent whose row was not dropped, even if it has left the window by now.
    spent: u128,
    reserved: u128,
}

/// What was spent and has left the window, and how much of that is in the run that has not left it whole.
#[derive(Default)]
struct Left {
    amount: u128,
    partly: Option<(i64, u128)>,
}

/// Why there is no room.
pub(super) struct NoRoom {
    pub spent: u128,
    pub reserved: u128,
    pub free_at_ns: Option<i64>,
}

/// What is spent and what is reserved at this instant.
pub(super) fn count(
    conn: &Connection,
    key: &str,
    window: LimitWindow,
    at_ns: i64,
) -> rusqlite::Result<(u128, u128)> {
    let Some(limit) = find(conn, key, window)? else { return Ok((0, 0)) };
    let left = limit.left(conn, limit.edge(at_ns))?;
    Ok((minus(limit.spent, left.amount)?, limit.reserved))
}

/// Nothing if this amount fits, else why not; `amount` is nothing when it is more than can be counted.
pub(super) fn no_room(
    conn: &Connection,
    key: &str,
    window: LimitWindow,
    at_ns: i64,
    amount: Option<u128>,
    max: u128,
) -> rusqlite::Result<Option<NoRoom>> {
    // What there may be beside the amount; nothing if it is too much by itself.
    let beside = amount.and_then(|amount| max.checked_sub(amount));
    let fits = |spent: u128, reserved: u128| {
        spent.checked_add(reserved).zip(beside).is_some_and(|(used, beside)| used <= beside)
    };
    let Some(limit) = find(conn, key, window)? else {
        return Ok((!fits(0, 0)).then_some(NoRoom { spent: 0, reserved: 0, free_at_ns: None }));
    };
    if fits(limit.spent, limit.reserved) {
        return Ok(None);
    }
    let edge = limit.edge(at_ns);
    let left = limit.left(conn, edge)?;
    let spent = minus(limit.spent, left.amount)?;
    if fits(spent, limit.reserved) {
        return Ok(None);
    }
    // Time takes away only what is spent.
    let too_much =
        beside.and_then(|beside| beside.checked_sub(limit.reserved)).and_then(|room| spent.checked_sub(room));
    let free_at_ns = match (too_much, limit.length) {
        (Some(too_much), Some(length)) => {
            limit.gone_at(conn, edge, &left, too_much)?.and_then(|at| at.checked_add(length))
        }
        _ => None,
    };
    Ok(Some(NoRoom { spent, reserved: limit.reserved, free_at_ns }))
}

/// Reserves an amount for an attempt; false if there is no such attempt.
pub(super) fn reserve(
    conn: &Connection,
    key: &str,
    window: LimitWindow,
    at_ns: i64,
    amount: u128,
    attempt: &str,
) -> Result<bool, Failure> {
    let mut limit = match find(conn, key, window)? {
        Some(limit) => limit,
        None => create(conn, key, window, at_ns)?,
    };
    limit.latest_ns = limit.latest_ns.max(at_ns);
    let n = limit.next;
    let all = limit.spent.checked_add(limit.reserved).and_then(|used| used.checked_add(amount));
    if all.is_none() {
        return Err(Failure::Other(format!("the amounts under limit `{key}` are too large to be counted")));
    }
    let reserved = conn
        .prepare_cached(
            "INSERT INTO reservations (attempt, \"limit\", n, reserved_ns, amount)
             SELECT id, ?2, ?3, ?4, ?5 FROM attempts WHERE id = ?1",
        )?
        .execute(params![attempt, limit.id, n, limit.latest_ns, amount.to_be_bytes()])?;
    if reserved == 0 {
        return Ok(false);
    }
    limit.next += 1;
    limit.reserved += amount;
    if n % DROP_EVERY == 0 {
        limit.drop_left(conn)?;
    }
    limit.save(conn)?;
    Ok(true)
}

/// Ends an attempt's reservations: what they held is spent, or given back.
pub(super) fn settle(conn: &Connection, attempt: &str, kept: bool) -> rusqlite::Result<()> {
    let mut open = conn.prepare_cached(
        "SELECT \"limit\", n, reserved_ns, amount FROM reservations WHERE attempt = ?1 ORDER BY \"limit\", n",
    )?;
    let open: Vec<(i64, i64, i64, u128)> = open
        .query_map([attempt], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, amount_in(row, 3)?)))?
        .collect::<rusqlite::Result<_>>()?;
    if open.is_empty() {
        return Ok(());
    }
    for (id, n, reserved_ns, amount) in open {
        let mut limit = conn
            .prepare_cached("SELECT id, per_ns, latest_ns, next, spent, reserved FROM limits WHERE id = ?1")?
            .query_row([id], limit_in)?;
        limit.reserved = minus(limit.reserved, amount)?;
        if kept {
            limit.count_spent(conn, n, reserved_ns, amount)?;
        }
        limit.save(conn)?;
    }
    conn.prepare_cached("DELETE FROM reservations WHERE attempt = ?1")?.execute([attempt])?;
    Ok(())
}

impl Limit {
    /// What was spent up to this instant does not count at `at_ns`; nothing if all of it does.
    fn edge(&self, at_ns: i64) -> Option<i64> {
        self.latest_ns.max(at_ns).checked_sub(self.length?)
    }

    /// Sums up what was spent up to this instant.
    fn left(&self, conn: &Connection, edge: Option<i64>) -> rusqlite::Result<Left> {
        let mut left = Left::default();
        let Some(edge) = edge else { return Ok(left) };
        let mut runs = conn.prepare_cached(
            "SELECT run, last_ns, amount FROM spent_runs WHERE \"limit\" = ?1 ORDER BY run",
        )?;
        let mut runs = runs.query([self.id])?;
        while let Some(run) = runs.next()? {
            if run.get::<_, i64>(1)? <= edge {
                left.amount = plus(left.amount, amount_in(run, 2)?)?;
                continue;
            }
            // Times never fall, so that nothing of the runs after this one has left.
            let run = run.get(0)?;
            let partly = self.left_of(conn, run, edge)?;
            left.amount = plus(left.amount, partly)?;
            left.partly = Some((run, partly));
            break;
        }
        Ok(left)
    }

    /// How much of one run was spent up to this instant.
    fn left_of(&self, conn: &Connection, run: i64, edge: i64) -> rusqlite::Result<u128> {
        let mut rows = conn.prepare_cached(
            "SELECT reserved_ns, amount FROM spent WHERE \"limit\" = ?1 AND n >= ?2 AND n < ?3 ORDER BY n",
        )?;
        let mut rows = rows.query([self.id, run * RUN, (run + 1) * RUN])?;
        let mut sum = 0;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(0)? > edge {
                break;
            }
            sum = plus(sum, amount_in(row, 1)?)?;
        }
        Ok(sum)
    }

    /// The time of the reservation with which, counted from the oldest that has not left, so much is gone.
    fn gone_at(
        &self,
        conn: &Connection,
        edge: Option<i64>,
        left: &Left,
        too_much: u128,
    ) -> rusqlite::Result<Option<i64>> {
        let edge = edge.unwrap_or(i64::MIN);
        let first = left.partly.map_or(i64::MIN, |(run, _)| run);
        let mut runs = conn.prepare_cached(
            "SELECT run, last_ns, amount FROM spent_runs WHERE \"limit\" = ?1 AND run >= ?2 ORDER BY run",
        )?;
        let mut runs = runs.query([self.id, first])?;
        let mut rest = too_much;
        while let Some(row) = runs.next()? {
            let run = row.get(0)?;
            if row.get::<_, i64>(1)? <= edge {
                continue;
            }
            let gone = left.partly.filter(|(partly, _)| *partly == run).map_or(0, |(_, amount)| amount);
            let counted = minus(amount_in(row, 2)?, gone)?;
            if counted >= rest {
                return self.gone_in(conn, run, edge, rest);
            }
            rest -= counted;
        }
        Ok(None)
    }

    /// As [`gone_at`](Self::gone_at), within one run.
    fn gone_in(
        &self,
        conn: &Connection,
        run: i64,
        edge: i64,
        mut rest: u128,
    ) -> rusqlite::Result<Option<i64>> {
        let mut rows = conn.prepare_cached(
            "SELECT reserved_ns, amount FROM spent
             WHERE \"limit\" = ?1 AND n >= ?2 AND n < ?3 AND reserved_ns > ?4 ORDER BY n",
        )?;
        let mut rows = rows.query([self.id, run * RUN, (run + 1) * RUN, edge])?;
        while let Some(row) = rows.next()? {
            rest = rest.saturating_sub(amount_in(row, 1)?);
            if rest == 0 {
                return row.get(0).map(Some);
            }
        }
        Ok(None)
    }

    /// Counts an amount as spent, unless it has left the window meanwhile.
    fn count_spent(
        &mut self,
        conn: &Connection,
        n: i64,
        reserved_ns: i64,
        amount: u128,
    ) -> rusqlite::Result<()> {
        if self.edge(self.latest_ns).is_some_and(|edge| reserved_ns <= edge) {
            return Ok(());
        }
        self.spent = plus(self.spent, amount)?;
        if self.length.is_none() {
            return Ok(());
        }
        conn.prepare_cached("INSERT INTO spent (\"limit\", n, reserved_ns, amount) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![self.id, n, reserved_ns, amount.to_be_bytes()])?;
        let run = n.div_euclid(RUN);
        let sum = conn
            .prepare_cached("SELECT amount FROM spent_runs WHERE \"limit\" = ?1 AND run = ?2")?
            .query_row([self.id, run], |row| amount_in(row, 0))
            .optional()?;
        conn.prepare_cached(
            "INSERT INTO spent_runs (\"limit\", run, last_ns, rows, amount) VALUES (?1, ?2, ?3, 1, ?4)
             ON CONFLICT DO UPDATE
             SET last_ns = max(last_ns, excluded.last_ns), rows = rows + 1, amount = excluded.amount",
        )?
        .execute(params![
            self.id,
            run,
            reserved_ns,
            plus(sum.unwrap_or(0), amount)?.to_be_bytes()
        ])?;
        Ok(())
    }

    /// Drops some of what has left the window by the latest reservation, and so will never count again.
    fn drop_left(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let Some(edge) = self.edge(self.latest_ns) else { return Ok(()) };
        let mut oldest = conn.prepare_cached(
            "SELECT n, reserved_ns, amount FROM spent WHERE \"limit\" = ?1 ORDER BY n LIMIT ?2",
        )?;
        let mut oldest = oldest.query([self.id, DROP_AT_MOST])?;
        let (mut runs, mut last) = (BTreeMap::<i64, (i64, u128)>::new(), None);
        while let Some(row) = oldest.next()? {
            let n: i64 = row.get(0)?;
            if row.get::<_, i64>(1)? > edge {
                break;
            }
            let (rows, sum) = runs.entry(n.div_euclid(RUN)).or_default();
            *rows += 1;
            *sum = plus(*sum, amount_in(row, 2)?)?;
            last = Some(n);
        }
        let Some(last) = last else { return Ok(()) };
        conn.prepare_cached("DELETE FROM spent WHERE \"limit\" = ?1 AND n <= ?2")?
            .execute([self.id, last])?;
        for (run, (rows, sum)) in runs {
            self.spent = minus(self.spent, sum)?;
            let was = conn
                .prepare_cached("SELECT amount FROM spent_runs WHERE \"limit\" = ?1 AND run = ?2")?
                .query_row([self.id, run], |row| amount_in(row, 0))?;
            conn.prepare_cached(
                "UPDATE spent_runs SET rows = rows - ?3, amount = ?4 WHERE \"limit\" = ?1 AND run = ?2",
            )?
            .execute(params![self.id, run, rows, minus(was, sum)?.to_be_bytes()])?;
            conn.prepare_cached("DELETE FROM spent_runs WHERE \"limit\" = ?1 AND run = ?2 AND rows = 0")?
                .execute([self.id, run])?;
        }
        Ok(())
    }

    fn save(&self, conn: &Connection) -> rusqlite::Result<()> {
        conn.prepare_cached(
            "UPDATE limits SET latest_ns = ?2, next = ?3, spent = ?4, reserved = ?5 WHERE id = ?1",
        )?
        .execute(params![
            self.id,
            self.latest_ns,
            self.next,
            self.spent.to_be_bytes(),
            self.reserved.to_be_bytes()
        ])?;
        Ok(())
    }
}

fn find(conn: &Connection, key: &str, window: LimitWindow) -> rusqlite::Result<Option<Limit>> {
    conn.prepare_cached(
        "SELECT id, per_ns, latest_ns, next, spent, reserved FROM limits WHERE key = ?1 AND per_ns = ?2",
    )?
    .query_row(params![key, window.length().unwrap_or(0)], limit_in)
    .optional()
}

fn create(conn: &Connection, key: &str, window: LimitWindow, at_ns: i64) -> rusqlite::Result<Limit> {
    let (length, none) = (window.length(), 0_u128.to_be_bytes());
    conn.prepare_cached(
        "INSERT INTO limits (key, per_ns, latest_ns, next, spent, reserved) VALUES (?1, ?2, ?3, 0, ?4, ?4)",
    )?
    .execute(params![key, length.unwrap_or(0), at_ns, none])?;
    Ok(Limit { id: conn.last_insert_rowid(), length, latest_ns: at_ns, next: 0, spent: 0, reserved: 0 })
}

/// Reads `id, per_ns, latest_ns, next, spent, reserved`.
fn limit_in(row: &Row<'_>) -> rusqlite::Result<Limit> {
    let per_ns: i64 = row.get(1)?;
    Ok(Limit {
        id: row.get(0)?,
        length: LimitWindow::Sliding { per_ns }.length(),
        latest_ns: row.get(2)?,
        next: row.get(3)?,
        spent: amount_in(row, 4)?,
        reserved: amount_in(row, 5)?,
    })
}

fn amount_in(row: &Row<'_>, column: usize) -> rusqlite::Result<u128> {
    row.get(column).map(u128::from_be_bytes)
}

fn plus(a: u128, b: u128) -> rusqlite::Result<u128> {
    a.checked_add(b).ok_or_else(astray)
}

fn minus(a: u128, b: u128) -> rusqlite::Result<u128> {
    a.checked_sub(b).ok_or_else(astray)
}

/// Totals and parts do not belong together: then nobody can say how much is used.
fn astray() -> rusqlite::Error {
    let what = "the amounts of a limit do not add up";
    rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, what.into())
}
