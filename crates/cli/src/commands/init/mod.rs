//! `lastlook init`: looks at a server, and writes a configuration to start from.

mod arguments;
mod compare;
mod document;
mod output;
mod propose;
mod session;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use jiff::{Timestamp, tz::TimeZone};
use lastlook_canon::Json;
use lastlook_engine::config::{Config, Profile};
use lastlook_kernel::{Class, Definition};
use lastlook_upstream::child::ChildSpec;
use serde_json::json;

use self::compare::{Moved, moved};
use self::document::Start;
use self::output::Output;
use self::propose::{Proposal, propose};
use self::session::Session;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// The least time between two readings of one tool: what counts seconds must have moved.
const APART: Duration = Duration::from_millis(1100);

/// Look at a server, and write a configuration to start from
///
/// The server is started, its tools are listed, and each gets a proposed class with whose word it is. Tools that only
/// read, and need no arguments or offer them in their schema, are called twice, to see which parts of their answers move
/// by themselves; nothing else is ever called. The file is a start: it marks with `review:` what a person should look at.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// What to call the server: letters, digits, `-` and `_` [default: after its command]
    #[arg(long, value_name = "NAME")]
    upstream_name: Option<String>,
    /// Where to write; `-` is standard output [default: the configuration file that `lastlook mcp` reads]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file that is there already; it is kept beside the new one
    #[arg(long)]
    force: bool,
    /// Call no tool at all
    #[arg(long)]
    no_calls: bool,
    /// How many seconds the server may take to start, and for its list of tools
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    /// The server's command
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// One tool of the server, and what was found of it.
#[derive(Debug)]
struct Listed {
    name: String,
    description: Option<String>,
    schema: Option<Json>,
    proposal: Proposal,
    tried: Tried,
}

/// Whether a tool was called.
#[derive(Debug)]
enum Tried {
    Not(String),
    Twice(Moved),
}

/// Looks, and writes.
pub fn run(place: &Place, args: &InitArgs) -> Result<ExitCode, Failure> {
    let output = Output::find(args.output.as_deref(), place)?;
    output.check(args.force)?;
    let command = whole_command(&args.command)?;
    let upstream = name_of(args.upstream_name.as_deref(), &command)?;
    let cwd = folder_that_matters(&command)?;
    let profile = Profile::detect(&command);

    let spec = ChildSpec { command: command.clone(), cwd: None, env: Default::default() };
    let session = Session::open(&spec, Duration::from_secs(args.timeout))?;
    let mut tools = list(&session, profile)?;
    if !args.no_calls {
        read_twice(&session, profile, &mut tools);
    }
    let server = session.server.clone();
    drop(session);

    let start = Start {
        upstream: &upstream,
        command: &command,
        cwd: cwd.as_ref(),
        profile: profile.map(Profile::name),
        server: if server.is_empty() { &upstream } else { &server },
        date: Timestamp::now().to_zoned(TimeZone::system()).date().to_string(),
        tools: &tools,
    };
    let text = document::toml(&start)
        .ok_or_else(|| Failure::usage("the command has a word that cannot be written into a file"))?;
    // What could not be read again would be worse than nothing.
    Config::parse(&text, "the new configuration").map_err(Failure::config)?;
    let backup = output.write(&text, args.force, Timestamp::now())?;
    report(place, &output, &start, &text, backup.as_deref())?;
    Ok(ExitCode::SUCCESS)
}

fn list(session: &Session, profile: Option<&'static Profile>) -> Result<Vec<Listed>, Failure> {
    let mut names = BTreeSet::new();
    let listed = session.tools()?.into_iter().filter_map(|tool| {
        let (name, definition) = Definition::from_listed(&tool)?;
        // A name that comes twice is one tool to whoever calls it.
        let new = !name.is_empty() && names.insert(name.clone());
        new.then(|| Listed {
            proposal: propose(&name, &tool, profile),
            description: tool.get("description").and_then(Json::as_str).map(str::to_owned),
            schema: definition.input_schema,
            tried: Tried::Not("it was not to be called".to_owned()),
            name,
        })
    });
    let listed: Vec<Listed> = listed.collect();
    if listed.is_empty() {
        return Err(Failure::unavailable("the server lists no tools")
            .hint("there is nothing to configure: is it the right server, and does it need arguments?"));
    }
    Ok(listed)
}

/// Calls what is safe to call, twice, and notes what moved.
fn read_twice(session: &Session, profile: Option<&'static Profile>, tools: &mut [Listed]) {
    let began = Instant::now();
    let mut first = Vec::new();
    for (at, listed) in tools.iter_mut().enumerate() {
        match safe_arguments(listed, profile) {
            Ok(arguments) => {
                let answer = session.call(&listed.name, &arguments);
                first.push((at, arguments, answer));
            }
            Err(why) => listed.tried = Tried::Not(why),
        }
    }
    if first.is_empty() {
        return;
    }
    std::thread::sleep(APART.saturating_sub(began.elapsed()));
    for (at, arguments, answer) in first {
        let Some(listed) = tools.get_mut(at) else { continue };
        let again = session.call(&listed.name, &arguments);
        let known =
            profile.and_then(|profile| profile.tool(&listed.name)?.ignore.clone()).unwrap_or_default();
        let moved = answer.zip(again).map_or(Moved::Unread, |(first, second)| moved(&first, &second, &known));
        listed.tried = Tried::Twice(moved);
    }
}

