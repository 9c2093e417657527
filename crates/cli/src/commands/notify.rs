//! `lastlook notify test`: whether messages arrive.

use std::process::ExitCode;

use lastlook_engine::config::{Config, HookConfig};
use lastlook_engine::notify::{Hook, Notice};
use lastlook_upstream::hook::HookClient;
use serde_json::json;

use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// Whom `[notify]` of the configuration tells that something waits
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct NotifyArgs {
    #[command(subcommand)]
    command: NotifyCommand,
}

#[derive(Debug, clap::Subcommand)]
enum NotifyCommand {
    Test(TestArgs),
}

/// Send a test message, and say what came back
///
/// To every hook of the configuration, or to one. It is sent as real messages are: signed, with three tries of five seconds
/// each, no redirects. Exit code 1: some hook did not take it.
#[derive(Debug, clap::Args)]
struct TestArgs {
    /// One hook, by its name
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// Sends what was asked for.
pub fn run(place: &Place, args: &NotifyArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        NotifyCommand::Test(args) => test(place, args),
    }
}

fn test(place: &Place, args: &TestArgs) -> Result<ExitCode, Failure> {
    let Some(config) = place.load_config()? else {
        return Err(Failure::usage("there is no configuration file").hint("name it with `--config FILE`"));
    };
    let client = HookClient::new().map_err(|error| Failure::unavailable(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut all_taken = true;
    for (name, hook) in chosen(&config, args.name.as_deref())? {
        let (host, done) = runtime.block_on(send(&client, hook));
        all_taken &= done.is_ok();
        print(&line(place, name, &host, &done)?)?;
    }
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    Ok(if all_taken { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn chosen<'c>(config: &'c Config, name: Option<&str>) -> Result<Vec<(&'c String, &'c HookConfig)>, Failure> {
    let path = config.path.display();
    if config.hooks.is_empty() {
        return Err(Failure::usage(format!("`{path}` declares no hook"))
            .hint("declare one: [notify.NAME] url = …; see the configuration's reference"));
    }
    let hooks: Vec<_> =
        config.hooks.iter().filter(|(known, _)| name.is_none_or(|name| name == *known)).collect();
    match (hooks.is_empty(), name) {
        (true, Some(name)) => {
            let known: Vec<&str> = config.hooks.keys().map(String::as_str).collect();
            Err(Failure::usage(format!("`{path}` declares no hook `{name}`"))
                .hint(format!("it declares: {}", known.join(", "))))
        }
        _ => Ok(hooks),
    }
}

/// Where it was sent, as far as that may be shown, and what came back.
async fn send(client: &HookClient, config: &HookConfig) -> (String, Result<u16, String>) {
    match Hook::new(config, |variable| std::env::var(variable).ok()) {
        Err(why) => (String::new(), Err(why)),
        Ok(hook) => {
            let done = hook.deliver(client, &Notice::test()).await;
            (hook.host(), done.map_err(|why| why.to_string()))
        }
    }
}

fn line(place: &Place, name: &str, host: &str, done: &Result<u16, String>) -> Result<String, Failure> {
    if place.json {
        let (status, error) = (done.as_ref().ok(), done.as_ref().err());
        let host = Some(host).filter(|host| !host.is_empty());
        return text::json(&json!({"hook": name, "host": host, "status": status, "error": error}));
    }
    Ok(match (done, host) {
        (Ok(status), host) => format!("{name}: {host} took it ({status})\n"),
        (Err(why), "") => format!("{name}: nothing was sent: {why}\n"),
        (Err(why), host) => format!("{name}: {host} did not take it: {why}\n"),
    })
}
