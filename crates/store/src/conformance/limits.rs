//! Spent and reserved never come to more than the limit, whatever the clock does, and nothing leaks.

use super::{Rig, samples::*};
use crate::{Commit, CommitError, LimitWindow, Store};

const SLIDING: Bound = Bound { key: "l", window: LimitWindow::Sliding { per_ns: 100 }, max: 10 };
const FIXED: Bound = Bound { window: LimitWindow::Fixed, ..SLIDING };

/// What is spent, what is reserved, and when there will be room, if this was refused for a limit.
fn refused(store: &dyn Store, next: Commit) -> Option<(u128, u128, Option<i64>)> {
    match done(store.commit(next)) {
        Ok(_) => None,
        Err(CommitError::Limit { spent, reserved, free_at_ns, .. }) => Some((spent, reserved, free_at_ns)),
        Err(other) => panic!("{other:?}"),
    }
}

/// Reserves and settles at once.
fn spend(store: &dyn Store, bound: Bound, id: &str, at_ns: i64, amount: u128) {
    let mut next = bound.arm(store, id, at_ns, amount);
    next.writes.extend(settle(id, true).writes);
    commit(store, next);
}

/// Up to the limit and not a unit more; settled it is spent, or as if it had never been.
pub fn a_limit_is_reserved_then_spent_or_given_back(rig: &dyn Rig) {
    let store = &*rig.open(None);
    for bound in [SLIDING, FIXED] {
        let id = |name: &str| format!("{name}{}", bound.window.length().unwrap_or(0));
        let [a, b, c] = ["a", "b", "c"].map(id);
        assert_eq!(bound.used(store, 50), (0, 0));
        commit(store, bound.arm(store, &a, 50, 4));
        commit(store, bound.arm(store, &b, 51, 6));
        assert_eq!(bound.used(store, 51), (0, 10));
        let over = done(store.commit(bound.arm(store, &c, 52, 1)));
        let limit = CommitError::Limit { key: "l".into(), spent: 0, reserved: 10, max: 10, free_at_ns: None };
        assert_eq!(over, Err(limit), "time alone makes no room");
        assert_eq!(refused(store, bound.arm(store, &c, 52, 0)), None, "nothing fits even when it is full");
        for _ in 0..2 {
            commit(store, settle(&a, true));
            commit(store, settle(&b, false));
            assert_eq!(bound.used(store, 52), (4, 0), "{bound:?}");
        }
        commit(store, settle(&a, false));
        commit(store, settle(&b, true));
        assert_eq!(bound.used(store, 52), (4, 0), "the first word counts");
    }
    assert_eq!(Bound { key: "m", ..SLIDING }.used(store, 52), (0, 0), "another key");
    let longer = Bound { window: LimitWindow::Sliding { per_ns: 101 }, ..SLIDING };
    assert_eq!(longer.used(store, 52), (0, 0), "another window");
}

/// To the nanosecond, and nothing ever leaves a window of no length or one named by its key.
pub fn what_was_spent_leaves_a_sliding_window_by_the_time_it_was_reserved(rig: &dyn Rig) {
    let store = &*rig.open(None);
    spend(store, SLIDING, "a", 50, 4);
    spend(store, SLIDING, "b", 60, 3);
    let nothing = Bound { window: LimitWindow::Sliding { per_ns: 0 }, ..FIXED };
    spend(store, FIXED, "c", 50, 4);
    spend(store, nothing, "d", 50, 4);
    for (at, spent) in [(149, 7), (150, 3), (159, 3), (160, 0), (i64::MAX, 0)] {
        assert_eq!(SLIDING.used(store, at), (spent, 0), "at {at}");
        assert_eq!(FIXED.used(store, at), (8, 0));
    }
    assert_eq!(nothing.used(store, i64::MAX), (8, 0));
    assert_eq!(refused(store, SLIDING.arm(store, "e", 149, 4)), Some((7, 0, Some(150))));
    assert_eq!(refused(store, SLIDING.arm(store, "e", 149, 8)), Some((7, 0, Some(160))));
    assert_eq!(refused(store, SLIDING.arm(store, "e", 149, 11)), Some((7, 0, None)), "it never fits");
    assert_eq!(refused(store, FIXED.arm(store, "e", 149, 3)), Some((8, 0, None)));
    assert_eq!(refused(store, SLIDING.arm(store, "e", 150, 7)), None);
    assert_eq!(SLIDING.used(store, 150), (3, 7));
}

