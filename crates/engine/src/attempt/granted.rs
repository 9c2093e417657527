//! Running on grants: in place of asking people, where enough of them gave permission in advance.

use std::collections::BTreeSet;

use lastlook_canon::{Digest, Json};
use lastlook_kernel::{Code, Mode, Now, Reason};
use lastlook_ledger::approval::Scope;
use lastlook_store::{Commit, GrantRow, LimitWindow, Precondition, StoreError, Write};
use serde_json::{Value, json};

use super::Run;
use crate::grants::{Counts, Part, counts};
use crate::guarding::GuardPlan;
use crate::{approvers, clock, standing};

/// The grants an attempt runs on.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    /// What would have to be asked without them.
    asked: Vec<Reason>,
    chosen: Vec<Chosen>,
    epoch: u64,
    /// Grants that had no room, or were taken back, when it was to be armed on them.
    lost: BTreeSet<String>,
}

/// One of them.
#[derive(Debug, Clone)]
struct Chosen {
    grant: Counts,
    /// What this action takes of it.
    takes: Vec<Part>,
    /// The guards it stands for.
    guards: BTreeSet<String>,
}

/// A grant that counts now by the record, and the guards it may stand for.
#[derive(Debug, Clone)]
pub(super) struct Stands {
    grant: Counts,
    guards: BTreeSet<String>,
}

impl Stands {
    /// Whether both say the same of one grant.
    pub(super) fn says_the_same(&self, other: &Stands) -> bool {
        self.grant.said == other.grant.said && self.guards == other.guards
    }
}

