//! A state in which very many requests wait.

use std::path::Path;

use lastlook_canon::Digest;
use lastlook_store::{Commit, RequestRow, RequestState, SqliteStore, StateDir, Store as _, Write};

/// How many requests of one principal may wait.
const OF_ONE: usize = 100;
/// How many are written with one commit.
const AT_ONCE: usize = 500;

/// Copies the newest request that waits in this state until so many do: of other principals, for other actions.
pub fn fill(state: &Path, count: usize) {
    let state = StateDir::open(state).unwrap();
    let store = SqliteStore::open(&state, state.writer().unwrap(), None).unwrap();
    let first = store.requests(&[RequestState::Pending], 1, None).unwrap().remove(0);
    let copy = |n: usize| RequestRow {
        id: format!("ask-{n:020x}"),
        principal: format!("User::\"agent-{}\"", n / OF_ONE),
        action: Digest::of("a copy", &[&n.to_be_bytes()]),
        opened_at_ns: first.opened_at_ns - i64::try_from(n).unwrap(),
        ..first.clone()
    };
    let copies: Vec<usize> = (1..count).collect();
    for some in copies.chunks(AT_ONCE) {
        let writes = some.iter().map(|n| Write::OpenRequest(copy(*n))).collect();
        store.commit(Commit { writes, ..Commit::default() }).blocking_recv().unwrap().unwrap();
    }
}
