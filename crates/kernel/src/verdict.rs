//! The boundary's answer and its stable reason codes.

use crate::permit::Permit;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// Why an action was refused, or how an attempt ended other than plainly.
        ///
        /// The spelling of a code is part of every receipt: it never changes once shipped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The stable spelling, as written to entries and receipts.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text),* }
            }

            /// The code with this spelling.
            pub fn parse(text: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}

codes! {
    /// What the decision rested on is no longer what the world says.
    FactChanged = "fact-changed",
    /// A fact moved between two looks taken one right after the other.
    FactUnstable = "fact-unstable",
    /// A fact could not be read again in time, or its source answered with something that is no reading.
    FactUnreadable = "fact-unreadable",
    /// The action needs something it rests on, and the boundary saw no (or no longer holds a) reading of it.
    BasisMissing = "basis-missing",
    /// The action rests on more readings than one look may take.
    BasisTooLarge = "basis-too-large",
    /// The server lists no tool of this name.
    ToolUnknown = "tool-unknown",
    /// The tool's definition is not the one the agent was shown.
    ToolChanged = "tool-changed",
    /// The call asks to run as a task, whose end the boundary would not see.
    TaskUnsupported = "task-unsupported",
    /// An attempt on the same action or subject is under way, or its outcome is not known.
    InDoubt = "in-doubt",
    /// The call was cancelled before the gate.
    Cancelled = "cancelled",
    /// The call's parameters are not those of a tool call.
    InvalidCall = "invalid-call",
    /// A number has no exact canonical form (an integer beyond 2^53 − 1).
    NumberInexact = "number-inexact",
    /// The same request id is already in flight.
    DuplicateId = "duplicate-id",
    /// The record could not be made durable, so nothing was sent.
    StoreUnavailable = "store-unavailable",
    /// Room is left only for the outcomes of what already runs.
    StoreFull = "store-full",
    /// An earlier outcome could not be recorded; effects stop until the record works again.
    Unrecorded = "unrecorded",
    /// The server is not there.
    UpstreamGone = "upstream-gone",
    /// The look is older than a gate accepts, several times over.
    LookTooOld = "look-too-old",
    /// The standing (halt, configuration, approvals) kept moving between look and gate.
    StandingChanged = "standing-changed",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One reason of a verdict: a stable code, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reason {
    /// The stable code.
    pub code: Code,
    /// The name of the fact, tool or attempt the reason is about; never a value (I32).
    pub about: Option<String>,
}

impl Reason {
    /// A reason about nothing in particular.
    pub fn of(code: Code) -> Reason {
        Reason { code, about: None }
    }

    /// A reason about a named thing.
    pub fn about(code: Code, name: impl Into<String>) -> Reason {
        Reason { code, about: Some(name.into()) }
    }
}

/// The boundary's answer to one action at one moment.
#[derive(Debug)]
pub enum Verdict {
    /// It may run now: the permit is the proof, and the only way through the gate.
    Allow(Permit),
    /// It must wait for something; never produced before approvals exist.
    Hold(Vec<String>),
    /// It must not run, for all of these reasons.
    Deny(Vec<Reason>),
}
