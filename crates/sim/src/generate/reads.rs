//! What happens to the read set of one agent.

use lastlook_canon::{Json, Limits, parse};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// Arguments of few calls about few things: some spell the same thing otherwise, some name several, some nothing.
pub const CALLS: &[&str] = &[
    r#"{"path":"plan.md"}"#,
    r#"{"path":"./plan.md","limit":3}"#,
    r#"{"file":"plan.md"}"#,
    r#"{"path":"todo.md"}"#,
    r#"{"paths":["plan.md","todo.md"]}"#,
    r#"{"paths":["plan.md","todo.md"],"order_id":42}"#,
    r#"{"order_id":42}"#,
    r#"{"id":42}"#,
    r#"{"customer_id":42}"#,
    r#"{"order_id":42,"customer_id":43}"#,
    r#"{"id":43,"note_id":42}"#,
    r#"{"code":"043","id":42}"#,
    r#"{"message":"plan.md","limit":42}"#,
    r#"{}"#,
];

/// One of [`CALLS`], parsed.
pub fn call(index: usize) -> Json {
    let text = CALLS.get(index % CALLS.len()).copied().unwrap_or("{}");
    parse(text.as_bytes(), &Limits::default()).unwrap_or(Json::Null)
}

/// One thing that happens to a read set. Readings are named by the order in which they were given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum Read {
    /// An answer is given.
    Given { tool: &'static str, call: usize, said: &'static str },
    /// A read that must not be repeated is given.
    Uncompared,
    /// A look finds the reading to differ.
    Outdated { order: u64 },
    /// It is taken again after an own effect.
    Rebased { order: u64, said: &'static str },
    /// It could not be taken again.
    Lost { order: u64 },
    /// An effect asks what it rests on.
    Asked { call: usize, upto: Option<u64> },
}

/// What a read set may hold.
#[derive(Debug, Clone)]
pub struct Room {
    /// Readings.
    pub readings: usize,
    /// Tombstones.
    pub tombstones: usize,
    /// Bytes of values.
    pub value_bytes: usize,
    /// The read tools there are.
    pub tools: &'static [&'static str],
}

/// A course of a read set, and its room.
///
/// Where tombstones can overflow there is one read tool: two tools may leave the same tombstone twice, and whether the
/// second one overflows is left open by the text.
pub fn reads() -> impl Strategy<Value = (Room, Vec<Read>)> {
    let room = (1_usize..6, 0_usize..40).prop_flat_map(|(readings, value_bytes)| {
        prop_oneof![
            3 => Just(Room { readings, tombstones: 64, value_bytes, tools: &["look", "stat"] }),
            1 => (0_usize..4).prop_map(move |tombstones| Room { readings, tombstones, value_bytes, tools: &["look"] }),
        ]
    });
    room.prop_flat_map(|room| {
        let tools = room.tools;
        (Just(room), proptest::collection::vec(read(tools), 1..24))
    })
}

fn read(tools: &'static [&'static str]) -> impl Strategy<Value = Read> {
    let order = || 1_u64..12;
    let said = || select(&["A", "BB", "CCCCCCCC"][..]);
    prop_oneof![
        10 => (select(tools), 0..CALLS.len(), said()).prop_map(|(tool, call, said)| Read::Given { tool, call, said }),
        1 => Just(Read::Uncompared),
        3 => order().prop_map(|order| Read::Outdated { order }),
        2 => (order(), said()).prop_map(|(order, said)| Read::Rebased { order, said }),
        1 => order().prop_map(|order| Read::Lost { order }),
        8 => (0..CALLS.len(), weighted(0.2, order())).prop_map(|(call, upto)| Read::Asked { call, upto }),
    ]
}
