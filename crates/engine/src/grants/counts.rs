//! Whether what the store keeps of a grant is one, and counts now.

use lastlook_kernel::Condition;
use lastlook_ledger::Entry;
use lastlook_ledger::approval::{Grant, Registry, SignedGrant};
use lastlook_store::{GrantRow, Store};

use super::ROOTS;
use crate::clock;

/// A grant that counts by the record; whether an action is in its scope is another matter.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    /// What was signed.
    pub(crate) said: Grant,
    /// The fingerprint of the key it is signed with, hexadecimal.
    pub(crate) key: String,
    /// The signed statement, as it is stored.
    pub(crate) statement: Vec<u8>,
    /// Its condition.
    pub(crate) when: Option<Condition>,
    /// From when on it counts no more, in nanoseconds since the Unix epoch.
    pub(crate) expires_ns: i64,
}

/// The grant of a row, looked at again from its signature on.
///
/// # Errors
///
/// It does not count: a sentence says why.
pub(crate) fn counts(
    store: &dyn Store,
    registry: &Registry,
    row: &GrantRow,
    epoch: u64,
) -> Result<Counts, String> {
    let signed = SignedGrant::from_bytes(&row.detail).map_err(|error| error.to_string())?;
    let giver = registry.verify_grant(&signed, epoch, &clock::wall()).map_err(|why| why.to_string())?;
    let said = signed.claimed();
    let (given_ns, expires_ns) =
        clock::ns_of(&said.time).zip(clock::ns_of(&said.expires)).ok_or("its times cannot be read")?;
    let same = said.grant == row.id
        && said.upstream == row.upstream
        && said.tool == row.tool
        && (given_ns, expires_ns) == (row.given_ns, row.expires_ns);
    if !same {
        return Err("its row says otherwise than what was signed".to_owned());
    }
    on_record(store, row, &signed)?;
    let when = said.when.as_deref().map(|when| Condition::parse(when, ROOTS)).transpose();
    let when = when.map_err(|problem| format!("its condition cannot be read: {}", problem.message))?;
    Ok(Counts {
        key: giver.key.fingerprint().to_hex(),
        said: said.clone(),
        statement: row.detail.clone(),
        when,
        expires_ns,
    })
}

/// That the log says that it was given, in these very bytes, and does not say that it was taken back: a row that somebody
/// put in or put back does not count.
fn on_record(store: &dyn Store, row: &GrantRow, signed: &SignedGrant) -> Result<(), String> {
    if row.revoked_ns.is_some() {
        return Err("it was taken back".to_owned());
    }
    let stored = store.entries_of(&row.id).map_err(|error| error.to_string())?;
    let entries =
        stored.iter().map(|stored| Entry::from_payload(&stored.payload)).collect::<Result<Vec<_>, _>>();
    let entries = entries.map_err(|error| format!("an entry about it cannot be read: {error}"))?;
    Grant::is_on_record(signed, &entries).map_err(|fault| fault.to_string())
}
