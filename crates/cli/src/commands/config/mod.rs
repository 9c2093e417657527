//! `lastlook config`: what the configuration says, and whether it can be used.

mod check;
mod schema;
mod show;

use std::process::ExitCode;

use crate::failure::Failure;
use crate::place::Place;

/// Show the configuration, check it, or print its schema
#[derive(Debug, clap::Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Print every setting of the file with its line; secrets are struck out
    Show(show::ShowArgs),
    /// Read the configuration and its policies, and say all that is wrong with them
    ///
    /// Nothing is started and nothing is asked. What only a server's tools can tell, their arguments above all, is checked
    /// when it is started.
    Check,
    /// Print the JSON Schema of the configuration file, for editors
    Schema,
}

/// Runs one of them.
pub fn run(place: &Place, args: &ConfigArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        ConfigCommand::Show(args) => show::run(place, args),
        ConfigCommand::Check => check::run(place),
        ConfigCommand::Schema => schema::run(),
    }
}

fn none() -> Failure {
    Failure::usage("there is no configuration")
        .hint("name the file with `--config FILE`; without one, defaults hold")
}
