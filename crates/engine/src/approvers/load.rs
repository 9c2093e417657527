//! From rows to a registry: nothing is believed that was not signed.

use lastlook_ledger::approval::{Introduction, Registry, Removal, SignedIntroduction, SignedRemoval};
use lastlook_store::{ApproverRow, Store};

use super::{RegistryError, changes, removal_mark};
use crate::clock;

/// How often everything is read again because it changed meanwhile.
const TRIES: usize = 16;

/// What the store says of one approver.
pub(super) struct Stored {
    pub row: ApproverRow,
    pub removal: Option<String>,
}

/// Reads all approvers of a store, and verifies how each became one.
///
/// # Errors
///
/// The store cannot be read, or what it says was not signed by whom it says: then nobody is an approver.
pub fn load(store: &dyn Store) -> Result<Registry, RegistryError> {
    for _ in 0..TRIES {
        let before = changes(store)?;
        let rows = store.approvers()?;
        let mut stored = Vec::with_capacity(rows.len());
        for row in rows {
            let removal = store.mark(&removal_mark(&row.name))?;
            stored.push(Stored { row, removal });
        }
        if changes(store)? == before {
            return registry(&stored, before.as_deref(), own_state(store)?.as_deref());
        }
    }
    Err(RegistryError::Moving)
}

/// The name of the state that a log with this origin belongs to: its first two steps.
pub(super) fn state_in(origin: &str) -> Option<String> {
    let (first, rest) = origin.split_once('/')?;
    Some(format!("{first}/{}", rest.split_once('/')?.0))
}

/// The name of the store's own state.
fn own_state(store: &dyn Store) -> Result<Option<String>, RegistryError> {
    let origin = match store.writer() {
        Some(writer) => Some(writer.origin.clone()),
        None => store.origins()?.into_iter().next(),
    };
    Ok(origin.and_then(|origin| state_in(&origin)))
}

/// The registry that these rows make, after so many changes, in the state of this name where that is known.
pub(super) fn registry(
    stored: &[Stored],
    changes: Option<&str>,
    state: Option<&str>,
) -> Result<Registry, RegistryError> {
    let said = stored.len().saturating_add(stored.iter().filter(|one| one.removal.is_some()).count());
    let counted = changes.map_or(Some(0), |text| text.parse::<usize>().ok());
    if counted != Some(said) {
        return Err(RegistryError::Missing);
    }
    let mut introductions = Vec::with_capacity(stored.len());
    let mut removals = Vec::new();
    for one in stored {
        let (introduction, removal) = read(one)?;
        introductions.push(introduction);
        removals.extend(removal);
    }
    Ok(Registry::of(&introductions, &removals, state)?)
}

/// Reads a row, and compares what stands beside the signed parts with them. Nothing is verified yet.
fn read(stored: &Stored) -> Result<(SignedIntroduction, Option<SignedRemoval>), RegistryError> {
    let Stored { row: ApproverRow { name, since_ns, removed_ns, detail }, removal } = stored;
    let altered = |what| RegistryError::Altered { name: name.clone(), what };
    let unreadable = |error| RegistryError::Unreadable { name: name.clone(), error };
    let introduction = SignedIntroduction::from_bytes(detail).map_err(unreadable)?;
    let Introduction { name: said, time, .. } = introduction.claimed();
    if said != name {
        return Err(altered("their introduction is another's"));
    }
    if clock::ns_of(time) != Some(*since_ns) {
        return Err(altered("they are not there since they were introduced"));
    }
    let removal = match (removal, removed_ns) {
        (None, None) => None,
        (Some(text), Some(at_ns)) => {
            let signed = SignedRemoval::from_bytes(text.as_bytes()).map_err(unreadable)?;
            let Removal { name: said, time, .. } = signed.claimed();
            if said != name || clock::ns_of(time) != Some(*at_ns) {
                return Err(altered("their removal is another's, or of another time"));
            }
            Some(signed)
        }
        (Some(_), None) => return Err(altered("they were removed, and their row does not say so")),
        (None, Some(_)) => return Err(altered("nobody signed their removal")),
    };
    Ok((introduction, removal))
}