/// As long as nobody knows whether it happened, it counts; known to have, it counts by when it was reserved.
pub fn what_is_not_settled_never_leaves_a_window(rig: &dyn Rig) {
    let store = &*rig.open(None);
    commit(store, SLIDING.arm(store, "a", 50, 4));
    spend(store, SLIDING, "b", 60, 3);
    commit(store, SLIDING.arm(store, "c", 60, 1));
    assert_eq!(SLIDING.used(store, 1_000), (0, 5));
    assert_eq!(refused(store, SLIDING.arm(store, "d", 1_000, 6)), Some((0, 5, None)));
    assert_eq!(refused(store, SLIDING.arm(store, "d", 100, 5)), Some((3, 5, Some(160))));
    commit(store, settle("a", true));
    assert_eq!(SLIDING.used(store, 149), (7, 1));
    assert_eq!(SLIDING.used(store, 150), (3, 1), "settled after it had left");
    commit(store, SLIDING.arm(store, "d", 1_000, 9));
    commit(store, settle("c", true));
    assert_eq!(SLIDING.used(store, 0), (0, 9));
}

/// The latest reservation's time stands for every earlier one; what was only asked moves nothing.
pub fn a_clock_that_goes_backwards_frees_nothing(rig: &dyn Rig) {
    let store = &*rig.open(None);
    spend(store, SLIDING, "a", 50, 4);
    assert_eq!(refused(store, SLIDING.arm(store, "b", 120, 7)), Some((4, 0, Some(150))));
    spend(store, SLIDING, "b", 140, 6);
    assert_eq!(refused(store, SLIDING.arm(store, "c", -1_000, 1)), Some((10, 0, Some(150))));
    for at in [i64::MIN, -1_000, 60, 149] {
        assert_eq!(SLIDING.used(store, at), (10, 0), "at {at}");
    }
    assert_eq!(refused(store, SLIDING.arm(store, "c", 150, 4)), None);
    commit(store, settle("c", true));
    assert_eq!(SLIDING.used(store, 30), (10, 0));
    commit(store, SLIDING.arm(store, "d", 30, 0));
    spend(store, Bound { max: 20, ..SLIDING }, "e", 30, 5);
    assert_eq!(SLIDING.used(store, 249), (9, 0), "recorded at 150");
    assert_eq!(SLIDING.used(store, 250), (0, 0));
    drop(rig.open(None));
    assert_eq!(SLIDING.used(&*rig.open(None), 30), (15, 0), "another writer's clock is behind too");
}

/// Several demands of one commit on one limit, and none on another's or another window's account.
pub fn demands_of_one_commit_on_one_limit_add_up(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let both = |id: &str, bounds: [(Bound, u128); 2]| {
        let mut next = arm(store, id, &[]);
        for (bound, amount) in bounds {
            next.when.push(bound.within(50, amount));
            next.writes.push(bound.reserve(50, amount, id));
        }
        next
    };
    for bound in [SLIDING, FIXED] {
        let id = format!("a{}", bound.window.length().unwrap_or(0));
        assert_eq!(refused(store, both(&id, [(bound, 5), (bound, 6)])), Some((0, 0, None)));
        assert_eq!(bound.used(store, 50), (0, 0));
        assert_eq!(refused(store, both(&id, [(bound, 5), (bound, 5)])), None);
        assert_eq!(bound.used(store, 50), (0, 10));
        commit(store, settle(&id, true));
        assert_eq!(bound.used(store, 50), (10, 0));
    }
    let (m, n) = (Bound { key: "m", ..SLIDING }, Bound { key: "n", ..SLIDING });
    assert_eq!(refused(store, both("b", [(m, 10), (n, 10)])), None);
    let (m, n) = (Bound { key: "o", ..SLIDING }, Bound { key: "o", ..FIXED });
    assert_eq!(refused(store, both("c", [(m, 10), (n, 10)])), None);
    let wide = Bound { key: "p", max: u128::MAX, ..SLIDING };
    let too_much = both("d", [(wide, u128::MAX), (wide, u128::MAX)]);
    assert_eq!(refused(store, too_much), Some((0, 0, None)), "more than can be counted");
}

