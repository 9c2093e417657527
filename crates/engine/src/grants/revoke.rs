//! Taking a grant back.

use std::collections::BTreeSet;

use lastlook_kernel::Principal;
use lastlook_store::{
    AttemptState, Commit, CommitError, GrantRow, Lookup, Precondition, StateDir, Store, Write,
};

use super::GrantError;
use super::give::entry;
use crate::{clock, standing};

/// What taking a grant back achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Nothing runs on it.
    Prevented,
    /// These attempts had passed the gate on it, or nobody knows that they had not: they are under way, or have ended since.
    InFlight(Vec<String>),
}

/// The grant with this id, or the only one whose id starts so.
///
/// # Errors
///
/// There is none, or there are several.
pub fn find(store: &dyn Store, id: &str) -> Result<GrantRow, GrantError> {
    match store.grant(id)? {
        Lookup::Found(row) => Ok(row),
        Lookup::Missing => Err(GrantError::Missing(id.to_owned())),
        Lookup::Ambiguous(found) => Err(GrantError::Ambiguous { id: id.to_owned(), found }),
    }
}

/// Takes a grant back: durable first, then through every gate of this state.
///
/// Nobody has to prove who they are for it: it can only prevent. What was taken back already is taken back once more: the
/// first time nobody may have been told.
///
/// # Errors
///
/// There is no such grant, or the store cannot write.
pub async fn revoke(
    store: &dyn Store,
    state: &StateDir,
    id: &str,
    reason: &str,
    by: &Principal,
) -> Result<(GrantRow, Taken), GrantError> {
    let row = find(store, id)?;
    // Before: what had ended by then was no longer to be stopped, and whoever is armed later stands in the second list.
    let ended: BTreeSet<String> =
        store.uses_of(&row.id)?.into_iter().filter(|row| !row.state.is_open()).map(|row| row.id).collect();
    if row.revoked_ns.is_none() {
        let grant = row.id.clone();
        let commit = Commit {
            when: vec![Precondition::GrantStands { grant: grant.clone() }],
            writes: vec![Write::RevokeGrant { grant, at_ns: clock::unix_ns() }],
            entries: vec![entry(store, &row, "grant-revoked", reason, by, false)?],
            vital: true,
        };
        match make_durable(store, commit).await {
            // Somebody else took it back just now.
            Ok(()) | Err(CommitError::Precondition { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let past = standing::shut(state)?;
    // INVARIANT(all-uses): nothing was armed on it after the commit, so that all who ever were stand here.
    let passed: Vec<String> = store
        .uses_of(&row.id)?
        .into_iter()
        .filter(|used| !ended.contains(&used.id) && (past.contains(&used.id) || may_have_run(used.state)))
        .map(|used| used.id)
        .collect();
    Ok((row, if passed.is_empty() { Taken::Prevented } else { Taken::InFlight(passed) }))
}

/// Whether an attempt that stands on no list has passed the gate before, or may have, by its own row.
fn may_have_run(state: AttemptState) -> bool {
    match state {
        AttemptState::Armed | AttemptState::Refused => false,
        AttemptState::Succeeded | AttemptState::Failed | AttemptState::Unknown => true,
    }
}

pub(super) async fn make_durable(store: &dyn Store, commit: Commit) -> Result<(), CommitError> {
    let ended = || CommitError::Unavailable("the store's writer has ended".to_owned());
    store.commit(commit).await.unwrap_or_else(|_| Err(ended())).map(|_| ())
}
