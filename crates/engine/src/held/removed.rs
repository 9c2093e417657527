//! Somebody whose word counts no more: what had passed the gate on it.

use lastlook_store::{RequestState, StateDir, Store, StoreError};

use super::say::may_have_run;
use crate::standing::{self, ShutError};

/// How many requests are read at once.
const PAGE: usize = 64;

/// Why nobody can say what had passed.
#[derive(Debug, thiserror::Error)]
pub enum ShutOutError {
    /// The record cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Some process may not have seen it yet.
    #[error(transparent)]
    Gate(#[from] ShutError),
}

impl ShutOutError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            ShutOutError::Store(error) => error.hint(),
            ShutOutError::Gate(error) => error.hint(),
        }
    }
}

/// Shuts the gates for an approver who has just been removed, durably; gives the attempts that had passed on their word.
///
/// From the answer on nothing starts on it. What is listed may still happen, may have ended since, or nobody knows; nothing is
/// promised of it. Words of others may stand beside theirs.
///
/// # Errors
///
/// The record cannot be read, or some process did not leave its gate: then something may still start.
pub fn shut_out(store: &dyn Store, state: &StateDir, approver: &str) -> Result<Vec<String>, ShutOutError> {
    // Before the gates are shut: what ends in between is still among these.
    let claimed = claimed_on_the_word_of(store, approver);
    // Shut whatever could be read.
    let past = standing::shut(state)?;
    let mut passed = Vec::new();
    for attempt in claimed? {
        // After the list: what is on it no more has its end on record by now.
        if past.contains(&attempt) || may_have_run(store, &attempt)? {
            passed.push(attempt);
        }
    }
    passed.sort();
    Ok(passed)
}

/// The attempts that run on an approval with this person's yes in it.
fn claimed_on_the_word_of(store: &dyn Store, approver: &str) -> Result<Vec<String>, StoreError> {
    let (mut attempts, mut before) = (Vec::new(), None);
    loop {
        let page = store.requests(&[RequestState::Claimed], PAGE, before)?;
        for row in &page {
            let Some(attempt) = &row.attempt else { continue };
            let is_theirs = |vote: &lastlook_store::VoteRow| vote.approver == approver && vote.approves;
            if store.votes(&row.id)?.iter().any(is_theirs) {
                attempts.push(attempt.clone());
            }
        }
        before = page.last().map(|row| (row.opened_at_ns, row.id.clone()));
        if page.len() < PAGE {
            return Ok(attempts);
        }
    }
}
