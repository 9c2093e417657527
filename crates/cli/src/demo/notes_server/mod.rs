//! The bundled MCP server: notes in a real folder, so that the first command of the README needs nothing but `lastlook`.
//!
//! It is the far side of the demo and of tests, and a specimen of an ordinary server: it knows nothing of the boundary.
//! Everything that names `rmcp` is in [`server`]; that SDK moves fast, and only this module moves with it.

mod effects;
mod folder;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;

pub(super) use effects::{Effect, read as read_effects};

/// The variable that stands for `--arrivals`.
pub(super) const ARRIVALS: &str = "DEMO_NOTES_ARRIVALS";
/// The variable that stands for `--slow-ms`.
pub(super) const SLOW_MS: &str = "DEMO_NOTES_SLOW_MS";
/// The variable that stands for `--slow-before-ms`.
pub(super) const SLOW_BEFORE_MS: &str = "DEMO_NOTES_SLOW_BEFORE_MS";

/// How the notes server is started: `lastlook demo-notes-server DIR [OPTIONS]`.
///
/// What makes it slow can come from the environment too: a boundary takes servers with different commands for different servers,
/// and a slow one must pass for the same.
#[derive(Debug, clap::Args)]
pub struct NotesServerArgs {
    /// The folder whose files are the notes
    pub dir: PathBuf,

    /// Append a line of JSON to FILE for every effect, right after it has happened
    #[arg(long, value_name = "FILE")]
    pub effects: Option<PathBuf>,

    /// Append a line of JSON to FILE for every call of an effect, before anything has happened
    #[arg(long, value_name = "FILE", env = ARRIVALS)]
    pub arrivals: Option<PathBuf>,

    /// Wait this long after an effect, before answering
    #[arg(long, value_name = "N", env = SLOW_MS, default_value_t = 0)]
    pub slow_ms: u64,

    /// Wait this long after a call of an effect has arrived, before doing it
    #[arg(long, value_name = "N", env = SLOW_BEFORE_MS, default_value_t = 0)]
    pub slow_before_ms: u64,
}

/// Serves notes on standard input and output until the client closes them.
///
/// # Errors
///
/// The folder cannot be opened, a log cannot be created, or the client's first message is not MCP.
pub fn run(args: &NotesServerArgs) -> anyhow::Result<()> {
    let folder = folder::Folder::open(&args.dir)
        .with_context(|| format!("cannot open the notes folder `{}`", args.dir.display()))?;
    let log = |path: &Option<PathBuf>| path.as_deref().map(effects::EffectLog::open).transpose();
    let pace = server::Pace {
        before_effect: Duration::from_millis(args.slow_before_ms),
        before_answer: Duration::from_millis(args.slow_ms),
    };
    let notes = server::NotesServer::new(folder, log(&args.effects)?, log(&args.arrivals)?, pace);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(server::serve(notes))
}

#[cfg(test)]
mod tests;
