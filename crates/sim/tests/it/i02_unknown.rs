//! I2: *unknown* never means *allow*.

use lastlook_sim::case::*;
use lastlook_sim::generate::case::{Facts, case, clean, clean_case, unreadable};
use lastlook_sim::generate::digest_of;
use proptest::prelude::*;

use crate::support::decided;

/// One thing that is not known of an action that could otherwise run.
#[derive(Debug, Clone, Copy)]
enum Unknown {
    Tool,
    Definition,
    DefinitionDecidedOn,
    DefinitionShown,
    NoAction,
    End,
    HowItEnded,
    Fact(usize),
    FactsPlace(usize),
    Unreadable(usize, RecordedUnreadable),
    SecondLook(usize, RecordedUnreadable),
    Aged,
    NeverRead,
    NeverReadByPolicy,
    OwnEffect(usize),
    TooMuch,
}

fn unknown() -> impl Strategy<Value = Unknown> {
    let place = || 0_usize..4;
    prop_oneof![
        Just(Unknown::Tool),
        Just(Unknown::Definition),
        Just(Unknown::DefinitionDecidedOn),
        Just(Unknown::DefinitionShown),
        Just(Unknown::NoAction),
        Just(Unknown::End),
        Just(Unknown::HowItEnded),
        place().prop_map(Unknown::Fact),
        place().prop_map(Unknown::FactsPlace),
        (place(), unreadable()).prop_map(|(place, why)| Unknown::Unreadable(place, why)),
        (place(), unreadable()).prop_map(|(place, why)| Unknown::SecondLook(place, why)),
        Just(Unknown::Aged),
        Just(Unknown::NeverRead),
        Just(Unknown::NeverReadByPolicy),
        place().prop_map(Unknown::OwnEffect),
        Just(Unknown::TooMuch),
    ]
}

/// Makes it unknown and says which code must answer; nothing when the case has no such place.
fn forget(case: &mut RecordedCase, unknown: Unknown) -> Option<&'static str> {
    let count = case.basis.readings.len();
    match unknown {
        Unknown::Tool => case.tool.definition = None,
        Unknown::Definition => case.action.definition = Some(digest_of("other").to_hex()),
        Unknown::DefinitionDecidedOn => case.action.definition = None,
        Unknown::DefinitionShown => case.standing.tool_changed = true,
        Unknown::NoAction => {
            case.action.call = RecordedCall::Unreadable("{}".to_owned());
            case.standing.unreadable = Some(RecordedReason { code: "invalid-call".to_owned(), about: None });
        }
        Unknown::End => case.standing.as_task = true,
        Unknown::HowItEnded => case.standing.in_doubt = Some("attempt-1".to_owned()),
        Unknown::Fact(place) if place < count => {
            case.snapshot.facts.remove(place);
        }
        Unknown::FactsPlace(place) if place < count => case.snapshot.facts[place].index = count as u64,
        Unknown::Unreadable(place, why) if place < count => {
            case.snapshot.facts[place].now = RecordedValue::Unreadable(why);
        }
        Unknown::SecondLook(place, why) if place < count => {
            case.snapshot.facts[place].now = RecordedValue::Read(digest_of("other").to_hex());
            case.snapshot.facts[place].again = Some(RecordedValue::Unreadable(why));
        }
        Unknown::Aged => {
            (case.basis.readings, case.basis.missing) = (Vec::new(), 1);
            case.tool.class = RecordedClass::Write;
        }
        Unknown::NeverRead => {
            (case.basis.readings, case.basis.missing) = (Vec::new(), 0);
            case.tool.class = RecordedClass::Destructive;
        }
        Unknown::NeverReadByPolicy => {
            (case.basis.readings, case.basis.missing) = (Vec::new(), 0);
            (case.tool.class, case.guards.blind_writes) = (RecordedClass::Write, RecordedBlindWrites::Refuse);
        }
        Unknown::OwnEffect(place) if place < count => {
            case.basis.readings[place].rebased =
                Some(RecordedRebased { after: "attempt-1".to_owned(), since_act_ns: 0 });
            case.tool.class = RecordedClass::Destructive;
        }
        Unknown::TooMuch if count > 0 => case.guards.max_facts = count as u64 - 1,
        _ => return None,
    }
    Some(match unknown {
        Unknown::Tool => "tool-unknown",
        Unknown::Definition | Unknown::DefinitionDecidedOn | Unknown::DefinitionShown => "tool-changed",
        Unknown::NoAction => "invalid-call",
        Unknown::End => "task-unsupported",
        Unknown::HowItEnded => "in-doubt",
        Unknown::Fact(_) | Unknown::FactsPlace(_) | Unknown::Unreadable(..) => "fact-unreadable",
        Unknown::SecondLook(..) => "fact-changed",
        Unknown::Aged | Unknown::NeverRead | Unknown::NeverReadByPolicy | Unknown::OwnEffect(_) => {
            "basis-missing"
        }
        Unknown::TooMuch => "basis-too-large",
    })
}

proptest! {
    #![proptest_config(config!("unknown"))]

    #[test]
    fn one_unknown_thing_is_enough_to_refuse(mut case in clean_case(), unknown in unknown()) {
        prop_assert!(decided(&case).is_allow(), "nothing stands against it yet");
        if let Some(code) = forget(&mut case, unknown) {
            let verdict = decided(&case);
            prop_assert!(!verdict.is_allow());
            prop_assert!(verdict.has(code), "{:?} is not answered by {}", verdict.reasons, code);
        }
    }

    /// Judged without the model: what an allowed case must hold.
    #[test]
    fn what_is_allowed_was_all_known(case in case(Facts::Plausible), cleaned in prop::bool::weighted(0.3)) {
        let mut case = case;
        if cleaned {
            let (rebased, guards) = (case.basis.readings.clone(), case.guards.clone());
            clean(&mut case);
            (case.basis.readings, case.guards) = (rebased, guards);
        }
        if !decided(&case).is_allow() || case.mode == RecordedMode::Audit {
            return Ok(());
        }
        let RecordedCase { action, tool, basis, snapshot, standing, guards, .. } = &case;
        prop_assert_eq!(tool.definition.as_ref().map(|definition| &definition.digest), action.definition.as_ref());
        prop_assert!(action.definition.is_some());
        prop_assert!(matches!(action.call, RecordedCall::Arguments(_)));
        // Known to be halted is no doubt; and what only reads is not stopped by it.
        prop_assert!(standing.halted.is_empty() || tool.class == RecordedClass::Read);
        let (epoch, halted) = (standing.epoch, standing.halted.clone());
        prop_assert_eq!(standing, &RecordedStanding { epoch, halted, ..RecordedStanding::default() });
        prop_assert!(basis.readings.len() as u64 <= guards.max_facts);
        for (index, reading) in basis.readings.iter().enumerate() {
            let fact = snapshot.facts.iter().find(|fact| fact.index == index as u64);
            let now = fact.map(|fact| &fact.now);
            prop_assert_eq!(now, Some(&RecordedValue::Read(reading.was.clone())));
            prop_assert!(!reading.outdated);
            prop_assert!(reading.rebased.is_none() || tool.class != RecordedClass::Destructive);
        }
        if basis.readings.is_empty() {
            prop_assert!(tool.class != RecordedClass::Destructive && basis.missing == 0);
            prop_assert_eq!(guards.blind_writes, RecordedBlindWrites::Allow);
        }
    }
}
