//! I3: a verdict is a function of recorded inputs, and what an agent or a tool says of itself can only tighten it.

use lastlook_kernel::{Class, classify};
use lastlook_sim::case::*;
use lastlook_sim::generate::case::{Facts, case};
use lastlook_sim::model::class::class;
use proptest::prelude::*;

use crate::support::{decided, inputs};

const CLASSES: [(Option<Class>, Option<&str>); 4] = [
    (None, None),
    (Some(Class::Read), Some("read")),
    (Some(Class::Write), Some("write")),
    (Some(Class::Destructive), Some("destructive")),
];

/// Every question that can be asked: declared, profile, hint, trusted, configured.
fn questions() -> Vec<([usize; 2], [bool; 3])> {
    let words = (0..16).map(|n| [n / 4, n % 4]);
    words
        .flat_map(|words| (0..8).map(move |bits| (words, [bits & 1 > 0, bits & 2 > 0, bits & 4 > 0])))
        .collect()
}

fn classified(
    [declared, profile]: [usize; 2],
    [hint, trusted, configured]: [bool; 3],
) -> (Class, &'static str) {
    let hints_count = trusted || !configured;
    let (class, by) = classify(CLASSES[declared].0, CLASSES[profile].0, hint, hints_count, configured);
    (class, by.as_str())
}

#[test]
fn classes_are_those_of_the_text() {
    for (words @ [declared, profile], bits @ [hint, trusted, configured]) in questions() {
        let (found, by) = classified(words, bits);
        let expected = class(CLASSES[declared].1, CLASSES[profile].1, hint, trusted, configured);
        assert_eq!((found.as_str(), by), expected, "{words:?} {bits:?}");
    }
}

#[test]
fn a_hint_loosens_only_where_hints_are_trusted_and_is_then_named() {
    for (words, [_, trusted, configured]) in questions() {
        let without = classified(words, [false, trusted, configured]);
        let with = classified(words, [true, trusted, configured]);
        if with.0 < without.0 {
            assert!(trusted || !configured, "{words:?}");
            assert_eq!(with.1, "hinted");
        } else {
            assert_eq!(with, without, "a hint that loosens nothing says nothing");
        }
    }
}

proptest! {
    #![proptest_config(config!("pure"))]

    #[test]
    fn what_a_tool_says_of_itself_and_what_is_only_shown_changes_nothing(
        case in case(Facts::Plausible),
        other in case(Facts::Plausible),
    ) {
        let before = inputs(&case).decide();
        let mut told = case.clone();
        told.tool.class_by = other.tool.class_by;
        told.tool.rules = other.tool.rules;
        if let (Some(definition), Some(other)) = (&mut told.tool.definition, other.tool.definition) {
            definition.read_only_hint = !definition.read_only_hint;
            definition.input_schema = other.input_schema;
        }
        told.basis.uncompared = other.basis.uncompared;
        for (reading, other) in told.basis.readings.iter_mut().zip(other.basis.readings) {
            (reading.value, reading.answered_at, reading.params) = (other.value, other.answered_at, other.params);
        }
        told.snapshot.facts.reverse();
        prop_assert_eq!(decided(&told), RecordedVerdict::from(&before));
        prop_assert_eq!(decided(&case), RecordedVerdict::from(&before), "asked again");
    }

    #[test]
    fn a_stricter_class_is_never_looser(mut case in case(Facts::Plausible)) {
        let mut looser: Option<RecordedVerdict> = None;
        for class in [RecordedClass::Read, RecordedClass::Write, RecordedClass::Destructive] {
            case.tool.class = class;
            let verdict = decided(&case);
            if let Some(looser) = looser {
                prop_assert!(looser.is_allow() || !verdict.is_allow());
                prop_assert!(looser.reasons.iter().all(|reason| verdict.reasons.contains(reason)));
            }
            looser = Some(verdict);
        }
    }
}
