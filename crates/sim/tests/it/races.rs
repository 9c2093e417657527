//! I10, many attempts: of those that want the same thing at once one gets it, and the others learn which.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Barrier};
use std::thread;

use lastlook_kernel::{
    Answer, Attempt, Code, Command, Event, GateView, Moment, Outcome, Permit, Reason, State, Verdict, step,
};
use lastlook_sim::generate::digest_of;
use lastlook_store::{
    AttemptRow, AttemptState, Commit, CommitError, MemoryState, MemoryStore, Precondition, Store, Write,
};
use proptest::prelude::*;

use crate::i10_once::some_case;

/// How many things are raced for.
const THINGS: usize = 3;

/// One attempt among others. All of them read every thing at version 0.
struct Racer {
    id: String,
    claims: BTreeSet<usize>,
    /// Whether its answer comes.
    answered: bool,
    attempt: Attempt,
    queue: VecDeque<Command>,
    holds: bool,
    refused_for: Vec<Reason>,
}

/// What the racers share: the state, seen by several writers, and the world.
struct Track {
    stores: Vec<MemoryStore>,
    versions: [u32; THINGS],
    /// Who reached the world, in order.
    sent: Vec<String>,
}

impl Racer {
    fn new(number: usize, claims: BTreeSet<usize>, answered: bool) -> Racer {
        let mut attempt = Attempt::new();
        let queue = step(&mut attempt, Event::Opened(Vec::new())).into();
        let id = format!("attempt-{number}");
        Racer { id, claims, answered, attempt, queue, holds: false, refused_for: Vec::new() }
    }

    /// Carries out the next command; false when there is none.
    fn go(&mut self, number: usize, track: &mut Track) -> Result<bool, TestCaseError> {
        let Some(command) = self.queue.pop_front() else { return Ok(false) };
        let store = &track.stores[number % track.stores.len()];
        let event = match command {
            Command::Arm => Some(self.arm(store)?),
            Command::Look => {
                Some(Event::Looked(match self.claims.iter().all(|thing| track.versions[*thing] == 0) {
                    true => Verdict::Allow(permit()),
                    false => Verdict::Deny(vec![Reason::of(Code::FactChanged)]),
                }))
            }
            Command::Gate(permit) => {
                let view = GateView { epoch: 0, now: Moment(2), max_gap_ns: 10 };
                Some(Event::Passed(permit.spend(view).expect("a fresh look")))
            }
            Command::Send(_) => {
                for thing in &self.claims {
                    prop_assert_eq!(track.versions[*thing], 0, "it acts on what is not what it read");
                    track.versions[*thing] += 1;
                }
                track.sent.push(self.id.clone());
                Some(Event::Answered(if self.answered { Answer::Result } else { Answer::Lost }))
            }
            Command::RecordOutcome { outcome, .. } => Some(self.end(store, outcome)),
            Command::RecordRefusal { reasons, armed } => {
                self.refused_for = reasons;
                Some(if armed { self.end(store, Outcome::Failed) } else { Event::Recorded })
            }
            Command::Rebase | Command::ForwardCancel | Command::Confirm | Command::Deliver => None,
            Command::DeliverUnrecorded | Command::DeliverUnrecordedRefusal => {
                return Err(TestCaseError::fail("the store records everything"));
            }
        };
        self.queue.extend(event.into_iter().flat_map(|event| step(&mut self.attempt, event)));
        Ok(true)
    }

    fn arm(&mut self, store: &MemoryStore) -> Result<Event, TestCaseError> {
        let answer = store.commit(self.claim(store)).blocking_recv().expect("an answer");
        match answer {
            Ok(_) => {
                self.holds = true;
                Ok(Event::Armed)
            }
            Err(CommitError::Precondition {
                which: Precondition::SubjectFree { subject },
                holder: Some(winner),
            }) => {
                let holder = store.holder(&subject).unwrap().map(|row| row.id);
                prop_assert_eq!(holder.as_ref(), Some(&winner.id), "it names who holds it");
                prop_assert!(winner.id != self.id && winner.state.is_open());
                Ok(Event::NotArmed(vec![Reason::about(Code::InDoubt, winner.id.clone())]))
            }
            Err(other) => Err(TestCaseError::fail(format!("{other:?}"))),
        }
    }

    /// The intent: refused as a whole when one of its subjects is taken.
    fn claim(&self, store: &MemoryStore) -> Commit {
        let subjects: Vec<String> = self.claims.iter().map(|thing| format!("thing {thing}")).collect();
        let row = AttemptRow {
            id: self.id.clone(),
            writer: store.writer().map_or(0, |writer| writer.n),
            upstream: "box".to_owned(),
            tool: "set".to_owned(),
            action: digest_of(&self.id),
            state: AttemptState::Armed,
            opened_at_ns: 0,
            detail: Vec::new(),
        };
        let take = |subject: String| Write::TakeSubject { subject, attempt: self.id.clone(), if_free: false };
        Commit {
            when: subjects
                .iter()
                .map(|subject| Precondition::SubjectFree { subject: subject.clone() })
                .collect(),
            writes: std::iter::once(Write::OpenAttempt(row)).chain(subjects.into_iter().map(take)).collect(),
            ..Commit::default()
        }
    }

