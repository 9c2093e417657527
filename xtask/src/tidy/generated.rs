//! Blocks of documents that are made from the source, so that they cannot say something else.
//!
//! A block stands between `<!-- generated: NAME -->` and `<!-- end -->`; `cargo xtask tidy --write` fills it.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

use super::edges::CRATES;
use super::tree::{Tree, lines};
use super::{Finding, RULES, Rule};

pub const RULE: Rule = Rule {
    name: "generated",
    says: "the generated blocks of the documents are what `cargo xtask tidy --write` makes",
    run,
};

/// Where the table of rules stands.
pub const RULES_DOCUMENT: &str = "docs/internals/testing.md";

/// A block's name, the document that must have it, and what makes it.
type Block = (&'static str, &'static str, fn(&Tree) -> String);

const BLOCKS: &[Block] = &[
    ("edges", "ARCHITECTURE.md", edges),
    ("rules", RULES_DOCUMENT, rules),
    ("codes", "docs/reference/reason-codes.md", codes),
];

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, path, make) in BLOCKS {
        let Some(text) = tree.text(path) else { continue };
        match filled(text, name, &make(tree)) {
            None => findings.push(Finding::new(path, 0, format!("the generated block `{name}` is absent"))),
            Some(new) if new != text => {
                let line =
                    lines(text).find(|(_, line)| *line == opening(name)).map_or(0, |(number, _)| number);
                let what = format!("the block `{name}` is out of date; run `cargo xtask tidy --write`");
                findings.push(Finding::new(path, line, what));
            }
            Some(_) => {}
        }
    }
    findings
}

/// Fills every block on the disk.
pub fn write(root: &Path, tree: &Tree) -> anyhow::Result<()> {
    for (name, path, make) in BLOCKS {
        let text =
            std::fs::read_to_string(root.join(path)).with_context(|| format!("cannot read `{path}`"))?;
        if let Some(new) = filled(&text, name, &make(tree)).filter(|new| *new != text) {
            std::fs::write(root.join(path), new).with_context(|| format!("cannot write `{path}`"))?;
            eprintln!("tidy: wrote the block `{name}` of {path}");
        }
    }
    Ok(())
}

fn opening(name: &str) -> String {
    format!("<!-- generated: {name} -->")
}

/// The document with the block's content replaced, or nothing if it has no such block.
fn filled(text: &str, name: &str, content: &str) -> Option<String> {
    let opening = opening(name);
    let (head, rest) = text.split_once(&opening)?;
    let (_, tail) = rest.split_once("<!-- end -->")?;
    Some(format!("{head}{opening}\n{content}<!-- end -->{tail}"))
}

fn edges(_: &Tree) -> String {
    let mut table = String::from("| crate | may use |\n|---|---|\n");
    for (name, allowed) in CRATES {
        let allowed = if allowed.is_empty() {
            "nothing of ours".to_owned()
        } else {
            format!("`{}`", allowed.join("`, `"))
        };
        let _ = writeln!(table, "| `{name}` | {allowed} |");
    }
    table
}

fn rules(_: &Tree) -> String {
    let mut table = String::from("| rule | what must hold |\n|---|---|\n");
    for rule in RULES {
        let _ = writeln!(table, "| `{}` | {} |", rule.name, rule.says);
    }
    table
}

/// Where the kernel lists the reason codes: `codes! { /// why  Name = "code", … }`.
const CODES: &str = "crates/kernel/src/verdict.rs";

fn codes(tree: &Tree) -> String {
    let mut table = String::from("| code | why |\n|---|---|\n");
    let mut why = Vec::new();
    let source = tree.text(CODES).unwrap_or_default();
    for line in
        source.lines().skip_while(|line| *line != "codes! {").take_while(|line| *line != "}").map(str::trim)
    {
        if let Some(text) = line.strip_prefix("///") {
            why.push(text.trim());
        } else if let Some((_, rest)) = line.split_once(" = \"") {
            let code = rest.trim_end_matches(['"', ',']);
            let _ = writeln!(table, "| `{code}` | {} |", why.join(" "));
            why.clear();
        }
    }
    table
}
