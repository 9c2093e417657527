//! Approvers: the people whose word on a held action counts, each with a key of their own.
//!
//! The store keeps what was signed, and nothing of it is believed: [`Registry::load`] verifies every introduction back to
//! the first approver, who introduced themselves, and every removal. One altered row refuses them all, because somebody who
//! altered one may have altered any.

mod change;
mod error;
mod load;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use lastlook_kernel::{entity_normal, entity_text, entity_type};
use lastlook_ledger::approval::{ApprovalError, ApproverPublic, SignedGrant, SignedStatement};
use lastlook_store::{Store, StoreError};

use crate::clock;

pub use change::{Newcomer, Signer, add, check_name, removable, remove};
pub use error::{ChangeError, RegistryError, Why};

/// How far a statement's clock may be ahead of ours.
pub const AHEAD_TOLERATED_NS: i64 = 5 * 60 * 1_000_000_000;
/// The type of the entities that approvers are: `User::"ada"`.
const USER: &str = "User";

/// Everybody who is or was an approver of one state, all signatures verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    by_name: BTreeMap<String, Approver>,
    /// The name of the state's key, as the first introduction has it.
    state: Option<String>,
}

/// One approver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approver {
    /// Their name, which is never another's.
    pub name: String,
    /// Their public key.
    pub key: ApproverPublic,
    /// The Cedar entities they belong to, such as `Role::"finance"`.
    pub groups: Vec<String>,
    /// Since when: nanoseconds since the Unix epoch.
    pub since_ns: i64,
    /// Who introduced them; themselves, for the first.
    pub by: String,
    /// How it ended, if it did.
    pub removed: Option<Removed>,
}

/// How an approver stopped being one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// When: nanoseconds since the Unix epoch.
    pub at_ns: i64,
    /// Who signed it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Registry {
    /// Reads all approvers, and verifies how each became one.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or what it says was not signed by whom it says: then nobody is an approver.
    pub fn load(store: &dyn Store) -> Result<Registry, RegistryError> {
        load::load(store)
    }

    /// The approver of this name, if there is one and they were not removed.
    pub fn approver(&self, name: &str) -> Option<&Approver> {
        self.by_name.get(name).filter(|approver| approver.removed.is_none())
    }

    /// Whether there is or was an approver of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Everybody who is or was an approver, by name.
    pub fn all(&self) -> impl Iterator<Item = &Approver> {
        self.by_name.values()
    }

    /// Everybody who is one now, by name.
    pub fn active(&self) -> impl Iterator<Item = &Approver> {
        self.all().filter(|approver| approver.removed.is_none())
    }

    /// Whose word this is, if it is one of an approver's and counts as theirs at `now_ns` (nanoseconds since the epoch).
    ///
    /// Whether it is about the right request, and has not expired, is for the caller to see.
    pub fn verify(&self, signed: &SignedStatement, now_ns: i64) -> Result<&Approver, Why> {
        let said = signed.claimed();
        self.whose(&said.approver, &said.time, now_ns, |key| signed.verify(key).map(|_| ()))
    }

    /// Whose grant this is, by the same rules.
    pub fn verify_grant(&self, signed: &SignedGrant, now_ns: i64) -> Result<&Approver, Why> {
        let said = signed.claimed();
        self.whose(&said.approver, &said.time, now_ns, |key| signed.verify(key).map(|_| ()))
    }

    /// The name of the key of the state that all of them were introduced in; nothing while there is nobody.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The approver who said something at a time, if it is theirs and counts at `now_ns`.
    fn whose(
        &self,
        name: &str,
        time: &str,
        now_ns: i64,
        verify: impl FnOnce(&ApproverPublic) -> Result<(), ApprovalError>,
    ) -> Result<&Approver, Why> {
        let own = || name.to_owned();
        let approver = self.by_name.get(name).ok_or_else(|| Why::Unknown(own()))?;
        if approver.removed.is_some() {
            return Err(Why::Removed(own()));
        }
        verify(&approver.key).map_err(|_| Why::Signature(own()))?;
        let said_ns = clock::ns_of(time).ok_or_else(|| Why::Future(own()))?;
        if said_ns < approver.since_ns {
            return Err(Why::BeforeApprover(own()));
        }
        if said_ns > now_ns.saturating_add(AHEAD_TOLERATED_NS) {
            return Err(Why::Future(own()));
        }
        Ok(approver)
    }

    /// Whether this approver may give the approval that a guard wants `by` a Cedar entity: that of a group they belong to,
    /// such as `Role::"finance"`, or their own, `User::"ada"`.
    pub fn may(&self, approver: &Approver, by: &str) -> bool {
        let Some(by) = entity_normal(by) else { return false };
        let own = entity_normal(&entity_text(USER, &approver.name));
        // INVARIANT(approver): whoever was removed, or is another registry's, may nothing.
        self.approver(&approver.name) == Some(approver)
            && (own.as_ref() == Some(&by)
                || approver.groups.iter().any(|group| entity_normal(group).as_ref() == Some(&by)))
    }
}

/// Whether this names a group that an approver can be in: an entity that is no user.
///
/// A user as a group would let one person approve in another's name.
pub fn is_group(text: &str) -> bool {
    entity_type(text).is_some_and(|kind| kind != USER)
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
