//! What an approval costs each look and the gate: every signature verified again, those of the approvers among them.
//!
//! `cargo run --release -p lastlook-engine --example bench_approval [TIMES]`
#![allow(clippy::expect_used)]

use std::time::Instant;

use lastlook_canon::Digest;
use lastlook_engine::approvers::{self, Newcomer, Signer};
use lastlook_engine::held::{self, Asked, AskedGuard, SayError, Tally, Word};
use lastlook_engine::{clock, standing};
use lastlook_kernel::Principal;
use lastlook_ledger::approval::{ApproverKey, Ruling};
use lastlook_store::{Commit, RequestRow, RequestState, SqliteStore, StateDir, Store, Write};

fn key(number: usize) -> ApproverKey {
    let digest = Digest::of("bench", &[&number.to_le_bytes()]);
    ApproverKey::from_seed(digest.as_bytes())
}

fn name(number: usize) -> String {
    format!("person{number}")
}

/// A request that so many people are asked for.
async fn request(store: &dyn Store, id: &str, quorum: u32) -> RequestRow {
    let asked = Asked {
        principal: "User::\"agent\"".to_owned(),
        upstream: "shop".to_owned(),
        tool: "refund".to_owned(),
        arguments: "{\"order_id\":42}".to_owned(),
        guards: vec![AskedGuard {
            guard: "refund".to_owned(),
            digest: Digest::of("bench", &[]).to_hex(),
            by: "Role::\"finance\"".to_owned(),
            quorum,
        }],
        facts: Vec::new(),
        readings: Vec::new(),
        epoch: standing::epoch(store).expect("an epoch"),
        redacted: false,
        after: None,
        key: None,
    };
    let row = RequestRow {
        id: id.to_owned(),
        principal: asked.principal.clone(),
        upstream: asked.upstream.clone(),
        tool: asked.tool.clone(),
        action: Digest::of("bench", &[id.as_bytes()]),
        state: RequestState::Pending,
        opened_at_ns: clock::unix_ns(),
        expires_at_ns: None,
        attempt: None,
        key: None,
        detail: serde_json::to_vec(&asked).expect("JSON"),
        over: None,
    };
    let commit = Commit { writes: vec![Write::OpenRequest(row.clone())], ..Commit::default() };
    store.commit(commit).await.expect("an answer").expect("a request");
    row
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let times: u32 = std::env::args().nth(1).and_then(|word| word.parse().ok()).unwrap_or(1000);
    let operator = Principal { id: "operator".to_owned(), asserted: true };
    for people in [2, 10, 50] {
        let folder = tempfile::tempdir().expect("a folder");
        let state = StateDir::open(folder.path().join("state")).expect("a state");
        let store = SqliteStore::open(&state, state.writer().expect("a writer"), None).expect("a store");
        for number in 0..people {
            let (own, first) = (key(number), key(0));
            let newcomer = Newcomer {
                name: name(number),
                key: own.public(),
                groups: vec!["Role::\"finance\"".to_owned()],
            };
            let signer = Signer { name: &name(0), key: &first };
            approvers::add(&store, newcomer, signer, &operator).await.expect("an approver");
        }
        let began = Instant::now();
        for _ in 0..times {
            approvers::load(&store).expect("a registry");
        }
        let loading = began.elapsed() / times;
        for quorum in [1, 2] {
            let row = request(&store, &format!("ask-{quorum}"), quorum).await;
            for number in 0..quorum as usize {
                let word = Word {
                    request: &row.id,
                    approver: &name(number),
                    ruling: Ruling::Approve,
                    reason: "looked at it",
                };
                held::decide(&store, word, |_| Ok::<_, SayError>(key(number))).await.expect("a word");
            }
            let (row, asked) = held::find(&store, &row.id).expect("the request");
            let began = Instant::now();
            for _ in 0..times {
                assert!(Tally::of(&store, &row, &asked).expect("a tally").is_enough());
            }
            let tally = began.elapsed() / times;
            println!(
                "{people:>3} approvers, quorum {quorum}: {tally:>10.1?} a check; {loading:>10.1?} of it who they are"
            );
        }
    }
}
