//! That the lints are on where the documents say they are.

use super::manifest::members;
use super::pure_dependencies::PURE;
use super::tree::Tree;
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "lints",
    says: "every crate inherits the workspace's lints; the pure crates share one `clippy.toml` that disallows clocks and IO",
    run,
};

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in members(tree) {
        let inherits = manifest.table.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
        if inherits != Some(true) {
            findings.push(Finding::new(manifest.path, 0, "the workspace's lints are not inherited"));
        }
    }
    let present = PURE.iter().filter(|name| tree.has(&format!("crates/{name}")));
    let settings = present.map(|name| format!("crates/{name}/clippy.toml")).collect::<Vec<_>>();
    let first = settings.first().and_then(|path| tree.text(path));
    for path in &settings {
        match tree.text(path) {
            None => findings.push(Finding::new(path, 0, "a pure crate without its own lint settings")),
            Some(text) if !text.contains("disallowed-methods") => {
                findings.push(Finding::new(path, 0, "nothing is disallowed to a pure crate"));
            }
            Some(text) if first != Some(text) => {
                findings.push(Finding::new(path, 0, "differs from the settings of the other pure crates"));
            }
            Some(_) => {}
        }
    }
    findings
}