impl Run<'_> {
    /// Whether there is a grant that might do, before anything is read.
    pub(super) fn may_be_granted(&self) -> bool {
        let standing = self.standing_grants(None);
        standing.is_ok_and(|standing| !standing.is_empty())
    }

    /// Looks for grants that stand in place of everybody who is asked, on what was just read; true when there are enough.
    pub(super) fn choose_grants(&mut self, asked: &[Reason]) -> bool {
        let lost = self.granted.take().map(|granted| granted.lost).unwrap_or_default();
        let found = self.find_grants(asked, &lost).unwrap_or_else(|error| {
            tracing::error!("no grant counts: {error}");
            None
        });
        let enough = found.is_some();
        self.granted = found;
        enough
    }

    fn find_grants(&self, asked: &[Reason], lost: &BTreeSet<String>) -> Result<Option<Granted>, StoreError> {
        let store = &self.boundary.store;
        let epoch = standing::epoch(&**store)?;
        let mut candidates = Vec::new();
        for Stands { grant, guards } in self.standing_grants(None)? {
            if lost.contains(&grant.said.grant) {
                continue;
            }
            match grant.takes(self.proposal.action.arguments()) {
                Ok(takes) if self.has_room(&takes)? => candidates.push((Stands { grant, guards }, takes)),
                Ok(_) => {}
                Err(why) => tracing::warn!("grant `{}` does not cover this: {why}", grant.said.grant),
            }
        }
        let mut chosen: Vec<Chosen> = Vec::new();
        for plan in self.asking_for(asked) {
            let (name, wanted) = (&plan.rules.guard.name, quorum(plan));
            let mut givers = BTreeSet::new();
            for (stands, takes) in &candidates {
                if givers.len() >= wanted {
                    break;
                }
                let said = &stands.grant.said;
                if givers.contains(&said.approver) || !self.covers(stands, plan) {
                    continue;
                }
                givers.insert(said.approver.clone());
                match chosen.iter_mut().find(|chosen| chosen.grant.said.grant == said.grant) {
                    Some(chosen) => drop(chosen.guards.insert(name.clone())),
                    None => chosen.push(Chosen {
                        grant: stands.grant.clone(),
                        takes: takes.clone(),
                        guards: BTreeSet::from([name.clone()]),
                    }),
                }
            }
            if givers.len() < wanted {
                return Ok(None);
            }
        }
        let (asked, lost) = (asked.to_vec(), lost.clone());
        Ok((!chosen.is_empty()).then_some(Granted { asked, chosen, epoch, lost }))
    }

    /// The grants for this action that count by the record at this instant: all of them, or of these only.
    fn standing_grants(&self, only: Option<&[Chosen]>) -> Result<Vec<Stands>, StoreError> {
        let (boundary, proposal) = (self.boundary, &self.proposal);
        let store = &*boundary.store;
        let wanted = |row: &GrantRow| {
            only.is_none_or(|only| only.iter().any(|chosen| chosen.grant.said.grant == row.id))
        };
        let mut rows = store.grants_for(&boundary.upstream, &proposal.tool.name, clock::unix_ns())?;
        rows.retain(wanted);
        let (Some(guarding), Some(config)) = (&proposal.guarding, &proposal.book.config) else {
            return Ok(Vec::new());
        };
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let registry = match approvers::load(store) {
            Ok(registry) => registry,
            Err(error) => {
                tracing::error!("no grant counts: {error}");
                return Ok(Vec::new());
            }
        };
        let epoch = standing::epoch(store)?;
        let digest = |plan: &GuardPlan| config.guard_digest(&plan.rules.guard);
        let digests: Vec<Digest> = guarding.guards.iter().map(digest).collect();
        let scope = Scope {
            principal: &boundary.principal.id,
            agent: proposal.agent.as_deref().map(String::as_str),
            upstream: &boundary.upstream,
            tool: &proposal.tool.name,
            definition: proposal.tool.definition.as_ref().map(|definition| definition.digest),
            guards: &digests,
        };
        let mut standing = Vec::new();
        for row in rows {
            let grant = match counts(store, &registry, &row, epoch) {
                Ok(grant) => grant,
                Err(why) => {
                    tracing::warn!("grant `{}` does not count: {why}", row.id);
                    continue;
                }
            };
            if grant.said.fits(&scope).is_err() {
                continue;
            }
            let stands = |plan: &&GuardPlan| {
                let by = plan.rules.guard.approve.as_ref().map(|approve| approve.by.as_str());
                let resource = plan.resource.as_deref();
                by.is_some_and(|by| registry.stands_for(&grant.said, &digest(plan), by, resource).is_ok())
            };
            let guards: BTreeSet<String> =
                self.asking().filter(stands).map(|plan| plan.rules.guard.name.clone()).collect();
            if !guards.is_empty() {
                standing.push(Stands { grant, guards });
            }
        }
        Ok(standing)
    }

    /// Those of the grants this attempt runs on that still stand.
    pub(super) fn grants_on_record(&self) -> Result<Vec<Stands>, StoreError> {
        match &self.granted {
            Some(granted) => self.standing_grants(Some(&granted.chosen)),
            None => Ok(Vec::new()),
        }
    }

    /// Whether the grants it runs on stand in place of everybody this guard asks, on what was just read.
    pub(super) fn is_granted(&self, plan: &GuardPlan) -> bool {
        if self.granted.is_none() || plan.mode != Mode::Enforce {
            return false;
        }
        let standing = self.on_record.granted.iter().filter(|stands| self.covers(stands, plan));
        let givers: BTreeSet<&str> = standing.map(|stands| stands.grant.said.approver.as_str()).collect();
        givers.len() >= quorum(plan)
    }

    /// Whether this action is in a grant's scope, as far as one guard goes. What nobody can say is not covered.
    fn covers(&self, stands: &Stands, plan: &GuardPlan) -> bool {
        let Stands { grant, guards } = stands;
        if !guards.contains(&plan.rules.guard.name) {
            return false;
        }
        if grant.when.is_none() {
            return true;
        }
        let Some(guarding) = &self.proposal.guarding else { return false };
        let named = plan.rules.guard.fact_names();
        let read = guarding.facts.iter().zip(&self.taken).filter(|(fact, _)| named.contains(&fact.spec.name));
        let now: Vec<(String, Json)> = read
            .filter_map(|(fact, taken)| match &taken.now {
                Now::Read(read) => Some((fact.spec.name.clone(), read.value.clone())),
                Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
            })
            .collect();
        let world = guarding.world(&self.boundary.principal.id, plan.resource.as_deref(), &now);
        grant.holds(&world).unwrap_or_else(|error| {
            tracing::warn!("the condition of grant `{}` cannot be evaluated: {error}", grant.said.grant);
            false
        })
    }

    fn has_room(&self, takes: &[Part]) -> Result<bool, StoreError> {
        for part in takes {
            let Some(max) = part.max else { continue };
            let store = &self.boundary.store;
            let (spent, reserved) = store.limit(&part.key, LimitWindow::Fixed, clock::unix_ns())?;
            let used = spent.saturating_add(reserved).saturating_add(part.amount.units());
            if used > max.units() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The guards that these reasons are from.
    fn asking_for(&self, asked: &[Reason]) -> impl Iterator<Item = &GuardPlan> {
        let names: BTreeSet<String> = asked.iter().filter_map(|reason| reason.guard.clone()).collect();
        self.asking().filter(move |plan| names.contains(&plan.rules.guard.name))
    }

    /// What must hold, and what is written, when it is armed on grants.
    pub(super) fn arm_on_grants(&self, at_ns: i64, commit: &mut Commit) {
        let Some(granted) = &self.granted else { return };
        let attempt = || self.proposal.id.clone();
        commit.when.push(standing::epoch_is(granted.epoch));
        for Chosen { grant, takes, .. } in &granted.chosen {
            let id = || grant.said.grant.clone();
            commit.when.push(Precondition::GrantStands { grant: id() });
            commit.writes.push(Write::UseGrant { grant: id(), attempt: attempt() });
            for Part { key, amount, max } in takes {
                let (key, window, amount) = (key.clone(), LimitWindow::Fixed, amount.units());
                if let Some(max) = max {
                    let (key, max) = (key.clone(), max.units());
                    commit.when.push(Precondition::WithinLimit { key, window, at_ns, amount, max });
                }
                commit.writes.push(Write::Reserve { key, window, at_ns, amount, attempt: attempt() });
            }
        }
    }

    /// Whether this is what a grant it was to be armed on counts by, or its id: then that one has no room any more, or was
    /// taken back, and others are looked for. Nothing: it is no grant's.
    pub(super) fn grant_lost(&mut self, name: &str) -> Option<Lost> {
        let granted = self.granted.as_mut()?;
        let own = |chosen: &&Chosen| {
            chosen.grant.said.grant == name || chosen.takes.iter().any(|part| part.key == name)
        };
        let id = granted.chosen.iter().find(own)?.grant.said.grant.clone();
        granted.lost.insert(id);
        let asked = granted.asked.clone();
        Some(if self.choose_grants(&asked) { Lost::Others } else { self.no_grants(asked) })
    }

    /// That a halt was lifted: no grant counts any more.
    pub(super) fn grants_void(&mut self) -> Option<Lost> {
        let asked = self.granted.as_ref()?.asked.clone();
        Some(self.no_grants(asked))
    }

    fn no_grants(&mut self, asked: Vec<Reason>) -> Lost {
        self.ungranted = true;
        self.granted = None;
        let only = asked.into_iter().filter(|reason| reason.code == Code::ApprovalRequired);
        Lost::Asks(only.collect())
    }

    /// Until when the grants may be used, in nanoseconds since the Unix epoch.
    pub(super) fn granted_until_ns(&self) -> Option<i64> {
        let chosen = self.granted.iter().flat_map(|granted| &granted.chosen);
        chosen.map(|chosen| chosen.grant.expires_ns).min()
    }

    /// The grants as they go on record beside the action.
    pub(super) fn granted_json(&self) -> Option<Value> {
        let chosen = &self.granted.as_ref()?.chosen;
        let one = |Chosen { grant, guards, .. }: &Chosen| {
            let statement = serde_json::from_slice::<Value>(&grant.statement).unwrap_or(Value::Null);
            json!({
                "grant": grant.said.grant, "approver": grant.said.approver, "key": grant.key, "guards": guards,
                "statement": statement,
            })
        };
        Some(Value::Array(chosen.iter().map(one).collect()))
    }
}

/// What becomes of an attempt that was to be armed on a grant which is gone.
#[derive(Debug)]
pub(super) enum Lost {
    /// Others stand in its place.
    Others,
    /// People must be asked.
    Asks(Vec<Reason>),
}

fn quorum(plan: &GuardPlan) -> usize {
    let quorum = plan.rules.guard.approve.as_ref().map_or(1, |approve| approve.quorum.max(1));
    usize::try_from(quorum).unwrap_or(usize::MAX)
}
