//! `lastlook demo`: three short stories on real processes, each checked against what really happened.
//!
//! Two boundaries, a bundled MCP server over a real folder ([`notes_server`]), scripted clients and "somebody else". Whether a
//! story went as told is decided by the files on disk, the server's own effect log and the receipts; never by the boundary's word alone.

mod client;
pub mod notes_server;
mod stage;
mod stories;
mod timeline;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use stage::Stage;
use timeline::{Otherwise, Timeline};

/// How the demo is started: `lastlook demo [--json] [--keep DIR]`.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Print one JSON object a line instead of the readable timeline
    #[arg(long)]
    pub json: bool,

    /// Leave notes, effect logs, state and receipts in DIR, which must be empty or missing
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// Tells the stories; the exit code is 1 when a step went otherwise than told.
///
/// # Errors
///
/// A folder or a process could not be made; that says nothing about the boundary.
pub fn run(args: &DemoArgs) -> anyhow::Result<ExitCode> {
    let exe = std::env::current_exe().context("cannot find the running program")?;
    let (folder, _removed_at_the_end) = folder(args.keep.as_deref())?;
    let mut timeline = Timeline::new(std::io::stdout(), args.json);
    match tell_all(&exe, &folder, &mut timeline) {
        Ok(()) => {
            timeline.end(args.keep.as_deref())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(Stopped { error, complained }) => match error.downcast::<Otherwise>() {
            Ok(otherwise) => {
                timeline.otherwise(&otherwise, &complained)?;
                Ok(ExitCode::FAILURE)
            }
            Err(error) => Err(error.context(format!("the demo stopped{complained}"))),
        },
    }
}

/// Why the telling stopped, and what the processes of that story had printed on their error streams.
struct Stopped {
    error: anyhow::Error,
    complained: String,
}

fn tell_all(exe: &Path, folder: &Path, timeline: &mut Timeline) -> Result<(), Stopped> {
    stories::ALL.iter().try_for_each(|story| {
        let root = folder.join(story.name);
        tell(exe, &root, story, timeline)
            .map_err(|error| Stopped { error, complained: complaints(&root.join(stage::STDERR)) })
    })
}

fn tell(exe: &Path, root: &Path, story: &stories::Story, timeline: &mut Timeline) -> anyhow::Result<()> {
    timeline.story(story.title)?;
    (story.tell)(&mut Stage::set(exe, root, timeline)?)
}

/// The last lines of a story's error streams, as the end of a sentence; the folder is gone when somebody reads it.
fn complaints(stderr: &Path) -> String {
    let printed = std::fs::read_to_string(stderr).unwrap_or_default();
    let lines: Vec<&str> = printed.lines().rev().take(12).collect();
    let Some(last) = lines.len().checked_sub(1) else { return String::new() };
    let shown = lines.into_iter().rev().enumerate();
    shown.fold("; its processes printed:\n".to_owned(), |text, (number, line)| {
        text + "  " + line + if number < last { "\n" } else { "" }
    })
}

/// The folder everything happens in, and what removes it at the end (nothing, when it is kept).
fn folder(keep: Option<&Path>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    let Some(dir) = keep else {
        let temporary = tempfile::Builder::new().prefix("lastlook-demo-").tempdir()?;
        // Spelt as the system spells it: a boundary tells servers apart by their commands.
        return Ok((temporary.path().canonicalize()?, Some(temporary)));
    };
    std::fs::create_dir_all(dir).with_context(|| format!("cannot create `{}`", dir.display()))?;
    let mut entries = std::fs::read_dir(dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
    anyhow::ensure!(
        entries.next().is_none(),
        "`{}` is not empty; name an empty or new folder",
        dir.display()
    );
    Ok((dir.canonicalize()?, None))
}
