//! How long values are kept: removed when they are old enough, by a running boundary or by an operator.

use std::sync::{Arc, Weak};
use std::time::Duration;

use lastlook_kernel::{After, Source, Step};
use lastlook_store::{Prune, Pruned, Pruner, StateDir, StateError};

use crate::boundary::Boundary;
use crate::clock;
use crate::config::Config;

/// How long a running boundary waits between two rounds, at most.
const BETWEEN_ROUNDS: Duration = Duration::from_secs(10 * 60);
/// Between two batches, so that nobody waits for them.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);

/// How old what may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    values: Duration,
    /// How far back rules look for steps by their arguments; `None`: for ever.
    steps: Option<Duration>,
}

impl Kept {
    /// Values may be this old; arguments of steps as old as some rule looks back, too.
    pub fn new(config: Option<&Config>, values: Duration) -> Kept {
        let Some(config) = config else { return Kept { values, steps: None } };
        let of_step = |step: &Step| step.matching.is_some().then_some(step.within);
        let after = config.guards.values().flat_map(|guard| &guard.after).filter_map(|after| match after {
            After::Step(step) => of_step(step),
            After::Procedure(_) => None,
        });
        let procedures =
            config.procedures.values().flat_map(|procedure| &procedure.steps).filter_map(of_step);
        // A ledger fact shows the last attempt's arguments.
        let facts = config.facts.values().filter_map(|fact| match &fact.source {
            Source::Ledger { within, .. } => Some(*within),
            _ => None,
        });
        let steps = after.chain(procedures).chain(facts).try_fold(values, |most, back| Some(most.max(back?)));
        Kept { values, steps }
    }

    /// What is too old at this instant.
    pub fn now(&self) -> Prune {
        let ago = |age: Duration| {
            clock::unix_ns().saturating_sub(i64::try_from(age.as_nanos()).unwrap_or(i64::MAX))
        };
        Prune { before_ns: ago(self.values), steps_before_ns: self.steps.map_or(i64::MIN, ago) }
    }
}

/// Removes all that is too old, in small batches.
///
/// # Errors
///
/// The database cannot be written.
pub fn all(pruner: &mut Pruner, what: Prune) -> Result<Pruned, StateError> {
    let mut sum = Pruned::default();
    loop {
        let Pruned { entries, steps, requests, kept, more } = pruner.prune(what)?;
        sum = Pruned {
            entries: sum.entries + entries,
            steps: sum.steps + steps,
            requests: sum.requests + requests,
            kept,
            more: false,
        };
        if !more {
            return Ok(sum);
        }
        std::thread::sleep(BETWEEN_BATCHES);
    }
}

/// Removes what is too old for as long as the boundary lives, by the rules in force at each time.
pub async fn keep_to(boundary: Weak<Boundary>) {
    while let Some(alive) = boundary.upgrade() {
        let book = alive.rulebook();
        let state = Arc::clone(&alive.state);
        drop(alive);
        let age = book.config.as_ref().and_then(|config| config.keep_values);
        if let Some(age) = age {
            let what = Kept::new(book.config.as_ref(), age).now();
            let mut removed = 0;
            // Each batch by itself: the end of the boundary waits for one at most.
            while let Some(more) = batch(Arc::clone(&state), what, &mut removed).await {
                if !more {
                    break;
                }
                tokio::time::sleep(BETWEEN_BATCHES).await;
            }
            if removed > 0 {
                tracing::info!("the values of {removed} entries that were older than {age:?} are removed");
            }
        }
        tokio::time::sleep(age.map_or(BETWEEN_ROUNDS, |age| (age / 10).clamp(LEAST, BETWEEN_ROUNDS))).await;
    }
}

/// Removes one batch; whether there may be more, nothing if it failed.
async fn batch(state: Arc<StateDir>, what: Prune, removed: &mut u64) -> Option<bool> {
    let done = tokio::task::spawn_blocking(move || {
        let mut pruner = Pruner::open(&state)?;
        let pruned = pruner.prune(what)?;
        if !pruned.more && pruned.entries + pruned.steps + pruned.requests > 0 && !pruner.empty_log() {
            tracing::debug!("others use the write-ahead log, in which removed values may still stand");
        }
        Ok::<_, StateError>(pruned)
    });
    match done.await.ok()? {
        Ok(pruned) => {
            *removed += pruned.entries;
            Some(pruned.more)
        }
        Err(error) => {
            tracing::warn!("old values could not be removed: {error}");
            None
        }
    }
}

/// The least time between two rounds.
const LEAST: Duration = Duration::from_secs(1);
