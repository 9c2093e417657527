//! I10, one attempt: whatever happens in whatever order, bytes are sent at most once, and never without a permit.

use lastlook_kernel::{
    Action, Answer, Attempt, Code, Command, Event, GateView, Moment, Passage, Permit, Reason, Stale, State,
    Verdict, step,
};
use lastlook_sim::case::{Inputs, RecordedCase};
use lastlook_sim::generate::case::clean_case;
use lastlook_sim::generate::course::{courses, happening};
use lastlook_sim::model::course::{Course, Happening, Owed};
use lastlook_sim::model::verdict::passes;
use proptest::prelude::*;

use crate::support::{inputs, json};

/// A permit of a case that runs.
fn permit(case: &Inputs) -> Permit {
    match case.decide() {
        Verdict::Allow(permit) => permit,
        other => panic!("{other:?}"),
    }
}

fn passage(case: &Inputs) -> Passage {
    let now = Moment(u64::MAX);
    permit(case).spend(GateView { epoch: case.standing.epoch, now, max_gap_ns: u64::MAX }).unwrap()
}

/// The event by which the kernel learns of a happening.
fn event(happening: Happening, case: &Inputs) -> Event {
    let why = |code| vec![Reason::of(code)];
    match happening {
        Happening::Admitted => Event::Opened(Vec::new()),
        Happening::Inadmissible => Event::Opened(why(Code::BasisMissing)),
        Happening::Armed => Event::Armed,
        Happening::NotArmed => Event::NotArmed(why(Code::InDoubt)),
        Happening::Allowed => Event::Looked(Verdict::Allow(permit(case))),
        Happening::Denied => Event::Looked(Verdict::Deny(why(Code::FactChanged))),
        Happening::DeniedSilently => Event::Looked(Verdict::Deny(Vec::new())),
        Happening::Held => Event::Looked(Verdict::Hold(why(Code::ApprovalRequired))),
        Happening::Passed => Event::Passed(passage(case)),
        Happening::GateShut => Event::GateShut(Code::LookTooOld),
        Happening::Result => Event::Answered(Answer::Result),
        Happening::HarmlessError => Event::Answered(Answer::Error { no_effect: true }),
        Happening::Error => Event::Answered(Answer::Error { no_effect: false }),
        Happening::InputRequired => Event::Answered(Answer::InputRequired),
        Happening::Task => Event::Answered(Answer::Task),
        Happening::Lost => Event::Answered(Answer::Lost),
        Happening::AnswerCancelled => Event::Answered(Answer::Cancelled),
        Happening::Recorded => Event::Recorded,
        Happening::NotRecorded => Event::NotRecorded,
        Happening::Cancelled => Event::Cancelled,
    }
}

/// A command in the model's words.
fn told(command: &Command) -> String {
    match command {
        Command::Arm => "arm".to_owned(),
        Command::Look => "look".to_owned(),
        Command::Gate(_) => "gate".to_owned(),
        Command::Send(_) => "send".to_owned(),
        Command::ForwardCancel => "forward cancel".to_owned(),
        Command::Rebase => "rebase".to_owned(),
        Command::Confirm => "confirm".to_owned(),
        Command::RecordOutcome { outcome, evidence } => format!("record {}: {evidence}", outcome.as_str()),
        Command::RecordRefusal { reasons, armed } => {
            let codes: Vec<&str> = reasons.iter().map(|reason| reason.code.as_str()).collect();
            format!("refuse {}: {}", if *armed { "armed" } else { "not armed" }, codes.join(","))
        }
        Command::Deliver => "deliver".to_owned(),
        Command::DeliverUnrecorded => "deliver unrecorded".to_owned(),
        Command::DeliverUnrecordedRefusal => "deliver unrecorded refusal".to_owned(),
    }
}

/// What the outside world saw of one attempt, in order.
#[derive(Debug, Default)]
struct Seen {
    happened: Vec<Happening>,
    asked: Vec<String>,
}

impl Seen {
    fn count(&self, what: &str) -> usize {
        self.asked.iter().filter(|asked| asked.starts_with(what)).count()
    }

    /// What must hold of any prefix, said without the model.
    fn check(&self) -> Result<(), TestCaseError> {
        let (sends, records) = (self.count("send"), self.count("record "));
        prop_assert!(sends <= 1, "sent twice");
        prop_assert!(self.count("arm") <= 1 && self.count("look") <= 3);
        prop_assert!(records <= sends, "an outcome of what was never sent");
        prop_assert!(sends == 0 || self.count("refuse") == 0, "sent and refused");
        prop_assert!(self.count("deliver") <= records + self.count("refuse"), "delivered and not recorded");
        prop_assert!(self.count("deliver") <= 1, "delivered twice");
        prop_assert!(self.count("rebase") <= records);
        if sends == 1 {
            let needed = [Happening::Admitted, Happening::Armed, Happening::Allowed, Happening::Passed];
            let order: Vec<_> =
                needed.iter().map(|one| self.happened.iter().position(|happened| happened == one)).collect();
            prop_assert!(order.iter().all(Option::is_some), "sent without {:?}", needed);
            let looks = self.asked.iter().position(|asked| asked == "look");
            prop_assert!(
                self.asked.iter().position(|asked| asked == "arm") < looks,
                "looked before it was armed"
            );
        }
        Ok(())
    }
}

