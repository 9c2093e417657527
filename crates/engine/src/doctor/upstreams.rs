//! What upstreams list beside what the configuration says of them.

use std::collections::{BTreeMap, BTreeSet};

use lastlook_kernel::{Class, ClassSource};
use lastlook_upstream::source::SourceError;

use super::{Finding, some};
use crate::config::{Config, UpstreamRules};
use crate::survey::{Surveyed, definitions};

/// Whether each upstream answers, and whether its tools are the ones that were declared.
pub fn upstreams(
    config: &Config,
    surveyed: &BTreeMap<String, Result<Surveyed, SourceError>>,
) -> Vec<Finding> {
    let programs = config.upstreams.iter().filter(|(_, upstream)| upstream.program);
    let says = "a program that embeds the boundary: only it knows what it can do";
    let programs = programs.map(|(name, _)| Finding::note(name, says));
    let servers = surveyed.iter().flat_map(|(name, surveyed)| one(config, name, surveyed));
    servers.chain(programs).collect()
}

fn one(config: &Config, name: &str, surveyed: &Result<Surveyed, SourceError>) -> Vec<Finding> {
    let command = config.upstreams.get(name).map(|upstream| upstream.command.clone()).unwrap_or_default();
    let surveyed = match surveyed {
        Ok(surveyed) => surveyed,
        Err(why) => {
            let hint = format!("see whether its command runs by itself: {}", command.join(" "));
            return vec![Finding::problem(name, format!("it cannot be asked: {why}"), hint)];
        }
    };
    let rules = UpstreamRules::new(Some(config), name, &command);
    let tools = definitions(&surveyed.tools);
    let classes: Vec<(&str, Class, ClassSource)> = tools
        .iter()
        .map(|(tool, definition)| {
            let (class, by) = rules.classify(tool, definition.read_only_hint);
            (tool.as_str(), class, by)
        })
        .collect();
    let count = |class: Class| classes.iter().filter(|(_, of, _)| *of == class).count();
    let server = if surveyed.server.is_empty() { "a server without a name" } else { &surveyed.server };
    let mut found = vec![Finding::ok(
        name,
        format!(
            "{server}, {} tools: {} read, {} write, {} destructive",
            tools.len(),
            count(Class::Read),
            count(Class::Write),
            count(Class::Destructive)
        ),
    )];
    if tools.is_empty() {
        found.push(Finding::problem(name, "it lists no tools", "is it the right server?"));
    }
    let undeclared: Vec<&str> =
        classes.iter().filter(|(_, _, by)| *by == ClassSource::Default).map(|(tool, ..)| *tool).collect();
    if let [first, ..] = undeclared.as_slice() {
        found.push(Finding::warning(
            name,
            format!("not declared, and therefore `destructive`: {}", some(&undeclared)),
            format!(
                "say what each may do: [tool.\"{name}.{first}\"] class = \"read\" (or write, destructive)"
            ),
        ));
    }
    let hinted: Vec<&str> =
        classes.iter().filter(|(_, _, by)| *by == ClassSource::Hinted).map(|(tool, ..)| *tool).collect();
    if let [first, ..] = hinted.as_slice() {
        found.push(Finding::warning(
            name,
            format!("`read` by the server's own word alone: {}", some(&hinted)),
            format!("say so yourself if it is true: [tool.\"{name}.{first}\"] class = \"read\""),
        ));
    }
    let listed: BTreeSet<&str> = tools.iter().map(|(tool, _)| tool.as_str()).collect();
    let unlisted: Vec<&str> = rules.declared().filter(|tool| !listed.contains(tool)).collect();
    if !unlisted.is_empty() {
        found.push(Finding::warning(
            name,
            format!("declared, and not listed by the server: {}", some(&unlisted)),
            "correct the name, or remove it: it protects nothing",
        ));
    }
    found
}
