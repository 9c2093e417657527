//! `lastlook log witness`: asks the witnesses now, and says who has cosigned what.

use std::collections::BTreeSet;
use std::process::ExitCode;

use lastlook_engine::config::{Config, WitnessesConfig};
use lastlook_engine::witness::{Asked, Round, Said, Stands, round};
use lastlook_store::{SqliteStore, Store as _};
use lastlook_upstream::hook::HookClient;
use serde_json::json;

use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{clean, json as line};

/// Ask the witnesses of the configuration to cosign every log now, and say who has
///
/// A running boundary does so for its own log. This asks about all of them, also those whose process is gone, and is how to find
/// out whether a record was cut short or rewritten since a witness saw it: then the witness contradicts.
///
/// Exit code 0: enough witnesses have cosigned every log as it is. 1: one contradicts, or there are not enough.
#[derive(Debug, clap::Args)]
pub struct WitnessArgs {}

/// Asks, and prints one line for each log and witness.
pub fn run(place: &Place) -> Result<ExitCode, Failure> {
    let config = place.load_config()?;
    let witnesses = configured(config.as_ref())?;
    let state = place.existing_state()?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let client = HookClient::new().map_err(|error| Failure::unavailable(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let keys = lastlook_engine::keys::of(&state)?;
    let nobody = BTreeSet::new();
    let whom = Asked { again: true, but: &nobody };
    let mut enough = true;
    let mut text = String::new();
    for origin in store.origins()? {
        let done = runtime.block_on(round(&store, &client, &keys, witnesses, &origin, whom));
        let done = done.map_err(|error| {
            Failure::refused(format!("log `{}` cannot be shown to anybody: {error}", clean(&origin)))
                .hint("`lastlook verify` says what is wrong with the record")
        })?;
        let Some(round) = done else { continue };
        let contradicted = round.kept.witnesses.values().any(|said| said.stands == Stands::Contradicts);
        enough &= round.witnessed == Some(round.size) && !contradicted;
        text.push_str(&if place.json {
            as_json(&origin, &round, witnesses)?
        } else {
            words(&origin, &round, witnesses)
        });
    }
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    if text.is_empty() && !place.json {
        eprintln!("note: there is no log yet");
    }
    print(&text)?;
    Ok(if enough { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

fn configured(config: Option<&Config>) -> Result<&WitnessesConfig, Failure> {
    const HINT: &str = "declare one: [witness.NAME] url = …, key = …; see the guide on witnesses";
    match config {
        None => Err(Failure::usage("there is no configuration that could declare a witness").hint(HINT)),
        Some(config) if config.witnesses.each.is_empty() => {
            Err(Failure::usage(format!("`{}` declares no witness", config.path.display())).hint(HINT))
        }
        Some(config) => Ok(&config.witnesses),
    }
}

fn as_json(origin: &str, round: &Round, config: &WitnessesConfig) -> Result<String, Failure> {
    let Round { size, witnessed, kept } = round;
    let each: Vec<_> = kept
        .witnesses
        .iter()
        .map(|(name, Said { stands, why, since_ns, size })| {
            let key = config.each.get(name).map(|witness| witness.key.to_string());
            json!({
                "witness": name, "key": key, "stands": stands.as_str(), "why": why,
                "since": lastlook_engine::clock::wall_at(*since_ns), "size": size,
            })
        })
        .collect();
    line(&json!({
        "origin": origin, "size": size, "quorum": config.quorum, "witnessed": witnessed, "witnesses": each,
    }))
}

fn words(origin: &str, round: &Round, config: &WitnessesConfig) -> String {
    let Round { size, witnessed, kept } = round;
    let wanted = match config.quorum {
        1 => "1 witness".to_owned(),
        many => format!("{many} witnesses"),
    };
    let by = match witnessed {
        Some(covered) if covered == size => format!("cosigned by {wanted}"),
        Some(covered) => format!("the first {covered} cosigned by {wanted}, the rest not yet"),
        None => format!("not cosigned by {wanted}"),
    };
    let mut text = format!("{}: {size} entries, {by}\n", clean(origin));
    for (name, Said { stands, why, .. }) in &kept.witnesses {
        let why = why.as_ref().map(|why| format!(": {}", clean(why))).unwrap_or_default();
        text.push_str(&format!("  {:<11} {}{why}\n", stands.as_str(), clean(name)));
    }
    text
}
