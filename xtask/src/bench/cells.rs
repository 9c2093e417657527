//! The cells of the bench: what is called, through what, with how many calls in flight.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde_json::Value;

use super::{Memory, median};

/// How many calls are in flight.
pub const IN_FLIGHT: [u32; 3] = [1, 32, 64];

/// What is between the generator and the server, and what is called.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// A read, nothing in between.
    Direct,
    /// A read, through two processes that copy bytes: the floor for any proxy.
    Pump,
    /// A read, through the boundary.
    Read,
    /// An effect that rests on nothing, through the boundary, with its durable receipt.
    Blind,
    /// An effect that rests on one reading, through the boundary, with its durable receipt.
    Touched,
}

/// In the order of a round.
pub const VARIANTS: [Variant; 5] =
    [Variant::Direct, Variant::Pump, Variant::Read, Variant::Blind, Variant::Touched];

impl Variant {
    /// As it stands in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Pump => "byte pump",
            Self::Read => "lastlook: reads",
            Self::Blind => "lastlook: effects, blind",
            Self::Touched => "lastlook: effects, one reading",
        }
    }
}

/// One thing that is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// What.
    pub variant: Variant,
    /// With how many calls at once.
    pub in_flight: u32,
}

impl Cell {
    /// Every variant beside its peers, so that what is compared is measured close together.
    pub fn all() -> impl Iterator<Item = Self> {
        let row = |in_flight| VARIANTS.into_iter().map(move |variant| Self { variant, in_flight });
        IN_FLIGHT.into_iter().flat_map(row)
    }
}

/// What one run of a cell, or the median of several, gave.
#[derive(Clone, Copy)]
pub struct Sample {
    /// Half of the calls took no longer.
    pub p50_ns: f64,
    /// Nine of ten took no longer.
    pub p90_ns: f64,
    /// Ninety-nine of a hundred took no longer.
    pub p99_ns: f64,
    /// Finished calls per second.
    pub per_second: f64,
}

impl Sample {
    /// Each figure's median.
    pub fn median(samples: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(samples.iter().map(figure).collect());
        Self {
            p50_ns: of(|sample| sample.p50_ns),
            p90_ns: of(|sample| sample.p90_ns),
            p99_ns: of(|sample| sample.p99_ns),
            per_second: of(|sample| sample.per_second),
        }
    }
}

/// Where things are, and how long a cell takes.
pub struct Bench {
    /// The folder of the built programs.
    pub release: PathBuf,
    /// The folder for states.
    pub scratch: PathBuf,
    /// How long a cell is measured.
    pub cell_ms: u64,
}

impl Bench {
    /// Runs a cell once.
    pub fn sample(&self, cell: Cell) -> anyhow::Result<Sample> {
        let mut load = self.load(cell.variant, cell.in_flight);
        load.args(["--for-ms", &self.cell_ms.to_string(), "--"]);
        let report = self.run(load, cell.variant, state_of(cell.variant))?;
        let figure = |name: &str| report.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
        Ok(Sample {
            p50_ns: figure("p50_ns"),
            p90_ns: figure("p90_ns"),
            p99_ns: figure("p99_ns"),
            per_second: figure("per_second"),
        })
    }

    /// Memory of a boundary that lets many reads pass, each of another subject.
    pub fn memory_of_reads(&self, calls: u64) -> anyhow::Result<Memory> {
        self.memory("reads", Variant::Read, calls, calls)
    }

    /// Memory of a boundary under effects, each after a reading of its own: two calls each.
    pub fn memory_of_effects(&self, calls: u64) -> anyhow::Result<Memory> {
        self.memory("effects, each after a reading", Variant::Touched, calls, calls / 2)
    }

    /// Runs `lastlook …` on a state of this bench.
    pub fn lastlook(&self, args: &[&str], state: &str) -> anyhow::Result<Vec<u8>> {
        let mut command = self.clean(Command::new(self.release.join("lastlook")));
        let output = command.args(args).arg("--state").arg(self.scratch.join(state)).output()?;
        anyhow::ensure!(
            output.status.success(),
            "`lastlook {}` failed: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output.stdout)
    }

    fn memory(
        &self,
        what: &'static str,
        variant: Variant,
        calls: u64,
        counted: u64,
    ) -> anyhow::Result<Memory> {
        let mut load = self.load(variant, 32);
        load.args(["--calls", &counted.to_string(), "--"]);
        let report = self.run(load, variant, &format!("memory-{}", state_of(variant)))?;
        let kb = |name: &str| report.get(name).and_then(Value::as_u64).unwrap_or(0);
        Ok(Memory { what, calls, half_kb: kb("rss_kb_half"), end_kb: kb("rss_kb_end") })
    }

    fn load(&self, variant: Variant, in_flight: u32) -> Command {
        let mut load = self.clean(Command::new(self.release.join("load")));
        load.args(["--in-flight", &in_flight.to_string()]);
        match variant {
            Variant::Direct | Variant::Pump | Variant::Read => load.args(["--tool", "look"]),
            Variant::Blind => load.args(["--tool", "act"]),
            Variant::Touched => load.args(["--tool", "act", "--touched"]),
        };
        load
    }

    fn run(&self, mut load: Command, variant: Variant, state: &str) -> anyhow::Result<Value> {
        let echo = self.release.join("echo");
        match variant {
            Variant::Direct => load.arg(echo),
            Variant::Pump => load.arg("sh").arg("-c").arg(format!("cat | '{}' | cat", echo.display())),
            Variant::Read | Variant::Blind | Variant::Touched => {
                load.arg(self.release.join("lastlook")).args(["mcp", "--state"]);
                load.arg(self.scratch.join(state)).arg("--").arg(echo)
            }
        };
        let output = load.output().context("cannot start the load generator")?;
        let failed = String::from_utf8_lossy(&output.stderr);
        anyhow::ensure!(output.status.success(), "{}: {failed}", variant.name());
        let report: Value = serde_json::from_slice(&output.stdout)?;
        match report.get("first_error").and_then(Value::as_str) {
            Some(error) => bail!("{}: a call failed: {error}", variant.name()),
            None => Ok(report),
        }
    }

    /// The same program without the user's own settings.
    fn clean(&self, mut command: Command) -> Command {
        command.env("HOME", &self.scratch).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        command.env_remove("LASTLOOK_CONFIG").env_remove("LASTLOOK_STATE");
        command
    }
}

/// The folder of a variant's state; it lives for the whole bench, as an agent's would.
pub fn state_of(variant: Variant) -> &'static str {
    match variant {
        Variant::Blind => "blind",
        Variant::Touched => "touched",
        Variant::Direct | Variant::Pump | Variant::Read => "read",
    }
}
