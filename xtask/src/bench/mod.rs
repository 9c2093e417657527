//! `cargo xtask bench`: measuring.

/// What to measure.
#[derive(clap::Args)]
pub struct Args {}

/// Runs the benchmark.
pub fn run(_args: Args) -> anyhow::Result<()> {
    anyhow::bail!("no benchmark exists yet")
}
