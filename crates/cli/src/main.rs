//! `lastlook`: check every AI-driven action again at the moment it runs.

mod commands;
mod credentials;
mod demo;
mod failure;
mod place;
mod progress;
mod reach;
mod record;
mod secret;
mod tell;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::Failure;
use crate::place::Place;

/// Check every AI-driven action again at the moment it runs
///
/// lastlook stands between an agent and the tools it calls. It sees what the agent reads; when the agent acts, it reads
/// the same things again, and refuses if they changed. Every attempt leaves a receipt that anyone can verify.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Debug, Subcommand)]
enum Subcommands {
    /// Tell three short stories on real processes, and check them
    Demo(demo::DemoArgs),
    /// Stand in front of an MCP server on standard input and output
    Mcp(commands::mcp::McpArgs),
    Init(commands::init::InitArgs),
    Wrap(commands::wrap::WrapArgs),
    Unwrap(commands::unwrap::UnwrapArgs),
    Log(commands::log::LogArgs),
    Show(commands::show::ShowArgs),
    Receipt(commands::receipt::ReceiptArgs),
    Keys(commands::keys::KeysArgs),
    Verify(commands::verify::VerifyArgs),
    Replay(commands::replay::ReplayArgs),
    Witness(commands::witness::WitnessArgs),
    Backup(commands::backup::BackupArgs),
    Restored(commands::restored::RestoredArgs),
    Resolve(commands::resolve::ResolveArgs),
    Approvals(commands::approvals::ApprovalsArgs),
    Approve(commands::decide::ApproveArgs),
    Reject(commands::decide::RejectArgs),
    Revoke(commands::decide::RevokeArgs),
    Grant(commands::grants::GrantArgs),
    Grants(commands::grants::GrantsArgs),
    Console(commands::console::ConsoleArgs),
    Notify(commands::notify::NotifyArgs),
    Halt(commands::halt::HaltArgs),
    Resume(commands::resume::ResumeArgs),
    Halts(commands::halts::HaltsArgs),
    Approvers(commands::approvers::ApproversArgs),
    Claims(commands::claims::ClaimsArgs),
    Config(commands::config::ConfigArgs),
    Reload(commands::reload::ReloadArgs),
    Check(commands::check::CheckArgs),
    Doctor(commands::doctor::DoctorArgs),
    Policy(commands::policy::PolicyArgs),
    #[command(hide = true)]
    Child(commands::child::ChildArgs),
    #[command(hide = true)]
    DemoNotesServer(demo::notes_server::NotesServerArgs),
}

fn main() -> ExitCode {
    let Cli { place, command } = Cli::parse();
    let done = match command {
        Subcommands::Demo(args) => demo::run(&args).map_err(Failure::from),
        Subcommands::Mcp(args) => commands::mcp::run(&place, &args),
        Subcommands::Init(args) => commands::init::run(&place, &args),
        Subcommands::Wrap(args) => commands::wrap::run(&place, &args),
        Subcommands::Unwrap(args) => commands::unwrap::run(&place, &args),
        Subcommands::Log(args) => commands::log::run(&place, &args),
        Subcommands::Show(args) => commands::show::run(&place, &args),
        Subcommands::Receipt(args) => commands::receipt::run(&place, &args),
        Subcommands::Keys(args) => commands::keys::run(&place, &args),
        Subcommands::Verify(args) => commands::verify::run(&place, &args),
        Subcommands::Replay(args) => commands::replay::run(&place, &args),
        Subcommands::Witness(args) => commands::witness::run(&place, &args),
        Subcommands::Backup(args) => commands::backup::run(&place, &args),
        Subcommands::Restored(args) => commands::restored::run(&place, &args),
        Subcommands::Resolve(args) => commands::resolve::run(&place, &args),
        Subcommands::Approvals(args) => commands::approvals::run(&place, &args),
        Subcommands::Approve(args) => commands::decide::approve(&place, &args),
        Subcommands::Reject(args) => commands::decide::reject(&place, &args),
        Subcommands::Revoke(args) => commands::decide::revoke(&place, &args),
        Subcommands::Grant(args) => commands::grants::give(&place, &args),
        Subcommands::Grants(args) => commands::grants::run(&place, &args),
        Subcommands::Console(args) => commands::console::run(&place, &args),
        Subcommands::Notify(args) => commands::notify::run(&place, &args),
        Subcommands::Halt(args) => commands::halt::run(&place, &args),
        Subcommands::Resume(args) => commands::resume::run(&place, &args),
        Subcommands::Halts(args) => commands::halts::run(&place, &args),
        Subcommands::Approvers(args) => commands::approvers::run(&place, &args),
        Subcommands::Claims(args) => commands::claims::run(&place, &args),
        Subcommands::Config(args) => commands::config::run(&place, &args),
        Subcommands::Reload(args) => commands::reload::run(&place, &args),
        Subcommands::Check(args) => commands::check::run(&place, &args),
        Subcommands::Doctor(args) => commands::doctor::run(&place, &args),
        Subcommands::Policy(args) => commands::policy::run(&place, &args),
        Subcommands::Child(args) => commands::child::run(&args),
        Subcommands::DemoNotesServer(args) => {
            demo::notes_server::run(&args).map(|()| ExitCode::SUCCESS).map_err(Failure::from)
        }
    };
    done.unwrap_or_else(|failure| failure.report(place.json))
}
