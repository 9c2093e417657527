//! What an expression touches: the member paths in it.

use std::ops::Range;

use cedar_policy_core::ast::{Expr, ExprKind, Literal, Var};

use super::Root;

/// A member path, such as `now.order.status`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    /// Below which name.
    pub(crate) root: Root,
    /// The members, outermost first.
    pub(crate) members: Vec<String>,
    /// Whether only the presence of the last member is asked for.
    pub(crate) presence: bool,
    /// Where it stands in the text that was parsed.
    pub(crate) at: (usize, usize),
}

impl Path {
    /// As an operator would write it.
    pub(crate) fn text(&self) -> String {
        let mut text = self.root.as_str().to_owned();
        for member in &self.members {
            if crate::shape::is_identifier(member) {
                text.push('.');
                text.push_str(member);
            } else {
                text.push_str(&format!("[{}]", crate::shape::quoted(member)));
            }
        }
        text
    }
}

/// Where an expression stands in the text that was parsed.
pub(crate) fn place(expr: &Expr) -> Range<usize> {
    expr.source_loc().map_or(0..0, |loc| loc.start()..loc.end())
}

/// The longest member paths in an expression, in the order in which they stand there.
///
/// A use of `context` as a whole, which no bound name explains, is a path of every root.
pub(crate) fn paths(expr: &Expr) -> Vec<Path> {
    let mut found = Vec::new();
    collect(expr, &mut found);
    found.sort_by_key(|path| path.at);
    found
}

fn collect(expr: &Expr, found: &mut Vec<Path>) {
    let Range { start, end } = place(expr);
    match expr.expr_kind() {
        ExprKind::HasAttr { expr: base, attr } => {
            asked(base, std::iter::once(attr.as_str()), (start, end), found);
        }
        ExprKind::ExtHasAttr { expr: base, attrs } => {
            asked(base, attrs.iter().map(|attr| attr.as_str()), (start, end), found);
        }
        ExprKind::Var(Var::Context) => found.extend(Root::BOUND.map(|root| Path {
            root,
            members: Vec::new(),
            presence: false,
            at: (start, end),
        })),
        _ => match chain(expr) {
            Some((root, members)) => found.push(Path { root, members, presence: false, at: (start, end) }),
            None => children(expr).into_iter().for_each(|child| collect(child, found)),
        },
    }
}

/// A test for presence: `now.order has note`, `context has step`.
fn asked<'a>(base: &Expr, attrs: impl Iterator<Item = &'a str>, at: (usize, usize), found: &mut Vec<Path>) {
    let mut attrs = attrs.map(str::to_owned);
    let start = match chain(base) {
        Some(start) => Some(start),
        None if is_context(base) => attrs.next().and_then(|name| Some((Root::bound(&name)?, Vec::new()))),
        None => return collect(base, found),
    };
    if let Some((root, mut members)) = start {
        members.extend(attrs);
        found.push(Path { root, members, presence: true, at });
    }
}

/// The root and members of a path that begins with a bound name, `principal`, `action` or `resource`.
pub(crate) fn chain(expr: &Expr) -> Option<(Root, Vec<String>)> {
    match expr.expr_kind() {
        ExprKind::Var(Var::Principal) => Some((Root::Principal, Vec::new())),
        ExprKind::Var(Var::Action) => Some((Root::Action, Vec::new())),
        ExprKind::Var(Var::Resource) => Some((Root::Resource, Vec::new())),
        ExprKind::GetAttr { expr: base, attr } if is_context(base) => Some((Root::bound(attr)?, Vec::new())),
        ExprKind::GetAttr { expr: base, attr } => {
            let (root, mut members) = chain(base)?;
            members.push(attr.to_string());
            Some((root, members))
        }
        _ => None,
    }
}

fn is_context(expr: &Expr) -> bool {
    matches!(expr.expr_kind(), ExprKind::Var(Var::Context))
}

/// The direct parts of an expression.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match expr.expr_kind() {
        ExprKind::Lit(_) | ExprKind::Var(_) | ExprKind::Slot(_) | ExprKind::Unknown(_) => Vec::new(),
        ExprKind::If { test_expr, then_expr, else_expr } => vec![test_expr, then_expr, else_expr],
        ExprKind::And { left, right } | ExprKind::Or { left, right } => vec![left, right],
        ExprKind::UnaryApp { arg, .. } => vec![arg],
        ExprKind::BinaryApp { arg1, arg2, .. } => vec![arg1, arg2],
        ExprKind::ExtensionFunctionApp { args, .. } => args.iter().collect(),
        ExprKind::GetAttr { expr, .. }
        | ExprKind::HasAttr { expr, .. }
        | ExprKind::ExtHasAttr { expr, .. }
        | ExprKind::Like { expr, .. }
        | ExprKind::Is { expr, .. } => vec![expr],
        ExprKind::Set(items) => items.iter().collect(),
        ExprKind::Record(members) => members.values().collect(),
    }
}

/// Whether an expression can not be true or false, whatever its parts are.
pub(crate) fn is_no_truth(expr: &Expr) -> bool {
    use cedar_policy_core::ast::{BinaryOp, UnaryOp};
    match expr.expr_kind() {
        ExprKind::Lit(literal) => !matches!(literal, Literal::Bool(_)),
        ExprKind::Set(_) | ExprKind::Record(_) => true,
        ExprKind::Var(_) => true,
        ExprKind::UnaryApp { op, .. } => matches!(op, UnaryOp::Neg),
        ExprKind::BinaryApp { op, .. } => matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul),
        _ => false,
    }
}
