//! Registries over the memory store, and over rows that somebody altered.

use lastlook_canon::Digest;
use lastlook_kernel::Principal;
use lastlook_ledger::approval::{
    ApproverKey, Introduction, Removal, Ruling, SignedIntroduction, SignedStatement, Statement,
};
use lastlook_store::{ApproverRow, MemoryState, MemoryStore, Store};

use super::change::{commit, plan_add, plan_remove};
use super::load::{Stored, registry};
use super::*;
use crate::clock;

const ADA: u8 = 1;
const BOB: u8 = 2;
const EVE: u8 = 9;
const FIVE_MINUTES_NS: i64 = 300_000_000_000;
const STATE: &str = "lastlook/3f9a2c";

fn key(seed: u8) -> ApproverKey {
    ApproverKey::from_seed(&[seed; 32])
}

fn time(second: u8) -> String {
    format!("2026-01-31T09:30:{second:02}.000000000Z")
}

fn ns(second: u8) -> i64 {
    clock::ns_of(&time(second)).unwrap()
}

fn introduction(name: &str, own: u8, by: &str, second: u8) -> Introduction {
    let groups = vec![format!("Role::\"{name}s\"")];
    Introduction {
        name: name.into(),
        key: key(own).public(),
        groups,
        by: by.into(),
        state: STATE.into(),
        time: time(second),
    }
}

fn row(introduction: Introduction, signer: u8) -> Stored {
    let (name, since_ns) = (introduction.name.clone(), clock::ns_of(&introduction.time).unwrap());
    let detail = introduction.sign(&key(signer)).unwrap().to_bytes();
    Stored { row: ApproverRow { name, since_ns, removed_ns: None, detail }, removal: None }
}

fn removed(mut stored: Stored, by: &str, signer: u8, second: u8) -> Stored {
    let removal = Removal {
        name: stored.row.name.clone(),
        reason: "left".into(),
        by: by.into(),
        state: STATE.into(),
        time: time(second),
    };
    stored.row.removed_ns = Some(ns(second));
    stored.removal = Some(String::from_utf8(removal.sign(&key(signer)).unwrap().to_bytes()).unwrap());
    stored
}

/// Ada, who was first, and Bob, whom she introduced.
fn ada() -> Stored {
    row(introduction("ada", ADA, "ada", 0), ADA)
}
fn bob() -> Stored {
    row(introduction("bob", BOB, "ada", 10), ADA)
}

