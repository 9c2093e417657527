//! Random histories of reserving, settling and going on in time, added up anew at each step by an oracle of their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::conformance::samples::*;
use crate::{
    Commit, CommitError, LimitWindow, MemoryState, Precondition, SqliteStore, StateDir, Store, Write,
};

const WINDOWS: [LimitWindow; 3] =
    [LimitWindow::Sliding { per_ns: 20 }, LimitWindow::Sliding { per_ns: 90 }, LimitWindow::Fixed];
const KEYS: [&str; 2] = ["k", "l"];
const MAX: u128 = 12;

/// One thing that happens. Limits, attempts and keys are named by numbers that are brought into range.
#[derive(Clone, Debug)]
enum Event {
    /// An attempt asks for these amounts under these limits, the clock having moved by so much.
    Arm { moved: i64, demands: Vec<(usize, u128)>, once: Option<(usize, Option<i64>)>, asks: bool },
    /// An attempt is settled, perhaps not for the first time.
    Settle { which: usize, kept: bool },
    /// The store is closed and opened again.
    Reopen,
}

fn event() -> impl Strategy<Value = Event> {
    let demands = prop::collection::vec((0..KEYS.len() * WINDOWS.len(), 0..6_u128), 0..4);
    let once = prop::option::weighted(0.4, (0..3_usize, prop::option::of(1..40_i64)));
    prop_oneof![
        6 => (-15..30_i64, demands, once, prop::bool::weighted(0.9))
            .prop_map(|(moved, demands, once, asks)| Event::Arm { moved, demands, once, asks }),
        5 => (0..64_usize, any::<bool>()).prop_map(|(which, kept)| Event::Settle { which, kept }),
        1 => Just(Event::Reopen),
    ]
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate {
    Open,
    Kept,
    GivenBack,
}

/// What happened, and nothing that was derived from it.
#[derive(Default)]
struct History {
    /// Attempt, limit, time, amount.
    reserved: Vec<(usize, usize, i64, u128)>,
    /// Key, attempt, until.
    taken: Vec<(usize, usize, Option<i64>)>,
    fates: Vec<Fate>,
}

impl History {
    fn clock(&self, limit: usize, at: i64) -> i64 {
        let of_limit = self.reserved.iter().filter(|(_, of, ..)| *of == limit);
        of_limit.map(|(_, _, t, _)| *t).fold(at, i64::max)
    }

    fn used(&self, limit: usize, at: i64) -> (u128, u128) {
        let now = self.clock(limit, at);
        let window = WINDOWS[limit % WINDOWS.len()];
        let (mut spent, mut open) = (0, 0);
        for (attempt, of, t, amount) in &self.reserved {
            let counts = match window {
                LimitWindow::Sliding { per_ns } => *t > now - per_ns,
                LimitWindow::Fixed => true,
            };
            match self.fates[*attempt] {
                Fate::Open if *of == limit => open += amount,
                Fate::Kept if *of == limit && counts => spent += amount,
                _ => {}
            }
        }
        (spent, open)
    }

    /// The first instant after now at which it fits, tried one by one.
    fn free_at(&self, limit: usize, at: i64, amount: u128) -> Option<i64> {
        let now = self.clock(limit, at);
        (now + 1..now + 100).find(|at| {
            let (spent, open) = self.used(limit, *at);
            spent + open + amount <= MAX
        })
    }

    fn has(&self, key: usize) -> Option<(usize, Option<i64>)> {
        let mut of_key = self.taken.iter().filter(|(of, ..)| *of == key);
        of_key
            .next_back()
            .filter(|(_, attempt, _)| self.fates[*attempt] != Fate::GivenBack)
            .map(|(_, a, u)| (*a, *u))
    }
}

fn bound(limit: usize) -> Bound {
    Bound { key: KEYS[limit / WINDOWS.len()], window: WINDOWS[limit % WINDOWS.len()], max: MAX }
}

fn id(attempt: usize) -> String {
    format!("a{attempt}")
}

fn once_key(key: usize) -> String {
    format!("once {key}")
}

/// What the first precondition that fails must say.
fn expected(history: &History, now: i64, demands: &[(usize, u128)]) -> Option<CommitError> {
    let mut asked = BTreeMap::new();
    for (limit, amount) in demands {
        let sum = asked.entry(*limit).or_insert(0);
        *sum += amount;
        let (spent, reserved) = history.used(*limit, now);
        if spent + reserved + *sum > MAX {
            let free_at_ns = history.free_at(*limit, now, *sum);
            return Some(CommitError::Limit {
                key: bound(*limit).key.into(),
                spent,
                reserved,
                max: MAX,
                free_at_ns,
            });
        }
    }
    None
}

fn play(open: &dyn Fn() -> Arc<dyn Store>, events: &[Event]) -> Result<(), TestCaseError> {
    let mut store = Some(open());
    let (mut history, mut now, mut asked_only) = (History::default(), 1_000, true);
    for event in events {
        let current = store.as_deref().expect("a store");
        match event {
            Event::Arm { moved, demands, once, asks } => {
                now += moved;
                asked_only &= asks;
                let attempt = history.fates.len();
                history.fates.push(Fate::Open);
                let mut next = Commit {
                    writes: vec![Write::OpenAttempt(row(current, &id(attempt)))],
                    ..Commit::default()
                };
                if let Some((key, lasts)) = once {
                    next.when.push(Precondition::OnceFree { key: once_key(*key), at_ns: now });
                    let until_ns = lasts.map(|lasts| now + lasts);
                    next.writes.push(Write::TakeOnce { key: once_key(*key), attempt: id(attempt), until_ns });
                }
                for (limit, amount) in demands {
                    if *asks {
                        next.when.push(bound(*limit).within(now, *amount));
                    }
                    next.writes.push(bound(*limit).reserve(now, *amount, &id(attempt)));
                }
                let has = once
                    .and_then(|(key, _)| history.has(key))
                    .filter(|(_, until)| until.is_none_or(|until| until > now));
                let refusal = if *asks { expected(&history, now, demands) } else { None };
                match (done(current.commit(next)), has) {
                    (
                        Err(CommitError::Precondition { which: Precondition::OnceFree { .. }, holder }),
                        Some((by, _)),
                    ) => {
                        prop_assert_eq!(holder.map(|row| row.id), Some(id(by)));
                        history.fates[attempt] = Fate::GivenBack;
                    }
                    (Err(error), None) => {
                        prop_assert_eq!(Some(error), refusal);
                        history.fates[attempt] = Fate::GivenBack;
                    }
                    (Ok(_), None) => {
                        prop_assert_eq!(None, refusal);
                        for (limit, amount) in demands {
                            let t = history.clock(*limit, now);
                            history.reserved.push((attempt, *limit, t, *amount));
                        }
                        history
                            .taken
                            .extend(once.map(|(key, lasts)| (key, attempt, lasts.map(|lasts| now + lasts))));
                    }
                    (other, has) => prop_assert!(false, "{other:?} while {has:?} has the key"),
                }
            }
            Event::Settle { which, kept } => {
                let attempt = which % (history.fates.len() + 1);
                commit(current, settle(&id(attempt), *kept));
                if let Some(fate @ Fate::Open) = history.fates.get_mut(attempt) {
                    *fate = if *kept { Fate::Kept } else { Fate::GivenBack };
                }
            }
            Event::Reopen => {
                drop(store.take());
                store = Some(open());
            }
        }
        let current = store.as_deref().expect("a store");
        for limit in 0..KEYS.len() * WINDOWS.len() {
            for at in [now - 50, now, now + 7, now + 95] {
                let used = bound(limit).used(current, at);
                prop_assert_eq!(used, history.used(limit, at), "limit {} at {}", limit, at);
                prop_assert!(!asked_only || used.0 + used.1 <= MAX, "over");
            }
        }
        for key in 0..3 {
            let has = current.once(&once_key(key)).unwrap();
            prop_assert_eq!(has, history.has(key).map(|(attempt, until)| (id(attempt), until)));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_memory_every_sum_is_what_the_history_adds_up_to(events in prop::collection::vec(event(), 1..60)) {
        let state = MemoryState::new("00112233", &[9; 32]).unwrap();
        play(&|| Arc::new(state.open(None)), &events)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_disk_every_sum_is_what_the_history_adds_up_to(events in prop::collection::vec(event(), 20..90)) {
        let temp = tempfile::tempdir().unwrap();
        let dir = StateDir::open(temp.path().join("state")).unwrap();
        play(&|| Arc::new(SqliteStore::open(&dir, dir.writer().unwrap(), None).unwrap()), &events)?;
    }
}
