//! Cases of one verdict.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use super::digest_of;
use super::json::{Numbers, arguments, schema};
use super::spelling::{Choices, spell};
use crate::case::*;

/// How the facts of a snapshot lie to the basis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facts {
    /// One for each reading, now and then none, and a second look only after a difference: what a look can produce.
    Plausible,
    /// Anything at all.
    Anything,
}

/// Any case. About a third of the plausible ones in enforce mode may run.
pub fn case(facts: Facts) -> BoxedStrategy<RecordedCase> {
    let readings = proptest::collection::vec((reading(), planned_fact()), 0..4);
    let parts = (call(), tool(), readings, basis_counts(), guards(), mode(), moment(), strays(facts));
    parts
        .prop_map(
            |(
                (action, standing),
                tool,
                planned,
                (missing, uncompared),
                guards,
                mode,
                at,
                (strays, shuffled),
            )| {
                let (readings, planned): (Vec<_>, Vec<_>) = planned.into_iter().unzip();
                let was = readings.iter().map(|reading: &RecordedReading| reading.was.clone());
                let mut facts: Vec<RecordedFact> = was
                    .zip(planned)
                    .enumerate()
                    .filter_map(|(index, (was, plan))| plan.fact(index, was))
                    .collect();
                if shuffled {
                    facts.reverse();
                }
                facts.splice(0..0, strays);
                RecordedCase {
                    action: RecordedAction { tool: tool.name.clone(), ..action },
                    tool,
                    basis: RecordedBasis { readings, missing, uncompared },
                    snapshot: RecordedSnapshot { facts },
                    standing,
                    guards,
                    mode,
                    at,
                }
            },
        )
        .boxed()
}

/// A plausible case that runs: every reading is as it was, and nothing stands against it.
pub fn clean_case() -> BoxedStrategy<RecordedCase> {
    case(Facts::Plausible)
        .prop_map(|mut case| {
            clean(&mut case);
            case
        })
        .boxed()
}

/// Makes a case one that may run, and keeps the rest of it.
pub fn clean(case: &mut RecordedCase) {
    let definition = definition_of("shown", None, false);
    case.action.definition = Some(definition.digest.clone());
    if matches!(case.action.call, RecordedCall::Unreadable(_)) {
        case.action.call = RecordedCall::Arguments("{}".to_owned());
    }
    case.tool.definition = Some(definition);
    case.standing = RecordedStanding { epoch: case.standing.epoch, ..RecordedStanding::default() };
    case.guards = RecordedGuards { blind_writes: RecordedBlindWrites::Allow, max_facts: 32 };
    case.mode = RecordedMode::Enforce;
    for reading in &mut case.basis.readings {
        reading.outdated = false;
        reading.rebased = None;
    }
    if case.basis.readings.is_empty() {
        case.basis.missing = 0;
        case.tool.class = RecordedClass::Write;
    }
    let facts = case.basis.readings.iter().enumerate().map(|(index, reading)| {
        let at = case.at.saturating_add(index as u64);
        let now = RecordedValue::Read(reading.was.clone());
        RecordedFact {
            index: index as u64,
            now,
            again: None,
            asked_at: at,
            answered_at: at.saturating_add(5),
        }
    });
    case.snapshot.facts = facts.collect();
}

/// A digest, as a record spells it, from an alphabet of three.
pub fn digest() -> impl Strategy<Value = String> {
    select(&["A", "B", "C"][..]).prop_map(|label| digest_of(label).to_hex())
}

fn name() -> impl Strategy<Value = String> {
    select(&["look", "stat", "set"][..]).prop_map(str::to_owned)
}

fn moment() -> impl Strategy<Value = u64> {
    prop_oneof![30 => 0_u64..2_000, 1 => Just(u64::MAX)]
}

