//! Whether what the store keeps of a grant is one, and counts now.

use lastlook_canon::Digest;
use lastlook_kernel::{Condition, entity_normal};
use lastlook_ledger::approval::{Grant, SignedGrant};
use lastlook_ledger::{Entry, Kind};
use lastlook_store::{GrantRow, Store, StoredEntry};

use super::{LONGEST_NS, ROOTS};
use crate::approvers::Registry;
use crate::clock;
use crate::held::is_requester;

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
    let now_ns = clock::unix_ns();
    let giver = registry.verify_grant(&signed, now_ns).map_err(|why| why.to_string())?;
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
    if registry.state() != Some(said.state.as_str()) {
        return Err("it was given in another state directory".to_owned());
    }
    if expires_ns.saturating_sub(given_ns) > LONGEST_NS {
        return Err("it lasts longer than a grant may".to_owned());
    }
    if now_ns >= expires_ns {
        return Err("it has run out".to_owned());
    }
    on_record(store, row)?;
    if said.epoch != epoch {
        return Err("a halt was lifted since it was given".to_owned());
    }
    if is_requester(&said.principal, &said.approver) {
        return Err("nobody grants themselves anything".to_owned());
    }
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
fn on_record(store: &dyn Store, row: &GrantRow) -> Result<(), String> {
    if row.revoked_ns.is_some() {
        return Err("it was taken back".to_owned());
    }
    let entries = store.entries_of(&row.id).map_err(|error| error.to_string())?;
    let words: Vec<(String, Option<String>)> = entries.iter().filter_map(word).collect();
    if words.iter().any(|(word, _)| word == "grant-revoked") {
        return Err("by the log it was taken back".to_owned());
    }
    let given = |(word, signed): &(String, Option<String>)| {
        word == "granted" && signed.as_deref().map(str::as_bytes) == Some(row.detail.as_slice())
    };
    match words.iter().any(given) {
        true => Ok(()),
        false => Err("the log does not say that it was given".to_owned()),
    }
}

/// An operator's word, and what was signed for it.
fn word(stored: &StoredEntry) -> Option<(String, Option<String>)> {
    let entry = Entry::from_payload(&stored.payload).ok().filter(|entry| entry.kind == Kind::Operator)?;
    let text = |name: &str| entry.body.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    Some((text("as")?, text("signed")))
}

impl Counts {
    /// Whether every guard it was given under still says what it said.
    pub(crate) fn is_under(&self, guards: &[Digest]) -> bool {
        self.said.guards.iter().all(|given| guards.contains(given))
    }

    /// Whether a resource is one of those it is about.
    pub(crate) fn is_about(&self, resource: Option<&str>) -> bool {
        let normal = |text: &str| entity_normal(text);
        self.said.resources.is_empty()
            || resource.and_then(normal).is_some_and(|resource| {
                self.said.resources.iter().any(|own| normal(own).as_ref() == Some(&resource))
            })
    }
}
