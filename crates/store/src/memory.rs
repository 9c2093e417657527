//! The same promises without a disk, for tests and simulations.

mod grants;
mod guards;
mod held;
mod model;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lastlook_canon::Digest;
use lastlook_ledger::{Kind, SigningKey, VerifierKey, tree::Hash};
use tokio::sync::oneshot;

use crate::sqlite::era::Era;
use crate::{
    ApproverRow, AttemptRow, AttemptState, Commit, Fault, GrantRow, HaltRow, LimitWindow, Lookup, RequestRow,
    RequestState, StepRow, Store, StoreError, StoredEntry, Ticket, Values, VoteRow, WriterId, state,
};
use model::Model;

/// A state in memory that several [`MemoryStore`]s share, as processes share a state directory.
#[derive(Clone)]
pub struct MemoryState {
    state_id: String,
    key: Arc<SigningKey>,
    model: Arc<Mutex<Model>>,
}

impl MemoryState {
    /// A new, empty state with this id (a part of its key's name and its logs' origins) and signing seed.
    ///
    /// Fails if the id cannot be part of a key's name: see [`SigningKey::from_seed`].
    pub fn new(state_id: &str, seed: &[u8; 32]) -> Result<Self, lastlook_ledger::KeyError> {
        let key = SigningKey::from_seed(&state::key_name(state_id), seed)?;
        Ok(Self { state_id: state_id.into(), key: Arc::new(key), model: Arc::default() })
    }

    /// The key with which this state's checkpoints are verified.
    pub fn verifier_key(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// A store for the lowest writer number that no live store has.
    pub fn open(&self, fault: Option<Arc<dyn Fault>>) -> MemoryStore {
        let mut model = lock(&self.model);
        let n = model.take_slot();
        let id = Era::default().writer(&self.state_id, n);
        let inherited = model.open_attempts().filter(|row| row.writer == n).cloned().collect();
        MemoryStore { state: self.clone(), id, inherited, fault }
    }

    /// Forgets the values beside one attempt's entries, as pruning does.
    pub fn prune(&self, attempt: &str) {
        lock(&self.model).prune(attempt);
    }
}

/// The store of one writer on a [`MemoryState`]. Dropping it frees the writer's number.
pub struct MemoryStore {
    state: MemoryState,
    id: WriterId,
    inherited: Vec<AttemptRow>,
    fault: Option<Arc<dyn Fault>>,
}

impl MemoryStore {
    /// The attempts that were open under this writer's number when it was taken.
    pub fn inherited(&self) -> &[AttemptRow] {
        &self.inherited
    }

    fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.state.model)
    }
}

impl Drop for MemoryStore {
    fn drop(&mut self) {
        self.model().free_slot(self.id.n);
    }
}

impl Store for MemoryStore {
    fn writer(&self) -> Option<&WriterId> {
        Some(&self.id)
    }

    fn commit(&self, commit: Commit) -> Ticket {
        let (reply, ticket) = oneshot::channel();
        let outcome = self.model().commit(&commit, &self.id, &self.state.key, self.fault.as_deref());
        let _ = reply.send(outcome);
        ticket
    }

    fn version(&self) -> Result<u64, StoreError> {
        Ok(self.model().version)
    }

    fn attempt(&self, id_or_prefix: &str) -> Result<Lookup<AttemptRow>, StoreError> {
        let found = self.model().attempts_with_prefix(id_or_prefix);
        Ok(Lookup::among(id_or_prefix, found, |row| &row.id))
    }

    fn open_attempts(&self) -> Result<Vec<AttemptRow>, StoreError> {
        Ok(self.model().open_attempts().cloned().collect())
    }

    fn holder(&self, subject: &str) -> Result<Option<AttemptRow>, StoreError> {
        Ok(self.model().holder(subject))
    }

