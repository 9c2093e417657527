//! The steps. Each is what happens at once in the code: one transaction, one read, one system call.

use stateright::{Model, Property};

use super::actors::{Attempt, Breach, Halter, Process, Request, Resumer, Revoker, Seen, Set, Told};

/// How many processes there are at most.
const MOST: usize = 3;
/// How often an attempt looks again when the gate was shut before it.
const LOOKS: u8 = 2;

/// Who takes part, and what they leave out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Protocol {
    pub processes: usize,
    pub revoker: bool,
    pub halter: bool,
    /// How many of them may be killed.
    pub deaths: u8,
    /// How often somebody shuts the gate for something else.
    pub strangers: u8,
    pub weak: Option<Weak>,
}

/// What one of the actors does not do, or does too early or too late. `weakened` says what each breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    ClaimedWithoutPrecondition,
    NumberNotCompared,
    NumberWrittenLast,
    PublishedOutside,
    ShutWithoutLock,
    EpochNotComparedWhenArmed,
    EpochNeverCompared,
    StandingReadBeforeNumber,
    OutcomeNotAsked,
    OutcomeAskedFirst,
    UnlistedBeforeRecorded,
    ResumedWithoutShutting,
    RevokedWithoutPrecondition,
    GivenBackWithoutPrecondition,
    LockOutlivesItsHolder,
}

/// One step of a look.
#[derive(Clone, Copy)]
enum Look {
    Number,
    Halts,
    Claim,
    Epoch,
}

/// One step of the gate.
#[derive(Clone, Copy)]
enum Gate {
    Enter,
    Compare,
    Publish,
    Leave,
}

/// One step of shutting it.
#[derive(Clone, Copy)]
enum Shut {
    Write,
    Lock,
    /// Reads one process's list.
    Read(usize),
}

/// One step of an end.
#[derive(Clone, Copy)]
enum End {
    Record,
    Unlist,
}

/// What all of them can see, where each stands, and what the world saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct World {
    request: Request,
    attempt: Option<usize>,
    attempts: [Option<Attempt>; MOST],
    epoch: u8,
    halted: bool,
    number: u8,
    inside: Set,
    flight: Set,
    processes: [Process; MOST],
    revoker: Revoker,
    halter: Halter,
    resumer: Resumer,
    deaths: u8,
    strangers: u8,
    sent: Set,
    seen: Seen,
}

/// Who takes the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Process(usize),
    Revoker,
    Halter,
    Resumer,
    Kill(usize),
    KillHalter,
    /// Somebody shuts the gate for something else.
    Stranger,
    /// Somebody finds what the dead process left.
    Recover(usize),
}

impl Protocol {
    fn is(&self, weak: Weak) -> bool {
        self.weak == Some(weak)
    }

    fn look(&self) -> [Look; 4] {
        match self.is(Weak::StandingReadBeforeNumber) {
            false => [Look::Number, Look::Halts, Look::Claim, Look::Epoch],
            true => [Look::Halts, Look::Claim, Look::Epoch, Look::Number],
        }
    }

