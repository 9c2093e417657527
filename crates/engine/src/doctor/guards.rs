//! Whether guards are about tools that exist, and do what their reader takes them to do.

use std::collections::BTreeSet;

use lastlook_kernel::{Class, Guard, Mode};

use super::{Finding, some};
use crate::config::Config;
use crate::rulebook::{Listed, Rulebook};

/// Whether each guard can be reached, and fits the tools as their servers list them.
///
/// `tools` are those of all upstreams that could be asked; `silent` are the upstreams that could not.
pub fn guards(config: &Config, book: &Rulebook, tools: &[Listed], silent: &BTreeSet<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    let misfits = misfits(book, tools);
    for guard in config.guards.values() {
        let own: Vec<&String> = misfits.iter().filter(|misfit| misfit.starts_with(&head(guard))).collect();
        found.extend(one(config, guard, tools, silent, own.is_empty()));
    }
    found.extend(misfits.iter().filter(|misfit| !misfit.starts_with("policy")).map(|misfit| {
        let (about, says) = misfit.split_once([':', ',']).unwrap_or(("rules", misfit));
        Finding::problem(
            about,
            says.trim(),
            "until it fits, every effect of that upstream is refused (policy-invalid)",
        )
    }));
    let used: BTreeSet<String> = config.guards.values().flat_map(Guard::fact_names).collect();
    let unused: Vec<&str> =
        config.facts.keys().filter(|fact| !used.contains(*fact)).map(String::as_str).collect();
    if !unused.is_empty() {
        found.push(Finding::warning(
            "facts",
            format!("named by no guard: {}", some(&unused)),
            "a guard reads the facts that its parts name, and those in `facts = […]`",
        ));
    }
    found
}

/// What does not fit the tools, as the boundary of each upstream finds it: each knows its own server's tools alone.
fn misfits(book: &Rulebook, tools: &[Listed]) -> Vec<String> {
    let upstreams: BTreeSet<&str> = tools.iter().map(|tool| tool.name.upstream.as_str()).collect();
    let mut misfits: Vec<String> = Vec::new();
    for upstream in upstreams {
        let own: Vec<Listed> = tools.iter().filter(|tool| tool.name.upstream == upstream).cloned().collect();
        misfits.extend(book.check_fit(upstream, &own));
    }
    misfits.sort();
    misfits.dedup();
    misfits
}

/// How sentences about a guard begin.
fn head(guard: &Guard) -> String {
    format!("guard `{}`", guard.name)
}

fn one(
    config: &Config,
    guard: &Guard,
    tools: &[Listed],
    silent: &BTreeSet<String>,
    fits: bool,
) -> Vec<Finding> {
    let about = head(guard);
    let mut found = Vec::new();
    let unasked: Vec<&str> = guard
        .on
        .iter()
        .filter(|tool| silent.contains(&tool.upstream))
        .map(|tool| tool.upstream.as_str())
        .collect();
    if !unasked.is_empty() {
        let hint = "see what is said of that upstream above";
        found.push(Finding::warning(
            &about,
            format!("not checked: {} could not be asked", some(&unasked)),
            hint,
        ));
    }
    let on: Vec<String> = guard.on.iter().map(ToString::to_string).collect();
    let only_watches = guard.mode.unwrap_or(config.defaults.mode) == Mode::Audit;
    if fits && unasked.is_empty() {
        found.push(Finding::ok(&about, format!("on {}; it fits", on.join(", "))));
    }
    if only_watches {
        found.push(Finding::warning(
            &about,
            "it only watches (mode audit): what it would refuse runs",
            "see `lastlook log --would-deny`; then say mode = \"enforce\"",
        ));
    }
    let reads: Vec<&str> = tools
        .iter()
        .filter(|tool| tool.class == Class::Read && guard.on.contains(&tool.name))
        .map(|tool| tool.name.tool.as_str())
        .collect();
    if !reads.is_empty() {
        found.push(Finding::warning(
            &about,
            format!("it is on tools of class `read`: {}", some(&reads)),
            "each of their calls becomes an attempt on record; if one of them changes something, its class is wrong",
        ));
    }
    found
}
