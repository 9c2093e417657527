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
    /// An attempt on the same action or subject is under way, or its outcome is not known; or the record was put back from a
    /// back-up, and nobody knows what was done since.
    InDoubt = "in-doubt",
    /// The call was cancelled before the gate.
    Cancelled = "cancelled",
    /// An operator halted it, or everything: it is refused in audit mode too, until an operator resumes it.
    Halted = "halted",
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
    /// A fact is older, by its source's own time, than the guard accepts.
    FactStale = "fact-stale",
    /// The guard's `when` does not hold.
    ConditionFalse = "condition-false",
    /// A condition could not be evaluated: what cannot be decided refuses.
    ConditionError = "condition-error",
    /// A step the guard requires is not on record, not in time, or not proven.
    StepMissing = "step-missing",
    /// A step the guard requires was undone, or something happened since that must not have.
    StepUndone = "step-undone",
    /// Outside the hours in which it may run, or on a closed day.
    WindowClosed = "window-closed",
    /// Before the instant from which it may run.
    TooEarly = "too-early",
    /// After the instant until which it may run: it is refused, never caught up.
    TooLate = "too-late",
    /// The decision is older than the guard accepts.
    DecisionTooOld = "decision-too-old",
    /// Too soon after the last such action.
    SpacingTooShort = "spacing-too-short",
    /// It was done already, and may be done once.
    OnceDone = "once-done",
    /// The caller's idempotency key stands for another action already.
    KeyReused = "key-reused",
    /// The limit would be passed.
    LimitExceeded = "limit-exceeded",
    /// The limit is full only because of what is under way.
    LimitReserved = "limit-reserved",
    /// The argument a limit counts is no amount.
    LimitInvalid = "limit-invalid",
    /// Somebody else holds the exclusive right.
    LeaseTaken = "lease-taken",
    /// The exclusive right was held too long before the gate.
    LeaseExpired = "lease-expired",
    /// A person must say yes first.
    ApprovalRequired = "approval-required",
    /// A person said no.
    ApprovalRejected = "approval-rejected",
    /// The approval it ran on was taken back, ran out, or was used by another attempt.
    ApprovalRevoked = "approval-revoked",
    /// Too many of this principal's actions wait for approval already.
    TooManyHeld = "too-many-held",
    /// People would have to read it, and a text in it has characters that nobody sees, or that turn text around.
    TextHidden = "text-hidden",
    /// The policy does not permit it.
    PolicyDenied = "policy-denied",
    /// A policy could not be evaluated: that denies.
    PolicyError = "policy-error",
    /// The policies, or a guard's conditions, do not fit the tools as the server lists them.
    PolicyInvalid = "policy-invalid",
    /// An argument that a guard needs is missing, or may not stand where the guard puts it.
    TemplateUnfilled = "template-unfilled",
    /// A path that a guard names has a `..` in it: links make it mean two things.
    PathAmbiguous = "path-ambiguous",
    /// The configuration was reloaded meanwhile, and asks for something else.
    ConfigurationChanged = "configuration-changed",
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
    /// The name of the fact, tool, attempt, step or policy the reason is about; never a value (I32).
    pub about: Option<String>,
    /// The guard whose part it is; `None` for what no guard had to ask for.
    pub guard: Option<String>,
    /// What was expected and what was found.
    pub said: Option<Box<Said>>,
}

/// What a condition expected and what it found, in words that hold values.
///
/// Kept beside the log, never in it; an agent is told it only where `for_agent` (I32).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Said {
    /// What had to hold.
    pub expected: String,
    /// What was found instead.
    pub actual: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether an agent may be told: it holds nothing that the agent did not send or read itself.
    pub for_agent: bool,
}

impl Reason {
    /// A reason about nothing in particular.
    pub fn of(code: Code) -> Reason {
        Reason { code, about: None, guard: None, said: None }
    }

    /// A reason about a named thing.
    pub fn about(code: Code, name: impl Into<String>) -> Reason {
        Reason { about: Some(name.into()), ..Reason::of(code) }
    }

    /// The same reason, as a part of this guard.
    pub fn in_guard(mut self, guard: &str) -> Reason {
        self.guard = Some(guard.to_owned());
        self
    }

    /// The same reason, saying what was expected and what was found.
    pub fn saying(
        mut self,
        expected: impl Into<String>,
        actual: impl Into<String>,
        for_agent: bool,
    ) -> Reason {
        self.said =
            Some(Box::new(Said { expected: expected.into(), actual: actual.into(), hint: None, for_agent }));
        self
    }

    /// The same reason with the way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Reason {
        if let Some(said) = &mut self.said {
            said.hint = Some(hint.into());
        }
        self
    }
}

/// The boundary's answer to one action at one moment.
#[derive(Debug)]
pub enum Verdict {
    /// It may run now: the permit is the proof, and the only way through the gate.
    Allow(Permit),
    /// It would run if people said yes: these reasons are the requirements, and nothing else refuses.
    Hold(Vec<Reason>),
    /// It must not run, for all of these reasons.
    Deny(Vec<Reason>),
}
