//! One task under one condition by one hand, and what the world shows afterwards.

use std::time::Duration;

use super::hands::Hand;
use super::place::{EXPIRES, OWNER, Place, REQUESTER};
use super::tasks::Task;

/// What happens between the decision and the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    Clean,
    FactChanged,
    ApprovalRevoked,
    ArgumentsSwapped,
    Expired,
    HaltedAndResumed,
    RequesterApproves,
    IrrelevantChange,
}

use Condition::*;

impl Condition {
    /// All of them, in the order of the table.
    pub const ALL: [Condition; 8] = [
        Clean,
        FactChanged,
        ApprovalRevoked,
        ArgumentsSwapped,
        Expired,
        HaltedAndResumed,
        RequesterApproves,
        IrrelevantChange,
    ];

    /// The head of its column.
    pub fn name(self) -> &'static str {
        match self {
            Clean => "clean",
            FactChanged => "fact changed",
            ApprovalRevoked => "approval revoked",
            ArgumentsSwapped => "arguments swapped",
            Expired => "expired",
            HaltedAndResumed => "halted and resumed",
            RequesterApproves => "approver = requester",
            IrrelevantChange => "irrelevant change",
        }
    }

    /// Whether the act is what was decided, on what was true when it was.
    pub fn is_authorized(self) -> bool {
        matches!(self, Clean | IrrelevantChange)
    }
}

/// What became of one run.
#[derive(Debug, Clone)]
pub struct Played {
    pub condition: Condition,
    /// Whether the world shows an effect.
    pub ran: bool,
    /// What the agent was told.
    pub told: String,
    /// The world afterwards.
    pub left: String,
}

/// Longer than any yes counts: what an earlier run left behind is over.
const LONG: Duration = Duration::from_secs(EXPIRES.as_secs() + 300);

/// Plays it: the agent reads and asks, people decide, something happens, the agent acts.
pub fn play(place: &Place, task: &Task, condition: Condition, hand: &mut dyn Hand) -> Played {
    hand.passes(place, LONG);
    (task.before)(place);
    (task.reads)(place).into_iter().for_each(|call| hand.read(call));
    let first = (task.sees)(place);
    hand.propose((task.acts)(place));
    hand.approve(place, if condition == RequesterApproves { REQUESTER } else { OWNER });
    let early = (task.sees)(place) != first;
    match condition {
        Clean | ArgumentsSwapped | RequesterApproves => {}
        FactChanged => (task.moves)(place),
        ApprovalRevoked => hand.revoke(place),
        Expired => hand.passes(place, LONG),
        HaltedAndResumed => hand.halt_and_resume(place),
        IrrelevantChange => (task.aside)(place),
    }
    let before = (task.sees)(place);
    let told =
        hand.act(if condition == ArgumentsSwapped { (task.swapped)(place) } else { (task.acts)(place) });
    let left = (task.sees)(place);
    Played { condition, ran: early || before != left, told, left }
}
