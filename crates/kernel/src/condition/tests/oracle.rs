use lastlook_canon::Json;
use proptest::prelude::*;

use super::json;
use crate::condition::{Condition, Root, World, WorldInput};

/// A value as Rust has it, beside several spellings of it in JSON.
#[derive(Debug, Clone, PartialEq)]
enum Plain {
    Absent,
    Bool(bool),
    /// In units of a ten-thousandth.
    Number(i64),
    Text(String),
    List(Vec<Plain>),
}

fn plain() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        Just(Plain::Absent),
        any::<bool>().prop_map(Plain::Bool),
        (-3i64..3).prop_map(|n| Plain::Number(n * 10_000)),
        (-3i64..3).prop_map(|n| Plain::Number(n * 5_000)),
        "[ab]{0,2}".prop_map(Plain::Text),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Plain::List))
}

impl Plain {
    /// JSON text, numbers spelt in one of several ways.
    fn spelt(&self, way: usize) -> String {
        match self {
            Plain::Absent => "null".to_owned(),
            Plain::Bool(value) => value.to_string(),
            Plain::Number(n) if n % 10_000 == 0 && way.is_multiple_of(3) => (n / 10_000).to_string(),
            Plain::Number(n) if way % 3 == 1 => format!("{n}e-4"),
            Plain::Number(n) => {
                let sign = if *n < 0 { "-" } else { "" };
                format!("{sign}{}.{:04}", n.abs() / 10_000, n.abs() % 10_000)
            }
            Plain::Text(text) => format!("\"{text}\""),
            Plain::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.spelt(way + 1)).collect();
                format!("[{}]", items.join(","))
            }
        }
    }

    /// Whether Cedar has no value for it.
    fn is_lost(&self) -> bool {
        match self {
            Plain::List(items) => items.iter().any(|item| *item == Plain::Absent || item.is_lost()),
            _ => false,
        }
    }

    /// As a set of sets, in one order.
    fn as_set(&self) -> String {
        match self {
            Plain::List(items) => {
                let items: std::collections::BTreeSet<String> = items.iter().map(Plain::as_set).collect();
                format!("{items:?}")
            }
            other => format!("{other:?}"),
        }
    }
}

fn oracle(now: &Plain, args: &Plain) -> Option<bool> {
    let readable = |value: &Plain| *value != Plain::Absent && !value.is_lost();
    (readable(now) && readable(args)).then(|| now.as_set() == args.as_set())
}

proptest! {
    #[test]
    fn equality_is_that_of_the_values(now in plain(), args in plain(), ways in any::<(u8, u8)>()) {
        let args_json = json(&format!("{{\"x\": {}}}", args.spelt(ways.0.into())));
        let fact = json(&format!("{{\"x\": {}}}", now.spelt(ways.1.into())));
        let facts: Vec<(String, Json)> = vec![("f".to_owned(), fact)];
        let world = World::new(&WorldInput {
            principal: "User::\"ada\"",
            groups: &[],
            action: "shop.refund",
            resource: None,
            args: &args_json,
            args_shape: None,
            was: &[],
            now: &facts,
            fact_shapes: &[],
            steps: &[],
            entities: None,
        });
        let condition = Condition::parse("now.f.x == args.x", &Root::ALL).unwrap();
        prop_assert_eq!(condition.eval(&world).ok(), oracle(&now, &args));
    }

    #[test]
    fn nothing_written_crashes_or_points_outside(text in "\\PC{0,40}") {
        if let Err(problem) = Condition::parse(&text, &Root::ALL) {
            prop_assert!(text.get(problem.at).is_some());
        }
    }

    #[test]
    fn nothing_like_a_condition_crashes_or_points_outside(
        words in prop::collection::vec(prop::sample::select(WORDS), 0..12),
    ) {
        let text = words.concat();
        match Condition::parse(&text, &Root::ALL) {
            Err(problem) => prop_assert!(text.get(problem.at).is_some()),
            Ok(condition) => {
                let args = json("{\"x\": 1}");
                let world = World::new(&WorldInput {
                    principal: "User::\"ada\"",
                    groups: &[],
                    action: "a.b",
                    resource: None,
                    args: &args,
                    args_shape: None,
                    was: &[],
                    now: &[],
                    fact_shapes: &[],
                    steps: &[],
                    entities: None,
                });
                let _either = condition.eval(&world);
                let words = crate::VocabularyInput { actions: vec!["a.b".to_owned()], ..Default::default() };
                let words = crate::Vocabulary::new(&words).unwrap();
                if let Err(problem) = condition.check(&words, &crate::Types { action: "a.b".to_owned(), ..Default::default() }) {
                    prop_assert!(text.get(problem.at).is_some());
                }
            }
        }
    }
}

const WORDS: &[&str] = &[
    "args",
    "now",
    ".x",
    ".y",
    " == ",
    " && ",
    "1",
    "\"ü\"",
    "(",
    ")",
    " has ",
    "x",
    "!",
    "if ",
    " then ",
    " else ",
    "[",
    "]",
    ", ",
    "principal",
    " in ",
    "User::\"a\"",
    " like ",
    "{x: ",
    "}",
    "// ",
    "\n",
    " is ",
    "User",
    "-",
    " + ",
    " || ",
    "steps",
    ".contains(",
];
