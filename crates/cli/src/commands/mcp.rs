//! `lastlook mcp`: the boundary in front of an MCP server on standard input and output.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use lastlook_canon::{Digest, Limits};
use lastlook_engine::config::{Config, UpstreamRules};
use lastlook_engine::notify::Notifier;
use lastlook_engine::reload::{Reloaded, Reloader};
use lastlook_engine::witness::Asker;
use lastlook_engine::{Boundary, Catalog, Parts, Rulebook, Settings, ids};
use lastlook_kernel::{After, Principal};
use lastlook_server::mcp::{End, Serve, serve};
use lastlook_store::SqliteStore;
use lastlook_upstream::Link;
use lastlook_upstream::child::{self, ChildSpec};

use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::reach::within_reach;
use crate::tell;

/// Stand in front of an MCP server on standard input and output
///
/// Put it before the server's command in your MCP client's configuration; nothing else changes:
///
///   lastlook mcp -- npx -y @modelcontextprotocol/server-filesystem ./notes
///
/// An effect whose basis changed since the agent read it is refused with an answer the agent can act on; so is what the
/// guards and policies of a configuration do not let through. Everything else passes as it is. `lastlook log` shows what
/// happened.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct McpArgs {
    /// Refuse nothing; record what would have been refused
    #[arg(long)]
    audit: bool,
    /// Run the server that the configuration declares under this name
    #[arg(long, value_name = "NAME", required_unless_present = "command")]
    upstream: Option<String>,
    /// The server's command; with `--upstream`, it is run instead of the declared one, under the rules of that name, unless
    /// a guard asks people to approve what it does, or takes what it did for a step
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Runs one session to its end.
pub fn run(place: &Place, args: &McpArgs) -> Result<ExitCode, Failure> {
    log_to_stderr();
    let config = place.load_config()?;
    let (name, spec) = upstream(args, config.as_ref())?;
    let state = Arc::new(place.open_unattended()?);
    look_at_reach(&state.paths().root, config.as_ref(), &spec)?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let exe = std::env::current_exe()?;
    let rulebook = Rulebook::new(config.as_ref(), &exe).map_err(Failure::config)?;
    let reloader = config.clone().and_then(|config| Reloader::new(config, &rulebook, &exe));
    let started = child::start(&exe, &spec).map_err(Failure::from)?;

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let nonce = ids::random().map_err(|error| Failure::unavailable(error.to_string()))?;
    let link = Arc::new(Link::new(started.stdin, nonce));
    let notifier = Arc::new(Notifier::new(|warning| tracing::warn!("{warning}")));
    let boundary = Arc::new(Boundary::new(Parts {
        store,
        state: Arc::clone(&state),
        settings: Settings::new(config.as_ref(), args.audit),
        principal: principal(config.as_ref()),
        upstream: name.clone(),
        link,
        group: started.group.clone(),
        catalog: Catalog::new(UpstreamRules::new(config.as_ref(), &name, &spec.command)),
        rulebook,
        notifier: Arc::clone(&notifier),
    }));
    if let Some(reloader) = reloader {
        runtime.spawn(keep_current(reloader, Arc::clone(&boundary)));
    }
    let asker =
        config.is_some().then(|| Asker::start(Arc::clone(&boundary), |warning| tracing::warn!("{warning}")));
    let asker = asker.transpose()?;
    let end = serve(
        &runtime,
        Serve {
            boundary,
            from_server: started.stdout,
            from_client: File::from(rustix::io::dup(rustix::stdio::stdin()).map_err(std::io::Error::from)?),
            to_client: File::from(rustix::io::dup(rustix::stdio::stdout()).map_err(std::io::Error::from)?),
            child: started.child,
            group: started.group,
            limits: Limits::default(),
        },
    )
    .map_err(|error| Failure::unavailable(error.to_string()))?;
    tell::finish(&notifier);
    if let Some(asker) = asker {
        asker.finish(tell::PATIENCE);
    }
    // A thread may still be blocked reading the client; its memory is all that would be waited for.
    runtime.shutdown_background();
    match end {
        End::Client | End::Signal => Ok(ExitCode::SUCCESS),
        End::Server => Err(Failure::unavailable(format!("the upstream `{name}` ended"))
            .hint("what it printed stands above; its own log may say more")),
    }
}

/// The upstream's name, the same for every process in front of the same server, and how to start it.
fn upstream(args: &McpArgs, config: Option<&Config>) -> Result<(String, ChildSpec), Failure> {
    let Some(name) = &args.upstream else {
        let spec = ChildSpec { command: args.command.clone(), cwd: None, env: Default::default() };
        return Ok((name_of(&args.command), spec));
    };
    let Some(config) = config else {
        return Err(Failure::usage(format!(
            "there is no configuration that could declare upstream `{name}`"
        ))
        .hint("name the file with `--config FILE`"));
    };
    let Some(upstream) = config.upstreams.get(name) else {
        let known: Vec<&str> = config.upstreams.keys().map(String::as_str).collect();
        return Err(Failure::usage(format!("`{}` declares no upstream `{name}`", config.path.display()))
            .hint(format!("it declares: {}", known.join(", "))));
    };
    if upstream.program {
        let says =
            format!("upstream `{name}` is a program that embeds the boundary: there is nothing to start");
        return Err(Failure::usage(says).hint("run the program itself"));
    }
    let command = if args.command.is_empty() { upstream.command.clone() } else { args.command.clone() };
    if let Some(why) = relied_on(config, name).filter(|_| command != upstream.command) {
        return Err(Failure::usage(format!("{why}, so no other command can stand in for it"))
            .hint(format!("leave the command out, or declare it: [upstream.{name}] command = […]")));
    }
    let spec = ChildSpec { command, cwd: upstream.cwd.clone(), env: upstream.env.clone() };
    Ok((name.clone(), spec))
}

