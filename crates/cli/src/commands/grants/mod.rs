//! `lastlook grants`: who gave permission in advance, and whether it counts.

mod give;
mod sheet;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use lastlook_engine::Rulebook;
use lastlook_engine::clock;
use lastlook_engine::config::Config;
use lastlook_engine::grants::{self, GrantError, Listed, Taken};
use lastlook_engine::survey::definitions;
use lastlook_kernel::Principal;
use lastlook_store::{CommitError, SqliteStore, StateDir};
use serde_json::{Value, json};

pub use self::give::{GrantArgs, run as give};
use self::sheet::sheet;
use crate::commands::policy::tools::Tools;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{self, clean, local_time};

/// How long the servers may take to start, and for their lists of tools.
const PATIENCE: Duration = Duration::from_secs(60);

/// See what permission was given in advance, and whether it still counts
///
/// Without an id: those that were neither taken back nor have run out, oldest first; `--all` all there ever were. With one:
/// all that was signed. A grant that does not count any more says why: a guard it was given under has changed, a halt was
/// lifted, its giver is no approver, its record was altered. `lastlook revoke ID` takes one back.
#[derive(Debug, clap::Args)]
pub struct GrantsArgs {
    /// A grant's id, or as much of its beginning as is unique
    grant: Option<String>,
    /// Also what was taken back or has run out
    #[arg(long, conflicts_with = "grant")]
    all: bool,
    /// Start the servers too, and see whether the tools are still the same
    #[arg(long)]
    now: bool,
}

/// Lists them, or shows one.
pub fn run(place: &Place, args: &GrantsArgs) -> Result<ExitCode, Failure> {
    let store = Record::open(place)?.store;
    let config = place.load_config()?;
    let mut listed = match &args.grant {
        Some(id) => vec![grants::listed(&store, config.as_ref(), grants::find(&store, id)?)?],
        None => {
            let mut all = grants::list(&store, config.as_ref())?;
            all.retain(|grant| args.all || state(grant) != "revoked" && state(grant) != "expired");
            all
        }
    };
    if args.now {
        let Some(config) = &config else {
            return Err(Failure::usage("there is no configuration file, so no server that could be asked")
                .hint("name it with `--config FILE`"));
        };
        ask_servers(config, &mut listed, place.json)?;
    }
    let lines: Vec<String> = match (place.json, &args.grant) {
        (true, _) => listed.iter().map(|grant| text::json(&to_json(grant))).collect::<Result<_, _>>()?,
        (false, Some(_)) => listed.iter().map(page).collect(),
        (false, None) if listed.is_empty() => vec!["nothing is granted\n".to_owned()],
        (false, None) => listed.iter().map(line).collect(),
    };
    print(&lines.concat())?;
    Ok(ExitCode::SUCCESS)
}

/// Whether the tools of grants that count are still what they were, by their servers' word.
fn ask_servers(config: &Config, listed: &mut [Listed], quiet: bool) -> Result<(), Failure> {
    let counting = || listed.iter().filter(|grant| grant.counts.is_ok());
    let upstreams: BTreeSet<String> = counting().map(|grant| grant.row.upstream.clone()).collect();
    let upstreams: Vec<String> =
        upstreams.into_iter().filter(|name| config.upstreams.contains_key(name)).collect();
    let book = Rulebook::new(Some(config), &std::env::current_exe()?).map_err(Failure::config)?;
    let tools = Tools::live(&book, &upstreams, PATIENCE, quiet)?;
    for grant in listed.iter_mut().filter(|grant| grant.counts.is_ok()) {
        let listed = tools.0.get(&grant.row.upstream).map(|tools| definitions(tools)).unwrap_or_default();
        let now = listed.iter().find(|(name, _)| *name == grant.row.tool).map(|(_, it)| it.digest);
        if now.is_none() || now != grant.said.as_ref().map(|said| said.definition) {
            grant.counts = Err("the tool is not what it was".to_owned());
        }
    }
    Ok(())
}

/// How it stands, in one word.
fn state(grant: &Listed) -> &'static str {
    match &grant.counts {
        _ if grant.row.revoked_ns.is_some() => "revoked",
        _ if clock::unix_ns() >= grant.row.expires_ns => "expired",
        Ok(()) => "stands",
        Err(_) => "void",
    }
}

fn used(grant: &Listed) -> String {
    let (spent, reserved) = grant.uses;
    let said = grant.said.as_ref();
    let of = said.and_then(|said| said.uses).map(|uses| format!(" of {uses}")).unwrap_or_default();
    let under_way = if reserved.units() == 0 { String::new() } else { format!(", {reserved} under way") };
    let sum =
        said.and_then(|said| said.max.as_ref()).map(|max| format!("; {} of {}", grant.sum.0, clean(max)));
    format!("used {spent}{of}{under_way}{}", sum.unwrap_or_default())
}