/// The arguments to read a tool with; or why it is not called.
fn safe_arguments(listed: &Listed, profile: Option<&'static Profile>) -> Result<serde_json::Value, String> {
    if listed.proposal.class != Class::Read {
        return Err("it may change something".to_owned());
    }
    if profile.and_then(|profile| profile.tool(&listed.name)?.retake) == Some(false) {
        return Err("the profile says that it is never repeated".to_owned());
    }
    arguments::offered(listed.schema.as_ref()).map_err(|name| format!("it needs `{name}`"))
}

/// The command as it can stand in a configuration: its program by name, or by its whole path.
fn whole_command(command: &[String]) -> Result<Vec<String>, Failure> {
    let mut words = command.to_vec();
    if let Some(program) = words.first_mut().filter(|program| program.contains('/')) {
        let whole = std::path::absolute(&*program)?;
        *program = whole.to_str().unwrap_or(program).to_owned();
    }
    Ok(words)
}

/// The folder we are in, when a word of the command names something relative to it.
fn folder_that_matters(command: &[String]) -> Result<Option<PathBuf>, Failure> {
    let is_relative = |word: &String| {
        let path = Path::new(word);
        !word.is_empty() && !word.starts_with('-') && path.is_relative() && path.exists()
    };
    match command.iter().skip(1).any(is_relative) {
        true => Ok(Some(std::env::current_dir()?)),
        false => Ok(None),
    }
}

/// The name that was asked for, else the profile's, else one after the program.
fn name_of(asked: Option<&str>, command: &[String]) -> Result<String, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if let Some(asked) = asked {
        if asked.is_empty() || !asked.chars().all(plain) {
            return Err(Failure::usage(format!("`{asked}` cannot name an upstream"))
                .hint("only letters, digits, `-` and `_`"));
        }
        return Ok(asked.to_owned());
    }
    if let Some(profile) = Profile::detect(command) {
        return Ok(profile.name().trim_start_matches("lastlook-").to_owned());
    }
    // The last word that is not an option or a path to a folder is most often the server's package or script.
    let named =
        command.iter().filter(|word| !word.starts_with('-') && !Path::new(word).is_dir()).find_map(|word| {
            let name = word.rsplit('/').next()?.split(['@', '=']).next()?;
            let name = name.strip_suffix(".py").or_else(|| name.strip_suffix(".js")).unwrap_or(name);
            let name = name.trim_start_matches("mcp-").trim_start_matches("server-").trim_end_matches("-mcp");
            let runner = [
                "npx", "uvx", "uv", "run", "node", "python", "python3", "bunx", "env", "index", "mcp",
                "server",
            ];
            (!name.is_empty() && name.chars().all(plain) && !runner.contains(&name)).then(|| name.to_owned())
        });
    Ok(named.unwrap_or_else(|| "server".to_owned()))
}

fn report(
    place: &Place,
    output: &Output,
    start: &Start<'_>,
    text: &str,
    backup: Option<&Path>,
) -> Result<(), Failure> {
    let reviews = document::reviews(text);
    if place.json {
        let file = match output {
            Output::Stdout => None,
            Output::File { path, .. } => Some(path.display().to_string()),
        };
        let tools = table::json(start.tools);
        let line = text::json(&json!({
            "file": file, "backup": backup.map(|path| path.display().to_string()), "upstream": start.upstream,
            "server": start.server, "profile": start.profile, "reviews": reviews, "tools": tools,
            "text": file.is_none().then_some(text),
        }))?;
        print(&line)?;
        return Ok(());
    }
    let classes = [Class::Read, Class::Write, Class::Destructive]
        .map(|class| format!("{} {}", document::count(start.tools, class), class.as_str()));
    let seen = format!(
        "{}: {} tools, {}\n\n{}\n",
        clean(start.server),
        start.tools.len(),
        classes.join(", "),
        table::table(start.tools)
    );
    match output {
        Output::Stdout => {
            eprint!("{seen}");
            print(text)?;
        }
        Output::File { path, is_default } => {
            let (name, path) = (start.upstream, path.display());
            let config = if *is_default { String::new() } else { format!(" --config {path}") };
            let kept = backup.map(|backup| format!("the file as it was: {}\n", backup.display()));
            let look = match reviews {
                0 => "read it through".to_owned(),
                1 => "go through its one line that says `review:`".to_owned(),
                many => format!("go through its {many} lines that say `review:`"),
            };
            print(&format!(
                "{seen}written to {path}\n{}\nnext:\n  \
                 1. {look}\n  \
                 2. try it: lastlook mcp{config} --upstream {name}\n  \
                 3. put it before the server in your client: lastlook wrap{config} CLIENT.json\n",
                kept.unwrap_or_default(),
            ))?;
        }
    }
    Ok(())
}
