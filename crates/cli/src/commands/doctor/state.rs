//! The record: whether it opens, whether its checkpoints are signed by its key, what waits in it, and its disk.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lastlook_engine::doctor::Finding;
use lastlook_engine::halts::{self, Halt};
use lastlook_ledger::open_checkpoint;
use lastlook_ledger::roster::is_roster;
use lastlook_store::{AttemptState, StateDir, Store as _, StoreError};

use crate::place::Place;
use crate::record::text::shortened;

/// The ballast that a record keeps for the outcomes of what already runs.
const BALLAST: u64 = 4 << 20;
/// Free room under which it is time to do something.
const LITTLE: u64 = 256 << 20;

/// Looks at a state folder.
pub fn state(place: &Place, folder: &Path) -> Vec<Finding> {
    let about = folder.display().to_string();
    let is_there = ["version", "key", "lastlook.db"].into_iter().any(|name| folder.join(name).exists());
    if !is_there {
        let mut found = vec![Finding::note(about, "there is no record yet; `lastlook mcp` makes it")];
        let existing = folder.ancestors().find(|folder| folder.is_dir());
        found.extend(existing.and_then(|folder| room(folder, true)));
        return found;
    }
    // Opening lays the ballast down again if there is room: what was there before is what is told.
    let has_ballast = std::fs::metadata(folder.join("reserve")).is_ok_and(|file| file.len() >= BALLAST);
    let mut found = Vec::new();
    let mode = std::fs::metadata(folder).map_or(0, |meta| meta.permissions().mode() & 0o777);
    if mode & 0o022 != 0 {
        found.push(Finding::problem(
            &about,
            format!("others can write into it (mode {mode:03o})"),
            format!("chmod go-w '{about}'"),
        ));
    }
    match place.open_at(folder) {
        Err(error) => found.push(Finding::problem(&about, error.to_string(), error.hint())),
        Ok(state) => match logs(&state, &about) {
            Ok(logs) => {
                found.extend(logs);
                found.push(heads(&state));
            }
            Err(error) => found.push(Finding::problem(&about, error.to_string(), error.hint())),
        },
    }
    found.extend(room(folder, has_ballast));
    found
}

/// Whether somebody would notice that the record was put back to an earlier one, and whether it was.
fn heads(state: &StateDir) -> Finding {
    if let Err(error) = state.check_was_not_put_back() {
        return Finding::problem("heads", error.to_string(), error.hint());
    }
    let Some(heads) = state.heads() else {
        let says = "kept nowhere: should this record be put back to an earlier one, nobody would notice";
        return Finding::warning("heads", says, "name a folder with `--heads DIR` or LASTLOOK_HEADS");
    };
    let about = heads.folder().display().to_string();
    match heads.read() {
        Ok(kept) if kept.is_empty() => Finding::note(about, "no heads of this record are kept here yet"),
        Ok(kept) => Finding::ok(
            about,
            format!("the heads of {} logs are kept, and the record has all of them", kept.len()),
        ),
        Err(error) => Finding::warning(
            about,
            format!("the heads cannot be read: {error}"),
            "see who owns that folder, or name another with `--heads DIR`",
        ),
    }
}

fn logs(state: &StateDir, about: &str) -> Result<Vec<Finding>, StoreError> {
    let store = match state.reader() {
        Ok(store) => store,
        Err(error) => return Ok(vec![Finding::problem(about, error.to_string(), error.hint())]),
    };
    let mut found = Vec::new();
    let (mut entries, mut signed) = (0, 0);
    for origin in store.origins()? {
        let note = store.checkpoint(&origin)?.unwrap_or_default();
        match open_checkpoint(&note, &[state.verifier_key()]) {
            Ok(checkpoint) if checkpoint.origin == origin => {
                // The roster is about the logs that are counted here.
                let counts = !is_roster(&origin);
                entries += if counts { checkpoint.size } else { 0 };
                signed += u64::from(counts);
            }
            _ => found.push(Finding::problem(
                &origin,
                "its checkpoint is not signed by this folder's key",
                "`lastlook verify` says more; keep a copy of the folder as it is",
            )),
        }
    }
    let says = format!(
        "key {}, for its owner alone; {signed} logs with {entries} entries, checkpoints signed",
        shortened(state.state_id(), 9)
    );
    found.insert(0, Finding::ok(about, says));
    found.extend(halts::active(&store)?.into_iter().map(|halt| {
        let Halt { id, scope, reason, by, .. } = halt;
        let says = format!("{scope} is halted by {by}: {reason}");
        Finding::warning(&id, says, format!("`lastlook resume {id} --reason …` once it may go on"))
    }));
    let open = store.open_attempts()?;
    let count = |wanted: AttemptState| open.iter().filter(|row| row.state == wanted).count();
    let (unknown, armed) = (count(AttemptState::Unknown), count(AttemptState::Armed));
    if unknown > 0 {
        found.push(Finding::warning(
            "attempts",
            format!("{unknown} wait for an operator: nobody knows whether they happened"),
            "`lastlook log --outcome unknown`, then `lastlook resolve`",
        ));
    }
    if armed > 0 {
        let says =
            format!("{armed} are under way, or their process died; the next `lastlook mcp` looks after them");
        found.push(Finding::note("attempts", says));
    }
    Ok(found)
}

/// How much room the disk has, and whether the ballast is there.
fn room(folder: &Path, has_ballast: bool) -> Option<Finding> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let says = format!("{} MiB free", free >> 20);
    let hint = "make room: new effects are refused (store-full) before outcomes cannot be recorded";
    Some(match (has_ballast, free) {
        (false, _) => {
            Finding::warning("disk", format!("{says}; the reserve was given up, or never found"), hint)
        }
        (true, free) if free < 3 * BALLAST => Finding::problem("disk", says, hint),
        (true, free) if free < LITTLE => Finding::warning("disk", says, hint),
        (true, _) => Finding::ok("disk", says),
    })
}
