//! Grants: given, found, used, and taken back.

use super::rushes::{made, rush};
use super::{Rig, samples::*};
use crate::{Commit, CommitError, GrantRow, Lookup, Precondition, Store, Write};

fn write(store: &dyn Store, write: Write) {
    commit(store, Commit { writes: vec![write], ..Commit::default() });
}

fn stands(grant: &str) -> Precondition {
    Precondition::GrantStands { grant: grant.into() }
}

fn holds(store: &dyn Store, grant: &str) -> bool {
    done(store.commit(Commit { when: vec![stands(grant)], ..Commit::default() })).is_ok()
}

fn users(store: &dyn Store, grant: &str) -> Vec<String> {
    store.uses_of(grant).unwrap().into_iter().map(|row| row.id).collect()
}

/// The first time that it was taken back counts, and its row stays.
pub fn a_grant_stands_until_it_is_taken_back(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let store = &*stores[0];
    assert_eq!(store.grants().unwrap(), []);
    assert!(!holds(store, "g"));
    write(store, Write::GiveGrant(grant("g")));
    write(&*stores[1], Write::GiveGrant(GrantRow { given_ns: 5, ..grant("gh") }));
    assert!(holds(store, "g") && holds(&*stores[1], "gh") && !holds(store, "gi"));
    assert_eq!(store.grant("g").unwrap(), Lookup::Found(grant("g")));
    assert_eq!(store.grant("gh").unwrap(), Lookup::Found(GrantRow { given_ns: 5, ..grant("gh") }));
    assert_eq!(store.grant("").unwrap(), Lookup::Ambiguous(vec!["g".into(), "gh".into()]));
    assert_eq!(store.grant("x").unwrap(), Lookup::Missing);
    write(&*stores[1], taken_back("g", 40));
    write(store, taken_back("g", 30));
    assert!(!holds(store, "g") && holds(store, "gh"));
    drop(stores);
    let all = [GrantRow { given_ns: 5, ..grant("gh") }, GrantRow { revoked_ns: Some(40), ..grant("g") }];
    assert_eq!(rig.open(None).grants().unwrap(), all);
}

/// Of this tool alone, not what was taken back or has expired by then, and what expires first comes first.
pub fn grants_are_found_by_their_tool_while_they_may_count(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let grants = [
        grant("b"),
        grant("a"),
        GrantRow { expires_ns: 50, ..grant("soon") },
        GrantRow { expires_ns: 20, ..grant("over") },
        GrantRow { tool: "refunds".into(), ..grant("another tool") },
        GrantRow { upstream: "shops".into(), ..grant("another upstream") },
        GrantRow { revoked_ns: Some(15), ..grant("taken back") },
    ];
    for grant in grants {
        write(store, Write::GiveGrant(grant));
    }
    let found = |at_ns| -> Vec<String> {
        store.grants_for("shop", "refund", at_ns).unwrap().into_iter().map(|row| row.id).collect()
    };
    assert_eq!(found(19), ["over", "soon", "a", "b"]);
    // What expires at an instant counts before it, and not at it.
    assert_eq!(found(20), ["soon", "a", "b"]);
    assert_eq!(found(99), ["a", "b"]);
    assert_eq!(found(100), [""; 0]);
}

/// Whether or not the commit asks for it, and nothing of such a commit is written.
pub fn nothing_is_armed_on_a_grant_that_was_taken_back(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let store = &*stores[0];
    let arm_on = |id: &str, asks: bool| {
        let mut next = arm(store, id, &[]);
        next.when.extend(asks.then(|| stands("g")));
        next.writes.push(used("g", id));
        next
    };
    let refused = |id: &str, asks| match done(store.commit(arm_on(id, asks))) {
        Err(CommitError::Precondition { which, holder: None }) => which == stands("g"),
        other => panic!("{other:?}"),
    };
    assert!(refused("a", true) && refused("a", false));
    write(&*stores[1], Write::GiveGrant(grant("g")));
    commit(store, arm_on("a", true));
    commit(store, arm_on("b", false));
    assert_eq!(users(&*stores[1], "g"), ["a", "b"]);
    write(&*stores[1], taken_back("g", 20));
    assert!(refused("c", true) && refused("c", false));
    assert_eq!(store.attempt("c").unwrap(), Lookup::Missing);
    // Who was armed on it stays on record, however that ends.
    assert_eq!(users(store, "g"), ["a", "b"]);
    assert_eq!(users(store, "another"), [""; 0]);
}

/// What is there already, or what nothing is said about, takes back the whole commit.
pub fn a_senseless_use_of_a_grant_is_taken_back_whole(rig: &dyn Rig) {
    let store = &*rig.open(None);
    write(store, Write::GiveGrant(grant("g")));
    let senseless = [
        Write::GiveGrant(grant("g")),
        Write::GiveGrant(grant("h")),
        taken_back("nothing", 10),
        used("g", "nobody"),
    ];
    for last in senseless {
        let mut bad = arm(store, "a", &[]);
        bad.writes.extend([
            Write::GiveGrant(grant("h")),
            used("g", "a"),
            used("g", "a"),
            taken_back("g", 20),
            last.clone(),
        ]);
        let said = done(store.commit(bad));
        assert!(matches!(said, Err(CommitError::Unavailable(_))), "{last:?}: {said:?}");
        assert_eq!(store.attempt("a").unwrap(), Lookup::Missing);
        assert_eq!(store.grants().unwrap(), [grant("g")]);
        assert_eq!(users(store, "g"), [""; 0]);
    }
}

/// Whoever is armed is armed before it, or not at all.
pub fn whoever_takes_a_grant_back_learns_of_all_who_were_armed_on_it(rig: &dyn Rig) {
    write(&*rig.open(None), Write::GiveGrant(grant("g")));
    let revokes = |id: &str| id == "w2-3";
    let (store, answers) = rush(rig, |store, id| match revokes(id) {
        true => Commit { writes: vec![taken_back("g", 20)], ..Commit::default() },
        false => {
            let mut next = arm(store, id, &[]);
            next.writes.push(used("g", id));
            next
        }
    });
    let mut made = made(answers, |_, which| assert_eq!(which, stands("g")));
    made.retain(|id| !revokes(id));
    made.sort();
    assert_eq!(users(&*store, "g"), made);
    // Of its own writer, exactly what came before it.
    let own: Vec<_> = made.iter().filter(|id| id.starts_with("w2-")).collect();
    assert_eq!(own, ["w2-0", "w2-1", "w2-2"]);
}
