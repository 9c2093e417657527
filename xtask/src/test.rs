//! `cargo xtask test`: everything that must hold, in the order in which it is cheapest to learn that it does not.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, bail};

use crate::command::{cargo, shown};
use crate::tally::Tally;
use crate::{clippy, formatted, tidy, tools};

/// What to test.
#[derive(clap::Args)]
pub struct Args {
    /// Only the tests of this package, without the other checks (may be repeated)
    #[arg(long, short, value_name = "PACKAGE")]
    package: Vec<String>,
}

/// Runs the steps one after the other and stops at the first that fails; tests all run, whatever fails among them.
pub fn run(args: &Args) -> anyhow::Result<()> {
    step("tools", tools::install)?;
    if args.package.is_empty() {
        step("format", formatted)?;
        step("tidy", || tidy::run(&tidy::Args::default()))?;
        step("clippy", clippy)?;
    }
    eprintln!("== tests");
    tests(&args.package)
}

fn step(name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let start = Instant::now();
    eprintln!("== {name}");
    let done = work().with_context(|| format!("step `{name}` failed"));
    eprintln!("== {name}: {}, {} s", if done.is_ok() { "done" } else { "failed" }, start.elapsed().as_secs());
    done
}

/// Which cases `proptest` draws. One commit has one verdict; look further with other numbers, or with more cases.
const CASES: &str = "PROPTEST_RNG_SEED";

/// `cargo test`, its lines passed on as they come and its results added up into one closing line.
fn tests(packages: &[String]) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["test", "--no-fail-fast"]);
    match packages {
        [] => command.arg("--workspace"),
        some => command.args(some.iter().flat_map(|package| ["--package", package])),
    };
    command.env("LASTLOOK_TOOLS", tools::folder()).stdout(Stdio::piped());
    if std::env::var_os(CASES).is_none() {
        command.env(CASES, "1");
    }
    let line = shown(&command);
    eprintln!("$ {line}");

    let mut child = command.spawn().with_context(|| format!("`{line}` does not start"))?;
    let tally = match child.stdout.take() {
        Some(stdout) => pass_on(BufReader::new(stdout))?,
        None => Tally::default(),
    };
    let status = child.wait()?;
    println!("{tally}");
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    if tally.passed == 0 {
        bail!("`{line}` ran no test");
    }
    Ok(())
}

fn pass_on(mut lines: impl BufRead) -> anyhow::Result<Tally> {
    let (mut tally, mut line, mut out) = (Tally::default(), Vec::new(), std::io::stdout());
    while lines.read_until(b'\n', &mut line)? > 0 {
        out.write_all(&line)?;
        out.flush()?;
        tally.read(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(tally)
}
