//! Stories: an agent that reads and acts, somebody else who changes things, and sources that fail.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// How many things there are in the world of a story.
pub const THINGS: usize = 3;

/// One step of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Step {
    /// The agent reads.
    Reads(Reads),
    /// Somebody else changes a thing.
    Somebody { thing: usize, to: u8 },
    /// The agent acts.
    Acts(Acts),
}

/// What the agent reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// All of one thing.
    Show(usize),
    /// Only whether one thing is beyond its second value: some changes do not show.
    Size(usize),
    /// Two things at once.
    Both(usize, usize),
    /// Everything, naming nothing.
    All,
}

/// What the agent does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acts {
    /// The things it sets.
    pub things: Vec<usize>,
    /// What to.
    pub to: u8,
    /// Whether its tool is destructive.
    pub destructive: bool,
    /// What goes wrong at the look: the fact of this number cannot be read.
    pub unreadable: Option<usize>,
    /// How the tool ends.
    pub ends: Ends,
    /// What cannot be read again after the act: the reading of this number.
    pub not_rebased: Option<usize>,
    /// What somebody else does between two looks at the same fact.
    pub meanwhile: Option<(usize, u8)>,
}

/// How an effect ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// It happens, and the tool says so.
    Done,
    /// It happens, and the answer is lost.
    DoneAndLost,
    /// It does not happen, and the answer is lost.
    Lost,
    /// It does not happen, and the tool's error says so.
    Refused,
}

/// A whole story.
pub fn story() -> impl Strategy<Value = Vec<Step>> {
    proptest::collection::vec(step(), 1..24)
}

/// One step.
pub fn step() -> BoxedStrategy<Step> {
    prop_oneof![
        5 => reads().prop_map(Step::Reads),
        3 => somebody(0..THINGS),
        4 => acts(proptest::collection::vec(0..THINGS, 1..3).boxed()).prop_map(Step::Acts),
    ]
    .boxed()
}

/// A step in which nobody else does anything, nothing fails and nothing is read together with something else.
pub fn undisturbed_step() -> BoxedStrategy<Step> {
    let smooth =
        |acts: Acts| Acts { unreadable: None, ends: Ends::Done, not_rebased: None, meanwhile: None, ..acts };
    let alone = |reads: Reads| if let Reads::Both(one, _) = reads { Reads::Show(one) } else { reads };
    prop_oneof![
        reads().prop_map(move |reads| Step::Reads(alone(reads))),
        acts(proptest::collection::vec(0..THINGS, 1..3).boxed())
            .prop_map(move |acts| Step::Acts(smooth(acts))),
    ]
    .boxed()
}

/// Somebody else changes one of these things.
pub fn somebody(things: std::ops::Range<usize>) -> BoxedStrategy<Step> {
    (things, 0_u8..3).prop_map(|(thing, to)| Step::Somebody { thing, to }).boxed()
}

/// The agent reads something.
pub fn reads() -> impl Strategy<Value = Reads> {
    let thing = || 0..THINGS;
    prop_oneof![
        4 => thing().prop_map(Reads::Show),
        3 => thing().prop_map(Reads::Size),
        2 => (thing(), thing()).prop_map(|(one, other)| Reads::Both(one, other)),
        1 => Just(Reads::All),
    ]
}

/// The agent acts on some of these things.
pub fn acts(things: BoxedStrategy<Vec<usize>>) -> impl Strategy<Value = Acts> {
    let ends = select(vec![Ends::Done, Ends::Done, Ends::Done, Ends::DoneAndLost, Ends::Lost, Ends::Refused]);
    let rarely = || weighted(0.06, 0_usize..3);
    let meanwhile = weighted(0.1, (0..THINGS, 0_u8..3));
    (things, 0_u8..3, any::<bool>(), rarely(), ends, rarely(), meanwhile).prop_map(
        |(things, to, destructive, unreadable, ends, not_rebased, meanwhile)| Acts {
            things,
            to,
            destructive,
            unreadable,
            ends,
            not_rebased,
            meanwhile,
        },
    )
}
