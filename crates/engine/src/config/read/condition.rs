//! Conditions, and the facts they name.

use std::ops::Range;

use lastlook_kernel::{Condition, Root};

use super::kernel_api;
use super::known::Known;
use crate::config::document::{Item, Sink, Word};

/// The names a guard's `when` and `approve.when` may use.
pub(super) const AT_THE_LOOK: &[Root] =
    &[Root::Args, Root::Was, Root::Now, Root::Steps, Root::Principal, Root::Action, Root::Resource];
/// The names `confirm.when` and `confirm.refute` may use.
pub(super) const AFTER_THE_ACT: &[Root] =
    &[Root::Args, Root::Was, Root::Now, Root::Principal, Root::Action, Root::Resource];
/// The names a `where` may use.
pub(super) const OF_A_STEP: &[Root] = &[Root::Step, Root::Args, Root::Principal];

/// Reads a condition over `roots`, and checks the facts it names.
pub(super) fn condition(
    item: Option<Item<'_>>,
    example: &str,
    roots: &[Root],
    known: &Known<'_>,
    sink: &mut Sink,
) -> Option<Condition> {
    let word = item?.text(&format!("'{example}'"), sink)?;
    let condition = kernel_api::condition(&word, roots, sink)?;
    for (root, member) in condition.names() {
        match root {
            Root::Now | Root::Was => fact(root, member.as_deref(), &word, known, sink),
            _ => {}
        }
    }
    kernel_api::check_types(&condition, &word, known, sink);
    Some(condition)
}

fn fact(root: Root, member: Option<&str>, word: &Word<'_>, known: &Known<'_>, sink: &mut Sink) {
    let side = if root == Root::Was { "was" } else { "now" };
    let Some(name) = member else {
        sink.report_inside(
            word,
            find(word.text, side),
            format!("`{side}` alone names no fact"),
            "which fact?",
            format!("write the fact after a dot: {side}.order"),
        );
        return;
    };
    let path = format!("{side}.{name}");
    let part = find(word.text, &path);
    let place = Word { text: word.text, span: sink.place_of(word, part.clone()) };
    if !known.is_fact(name, &place, sink) {
        return;
    }
    if root == Root::Was && !known.has_was(name) {
        sink.report_inside(
            word,
            part,
            format!("fact `{name}` has no *was*"),
            "nobody is seen reading it",
            no_was(name),
        );
    }
}

/// How a fact without an MCP source gets its *was*.
pub(super) fn no_was(name: &str) -> String {
    format!(
        "*was* is what the agent itself was seen to read, never a reading of the boundary's own; say by which tool the \
         agent sees it: [fact.{name}] seen_as = {{ tool = \"shop.get_order\", args = {{ id = \"${{args.order_id}}\" }} }}"
    )
}

/// Where `path` stands in a condition, as a whole word; the whole condition if nowhere.
fn find(text: &str, path: &str) -> Range<usize> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    text.match_indices(path)
        .find(|(at, _)| {
            let before = text.get(..*at).and_then(|before| before.chars().next_back());
            let after = text.get(at + path.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(in_name) && !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
        })
        .map_or(0..text.len(), |(at, path)| at..at + path.len())
}
