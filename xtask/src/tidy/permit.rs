//! Who may turn an Allow into an effect.

use super::tree::{Tree, code, lines};
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "permit",
    says: "a `Permit` is spent in `engine` only (`kernel` defines the spending, the tests of `sim` try it)",
    run,
};

fn run(tree: &Tree) -> Vec<Finding> {
    let places = ["crates/engine/", "crates/kernel/", "crates/sim/tests/"];
    let may = |path: &str| places.iter().any(|place| path.starts_with(place));
    let elsewhere = tree.rust().filter(|(path, _)| path.starts_with("crates/") && !may(path));
    elsewhere
        .flat_map(|(path, text)| lines(text).map(move |(number, line)| (path, number, code(line))))
        .filter(|(_, _, line)| line.contains(".spend(") || line.contains("Permit::spend"))
        .map(|(path, number, _)| Finding::new(path, number, "a `Permit` is spent outside `engine`"))
        .collect()
}