#[track_caller]
fn check(rows: Vec<Stored>, changes: usize, expect: Result<&[&str], &str>) {
    let found = registry(&rows, (changes > 0).then(|| changes.to_string()).as_deref(), Some(STATE));
    match (found, expect) {
        (Ok(found), Ok(names)) => {
            assert_eq!(found.active().map(|approver| approver.name.as_str()).collect::<Vec<_>>(), names);
        }
        (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{error}"),
        (found, expect) => panic!("{found:?}, expected {expect:?}"),
    }
}

#[test]
fn every_approver_is_introduced_by_one() {
    check(vec![], 0, Ok(&[]));
    check(vec![ada(), bob()], 2, Ok(&["ada", "bob"]));
    let carol = || row(introduction("carol", 3, "bob", 20), BOB);
    check(vec![ada(), bob(), carol()], 3, Ok(&["ada", "bob", "carol"]));
    check(vec![ada(), removed(bob(), "ada", ADA, 30), carol()], 4, Ok(&["ada", "carol"]));
    check(vec![ada(), removed(bob(), "bob", BOB, 30)], 3, Ok(&["ada"]));
    // Whoever was removed by then, or was none yet, introduces nobody.
    let no = Err("no approver then");
    check(vec![ada(), removed(bob(), "ada", ADA, 15), carol()], 4, no);
    check(vec![ada(), bob(), row(introduction("carol", 3, "bob", 10), BOB)], 3, no);
    check(vec![ada(), removed(bob(), "bob", BOB, 10)], 3, no);
    check(vec![removed(ada(), "bob", BOB, 20), removed(bob(), "ada", ADA, 30)], 4, no);
}

#[test]
fn an_altered_row_refuses_them_all() {
    let no = Err("no approver then");
    let altered = |alter: fn(&mut Stored)| {
        let mut bob = bob();
        alter(&mut bob);
        vec![ada(), bob]
    };
    let with = |alter: fn(&mut Introduction), signer: u8| {
        let mut introduction = introduction("bob", BOB, "ada", 10);
        alter(&mut introduction);
        vec![ada(), row(introduction, signer)]
    };
    // Signed by somebody else: by nobody's key, by the newcomer's own.
    check(with(|_| (), EVE), 2, Err("signed by somebody else"));
    check(with(|_| (), BOB), 2, Err("signed by somebody else"));
    check(with(|it| it.by = "eve".into(), EVE), 2, no);
    check(with(|it| it.by = "bob".into(), BOB), 2, Err("not exactly one"));
    check(with(|it| it.state = "lastlook/other".into(), ADA), 2, Err("another state"));
    check(with(|it| it.key = key(ADA).public(), ADA), 2, Err("key of another approver"));
    check(with(|it| it.groups = vec!["User::\"ada\"".into()], ADA), 2, Err("no group"));
    check(with(|it| it.groups = vec!["finance".into()], ADA), 2, Err("no group"));
    // The signed part with other groups, another key, another name.
    check(
        altered(|bob| replace(bob, "Role::\\\"bobs\\\"", "Role::\\\"adas\\\"")),
        2,
        Err("altered, or signed"),
    );
    check(
        altered(|bob| replace(bob, &key(BOB).public().to_string(), &key(EVE).public().to_string())),
        2,
        Err("altered, or signed"),
    );
    check(altered(|bob| bob.row.name = "eve".into()), 2, Err("is another's"));
    check(altered(|bob| bob.row.since_ns -= 1), 2, Err("since they were introduced"));
    check(altered(|bob| bob.row.detail.clear()), 2, Err("not strict JSON"));
    // A removal that nobody signed, one that was taken back, one of another.
    check(altered(|bob| bob.row.removed_ns = Some(ns(20))), 2, Err("nobody signed their removal"));
    let back = |mut bob: Stored| {
        bob.row.removed_ns = None;
        vec![ada(), bob]
    };
    check(back(removed(bob(), "ada", ADA, 20)), 3, Err("does not say so"));
    check(vec![ada(), removed(bob(), "ada", EVE, 20)], 3, Err("signed by somebody else"));
    check(vec![ada(), removed(bob(), "eve", EVE, 20)], 3, no);
    let mut later = removed(bob(), "ada", ADA, 20);
    later.row.removed_ns = Some(ns(40));
    check(vec![ada(), later], 3, Err("of another time"));
    // Rows taken out or put in, with or without their removal.
    check(vec![ada()], 2, Err("as many as"));
    check(vec![ada(), bob()], 3, Err("as many as"));
    check(vec![bob()], 1, Err("not exactly one"));
    check(vec![row(introduction("eve", EVE, "eve", 0), EVE), ada()], 2, Err("not exactly one"));
    // Two who introduced each other, beside the first.
    let circle = |own: &str, key, by: &str, signer| row(introduction(own, key, by, 20), signer);
    check(vec![ada(), circle("x", 5, "y", 6), circle("y", 6, "x", 5)], 3, no);
}

fn replace(stored: &mut Stored, from: &str, to: &str) {
    let text = String::from_utf8(stored.row.detail.clone()).unwrap();
    assert!(text.contains(from), "{text}");
    stored.row.detail = text.replace(from, to).into_bytes();
    assert!(SignedIntroduction::from_bytes(&stored.row.detail).is_ok());
}

fn statement(approver: &str, second: u8, signer: u8) -> SignedStatement {
    let statement = Statement {
        request: "01JA7Q".into(),
        action: Digest::of("test", &[]),
        decision: Ruling::Approve,
        reason: String::new(),
        guards: vec![],
        epoch: 1,
        expires: None,
        approver: approver.into(),
        time: time(second),
    };
    statement.sign(&key(signer)).unwrap()
}

#[test]
fn a_word_counts_if_the_approver_of_that_time_signed_it() {
    let registry = registry(
        &[ada(), bob(), removed(row(introduction("carol", 3, "ada", 11), ADA), "ada", ADA, 30)],
        Some("4"),
        None,
    );
    let registry = registry.unwrap();
    let why = |approver: &str, second, signer, now_ns| {
        registry
            .verify(&statement(approver, second, signer), &clock::wall_at(now_ns))
            .map(|found| found.name.clone())
    };
    let now = ns(40);
    assert_eq!(why("bob", 20, BOB, now), Ok("bob".to_owned()));
    assert_eq!(why("bob", 10, BOB, now), Ok("bob".to_owned()));
    assert_eq!(why("bob", 9, BOB, now), Err(Why::BeforeApprover("bob".to_owned())));
    assert_eq!(why("bob", 20, ADA, now), Err(Why::Signature("bob".to_owned())));
    assert_eq!(why("bob", 20, EVE, now), Err(Why::Signature("bob".to_owned())));
    assert_eq!(why("eve", 20, EVE, now), Err(Why::Unknown("eve".to_owned())));
    // What a removed approver said counts no more, also what they said before.
    assert_eq!(why("carol", 20, 3, now), Err(Why::Removed("carol".to_owned())));
    // Five minutes ahead are borne, and not a nanosecond more.
    assert!(why("bob", 40, BOB, now - FIVE_MINUTES_NS).is_ok());
    assert_eq!(why("bob", 40, BOB, now - FIVE_MINUTES_NS - 1), Err(Why::Future("bob".to_owned())));
}

#[test]
fn an_approver_may_what_their_groups_and_they_may() {
    let registry = registry(&[ada(), removed(bob(), "ada", ADA, 30)], Some("3"), None).unwrap();
    let ada = registry.approver("ada").unwrap();
    for yes in ["Role::\"adas\"", "User::\"ada\"", "User::\"\\u{61}da\""] {
        assert!(registry.may(ada, yes), "{yes}");
    }
    for no in [
        "Role::\"bobs\"",
        "User::\"bob\"",
        "User::\"Ada\"",
        "Role::\"ada\"",
        "App::User::\"ada\"",
        "ada",
        "",
        "Role::*",
    ] {
        assert!(!registry.may(ada, no), "{no}");
    }
    // Removed, or of other groups than the registry knows: nothing.
    assert!(registry.approver("bob").is_none() && registry.knows("bob"));
    let bob = registry.all().find(|approver| approver.name == "bob").unwrap();
    assert!(!registry.may(bob, "User::\"bob\"") && !registry.may(bob, "Role::\"bobs\""));
    let grown = Approver { groups: vec!["Role::\"finance\"".into()], ..ada.clone() };
    assert!(!registry.may(&grown, "Role::\"finance\""));
}

fn memory() -> MemoryStore {
    MemoryState::new("3f9a2c", &[8; 32]).unwrap().open(None)
}

fn operator() -> Principal {
    Principal { id: "User::\"root\"".into(), asserted: true }
}

fn newcomer(name: &str, own: u8) -> Newcomer {
    Newcomer { name: name.into(), key: key(own).public(), groups: vec!["Role::\"finance\"".into()] }
}

async fn added(
    store: &dyn Store,
    name: &str,
    own: u8,
    by: &str,
    signer: u8,
) -> Result<Approver, ChangeError> {
    add(store, newcomer(name, own), Signer { name: by, key: &key(signer) }, &operator()).await
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, ChangeError>, says: &str) {
    let error = result.expect_err("it was accepted");
    assert!(error.to_string().contains(says), "{error}");
    assert!(!error.hint().is_empty());
}

#[tokio::test]
async fn only_the_first_introduces_themselves() {
    let store = memory();
    refused(added(&store, "ada", ADA, "bob", BOB).await, "`bob` is not an approver");
    added(&store, "ada", ADA, "ada", ADA).await.unwrap();
    refused(added(&store, "eve", EVE, "eve", EVE).await, "must be introduced by one");
    refused(added(&store, "eve", EVE, "ada", EVE).await, "not the key of approver `ada`");
    refused(added(&store, "eve", EVE, "bob", BOB).await, "`bob` is not an approver");
    refused(added(&store, "ada", EVE, "ada", ADA).await, "never used twice");
    refused(added(&store, "eve", ADA, "ada", ADA).await, "the key of approver `ada`");
    refused(added(&store, "e/e", EVE, "ada", ADA).await, "cannot be an approver's name");
    let user = Newcomer { groups: vec!["User::\"ada\"".into()], ..newcomer("eve", EVE) };
    refused(add(&store, user, Signer { name: "ada", key: &key(ADA) }, &operator()).await, "is no group");
    added(&store, "bob", BOB, "ada", ADA).await.unwrap();
    let registry = load(&store).unwrap();
    assert_eq!(registry.active().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["ada", "bob"]);
    assert!(registry.may(registry.approver("bob").unwrap(), "Role::\"finance\""));
}

#[tokio::test]
async fn a_removal_is_signed_final_and_leaves_somebody() {
    let store = memory();
    let remove = async |name: &str, by: &str, signer: u8| {
        super::remove(&store, name, "left", Signer { name: by, key: &key(signer) }, &operator()).await
    };
    added(&store, "ada", ADA, "ada", ADA).await.unwrap();
    refused(remove("ada", "ada", ADA).await, "the only approver");
    added(&store, "bob", BOB, "ada", ADA).await.unwrap();
    refused(remove("bob", "ada", EVE).await, "not the key");
    refused(remove("bob", "eve", EVE).await, "not an approver");
    refused(remove("eve", "ada", ADA).await, "not an approver");
    remove("bob", "ada", ADA).await.unwrap();
    refused(remove("bob", "ada", ADA).await, "not an approver");
    refused(added(&store, "bob", 7, "ada", ADA).await, "never used twice");
    refused(added(&store, "carol", 3, "bob", BOB).await, "not an approver");
    refused(added(&store, "carol", BOB, "ada", ADA).await, "the key of approver `bob`");
    let registry = load(&store).unwrap();
    assert_eq!(registry.active().count(), 1);
    let bob = registry.all().find(|it| it.name == "bob").unwrap();
    assert_eq!(bob.removed.as_ref().map(|it| (it.by.as_str(), it.reason.as_str())), Some(("ada", "left")));
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_told_to_look_again() {
    let store = memory();
    let [of_ada, of_eve] = [("ada", ADA), ("eve", EVE)].map(|(name, own)| {
        plan_add(&store, newcomer(name, own), Signer { name, key: &key(own) }, &operator()).unwrap().1
    });
    assert!(commit(&store, of_ada).await.is_ok());
    refused(commit(&store, of_eve).await, "at the same time");
    // Two who remove each other, or each themselves: one stays.
    added(&store, "bob", BOB, "ada", ADA).await.unwrap();
    let plan = |name: &str, by: &str, own| {
        plan_remove(&store, name, "left", Signer { name: by, key: &key(own) }, &operator()).unwrap().1
    };
    let [of_bob, of_ada, own] = [plan("bob", "bob", BOB), plan("ada", "bob", BOB), plan("ada", "ada", ADA)];
    assert!(commit(&store, of_bob).await.is_ok());
    refused(commit(&store, of_ada).await, "at the same time");
    refused(commit(&store, own).await, "at the same time");
    assert_eq!(load(&store).unwrap().active().count(), 1);
}
