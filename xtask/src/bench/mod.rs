//! `cargo xtask bench mcp`: what the boundary costs, beside what it stands in front of.
//!
//! Every round runs every cell once, so that a busy moment of the machine falls on all of them; figures are medians over the rounds,
//! and only their ratios are judged. Figures depend on the machine; ratios much less.

mod cells;
mod disk;
mod journal;
mod report;
mod targets;

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::command::{cargo, root, run as run_command};
use cells::{Bench, Cell, IN_FLIGHT, Sample, VARIANTS};

/// What to measure.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// The boundary in front of a trivial MCP server, on standard input and output
    Mcp(Mcp),
}

#[derive(clap::Args)]
struct Mcp {
    /// Print one JSON object instead of a table
    #[arg(long)]
    json: bool,
    /// Measure the release programs that are there, whatever they were built from
    #[arg(long)]
    no_build: bool,
    /// How often every cell is measured
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// How long a cell is measured, in milliseconds
    #[arg(long, default_value_t = 400)]
    cell_ms: u64,
    /// Calls in the runs that look at memory; half of them are effects' own readings in the second run
    #[arg(long, default_value_t = 100_000)]
    calls: u64,
}

/// Everything that was measured.
struct Measured {
    cells: Vec<(Cell, Sample)>,
    disk: disk::Disk,
    decide: journal::Decide,
    memory: Vec<Memory>,
}

/// Resident memory of a boundary after half of the calls and after all, in kilobytes.
struct Memory {
    what: &'static str,
    calls: u64,
    half_kb: u64,
    end_kb: u64,
}

/// Builds what is measured, measures it, prints; fails if a target is missed.
pub fn run(args: Args) -> anyhow::Result<()> {
    let What::Mcp(args) = args.what;
    if !args.no_build {
        build()?;
    }
    let release = root().join("target/release");
    let scratch = Scratch::new(root().join("target").join(format!("bench-{}", std::process::id())))?;
    let bench = Bench { release: release.clone(), scratch: scratch.0.clone(), cell_ms: args.cell_ms };
    let measured = measure(&bench, &release, &args)?;
    let targets = targets::judge(&measured);
    if args.json {
        println!("{}", report::json(&measured, &targets));
    } else {
        print!("{}", report::table(&measured, &targets));
    }
    let missed = targets.iter().filter(|target| !target.passed).count();
    anyhow::ensure!(missed == 0, "{missed} of {} targets missed", targets.len());
    Ok(())
}

fn build() -> anyhow::Result<()> {
    run_command(cargo().args(["build", "--release", "-p", "lastlook", "-p", "lastlook-sim", "--bins"]))?;
    if root().join("crates/store/examples/bench_commits.rs").exists() {
        run_command(cargo().args([
            "build",
            "--release",
            "-p",
            "lastlook-store",
            "--example",
            "bench_commits",
        ]))?;
    }
    Ok(())
}

fn measure(bench: &Bench, release: &Path, args: &Mcp) -> anyhow::Result<Measured> {
    let mut samples: Vec<(Cell, Vec<Sample>)> = Cell::all().map(|cell| (cell, Vec::new())).collect();
    let mut disk = disk::Rounds::default();
    for round in 1..=args.rounds {
        eprintln!("round {round} of {}: {} cells", args.rounds, VARIANTS.len() * IN_FLIGHT.len());
        // Beside the cells with one call in flight, which are held against it, and not in the wake of the heavier ones.
        settle();
        disk.measure(release, &bench.scratch)?;
        settle();
        for (cell, taken) in &mut samples {
            taken.push(bench.sample(*cell)?);
        }
    }
    let cells = samples.into_iter().map(|(cell, taken)| (cell, Sample::median(&taken))).collect();
    let decide = journal::decide(bench)?;
    eprintln!("memory: {} calls, twice", args.calls);
    let memory = vec![bench.memory_of_reads(args.calls)?, bench.memory_of_effects(args.calls)?];
    Ok(Measured { cells, disk: disk.median(), decide, memory })
}

/// Has the system write what it still holds back, so that one measurement does not pay for another.
fn settle() {
    let _ = std::process::Command::new("sync").status();
}

/// A folder on the same disk as the build, removed at the end: the system's temporary folder may be memory.
struct Scratch(PathBuf);

impl Scratch {
    fn new(path: PathBuf) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create `{}`", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The middle value; of an even number, the lower of the two.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}