/// One grant as one line.
fn line(grant: &Listed) -> String {
    let text = |read: fn(&lastlook_ledger::approval::Grant) -> &String| {
        grant.said.as_ref().map_or("?".to_owned(), |said| clean(read(said)))
    };
    let why = match (state(grant), &grant.counts) {
        ("void", Err(why)) => format!(": {}", clean(why)),
        _ => String::new(),
    };
    format!(
        "{}  {}  {}.{} to {} by {}  until {}  {}{why}\n",
        grant.row.id,
        state(grant),
        clean(&grant.row.upstream),
        clean(&grant.row.tool),
        text(|said| &said.principal),
        text(|said| &said.approver),
        local_time(&clock::wall_at(grant.row.expires_ns)),
        used(grant),
    )
}

fn page(grant: &Listed) -> String {
    let why = grant.counts.as_ref().err().map(|why| format!(": {}", clean(why))).unwrap_or_default();
    let said = match &grant.said {
        Some(said) => sheet(said),
        None => "  what is stored of it cannot be read\n".to_owned(),
    };
    format!("{} is {}{why}\n{}\n\n{said}", grant.row.id, state(grant), used(grant))
}

fn to_json(grant: &Listed) -> Value {
    let Listed { row, said, counts, uses, sum } = grant;
    let said = said.as_ref();
    json!({
        "grant": row.id,
        "state": state(grant),
        "why": counts.as_ref().err(),
        "upstream": row.upstream,
        "tool": row.tool,
        "principal": said.map(|said| &said.principal),
        "agent": said.map(|said| &said.agent),
        "by": said.map(|said| &said.approver),
        "resources": said.map(|said| &said.resources),
        "when": said.map(|said| &said.when),
        "uses": said.map(|said| said.uses),
        "sum": said.map(|said| &said.sum),
        "max": said.map(|said| &said.max),
        "used": uses.0.to_string(),
        "reserved": uses.1.to_string(),
        "summed": sum.0.to_string(),
        "given": clock::wall_at(row.given_ns),
        "expires": clock::wall_at(row.expires_ns),
        "revoked": row.revoked_ns.map(clock::wall_at),
        "reason": said.map(|said| &said.reason),
        "statement": serde_json::from_slice::<Value>(&row.detail).ok(),
    })
}

/// Takes a grant back.
pub fn revoke(
    place: &Place,
    store: &SqliteStore,
    state: &StateDir,
    id: &str,
    reason: &str,
    by: &Principal,
) -> Result<String, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let (row, taken) = runtime.block_on(grants::revoke(store, state, id, reason, by))?;
    Ok(match (place.json, &taken) {
        (true, Taken::Prevented) => {
            text::json(&json!({"grant": row.id, "as": "revoked", "outcome": "prevented"}))?
        }
        (true, Taken::InFlight(attempts)) => text::json(
            &json!({"grant": row.id, "as": "revoked", "outcome": "in_flight", "attempts": attempts}),
        )?,
        (false, Taken::Prevented) => {
            format!("`{}` is revoked: prevented, nothing runs on it from now on\n", row.id)
        }
        (false, Taken::InFlight(attempts)) => format!(
            "`{}` is revoked: nothing more runs on it, and had passed the gate on it already: {}; `lastlook show` tells how each ended\n",
            row.id,
            attempts.join(", ")
        ),
    })
}

impl From<GrantError> for Failure {
    /// A grant that was not given or not taken back, with the way out.
    fn from(error: GrantError) -> Failure {
        let message = error.to_string();
        match error {
            GrantError::Missing(_) | GrantError::Ambiguous { .. } => {
                Failure::usage(message).hint("`lastlook grants --all` lists them")
            }
            GrantError::Requester(_) => Failure::usage(message).hint("somebody else must give it"),
            GrantError::NobodyAsked(_) => {
                Failure::usage(message).hint("a guard asks people with `approve = { by = … }`")
            }
            GrantError::NotAsked { .. } | GrantError::Unproven(_) => {
                Failure::usage(message).hint("`lastlook approvers list` shows who may speak for whom")
            }
            GrantError::Lasting => Failure::usage(message).hint("say how long: --expires 8h"),
            GrantError::Condition { help, .. } => Failure::usage(message)
                .hint(help.unwrap_or_else(|| "docs/reference/conditions.md".to_owned())),
            GrantError::Fact { .. } => Failure::usage(message)
                .hint("name a fact that the guard reads, or list it in the guard's `facts`"),
            GrantError::Entity(_) => Failure::usage(message).hint("a type, two colons, and a name in quotes"),
            GrantError::Elsewhere => Failure::refused(message).hint("give it once more"),
            GrantError::Commit(CommitError::Full) => {
                Failure::unavailable(message).hint("make room on that disk, then say it again")
            }
            GrantError::Gate(error) => Failure::unavailable(message).hint(error.hint()),
            GrantError::Registry(error) => Failure::unavailable(message).hint(error.hint()),
            GrantError::Statement(_) => Failure::usage(message).hint("see `lastlook grant --help`"),
            GrantError::Store(_) | GrantError::Draft(_) | GrantError::Commit(_) | GrantError::ReadOnly => {
                Failure::unavailable(message)
            }
        }
    }
}
