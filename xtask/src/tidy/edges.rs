//! Which crate may use which.

use super::manifest::members;
use super::tree::Tree;
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "edges",
    says: "a crate uses only the crates that the table in ARCHITECTURE.md allows it; `sim` only in tests",
    run,
};

/// Every crate, what it is for, and the crates it may use. A crate that is not here may not exist.
pub const CRATES: &[(&str, &[&str])] = &[
    ("canon", &[]),
    ("kernel", &["canon"]),
    ("ledger", &["canon"]),
    ("store", &["canon", "ledger"]),
    ("upstream", &["canon", "kernel"]),
    ("engine", &["canon", "kernel", "ledger", "store", "upstream"]),
    ("server", &["canon", "kernel", "ledger", "store", "upstream", "engine"]),
    ("cli", &["canon", "kernel", "ledger", "store", "upstream", "engine", "server"]),
    ("sim", &["canon", "kernel", "ledger", "store"]),
    ("xtask", &[]),
];

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in members(tree) {
        let Some((_, allowed)) = CRATES.iter().find(|(name, _)| *name == manifest.folder) else {
            let what = format!("crate `{}` is not in the table of crates", manifest.folder);
            findings.push(Finding::new(manifest.path, 0, what));
            continue;
        };
        for dependency in manifest.dependencies() {
            let Some(used) = dependency.name.strip_prefix("lastlook-") else { continue };
            let is_test_only = dependency.dev && used == "sim";
            if !is_test_only && !allowed.contains(&used) {
                let what = format!("`{}` may not use `{used}`", manifest.folder);
                findings.push(Finding::new(manifest.path, manifest.line_of(&dependency.name), what));
            }
        }
    }
    findings
}
