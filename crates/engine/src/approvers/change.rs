//! Adding and removing approvers: one commit each, signed by an approver, on record.

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::Kind;
use lastlook_ledger::approval::{ApproverKey, ApproverPublic, Introduction, Removal, valid_approver_name};
use lastlook_store::{ApproverRow, Commit, CommitError, NewEntry, Precondition, Store, Write};
use serde_json::json;

use super::{Approver, CHANGES, ChangeError, Registry, changes, is_group, load, removal_mark};
use crate::entry::{Draft, DraftError, principal_json};
use crate::{clock, ids};

/// Who is to become an approver.
#[derive(Debug, Clone)]
pub struct Newcomer {
    /// Their name.
    pub name: String,
    /// The public half of their key.
    pub key: ApproverPublic,
    /// The Cedar entities they belong to.
    pub groups: Vec<String>,
}

/// Who signs a change.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// Their name. The first approver of a state introduces themselves.
    pub name: &'a str,
    /// Their key.
    pub key: &'a ApproverKey,
}

impl Newcomer {
    /// Whether they could be added to these approvers; asked before anybody types a passphrase, and again before the commit.
    pub fn fits(&self, registry: &Registry) -> Result<(), ChangeError> {
        let Newcomer { name, key, groups } = self;
        check_name(name, groups, registry)?;
        match registry.all().find(|known| known.key == *key) {
            Some(known) => Err(ChangeError::KeyTaken(known.name.clone())),
            None => Ok(()),
        }
    }
}

/// Whether somebody of this name and these groups could be added, whatever their key.
pub fn check_name(name: &str, groups: &[String], registry: &Registry) -> Result<(), ChangeError> {
    if !valid_approver_name(name) {
        return Err(ChangeError::Name(name.to_owned()));
    }
    if let Some(other) = groups.iter().find(|group| !is_group(group)) {
        return Err(ChangeError::Group(other.clone()));
    }
    if registry.knows(name) {
        return Err(ChangeError::Known(name.to_owned()));
    }
    Ok(())
}

/// Adds an approver, on the word of one, or of themselves if they are the first.
///
/// # Errors
///
/// Whoever signs is no approver, the newcomer does not fit, or the store refused.
pub async fn add(
    store: &dyn Store,
    newcomer: Newcomer,
    signer: Signer<'_>,
    operator: &Principal,
) -> Result<Approver, ChangeError> {
    let (approver, planned) = plan_add(store, newcomer, signer, operator)?;
    commit(store, planned).await?;
    Ok(approver)
}

/// Who will be added, and the commit that does it if nobody else changes anything first.
pub(super) fn plan_add(
    store: &dyn Store,
    newcomer: Newcomer,
    signer: Signer<'_>,
    operator: &Principal,
) -> Result<(Approver, Commit), ChangeError> {
    let counted = changes(store).map_err(super::RegistryError::from)?;
    let registry = load(store)?;
    newcomer.fits(&registry)?;
    let (time, at_ns) = now();
    let first = registry.all().next().is_none();
    let own = signer.name == newcomer.name && signer.key.public() == newcomer.key;
    let mut when = vec![unchanged(&counted), known(&newcomer.name, false)];
    match first {
        true if own => {}
        true => return Err(ChangeError::NoApprover(signer.name.to_owned())),
        false if own => return Err(ChangeError::NotFirst),
        false => {
            may_sign(&registry, signer, &time)?;
            when.push(known(signer.name, true));
        }
    }
    let origin = store.writer().ok_or(ChangeError::ReadOnly)?.origin.clone();
    let Newcomer { name, key, groups } = newcomer;
    let introduction = Introduction {
        name: name.clone(),
        key,
        groups: groups.clone(),
        by: signer.name.to_owned(),
        state: state_of(&registry, &origin),
        time: time.clone(),
    };
    let detail = introduction.sign(signer.key)?.to_bytes();
    let reason = match first {
        true => "the first approver of this state, trusted on first use".to_owned(),
        false => format!("introduced by {}", signer.name),
    };
    let approver = Approver { name, key, groups, since: time, by: signer.name.to_owned(), removed: None };
    let entry = entry(&origin, "approver-added", &reason, operator, &approver, signer.name, &detail)?;
    let row = ApproverRow { name: approver.name.clone(), since_ns: at_ns, removed_ns: None, detail };
    let writes = vec![Write::PutApprover(row), next(&counted)];
    Ok((approver, Commit { when, writes, entries: vec![entry], vital: true }))
}

/// Removes an approver for good, on the word of one.
///
/// # Errors
///
/// Whoever signs is no approver, there is none of this name, they are the last, or the store refused.
pub async fn remove(
    store: &dyn Store,
    name: &str,
    reason: &str,
    signer: Signer<'_>,
    operator: &Principal,
) -> Result<Approver, ChangeError> {
    let (approver, planned) = plan_remove(store, name, reason, signer, operator)?;
    commit(store, planned).await?;
    Ok(approver)
}

