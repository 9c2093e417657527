//! The pure rules of the moment of action: what an attempt rests on, what must hold, and what happens next.
//!
//! Nothing here reads a clock, a file, a socket or a random number: time, facts and identifiers are
//! parameters, so that every verdict can be computed again from what was recorded (I3, I30).
//!
//! - [`Action`] is what is wanted; [`Tool`] is how the operator classed it.
//! - [`Readings`] remembers what an agent was seen to read; [`Subjects`] says which readings an effect rests on.
//! - [`required_facts`] plans what must be read, [`decide`] answers, [`step`] drives one attempt to its end.
//! - [`Permit`] is the proof of an allow; it is moved once, at the gate, into a [`Passage`].

mod action;
mod age;

mod amount;
mod attempt;
mod condition;
mod decide;
mod fact;
mod guard;
mod hidden;
mod judge;
mod name;
mod path;
mod permit;
mod policy;
mod reading;
mod readings;
mod shape;
mod steps;
mod subject;
mod template;
mod time;
mod tool;
mod verdict;

pub use action::{Action, ActionError, Principal};
pub use age::{AHEAD_TOLERATED_NS, Aged, TooSoon, fresh, nanoseconds, spaced};
pub use amount::{Amount, AmountError};
pub use attempt::{
    Answer, Attempt, Command, Event, EventKind, Outcome, State, TRANSITIONS, Transition, step,
};
pub use condition::{
    Condition, ConditionError, ConditionProblem, Operand, Root, StepView, Types, Vocabulary, VocabularyInput,
    World, WorldInput, scalar_key,
};
pub use decide::{BlindWrites, Case, GuardSet, Mode, Standing, decide, opening_reasons, required_facts};
pub use fact::{Basis, BasisReading, Fact, FactQuery, Snapshot, Unreadable, Value};
pub use guard::{
    Accept, After, Approve, By, Confirm, FactSpec, Fresh, Guard, Lease, Limit, Once, Per, Procedure, SeenAs,
    Source, Step, Unit, View, WindowSpec,
};
pub use hidden::{Hidden, hidden};
pub use judge::{
    Before, FactCase, FactValue, GuardCase, Guarded, Judgement, Now, Was, WindowCase, judge, judge_unread,
};
pub use name::ToolName;
pub use permit::{GateView, Passage, Permit, Stale};
pub use policy::{
    Authority, CEDAR_VERSION, EntityStore, Policies, PolicyDecision, PolicyFirst, PolicyProblem,
    PolicyReason, PolicyRequest, PolicySchema, SchemaInput, ToolTypes, entity_normal, entity_text,
    entity_type,
};
pub use reading::{Comparable, Ignore, Reading, Rebased, comparable};
pub use readings::{Limits, Readings, Touched};
pub use shape::{Member, Shape, ShapeProblem};
pub use steps::{Confirmation, Done, DoneOutcome, Lack, LackWhy, Proof, StepCase, prove};
pub use subject::{DEFAULT_NOT_SUBJECTS, Subject, SubjectRules, Subjects};
pub use template::{Place, Scope, Template, TemplateError, Unfilled};
pub use time::Moment;
pub use tool::{Class, ClassSource, Definition, Tool, ToolRules, classify};
pub use verdict::{Code, Reason, Said, Verdict};

#[cfg(test)]
mod fuzz;
