//! What the pure crates may not call, found in their text.
//!
//! Clippy's `disallowed-methods` sees calls the compiler resolved; this sees the words, also in code that is not built
//! here, and names that no lint lists.

use super::pure_dependencies::PURE;
use super::tree::{Tree, code, has_word, is_test, lines};
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "pure-calls",
    says: "`canon`, `kernel` and `ledger` name no file, network, environment, thread, process or clock",
    run,
};

const WORDS: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "std::time",
    "SystemTime",
    "Instant::now",
    "tokio",
];

/// The same modules inside `use std::{…}`.
const MODULES: &[&str] = &["fs", "net", "env", "thread", "process", "time"];

fn run(tree: &Tree) -> Vec<Finding> {
    let is_pure = |path: &str| PURE.iter().any(|name| path.starts_with(&format!("crates/{name}/src/")));
    let mut findings = Vec::new();
    for (path, text) in tree.rust().filter(|(path, _)| is_pure(path) && !is_test(path)) {
        for (number, line) in lines(text) {
            for word in WORDS.iter().filter(|word| has_word(code(line), word)) {
                findings.push(Finding::new(path, number, format!("`{word}` in a pure crate")));
            }
        }
        for module in grouped(text) {
            findings.push(Finding::new(path, 0, format!("`std::{module}` in a pure crate")));
        }
    }
    findings
}

/// The banned modules among the members of every `std::{…}`, which may run over several lines.
fn grouped(text: &str) -> Vec<&'static str> {
    let bare: String = text.lines().map(code).collect::<Vec<_>>().join(" ");
    let groups = bare.split("std::{").skip(1).map(outer_members);
    let heads: Vec<String> = groups.flatten().collect();
    MODULES.iter().copied().filter(|module| heads.iter().any(|head| head == module)).collect()
}

/// The first names of a brace group's members: `fs, io::{Read}, net::IpAddr}` gives `fs`, `io`, `net`.
fn outer_members(group: &str) -> Vec<String> {
    let (mut depth, mut head, mut heads, mut taken) = (0, String::new(), Vec::new(), false);
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                heads.push(std::mem::take(&mut head));
                taken = false;
            }
            ':' => taken = true,
            c if depth == 0 && !taken && !c.is_whitespace() => head.push(c),
            _ => {}
        }
    }
    heads.push(head);
    heads
}
