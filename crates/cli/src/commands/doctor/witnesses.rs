//! The witnesses: who has cosigned the logs, by what is kept. Nobody is asked.

use std::path::Path;

use lastlook_engine::config::Config;
use lastlook_engine::doctor::Finding;
use lastlook_engine::witness::{Kept, Said, Stands};
use lastlook_store::{StateDir, Store as _, StoreError};

/// What is kept of the logs in this folder; what is wrong with the folder itself is told with the record.
pub fn witnesses(config: &Config, folder: &Path) -> Vec<Finding> {
    let is_there = folder.join("lastlook.db").exists();
    let Some(state) = is_there.then(|| StateDir::open(folder).ok()).flatten() else {
        return vec![Finding::note("witnesses", "there is no record yet that they could have seen")];
    };
    found(config, &state)
        .unwrap_or_else(|error| vec![Finding::problem("witnesses", error.to_string(), error.hint())])
}

fn found(config: &Config, state: &StateDir) -> Result<Vec<Finding>, StoreError> {
    let (Ok(store), Ok(keys)) = (state.reader(), lastlook_engine::keys::of(state)) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for origin in store.origins()? {
        let size = lastlook_ledger::witness::claimed(&store.checkpoint(&origin)?.unwrap_or_default());
        let Some(size) = size.ok().map(|checkpoint| checkpoint.size).filter(|size| *size > 0) else {
            continue;
        };
        let kept = Kept::of(&store, &origin)?;
        found.push(match kept.witnessed(&keys, &config.witnesses.pinned()) {
            Some(seen) if seen >= size => Finding::ok(&origin, format!("all {size} entries are cosigned")),
            seen => Finding::warning(
                &origin,
                format!(
                    "{} of {size} entries are cosigned by {} witnesses",
                    seen.unwrap_or(0),
                    config.witnesses.quorum
                ),
                "`lastlook log witness` asks them now",
            ),
        });
        found.extend(kept.witnesses.iter().filter_map(|(name, said)| stands(name, &origin, said)));
    }
    Ok(found)
}

fn stands(name: &str, origin: &str, Said { stands, why, .. }: &Said) -> Option<Finding> {
    let about = format!("witness `{name}`");
    let why = why.clone().unwrap_or_default();
    match stands {
        Stands::Signed => None,
        Stands::Missing => Some(Finding::warning(
            about,
            format!("it has not cosigned `{origin}`: {why}"),
            "see whether it runs, and was given this state's key: `lastlook keys export`",
        )),
        Stands::Contradicts => Some(Finding::problem(
            about,
            format!("it contradicts `{origin}`: {why}"),
            "keep a copy of the folder as it is; was it brought back from a copy, or changed by somebody?",
        )),
    }
}
