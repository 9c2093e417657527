//! `lastlook reload`: an operator's word that weaker rules may replace the ones in force.

use std::process::ExitCode;

use lastlook_engine::{Rulebook, clock, reload};
use lastlook_kernel::Principal;
use lastlook_store::SqliteStore;
use serde_json::json;

use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text;

/// Let running boundaries take over a configuration that is weaker than theirs
///
/// Running boundaries take over changed guards, facts, procedures, databases and policies by themselves, through the gate.
/// [defaults], most of [tool] and the server's own [upstream] count from the next start on. If the file removes or weakens
/// anything, they say so and go on under the old one. This records your word, with your name and reason, that the file as
/// it is now may replace theirs. Any later change to the file needs a word of its own. Without --accept it only checks the
/// file.
#[derive(Debug, clap::Args)]
pub struct ReloadArgs {
    /// Accept the file as it is now
    #[arg(long)]
    accept: bool,
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT", requires = "accept", required_if_eq("accept", "true"))]
    reason: Option<String>,
}

/// Checks the files, and records the word.
pub fn run(place: &Place, args: &ReloadArgs) -> Result<ExitCode, Failure> {
    let Some(config) = place.load_config()? else {
        return Err(Failure::usage("there is no configuration file").hint("name it with `--config FILE`"));
    };
    let exe = std::env::current_exe()?;
    let rulebook = Rulebook::new(Some(&config), &exe).map_err(Failure::config)?;
    let Some(digest) = rulebook.digest() else {
        return Err(Failure::usage("there is no configuration file").hint("name it with `--config FILE`"));
    };
    let hex = digest.to_hex();
    let reason = args.reason.as_deref().map(str::trim).unwrap_or_default();
    if args.accept {
        if reason.is_empty() || reason.len() > 4096 {
            return Err(
                Failure::usage("the reason must have 1 to 4096 bytes").hint("say why weaker rules will do")
            );
        }
        let state = place.existing_state()?;
        let store = SqliteStore::open(&state, state.writer()?, None)?;
        let by = Principal { id: os_user(), asserted: true };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        runtime
            .block_on(reload::accept(&store, digest, reason, &by))
            .map_err(|error| Failure::unavailable(error.to_string()))?;
    }
    let line = match place.json {
        true => text::json(&json!({
            "configuration": config.path, "digest": hex, "accepted": args.accept, "at": clock::wall(),
        }))?,
        false if args.accept => {
            format!("`{}` ({hex}) may replace stricter rules from now on\n", config.path.display())
        }
        false => format!(
            "`{}` is in order; its digest is {hex}\nhint: running boundaries take it over by themselves; if they say that it is weaker, `lastlook reload --accept --reason …`\n",
            config.path.display()
        ),
    };
    print(&line)?;
    Ok(ExitCode::SUCCESS)
}