    fn origins(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.model().logs.values().map(|log| log.origin.clone()).collect())
    }

    fn entries(&self, origin: &str, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        let entries =
            |log: &model::Log| log.entries.iter().skip(from).take(limit).map(|e| e.stored.clone()).collect();
        Ok(self.model().log(origin).map(entries).unwrap_or_default())
    }

    fn entries_of(&self, attempt: &str) -> Result<Vec<StoredEntry>, StoreError> {
        let model = self.model();
        let all = model.logs.values().flat_map(|log| &log.entries);
        Ok(all.filter(|entry| entry.stored.attempt == attempt).map(|entry| entry.stored.clone()).collect())
    }

    fn entry_ids(&self, after: &str, limit: usize) -> Result<Vec<String>, StoreError> {
        let model = self.model();
        let all = model.logs.values().flat_map(|log| &log.entries).map(|entry| entry.stored.attempt.as_str());
        let ids: BTreeSet<&str> = all.filter(|id| *id > after).collect();
        Ok(ids.into_iter().take(limit).map(str::to_owned).collect())
    }

    fn leaf_hashes(&self, origin: &str, upto: u64) -> Result<Vec<Hash>, StoreError> {
        let upto = usize::try_from(upto).unwrap_or(usize::MAX);
        let leaves = |log: &model::Log| log.entries.iter().take(upto).map(|entry| entry.leaf).collect();
        Ok(self.model().log(origin).map(leaves).unwrap_or_default())
    }

    fn checkpoint(&self, origin: &str) -> Result<Option<String>, StoreError> {
        Ok(self.model().log(origin).map(|log| log.note.clone()))
    }

    fn values(&self, attempt: &str, kind: Kind) -> Result<Option<Values>, StoreError> {
        let model = self.model();
        let mut all = model.logs.values().flat_map(|log| &log.entries);
        let values = all.rfind(|entry| {
            entry.stored.attempt == attempt && entry.stored.kind == kind && entry.values.is_some()
        });
        Ok(values.and_then(|entry| entry.values.clone()))
    }

    fn attempts_of(
        &self,
        upstream: &str,
        tool: &str,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<AttemptRow>, StoreError> {
        Ok(self.model().attempts_of(upstream, tool, limit, before))
    }

    fn tools_of(&self, upstream: &str) -> Result<Vec<String>, StoreError> {
        Ok(self.model().tools_of(upstream))
    }

    fn steps(&self, key: &str, limit: usize, before_ns: Option<i64>) -> Result<Vec<StepRow>, StoreError> {
        Ok(self.model().steps(key, limit, before_ns))
    }

    fn steps_since(&self, key: &str, since_ns: i64, limit: usize) -> Result<Vec<StepRow>, StoreError> {
        let mut steps = self.model().steps(key, usize::MAX, None);
        steps.retain(|step| {
            let counts = !matches!(step.state, AttemptState::Refused | AttemptState::Failed);
            counts && step.ended_at_ns.is_none_or(|ended| ended > since_ns)
        });
        steps.sort_by_key(|step| std::cmp::Reverse(step.ended_at_ns.unwrap_or(i64::MAX)));
        steps.truncate(limit);
        Ok(steps)
    }

    fn once(&self, key: &str) -> Result<Option<(String, Option<i64>)>, StoreError> {
        Ok(self.model().guards().once(key))
    }

    fn limit(&self, key: &str, window: LimitWindow, at_ns: i64) -> Result<(u128, u128), StoreError> {
        Ok(self.model().guards().limit(key, window, at_ns))
    }

    fn lease(&self, key: &str) -> Result<Option<(AttemptRow, u64)>, StoreError> {
        Ok(self.model().lease(key))
    }

    fn mark(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.model().guards().mark(name))
    }

    fn request(&self, id_or_prefix: &str) -> Result<Lookup<RequestRow>, StoreError> {
        let found = self.model().held().requests_with_prefix(id_or_prefix);
        Ok(Lookup::among(id_or_prefix, found, |row| &row.id))
    }

    fn requests(
        &self,
        states: &[RequestState],
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        Ok(self.model().held().requests(states, limit, before))
    }

    fn open_requests_of(
        &self,
        principal: &str,
        action: Digest,
        key: Option<&str>,
    ) -> Result<Vec<RequestRow>, StoreError> {
        Ok(self.model().held().open_requests_of(principal, action, key))
    }

    fn votes(&self, request: &str) -> Result<Vec<VoteRow>, StoreError> {
        Ok(self.model().held().votes(request))
    }

    fn approvers(&self) -> Result<Vec<ApproverRow>, StoreError> {
        Ok(self.model().held().approvers())
    }

    fn grant(&self, id_or_prefix: &str) -> Result<Lookup<GrantRow>, StoreError> {
        let found = self.model().grants().with_prefix(id_or_prefix);
        Ok(Lookup::among(id_or_prefix, found, |row| &row.id))
    }

    fn grants(&self) -> Result<Vec<GrantRow>, StoreError> {
        Ok(self.model().grants().all())
    }

    fn grants_for(&self, upstream: &str, tool: &str, at_ns: i64) -> Result<Vec<GrantRow>, StoreError> {
        Ok(self.model().grants().in_force(upstream, tool, at_ns))
    }

    fn uses_of(&self, grant: &str) -> Result<Vec<AttemptRow>, StoreError> {
        Ok(self.model().uses_of(grant))
    }

    fn halts(&self, all: bool) -> Result<Vec<HaltRow>, StoreError> {
        Ok(self.model().held().halts(all))
    }
}

/// A panicking holder left the model whole: every change to it is made at once, at the end of a commit.
fn lock(model: &Mutex<Model>) -> MutexGuard<'_, Model> {
    model.lock().unwrap_or_else(PoisonError::into_inner)
}
