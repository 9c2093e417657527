//! `lastlook policy`: the schema that policies are written against, their check, and tests of them.

mod cases;
mod check;
mod judge;
mod schema;
mod test;
pub mod tools;
mod values;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lastlook_engine::Rulebook;
use lastlook_engine::config::Config;

use crate::failure::Failure;
use crate::place::Place;

/// The schema of policies, and whether they are right
#[derive(Debug, clap::Args)]
pub struct PolicyArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Schema(SchemaArgs),
    Check(CheckArgs),
    Test(TestArgs),
}

/// Print the Cedar schema that policies are checked against
///
/// It is made of the tools as their servers list them, of the facts and resources that guards give them, and of the
/// configured principal and groups. The upstreams are started; no tool is called.
#[derive(Debug, clap::Args)]
struct SchemaArgs {
    /// Only this upstream's tools; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    upstream: Vec<String>,
    /// Also write the tools as they are listed, for `policy check` and `policy test` where no server runs
    #[arg(long, value_name = "FILE")]
    tools_to: Option<PathBuf>,
    #[command(flatten)]
    patience: Patience,
}

/// Check the policies against the tools as their servers list them
///
/// A misspelt attribute, a policy that could err for a tool it applies to, and one that can never apply are mistakes alike,
/// shown with their lines. Exit code 0: the policies fit. 1: they do not. 2: they cannot be read.
#[derive(Debug, clap::Args)]
struct CheckArgs {
    /// Only this upstream's tools; may be given several times [default: all]
    #[arg(long, value_name = "NAME")]
    upstream: Vec<String>,
    /// Take the tools from a file that `policy schema --tools-to` wrote; no server is started
    #[arg(long, value_name = "FILE", conflicts_with = "upstream")]
    tools: Option<PathBuf>,
    #[command(flatten)]
    patience: Patience,
}

/// Try the policies, and the conditions of guards, on cases with known answers
///
/// CASES.toml holds `[[case]]`s: who, which tool, with which arguments, facts and steps, and what must come out. Nothing
/// runs, unless the file says `live = ["shop"]` and so takes the tools from that server. Exit code 0: all cases came out
/// as expected. 1: at least one did not.
#[derive(Debug, clap::Args)]
struct TestArgs {
    /// The cases
    #[arg(value_name = "CASES.toml")]
    cases: PathBuf,
    #[command(flatten)]
    patience: Patience,
}

#[derive(Debug, Clone, Copy, clap::Args)]
struct Patience {
    /// How many seconds each server may take to start, and for its list of tools
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

impl Patience {
    fn limit(self) -> Duration {
        Duration::from_secs(self.timeout)
    }
}

/// Runs one of them.
pub fn run(place: &Place, args: &PolicyArgs) -> Result<ExitCode, Failure> {
    let Some(config) = place.load_config()? else {
        return Err(Failure::usage("there is no configuration file, so no policies and no tools")
            .hint("name it with `--config FILE`; `lastlook init` writes one"));
    };
    let exe = std::env::current_exe()?;
    let book = Rulebook::new(Some(&config), &exe).map_err(Failure::config)?;
    match &args.command {
        Command::Schema(args) => schema::run(place, &config, &book, args),
        Command::Check(args) => check::run(place, &config, &book, args),
        Command::Test(args) => test::run(place, &config, &book, args),
    }
}

/// The servers that were asked for, or all of them.
fn chosen(config: &Config, asked: &[String]) -> Result<Vec<String>, Failure> {
    let servers = config.upstreams.iter().filter(|(_, upstream)| !upstream.program);
    let known: Vec<&str> = servers.map(|(name, _)| name.as_str()).collect();
    if let Some(unknown) = asked.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Failure::usage(format!("`{}` declares no upstream `{unknown}`", config.path.display()))
            .hint(format!("it declares: {}", known.join(", "))));
    }
    if known.is_empty() {
        return Err(Failure::usage(format!("`{}` declares no upstream", config.path.display()))
            .hint("declare it: [upstream.NAME] command = […]"));
    }
    Ok(match asked.is_empty() {
        true => known.into_iter().map(str::to_owned).collect(),
        false => asked.to_vec(),
    })
}
