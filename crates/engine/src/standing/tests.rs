use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;

use lastlook_store::MemoryState;
use tempfile::TempDir;

use super::*;

fn state() -> (TempDir, StateDir) {
    let temp = tempfile::tempdir().unwrap();
    let state = StateDir::open(temp.path().join("state")).unwrap();
    (temp, state)
}

fn gate(state: &StateDir, writer: u32) -> SharedGate {
    SharedGate::open(state.paths(), writer).unwrap()
}

#[test]
fn whoever_is_inside_is_waited_for_and_listed() {
    let (_temp, state) = state();
    let mut gate = gate(&state, 1);
    let before = gate.number().unwrap();
    let watching = SharedGate::open(state.paths(), 2).unwrap();
    let mut inside = gate.enter().unwrap();
    assert_eq!(inside.number, before);
    std::thread::scope(|scope| {
        let shutting = scope.spawn(|| shut(&state).unwrap());
        // The number is written before the lock is waited for: from now on only whoever is inside can still pass.
        while watching.number().unwrap() == before {
            std::thread::yield_now();
        }
        std::thread::sleep(PAUSE * 20); // backoff: long enough for a shut that does not wait to have come back
        assert!(!shutting.is_finished(), "it came back while somebody was inside");
        inside.publish("a").unwrap();
        drop(inside);
        assert_eq!(shutting.join().unwrap(), ["a"]);
    });
    let inside = gate.enter().unwrap();
    assert_ne!(inside.number, before);
}

#[test]
fn no_two_shuts_leave_the_same_number() {
    let (_temp, state) = state();
    let gate = gate(&state, 1);
    let mut numbers = BTreeSet::from([gate.number().unwrap()]);
    for _ in 0..100 {
        shut(&state).unwrap();
        assert!(numbers.insert(gate.number().unwrap()));
    }
}

/// Gates of several writers pass as fast as they can; whatever passed after a shut came back had seen its number.
#[test]
fn nothing_that_noted_an_older_number_passes_after_a_shut() {
    let (_temp, state) = state();
    let over = AtomicBool::new(false);
    // What is halted, as the looks read it: moved before each shut.
    let halted = AtomicU64::new(0);
    let count = AtomicU64::new(0);
    let (passed, passes) = channel();
    std::thread::scope(|scope| {
        for writer in 1..=3 {
            let (passed, over, halted, count, state) = (passed.clone(), &over, &halted, &count, &state);
            scope.spawn(move || {
                let mut gate = gate(state, writer);
                for n in 0_u64.. {
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    let noted = gate.number().unwrap();
                    let seen = halted.load(Ordering::SeqCst);
                    let id = format!("{writer}-{n}");
                    let went = match gate.enter() {
                        Ok(mut inside) if inside.number == noted => inside.publish(&id).is_ok(),
                        Ok(_) | Err(Closed::Busy) => false,
                        Err(Closed::Broken(error)) => panic!("{error}"),
                    };
                    if went {
                        // What is halted now, when the bytes would be written.
                        let now = halted.load(Ordering::SeqCst);
                        passed.send((id.clone(), seen, now)).unwrap();
                        gate.leave(&id);
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                }
            });
        }
        drop(passed);
        let mut listed = Vec::new();
        for round in 1..=100 {
            let before = count.load(Ordering::SeqCst);
            while count.load(Ordering::SeqCst) < before + round % 8 {
                std::thread::yield_now();
            }
            halted.store(round, Ordering::SeqCst);
            let past: BTreeSet<String> = shut(&state).unwrap().into_iter().collect();
            listed.push(past);
        }
        over.store(true, Ordering::SeqCst);
        let (mut all, mut stale) = (0, 0);
        for (id, seen, now) in passes {
            all += 1;
            // It saw less than what held when it went: then it had passed before that came back, and is listed there.
            if seen + 1 < now {
                stale += 1;
                let past = &listed[usize::try_from(seen).unwrap()];
                assert!(past.contains(&id), "{id} saw {seen}, went at {now}, and is not listed");
            }
        }
        println!("{all} passed, {stale} of them across a whole shut");
        assert!(all > 100);
    });
}

#[test]
fn what_is_past_outlives_its_writer_until_somebody_takes_it_off() {
    let (_temp, state) = state();
    let mut first = gate(&state, 1);
    for id in ["a", "b", "c"] {
        first.enter().unwrap().publish(id).unwrap();
    }
    first.leave("b");
    drop(first);
    let mut next = gate(&state, 1);
    next.enter().unwrap().publish("d").unwrap();
    assert_eq!(shut(&state).unwrap(), ["a", "c", "d"]);
    next.leave("a");
    next.leave("nobody");
    assert_eq!(next.past(), ["d", "c"]);
    assert_eq!(shut(&state).unwrap(), ["c", "d"]);
}

#[test]
fn there_is_a_slot_for_everybody_and_slots_are_used_again() {
    let (_temp, state) = state();
    let mut gate = gate(&state, 1);
    let ids: Vec<String> = (0..FIRST_SLOTS * 3).map(|n| format!("{n:020}")).collect();
    for _ in 0..3 {
        ids.iter().for_each(|id| gate.enter().unwrap().publish(id).unwrap());
        assert_eq!(shut(&state).unwrap(), ids);
        ids.iter().for_each(|id| gate.leave(id));
        assert_eq!(shut(&state).unwrap(), Vec::<String>::new());
    }
    let size = std::fs::metadata(state.paths().flight(1)).unwrap().len();
    assert_eq!(size, (ids.len() * SLOT) as u64);
    assert!(gate.enter().unwrap().publish(&"x".repeat(SLOT)).is_err());
}

#[test]
fn the_epoch_is_a_number_or_nobody_knows() {
    let state = MemoryState::new("s", &[1; 32]).unwrap();
    let store = state.open(None);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(epoch(&store).unwrap(), 0);
    for (value, expect) in [("7", Some(7)), ("eight", None), ("", None), ("-1", None)] {
        let mark = lastlook_store::Write::SetMark { name: EPOCH.to_owned(), value: value.to_owned() };
        let commit = lastlook_store::Commit { writes: vec![mark], ..Default::default() };
        runtime.block_on(store.commit(commit)).unwrap().unwrap();
        assert_eq!(epoch(&store).ok(), expect, "{value}");
    }
}
