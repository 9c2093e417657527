//! From rows to a registry: nothing is believed that was not signed.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_ledger::approval::{Introduction, Removal, SignedIntroduction, SignedRemoval};
use lastlook_store::{ApproverRow, Store};

use super::{Approver, Registry, RegistryError, Removed, changes, is_group, removal_mark};
use crate::clock;

/// How often everything is read again because it changed meanwhile.
const TRIES: usize = 16;

/// What the store says of one approver.
pub(super) struct Stored {
    pub row: ApproverRow,
    pub removal: Option<String>,
}

pub(super) fn load(store: &dyn Store) -> Result<Registry, RegistryError> {
    for _ in 0..TRIES {
        let before = changes(store)?;
        let rows = store.approvers()?;
        let mut stored = Vec::with_capacity(rows.len());
        for row in rows {
            let removal = store.mark(&removal_mark(&row.name))?;
            stored.push(Stored { row, removal });
        }
        if changes(store)? == before {
            let registry = registry(&stored, before.as_deref())?;
            return at_home(registry, own_state(store)?.as_deref());
        }
    }
    Err(RegistryError::Moving)
}

/// The name of the store's own state: an origin without the writer's number.
fn own_state(store: &dyn Store) -> Result<Option<String>, RegistryError> {
    let origin = match store.writer() {
        Some(writer) => Some(writer.origin.clone()),
        None => store.origins()?.into_iter().next(),
    };
    Ok(origin.and_then(|origin| Some(origin.rsplit_once('/')?.0.to_owned())))
}

fn at_home(registry: Registry, own: Option<&str>) -> Result<Registry, RegistryError> {
    match (&registry.state, own) {
        (Some(state), Some(own)) if state != own => Err(RegistryError::Elsewhere),
        _ => Ok(registry),
    }
}

/// The registry that these rows make, after so many changes.
pub(super) fn registry(stored: &[Stored], changes: Option<&str>) -> Result<Registry, RegistryError> {
    let said = stored.len().saturating_add(stored.iter().filter(|one| one.removal.is_some()).count());
    let counted = changes.map_or(Some(0), |text| text.parse::<usize>().ok());
    if counted != Some(said) {
        return Err(RegistryError::Missing);
    }
    let read: BTreeMap<String, Read> = stored
        .iter()
        .map(|one| Ok((one.row.name.clone(), Read::of(one)?)))
        .collect::<Result<_, RegistryError>>()?;
    one_first(&read)?;
    let mut keys = BTreeSet::new();
    for (name, one) in &read {
        let altered = |what| RegistryError::Altered { name: name.clone(), what };
        one.introduced(&read).map_err(altered)?;
        one.removed(&read).map_err(altered)?;
        if !keys.insert(*one.said().key.as_bytes()) {
            return Err(altered("they have the key of another approver"));
        }
    }
    let state = read.values().next().map(|one| one.said().state.clone());
    let by_name = read.into_iter().map(|(name, one)| (name, one.approver())).collect();
    Ok(Registry { by_name, state })
}

/// That all but one were introduced by another, and all in the same state.
fn one_first(read: &BTreeMap<String, Read>) -> Result<(), RegistryError> {
    let mut first = read.values().filter(|one| one.said().by == one.said().name);
    let (Some(root), None) = (first.next(), first.next()) else {
        return if read.is_empty() { Ok(()) } else { Err(RegistryError::NotOneFirst) };
    };
    match read.values().find(|one| one.said().state != root.said().state) {
        Some(other) => Err(RegistryError::Altered {
            name: other.said().name.clone(),
            what: "they were introduced in another state directory",
        }),
        None => Ok(()),
    }
}

/// What was signed about one approver; not verified yet.
struct Read {
    introduction: SignedIntroduction,
    since_ns: i64,
    removal: Option<(SignedRemoval, i64)>,
}

impl Read {
    /// Reads a row, and compares what stands beside the signed parts with them.
    fn of(stored: &Stored) -> Result<Read, RegistryError> {
        let Stored { row: ApproverRow { name, since_ns, removed_ns, detail }, removal } = stored;
        let altered = |what| RegistryError::Altered { name: name.clone(), what };
        let introduction = SignedIntroduction::from_bytes(detail)
            .map_err(|error| RegistryError::Unreadable { name: name.clone(), error })?;
        let Introduction { name: said, time, groups, .. } = introduction.claimed();
        if said != name {
            return Err(altered("their introduction is another's"));
        }
        if clock::ns_of(time) != Some(*since_ns) {
            return Err(altered("they are not there since they were introduced"));
        }
        if !groups.iter().all(|group| is_group(group)) {
            return Err(altered("they belong to what is no group"));
        }
        let removal = match (removal, removed_ns) {
            (None, None) => None,
            (Some(text), Some(at_ns)) => {
                let signed = SignedRemoval::from_bytes(text.as_bytes())
                    .map_err(|error| RegistryError::Unreadable { name: name.clone(), error })?;
                let Removal { name: said, time, .. } = signed.claimed();
                if said != name || clock::ns_of(time) != Some(*at_ns) {
                    return Err(altered("their removal is another's, or of another time"));
                }
                Some((signed, *at_ns))
            }
            (Some(_), None) => return Err(altered("they were removed, and their row does not say so")),
            (None, Some(_)) => return Err(altered("nobody signed their removal")),
        };
        Ok(Read { introduction, since_ns: *since_ns, removal })
    }

    fn said(&self) -> &Introduction {
        self.introduction.claimed()
    }

    /// That an approver of that time signed the introduction; the first may do it themselves.
    fn introduced(&self, all: &BTreeMap<String, Read>) -> Result<(), &'static str> {
        let by = all.get(&self.said().by).ok_or("nobody is known who introduced them")?;
        // Strictly later than whoever introduced them: so every line of introductions ends at the first approver.
        if self.said().by != self.said().name && !by.is_approver_at(self.since_ns) {
            return Err("whoever introduced them was no approver then");
        }
        let verified = self.introduction.verify(&by.said().key);
        verified.map(|_| ()).map_err(|_| "their introduction was altered, or signed by somebody else")
    }

    /// That an approver of that time signed the removal, if there is one.
    fn removed(&self, all: &BTreeMap<String, Read>) -> Result<(), &'static str> {
        let Some((removal, at_ns)) = &self.removal else { return Ok(()) };
        let Removal { by, state, .. } = removal.claimed();
        if *state != self.said().state {
            return Err("their removal is of another state directory");
        }
        let own = *by == self.said().name;
        let by = all.get(by).ok_or("nobody is known who removed them")?;
        if !(by.is_approver_at(*at_ns) || own && *at_ns > by.since_ns) {
            return Err("whoever removed them was no approver then");
        }
        let verified = removal.verify(&by.said().key);
        verified.map(|_| ()).map_err(|_| "their removal was altered, or signed by somebody else")
    }

    fn is_approver_at(&self, at_ns: i64) -> bool {
        at_ns > self.since_ns && self.removal.as_ref().is_none_or(|(_, removed_ns)| at_ns < *removed_ns)
    }

    fn approver(self) -> Approver {
        let Introduction { name, key, groups, by, .. } = self.said().clone();
        let removed = self.removal.map(|(signed, at_ns)| {
            let Removal { by, reason, .. } = signed.claimed().clone();
            Removed { at_ns, by, reason }
        });
        Approver { name, key, groups, since_ns: self.since_ns, by, removed }
    }
}
