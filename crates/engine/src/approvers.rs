//! Approvers: the people whose word on a held action counts, each with a key of their own.
//!
//! The store keeps what was signed, and nothing of it is believed: [`load`] gives it to the rules of the ledger
//! ([`Registry::of`]), which verify every introduction back to the first approver, who introduced themselves, and every
//! removal. One altered row refuses them all, because somebody who altered one may have altered any.

mod change;
mod error;
mod load;
#[cfg(test)]
mod spelling;
#[cfg(test)]
mod tests;

use lastlook_ledger::approval::Entity;
use lastlook_store::{Store, StoreError};

pub use change::{Newcomer, Signer, add, check_name, removable, remove};
pub use error::{ChangeError, RegistryError};
pub use lastlook_ledger::approval::{Approver, Registry, Removed, Why};
pub use load::load;

/// Whether this names a group that an approver can be in: an entity that is no user.
pub fn is_group(text: &str) -> bool {
    Entity::parse(text).is_some_and(|entity| entity.is_group())
}

/// The store's name for how often approvers were added or removed.
const CHANGES: &str = "approver-changes";

/// The store's name for the signed removal of an approver.
fn removal_mark(name: &str) -> String {
    format!("approver-removal/{name}")
}

fn changes(store: &dyn Store) -> Result<Option<String>, StoreError> {
    store.mark(CHANGES)
}
