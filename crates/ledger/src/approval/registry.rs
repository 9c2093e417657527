//! Who is an approver of one state, worked out from what was signed and from nothing else.

use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

use super::entity::Entity;
use super::{ApproverPublic, Introduction, Removal, SignedIntroduction, SignedRemoval};

/// Everybody who is or was an approver of one state, all signatures verified.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    by_name: BTreeMap<String, Approver>,
    /// The name of the state's key, as all of them have it.
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
    /// Since when: RFC 3339, UTC, nine fractional digits.
    pub since: String,
    /// Who introduced them; themselves, for the first.
    pub by: String,
    /// How it ended, if it did.
    pub removed: Option<Removed>,
}

/// How an approver stopped being one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// When, in the form of [`Approver::since`].
    pub at: String,
    /// Who signed it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Why nobody is an approver, by what was signed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RegistryFault {
    /// A name was used twice.
    #[error("`{0}` was introduced twice")]
    Name(String),
    /// A statement is about approvers of another state.
    #[error("`{0}` was introduced or removed in another state directory")]
    State(String),
    /// Nobody, or more than one, introduced themselves.
    #[error("not exactly one of them is the first")]
    First,
    /// Somebody belongs to what is no entity, or to a user.
    #[error("`{0}` belongs to what is no group")]
    Group(String),
    /// Two have one key.
    #[error("`{0}` has the key of another approver")]
    Key(String),
    /// Somebody was removed who was never introduced, or twice.
    #[error("`{0}` was removed twice, or never introduced")]
    Removal(String),
    /// Who signed was no approver at that time.
    #[error("`{by}` introduced or removed `{name}`, and was no approver then")]
    By {
        /// Whom it is about.
        name: String,
        /// Who signed.
        by: String,
    },
    /// The signature is not that of the key of whom the statement names.
    #[error("the introduction or removal of `{0}` was altered, or signed by somebody else")]
    Signature(String),
}

impl RegistryFault {
    /// The stable code of this fault, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            RegistryFault::Name(_) => "approvers-name",
            RegistryFault::State(_) => "approvers-state",
            RegistryFault::First => "approvers-first",
            RegistryFault::Group(_) => "approvers-group",
            RegistryFault::Key(_) => "approvers-key",
            RegistryFault::Removal(_) => "approvers-removal",
            RegistryFault::By { .. } => "approvers-by",
            RegistryFault::Signature(_) => "approval-signature",
        }
    }
}

impl Registry {
    /// The approvers that these statements make, in whatever order they stand; `state` is the name of the state's key, where
    /// it is known.
    ///
    /// # Errors
    ///
    /// The first rule of `spec/approval.md` (12 to 17) that does not hold: then nobody is an approver.
    pub fn of(
        introductions: &[SignedIntroduction],
        removals: &[SignedRemoval],
        state: Option<&str>,
    ) -> Result<Registry, RegistryFault> {
        let said = Said::of(introductions)?;
        let state = said.one_state(removals, state)?;
        said.one_first(removals)?;
        said.groups_and_keys()?;
        let said = said.with(removals)?;
        for it in said.introduced.values() {
            said.may_sign(&it.name, &it.by, &it.time, it.by == it.name)?;
        }
        for it in said.removed.values() {
            let own = it.by == it.name && said.is_introduced_before(&it.by, &it.time);
            said.may_sign(&it.name, &it.by, &it.time, own)?;
        }
        said.signatures(introductions, removals)?;
        Ok(Registry { by_name: said.approvers(), state })
    }

    /// The approver of this name, if there is one and they were not removed.
    pub fn approver(&self, name: &str) -> Option<&Approver> {
        self.known(name).filter(|approver| approver.removed.is_none())
    }

    /// Whoever is or was an approver of this name.
    pub fn known(&self, name: &str) -> Option<&Approver> {
        self.by_name.get(name)
    }

    /// Whether there is or was an approver of this name.
    pub fn knows(&self, name: &str) -> bool {
        self.known(name).is_some()
    }

    /// Everybody who is or was an approver, by name.
    pub fn all(&self) -> impl Iterator<Item = &Approver> {
        self.by_name.values()
    }

    /// Everybody who is one now, by name.
    pub fn active(&self) -> impl Iterator<Item = &Approver> {
        self.all().filter(|approver| approver.removed.is_none())
    }

    /// The name of the key of the state that all of them were introduced in; nothing while there is nobody.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Whether this approver may give what a guard wants `by` a Cedar entity: that of a group they belong to, such as
    /// `Role::"finance"`, or their own, `User::"ada"`.
    pub fn may(&self, approver: &Approver, by: &str) -> bool {
        let Some(by) = Entity::parse(by) else { return false };
        // INVARIANT(approver): whoever was removed, or is another registry's, may nothing.
        self.approver(&approver.name) == Some(approver)
            && (by == Entity::user(&approver.name)
                || approver.groups.iter().any(|group| Entity::parse(group).as_ref() == Some(&by)))
    }
}

