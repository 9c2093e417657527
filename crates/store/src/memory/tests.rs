use super::*;
use crate::conformance::{Rig, samples::*};
use crate::{AttemptState, conformance_tests};

struct InMemory(MemoryState);

impl InMemory {
    fn new() -> Self {
        Self(MemoryState::new("00112233", &[9; 32]).unwrap())
    }
}

impl Rig for InMemory {
    fn open(&self, fault: Option<Arc<dyn Fault>>) -> Arc<dyn Store> {
        Arc::new(self.0.open(fault))
    }

    fn verifier(&self) -> VerifierKey {
        self.0.verifier_key()
    }
}

conformance_tests!(InMemory::new());

#[test]
fn what_an_earlier_life_left_open_is_inherited() {
    let state = InMemory::new().0;
    let store = state.open(None);
    commit(&store, arm(&store, "left", &["s"]));
    commit(&store, arm(&store, "ended", &[]));
    commit(&store, finish(&store, "ended", AttemptState::Failed));
    drop(store);
    let ids = |store: &MemoryStore| store.inherited().iter().map(|row| row.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&state.open(None)), ["left"]);
    let _first = state.open(None);
    assert_eq!(ids(&state.open(None)), [""; 0], "slot 2 had no earlier life");
}

#[test]
fn pruned_values_are_gone_and_the_log_still_verifies() {
    let state = InMemory::new().0;
    let store = state.open(None);
    commit(&store, arm(&store, "a", &[]));
    state.prune("a");
    assert_eq!(store.values("a", Kind::Armed).unwrap(), None);
    assert_eq!(verified_size(&store, &state.verifier_key(), &origin(&store)), 1);
}
