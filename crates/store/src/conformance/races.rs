//! Exactly one wins.

use std::sync::{Arc, Barrier};
use std::thread;

use super::{Rig, samples::*};
use crate::{AttemptState, CommitError, LimitWindow, Store};

/// Two writers ask for the same subjects at the same time, many times over.
pub fn one_of_two_writers_takes_a_subject(rig: &dyn Rig) {
    const ROUNDS: usize = 25;
    let stores = [rig.open(None), rig.open(None)];
    let start = Arc::new(Barrier::new(2));
    let racers = stores.clone().map(|store| {
        let start = Arc::clone(&start);
        thread::spawn(move || {
            let race = |round| {
                start.wait();
                take_as(&*store, round)
            };
            (0..ROUNDS).map(race).collect::<Vec<_>>()
        })
    });
    let results = racers.map(|racer| racer.join().unwrap());
    for (round, (one, two)) in results[0].iter().zip(&results[1]).enumerate() {
        assert_eq!(one, two, "both name the same winner");
        assert_eq!(stores[0].holder(&format!("s{round}")).unwrap().unwrap().id, *one);
    }
    let sizes = stores.each_ref().map(|store| verified_size(&**store, &rig.verifier(), &origin(&**store)));
    assert_eq!(sizes[0] + sizes[1], ROUNDS as u64, "one entry for each round");
}

/// The winner of this round: this store's attempt, or the one it lost to.
fn take_as(store: &dyn Store, round: usize) -> String {
    let id = format!("w{}-{round}", store.writer().unwrap().n);
    match done(store.commit(arm(store, &id, &[&format!("s{round}")]))) {
        Ok(_) => id,
        Err(CommitError::Precondition { holder: Some(holder), .. }) => holder.id,
        Err(e) => panic!("{e}"),
    }
}

/// Commits that share a flush are still made one after the other.
pub fn one_of_many_commits_in_flight_takes_a_subject(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let tickets: Vec<_> = (0..30).map(|n| store.commit(arm(store, &format!("a{n}"), &["s"]))).collect();
    let answers: Vec<_> = tickets.into_iter().map(done).collect();
    assert!(answers[0].is_ok());
    for answer in &answers[1..] {
        let Err(CommitError::Precondition { holder: Some(holder), .. }) = answer else {
            panic!("{answer:?}")
        };
        assert_eq!(**holder, row(store, "a0"));
    }
    assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), 1);
}

/// A store that is dropped first does what was asked of it.
pub fn what_was_committed_before_closing_is_there_after(rig: &dyn Rig) {
    let store = rig.open(None);
    let tickets: Vec<_> =
        (0..50).map(|n| store.commit(arm(&*store, &format!("a{n}"), &[&format!("s{n}")]))).collect();
    drop(store);
    assert!(tickets.into_iter().all(|ticket| done(ticket).is_ok()));
    let store = &*rig.open(None);
    assert_eq!(store.open_attempts().unwrap().len(), 50);
    assert_eq!(verified_size(store, &rig.verifier(), &origin(store)), 50);
}

/// Several writers with many commits in flight each: as much is granted as there is room for, and not a unit more.
pub fn many_writers_never_pass_a_limit(rig: &dyn Rig) {
    const WRITERS: usize = 4;
    const EACH: usize = 16;
    let stores: Vec<_> = (0..WRITERS).map(|_| rig.open(None)).collect();
    let bounds = [LimitWindow::Sliding { per_ns: 1_000 }, LimitWindow::Fixed].map(|window| Bound {
        key: "raced for",
        window,
        max: 100,
    });
    let start = Barrier::new(WRITERS);
    let race = |store: &Arc<dyn Store>| {
        start.wait();
        let tickets: Vec<_> = (0..EACH)
            .map(|n| {
                let id = format!("w{}-{n}", store.writer().unwrap().n);
                let mut next = bounds[0].arm(&**store, &id, 50, 7);
                next.when.push(bounds[1].within(50, 7));
                next.writes.push(bounds[1].reserve(50, 7, &id));
                (id, store.commit(next))
            })
            .collect();
        let granted = |(id, ticket)| match done(ticket) {
            Ok(_) => Some(id),
            Err(CommitError::Limit { spent, reserved, max: 100, .. }) => {
                assert!((93..=100).contains(&(spent + reserved)), "{spent} spent, {reserved} reserved");
                None
            }
            Err(other) => panic!("{other:?}"),
        };
        tickets.into_iter().filter_map(granted).collect::<Vec<String>>()
    };
    let granted: Vec<String> = thread::scope(|scope| {
        let racers: Vec<_> = stores.iter().map(|store| scope.spawn(|| race(store))).collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(granted.len(), 14, "14 times 7 fits into 100");
    for (n, id) in granted.iter().enumerate() {
        commit(&*stores[n % WRITERS], settle(id, n % 2 == 0));
    }
    for bound in bounds {
        assert_eq!(bound.used(&*stores[0], 50), (49, 0));
    }
}

/// Everybody else is told who has it; the fencing tokens are given out one by one.
pub fn one_of_many_writers_takes_a_key_and_one_a_lease(rig: &dyn Rig) {
    const ROUNDS: u64 = 10;
    let stores: Vec<_> = (0..3).map(|_| rig.open(None)).collect();
    for round in 0..ROUNDS {
        let start = Barrier::new(stores.len());
        let race = |store: &Arc<dyn Store>| {
            let id = format!("w{}-{round}", store.writer().unwrap().n);
            let mut next = arm_once(&**store, &id, &format!("once {round}"), 50, None);
            let lease = arm_lease(&**store, &id, "lease");
            next.writes.push(lease.writes.into_iter().next_back().unwrap());
            start.wait();
            match done(store.commit(next)) {
                Ok(committed) => {
                    assert_eq!(committed.fences, [("lease".into(), round + 1)]);
                    id
                }
                Err(CommitError::Precondition { holder: Some(holder), .. }) => holder.id,
                Err(other) => panic!("{other:?}"),
            }
        };
        let winners: Vec<String> = thread::scope(|scope| {
            let racers: Vec<_> = stores.iter().map(|store| scope.spawn(|| race(store))).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(winners.iter().all(|winner| *winner == winners[0]), "all name the same winner");
        commit(&*stores[0], finish(&*stores[0], &winners[0], AttemptState::Succeeded));
    }
}
