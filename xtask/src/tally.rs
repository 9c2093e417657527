//! Adding up what `cargo test` says about its many test binaries.

use std::fmt;

/// How many tests passed, failed and were skipped, over all test binaries and documentation tests of one run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests the binary left out by itself.
    pub skipped: u64,
}

impl Tally {
    /// Counts a line like `test result: ok. 3 passed; 0 failed; 1 ignored; …`, and leaves every other line alone.
    pub fn read(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". "))
        else {
            return;
        };
        for part in counts.split("; ") {
            match part.trim().split_once(' ') {
                Some((count, "passed")) => self.passed += number(count),
                Some((count, "failed")) => self.failed += number(count),
                Some((count, "ignored")) => self.skipped += number(count),
                _ => {}
            }
        }
    }
}

/// The closing line of a run: `12 passed, 0 failed`, and `, 1 skipped` only if there is something to say.
impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(out, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn check(lines: &[&str], closing: &str) {
        let mut tally = Tally::default();
        lines.iter().for_each(|line| tally.read(line));
        assert_eq!(tally.to_string(), closing);
    }

    #[test]
    fn binaries_are_added_up() {
        check(
            &[
                "running 3 tests",
                "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
                "test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            ],
            "4 passed, 2 failed",
        );
    }

    #[test]
    fn ignored_tests_are_said() {
        check(
            &["test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured"],
            "1 passed, 0 failed, 2 skipped",
        );
    }

    #[test]
    fn what_a_test_prints_is_not_counted() {
        check(
            &["  test result: ok. 9 passed; 0 failed", "test result: nonsense", "9 passed"],
            "0 passed, 0 failed",
        );
    }
}