/// Which rule relies on this upstream being the declared one: another server would show people another world, or prove
/// steps that were never taken.
fn relied_on(config: &Config, name: &str) -> Option<String> {
    config.guards.values().find_map(|guard| {
        if guard.approve.is_some() && guard.on.iter().any(|tool| tool.upstream == *name) {
            return Some(format!("guard `{}` asks people to approve what `{name}` does", guard.name));
        }
        let steps = guard.after.iter().flat_map(|after| match after {
            After::Step(step) => std::slice::from_ref(step),
            After::Procedure(of) => config.procedures.get(of).map_or(&[][..], |procedure| &procedure.steps),
        });
        let proves = steps.map(|step| &step.tool).find(|tool| tool.upstream == *name)?;
        Some(format!("guard `{}` takes `{proves}` for a step that was taken", guard.name))
    })
}

/// A name for a server given by its command: its program, and a digest of what it was given.
///
/// Words that are paths count as the file they name, so that `./notes` and its absolute spelling are one server.
fn name_of(command: &[String]) -> String {
    let words: Vec<PathBuf> = command
        .iter()
        .map(|word| std::fs::canonicalize(word).unwrap_or_else(|_| PathBuf::from(word)))
        .collect();
    let parts: Vec<&[u8]> = words.iter().map(|word| word.as_os_str().as_encoded_bytes()).collect();
    let digest = Digest::of("lastlook/upstream/v1", &parts).to_hex();
    let program = command.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    format!("{}-{}", program.to_string_lossy(), digest.get(..8).unwrap_or_default())
}

/// Who acts: the configuration's word, else the operating system's.
pub fn principal(config: Option<&Config>) -> Principal {
    let configured = config.and_then(|config| config.principal.clone());
    Principal { id: configured.unwrap_or_else(os_user), asserted: true }
}

/// A server that can write the record, its key or the rules is inside the boundary, not behind it: that is said, and
/// where people are asked to approve it is refused, since it could approve for them.
fn look_at_reach(state: &Path, config: Option<&Config>, spec: &ChildSpec) -> Result<(), Failure> {
    let policy = config.and_then(|config| config.policy.as_ref());
    let ours = std::iter::once(state)
        .chain(config.map(|config| config.path.as_path()))
        .chain(policy.map(|files| files.file.as_path()))
        .chain(policy.and_then(|files| files.entities.as_deref()));
    let reachable = within_reach(ours, &spec.command, spec.cwd.as_deref());
    let asks = config.and_then(|config| config.guards.values().find(|guard| guard.approve.is_some()));
    for (ours, folder) in &reachable {
        let says = format!(
            "`{}` lies inside `{}`, which is handed to the upstream: it could change it",
            ours.display(),
            folder.display()
        );
        if let Some(guard) = asks {
            let says = format!("{says}, and guard `{}` asks people to approve", guard.name);
            return Err(Failure::usage(says)
                .hint("keep state, configuration and policies outside of what tools may write"));
        }
        eprintln!("warning: {says}\nhint: keep state and configuration outside of what tools may write");
    }
    Ok(())
}

/// How often the configuration's files are looked at.
const EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// Takes over changed rules while the session runs, and says what became of them.
async fn keep_current(mut reloader: Reloader, boundary: Arc<Boundary>) {
    loop {
        tokio::time::sleep(EVERY).await;
        match reloader.look(&boundary).await {
            Reloaded::Nothing => {}
            Reloaded::InForce { from, to, in_flight, at_restart } => {
                tracing::warn!(
                    "the configuration was reloaded: {} replaces {}; past the gate before: {}",
                    short(to),
                    short(from),
                    if in_flight.is_empty() { "nothing".to_owned() } else { in_flight.join(", ") }
                );
                if !at_restart.is_empty() {
                    tracing::warn!("changed, but not before a restart: {}", at_restart.join(", "));
                }
            }
            Reloaded::Weaker { digest, what } => tracing::warn!(
                "the changed configuration ({}) is weaker, so the old one stays in force: {}\n\
                 hint: restart, or `lastlook reload --accept --reason …`",
                short(digest),
                what.join("; ")
            ),
            Reloaded::Bad(error) => tracing::warn!(
                "the changed configuration is wrong, so the old one stays in force:\n{:?}",
                miette::Report::new(error)
            ),
            Reloaded::NotRecorded(why) => {
                tracing::error!("the reload could not be recorded, so the old rules stay in force: {why}");
            }
        }
    }
}

fn short(digest: Digest) -> String {
    digest.to_hex().chars().take(12).collect()
}

fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("LASTLOOK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let ours = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time();
    // A second subscriber can only be there in tests.
    let _ = ours.with_target(false).try_init();
}
