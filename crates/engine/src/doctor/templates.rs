//! Whether the holes of templates are arguments that the tools have, and must have.

use std::collections::BTreeSet;

use lastlook_kernel::{By, FactSpec, Guard, Shape, Source, Template};

use super::Finding;
use crate::rulebook::{Listed, Rulebook};

/// Whether every hole in the templates of guards, and of the facts they name, is filled by every call.
pub fn templates(book: &Rulebook, tools: &[Listed]) -> Vec<Finding> {
    let mut found = Vec::new();
    for rules in &book.guards {
        let guard = &rules.guard;
        for tool in tools.iter().filter(|tool| guard.on.contains(&tool.name)) {
            for (what, hole) in holes(book, guard) {
                found.extend(one(&guard.name, &tool.name.to_string(), &what, &hole, &tool.args));
            }
        }
    }
    found
}

/// What is filled, and by which member of `args` (its path, joined by dots).
fn holes(book: &Rulebook, guard: &Guard) -> BTreeSet<(String, String)> {
    let mut holes = BTreeSet::new();
    let mut take = |what: &str, template: &Template| {
        let names = template.holes().filter_map(|hole| hole.strip_prefix("args."));
        holes.extend(names.map(|name| (what.to_owned(), name.to_owned())));
    };
    guard.resource.iter().for_each(|template| take("`resource`", template));
    guard.once.iter().for_each(|once| take("`once`", &once.key));
    guard.lease.iter().for_each(|lease| take("`lease`", &lease.key));
    for limit in &guard.limit {
        if let By::Key(key) = &limit.by {
            take("`limit`", key);
        }
    }
    for fact in guard.fact_names().iter().filter_map(|name| book.facts.get(name)) {
        let what = format!("fact `{}`", fact.name);
        for template in templates_of(fact) {
            take(&what, template);
        }
    }
    let sums = guard.limit.iter().filter_map(|limit| limit.sum.as_deref());
    holes.extend(sums.map(|sum| ("`limit`".to_owned(), sum.trim_start_matches('/').replace('/', "."))));
    holes
}

/// The templates of a fact's source.
pub(super) fn templates_of(fact: &FactSpec) -> Vec<&Template> {
    match &fact.source {
        Source::Mcp { args, .. } => vec![args],
        Source::Http { url, .. } => vec![url],
        Source::Sql { params, .. } => params.iter().collect(),
        Source::File { path } => vec![path],
        Source::Command { argv, .. } => argv.iter().collect(),
        Source::Ledger { .. } => Vec::new(),
    }
}

fn one(guard: &str, tool: &str, what: &str, hole: &str, args: &Shape) -> Option<Finding> {
    let about = format!("guard `{guard}`");
    match find(args, hole) {
        Filled::Always | Filled::Unknown => None,
        Filled::Perhaps => Some(Finding::warning(
            about,
            format!(
                "{what} needs `args.{hole}`, which a call of `{tool}` may leave out: such a call is refused"
            ),
            "template-unfilled (limit-invalid for an amount) is what the agent is told; is that meant?",
        )),
        Filled::Never => Some(Finding::problem(
            about,
            format!("{what} needs `args.{hole}`, and `{tool}` has no such argument: every call is refused"),
            format!("its arguments are {args}"),
        )),
    }
}

enum Filled {
    Always,
    Perhaps,
    Never,
    Unknown,
}

fn find(args: &Shape, hole: &str) -> Filled {
    let mut shape = args;
    let mut always = true;
    for name in hole.split('.') {
        let Shape::Record(members) = shape else {
            return if matches!(shape, Shape::Unknown) { Filled::Unknown } else { Filled::Never };
        };
        let Some(member) = members.get(name) else { return Filled::Never };
        always &= member.required;
        shape = &member.shape;
    }
    if always { Filled::Always } else { Filled::Perhaps }
}
