//! Arguments and schemas.

use lastlook_canon::{Json, Number};
use proptest::prelude::*;
use proptest::sample::select;

/// Member names: some name things, some are settings, some need escapes in a JSON Pointer.
pub const NAMES: &[&str] = &[
    "path",
    "file",
    "paths",
    "id",
    "order_id",
    "customer_id",
    "limit",
    "message",
    "unit",
    "zone",
    "a/b",
    "é",
];

/// The names among [`NAMES`] (and one more) that the tests say name no subject.
pub const NOT_SUBJECTS: &[&str] = &["limit", "message", "absent"];

/// Texts: spellings of few paths, texts at the edges of the rule, and what needs escapes.
pub const TEXTS: &[&str] = &[
    "plan.md",
    "./plan.md",
    "a/plan.md",
    "a//plan.md",
    "/a/plan.md",
    "/a/../a/plan.md",
    "/../a/plan.md/",
    "../plan.md",
    "ab",
    "abc",
    "",
    "é✓",
    "é✓𝄞",
    "two\nlines",
    "carriage\rreturn",
    "tab\tand \"quotes\" \\ /",
    "\u{0}\u{1f}\u{7f}",
    "metric",
    "Europe/Paris",
    "42",
    "...",
    "././",
    "x/..",
];

/// Numbers as texts: several spellings of few values, and the last exact integers.
pub const NUMBERS: &[&str] = &[
    "0",
    "-0",
    "0.0",
    "1",
    "1.0",
    "1e0",
    "10e-1",
    "-1",
    "42",
    "42.0",
    "4.2e1",
    "420E-1",
    "43",
    "1.5",
    "15e-1",
    "0.1",
    "9007199254740991",
    "-9007199254740991",
];

/// Integers as they are plainly written.
pub const PLAIN_INTEGERS: &[&str] = &["0", "1", "-1", "42", "43", "9007199254740991", "9007199254740993"];

/// Which numbers a generator makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbers {
    /// Several spellings of each value, all with a canonical form.
    AnySpelling,
    /// Integers in plain digits, and fractions that are none.
    Plain,
    /// Like `AnySpelling`, and integers past 2^53 − 1.
    AlsoInexact,
}

fn number(numbers: Numbers) -> BoxedStrategy<Json> {
    let of = |texts: Vec<&'static str>| {
        select(texts).prop_map(|text| Number::new(text).map_or(Json::Null, Json::Number)).boxed()
    };
    match numbers {
        Numbers::AnySpelling => of(NUMBERS.to_vec()),
        Numbers::Plain => of([PLAIN_INTEGERS, &["1.5", "-0.25"]].concat()),
        Numbers::AlsoInexact => {
            of([NUMBERS, &["9007199254740992", "-9007199254740993", "1e16", "1e300"]].concat())
        }
    }
}

/// Text, now and then at the length at which it stops being a name.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        20 => select(TEXTS).prop_map(str::to_owned),
        1 => (509_usize..515).prop_map(|length| "x".repeat(length)),
        1 => (254_usize..258).prop_map(|length| "é".repeat(length)),
    ]
}

/// Any value, a few levels deep.
pub fn value(numbers: Numbers) -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        6 => text().prop_map(Json::from),
        4 => number(numbers),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            2 => proptest::collection::vec(inner.clone(), 0..3).prop_map(Json::Array),
            3 => members(inner, 0..4),
        ]
    })
    .boxed()
}

/// The arguments of a call: always an object.
pub fn arguments(numbers: Numbers) -> BoxedStrategy<Json> {
    members(value(numbers), 0..4).boxed()
}

fn members(value: impl Strategy<Value = Json>, size: std::ops::Range<usize>) -> impl Strategy<Value = Json> {
    let chosen = proptest::sample::subsequence(NAMES, size).prop_shuffle();
    (chosen, proptest::collection::vec(value, 4))
        .prop_map(|(names, values)| Json::object(names.into_iter().map(str::to_owned).zip(values)))
}

/// A schema for arguments over [`NAMES`]; what it says of a member is often a closed choice or a default.
pub fn schema(numbers: Numbers) -> BoxedStrategy<Json> {
    let leaf = prop_oneof![
        4 => Just(Json::object([("type", Json::from("string"))])),
        1 => Just(Json::object([("type", Json::from("boolean"))])),
        1 => Just(Json::object([("enum", Json::Array(vec![Json::from("metric"), Json::from("plan.md")]))])),
        1 => Just(Json::object([("const", Json::from("abc"))])),
        3 => value(numbers).prop_map(|default| Json::object([("default", default)])),
    ];
    let any = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            1 => inner.clone().prop_map(|items| Json::object([("type", Json::from("array")), ("items", items)])),
            2 => properties(inner),
        ]
    });
    properties(any).boxed()
}

/// Arguments, and a schema made for them: its defaults, choices and items are often about what is there.
pub fn described_arguments(numbers: Numbers) -> BoxedStrategy<(Json, Json)> {
    (arguments(numbers), proptest::collection::vec(any::<u8>(), 1..16))
        .prop_map(|(arguments, choices)| {
            let schema = schema_for(&arguments, &mut choices.into_iter().cycle());
            (arguments, schema)
        })
        .boxed()
}

fn schema_for(value: &Json, choices: &mut impl Iterator<Item = u8>) -> Json {
    match (choices.next().unwrap_or(0) % 16, value) {
        (0, _) => Json::object([("default", value.clone())]),
        (1, _) => Json::object([("enum", Json::Array(vec![value.clone()]))]),
        (2, _) => Json::object([("const", value.clone())]),
        (3, _) => Json::object([("type", Json::from("boolean"))]),
        (4, _) => Json::object([("default", Json::from("another"))]),
        (_, Json::Array(items)) => {
            let items = items.first().map(|item| schema_for(item, choices));
            Json::object(items.map(|items| ("items", items)))
        }
        (_, Json::Object(members)) => {
            let members = members.iter().map(|(name, value)| (name.clone(), schema_for(value, choices)));
            Json::object([("properties", Json::object(members.collect::<Vec<_>>()))])
        }
        _ => Json::object([("type", Json::from("string"))]),
    }
}

/// Text made of few path segments, `..` and nothing among them.
pub fn path() -> impl Strategy<Value = String> {
    let segment = select(&["..", "..", ".", "", "a", "bc", "plan.md"][..]);
    proptest::collection::vec(segment, 1..7).prop_map(|segments| segments.join("/"))
}

fn properties(value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    members(value, 0..5)
        .prop_map(|members| Json::object([("type", Json::from("object")), ("properties", members)]))
}
