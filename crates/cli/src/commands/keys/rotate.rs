//! `lastlook keys rotate`: a new key in the place of the old one.

use lastlook_engine::keys;
use lastlook_kernel::Principal;
use lastlook_ledger::{Handover, Why};
use serde_json::json;

use crate::failure::Failure;
use crate::place::{Place, os_user};
use crate::record::print::print;
use crate::record::text;

/// Replace the key that signs by a new one
///
/// Both keys sign a handover, which says how far each log went; it stands in the record, and receipts bring it along, so
/// that whoever pinned the old key can follow to the new one. Boundaries that run go on with the new key. The old key is
/// removed; what it signed still verifies.
///
/// With --compromised the old key counts for nothing any more but for what the new one confirmed, and nobody follows it: everybody
/// who pinned it must pin the new one, and export again the receipts they kept.
#[derive(Debug, clap::Args)]
pub struct RotateArgs {
    /// Why; it stands in the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Somebody else may have the old key
    #[arg(long)]
    compromised: bool,
}

/// Replaces it.
pub fn run(place: &Place, args: &RotateArgs) -> Result<(), Failure> {
    let reason = args.reason.trim();
    if reason.is_empty() || reason.len() > 4096 {
        return Err(
            Failure::usage("the reason must have 1 to 4096 bytes").hint("say why the key is replaced")
        );
    }
    let state = place.existing_state()?;
    let by = Principal { id: os_user(), asserted: true };
    let why = if args.compromised { Why::Compromised } else { Why::Rotated };
    let note = keys::rotate(&state, why, reason, &by)?;
    let Handover { old, new, time, .. } = Handover::open(note.as_bytes())
        .map_err(|error| Failure::refused(format!("the handover does not verify: {error}")))?;
    print(&match place.json {
        true => text::json(&json!({
            "why": why.as_str(), "at": time, "old": old.to_string(), "new": new.to_string(), "handover": note,
            "entry": keys::entry_id(&new),
        }))?,
        false => format!("{new}\n"),
    })?;
    if !place.json {
        eprintln!("note: this key signs from now on; give it to whoever verifies, on a way they trust");
        if args.compromised {
            eprintln!("note: nobody follows the old key; whoever pinned it must strike it out");
        }
    }
    Ok(())
}
