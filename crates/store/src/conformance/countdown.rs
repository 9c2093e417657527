//! Whichever operation fails, a commit is there whole or not at all, and the log verifies.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use lastlook_ledger::Kind;

use super::{Rig, samples::*};
use crate::{
    ApproverRow, AttemptRow, AttemptState, Commit, CommitError, Confirmation, Fault, FaultError, HaltRow,
    LimitWindow, Lookup, Op, Precondition, RequestRow, RequestState, StepRow, Store, Values, VoteRow, Write,
};

/// One failure of one operation ends the process.
pub fn whichever_operation_fails_nothing_is_half_done(rig: &dyn Rig) {
    countdown(rig, || FaultError::Broken("it broke".into()), 1, true);
}

/// From one operation on everything fails, closing included.
pub fn whichever_operation_fails_for_good_nothing_is_half_done(rig: &dyn Rig) {
    countdown(rig, || FaultError::Broken("it broke".into()), usize::MAX, true);
}

/// There is no room at one operation; what is vital may still find some.
pub fn whichever_operation_finds_the_disk_full_nothing_is_half_done(rig: &dyn Rig) {
    countdown(rig, || FaultError::Full, 1, true);
}

/// The same store is asked again after the failure.
pub fn the_store_goes_on_after_any_failure(rig: &dyn Rig) {
    countdown(rig, || FaultError::Broken("it broke".into()), 1, false);
}

/// Fails some operations from the `left`-th on.
struct Countdown {
    left: AtomicUsize,
    times: AtomicUsize,
    fired: AtomicBool,
    error: fn() -> FaultError,
}

impl Fault for Countdown {
    fn before(&self, _: Op) -> Result<(), FaultError> {
        let down = |counter: &AtomicUsize| {
            counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
        };
        if down(&self.left).is_ok() || down(&self.times).is_err() {
            return Ok(());
        }
        self.fired.store(true, Ordering::SeqCst);
        Err((self.error)())
    }
}

/// Plays a few attempts' lives over and over on one state, each time failing one operation later, until none fails.
fn countdown(rig: &dyn Rig, error: fn() -> FaultError, times: usize, reopen: bool) {
    for n in 0.. {
        let lives = Lives { run: n };
        let (left, times) = (AtomicUsize::new(n), AtomicUsize::new(times));
        let fault = Arc::new(Countdown { left, times, fired: AtomicBool::new(false), error });
        let mut store = rig.open(Some(Arc::clone(&fault) as Arc<dyn Fault>));
        let before = store.entries(&origin(&*store), 0, usize::MAX).unwrap().len();
        let mut made = 0;
        while let Some(next) = lives.commits(&*store).get(made) {
            let answer = done(store.commit(next.clone()));
            if answer.is_err() && reopen {
                drop(store);
                store = rig.open(None);
            }
            signed_size(&*store, &rig.verifier(), &origin(&*store));
            match answer {
                Ok(_) => made += 1,
                Err(error @ (CommitError::Precondition { .. } | CommitError::Limit { .. })) => {
                    panic!("{error}")
                }
                // Only then may it be there all the same.
                Err(CommitError::Unavailable(why)) if why.contains("may have been recorded") => {
                    made += usize::from(Seen::of(&*store, &lives, before) == lives.after(made + 1));
                }
                Err(CommitError::Full | CommitError::Unavailable(_) | CommitError::Unsigned(_)) => {}
            }
            assert_eq!(Seen::of(&*store, &lives, before), lives.after(made), "operation {n}, commit {made}");
        }
        assert_eq!(verified_size(&*store, &rig.verifier(), &origin(&*store)), before as u64 + 6);
        drop(store);
        if !fault.fired.load(Ordering::SeqCst) {
            assert!(n > 80, "each of the operations was made to fail");
            return;
        }
    }
}

/// The lives of three attempts, told apart by run.
struct Lives {
    run: usize,
}

/// What can be seen of them through a store.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    states: BTreeMap<&'static str, AttemptState>,
    holders: BTreeMap<&'static str, &'static str>,
    entries: Vec<(&'static str, Kind)>,
    values: BTreeMap<(&'static str, &'static str), Values>,
    guards: Guarded,
    decided: Decided,
}