fn action() -> impl Strategy<Value = RecordedAction> {
    let definition = prop_oneof![12 => Just(Some("shown")), 1 => Just(Some("other")), 1 => Just(None)];
    let spelt = arguments(Numbers::AnySpelling).prop_map(|arguments| spell(&arguments, &mut Choices::none()));
    (select(&["shop", "notes"][..]), definition, any::<bool>(), spelt).prop_map(
        |(upstream, definition, asserted, arguments)| RecordedAction {
            upstream: upstream.to_owned(),
            tool: String::new(),
            definition: definition.map(|label| digest_of(label).to_hex()),
            principal: "User::\"ada\"".to_owned(),
            asserted,
            call: RecordedCall::Arguments(arguments),
        },
    )
}

/// The definition that goes by this label.
pub fn definition_of(label: &str, input_schema: Option<String>, read_only_hint: bool) -> RecordedDefinition {
    RecordedDefinition { digest: digest_of(label).to_hex(), input_schema, read_only_hint }
}

fn tool() -> impl Strategy<Value = RecordedTool> {
    let class = prop_oneof![
        1 => Just(RecordedClass::Read), 5 => Just(RecordedClass::Write), 5 => Just(RecordedClass::Destructive),
    ];
    let class_by = select(vec![
        RecordedClassSource::Declared,
        RecordedClassSource::Profile,
        RecordedClassSource::Hinted,
        RecordedClassSource::Default,
    ]);
    let spelt = schema(Numbers::Plain).prop_map(|schema| spell(&schema, &mut Choices::none()));
    let definition = weighted(0.93, (weighted(0.2, spelt), any::<bool>()));
    (name(), class, class_by, definition, rules()).prop_map(|(name, class, class_by, definition, rules)| {
        let definition = definition.map(|(input_schema, hint)| definition_of("shown", input_schema, hint));
        RecordedTool { name, class, class_by, definition, rules }
    })
}

fn rules() -> impl Strategy<Value = RecordedRules> {
    let pointers = weighted(0.2, proptest::collection::vec(select(&["/path", "", "/a~1b"][..]), 0..2));
    let ignore = proptest::collection::vec(
        (select(&["/content/0/text", "/content"][..]), weighted(0.5, "[a-b:]{1}")),
        0..2,
    );
    (pointers, proptest::collection::vec(name(), 0..2), ignore, any::<[bool; 3]>()).prop_map(
        |(pointers, touches, ignore, [retake, local, errors_mean_no_effect])| RecordedRules {
            subjects: pointers.map(|pointers| pointers.into_iter().map(str::to_owned).collect()),
            touches,
            ignore: ignore
                .into_iter()
                .map(|(pointer, line_prefix)| RecordedIgnore { pointer: pointer.to_owned(), line_prefix })
                .collect(),
            retake,
            local,
            errors_mean_no_effect,
        },
    )
}

