//! What the model in `lastlook-sim` leaves out of a verdict: the judgement of guards, the deadline, and the exact bounds.

use lastlook_canon::{Digest, Limits, parse};

use super::*;
use crate::{BasisReading, ClassSource, Definition, Fact, GateView, Principal, Stale, ToolRules};

const EPOCH: u64 = 7;

/// A sound destructive call that rests on one reading, which still says what it said.
struct Sound {
    action: Action,
    tool: Tool,
    basis: Basis,
    snapshot: Snapshot,
    standing: Standing,
    guards: GuardSet,
    mode: Mode,
    judgement: Option<Judgement>,
    deadline: Option<Moment>,
}

fn sound() -> Sound {
    let listed = parse(br#"{"name":"refund"}"#, &Limits::default()).unwrap();
    let (name, definition) = Definition::from_listed(&listed).unwrap();
    let principal = Principal { id: "ada".to_owned(), asserted: true };
    let arguments = parse(br#"{"id":42}"#, &Limits::default()).unwrap();
    let mut sound = Sound {
        action: Action::new("shop", &name, Some(definition.digest), principal, arguments).unwrap(),
        tool: Tool {
            name,
            class: Class::Destructive,
            class_by: ClassSource::Declared,
            definition: Some(definition),
            rules: ToolRules::default(),
        },
        basis: Basis::default(),
        snapshot: Snapshot::default(),
        standing: Standing { epoch: EPOCH, ..Standing::default() },
        guards: GuardSet::default(),
        mode: Mode::Enforce,
        judgement: None,
        deadline: None,
    };
    sound.rest_on(1);
    sound
}

impl Sound {
    /// Rests on so many readings, which all say what they said.
    fn rest_on(&mut self, count: usize) {
        let was = Digest::of("test", &[]);
        self.basis.readings = (0..count)
            .map(|_| BasisReading {
                tool: "look".to_owned(),
                params: b"{}"[..].into(),
                was,
                value: None,
                answered_at: Moment(1),
                rebased: None,
                outdated: false,
            })
            .collect();
        self.snapshot.facts = (0..count)
            .map(|index| Fact {
                index,
                now: Value::Read(was),
                again: None,
                asked_at: Moment(10),
                answered_at: Moment(20),
            })
            .collect();
    }

    fn judged(mut self, enforced: &[Code], audited: &[Code]) -> Sound {
        let reasons = |codes: &[Code]| codes.iter().map(|code| Reason::of(*code)).collect();
        self.judgement = Some(Judgement {
            enforced: reasons(enforced),
            audited: reasons(audited),
            ..Judgement::default()
        });
        self
    }

    fn decide(&self) -> Verdict {
        decide(&Case {
            action: &self.action,
            tool: &self.tool,
            basis: &self.basis,
            snapshot: &self.snapshot,
            standing: &self.standing,
            guards: &self.guards,
            mode: self.mode,
            at: Moment(30),
            judgement: self.judgement.as_ref(),
            deadline: self.deadline,
        })
    }
}

/// The verdict in a word, and its codes; those of an allow are what it was allowed against.
#[track_caller]
fn check(sound: &Sound, word: &str, codes: &[Code]) {
    let (found, reasons) = match sound.decide() {
        Verdict::Allow(permit) => ("allow", permit.overridden().to_vec()),
        Verdict::Hold(reasons) => ("hold", reasons),
        Verdict::Deny(reasons) => ("deny", reasons),
    };
    let said: Vec<Code> = reasons.iter().map(|reason| reason.code).collect();
    assert_eq!((found, &said[..]), (word, codes));
}

#[test]
fn only_what_people_could_say_yes_to_is_held() {
    check(&sound(), "allow", &[]);
    check(&sound().judged(&[], &[]), "allow", &[]);
    check(&sound().judged(&[Code::ApprovalRequired], &[]), "hold", &[Code::ApprovalRequired]);
    check(&sound().judged(&[Code::ConditionFalse], &[]), "deny", &[Code::ConditionFalse]);
    let both = [Code::ConditionFalse, Code::ApprovalRequired];
    check(&sound().judged(&[Code::ApprovalRequired, Code::ConditionFalse], &[]), "deny", &both);
    let mut unread = sound().judged(&[Code::ApprovalRequired], &[]);
    unread.snapshot.facts.clear();
    check(&unread, "deny", &[Code::FactUnreadable, Code::ApprovalRequired]);
}

#[test]
fn what_only_watches_is_recorded_beside_the_allow_and_stops_nothing() {
    let watched = [Code::ConditionFalse];
    check(&sound().judged(&[], &watched), "allow", &watched);
    check(&sound().judged(&[Code::ApprovalRequired], &watched), "hold", &[Code::ApprovalRequired]);
    let mut audit = sound().judged(&[Code::StepMissing], &watched);
    audit.mode = Mode::Audit;
    check(&audit, "allow", &[Code::StepMissing, Code::ConditionFalse]);
    audit.standing.halted = vec!["h1".to_owned()];
    check(&audit, "deny", &[Code::Halted, Code::StepMissing]);
}

#[test]
fn a_fact_still_is_what_it_was_or_refuses() {
    let digest = |text: &str| Value::Read(Digest::of("test", &[text.as_bytes()]));
    let gone = Value::Unreadable(crate::Unreadable::Gone);
    let same = Value::Read(Digest::of("test", &[]));
    for (now, again, expect) in [
        (same, None, None),
        (gone, None, Some(Code::FactUnreadable)),
        (digest("a"), None, Some(Code::FactChanged)),
        (digest("a"), Some(gone), Some(Code::FactChanged)),
        (digest("a"), Some(digest("a")), Some(Code::FactChanged)),
        (digest("a"), Some(digest("b")), Some(Code::FactUnstable)),
        (digest("a"), Some(same), Some(Code::FactUnstable)),
    ] {
        let mut case = sound();
        (case.snapshot.facts[0].now, case.snapshot.facts[0].again) = (now, again);
        check(&case, if expect.is_some() { "deny" } else { "allow" }, expect.as_slice());
    }
    let mut outdated = sound();
    outdated.basis.readings[0].outdated = true;
    check(&outdated, "deny", &[Code::FactChanged]);
}

#[test]
fn one_look_reads_as_much_as_is_allowed_and_no_more() {
    let mut case = sound();
    let most = case.guards.max_facts;
    case.rest_on(most);
    check(&case, "allow", &[]);
    case.rest_on(most + 1);
    check(&case, "deny", &[Code::BasisTooLarge]);
}

#[test]
fn what_a_guard_compares_is_a_basis_and_what_is_forgotten_is_none() {
    let case = |class, covered, missing, blind_writes| {
        let mut case = sound();
        case.rest_on(0);
        case.tool.class = class;
        case.basis = Basis { covered, missing, ..Basis::default() };
        case.guards.blind_writes = blind_writes;
        case
    };
    let missing = &[Code::BasisMissing][..];
    check(&case(Class::Destructive, 0, 0, BlindWrites::Allow), "deny", missing);
    check(&case(Class::Destructive, 1, 0, BlindWrites::Allow), "allow", &[]);
    check(&case(Class::Destructive, 1, 1, BlindWrites::Allow), "allow", &[]);
    check(&case(Class::Write, 0, 0, BlindWrites::Allow), "allow", &[]);
    check(&case(Class::Write, 0, 1, BlindWrites::Allow), "deny", missing);
    check(&case(Class::Write, 0, 0, BlindWrites::Refuse), "deny", missing);
    check(&case(Class::Write, 1, 0, BlindWrites::Refuse), "allow", &[]);
}

#[test]
fn a_permit_is_for_this_action_under_this_standing_until_the_deadline() {
    let mut case = sound();
    case.deadline = Some(Moment(100));
    let permit = || match case.decide() {
        Verdict::Allow(permit) => permit,
        other => panic!("{other:?}"),
    };
    let at = |now: u64| GateView { epoch: EPOCH, now: Moment(now), max_gap_ns: 1_000 };
    let passage = permit().spend(at(99)).unwrap();
    assert_eq!((passage.action(), passage.epoch()), (case.action.digest(), EPOCH));
    assert_eq!((passage.gap_ns(), passage.decide_ns()), (Some(89), 79));
    assert_eq!(passage.deadline(), case.deadline);
    assert_eq!(permit().spend(at(100)).unwrap_err(), Stale::Deadline);
    assert_eq!(permit().spend(GateView { epoch: EPOCH + 1, ..at(50) }).unwrap_err(), Stale::Epoch);
}

#[test]
fn modes_are_spelt_as_configuration_and_receipts_spell_them() {
    assert_eq!([Mode::Enforce, Mode::Audit].map(Mode::as_str), ["enforce", "audit"]);
}
