//! Every chore of the project behind one command: `cargo xtask <check|test|lint|tidy|vectors|tools|docs|bench>`.
//!
//! Continuous integration runs `cargo xtask test` and nothing else, so that what is green there is green on a laptop.

mod bench;
mod command;
mod tally;
mod test;
mod tidy;
mod tools;
mod vectors;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use command::{cargo, run};

/// Chores of the lastlook project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Formatting, house rules and lints: what to run before a commit
    Check,
    /// Everything: tools, formatting, house rules, lints, then every test
    Test(test::Args),
    /// Lints and formatting only
    Lint,
    /// House rules only (crate edges, banned calls, dead links, …)
    Tidy(tidy::Args),
    /// Write the vectors of `spec/` anew, or check that they are up to date
    Vectors(vectors::Args),
    /// Install what the tests run against into `.tools/`, pinned
    Tools,
    /// Build the API documentation; a warning is an error
    Docs,
    /// Measure
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Check => check(),
        Chore::Test(args) => test::run(&args),
        Chore::Lint => clippy().and_then(|()| formatted()),
        Chore::Tidy(args) => tidy::run(&args),
        Chore::Vectors(args) => vectors::generate(&args),
        Chore::Tools => tools::install(),
        Chore::Docs => docs(),
        Chore::Bench(args) => bench::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(if error.is::<tools::Missing>() { 2 } else { 1 })
        }
    }
}

fn check() -> anyhow::Result<()> {
    formatted()?;
    tidy::run(&tidy::Args::default())?;
    clippy()
}

fn formatted() -> anyhow::Result<()> {
    run(cargo().args(["fmt", "--all", "--", "--check"]))
}

fn clippy() -> anyhow::Result<()> {
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn docs() -> anyhow::Result<()> {
    run(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}
