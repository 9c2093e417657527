//! Files that have become folders without anybody noticing.

use super::tree::Tree;
use super::{Finding, Rule};

pub const RULE: Rule =
    Rule { name: "length", says: "no file below `crates/*/src` is longer than 600 lines", run };

const LONGEST: usize = 600;

fn run(tree: &Tree) -> Vec<Finding> {
    tree.rust()
        .filter(|(path, _)| path.starts_with("crates/") && path.contains("/src/"))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, count)| *count > LONGEST)
        .map(|(path, count)| Finding::new(path, 0, format!("{count} lines; a folder would read better")))
        .collect()
}