/// What was said of each name; not verified yet.
struct Said<'a> {
    introduced: BTreeMap<&'a str, &'a Introduction>,
    removed: BTreeMap<&'a str, &'a Removal>,
}

impl<'a> Said<'a> {
    fn of(introductions: &'a [SignedIntroduction]) -> Result<Said<'a>, RegistryFault> {
        let mut introduced = BTreeMap::new();
        for it in introductions.iter().map(SignedIntroduction::claimed) {
            if introduced.insert(it.name.as_str(), it).is_some() {
                return Err(RegistryFault::Name(it.name.clone()));
            }
        }
        Ok(Said { introduced, removed: BTreeMap::new() })
    }

    /// The state that all of them are of.
    fn one_state(
        &self,
        removals: &[SignedRemoval],
        state: Option<&str>,
    ) -> Result<Option<String>, RegistryFault> {
        let introduced = self.introduced.values().map(|it| (&it.name, &it.state));
        let removed = removals.iter().map(|it| (&it.claimed().name, &it.claimed().state));
        let mut wanted = state;
        let mut found = None;
        for (name, own) in introduced.chain(removed) {
            if *wanted.get_or_insert(own) != own {
                return Err(RegistryFault::State(name.clone()));
            }
            found = Some(own.clone());
        }
        Ok(found)
    }

    fn one_first(&self, removals: &[SignedRemoval]) -> Result<(), RegistryFault> {
        let firsts = self.introduced.values().filter(|it| it.by == it.name).count();
        let nothing = self.introduced.is_empty() && removals.is_empty();
        if nothing || firsts == 1 { Ok(()) } else { Err(RegistryFault::First) }
    }

    fn groups_and_keys(&self) -> Result<(), RegistryFault> {
        let is_group = |group: &String| Entity::parse(group).is_some_and(|entity| entity.is_group());
        if let Some(it) = self.introduced.values().find(|it| !it.groups.iter().all(is_group)) {
            return Err(RegistryFault::Group(it.name.clone()));
        }
        let mut keys = BTreeSet::new();
        match self.introduced.values().find(|it| !keys.insert(it.key.as_bytes())) {
            Some(it) => Err(RegistryFault::Key(it.name.clone())),
            None => Ok(()),
        }
    }

    fn with(mut self, removals: &'a [SignedRemoval]) -> Result<Said<'a>, RegistryFault> {
        for it in removals.iter().map(SignedRemoval::claimed) {
            let known = self.introduced.contains_key(it.name.as_str());
            if !known || self.removed.insert(&it.name, it).is_some() {
                return Err(RegistryFault::Removal(it.name.clone()));
            }
        }
        Ok(self)
    }

    fn is_introduced_before(&self, name: &str, time: &str) -> bool {
        // One form with fixed places: the order of texts is the order of instants.
        self.introduced.get(name).is_some_and(|it| it.time.as_str() < time)
    }

    /// That `by` was an approver when they signed about somebody, or need not have been.
    ///
    /// Strictly later than their own introduction: so every line of introductions ends at the first approver.
    fn may_sign(&self, name: &str, by: &str, time: &str, always: bool) -> Result<(), RegistryFault> {
        let still = self.removed.get(by).is_none_or(|it| time < it.time.as_str());
        match always || self.is_introduced_before(by, time) && still {
            true => Ok(()),
            false => Err(RegistryFault::By { name: name.to_owned(), by: by.to_owned() }),
        }
    }

    fn signatures(
        &self,
        introductions: &[SignedIntroduction],
        removals: &[SignedRemoval],
    ) -> Result<(), RegistryFault> {
        let key = |by: &str| self.introduced.get(by).map(|it| &it.key);
        let introduced = introductions.iter().map(|signed| {
            let it = signed.claimed();
            (&it.name, key(&it.by).is_some_and(|key| signed.verify(key).is_ok()))
        });
        let removed = removals.iter().map(|signed| {
            let it = signed.claimed();
            (&it.name, key(&it.by).is_some_and(|key| signed.verify(key).is_ok()))
        });
        match introduced.chain(removed).find(|(_, verified)| !verified) {
            Some((name, _)) => Err(RegistryFault::Signature(name.clone())),
            None => Ok(()),
        }
    }

    fn approvers(&self) -> BTreeMap<String, Approver> {
        let approver = |it: &&Introduction| {
            let Introduction { name, key, groups, by, state: _, time } = (*it).clone();
            let removed = self.removed.get(name.as_str()).map(|removal| {
                let Removal { name: _, reason, by, state: _, time } = (*removal).clone();
                Removed { at: time, by, reason }
            });
            (name.clone(), Approver { name, key, groups, since: time, by, removed })
        };
        self.introduced.values().map(approver).collect()
    }
}
