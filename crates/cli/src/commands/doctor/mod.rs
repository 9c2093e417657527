//! `lastlook doctor`: looks at everything, and changes nothing.

mod machine;
mod page;
mod reach;
mod rules;
mod state;
mod witnesses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use lastlook_engine::approvers;
use lastlook_engine::config::Config;
use lastlook_engine::doctor::{self, Finding};
use lastlook_engine::survey::{Surveyed, listed, survey};
use lastlook_engine::{Listed, Rulebook};
use lastlook_store::StateDir;
use lastlook_upstream::source::{Bounds, SourceError};

use self::page::Page;
use crate::commands::mcp::principal;
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::progress::Progress;
use crate::record::print::print;
use crate::record::text;

/// The most bytes of a server's answer to the handshake or of its whole list of tools.
const MOST_BYTES: usize = 16 << 20;

/// Look at everything, change nothing, and say what is not as it should be
///
/// Configuration and policies, each upstream and its tools, guards, facts and templates, what tools could reach of the
/// boundary's own files, the record, the disk and the clock. Upstreams are started and asked for their tools; facts that need
/// no argument are read once; nothing else is called. Each finding that is not ok says the way out.
///
/// Exit code 0: no problem was found. 1: at least one was.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// How many seconds each server may take to start, and for its list of tools
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Looks, and says what it found.
pub fn run(place: &Place, args: &DoctorArgs) -> Result<ExitCode, Failure> {
    let clocks = machine::Clocks::now();
    let mut page = Page::default();
    let config = match Config::find(place.config.as_deref()) {
        Ok(config) => config,
        Err(error) => {
            page.add("configuration", rules::wrong(&error));
            None
        }
    };
    let state = place.state_folder()?;
    if let Some(config) = &config {
        page.add("configuration", rules::configuration(config));
        look_at_rules(&mut page, place, config, Duration::from_secs(args.timeout))?;
        let approvals = approvals(config, &state);
        if !approvals.is_empty() {
            page.add("approvals", approvals);
        }
        page.add("reach", reach::reach(config, &state));
    } else if page.is_empty() {
        page.add("configuration", rules::none());
    }
    page.add("record", state::state(place, &state));
    if let Some(config) = config.as_ref().filter(|config| !config.witnesses.each.is_empty()) {
        page.add("witnesses", witnesses::witnesses(config, &state));
    }
    page.add("machine", machine::machine(&clocks));
    print(&if place.json { text::json(&page.json())? } else { page.text() })?;
    Ok(if page.has_problems() { ExitCode::from(REFUSED) } else { ExitCode::SUCCESS })
}

/// Whether the people whom guards ask are there; what is wrong with the record is told with the record.
fn approvals(config: &Config, state: &Path) -> Vec<Finding> {
    let asks = config.guards.values().any(|guard| guard.approve.is_some());
    let is_there = asks && state.join("lastlook.db").exists();
    let state = is_there.then(|| StateDir::open(state).ok()).flatten();
    let reader = state.as_ref().and_then(|state| state.reader().ok());
    let mut findings = match reader.as_ref().map(|reader| approvers::load(reader)) {
        Some(Err(error)) => vec![Finding::problem("approvers", error.to_string(), error.hint())],
        Some(Ok(registry)) => doctor::approvals(config, Some(&registry)),
        None => doctor::approvals(config, None),
    };
    findings.extend(doctor::callers(config, state.as_ref().and_then(StateDir::console)));
    findings
}

/// Everything that the upstreams have to be started for.
fn look_at_rules(page: &mut Page, place: &Place, config: &Config, patience: Duration) -> Result<(), Failure> {
    let exe = std::env::current_exe()?;
    let book = match Rulebook::new(Some(config), &exe) {
        Ok(book) => book,
        Err(error) => {
            page.add("policies", rules::wrong(&error));
            return Ok(());
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let bounds = Bounds { timeout: patience, max_bytes: MOST_BYTES };
    // A program that embeds the boundary is nothing to start: only it knows what it can do.
    let servers = config.upstreams.iter().filter(|(_, upstream)| !upstream.program);
    let names: Vec<String> = servers.map(|(name, _)| name.clone()).collect();
    let progress = Progress::on(&format!("starting {}", names.join(", ")), place.json);
    let surveyed = runtime.block_on(survey(&book, &names, &bounds));
    drop(progress);
    page.add(
        "upstreams",
        match config.upstreams.is_empty() {
            true => vec![Finding::warning(
                "upstreams",
                "the configuration declares none",
                "declare one: [upstream.NAME] command = […]; or `lastlook init`",
            )],
            false => doctor::upstreams(config, &surveyed),
        },
    );
    let (tools, silent) = heard(config, &surveyed);
    page.add("policies", doctor::policies(&book, &tools, &silent));
    let mut guards = doctor::guards(config, &book, &tools, &silent);
    guards.extend(doctor::templates(&book, &tools));
    guards.sort_by(|one, other| one.about.cmp(&other.about));
    if config.guards.is_empty() {
        guards.push(Finding::note("guards", "there are none: tools rest on tracked readings alone"));
    }
    page.add("guards", guards);
    let progress = Progress::on("reading facts", place.json);
    let who = principal(Some(config)).id;
    page.add("facts", runtime.block_on(doctor::sources(&book, &who, &tools, &silent)));
    drop(progress);
    Ok(())
}

/// The tools of the upstreams that answered, and the names of those that did not.
fn heard(
    config: &Config,
    surveyed: &BTreeMap<String, Result<Surveyed, SourceError>>,
) -> (Vec<Listed>, BTreeSet<String>) {
    let mut tools = Vec::new();
    let programs = config.upstreams.iter().filter(|(_, upstream)| upstream.program);
    let mut silent: BTreeSet<String> = programs.map(|(name, _)| name.clone()).collect();
    for (name, surveyed) in surveyed {
        match surveyed {
            Ok(surveyed) => tools.extend(listed(config, name, &surveyed.tools)),
            Err(_) => drop(silent.insert(name.clone())),
        }
    }
    (tools, silent)
}
