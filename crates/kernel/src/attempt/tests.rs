use std::collections::BTreeSet;

use lastlook_canon::Digest;

use super::*;
use crate::{GateView, Moment};

fn permit() -> Permit {
    Permit::new(Digest::of("test", &[]), 1, Some(Moment(10)), Moment(20), Vec::new())
}

fn passage() -> Passage {
    permit().spend(GateView { epoch: 1, now: Moment(30), max_gap_ns: 1_000 }).unwrap()
}

/// One event of each kind and payload that the machine tells apart.
fn events() -> Vec<Event> {
    vec![
        Event::Opened(Vec::new()),
        Event::Opened(vec![Reason::of(Code::BasisMissing)]),
        Event::Armed,
        Event::NotArmed(vec![Reason::of(Code::InDoubt)]),
        Event::Looked(Verdict::Allow(permit())),
        Event::Looked(Verdict::Deny(vec![Reason::of(Code::FactChanged)])),
        Event::Passed(passage()),
        Event::GateShut(Code::LookTooOld),
        Event::Answered(Answer::Result),
        Event::Answered(Answer::Lost),
        Event::Recorded,
        Event::NotRecorded,
        Event::Confirmed,
        Event::Cancelled,
    ]
}

/// What is told of every step: where it stood, the event's number, where it stands, what must be done, the attempt.
type Seen<'a> = &'a mut dyn FnMut(State, usize, State, &[Command], &Attempt);

/// Walks every event sequence of a bounded length; calls `seen` for every step.
fn walk(depth: usize, prefix: &mut Vec<usize>, seen: Seen<'_>) {
    for confirms in [false, true] {
        walk_one(confirms, depth, prefix, seen);
    }
}

fn walk_one(confirms: bool, depth: usize, prefix: &mut Vec<usize>, seen: Seen<'_>) {
    if prefix.len() == depth {
        return;
    }
    for next in 0..events().len() {
        let mut attempt = Attempt::new().confirming(confirms);
        for &at in prefix.iter() {
            step(&mut attempt, events().swap_remove(at));
        }
        let from = attempt.state();
        let commands = step(&mut attempt, events().swap_remove(next));
        seen(from, next, attempt.state(), &commands, &attempt);
        if attempt.state() != from || !commands.is_empty() {
            prefix.push(next);
            walk_one(confirms, depth, prefix, seen);
            prefix.pop();
        }
    }
}

#[test]
fn every_transition_is_taken_and_no_other() {
    let mut taken = BTreeSet::new();
    walk(11, &mut Vec::new(), &mut |from, _, to, commands, _| {
        if from != to || !commands.is_empty() {
            let known = TRANSITIONS.iter().filter(|step| step.from == from && step.to == to);
            // A remembered cancellation takes two rows at once: arming → looking → refusing.
            assert!(
                known.clone().count() > 0 || (from, to) == (State::Arming, State::Refusing),
                "{from:?} → {to:?}"
            );
            taken.extend(known.copied());
        }
    });
    let never: Vec<_> = TRANSITIONS.iter().filter(|step| !taken.contains(step)).collect();
    assert!(never.is_empty(), "never taken: {never:?}");
}

#[test]
fn bytes_are_sent_only_by_a_passage_and_at_most_once() {
    walk(11, &mut Vec::new(), &mut |from, _, to, commands, _| {
        let sends = commands.iter().filter(|command| matches!(command, Command::Send(_))).count();
        assert!(sends <= 1);
        assert_eq!(sends == 1, (from, to) == (State::Gating, State::Acting), "{from:?} → {to:?}");
    });
}

#[test]
fn nothing_is_delivered_before_it_is_recorded() {
    walk(11, &mut Vec::new(), &mut |from, _, _, commands, _| {
        for command in commands {
            if matches!(command, Command::Deliver) {
                assert!(matches!(from, State::Recording | State::Confirming | State::Refusing));
            }
        }
    });
}

#[test]
fn the_look_comes_after_the_durable_intent() {
    walk(11, &mut Vec::new(), &mut |from, _, _, commands, _| {
        if commands.iter().any(|command| matches!(command, Command::Look)) {
            assert!(matches!(from, State::Arming | State::Gating), "look from {from:?}");
        }
    });
}

fn drive(script: Vec<Event>) -> (State, Vec<Command>) {
    let mut attempt = Attempt::new();
    let mut last = Vec::new();
    for event in script {
        last = step(&mut attempt, event);
    }
    (attempt.state(), last)
}

#[test]
fn what_is_inadmissible_is_refused_for_its_reasons_and_never_armed() {
    let (state, commands) = drive(vec![Event::Opened(vec![Reason::of(Code::BasisMissing)])]);
    assert_eq!(state, State::Refusing);
    assert!(matches!(&commands[..], [Command::RecordRefusal { reasons, armed: false }]
        if reasons[..] == [Reason::of(Code::BasisMissing)]));
    let (state, commands) = drive(vec![Event::Opened(Vec::new())]);
    assert!(state == State::Arming && matches!(&commands[..], [Command::Arm]));
}

#[test]
fn a_cancellation_prevents_the_effect_up_to_the_gate() {
    let script = || {
        let looked = Event::Looked(Verdict::Allow(permit()));
        vec![Event::Opened(Vec::new()), Event::Armed, looked, Event::Passed(passage())]
    };
    for taken in 0..=script().len() {
        let mut attempt = Attempt::new();
        script().into_iter().take(taken).for_each(|event| drop(step(&mut attempt, event)));
        assert_eq!(attempt.is_before_gate(), taken < script().len(), "{:?}", attempt.state());
    }
}

