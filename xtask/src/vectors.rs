//! `cargo xtask vectors`: the examples in `spec/vectors/`, written anew.
//!
//! The tests of `lastlook-ledger` make them, with fixed keys and seeds, so the same bytes come out of every run. This uses none of our
//! crates: it runs that one test, which writes the files when a variable asks for it and compares them otherwise.

use crate::command::{cargo, run};

/// The test that makes and compares the vectors.
const TEST: &str = "vectors::the_committed_vectors_are_what_this_code_writes";

/// What to do with the vectors.
#[derive(clap::Args)]
pub struct Args {
    /// Write nothing; fail if they are not what the code makes (every `cargo test` does so too)
    #[arg(long)]
    check: bool,
}

/// Writes or compares the vectors.
pub fn generate(args: &Args) -> anyhow::Result<()> {
    let mut command = cargo();
    command.args(["test", "--package", "lastlook-ledger", "--test", "it", "--", "--exact", TEST]);
    command.env("LASTLOOK_WRITE_VECTORS", if args.check { "0" } else { "1" });
    run(&mut command)
}