    fn gate(&self) -> &'static [Gate] {
        match self.weak {
            Some(Weak::NumberNotCompared) => &[Gate::Enter, Gate::Publish, Gate::Leave],
            Some(Weak::PublishedOutside) => &[Gate::Enter, Gate::Compare, Gate::Leave, Gate::Publish],
            _ => &[Gate::Enter, Gate::Compare, Gate::Publish, Gate::Leave],
        }
    }

    fn shut(&self) -> &'static [Shut] {
        match self.weak {
            Some(Weak::NumberWrittenLast) => {
                &[Shut::Lock, Shut::Read(0), Shut::Read(1), Shut::Read(2), Shut::Write]
            }
            Some(Weak::ShutWithoutLock) => &[Shut::Write, Shut::Read(0), Shut::Read(1), Shut::Read(2)],
            _ => &[Shut::Write, Shut::Lock, Shut::Read(0), Shut::Read(1), Shut::Read(2)],
        }
    }

    fn end(&self) -> [End; 2] {
        match self.is(Weak::UnlistedBeforeRecorded) {
            false => [End::Record, End::Unlist],
            true => [End::Unlist, End::Record],
        }
    }

    /// One process's next step; nothing where it has to wait.
    fn process(&self, who: usize, world: &mut World) -> Option<()> {
        world.processes[who] = match world.processes[who] {
            Process::Finding => self.find(world),
            Process::Closing { left_by } => {
                if (world.request, world.attempt) == (Request::Claimed, Some(left_by)) {
                    (world.request, world.attempt) = (Request::Void, None);
                }
                Process::Told(Told::Anew)
            }
            Process::Arming => self.arm(who, world),
            Process::Looking { at, number, looks } => self.look_step(who, world, at, number, looks),
            Process::Gating { at, number, looks } => self.gate_step(who, world, at, number, looks)?,
            Process::Sending => {
                let claimed = world.attempt == Some(who) && world.attempts[who] == Some(Attempt::Armed);
                let unlisted = matches!(world.halter, Halter::Answered { listed } if !listed.has(who));
                let prevented = world.revoker == Revoker::Prevented;
                world.seen.note(Breach::SentUnclaimed, !claimed);
                world.seen.note(Breach::SentAfterHalt, unlisted);
                world.seen.note(Breach::SentAfterPrevented, prevented);
                world.sent.insert(who);
                Process::Ending { at: 0 }
            }
            Process::Ending { at } => {
                match self.end().get(at) {
                    None => return None,
                    Some(End::Record) => {
                        world.attempts[who] = Some(Attempt::Ended);
                        (world.request, world.attempt) = (Request::Used, Some(who));
                    }
                    Some(End::Unlist) => world.flight.remove(who),
                }
                if at == 1 { Process::Told(Told::Ran) } else { Process::Ending { at: at + 1 } }
            }
            Process::Refusing { passing } => {
                world.attempts[who] = Some(Attempt::Refused);
                Process::GivingBack { passing }
            }
            Process::GivingBack { passing } => {
                let ours = (world.request, world.attempt) == (Request::Claimed, Some(who));
                if ours || self.is(Weak::GivenBackWithoutPrecondition) {
                    let to = if passing { Request::Approved } else { Request::Void };
                    (world.request, world.attempt) = (to, None);
                }
                Process::Told(Told::Refused)
            }
            Process::Told(_) | Process::Dead => return None,
        };
        Some(())
    }

    fn find(&self, world: &World) -> Process {
        match (world.request, world.attempt) {
            _ if world.epoch > 0 => Process::Told(Told::Anew),
            (Request::Approved, _) => Process::Arming,
            (Request::Claimed, Some(by)) if world.attempts[by] == Some(Attempt::Refused) => {
                Process::Closing { left_by: by }
            }
            (Request::Claimed, Some(by)) => Process::Told(Told::InDoubt(by)),
            _ => Process::Told(Told::Anew),
        }
    }

    fn arm(&self, who: usize, world: &mut World) -> Process {
        let epoch =
            world.epoch == 0 || self.is(Weak::EpochNotComparedWhenArmed) || self.is(Weak::EpochNeverCompared);
        let free = world.request == Request::Approved || self.is(Weak::ClaimedWithoutPrecondition);
        match (free && epoch, world.attempt) {
            (true, _) => {
                world.seen.note(Breach::ClaimedVoid, world.epoch > 0);
                (world.request, world.attempt) = (Request::Claimed, Some(who));
                world.attempts[who] = Some(Attempt::Armed);
                Process::Looking { at: 0, number: 0, looks: 1 }
            }
            (false, Some(winner)) => Process::Told(Told::InDoubt(winner)),
            (false, None) => Process::Told(Told::Anew),
        }
    }

    fn look_step(&self, who: usize, world: &World, at: usize, number: u8, looks: u8) -> Process {
        let (mut number, steps) = (number, self.look());
        let stands = match steps[at] {
            Look::Number => {
                number = world.number;
                true
            }
            Look::Halts => !world.halted,
            Look::Claim => (world.request, world.attempt) == (Request::Claimed, Some(who)),
            Look::Epoch => world.epoch == 0 || self.is(Weak::EpochNeverCompared),
        };
        match stands {
            false => Process::Refusing { passing: false },
            true if at + 1 < steps.len() => Process::Looking { at: at + 1, number, looks },
            true => Process::Gating { at: 0, number, looks },
        }
    }

    fn gate_step(&self, who: usize, world: &mut World, at: usize, number: u8, looks: u8) -> Option<Process> {
        match self.gate()[at] {
            // Whoever shuts it holds the lock for one step only: nobody has to wait for them.
            Gate::Enter => world.inside.insert(who),
            Gate::Compare if number != world.number => {
                world.inside.remove(who);
                return Some(match looks < LOOKS {
                    true => Process::Looking { at: 0, number: 0, looks: looks + 1 },
                    false => Process::Refusing { passing: true },
                });
            }
            Gate::Compare => {}
            Gate::Publish => {
                world.flight.insert(who);
                world.seen.note(Breach::PassedAfterResume, world.resumer == Resumer::Answered);
            }
            Gate::Leave => world.inside.remove(who),
        }
        Some(match at + 1 < self.gate().len() {
            true => Process::Gating { at: at + 1, number, looks },
            false => Process::Sending,
        })
    }

    /// A step of shutting the gate: what stands on the list if it was read; nothing where the lock has to be waited for.
    fn shut_step(&self, world: &mut World, at: usize, mut listed: Set) -> Option<Set> {
        match self.shut()[at] {
            Shut::Write => world.number += 1,
            Shut::Lock if world.inside.len() > 0 => return None,
            Shut::Lock => {}
            Shut::Read(who) if world.flight.has(who) => listed.insert(who),
            Shut::Read(_) => {}
        }
        Some(listed)
    }

    fn revoke(&self, world: &mut World) -> Option<()> {
        world.revoker = match world.revoker {
            Revoker::Finding => match world.request {
                Request::Approved | Request::Claimed => {
                    Revoker::Committing { state: world.request, attempt: world.attempt }
                }
                Request::Used | Request::Revoked | Request::Void => Revoker::Closed,
            },
            Revoker::Committing { state, attempt } => {
                let same = (world.request, world.attempt) == (state, attempt);
                if same || self.is(Weak::RevokedWithoutPrecondition) {
                    (world.request, world.attempt) = (Request::Revoked, attempt);
                    match self.is(Weak::OutcomeAskedFirst) {
                        true => Revoker::Asking { attempt, listed: false },
                        false => Revoker::Shutting { at: 0, attempt, listed: false },
                    }
                } else {
                    Revoker::Finding
                }
            }
            Revoker::Shutting { at, attempt, listed } => {
                let mut list = Set::default();
                attempt.filter(|_| listed).into_iter().for_each(|who| list.insert(who));
                let list = self.shut_step(world, at, list)?;
                let listed = attempt.is_some_and(|who| list.has(who));
                let answers = self.is(Weak::OutcomeNotAsked) || self.is(Weak::OutcomeAskedFirst);
                match at + 1 < self.shut().len() {
                    true => Revoker::Shutting { at: at + 1, attempt, listed },
                    false if answers => answer(world, listed),
                    false => Revoker::Asking { attempt, listed },
                }
            }
            Revoker::Asking { attempt, listed } => {
                let ended =
                    |who: usize| matches!(world.attempts[who], Some(Attempt::Ended | Attempt::Unknown));
                let past = listed || attempt.is_some_and(ended);
                match self.is(Weak::OutcomeAskedFirst) {
                    true if past => Revoker::InFlight,
                    true => Revoker::Shutting { at: 0, attempt, listed: false },
                    false => answer(world, past),
                }
            }
            Revoker::Absent | Revoker::Closed | Revoker::Prevented | Revoker::InFlight => return None,
        };
        Some(())
    }

    fn halt(&self, world: &mut World) -> Option<()> {
        world.halter = match world.halter {
            Halter::Halting => {
                world.halted = true;
                Halter::Shutting { at: 0, listed: Set::default() }
            }
            Halter::Shutting { at, listed } => {
                let listed = self.shut_step(world, at, listed)?;
                match at + 1 < self.shut().len() {
                    true => Halter::Shutting { at: at + 1, listed },
                    false => Halter::Asking { listed, armed_read: false },
                }
            }
            Halter::Asking { mut listed, armed_read } => {
                for who in 0..self.processes {
                    match (armed_read, world.attempts[who]) {
                        (false, Some(Attempt::Armed)) => {}
                        (false, _) => listed.remove(who),
                        (true, Some(Attempt::Unknown)) => listed.insert(who),
                        (true, _) => {}
                    }
                }
                match armed_read {
                    false => Halter::Asking { listed, armed_read: true },
                    true => Halter::Answered { listed },
                }
            }
            Halter::Absent | Halter::Answered { .. } | Halter::Dead => return None,
        };
        Some(())
    }

    fn resume(&self, world: &mut World) -> Option<()> {
        world.resumer = match world.resumer {
            Resumer::Resuming if world.halted => {
                (world.halted, world.epoch) = (false, world.epoch + 1);
                match self.is(Weak::ResumedWithoutShutting) {
                    true => Resumer::Answered,
                    false => Resumer::Shutting { at: 0 },
                }
            }
            Resumer::Shutting { at } => {
                self.shut_step(world, at, Set::default())?;
                match at + 1 < self.shut().len() {
                    true => Resumer::Shutting { at: at + 1 },
                    false => Resumer::Answered,
                }
            }
            Resumer::Absent | Resumer::Resuming | Resumer::Answered => return None,
        };
        Some(())
    }

    fn take(&self, step: Step, world: &mut World) -> Option<()> {
        match step {
            Step::Process(who) => self.process(who, world),
            Step::Revoker => self.revoke(world),
            Step::Halter => self.halt(world),
            Step::Resumer => self.resume(world),
            Step::Kill(who) => {
                if world.deaths == 0 || world.is_over(who) {
                    return None;
                }
                world.deaths -= 1;
                world.processes[who] = Process::Dead;
                // The system lets go of the locks of whoever has died.
                if !self.is(Weak::LockOutlivesItsHolder) {
                    world.inside.remove(who);
                }
                Some(())
            }
            Step::KillHalter => {
                if world.deaths == 0
                    || matches!(world.halter, Halter::Absent | Halter::Answered { .. } | Halter::Dead)
                {
                    return None;
                }
                world.deaths -= 1;
                world.halter = Halter::Dead;
                Some(())
            }
            Step::Stranger => {
                world.strangers = world.strangers.checked_sub(1)?;
                world.number += 1;
                Some(())
            }
            Step::Recover(who) => {
                if world.processes[who] != Process::Dead {
                    return None;
                }
                match world.attempts[who] {
                    Some(Attempt::Armed) => world.attempts[who] = Some(Attempt::Unknown),
                    _ if world.flight.has(who) => world.flight.remove(who),
                    _ => return None,
                }
                Some(())
            }
        }
    }
}