pub fn some_case() -> Inputs {
    let principal = lastlook_kernel::Principal { id: "ada".to_owned(), asserted: true };
    let definition = lastlook_kernel::Definition {
        digest: lastlook_sim::generate::digest_of("shown"),
        input_schema: None,
        read_only_hint: false,
    };
    let action = Action::new("shop", "set", Some(definition.digest), principal, json("{}")).unwrap();
    let tool = lastlook_kernel::Tool {
        name: "set".to_owned(),
        class: lastlook_kernel::Class::Write,
        class_by: lastlook_kernel::ClassSource::Declared,
        definition: Some(definition),
        rules: lastlook_kernel::ToolRules::default(),
    };
    Inputs {
        action,
        tool,
        basis: lastlook_kernel::Basis::default(),
        snapshot: lastlook_kernel::Snapshot::default(),
        standing: lastlook_kernel::Standing::default(),
        guards: lastlook_kernel::GuardSet::default(),
        mode: lastlook_kernel::Mode::Enforce,
        at: Moment(1),
    }
}

fn ends_where(owed: Owed, attempt: &Attempt) -> bool {
    let state = attempt.state();
    match owed {
        Owed::Opening => state == State::Proposed,
        Owed::Arming => state == State::Arming,
        Owed::Look => state == State::Looking,
        Owed::Gate => state == State::Gating,
        Owed::Answer => state == State::Acting,
        Owed::Outcome => state == State::Recording,
        Owed::Refusal => state == State::Refusing,
        Owed::Nothing => matches!(state, State::Refused | State::Ended | State::Unrecorded),
    }
}

proptest! {
    #![proptest_config(config!("once"))]

    #[test]
    fn an_attempt_takes_the_course_of_the_text_and_sends_at_most_once(choices in courses()) {
        let case = some_case();
        let (mut attempt, mut course, mut seen) = (Attempt::new(), Course::default(), Seen::default());
        for choice in choices {
            let happening = happening(choice, &course);
            let before_gate =
                matches!(course.owed, Owed::Opening | Owed::Arming | Owed::Look | Owed::Gate);
            prop_assert_eq!(attempt.is_before_gate(), before_gate);
            let asked: Vec<String> = step(&mut attempt, event(happening, &case)).iter().map(told).collect();
            let expected = course.take(happening);
            prop_assert_eq!(&asked, &expected, "after {:?} on {:?}", seen.happened, happening);
            prop_assert!(ends_where(course.owed, &attempt), "{:?} is not {:?}", attempt.state(), course.owed);
            seen.happened.push(happening);
            seen.asked.extend(asked);
            seen.check()?;
        }
    }

    /// A permit is moved when it is spent, so spending it twice does not compile; here: when it passes at all.
    #[test]
    fn a_permit_passes_only_under_its_epoch_and_while_young(
        case in clean_case(),
        (epoch, later, max_gap_ns) in (0_u64..3, 0_u64..300, 0_u64..400),
    ) {
        let inputs = inputs(&case);
        // Not before the look: time that runs backwards is the engine's to refuse (see `known`).
        let now = latest(&case).saturating_add(later);
        let passed = permit(&inputs).spend(GateView { epoch, now: Moment(now), max_gap_ns });
        prop_assert_eq!(passed.is_ok(), passes(&case, epoch, now, max_gap_ns));
        match passed {
            Ok(passage) => {
                let asked = case.snapshot.facts.iter().map(|fact| fact.asked_at).min();
                let answered = case.snapshot.facts.iter().map(|fact| fact.answered_at).max().unwrap_or(case.at);
                prop_assert_eq!(passage.action(), inputs.action.digest());
                prop_assert_eq!(passage.gap_ns(), asked.map(|asked| now - asked));
                prop_assert_eq!((passage.decide_ns(), passage.passed_at()), (now - answered, Moment(now)));
            }
            Err(stale) => {
                let expected = if epoch == case.standing.epoch { Stale::Age } else { Stale::Epoch };
                prop_assert_eq!(stale, expected);
            }
        }
    }
}

fn latest(case: &RecordedCase) -> u64 {
    case.snapshot.facts.iter().map(|fact| fact.answered_at).max().unwrap_or(case.at).max(case.at)
}