/// Every unit of 128 bits is kept.
pub fn amounts_are_exact(rig: &dyn Rig) {
    let store = &*rig.open(None);
    const MAX: u128 = u128::MAX;
    for window in [SLIDING.window, FIXED.window] {
        let bound = Bound { key: "wide", window, max: MAX };
        let id = |name: &str| format!("{name}{}", window.length().unwrap_or(0));
        spend(store, bound, &id("a"), 50, 1);
        commit(store, bound.arm(store, &id("b"), 50, MAX - 2));
        assert_eq!(bound.used(store, 50), (1, MAX - 2));
        let over = refused(store, bound.arm(store, &id("c"), 50, 2));
        assert_eq!(over, Some((1, MAX - 2, window.length().map(|_| 150))));
        spend(store, bound, &id("c"), 50, 1);
        commit(store, settle(&id("b"), true));
        assert_eq!(bound.used(store, 50), (MAX, 0));
        let over = refused(store, bound.arm(store, &id("d"), 50, 1));
        assert_eq!(over, Some((MAX, 0, window.length().map(|_| 150))));
    }
}

/// Without asking, as when only watching, a reservation may pass the limit; the limit then has no room.
pub fn what_is_reserved_without_asking_counts_all_the_same(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let mut next = SLIDING.arm(store, "a", 50, 25);
    next.when.clear();
    commit(store, next);
    assert_eq!(refused(store, SLIDING.arm(store, "b", 50, 0)), Some((0, 25, None)));
    commit(store, settle("a", true));
    assert_eq!(refused(store, SLIDING.arm(store, "b", 50, 0)), Some((25, 0, Some(150))));
}

/// More than are summed up or dropped together, spent in any order, some given back and some left open.
pub fn a_long_window_slides_exactly(rig: &dyn Rig) {
    const N: usize = 2_600;
    let store = &*rig.open(None);
    let bound = Bound { key: "long", window: LimitWindow::Sliding { per_ns: 1_000 }, max: u128::MAX };
    let (id, amount) = (|n: usize| format!("a{n:04}"), |n: usize| (n * 7 % 11) as u128);
    let together = |commits: Vec<Commit>| {
        let all = commits.into_iter().reduce(|mut all, next| {
            all.writes.extend(next.writes);
            all
        });
        commit(store, all.unwrap());
    };
    together((0..N).map(|n| bound.arm(store, &id(n), n as i64, amount(n))).collect());
    // In another order than they were reserved in; every 5th is given back, every 7th stays open.
    let order: Vec<_> = (0..N).map(|n| n * 1_009 % N).collect();
    let is_open = |n: usize| n.is_multiple_of(7);
    let is_spent = |n: usize| !is_open(n) && !n.is_multiple_of(5);
    let settled = order.iter().filter(|n| !is_open(**n)).map(|n| settle(&id(*n), is_spent(*n)));
    together(settled.collect());
    let open: u128 = (0..N).filter(|n| is_open(*n)).map(amount).sum();
    let spent_since = |first: usize| (first..N).filter(|n| is_spent(*n)).map(amount).sum::<u128>();
    let check = |at: usize| {
        assert_eq!(
            bound.used(store, at as i64),
            (spent_since((at + 1).saturating_sub(1_000)), open),
            "at {at}"
        );
    };
    // The clock cannot be behind the last reservation.
    (N..N + 1_002).step_by(37).chain([N - 1, N + 998, N + 999, N + 1_000]).for_each(check);
    // When there will be room for so much beside what is used now.
    let spent = spent_since(N - 1_000);
    for wanted in [1, 2, 50, 999, spent / 2, spent - 1, spent] {
        let tight = Bound { max: spent + open, ..bound };
        let left = |at: i64| spent_since(usize::try_from(at - 1_000 + 1).unwrap());
        let at = (N as i64..).find(|at| left(*at) + wanted <= spent).unwrap();
        let Some((_, _, free_at)) = refused(store, tight.arm(store, "late", N as i64 - 1, wanted)) else {
            panic!("{wanted} fits")
        };
        assert_eq!(free_at, Some(at), "room for {wanted}");
    }
    // Rows are dropped by later reservations, and nothing that counts with them.
    for n in N..N + 70 {
        commit(store, bound.arm(store, &id(n), n as i64 + 500, 0));
        assert_eq!(bound.used(store, 0), (spent_since(n + 500 + 1 - 1_000), open));
    }
    together((0..N).filter(|n| is_open(*n)).map(|n| settle(&id(n), false)).collect());
    assert_eq!(bound.used(store, N as i64 + 5_000), (0, 0), "nothing leaks");
}
