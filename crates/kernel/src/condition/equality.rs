//! The equalities a condition asks for, by which candidates can be looked up before it is evaluated.

use cedar_policy_core::ast::{BinaryOp, Expr, ExprKind, Literal, UnaryOp};
use lastlook_canon::Json;

use super::{Operand, Root, path};
use crate::shape::{exact_decimal, exact_integer};

/// The conjuncts at the top of the form `step.args.X == args.Y` or `step.args.X == LITERAL`.
pub(super) fn equalities(expr: &Expr) -> Vec<(String, Operand)> {
    match expr.expr_kind() {
        ExprKind::And { left, right } => {
            let mut found = equalities(left);
            found.extend(equalities(right));
            found
        }
        ExprKind::BinaryApp { op: BinaryOp::Eq, arg1, arg2 } => {
            pair(arg1, arg2).or_else(|| pair(arg2, arg1)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn pair(step: &Expr, other: &Expr) -> Option<(String, Operand)> {
    let (Root::Step, members) = path::chain(step)? else { return None };
    let (first, below) = members.split_first()?;
    (first == "args" && !below.is_empty()).then_some(())?;
    Some((pointer(below), operand(other)?))
}

fn operand(expr: &Expr) -> Option<Operand> {
    match expr.expr_kind() {
        ExprKind::Lit(Literal::Bool(value)) => Some(Operand::Literal((*value).into())),
        ExprKind::Lit(Literal::Long(value)) => Some(Operand::Literal((*value).into())),
        ExprKind::Lit(Literal::String(text)) => Some(Operand::Literal(text.as_str().into())),
        ExprKind::UnaryApp { op: UnaryOp::Neg, arg } => match arg.expr_kind() {
            ExprKind::Lit(Literal::Long(value)) => Some(Operand::Literal(value.checked_neg()?.into())),
            _ => None,
        },
        _ => match path::chain(expr)? {
            (Root::Args, members) => Some(Operand::Argument(pointer(&members))),
            _ => None,
        },
    }
}

fn pointer(members: &[String]) -> String {
    members.iter().map(|member| format!("/{}", member.replace('~', "~0").replace('/', "~1"))).collect()
}

/// A text that two values share whenever a condition would find them equal.
///
/// `None` for null, arrays, objects and numbers that Cedar does not have: those cannot be looked up, only evaluated. An
/// integer and the decimal with its value share their key though Cedar tells them apart, so a match is a candidate, not
/// yet a hit.
pub fn scalar_key(value: &Json) -> Option<String> {
    match value {
        Json::Null | Json::Array(_) | Json::Object(_) => None,
        Json::Bool(value) => Some(format!("b:{value}")),
        Json::String(text) => Some(format!("s:{text}")),
        Json::Number(number) => match exact_integer(number) {
            Some(integer) => Some(format!("n:{integer}")),
            None => exact_decimal(number).map(|decimal| format!("n:{decimal}")),
        },
    }
}
