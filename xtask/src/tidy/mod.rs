//! `cargo xtask tidy`: the house rules that a compiler does not know.
//!
//! A rule reads a [`Tree`] and says where it is broken; it never reads the disk itself, so that its test can show it a
//! bad sample. A new rule is a file here, a line in [`RULES`] and a red sample in the tests.

mod dependencies;
mod edges;
mod fuzz;
mod generated;
mod hygiene;
mod length;
mod links;
mod lints;
mod machine;
mod manifest;
mod permit;
mod pure_calls;
mod pure_dependencies;
mod tree;
mod unfinished;

#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::bail;

use crate::command::root;
use tree::Tree;

/// How to run the rules.
#[derive(clap::Args, Default)]
pub struct Args {
    /// Bring the generated blocks of the documents up to date first
    #[arg(long)]
    write: bool,
}

/// Something that must hold for the files of the repository.
struct Rule {
    name: &'static str,
    /// What must hold, as it stands in the documents.
    says: &'static str,
    run: fn(&Tree) -> Vec<Finding>,
}

/// One place where a rule is broken.
struct Finding {
    path: String,
    /// Counted from 1; 0 when the whole file is meant.
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Finding {
        Finding { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(out, "{}: {}", self.path, self.what),
            line => write!(out, "{}:{line}: {}", self.path, self.what),
        }
    }
}

const RULES: &[Rule] = &[
    edges::RULE,
    pure_dependencies::RULE,
    pure_calls::RULE,
    lints::RULE,
    permit::RULE,
    dependencies::RULE,
    links::RULE,
    generated::RULE,
    length::RULE,
    hygiene::RULE,
    unfinished::RULE,
    fuzz::RULE,
    machine::RULE,
];

/// Runs every rule over the files git knows or would take, prints each finding, and fails if there is one.
pub fn run(args: &Args) -> anyhow::Result<()> {
    let root = root();
    if args.write {
        generated::write(&root, &Tree::of_repository(&root)?)?;
    }
    let tree = Tree::of_repository(&root)?;
    let mut count = 0;
    for rule in RULES {
        for finding in (rule.run)(&tree) {
            count += 1;
            eprintln!("{finding} [{}]", rule.name);
        }
    }
    if count > 0 {
        bail!("{count} {} house rules", if count == 1 { "place breaks the" } else { "places break the" });
    }
    eprintln!("tidy: {} rules hold over {} files", RULES.len(), tree.len());
    Ok(())
}
