//! Fuzz targets and what they are replayed on.

use std::collections::BTreeSet;

use super::tree::{Tree, lines};
use super::{Finding, Rule};

pub const RULE: Rule =
    Rule { name: "fuzz", says: "every fuzz target has a corpus beside it, and every corpus a target", run };

const FOLDER: &str = "/__fuzz__/";

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut targets = BTreeSet::new();
    for (path, text) in tree.rust() {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (number, line) in lines(text) {
            let Some((_, rest)) = line.split_once("bolero::check!(name = \"") else { continue };
            let name = rest.split('"').next().unwrap_or_default();
            let corpus = format!("{folder}{FOLDER}{name}/corpus");
            if !tree.has(&corpus) {
                findings.push(Finding::new(
                    path,
                    number,
                    format!("`{corpus}` is missing: nothing is replayed"),
                ));
            }
            targets.insert(corpus);
        }
    }
    for path in tree.paths().filter(|path| path.contains(FOLDER)) {
        let is_used = path.rsplit_once('/').is_some_and(|(folder, _)| targets.contains(folder));
        if !is_used {
            findings.push(Finding::new(path, 1, "no fuzz target replays it".to_owned()));
        }
    }
    findings
}
