//! Conditions against what is known of the types in them.
//!
//! Cedar checks whole expressions and knows no "some type". So what touches something unknown is replaced by its parts
//! that are known, each compared with itself, beside a truth value of which nothing is known: those parts are checked in
//! their place, with the presence tests before them, and the comparison with the unknown is not.

use std::collections::BTreeMap;

use cedar_policy_core::ast::{Expr, ExprKind, UnaryOp, Var};
use cedar_policy_core::validator::ValidationError;
use cedar_policy_core::validator::validation_errors::AttributeAccess;
use miette::Diagnostic;

use super::path::{chain, children, paths};
use super::vocabulary::{Vocabulary, Wrong};
use super::{Condition, ConditionProblem, Path, Root, plain_message};
use crate::shape::{Member, Shape, nearest};

/// What is known of the types of everything a condition may touch.
#[derive(Debug, Clone, Default)]
pub struct Types {
    /// The arguments.
    pub args: Option<Shape>,
    /// The facts as they were, by name; not required where a basis may be missing.
    pub was: BTreeMap<String, Member>,
    /// The facts as they are, by name.
    pub now: BTreeMap<String, Member>,
    /// The arguments of the step that is matched, where there is one.
    pub step_args: Option<Shape>,
    /// The full name of the tool the condition is for; one of the vocabulary's.
    pub action: String,
    /// The entity types of what is acted on, each one of the vocabulary's; empty for the tool itself.
    pub resources: Vec<String>,
}

/// The member of `context` that may be true or false.
const OPEN: &str = "lastlook unknown";

pub(super) fn check(
    condition: &Condition,
    vocabulary: &Vocabulary,
    types: &Types,
) -> Result<(), ConditionProblem> {
    let known = Known::of(types);
    for path in &condition.paths {
        if let Some(problem) = known.misspelt(path, condition) {
            return Err(problem);
        }
    }
    let truth = known.truth(&condition.expr);
    let wrong = match vocabulary.check(truth, &types.action, &types.resources, &known.context()) {
        Ok(()) => return Ok(()),
        Err(wrong) => wrong,
    };
    let place = |error: &ValidationError| super::error::span(error).map_or(0..usize::MAX, |span| span);
    let key = |error: &ValidationError| (place(error).start, place(error).end, error.to_string());
    Err(match wrong {
        Wrong::Errors(errors) => match errors.iter().min_by_key(|error| key(error)) {
            Some(first) => condition.type_problem(first),
            None => whole(condition, "its types do not fit".to_owned(), None),
        },
        Wrong::NeverTrue => {
            let help = "a part of it is false whatever the values are".to_owned();
            whole(condition, "this can never be true".to_owned(), Some(help))
        }
        Wrong::Other(message) => whole(condition, plain_message(&message), None),
    })
}

fn whole(condition: &Condition, message: String, help: Option<String>) -> ConditionProblem {
    ConditionProblem::new(message, 0..condition.text.len(), help)
}

/// The types below the bound names.
struct Known {
    roots: BTreeMap<Root, Shape>,
}

/// Where a path leads.
enum Leads {
    /// To something of known type, or to what Cedar itself will refuse.
    Known,
    /// Into the unknown, after this many members.
    Unknown(usize),
    /// To a member that the record before it does not have.
    Missing(usize),
}

impl Known {
    fn of(types: &Types) -> Known {
        let mut roots = BTreeMap::from([
            (Root::Args, types.args.clone().unwrap_or(Shape::Unknown)),
            (Root::Was, Shape::Record(types.was.clone())),
            (Root::Now, Shape::Record(types.now.clone())),
            (Root::Steps, Shape::set(Shape::String)),
        ]);
        let text = || Member::required(Shape::String);
        let step_args = Member::required(types.step_args.clone().unwrap_or(Shape::Unknown));
        let at = ("at", Member::required(Shape::Long));
        let texts = ["tool", "outcome", "confirmation", "receipt"].map(|name| (name, text()));
        roots.insert(Root::Step, Shape::record([("args", step_args), at].into_iter().chain(texts)));
        Known { roots }
    }

    fn leads(&self, root: Root, members: &[String]) -> Leads {
        let Some(mut shape) = self.roots.get(&root) else { return Leads::Known };
        for (index, member) in members.iter().enumerate() {
            match shape {
                Shape::Unknown => return Leads::Unknown(index),
                Shape::Record(known) => match known.get(member) {
                    Some(member) => shape = &member.shape,
                    None => return Leads::Missing(index),
                },
                Shape::Bool | Shape::Long | Shape::Decimal | Shape::String | Shape::Set(_) => {
                    return Leads::Known;
                }
            }
        }
        if shape.has_unknown() { Leads::Unknown(members.len()) } else { Leads::Known }
    }

