//! What the pure crates may not link: anything that reads a clock, waits, draws at random or touches the machine.

use super::manifest::members;
use super::tree::Tree;
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "pure-dependencies",
    says: "`canon`, `kernel` and `ledger` depend on no async runtime, clock, random source, file or network library",
    run,
};

/// The crates whose answers are a function of their arguments alone.
pub const PURE: &[&str] = &["canon", "kernel", "ledger"];

const BANNED: &[&str] = &[
    "tokio",
    "async-std",
    "smol",
    "futures",
    "futures-core",
    "futures-util",
    "rusqlite",
    "rustix",
    "libc",
    "nix",
    "getrandom",
    "rand",
    "rand_core",
    "fastrand",
    "uuid",
    "jiff",
    "chrono",
    "time",
    "tracing",
    "log",
    "reqwest",
    "hyper",
    "rmcp",
    "tempfile",
    "crossbeam",
    "rayon",
];

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in members(tree).into_iter().filter(|manifest| PURE.contains(&manifest.folder)) {
        for dependency in manifest.dependencies() {
            if !dependency.dev && BANNED.contains(&dependency.name.as_str()) {
                let what = format!("`{}` is pure and may not use `{}`", manifest.folder, dependency.name);
                findings.push(Finding::new(manifest.path, manifest.line_of(&dependency.name), what));
            }
        }
    }
    findings
}
