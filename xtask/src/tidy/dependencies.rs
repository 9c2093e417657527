//! Every dependency is declared once and has its reason written down.

use std::collections::BTreeSet;

use super::manifest::{members, root};
use super::tree::{Tree, lines};
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "dependencies",
    says: "every dependency is declared in the root manifest, used by some crate, and has a line in \
           docs/internals/dependencies.md; no line is left over",
    run,
};

const REASONS: &str = "docs/internals/dependencies.md";

fn run(tree: &Tree) -> Vec<Finding> {
    let Some(root) = root(tree) else { return Vec::new() };
    let declared =
        root.table.get("workspace").and_then(|workspace| workspace.get("dependencies")?.as_table());
    let external = |name: &String| !name.starts_with("lastlook");
    let declared: BTreeSet<String> =
        declared.into_iter().flat_map(|table| table.keys().cloned()).filter(external).collect();
    let reasons = reasons(tree.text(REASONS).unwrap_or_default());
    let mut findings = Vec::new();

    let mut used = BTreeSet::new();
    for manifest in members(tree) {
        for dependency in manifest.dependencies().into_iter().filter(|dependency| external(&dependency.name))
        {
            if !dependency.inherited {
                let what =
                    format!("`{}` is not taken from the root manifest (`workspace = true`)", dependency.name);
                findings.push(Finding::new(manifest.path, manifest.line_of(&dependency.name), what));
            }
            used.insert(dependency.name);
        }
    }
    for name in &declared {
        let line = root.line_of(name);
        if !reasons.iter().any(|(_, reason)| reason == name) {
            findings.push(Finding::new(root.path, line, format!("`{name}` has no line in {REASONS}")));
        }
        if !used.contains(name) {
            findings.push(Finding::new(root.path, line, format!("`{name}` is used by no crate")));
        }
    }
    let left_over = reasons.iter().filter(|(_, name)| !declared.contains(name));
    findings.extend(
        left_over.map(|(line, name)| {
            Finding::new(REASONS, *line, format!("`{name}` is not a dependency any more"))
        }),
    );
    findings
}

/// The names in the first column of the tables: lines that begin with ``| `name` |``.
fn reasons(text: &str) -> Vec<(usize, String)> {
    let name = |line: &str| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned());
    lines(text).filter_map(|(number, line)| Some((number, name(line)?))).collect()
}