fn answer(world: &mut World, past: bool) -> Revoker {
    if past {
        return Revoker::InFlight;
    }
    world.seen.note(Breach::SentCalledPrevented, world.sent.len() > 0);
    Revoker::Prevented
}

impl World {
    fn is_over(&self, who: usize) -> bool {
        matches!(self.processes[who], Process::Told(_) | Process::Dead)
    }

    /// Whether everybody has come to an end: nobody waits for somebody else.
    fn all_is_over(&self, processes: usize) -> bool {
        let revoker = matches!(
            self.revoker,
            Revoker::Absent | Revoker::Closed | Revoker::Prevented | Revoker::InFlight
        );
        let halter = matches!(self.halter, Halter::Absent | Halter::Answered { .. } | Halter::Dead);
        // There is nothing to lift where whoever wanted to halt has died first.
        let resumer = matches!(self.resumer, Resumer::Absent | Resumer::Answered | Resumer::Resuming);
        (0..processes).all(|who| self.is_over(who)) && revoker && halter && resumer
    }

    fn any_dead(&self, is: impl Fn(usize) -> bool) -> bool {
        (0..MOST).any(|who| self.processes[who] == Process::Dead && is(who))
    }

    fn told(&self, who: impl Fn(Told) -> bool) -> bool {
        self.processes.iter().any(|process| matches!(process, Process::Told(told) if who(*told)))
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let mut processes = [Process::Dead; MOST];
        processes[..self.processes].fill(Process::Finding);
        vec![World {
            request: Request::Approved,
            attempt: None,
            attempts: [None; MOST],
            epoch: 0,
            halted: false,
            number: 0,
            inside: Set::default(),
            flight: Set::default(),
            processes,
            revoker: if self.revoker { Revoker::Finding } else { Revoker::Absent },
            halter: if self.halter { Halter::Halting } else { Halter::Absent },
            resumer: if self.halter { Resumer::Resuming } else { Resumer::Absent },
            deaths: self.deaths,
            strangers: self.strangers,
            sent: Set::default(),
            seen: Seen::default(),
        }]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let everybody = 0..self.processes;
        let mut all: Vec<Step> = everybody.clone().map(Step::Process).collect();
        all.extend([Step::Revoker, Step::Halter, Step::Resumer, Step::KillHalter, Step::Stranger]);
        all.extend(everybody.clone().map(Step::Kill));
        all.extend(everybody.map(Step::Recover));
        steps.extend(all.into_iter().filter(|step| self.take(*step, &mut world.clone()).is_some()));
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = *world;
        self.take(step, &mut next).map(|()| next)
    }

