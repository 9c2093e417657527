//! What is signed with an approver's own key, and is no grant all the same.

use lastlook_canon::Digest;
use lastlook_kernel::Principal;
use lastlook_ledger::approval::{ApproverKey, Grant};
use lastlook_store::{Commit, GrantRow, MemoryState, MemoryStore, Store, Write};

use super::give::entry;
use super::*;
use crate::approvers::{self, Newcomer, Signer, add};
use crate::clock;
use lastlook_ledger::approval::same_principal;

const HOUR_NS: i64 = 3_600_000_000_000;

fn key() -> ApproverKey {
    ApproverKey::from_seed(&[1; 32])
}

/// A state with one approver, who signed a grant an hour ago that lasts a day, but for these changes; it is put on record as
/// whoever has the store can, past everything that [`give`] looks at.
async fn given(change: impl FnOnce(&mut Grant)) -> (MemoryStore, GrantRow) {
    let store = MemoryState::new("3f9a2c", &[8; 32]).unwrap().open(None);
    let operator = Principal { id: "User::\"root\"".into(), asserted: true };
    let ada = Newcomer { name: "ada".into(), key: key().public(), groups: vec!["Role::\"finance\"".into()] };
    add(&store, ada, Signer { name: "ada", key: &key() }, &operator).await.unwrap();
    let now_ns = clock::unix_ns();
    let mut grant = Grant {
        grant: "grant-1".into(),
        approver: "ada".into(),
        principal: "User::\"agent\"".into(),
        agent: None,
        upstream: "shop".into(),
        tool: "refund".into(),
        definition: Digest::of("test", &[]),
        resources: Vec::new(),
        when: None,
        uses: None,
        sum: None,
        max: None,
        guards: Vec::new(),
        epoch: 0,
        expires: clock::wall_at(now_ns + 24 * HOUR_NS),
        reason: "test".into(),
        state: "lastlook/3f9a2c".into(),
        time: clock::wall_at(now_ns + 1_000_000_000),
    };
    change(&mut grant);
    let (given_ns, expires_ns) = (clock::ns_of(&grant.time).unwrap(), clock::ns_of(&grant.expires).unwrap());
    let row = GrantRow {
        id: grant.grant.clone(),
        upstream: grant.upstream.clone(),
        tool: grant.tool.clone(),
        given_ns,
        expires_ns,
        revoked_ns: None,
        detail: grant.sign(&key()).unwrap().to_bytes(),
    };
    let entry = entry(&store, &row, "granted", "test", &operator, true).unwrap();
    let commit =
        Commit { writes: vec![Write::GiveGrant(row.clone())], entries: vec![entry], ..Commit::default() };
    store.commit(commit).await.unwrap().unwrap();
    (store, row)
}

async fn check(change: impl FnOnce(&mut Grant), expect: Result<(), &str>) {
    let (store, row) = given(change).await;
    let registry = approvers::load(&store).unwrap();
    let found = counts(&store, &registry, &row, 0).map(|_| ());
    match (&found, expect) {
        (Ok(()), Ok(())) => {}
        (Err(why), Err(says)) => assert!(why.contains(says), "{why}"),
        _ => panic!("{found:?}, expected {expect:?}"),
    }
    // What does not count is not taken either, but for what only the record knows.
    let signed = lastlook_ledger::approval::SignedGrant::from_bytes(&row.detail).unwrap();
    let taken = give(&store, &signed).await;
    assert!(expect.is_ok() || taken.is_err(), "{taken:?}");
}

#[tokio::test]
async fn a_grant_with_its_givers_signature_counts_only_within_the_rules() {
    let now_ns = clock::unix_ns();
    let at = |hours: i64| clock::wall_at(now_ns.saturating_add(hours * HOUR_NS));
    check(|_| {}, Ok(())).await;
    check(|grant| grant.expires = at(30 * 24), Ok(())).await;
    check(|grant| grant.expires = at(30 * 24 + 1), Err("lasts longer")).await;
    check(|grant| grant.time = at(1), Err("ahead")).await;
    check(|grant| (grant.time, grant.expires) = (at(-2), at(-1)), Err("before `ada` was an approver")).await;
    check(|grant| grant.epoch = 1, Err("halt was lifted")).await;
    check(|grant| grant.state = "lastlook/other".into(), Err("another state")).await;
    check(|grant| grant.approver = "bob".into(), Err("no approver")).await;
    for own in ["User::\"ada\"", "User :: \"\\u{61}da\"", "Agent::\"ada\"", "ada"] {
        check(|grant| grant.principal = own.into(), Err("nobody grants themselves")).await;
    }
    let (store, row) = given(|grant| grant.when = Some("was.order.n == 1".into())).await;
    let registry = approvers::load(&store).unwrap();
    assert!(counts(&store, &registry, &row, 0).unwrap_err().contains("condition"));
}

#[test]
fn one_principal_has_several_spellings_and_two_never_have_one() {
    for (one, other) in
        [("User::\"a\"", "User :: \"a\""), ("User::\"a\"", "User::\"\\u{61}\""), ("plain", "plain")]
    {
        assert!(same_principal(one, other), "{one} {other}");
    }
    for (one, other) in
        [("User::\"a\"", "User::\"b\""), ("User::\"a\"", "Agent::\"a\""), ("User::\"a\"", "a"), ("a", "A")]
    {
        assert!(!same_principal(one, other), "{one} {other}");
    }
}