    /// Records how it ended; only what is known lets go of its subjects.
    fn end(&mut self, store: &MemoryStore, outcome: Outcome) -> Event {
        let attempt = self.id.clone();
        let to = match outcome {
            Outcome::Succeeded => AttemptState::Succeeded,
            Outcome::Failed => AttemptState::Failed,
            Outcome::Unknown => AttemptState::Unknown,
        };
        let mut writes = vec![Write::MoveAttempt { attempt: attempt.clone(), to }];
        if outcome != Outcome::Unknown {
            self.holds = false;
            writes.push(Write::ReleaseSubjects { attempt: attempt.clone() });
        }
        let when = vec![Precondition::AttemptIs { attempt, states: vec![AttemptState::Armed] }];
        let commit = Commit { when, writes, vital: true, ..Commit::default() };
        store.commit(commit).blocking_recv().expect("an answer").expect("its own attempt");
        Event::Recorded
    }
}

fn permit() -> Permit {
    match some_case().decide() {
        Verdict::Allow(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn track(writers: usize) -> Track {
    let state = MemoryState::new("sim", &[7; 32]).expect("a state");
    Track {
        stores: (0..writers).map(|_| state.open(None)).collect(),
        versions: [0; THINGS],
        sent: Vec::new(),
    }
}

/// Lets the racers go in this order, then one after the other to the end.
fn race(racers: &mut [Racer], track: &mut Track, order: &[u8]) -> Result<(), TestCaseError> {
    let count = racers.len();
    for choice in order {
        let number = usize::from(*choice) % count;
        // Now and then the caller cancels; what was asked for before that is still carried out, and must not matter.
        if *choice >= 250 {
            let commands = step(&mut racers[number].attempt, Event::Cancelled);
            racers[number].queue.extend(commands);
        }
        racers[number].go(number, track)?;
        for (one, racer) in racers.iter().enumerate() {
            let holding = racers[..one].iter().filter(|other| other.holds && racer.holds);
            prop_assert!(holding.clone().all(|other| other.claims.is_disjoint(&racer.claims)), "held by two");
        }
    }
    for (number, racer) in racers.iter_mut().enumerate() {
        while racer.go(number, track)? {}
        prop_assert!(matches!(racer.attempt.state(), State::Ended | State::Refused));
    }
    Ok(())
}

proptest! {
    #![proptest_config(config!("races"))]

    #[test]
    fn of_those_that_want_the_same_thing_one_acts_and_the_others_learn_which(
        racers in proptest::collection::vec(
            (proptest::collection::btree_set(0..THINGS, 1..=THINGS), prop::bool::weighted(0.8)), 2..7,
        ),
        (writers, alike) in (1_usize..4, any::<bool>()),
        order in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let mut track = track(writers);
        let first = racers[0].0.clone();
        let mut racers: Vec<Racer> = racers
            .into_iter()
            .enumerate()
            .map(|(number, (claims, answered))| {
                Racer::new(number, if alike { first.clone() } else { claims }, answered)
            })
            .collect();
        race(&mut racers, &mut track, &order)?;
        prop_assert!(track.versions.iter().all(|version| *version <= 1));
        let cancelled = order.iter().any(|choice| *choice >= 250);
        prop_assert!(cancelled || !track.sent.is_empty(), "somebody wins");
        prop_assert!(!alike || track.sent.len() <= 1);
        for loser in racers.iter().filter(|racer| !track.sent.contains(&racer.id)) {
            let [reason] = &loser.refused_for[..] else { return Err(TestCaseError::fail("one reason")) };
            match (reason.code, &reason.about) {
                (Code::InDoubt, Some(winner)) => prop_assert!(racers.iter().any(|other| other.id == *winner)),
                (Code::FactChanged, _) => {
                    prop_assert!(loser.claims.iter().any(|thing| track.versions[*thing] > 0), "nothing had changed");
                }
                (code, _) => prop_assert_eq!(code, Code::Cancelled),
            }
        }
    }
}

#[test]
fn threads_that_claim_at_once_have_one_winner_and_the_losers_name_it() {
    const RACERS: usize = 8;
    let state = MemoryState::new("sim", &[7; 32]).unwrap();
    let start = Arc::new(Barrier::new(RACERS));
    for round in 0..40 {
        let racing: Vec<_> = (0..RACERS)
            .map(|number| {
                let (store, start) = (state.open(None), Arc::clone(&start));
                thread::spawn(move || {
                    let mut racer = Racer::new(round * RACERS + number, BTreeSet::from([0, 1]), true);
                    let _ = racer.queue.pop_front();
                    start.wait();
                    let event = racer.arm(&store).unwrap();
                    let won = matches!(event, Event::Armed);
                    let asked = step(&mut racer.attempt, event);
                    let named = asked.iter().find_map(|command| match command {
                        Command::RecordRefusal { reasons, .. } => reasons[0].about.clone(),
                        _ => None,
                    });
                    start.wait();
                    if won {
                        racer.end(&store, Outcome::Succeeded);
                    }
                    (won, named.unwrap_or(racer.id))
                })
            })
            .collect();
        let ends: Vec<_> = racing.into_iter().map(|racer| racer.join().unwrap()).collect();
        let winners: Vec<_> = ends.iter().filter(|(won, _)| *won).map(|(_, id)| id).collect();
        assert_eq!(winners.len(), 1, "{ends:?}");
        assert!(ends.iter().all(|(_, named)| named == winners[0]), "{ends:?}");
    }
}
