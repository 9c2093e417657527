//! Exactly one wins.

use std::sync::{Arc, Barrier};
use std::thread;

use super::{Rig, samples::*};
use crate::{CommitError, Store};

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
