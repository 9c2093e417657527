//! `lastlook keys list`, `keys export --all` and `keys handovers`: every key the state had.

use lastlook_ledger::{Handover, VerifierKey, Why};
use lastlook_store::StateDir;
use serde::Serialize;

use crate::commands::verify::handed_over;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::print::print;
use crate::record::text;

/// One key and its life.
#[derive(Debug, Serialize)]
struct Life {
    key: String,
    name: String,
    id: String,
    /// When it took over; nothing for the first one.
    since: Option<String>,
    /// When it ended; nothing while it signs.
    until: Option<String>,
    /// Why it ended.
    ended: Option<&'static str>,
}

fn lives(state: &StateDir) -> Result<Vec<Life>, Failure> {
    let handovers = handed_over(state)?;
    let first = handovers.first().map_or_else(|| state.verifier_key(), |first| first.old.clone());
    let mut lives = vec![life(&first, None)];
    for Handover { why, time, new, .. } in &handovers {
        if let Some(last) = lives.last_mut() {
            last.until = Some(time.clone());
            last.ended = Some(why.as_str());
        }
        lives.push(life(new, Some(time.clone())));
    }
    Ok(lives)
}

fn life(key: &VerifierKey, since: Option<String>) -> Life {
    Life {
        key: key.to_string(),
        name: key.name().to_owned(),
        id: key.id().iter().map(|byte| format!("{byte:02x}")).collect(),
        since,
        until: None,
        ended: None,
    }
}

/// Lists them, oldest first.
pub fn list(place: &Place) -> Result<(), Failure> {
    let state = place.existing_state()?;
    let lives = lives(&state)?;
    let encrypted = state.key_is_encrypted()?;
    if place.json {
        print(&text::json(&serde_json::json!({"encrypted": encrypted, "keys": lives}))?)?;
        return Ok(());
    }
    let mut lines = String::new();
    for life in &lives {
        lines.push_str(&format!("{}  {}\n", life.id, remark(life)));
    }
    lines.push_str(match encrypted {
        true => "the key that signs is encrypted under a passphrase\n",
        false => "the key that signs is in the clear, in a file for its owner alone; `lastlook keys encrypt` changes that\n",
    });
    print(&lines)?;
    Ok(())
}

fn remark(life: &Life) -> String {
    let since = life.since.as_deref().unwrap_or("the beginning");
    match (&life.until, life.ended) {
        (Some(until), Some(why)) => format!("signed from {since} to {until}, then {why}"),
        _ => format!("signs since {since}"),
    }
}

/// Prints them as a file of keys to pin.
pub fn export(place: &Place) -> Result<(), Failure> {
    let lives = lives(&place.existing_state()?)?;
    if place.json {
        print(&text::json(&lives)?)?;
        return Ok(());
    }
    let mut file = String::new();
    for life in &lives {
        file.push_str(&format!("# {} {}\n", life.id, remark(life)));
        let compromised = life.ended == Some(Why::Compromised.as_str());
        // Whoever pinned it would believe what a thief signs.
        file.push_str(&match compromised {
            true => format!("# do not pin: {}\n", life.key),
            false => format!("{}\n", life.key),
        });
    }
    print(&file)?;
    Ok(())
}

/// Prints the handovers, one after the other.
pub fn handovers(place: &Place) -> Result<(), Failure> {
    let state = place.existing_state()?;
    handed_over(&state)?;
    let notes = state.handovers()?;
    print(&match place.json {
        true => text::json(&notes)?,
        false => notes.join("\n"),
    })?;
    Ok(())
}
