//! The state's signing key: replaced by a new one on an operator's word.

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::{Handover, Kind, VerifierKey, Why, follow};
use lastlook_store::{NewEntry, Rotation, StateDir, StateError, Step, WriterId};

use crate::clock;
use crate::entry::{Draft, DraftError, principal_json};

/// What ACTION of the entry is the digest of.
const DOMAIN: &str = "lastlook/key-rotated/v1";

/// Replaces the key, and puts that on record; gives the handover, as both keys signed it.
///
/// # Errors
///
/// Those of [`StateDir::rotate_key`]: the old key stays.
pub fn rotate(state: &StateDir, why: Why, reason: &str, by: &Principal) -> Result<String, StateError> {
    let entry = |writer: &WriterId, note: &str, new: &VerifierKey| {
        entry(&writer.origin, note, new, reason, by).map_err(|error| error.to_string())
    };
    let after = |step: Step| crash_after(step.as_str());
    state.rotate_key(&Rotation { why, time: clock::wall(), entry: &entry, after: &after })
}

/// The key that signs for a state now, and those that it had before, each as far as its handover says.
///
/// A handover that proves nothing leads nowhere; `lastlook verify` says so.
///
/// # Errors
///
/// The state cannot be read.
pub fn of(state: &StateDir) -> Result<Vec<VerifierKey>, StateError> {
    let notes = state.handovers()?;
    let handovers: Vec<Handover> =
        notes.iter().filter_map(|note| Handover::open(note.as_bytes()).ok()).collect();
    // Somebody else may have replaced the key since the folder was opened.
    let current = handovers.last().map_or_else(|| state.verifier_key(), |last| last.new.clone());
    Ok(follow(std::slice::from_ref(&current), &handovers).unwrap_or_else(|_| vec![current]))
}

/// The id that the entry of the handover to this key is filed under.
pub fn entry_id(new: &VerifierKey) -> String {
    format!("key-{}", hex::encode(new.id()))
}

fn entry(
    origin: &str,
    note: &str,
    new: &VerifierKey,
    reason: &str,
    by: &Principal,
) -> Result<NewEntry, DraftError> {
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.set("as", "key-rotated");
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    draft.set("signed", note);
    draft.set("key", new.to_string());
    draft.finish(origin, &entry_id(new), Digest::of(DOMAIN, &[note.as_bytes()]))
}

/// Ends the process with SIGKILL when `LASTLOOK_CRASH_AT` says `after:STEP`, in debug builds only.
#[cfg(debug_assertions)]
pub fn crash_after(step: &str) {
    if std::env::var("LASTLOOK_CRASH_AT").is_ok_and(|at| at.strip_prefix("after:") == Some(step)) {
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}

/// Nothing, in release builds.
#[cfg(not(debug_assertions))]
pub fn crash_after(_step: &str) {}