    fn properties(&self) -> Vec<Property<Protocol>> {
        let witnesses = WITNESSES.into_iter().map(|(name, seen)| Property::sometimes(name, seen));
        let mut properties = vec![
            // I9, I10
            Property::always("one approval, one effect", |_, w: &World| w.sent.len() <= 1),
            // I13
            Property::always("nothing is sent after `prevented`", |_, w: &World| {
                !w.seen.has(Breach::SentAfterPrevented)
            }),
            Property::always("what was sent is not called prevented", |_, w: &World| {
                !w.seen.has(Breach::SentCalledPrevented)
            }),
            // I14
            Property::always("after a halt only what it lists is sent", |_, w: &World| {
                !w.seen.has(Breach::SentAfterHalt)
            }),
            Property::always("a lifted halt resurrects nothing", |_, w: &World| {
                !w.seen.has(Breach::PassedAfterResume)
            }),
            Property::always("nobody claims what an epoch made void", |_, w: &World| {
                !w.seen.has(Breach::ClaimedVoid)
            }),
            // I7, I16
            Property::always("nobody sends without a claim", |_, w: &World| {
                !w.seen.has(Breach::SentUnclaimed)
            }),
            Property::always("everybody comes to an end", |protocol: &Protocol, w: &World| {
                let mut steps = Vec::new();
                protocol.actions(w, &mut steps);
                !steps.is_empty() || w.all_is_over(protocol.processes)
            }),
        ];
        properties.extend(witnesses);
        properties
    }
}