/// What can be seen of what guards hold for attempt a.
#[derive(Debug, Default, PartialEq)]
struct Guarded {
    once: Option<Option<i64>>,
    /// Spent and reserved, of a sliding and of a fixed window.
    limits: [(u128, u128); 2],
    fence: Option<u64>,
    step: Option<(Option<i64>, Option<Confirmation>)>,
    mark: Option<String>,
}

/// What can be seen of what people decide. The request is attempt c's to claim.
#[derive(Debug, Default, PartialEq)]
struct Decided {
    request: Option<RequestRow>,
    votes: Vec<VoteRow>,
    approver: Option<ApproverRow>,
    halt: Option<HaltRow>,
}

const WINDOWS: [LimitWindow; 2] = [LimitWindow::Sliding { per_ns: 100 }, LimitWindow::Fixed];

const ATTEMPTS: [&str; 3] = ["a", "b", "c"];
const SUBJECTS: [&str; 3] = ["r", "s", "t"];

impl Lives {
    fn name(&self, short: &str) -> String {
        format!("{short}-{}", self.run)
    }

    fn commits(&self, store: &dyn Store) -> Vec<Commit> {
        let [a, b, c] = ATTEMPTS.map(|short| self.name(short));
        let [r, s, t] = SUBJECTS.map(|short| self.name(short));
        let refusal = AttemptRow { state: AttemptState::Refused, ..row(store, &b) };
        let mut audited = arm(store, &c, &[&t]);
        audited.writes.push(take(&r, &c, true));
        audited.entries.push(entry(store, &c, Kind::Held, None));
        self.claim(&mut audited);
        let settled = |state| Commit {
            when: vec![is(&c, &[AttemptState::Armed, AttemptState::Unknown])],
            writes: vec![moved(&c, state)],
            ..Commit::default()
        };
        let mut resolved = settled(AttemptState::Failed);
        resolved.writes.push(Write::ReleaseSubjects { attempt: c.clone() });
        resolved.entries.push(entry(store, &c, Kind::Operator, Some("7")));
        self.close(&mut resolved);
        vec![
            self.asked(),
            self.approved(),
            self.guarded(store, &a, [&r, &s]),
            Commit {
                writes: vec![Write::OpenAttempt(refusal)],
                entries: vec![entry(store, &b, Kind::Refused, Some("6"))],
                ..Commit::default()
            },
            audited,
            self.ended(store, &a),
            settled(AttemptState::Unknown),
            Commit { vital: true, ..resolved },
        ]
    }

    /// Asks for an approval, and gives an approver a name, while another orders a halt.
    fn asked(&self) -> Commit {
        let request = self.request();
        let (principal, action, name) = (request.principal.clone(), request.action, self.name("ann"));
        Commit {
            when: vec![
                Precondition::NoOpenRequest { principal: principal.clone(), action, key: None },
                Precondition::FewerPending { principal, most: 1 },
                Precondition::ApproverIs { name: name.clone(), known: false },
                Precondition::MarkIs { name: self.name("halts"), value: None },
            ],
            writes: vec![
                Write::OpenRequest(request),
                Write::PutApprover(approver(&name)),
                Write::OpenHalt(halt(&self.name("halt"), 10)),
                Write::GiveGrant(grant(&self.name("grant"))),
                Write::SetMark { name: self.name("halts"), value: "1".into() },
            ],
            ..Commit::default()
        }
    }

    /// Votes for it.
    fn approved(&self) -> Commit {
        let (request, approver) = (self.name("request"), self.name("ann"));
        Commit {
            when: vec![
                request_is(&request, &[RequestState::Pending], None),
                Precondition::NoVote { request: request.clone(), approver: approver.clone() },
                Precondition::ApproverIs { name: approver.clone(), known: true },
                Precondition::MarkIs { name: self.name("halts"), value: Some("1".into()) },
            ],
            writes: vec![
                Write::Vote(vote(&request, &approver, 20)),
                request_moved(&request, RequestState::Approved, None),
            ],
            ..Commit::default()
        }
    }

    fn claim(&self, armed: &mut Commit) {
        let (request, c) = (self.name("request"), self.name("c"));
        armed.when.push(request_is(&request, &[RequestState::Approved], None));
        armed.writes.push(request_moved(&request, RequestState::Claimed, Some(&c)));
    }