fn reading() -> impl Strategy<Value = RecordedReading> {
    let params = select(&[r#"{"name":"look","arguments":{"path":"plan.md"}}"#, r#"{"name":"look"}"#, ""][..]);
    let rebased = weighted(0.12, 0_u64..3);
    (name(), params, digest(), weighted(0.7, "[a-b]{0,2}"), moment(), rebased, prop::bool::weighted(0.08))
        .prop_map(|(tool, params, was, value, answered_at, rebased, outdated)| RecordedReading {
            tool,
            params: params.to_owned(),
            was,
            value,
            answered_at,
            rebased: rebased
                .map(|since_act_ns| RecordedRebased { after: "attempt-1".to_owned(), since_act_ns }),
            outdated,
        })
}

fn basis_counts() -> impl Strategy<Value = (u64, u64)> {
    (prop_oneof![5 => Just(0_u64), 1 => 1_u64..3], 0_u64..3)
}

/// What becomes of one reading at the look.
#[derive(Debug, Clone)]
struct Plan {
    now: Now,
    again: Option<RecordedValue>,
    asked_at: u64,
    took: u64,
}

#[derive(Debug, Clone)]
enum Now {
    AsItWas,
    Is(RecordedValue),
    NotAsked,
}

fn planned_fact() -> impl Strategy<Value = Plan> {
    let now = prop_oneof![
        14 => Just(Now::AsItWas),
        3 => recorded_value().prop_map(Now::Is),
        1 => Just(Now::NotAsked),
    ];
    (now, weighted(0.5, recorded_value()), moment(), 0_u64..50)
        .prop_map(|(now, again, asked_at, took)| Plan { now, again, asked_at, took })
}

impl Plan {
    fn fact(self, index: usize, was: String) -> Option<RecordedFact> {
        let was = RecordedValue::Read(was);
        let now = match self.now {
            Now::AsItWas => was.clone(),
            Now::Is(value) => value,
            Now::NotAsked => return None,
        };
        // A second look is only taken at what was read and differed.
        let differed = now != was && matches!(now, RecordedValue::Read(_));
        let (asked_at, answered_at) = (self.asked_at, self.asked_at.saturating_add(self.took));
        Some(RecordedFact {
            index: index as u64,
            now,
            again: self.again.filter(|_| differed),
            asked_at,
            answered_at,
        })
    }
}

/// A digest or, less often, nothing that could be compared.
pub fn recorded_value() -> impl Strategy<Value = RecordedValue> {
    prop_oneof![
        3 => digest().prop_map(RecordedValue::Read),
        2 => unreadable().prop_map(RecordedValue::Unreadable),
    ]
}

/// A reason for which a value could not be had.
pub fn unreadable() -> impl Strategy<Value = RecordedUnreadable> {
    select(vec![RecordedUnreadable::Late, RecordedUnreadable::NotPlain, RecordedUnreadable::Gone])
}

/// Facts that answer nothing, answer twice, or were read again for no reason; and whether the order is turned round.
fn strays(facts: Facts) -> BoxedStrategy<(Vec<RecordedFact>, bool)> {
    let index = prop_oneof![8 => 0_u64..5, 1 => Just(u64::MAX)];
    let parts = (index, recorded_value(), weighted(0.5, recorded_value()), moment(), moment());
    let stray = parts.prop_map(|(index, now, again, asked_at, answered_at)| RecordedFact {
        index,
        now,
        again,
        asked_at,
        answered_at,
    });
    match facts {
        Facts::Plausible => any::<bool>().prop_map(|turned| (Vec::new(), turned)).boxed(),
        Facts::Anything => (proptest::collection::vec(stray, 0..3), any::<bool>()).boxed(),
    }
}

/// What is wanted, and what stands against it. A call that is no action always comes with the reason.
fn call() -> impl Strategy<Value = (RecordedAction, RecordedStanding)> {
    let params = select(&["{}", r#"{"arguments":[]}"#, r#"{"arguments":{"n":9007199254740993}}"#][..]);
    let why = (select(&["invalid-call", "number-inexact"][..]), weighted(0.5, "arguments"));
    (action(), standing(), weighted(0.05, (params, why))).prop_map(
        |(mut action, mut standing, unreadable)| {
            if let Some((params, (code, about))) = unreadable {
                action.call = RecordedCall::Unreadable(params.to_owned());
                standing.unreadable = Some(RecordedReason { code: code.to_owned(), about });
            }
            (action, standing)
        },
    )
}

fn standing() -> impl Strategy<Value = RecordedStanding> {
    let rarely = || prop::bool::weighted(0.05);
    let halted = prop_oneof![12 => Just(Vec::new()), 1 => prop::collection::vec("halt-[1-2]", 1..3)];
    (0_u64..3, weighted(0.05, "attempt-[1-2]"), rarely(), rarely(), rarely(), halted).prop_map(
        |(epoch, in_doubt, cancelled, as_task, tool_changed, halted)| RecordedStanding {
            epoch,
            in_doubt,
            cancelled,
            as_task,
            tool_changed,
            unreadable: None,
            halted,
        },
    )
}

fn guards() -> impl Strategy<Value = RecordedGuards> {
    let blind_writes =
        prop_oneof![3 => Just(RecordedBlindWrites::Allow), 1 => Just(RecordedBlindWrites::Refuse)];
    let max_facts = prop_oneof![10 => Just(32_u64), 1 => 0_u64..4];
    (blind_writes, max_facts).prop_map(|(blind_writes, max_facts)| RecordedGuards { blind_writes, max_facts })
}

fn mode() -> impl Strategy<Value = RecordedMode> {
    prop_oneof![5 => Just(RecordedMode::Enforce), 1 => Just(RecordedMode::Audit)]
}
