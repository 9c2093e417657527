//! `lastlook check`: whether a call would run now, and why. Nothing is sent, recorded or reserved.

mod arguments;
mod json;
mod words;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use lastlook_canon::Json;
use lastlook_engine::check::{Bench, CheckError, Checked};
use lastlook_engine::config::Config;
use lastlook_kernel::{Principal, ToolName};
use lastlook_store::StateDir;
use lastlook_upstream::source::Bounds;

use crate::commands::mcp::principal;
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::progress::Progress;
use crate::record::print::print;
use crate::record::text;

/// The most bytes of a server's answer to the handshake or of its whole list of tools.
const MOST_BYTES: usize = 16 << 20;

/// Say whether a call would run now, and why
///
/// Judges as the boundary would at the last look: policies, templates, window, facts read now, conditions, steps, and what
/// the record says of once, limits and leases. Nothing is sent, recorded or reserved. The upstream is started to list its
/// tools, and read tools that facts name are called. Values are shown: this is for an operator.
///
/// Without a session nothing was read by an agent, so what must be unchanged refuses with `basis-missing`; with
/// `--as-if-read` the facts as they are now stand for what was read.
///
/// Exit code 0: it would run. 1: it would be refused. 2: usage or configuration. 4: something cannot be reached.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// The tool, as the configuration names it: `shop.refund`
    #[arg(value_name = "UPSTREAM.TOOL")]
    tool: String,
    /// Its arguments: JSON, `@FILE`, or `-` for standard input
    #[arg(long, value_name = "JSON", default_value = "{}")]
    args: String,
    /// Take the facts as they are now for what the agent read
    #[arg(long)]
    as_if_read: bool,
    /// How many seconds the server may take to start, and for its list of tools
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Checks one call.
pub fn run(place: &Place, args: &CheckArgs) -> Result<ExitCode, Failure> {
    let Some(config) = place.load_config()? else {
        return Err(Failure::usage("there is no configuration file, so no upstream that could be asked")
            .hint("name it with `--config FILE`; `lastlook init` writes one"));
    };
    let tool = tool_named(&args.tool, &config)?;
    let arguments = arguments::read(&args.args)?;
    let call = Call { tool, arguments, who: principal(Some(&config)), as_if_read: args.as_if_read };
    let checked = look(place, &config, &call, Duration::from_secs(args.timeout))?;
    print(&match place.json {
        true => text::json(&json::of(&checked, &call.arguments, args.as_if_read))?,
        false => words::of(&checked, &call.arguments, args.as_if_read),
    })?;
    Ok(if checked.enforced.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

/// A call that is looked at, and not made.
pub struct Call {
    /// The tool.
    pub tool: ToolName,
    /// Its arguments.
    pub arguments: Json,
    /// Who would make it.
    pub who: Principal,
    /// Whether the facts as they are now stand for what was read.
    pub as_if_read: bool,
}

/// Looks at a call as the boundary would, and sends nothing.
pub fn look(place: &Place, config: &Config, call: &Call, timeout: Duration) -> Result<Checked, Failure> {
    // Without a record nothing was done yet: an empty one says the same.
    let (state, _removed_at_the_end) = match place.existing_folder() {
        Ok(folder) => {
            let state = place.open_at(&folder)?;
            // Nothing would run on it at all.
            state.check_was_not_put_back()?;
            (state, None)
        }
        Err(_) => {
            let folder = tempfile::Builder::new().prefix("lastlook-check-").tempdir()?;
            (StateDir::open(folder.path())?, Some(folder))
        }
    };
    let bounds = Bounds { timeout, max_bytes: MOST_BYTES };
    let exe = std::env::current_exe()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let upstream = &call.tool.upstream;
    let progress = Progress::on(&format!("asking {upstream}"), place.json);
    let checked = runtime.block_on(async {
        let bench = Bench::open(config, upstream, call.who.clone(), &exe, Arc::new(state), &bounds).await?;
        let checked = bench.boundary.check(&call.tool.tool, &call.arguments, call.as_if_read).await;
        bench.close().await;
        checked
    });
    drop(progress);
    checked.map_err(failed)
}

/// The tool of this name, of an upstream that the configuration declares.
pub fn tool_named(text: &str, config: &Config) -> Result<ToolName, Failure> {
    let Some(tool) = ToolName::parse(text) else {
        return Err(Failure::usage(format!("`{text}` is not UPSTREAM.TOOL"))
            .hint("write the upstream's name, a dot, and the tool's: shop.refund"));
    };
    if config.upstreams.contains_key(&tool.upstream) {
        return Ok(tool);
    }
    let known: Vec<&str> = config.upstreams.keys().map(String::as_str).collect();
    Err(Failure::usage(format!("`{}` declares no upstream `{}`", config.path.display(), tool.upstream)).hint(
        match known.is_empty() {
            true => "declare it: [upstream.NAME] command = […]".to_owned(),
            false => format!("it declares: {}", known.join(", ")),
        },
    ))
}

fn failed(error: CheckError) -> Failure {
    match error {
        CheckError::Config(error) => Failure::config(error),
        CheckError::State(error) => error.into(),
        CheckError::Store(error) => error.into(),
        CheckError::NoUpstream(_) | CheckError::Program(_) => Failure::usage(error.to_string()),
        CheckError::Upstream { .. } => Failure::unavailable(error.to_string())
            .hint("what it printed stands above; see whether its command runs by itself"),
        CheckError::NoRandomness(_) => Failure::unavailable(error.to_string()),
    }
}
