//! Conditions: Cedar expressions over what an action rests on.
//!
//! A condition is parsed once, checked against what is known of the types in it ([`Condition::check`]), and evaluated
//! against a [`World`] that is prepared once for a look. Whatever goes wrong while it is evaluated is an error, and the
//! caller refuses: no condition is ever true by accident.

mod bind;
mod check;
mod equality;
mod error;
mod path;
mod token;
mod trap;
mod vocabulary;
mod world;

use std::collections::BTreeSet;
use std::fmt;

use cedar_policy_core::ast::Expr;
use cedar_policy_core::parser::err::ParseErrors;
use lastlook_canon::Json;

use bind::Bound;

pub use check::Types;
pub use equality::scalar_key;
pub use error::{ConditionError, ConditionProblem};
pub use vocabulary::{Vocabulary, VocabularyInput};
pub use world::{StepView, World, WorldInput};

pub(crate) use error::{plain_message, span, visible};
pub(crate) use path::{Path, paths};
pub(crate) use world::{Parties, lost_text, truth};

/// A name that a condition may begin a path with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// `args`: the action's arguments.
    Args,
    /// `was`: the facts as the agent was seen to read them.
    Was,
    /// `now`: the facts as they are.
    Now,
    /// `step`: an earlier attempt that is being matched.
    Step,
    /// `steps`: the full names of the steps that are proven.
    Steps,
    /// `principal`: who acts.
    Principal,
    /// `action`: the tool, as `Action::"shop.refund"`.
    Action,
    /// `resource`: what is acted on.
    Resource,
}

impl Root {
    /// All of them.
    pub const ALL: [Root; 8] = [
        Root::Args,
        Root::Was,
        Root::Now,
        Root::Step,
        Root::Steps,
        Root::Principal,
        Root::Action,
        Root::Resource,
    ];

    /// Those that stand below `context` for Cedar.
    pub(crate) const BOUND: [Root; 5] = [Root::Args, Root::Was, Root::Now, Root::Step, Root::Steps];

    /// The name as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Root::Args => "args",
            Root::Was => "was",
            Root::Now => "now",
            Root::Step => "step",
            Root::Steps => "steps",
            Root::Principal => "principal",
            Root::Action => "action",
            Root::Resource => "resource",
        }
    }

    fn named(name: &str) -> Option<Root> {
        Root::ALL.into_iter().find(|root| root.as_str() == name)
    }

    fn is_bound(self) -> bool {
        Root::BOUND.contains(&self)
    }

    pub(crate) fn bound(name: &str) -> Option<Root> {
        Root::BOUND.into_iter().find(|root| root.as_str() == name)
    }
}

/// The other side of an equality that a condition asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// What a JSON Pointer finds in the arguments.
    Argument(String),
    /// A value written in the condition.
    Literal(Json),
}

/// The longest text a condition may have, in bytes.
const LONGEST: usize = 16 * 1024;

/// A Cedar expression as the operator wrote it, parsed once.
///
/// Two conditions are equal when their texts are.
#[derive(Clone)]
pub struct Condition {
    text: String,
    bound: Bound,
    expr: Expr,
    paths: Vec<Path>,
}

impl Condition {
    /// Reads one expression in which the names in `allowed` may begin a path.
    ///
    /// # Errors
    ///
    /// Anything that is not exactly one Cedar expression; a name that is not known or not allowed; `context`; an
    /// expression that cannot be true or false; a text over 16 KiB. The place is in bytes of `text`.
    pub fn parse(text: &str, allowed: &[Root]) -> Result<Condition, ConditionProblem> {
        if text.len() > LONGEST {
            let message = format!("a condition may have {LONGEST} bytes, and this has {}", text.len());
            return Err(ConditionProblem::new(message, 0..text.len(), None));
        }
        if token::tokens(text).is_empty() {
            let help = "leave it out when nothing is to be asked, or write `true`".to_owned();
            return Err(ConditionProblem::new(
                "a condition may not be empty".to_owned(),
                0..text.len(),
                Some(help),
            ));
        }
        let bound = bind::bind(text, allowed)?;
        let expr: Expr =
            bound.text.parse().map_err(|errors: ParseErrors| error::from_parser(&errors, text, &bound))?;
        if path::is_no_truth(&expr) {
            let help = "compare it with something, as in `args.amount_cents <= 10000`".to_owned();
            return Err(ConditionProblem::new(
                "this is neither true nor false".to_owned(),
                0..text.len(),
                Some(help),
            ));
        }
        let paths = path::paths(&expr);
        Ok(Condition { text: text.to_owned(), bound, expr, paths })
    }

    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Which names it uses, each with the first member: `(Now, Some("order"))` for `now.order.status`.
    ///
    /// `None` stands for a name that is used as a whole.
    pub fn names(&self) -> BTreeSet<(Root, Option<String>)> {
        self.paths.iter().map(|path| (path.root, path.members.first().cloned())).collect()
    }

    /// The member paths it uses below a name, each as its members, outermost first; empty for the name as a whole.
    pub fn members(&self, root: Root) -> Vec<Vec<String>> {
        let below = self.paths.iter().filter(|path| path.root == root);
        BTreeSet::from_iter(below.map(|path| path.members.clone())).into_iter().collect()
    }

    /// What the condition asks of a step's arguments by equality: a JSON Pointer below `step.args`, and what stands
    /// there when the condition holds.
    ///
    /// Only conjuncts at the top count, so a step in which one of them does not hold cannot match. Compare by
    /// [`scalar_key`], and skip an equality for which that is `None`.
    pub fn equalities(&self) -> Vec<(String, Operand)> {
        equality::equalities(&self.expr)
    }

    /// Checks it against what is known of the types in it, and of who and what it may name.
    ///
    /// # Errors
    ///
    /// A member that is not there, a comparison of two types, an optional member that is used without `has`, and a
    /// condition that can never be true. What touches something whose type is not known is not checked.
    pub fn check(&self, vocabulary: &Vocabulary, types: &Types) -> Result<(), ConditionProblem> {
        check::check(self, vocabulary, types)
    }

    /// Whether it holds.
    ///
    /// # Errors
    ///
    /// Anything but `true` or `false`: a member that is absent, a value that Cedar cannot hold, a comparison of two
    /// types, an overflow. The caller refuses.
    pub fn eval(&self, world: &World) -> Result<bool, ConditionError> {
        world.eval(self)
    }

    /// The values of the paths it uses, for the sentence that shows what was expected and what is:
    /// `("now.order.status", "\"refunded\"")`, or `absent`.
    pub fn explain(&self, world: &World) -> Vec<(String, String)> {
        world.explain(self)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Condition) -> bool {
        self.text == other.text
    }
}

impl Eq for Condition {}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where brackets are nested deeper than Cedar's parser can be trusted with.
pub(crate) fn too_deep(text: &str) -> Option<std::ops::Range<usize>> {
    trap::too_deep(&token::tokens(text))
}

#[cfg(test)]
pub(crate) mod tests;
