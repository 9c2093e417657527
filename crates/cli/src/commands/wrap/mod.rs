//! `lastlook wrap` (and the body of `unwrap`): the boundary in front of the servers in a client's file, and back.

mod diff;
mod document;
mod edit;
mod entry;
mod file;
mod report;
#[cfg(test)]
mod tests;

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use lastlook_engine::config::Config;
use serde_json::json;

use self::diff::Colour;
use self::document::Found;
use self::edit::{Edit, apply};
use self::entry::Launch;
use crate::failure::{Failure, HELD, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

pub use self::file::Original;

/// Put the boundary in front of the servers in an MCP client's file
///
/// Every server that the client starts over standard input and output is started through `lastlook mcp` from then on.
/// The change is shown first, and written when you say yes (or `--yes`). Comments, order and everything else stay; the
/// file as it was is kept beside it. `lastlook unwrap` takes the boundary out again.
#[derive(Debug, clap::Args)]
pub struct WrapArgs {
    #[command(flatten)]
    pub(super) client: ClientArgs,
    /// The word that starts the boundary [default: the whole path of this program]
    #[arg(long, value_name = "COMMAND")]
    program: Option<String>,
}

/// Which file, which servers, and how sure the caller is.
#[derive(Debug, clap::Args)]
pub struct ClientArgs {
    /// The client's file: `mcpServers`, `servers` or `mcp.servers` in JSON, comments allowed
    #[arg(value_name = "CLIENT.json")]
    file: PathBuf,
    /// Only the server of this name; may be given several times
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,
    /// Write without asking
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    /// Only show what would change
    #[arg(long)]
    dry_run: bool,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Put the boundary in front.
    Wrap,
    /// Take it out again.
    Unwrap,
}

impl Direction {
    fn verb(self) -> &'static str {
        match self {
            Direction::Wrap => "wrap",
            Direction::Unwrap => "unwrap",
        }
    }
}

/// What is done to one server.
#[derive(Debug)]
struct Planned {
    table: String,
    name: String,
    step: Step,
    /// What somebody should know beside it.
    note: Option<String>,
}