type Condition = fn(&Protocol, &World) -> bool;

/// What a check must have come by, so that its properties say something.
const WITNESSES: [(&str, Condition); 13] = [
    ("ran", |_, w| w.told(|told| told == Told::Ran)),
    ("a loser learns who won", |_, w| w.told(|told| matches!(told, Told::InDoubt(_)))),
    ("prevented after it was claimed", |_, w| {
        w.revoker == Revoker::Prevented && w.attempts.iter().any(Option::is_some)
    }),
    ("in flight, and not sent yet", |_, w| w.revoker == Revoker::InFlight && w.sent.len() == 0),
    ("in flight, and ended already", |_, w| {
        w.revoker == Revoker::InFlight && w.told(|told| told == Told::Ran)
    }),
    ("too late to revoke", |_, w| w.revoker == Revoker::Closed && w.sent.len() == 1),
    ("given back, and used by another", |_, w| w.told(|told| told == Told::Refused) && w.sent.len() == 1),
    ("halted before the gate", |_, w| {
        matches!(w.halter, Halter::Answered { listed } if listed.len() == 0)
            && w.told(|told| told == Told::Refused)
    }),
    (
        "halted with one in flight",
        |_, w| matches!(w.halter, Halter::Answered { listed } if listed.len() == 1),
    ),
    ("lifted, and asked anew", |_, w| w.resumer == Resumer::Answered && w.told(|told| told == Told::Anew)),
    ("lifted after whoever halted had died", |_, w| {
        w.resumer == Resumer::Answered && w.halter == Halter::Dead
    }),
    ("killed past the gate, and nothing sent", |_, w| {
        w.any_dead(|who| w.flight.has(who) && !w.sent.has(who))
    }),
    ("killed before the gate, and found", |_, w| {
        w.any_dead(|who| w.attempts[who] == Some(Attempt::Unknown) && !w.sent.has(who))
    }),
];
