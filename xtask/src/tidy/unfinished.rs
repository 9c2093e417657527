//! Work that was left for later.

use super::tree::{Tree, is_rule, lines};
use super::{Finding, Rule};

pub const RULE: Rule =
    Rule { name: "unfinished", says: "no `todo!`, `unimplemented!` or `FIXME` anywhere", run };

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| is_ours(path)) {
        for (number, line) in lines(text) {
            for word in ["todo!(", "unimplemented!(", "FIXME"].iter().filter(|word| line.contains(**word)) {
                findings.push(Finding::new(path, number, format!("`{word}` was left behind")));
            }
        }
    }
    findings
}

/// The rules themselves spell the words, and so does the document generated from them.
fn is_ours(path: &str) -> bool {
    !is_rule(path) && path != super::generated::RULES_DOCUMENT
}