    fn names(&self, root: Root, members: &[String]) -> Vec<&str> {
        let start = self.roots.get(&root);
        let record = members.iter().try_fold(start, |shape, member| match shape {
            Some(Shape::Record(known)) => Some(known.get(member).map(|member| &member.shape)),
            _ => None,
        });
        match record.flatten() {
            Some(Shape::Record(known)) => known.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    fn misspelt(&self, path: &Path, condition: &Condition) -> Option<ConditionProblem> {
        let Leads::Missing(index) = self.leads(path.root, &path.members) else { return None };
        let before = path.members.get(..index)?;
        let member = path.members.get(index)?;
        let names = self.names(path.root, before);
        let owner = Path { members: before.to_vec(), ..path.clone() }.text();
        let help = match nearest(member, names.iter().copied()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if names.is_empty() => format!("nothing is known below `{owner}`"),
            None => format!(
                "known are {}",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        let at = condition.bound.back(path.at.0..path.at.1);
        Some(ConditionProblem::new(format!("`{owner}` has no `{member}`"), at, Some(help)))
    }

    /// The record that Cedar calls `context`.
    fn context(&self) -> Shape {
        let roots = self.roots.iter().map(|(root, shape)| (root.as_str(), Member::required(shape.clone())));
        Shape::record(roots.chain([(OPEN, Member::required(Shape::Bool))]))
    }

    /// The expression with everything replaced that touches the unknown.
    fn truth(&self, expr: &Expr) -> Expr {
        let rebuilt = match expr.expr_kind() {
            ExprKind::And { left, right } => Expr::and(self.truth(left), self.truth(right)),
            ExprKind::Or { left, right } => Expr::or(self.truth(left), self.truth(right)),
            ExprKind::UnaryApp { op: UnaryOp::Not, arg } => Expr::not(self.truth(arg)),
            ExprKind::If { test_expr, then_expr, else_expr } => {
                Expr::ite(self.truth(test_expr), self.truth(then_expr), self.truth(else_expr))
            }
            _ if !self.touches_unknown(expr) => return expr.clone(),
            _ => {
                let mut parts = Vec::new();
                self.observe(expr, &mut parts);
                let open = Expr::get_attr(Expr::var(Var::Context), OPEN.into());
                parts.into_iter().rev().fold(open, |all, part| Expr::and(part, all))
            }
        };
        rebuilt.with_maybe_source_loc(expr.source_loc().cloned())
    }

    fn touches_unknown(&self, expr: &Expr) -> bool {
        paths(expr).iter().any(|path| {
            let read = path.members.len() - usize::from(path.presence && !path.members.is_empty());
            let members = path.members.get(..read).unwrap_or_default();
            match self.leads(path.root, members) {
                // To ask whether a record of known members has one of them needs nothing unknown.
                Leads::Unknown(after) => {
                    !path.presence || after < read || self.names(path.root, members).is_empty()
                }
                Leads::Known | Leads::Missing(_) => false,
            }
        })
    }

    /// The known parts of an expression that touches the unknown, each as a comparison with itself.
    fn observe(&self, expr: &Expr, parts: &mut Vec<Expr>) {
        let itself = |part: Expr| Expr::is_eq(part.clone(), part);
        match (expr.expr_kind(), chain(expr)) {
            (_, Some((root, members))) => {
                let mut known = expr;
                if let Leads::Unknown(after) = self.leads(root, &members) {
                    for _ in after..members.len() {
                        known = children(known).first().copied().unwrap_or(known);
                    }
                }
                parts.push(itself(known.clone()));
            }
            (ExprKind::And { .. } | ExprKind::Or { .. }, _) => parts.push(itself(self.truth(expr))),
            _ if !self.touches_unknown(expr) && !paths(expr).is_empty() => parts.push(itself(expr.clone())),
            _ => children(expr).into_iter().for_each(|child| self.observe(child, parts)),
        }
    }
}

impl Condition {
    fn type_problem(&self, error: &ValidationError) -> ConditionProblem {
        let mut at = super::error::span(error).map_or(0..self.text.len(), |span| self.bound.back(span));
        let words = self.text.get(at.clone()).unwrap_or_default();
        let said = error.help().map(|help| plain_message(&help.to_string()));
        let (message, help) = match error {
            ValidationError::UnsafeOptionalAttributeAccess(access) => {
                // Cedar points at the whole path, in which an outer member may be the one that is optional.
                let read = read_path(&access.attribute_access).unwrap_or_else(|| words.to_owned());
                if words.starts_with(&read) {
                    at.end = at.start + read.len();
                }
                let guard = read
                    .rsplit_once('.')
                    .filter(|_| !read.ends_with(']'))
                    .map(|(owner, member)| format!("write `{owner} has {member} && …`"));
                (format!("`{read}` may be absent"), guard.or(said))
            }
            ValidationError::UnsafeAttributeAccess(_) => (format!("`{words}` is not known"), said),
            ValidationError::UnexpectedType(_) | ValidationError::IncompatibleTypes(_) => {
                let message = plain_message(&error.to_string());
                let decimals = message.contains("decimal") && message.contains("Long");
                let help =
                    decimals.then(|| "a number with decimals is written `decimal(\"2.0\")`".to_owned());
                (message, help.or(said))
            }
            _ => (plain_message(&error.to_string()), said),
        };
        ConditionProblem::new(message, at, help)
    }
}

/// The path below a bound name that an error is about.
fn read_path(access: &AttributeAccess) -> Option<String> {
    let AttributeAccess::Context(_, innermost_first) = access else { return None };
    let mut names = innermost_first.iter().rev().map(|name| name.to_string());
    let root = Root::bound(&names.next()?)?;
    Some(Path { root, members: names.collect(), presence: false, at: (0, 0) }.text())
}
