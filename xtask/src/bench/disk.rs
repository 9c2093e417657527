//! What the disk and the store can do without the boundary: raw flushes, and bare commits of the same store.
//!
//! Measured by the store's own example, once a round.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use super::median;

/// Medians over the rounds.
pub struct Disk {
    /// Flushes (`fdatasync`) per second, one after the other.
    pub flushes_per_second: f64,
    /// One durable commit of the store, one after the other.
    pub commit_p50_ns: f64,
    /// Durable commits per second with 64 in flight.
    pub commits_per_second: f64,
}

/// What each round gave.
#[derive(Default)]
pub struct Rounds {
    flushes: Vec<f64>,
    commit: Vec<f64>,
    commits: Vec<f64>,
}

impl Rounds {
    /// Runs the example for a second each.
    pub fn measure(&mut self, release: &Path, scratch: &Path) -> anyhow::Result<()> {
        let program = release.join("examples/bench_commits");
        let output = Command::new(&program).arg(scratch).arg("1").output();
        let output = output.with_context(|| format!("cannot start `{}`", program.display()))?;
        let printed = String::from_utf8_lossy(&output.stdout);
        anyhow::ensure!(
            output.status.success(),
            "bare commits failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let line = |start: &str| {
            let found = printed.lines().find_map(|line| Line::read(line.trim_start().strip_prefix(start)?));
            found.with_context(|| {
                format!("no figures for `{start}` in what the store's example printed:\n{printed}")
            })
        };
        self.flushes.push(line("raw fdatasync:")?.per_second);
        self.commit.push(line("1 in flight:")?.p50_ns);
        self.commits.push(line("64 in flight:")?.per_second);
        Ok(())
    }

    /// The median of each figure.
    pub fn median(self) -> Disk {
        Disk {
            flushes_per_second: median(self.flushes),
            commit_p50_ns: median(self.commit),
            commits_per_second: median(self.commits),
        }
    }
}

/// The figures of a line such as `4321/s   p50   190.1µs  p99 …`.
#[derive(Debug, PartialEq)]
struct Line {
    per_second: f64,
    p50_ns: f64,
}

impl Line {
    fn read(figures: &str) -> Option<Self> {
        let mut words = figures.split_whitespace();
        let per_second = words.next()?.strip_suffix("/s")?.parse().ok()?;
        words.find(|word| *word == "p50")?;
        Some(Self { per_second, p50_ns: nanoseconds(words.next()?)? })
    }
}

/// Reads a duration as Rust prints it.
fn nanoseconds(text: &str) -> Option<f64> {
    let units = [("ns", 1.0), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    let (number, unit) = units.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    number.parse::<f64>().ok().map(|number| number * unit)
}

#[cfg(test)]
mod tests {
    use super::Line;

    #[test]
    fn the_figures_of_a_line_are_read_in_any_unit() {
        let line = Line::read("     3216/s   p50   251.5µs  p99     1.2ms  p99.9     2.0ms");
        assert_eq!(line, Some(Line { per_second: 3216.0, p50_ns: 251_500.0 }));
        let line = Line::read(" 52/s p50 1.5ms");
        assert_eq!(line, Some(Line { per_second: 52.0, p50_ns: 1.5e6 }));
        assert_eq!(Line::read("nothing of the kind"), None);
    }
}