#[derive(Debug)]
enum Step {
    Change { state: &'static str, was: Vec<String>, now: Vec<String>, edits: Vec<Edit> },
    Leave { state: &'static str, why: String },
}

/// How the boundary is started.
#[derive(Debug)]
struct Boundary {
    program: String,
    /// Everything that means this program.
    programs: Vec<String>,
    options: Vec<String>,
    config: Option<Config>,
}

/// Wraps.
pub fn run(place: &Place, args: &WrapArgs) -> Result<ExitCode, Failure> {
    let boundary = Boundary::new(place, args.program.as_deref())?;
    change(place, &args.client, Direction::Wrap, |found, text| boundary.wrap(found, text))
}

/// Unwraps.
pub fn run_unwrap(place: &Place, args: &ClientArgs) -> Result<ExitCode, Failure> {
    let programs = own_path().into_iter().collect::<Vec<_>>();
    change(place, args, Direction::Unwrap, |found, text| unwrap(found, text, &programs))
}

impl Boundary {
    fn new(place: &Place, program: Option<&str>) -> Result<Boundary, Failure> {
        let own = own_path();
        let program = match (program, &own) {
            (Some(program), _) => program.to_owned(),
            (None, Some(own)) => own.clone(),
            (None, None) => {
                return Err(Failure::unavailable("the path of this program cannot be written into a file")
                    .hint("say how it is started: `--program lastlook`"));
            }
        };
        let programs = own.into_iter().chain([program.clone()]).collect();
        let config = place.load_config()?;
        let mut options = vec!["mcp".to_owned()];
        // Clients start servers in folders and environments of their own: only whole paths, on the command line, hold.
        let variable =
            || std::env::var_os("LASTLOOK_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        for (option, path) in
            [("--config", place.config.clone().or_else(variable)), ("--state", place.state.clone())]
        {
            if let Some(path) = path {
                options.extend([option.to_owned(), whole_path(&path)?]);
            }
        }
        if let Some(heads) = &place.heads {
            // Empty: nowhere.
            let path = if heads.as_os_str().is_empty() { String::new() } else { whole_path(heads)? };
            options.extend(["--heads".to_owned(), path]);
        }
        Ok(Boundary { program, programs, options, config })
    }

    fn wrap(&self, found: &Found<'_>, text: &str) -> Planned {
        let (step, note) = match Launch::read(found.value) {
            Err(why) => (Step::Leave { state: "not-wrapped", why }, None),
            Ok(launch) if launch.is_wrapped(&self.programs) => {
                (Step::Leave { state: "already-wrapped", why: "it is wrapped already".to_owned() }, None)
            }
            Ok(launch) => self.change(&launch, text),
        };
        Planned { table: found.table.clone(), name: found.name.to_owned(), step, note }
    }

    fn change(&self, launch: &Launch<'_>, text: &str) -> (Step, Option<String>) {
        let was = launch.words();
        let mut boundary: Vec<String> =
            std::iter::once(&self.program).chain(&self.options).cloned().collect();
        let upstream = self.upstream(&was);
        let note = (self.config.is_some() && upstream.is_none()).then(|| {
            "note: the configuration declares no upstream with this command, so every tool of it counts as \
             destructive; see `lastlook init`"
                .to_owned()
        });
        boundary.extend(upstream.into_iter().flat_map(|name| ["--upstream".to_owned(), name.to_owned()]));
        let Some(edits) = launch.wrap(text, &boundary) else {
            let why = "its entry cannot be taken apart".to_owned();
            return (Step::Leave { state: "not-wrapped", why }, None);
        };
        let now = boundary.into_iter().chain(["--".to_owned()]).chain(was.iter().cloned()).collect();
        (Step::Change { state: "wrapped", was, now, edits }, note)
    }

    /// The upstream that the configuration declares with this very command.
    fn upstream(&self, command: &[String]) -> Option<&str> {
        let upstreams = &self.config.as_ref()?.upstreams;
        upstreams.iter().find(|(_, upstream)| upstream.command == command).map(|(name, _)| name.as_str())
    }
}

fn unwrap(found: &Found<'_>, text: &str, programs: &[String]) -> Planned {
    let leave = |why| Step::Leave { state: "left-alone", why };
    let step = match Launch::read(found.value) {
        Err(why) => leave(why),
        Ok(launch) if !launch.is_wrapped(programs) => {
            Step::Leave { state: "not-wrapped", why: "it is not wrapped".to_owned() }
        }
        Ok(launch) => match launch.unwrap(text) {
            Ok((now, edits)) => Step::Change { state: "unwrapped", was: launch.words(), now, edits },
            Err(why) => leave(why),
        },
    };
    Planned { table: found.table.clone(), name: found.name.to_owned(), step, note: None }
}

/// Reads the file, shows what would change, asks, and writes.
fn change(
    place: &Place,
    args: &ClientArgs,
    direction: Direction,
    plan: impl Fn(&Found<'_>, &str) -> Planned,
) -> Result<ExitCode, Failure> {
    let original = Original::read(&args.file)?;
    let name = original.path().display().to_string();
    let text = original.text();
    let root = document::parse(text, &name)?;
    let servers = document::servers(&root);
    refuse_unknown(&servers, args, &name)?;
    let chosen = |found: &&Found<'_>| args.servers.is_empty() || args.servers.iter().any(|n| n == found.name);
    let planned: Vec<Planned> = servers.iter().filter(chosen).map(|found| plan(found, text)).collect();
    let edits: Vec<Edit> = planned.iter().flat_map(Planned::edits).cloned().collect();
    let changed = apply(text, &edits).filter(|changed| document::parse(changed, &name).is_ok());
    let changed =
        changed.ok_or_else(|| Failure::unavailable(format!("`{name}` cannot be changed safely")))?;

    let shown = Shown { name: &name, old: text, new: &changed, planned: &planned, direction };
    if !place.json {
        print(&shown.text())?;
    }
    let agreed = if edits.is_empty() { Agreed::Nothing } else { agree(args, place.json)? };
    let backup = match agreed {
        Agreed::Yes => Some(original.replace(&changed, Timestamp::now())?),
        Agreed::No | Agreed::NobodyThere | Agreed::Nothing => None,
    };
    let end = match place.json {
        true => shown.json(backup.as_deref())?,
        false => shown.end(agreed, args, backup.as_deref()),
    };
    print(&end)?;
    Ok(match agreed {
        Agreed::Yes | Agreed::Nothing => ExitCode::SUCCESS,
        Agreed::No => ExitCode::from(REFUSED),
        Agreed::NobodyThere if args.dry_run => ExitCode::SUCCESS,
        Agreed::NobodyThere => ExitCode::from(HELD),
    })
}

/// Whether the change is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Agreed {
    Yes,
    No,
    /// It was only to be shown, or nobody could be asked.
    NobodyThere,
    /// There is nothing to agree to.
    Nothing,
}

fn agree(args: &ClientArgs, json: bool) -> Result<Agreed, Failure> {
    if args.yes {
        return Ok(Agreed::Yes);
    }
    let (stdin, mut stderr) = (std::io::stdin(), std::io::stderr());
    if args.dry_run || json || !stdin.is_terminal() || !stderr.is_terminal() {
        return Ok(Agreed::NobodyThere);
    }
    write!(stderr, "write this? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    let yes = ["y", "yes"].iter().any(|yes| answer.trim().eq_ignore_ascii_case(yes));
    Ok(if yes { Agreed::Yes } else { Agreed::No })
}

fn refuse_unknown(servers: &[Found<'_>], args: &ClientArgs, name: &str) -> Result<(), Failure> {
    if servers.is_empty() {
        return Err(Failure::usage(format!("`{name}` has no MCP servers"))
            .hint("they stand under `mcpServers`, `servers` or `mcp.servers`; is it the right file?"));
    }
    let Some(unknown) = args.servers.iter().find(|asked| servers.iter().all(|found| found.name != **asked))
    else {
        return Ok(());
    };
    let known: Vec<&str> = servers.iter().map(|found| found.name).collect();
    Err(Failure::usage(format!("`{name}` has no server `{unknown}`"))
        .hint(format!("it has: {}", known.join(", "))))
}

impl Planned {
    fn edits(&self) -> &[Edit] {
        match &self.step {
            Step::Change { edits, .. } => edits,
            Step::Leave { .. } => &[],
        }
    }
}

/// Everything there is to show.
struct Shown<'a> {
    name: &'a str,
    old: &'a str,
    new: &'a str,
    planned: &'a [Planned],
    direction: Direction,
}

impl Shown<'_> {
    fn text(&self) -> String {
        let mut text = report::lines(self.direction, self.planned);
        if self.old != self.new {
            let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let colour = match std::io::stdout().is_terminal() && !no_colour {
                true => Colour::On,
                false => Colour::Off,
            };
            text.push('\n');
            text.push_str(&diff::unified(self.name, self.old, self.new, colour));
            text.push('\n');
        }
        text
    }

    fn end(&self, agreed: Agreed, args: &ClientArgs, backup: Option<&Path>) -> String {
        let file = args.file.display();
        let again = match self.direction {
            Direction::Wrap => {
                format!("restart the client; `lastlook unwrap {file}` takes the boundary out again")
            }
            Direction::Unwrap => {
                "restart the client; nothing stands in front of these servers now".to_owned()
            }
        };
        match (agreed, backup) {
            (Agreed::Nothing, _) => "nothing to change\n".to_owned(),
            (Agreed::No, _) => "nothing was written\n".to_owned(),
            (Agreed::NobodyThere, _) => "nothing was written: `--yes` writes it\n".to_owned(),
            (Agreed::Yes, Some(backup)) => {
                format!("written; the file as it was: {}\n{again}\n", backup.display())
            }
            (Agreed::Yes, None) => String::new(),
        }
    }

    fn json(&self, backup: Option<&Path>) -> Result<String, Failure> {
        let diff = match self.old == self.new {
            true => String::new(),
            false => diff::unified(self.name, self.old, self.new, Colour::Off),
        };
        text::json(&json!({
            "file": self.name,
            "written": backup.is_some(),
            "backup": backup.map(|path| path.display().to_string()),
            "servers": report::json(self.planned),
            "diff": diff,
        }))
    }
}

fn own_path() -> Option<String> {
    std::env::current_exe().ok()?.to_str().map(str::to_owned)
}

fn whole_path(path: &Path) -> Result<String, Failure> {
    let whole = std::path::absolute(path)?;
    whole.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::usage(format!("`{}` is not UTF-8, and cannot be written into the file", path.display()))
            .hint("name another path")
    })
}