#[test]
fn outcomes_are_spelt_as_receipts_spell_them() {
    let all = [Outcome::Succeeded, Outcome::Failed, Outcome::Unknown];
    assert_eq!(all.map(Outcome::as_str), ["succeeded", "failed", "unknown"]);
}

#[test]
fn a_cancellation_while_arming_refuses_as_soon_as_it_is_armed() {
    let (state, commands) = drive(vec![Event::Opened(Vec::new()), Event::Cancelled, Event::Armed]);
    assert_eq!(state, State::Refusing);
    assert!(matches!(&commands[..], [Command::RecordRefusal { reasons, armed: true }]
        if reasons[0].code == Code::Cancelled));
}

#[test]
fn a_cancellation_after_the_gate_is_forwarded() {
    let mut script = vec![Event::Opened(Vec::new()), Event::Armed, Event::Looked(Verdict::Allow(permit()))];
    script.push(Event::Passed(passage()));
    script.push(Event::Cancelled);
    let (state, commands) = drive(script);
    assert_eq!(state, State::Acting);
    assert!(matches!(&commands[..], [Command::ForwardCancel]));
}

#[test]
fn a_gate_that_stays_shut_gives_up_after_three_looks() {
    let mut script = vec![Event::Opened(Vec::new()), Event::Armed];
    for _ in 0..3 {
        script.push(Event::Looked(Verdict::Allow(permit())));
        script.push(Event::GateShut(Code::LookTooOld));
    }
    let (state, commands) = drive(script);
    assert_eq!(state, State::Refusing);
    assert!(matches!(&commands[..], [Command::RecordRefusal { .. }]));
}

#[test]
fn an_answer_is_recorded_and_readings_are_taken_again_where_it_had_an_effect() {
    let answered = |answer| {
        let mut script =
            vec![Event::Opened(Vec::new()), Event::Armed, Event::Looked(Verdict::Allow(permit()))];
        script.extend([Event::Passed(passage()), Event::Answered(answer)]);
        let (state, commands) = drive(script);
        assert_eq!(state, State::Recording);
        let rebases = matches!(commands.first(), Some(Command::Rebase));
        match commands.last() {
            Some(Command::RecordOutcome { outcome, .. }) if commands.len() == 1 + usize::from(rebases) => {
                (*outcome, rebases)
            }
            _ => panic!("{commands:?}"),
        }
    };
    assert_eq!(answered(Answer::Result), (Outcome::Succeeded, true));
    assert_eq!(answered(Answer::Error { no_effect: true }), (Outcome::Failed, false));
    assert_eq!(answered(Answer::Error { no_effect: false }), (Outcome::Unknown, false));
    assert_eq!(answered(Answer::Lost), (Outcome::Unknown, false));
}

#[test]
fn an_outcome_that_cannot_be_recorded_is_told_as_such() {
    let mut script = vec![Event::Opened(Vec::new()), Event::Armed, Event::Looked(Verdict::Allow(permit()))];
    script.push(Event::Passed(passage()));
    script.push(Event::Answered(Answer::Result));
    script.push(Event::NotRecorded);
    let (state, commands) = drive(script);
    assert_eq!(state, State::Unrecorded);
    assert!(matches!(&commands[..], [Command::DeliverUnrecorded]));
}

#[test]
fn an_effect_is_looked_for_only_once_its_outcome_is_on_record() {
    let script = |answer| {
        let looked = Event::Looked(Verdict::Allow(permit()));
        vec![
            Event::Opened(Vec::new()),
            Event::Armed,
            looked,
            Event::Passed(passage()),
            Event::Answered(answer),
        ]
    };
    let drive = |script: Vec<Event>| {
        let mut attempt = Attempt::new().confirming(true);
        let last = script.into_iter().map(|event| step(&mut attempt, event)).last().unwrap();
        (attempt.state(), last)
    };
    for answer in [Answer::Result, Answer::Lost] {
        let mut recorded = script(answer);
        recorded.push(Event::Recorded);
        let (state, commands) = drive(recorded);
        assert_eq!(state, State::Confirming);
        assert!(matches!(&commands[..], [Command::Confirm]));
        let mut confirmed = script(answer);
        confirmed.extend([Event::Recorded, Event::Confirmed]);
        assert_eq!(drive(confirmed).0, State::Ended);
    }
    // What is known to have failed has no effect to look for.
    let mut failed = script(Answer::Error { no_effect: true });
    failed.push(Event::Recorded);
    assert_eq!(drive(failed).0, State::Ended);
}

#[test]
fn the_gate_shuts_once_something_the_look_saw_has_run_out() {
    let view = |now| GateView { epoch: 1, now: Moment(now), max_gap_ns: 1_000 };
    assert!(permit().until(Some(Moment(31))).spend(view(30)).is_ok());
    assert_eq!(permit().until(Some(Moment(30))).spend(view(30)).unwrap_err(), crate::Stale::Deadline);
}

#[test]
fn the_gate_shuts_on_another_epoch_and_on_an_old_look() {
    let view = |epoch, now| GateView { epoch, now: Moment(now), max_gap_ns: 100 };
    assert_eq!(permit().spend(view(2, 30)).unwrap_err(), crate::Stale::Epoch);
    assert_eq!(permit().spend(view(1, 111)).unwrap_err(), crate::Stale::Age);
    let passed = permit().spend(view(1, 110)).unwrap();
    assert_eq!((passed.gap_ns(), passed.decide_ns()), (Some(100), 90));
}