    fn close(&self, ended: &mut Commit) {
        let (request, c) = (self.name("request"), self.name("c"));
        ended.when.push(request_is(&request, &[RequestState::Claimed], Some(&c)));
        ended.writes.extend([
            request_moved(&request, RequestState::Used, Some(&c)),
            Write::RemoveApprover { name: self.name("ann"), at_ns: 30 },
            Write::EndHalt { id: self.name("halt"), at_ns: 30 },
        ]);
    }

    fn request(&self) -> RequestRow {
        RequestRow { principal: self.name("agent"), ..request(&self.name("request")) }
    }

    /// Arms an attempt with everything a guard can ask for.
    fn guarded(&self, store: &dyn Store, id: &str, subjects: [&str; 2]) -> Commit {
        let key = self.name("key");
        let mut armed = arm(store, id, &subjects);
        armed.when.extend([
            Precondition::OnceFree { key: key.clone(), at_ns: 5 },
            Precondition::LeaseFree { key: key.clone() },
        ]);
        let attempt = id.to_owned();
        for (window, amount) in WINDOWS.into_iter().zip([30, 40]) {
            let (key, attempt) = (key.clone(), attempt.clone());
            armed.when.push(Precondition::WithinLimit {
                key: key.clone(),
                window,
                at_ns: 5,
                amount,
                max: 40,
            });
            armed.writes.push(Write::Reserve { key, window, at_ns: 5, amount, attempt });
        }
        armed.writes.extend([
            Write::TakeOnce { key: key.clone(), attempt: attempt.clone(), until_ns: Some(50) },
            Write::TakeLease { key: key.clone(), attempt: attempt.clone() },
            Write::NoteStep { keys: vec![key.clone()], attempt, armed_at_ns: 5, arguments: b"{}".to_vec() },
            Write::SetMark { name: key, value: "armed".into() },
        ]);
        armed
    }

    /// Ends it, and what the guard held for it.
    fn ended(&self, store: &dyn Store, id: &str) -> Commit {
        let mut ended = finish(store, id, AttemptState::Succeeded);
        let attempt = id.to_owned();
        ended.writes.extend([
            Write::SettleAttempt { attempt: attempt.clone(), kept: true },
            Write::EndStep { attempt: attempt.clone(), ended_at_ns: 9 },
            Write::ConfirmStep { attempt, confirmation: Confirmation::Confirmed },
            Write::SetMark { name: self.name("key"), value: "ended".into() },
        ]);
        ended
    }

    /// What must be seen after so many of the commits.
    fn after(&self, commits: usize) -> Seen {
        use AttemptState::{Armed, Failed, Refused, Succeeded, Unknown};
        let mut seen = Seen::default();
        let armed = |seen: &mut Seen, short: &'static str| {
            seen.states.insert(short, Armed);
            seen.entries.push((short, Kind::Armed));
            seen.values.insert((short, Kind::Armed.as_str()), values(&self.name(short), "42"));
        };
        let claimed = |seen: &mut Seen, state, by: Option<&str>| {
            seen.decided.request =
                Some(RequestRow { state, attempt: by.map(|short| self.name(short)), ..self.request() });
        };
        let steps: [&dyn Fn(&mut Seen); 8] = [
            &|seen| {
                claimed(seen, RequestState::Pending, None);
                seen.decided.approver = Some(approver(&self.name("ann")));
                seen.decided.halt = Some(halt(&self.name("halt"), 10));
            },
            &|seen| {
                claimed(seen, RequestState::Approved, None);
                seen.decided.votes = vec![vote(&self.name("request"), &self.name("ann"), 20)];
            },
            &|seen| {
                armed(seen, "a");
                seen.holders.extend([("r", "a"), ("s", "a")]);
                seen.guards = Guarded {
                    once: Some(Some(50)),
                    limits: [(0, 30), (0, 40)],
                    fence: Some(1),
                    step: Some((None, None)),
                    mark: Some("armed".into()),
                };
            },
            &|seen| {
                seen.states.insert("b", Refused);
                seen.entries.push(("b", Kind::Refused));
                seen.values.insert(("b", Kind::Refused.as_str()), values(&self.name("b"), "6"));
            },
            &|seen| {
                armed(seen, "c");
                seen.entries.push(("c", Kind::Held));
                seen.holders.insert("t", "c");
                claimed(seen, RequestState::Claimed, Some("c"));
            },
            &|seen| {
                seen.states.insert("a", Succeeded);
                seen.entries.push(("a", Kind::Outcome));
                seen.holders.retain(|_, holder| *holder != "a");
                seen.guards = Guarded {
                    limits: [(30, 0), (40, 0)],
                    fence: None,
                    step: Some((Some(9), Some(Confirmation::Confirmed))),
                    mark: Some("ended".into()),
                    ..std::mem::take(&mut seen.guards)
                };
            },
            &|seen| seen.states.extend([("c", Unknown)]),
            &|seen| {
                seen.states.insert("c", Failed);
                seen.entries.push(("c", Kind::Operator));
                seen.values.insert(("c", Kind::Operator.as_str()), values(&self.name("c"), "7"));
                seen.holders.clear();
                claimed(seen, RequestState::Used, Some("c"));
                seen.decided.approver =
                    seen.decided.approver.take().map(|row| ApproverRow { removed_ns: Some(30), ..row });
                seen.decided.halt = seen.decided.halt.take().map(|row| HaltRow { ended_ns: Some(30), ..row });
            },
        ];
        steps.into_iter().take(commits).for_each(|step| step(&mut seen));
        seen
    }

    fn short(&self, name: &str) -> &'static str {
        ATTEMPTS.into_iter().find(|short| self.name(short) == name).expect("an attempt of this run")
    }
}

