//! Tests that wait instead of knowing, and tests that do not run.

use super::tree::{Tree, code, is_test, lines};
use super::{Finding, Rule};

pub const RULE: Rule = Rule {
    name: "tests",
    says: "no test is ignored, and none sleeps (a retry loop that must pause says `// backoff:` and why)",
    run,
};

fn run(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.rust() {
        let mut in_tests = is_test(path);
        for (number, line) in lines(text) {
            // A test module at the end of a file: everything after it is tests, unless it is only declared here.
            in_tests |= line.starts_with("mod tests {");
            if code(line).contains("#[ignore") {
                findings.push(Finding::new(path, number, "an ignored test is a test nobody has"));
            }
            if in_tests && code(line).contains("sleep(") && !line.contains("// backoff:") {
                findings.push(Finding::new(path, number, "a test sleeps; wait for the condition itself"));
            }
        }
    }
    findings
}
