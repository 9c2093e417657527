//! The keys somebody decided to trust.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use lastlook_engine::keys::entry_id;
use lastlook_ledger::{Handover, MAX_KEY_FILE_BYTES, VerifierKey, follow, parse_keys};
use lastlook_store::StateDir;

use super::older;
use super::state::Problem;
use crate::failure::Failure;
use crate::record::Record;

/// The keys in these files; nothing when no file was named.
pub fn read(files: &[PathBuf]) -> Result<Option<Vec<VerifierKey>>, Failure> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut keys = Vec::new();
    for file in files {
        let name = file.display();
        let bytes = bytes(file)
            .map_err(|error| Failure::usage(format!("the key file `{name}` cannot be read: {error}")))?;
        keys.extend(parse_keys(&bytes).map_err(|error| {
            Failure::usage(format!("`{name}` is not a file of keys: {error} ({})", error.code()))
                .hint("`lastlook keys export` prints a key")
        })?);
    }
    Ok(Some(keys))
}

/// The handovers in these files, as `lastlook keys handovers` prints them.
pub fn known(files: &[PathBuf]) -> Result<Vec<Handover>, Failure> {
    let mut all = Vec::new();
    for file in files {
        for note in older::notes(&older::text(file)?) {
            all.push(Handover::open(note.as_bytes()).map_err(|error| {
                let name = file.display();
                Failure::usage(format!("the handover in `{name}` proves nothing: {error} ({})", error.code()))
                    .hint("`lastlook keys handovers` prints them where the boundary runs")
            })?);
        }
    }
    Ok(all)
}

/// The handovers of a state, each verified.
pub fn handed_over(state: &StateDir) -> Result<Vec<Handover>, Failure> {
    let open = |note: String| {
        Handover::open(note.as_bytes()).map_err(|error| {
            Failure::refused(format!(
                "the record holds a handover that proves nothing: {error} ({})",
                error.code()
            ))
            .hint("the record was altered or damaged; restore it from a back-up")
        })
    };
    state.handovers()?.into_iter().map(open).collect()
}

/// The pinned keys, and those that handovers lead to from them.
pub fn followed(pinned: &[VerifierKey], handovers: &[Handover]) -> Result<Vec<VerifierKey>, Failure> {
    follow(pinned, handovers).map_err(|error| {
        Failure::refused(format!("{error} ({})", error.code()))
            .hint("ask, on a way you trust, which key signs now")
    })
}

/// The handovers of which the logs, which must verify, say nothing.
pub fn unrecorded(record: &Record, handovers: &[Handover]) -> Result<Vec<Problem>, Failure> {
    let notes = record.state.handovers()?;
    let mut problems = Vec::new();
    for (handover, note) in handovers.iter().zip(notes) {
        let id = entry_id(&handover.new);
        let entries = record.entries_of(&id)?;
        if !entries.iter().any(|placed| placed.member("signed") == Some(&note)) {
            let message = "no entry of a log holds the handover to this key".to_owned();
            problems.push(Problem { code: "handover-unrecorded", at: id, message });
        }
    }
    Ok(problems)
}

/// The file's bytes; no more than one too many, since a file that large is refused anyway.
pub fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(MAX_KEY_FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
