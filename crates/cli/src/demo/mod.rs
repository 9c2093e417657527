//! demo
pub mod notes_server;
/// args
#[derive(Debug, clap::Args)]
pub struct DemoArgs {}
/// run
pub fn run(_args: &DemoArgs) -> anyhow::Result<std::process::ExitCode> { Ok(std::process::ExitCode::SUCCESS) }
