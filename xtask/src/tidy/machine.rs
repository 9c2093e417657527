//! What is true on one machine only.

use super::tree::{Tree, is_rule, lines};
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "machine",
    says: "no path of one machine and no registry host stands in a tracked file",
    run,
};

const PATHS: &[&str] = &["/work/", "/root/"];
const HOSTS: &[&str] = &[
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "pypi.org",
    "pythonhosted.org",
    "static.crates.io",
    "index.crates.io",
    "deb.debian.org",
    "proxy.golang.org",
];

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| !is_rule(path)) {
        for (number, line) in lines(text) {
            for word in PATHS.iter().filter(|word| begins_with_path(line, word)) {
                findings.push(Finding::new(path, number, format!("`{word}` is a path of one machine")));
            }
            for host in HOSTS.iter().filter(|host| line.contains(**host)) {
                findings.push(Finding::new(
                    path,
                    number,
                    format!("`{host}` is a host; name the package instead"),
                ));
            }
        }
    }
    findings
}

/// Whether the path stands at the start of something: `a/work/b` and `example.com/work/` are other things.
fn begins_with_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|head| head.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || "._-~})>*".contains(c))
    })
}
