//! Grants as people see them: what was signed, whether it counts, and how much of it is used.

use lastlook_canon::Digest;
use lastlook_kernel::{Amount, ToolName};
use lastlook_ledger::approval::{Grant, SignedGrant};
use lastlook_store::{GrantRow, LimitWindow, Store};

use super::{GrantError, counts, sum_key, uses_key};
use crate::approvers::{self, Registry};
use crate::config::Config;
use crate::{clock, standing};

/// One grant as it stands.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its row.
    pub row: GrantRow,
    /// What it says; nothing when that cannot be read. Proven only where `counts` says so.
    pub said: Option<Grant>,
    /// Whether it counts, as far as can be said without asking the server; else why not.
    pub counts: Result<(), String>,
    /// For how many actions it was used, and how many of those are under way.
    pub uses: (Amount, Amount),
    /// How much of its limit was used, and how much is reserved by what is under way.
    pub sum: (Amount, Amount),
}

/// All grants, oldest first.
///
/// # Errors
///
/// The record cannot be read.
pub fn list(store: &dyn Store, config: Option<&Config>) -> Result<Vec<Listed>, GrantError> {
    let registry = approvers::load(store);
    let rows = store.grants()?;
    rows.into_iter().map(|row| one(store, registry.as_ref().ok(), config, row)).collect()
}

/// The grant of one row.
///
/// # Errors
///
/// The record cannot be read.
pub fn listed(store: &dyn Store, config: Option<&Config>, row: GrantRow) -> Result<Listed, GrantError> {
    let registry = approvers::load(store);
    one(store, registry.as_ref().ok(), config, row)
}

fn one(
    store: &dyn Store,
    registry: Option<&Registry>,
    config: Option<&Config>,
    row: GrantRow,
) -> Result<Listed, GrantError> {
    let used = |key: String| -> Result<(Amount, Amount), GrantError> {
        let (spent, reserved) = store.limit(&key, LimitWindow::Fixed, clock::unix_ns())?;
        Ok((Amount::from_units(spent), Amount::from_units(reserved)))
    };
    let epoch = standing::epoch(store)?;
    let counted = match registry {
        None => Err("who is an approver is not known".to_owned()),
        Some(registry) => counts(store, registry, &row, epoch),
    };
    let (uses, sum) = (used(uses_key(&row.id))?, used(sum_key(&row.id))?);
    let counts = counted.and_then(|grant| {
        if let Some(config) = config {
            let tool = ToolName::new(&grant.said.upstream, &grant.said.tool);
            let on = config.guards.values().filter(|guard| guard.on.contains(&tool));
            let guards: Vec<Digest> = on.map(|guard| config.guard_digest(guard)).collect();
            if grant.said.is_under(&guards).is_err() {
                return Err("a guard it was given under has changed".to_owned());
            }
        }
        match grant.said.uses {
            Some(most) if uses.0 >= Amount::of_count(most) => Err("it is used up".to_owned()),
            _ => Ok(()),
        }
    });
    let said = SignedGrant::from_bytes(&row.detail).ok().map(|signed| signed.claimed().clone());
    Ok(Listed { row, said, counts, uses, sum })
}
