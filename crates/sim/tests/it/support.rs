//! What several properties need.

use std::sync::LazyLock;

use lastlook_canon::{Json, Limits, parse};
use lastlook_kernel::{Subject, SubjectRules, Subjects};
use lastlook_sim::case::{Inputs, RecordedCase, RecordedVerdict};
use lastlook_sim::model::subjects::About;

/// How the properties of one name run: so many cases, and the file under `proptest-regressions/` that replays failures.
macro_rules! config {
    ($name:literal) => {
        proptest::test_runner::Config {
            cases: $crate::support::cases($name),
            failure_persistence: Some(Box::new(proptest::test_runner::FileFailurePersistence::Direct(
                concat!("proptest-regressions/", $name, ".txt"),
            ))),
            ..proptest::test_runner::Config::default()
        }
    };
}

/// Every name, how many properties go by it, and how many cases each of them runs.
pub const CASES: &[(&str, u32, u32)] = &[
    ("totality", 2, 10_000),
    ("unknown", 2, 6_000),
    ("pure", 2, 4_000),
    ("identity", 4, 4_000),
    ("subjects", 4, 5_000),
    ("answers", 2, 4_000),
    ("readings", 1, 10_000),
    ("once", 2, 8_000),
    ("races", 1, 4_000),
    ("unchanged", 2, 2_000),
    ("relevant", 2, 2_000),
    ("replay", 1, 5_000),
];

/// The number of cases that was asked for, or the one in the table.
pub fn cases(name: &str) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let (_, _, cases) = CASES.iter().find(|(other, ..)| *other == name).expect("a name in the table");
    asked.unwrap_or(*cases)
}

/// What the kernel says of a recorded case.
pub fn decided(case: &RecordedCase) -> RecordedVerdict {
    RecordedVerdict::from(&inputs(case).decide())
}

/// A recorded case in the kernel's types.
pub fn inputs(case: &RecordedCase) -> Inputs {
    Inputs::try_from(case).expect("a case the generators made")
}

/// JSON from text.
pub fn json(text: &str) -> Json {
    parse(text.as_bytes(), &Limits::default()).expect(text)
}

/// The subjects the kernel finds with the names it ships; made once, since the names are many.
pub fn subjects_of(arguments: &Json) -> Subjects {
    static RULES: LazyLock<SubjectRules> = LazyLock::new(SubjectRules::default);
    Subjects::of(arguments, None, &RULES)
}

/// The kernel's subjects in the model's words.
pub fn about(subjects: &Subjects) -> Vec<About> {
    let mut about: Vec<About> = subjects
        .iter()
        .map(|subject| match subject {
            Subject::Text(text) => About::Text(text.clone()),
            Subject::Integer { member, digits } => {
                About::Integer { member: member.clone(), digits: digits.clone() }
            }
        })
        .collect();
    about.sort();
    about
}
