//! Grants, and the attempts that were armed on them, in memory.

use std::collections::{BTreeMap, BTreeSet};

use super::guards::restore;
use super::held::add;
use super::model::{self, Attempts, no_attempt, unavailable};
use crate::{CommitError, GrantRow, Write};

#[derive(Default)]
pub(super) struct Grants {
    rows: BTreeMap<String, GrantRow>,
    /// Grant and attempt.
    uses: BTreeSet<(String, String)>,
}

/// How to take one change back: what stood there before.
pub(super) enum Undo {
    Grant(String, Option<GrantRow>),
    Use((String, String)),
}

impl Grants {
    pub(super) fn stands(&self, grant: &str) -> bool {
        self.rows.get(grant).is_some_and(|row| row.revoked_ns.is_none())
    }

    pub(super) fn with_prefix(&self, prefix: &str) -> Vec<GrantRow> {
        let from = self.rows.range(prefix.to_owned()..);
        from.take_while(|(id, _)| id.starts_with(prefix))
            .take(crate::api::AMBIGUOUS_LISTED)
            .map(|(_, row)| row.clone())
            .collect()
    }

    pub(super) fn all(&self) -> Vec<GrantRow> {
        // By id already.
        let mut all: Vec<_> = self.rows.values().cloned().collect();
        all.sort_by_key(|row| row.given_ns);
        all
    }

    pub(super) fn in_force(&self, upstream: &str, tool: &str, at_ns: i64) -> Vec<GrantRow> {
        let of = |row: &&GrantRow| {
            row.upstream == upstream && row.tool == tool && row.revoked_ns.is_none() && row.expires_ns > at_ns
        };
        let mut found: Vec<_> = self.rows.values().filter(of).cloned().collect();
        found.sort_by_key(|row| row.expires_ns);
        found
    }

    /// The ids of the attempts that were armed on a grant, in order.
    pub(super) fn uses(&self, grant: &str) -> impl Iterator<Item = &str> {
        let own: Vec<_> = self.uses.iter().filter(|(of, _)| of == grant).collect();
        own.into_iter().map(|(_, attempt)| attempt.as_str())
    }

    /// Makes one change.
    pub(super) fn write(
        &mut self,
        attempts: &Attempts,
        write: &Write,
        undo: &mut Vec<model::Undo>,
    ) -> Result<(), CommitError> {
        let change = match write {
            Write::GiveGrant(row) => {
                let was = add(&mut self.rows, &row.id, row)
                    .map_err(|()| unavailable(format!("grant `{}` is recorded already", row.id)))?;
                Undo::Grant(row.id.clone(), was)
            }
            Write::RevokeGrant { grant, at_ns } => {
                let missing = || unavailable(format!("grant `{grant}` is not recorded"));
                let row = self.rows.get_mut(grant).ok_or_else(missing)?;
                let was = row.clone();
                row.revoked_ns = row.revoked_ns.or(Some(*at_ns));
                Undo::Grant(grant.clone(), Some(was))
            }
            Write::UseGrant { grant, attempt } => {
                if !attempts.contains_key(attempt) {
                    return Err(no_attempt(attempt));
                }
                let key = (grant.clone(), attempt.clone());
                if !self.uses.insert(key.clone()) {
                    return Ok(());
                }
                Undo::Use(key)
            }
            _ => return Ok(()),
        };
        undo.push(model::Undo::Grant(change));
        Ok(())
    }

    pub(super) fn take_back(&mut self, undo: Undo) {
        match undo {
            Undo::Grant(id, was) => restore(&mut self.rows, id, was),
            Undo::Use(key) => drop(self.uses.remove(&key)),
        }
    }
}