/// Who will be removed, and the commit that does it if nobody else changes anything first.
pub(super) fn plan_remove(
    store: &dyn Store,
    name: &str,
    reason: &str,
    signer: Signer<'_>,
    operator: &Principal,
) -> Result<(Approver, Commit), ChangeError> {
    let counted = changes(store).map_err(super::RegistryError::from)?;
    let registry = load(store)?;
    removable(&registry, name)?;
    let approver = registry.approver(name).ok_or_else(|| ChangeError::NoApprover(name.to_owned()))?;
    let (time, at_ns) = now();
    may_sign(&registry, signer, &time)?;
    if time <= approver.since {
        return Err(ChangeError::Clock(name.to_owned()));
    }
    let origin = store.writer().ok_or(ChangeError::ReadOnly)?.origin.clone();
    let removal = Removal {
        name: name.to_owned(),
        reason: reason.to_owned(),
        by: signer.name.to_owned(),
        state: state_of(&registry, &origin),
        time,
    };
    let signed = removal.sign(signer.key)?.to_bytes();
    let entry = entry(&origin, "approver-removed", reason, operator, approver, signer.name, &signed)?;
    let when = vec![unchanged(&counted), known(name, true), known(signer.name, true)];
    let mark = Write::SetMark { name: removal_mark(name), value: text(&signed) };
    let end = Write::RemoveApprover { name: name.to_owned(), at_ns };
    let writes = vec![end, mark, next(&counted)];
    Ok((approver.clone(), Commit { when, writes, entries: vec![entry], vital: true }))
}

/// Whether there is such an approver, and another one.
pub fn removable(registry: &Registry, name: &str) -> Result<(), ChangeError> {
    registry.approver(name).ok_or_else(|| ChangeError::NoApprover(name.to_owned()))?;
    match registry.active().count() {
        1 => Err(ChangeError::Last(name.to_owned())),
        _ => Ok(()),
    }
}

/// Whether this is an approver with their own key, at this instant.
fn may_sign(registry: &Registry, signer: Signer<'_>, time: &str) -> Result<(), ChangeError> {
    let Signer { name, key } = signer;
    let approver = registry.approver(name).ok_or_else(|| ChangeError::NoApprover(name.to_owned()))?;
    if key.public() != approver.key {
        return Err(ChangeError::OtherKey(name.to_owned()));
    }
    match time > approver.since.as_str() {
        true => Ok(()),
        false => Err(ChangeError::Clock(name.to_owned())),
    }
}

/// The state's name: what the first introduction says, else the one that a log's origin begins with.
fn state_of(registry: &Registry, origin: &str) -> String {
    let own = load::state_in(origin);
    registry.state().map(str::to_owned).or(own).unwrap_or_else(|| origin.to_owned())
}

fn now() -> (String, i64) {
    let time = clock::wall();
    let at_ns = clock::ns_of(&time).unwrap_or(i64::MAX);
    (time, at_ns)
}

fn known(name: &str, known: bool) -> Precondition {
    Precondition::ApproverIs { name: name.to_owned(), known }
}

/// Nobody else changed the approvers since they were read.
fn unchanged(counted: &Option<String>) -> Precondition {
    Precondition::MarkIs { name: CHANGES.to_owned(), value: counted.clone() }
}

fn next(counted: &Option<String>) -> Write {
    let so_far: u64 = counted.as_ref().and_then(|text| text.parse().ok()).unwrap_or(0);
    Write::SetMark { name: CHANGES.to_owned(), value: so_far.saturating_add(1).to_string() }
}

/// Canonical JSON is UTF-8.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(super) async fn commit(store: &dyn Store, planned: Commit) -> Result<(), ChangeError> {
    let ended = || Err(CommitError::Unavailable("the store's writer has ended".to_owned()));
    match store.commit(planned).await.unwrap_or_else(|_| ended()) {
        Ok(_) => Ok(()),
        Err(CommitError::Precondition { .. }) => Err(ChangeError::Race),
        Err(error) => Err(ChangeError::Commit(error)),
    }
}

fn entry(
    origin: &str,
    word: &str,
    reason: &str,
    operator: &Principal,
    approver: &Approver,
    by: &str,
    signed: &[u8],
) -> Result<NewEntry, DraftError> {
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, operator)?;
    draft.set("as", word);
    draft.set("reason", reason);
    draft.set("by", principal_json(operator));
    let fingerprint = approver.key.fingerprint().to_hex();
    let groups = &approver.groups;
    let key = approver.key.to_string();
    draft.set(
        "approver",
        json!({"name": approver.name, "key": key, "fingerprint": fingerprint, "groups": groups, "by": by}),
    );
    draft.set("signed", text(signed));
    let about = format!("approver-{}", ids::attempt_id()?);
    draft.finish(origin, &about, Digest::of("lastlook/approver-change/v1", &[signed]))
}