impl Seen {
    /// Looks at everything about these lives; the log's first entries are earlier runs'.
    fn of(store: &dyn Store, lives: &Lives, before: usize) -> Self {
        let mut seen = Self::default();
        for short in ATTEMPTS {
            if let Lookup::Found(row) = store.attempt(&lives.name(short)).unwrap() {
                seen.states.insert(short, row.state);
            }
            for kind in Kind::ALL {
                let values = store.values(&lives.name(short), kind).unwrap();
                seen.values.extend(values.map(|values| ((short, kind.as_str()), values)));
            }
        }
        for short in SUBJECTS {
            let holder = store.holder(&lives.name(short)).unwrap();
            seen.holders.extend(holder.map(|row| (short, lives.short(&row.id))));
        }
        seen.guards = Guarded::of(store, lives);
        seen.decided = Decided::of(store, lives);
        let entries = store.entries(&origin(store), before as u64, usize::MAX).unwrap();
        seen.entries.extend(entries.into_iter().map(|entry| (lives.short(&entry.attempt), entry.kind)));
        seen
    }
}

impl Decided {
    fn of(store: &dyn Store, lives: &Lives) -> Self {
        let (name, id) = (lives.name("ann"), lives.name("halt"));
        let request = match store.request(&lives.name("request")).unwrap() {
            Lookup::Found(row) => Some(row),
            _ => None,
        };
        Self {
            request,
            votes: store.votes(&lives.name("request")).unwrap(),
            approver: store.approvers().unwrap().into_iter().find(|row| row.name == name),
            halt: store.halts(true).unwrap().into_iter().find(|row| row.id == id),
        }
    }
}

impl Guarded {
    fn of(store: &dyn Store, lives: &Lives) -> Self {
        let (key, a) = (lives.name("key"), lives.name("a"));
        let once = store.once(&key).unwrap();
        let lease = store.lease(&key).unwrap();
        let steps = store.steps(&key, 9, None).unwrap();
        let names = once.iter().map(|(id, _)| id).chain(lease.iter().map(|(row, _)| &row.id));
        assert!(names.chain(steps.iter().map(|step| &step.attempt)).all(|id| *id == a));
        assert!(steps.len() <= 1);
        let ended = |step: &StepRow| (step.ended_at_ns, step.confirmation);
        Self {
            once: once.map(|(_, until)| until),
            limits: WINDOWS.map(|window| store.limit(&key, window, 5).unwrap()),
            fence: lease.map(|(_, fence)| fence),
            step: steps.first().map(ended),
            mark: store.mark(&key).unwrap(),
        }
    }
}
