//! Checkpoints that somebody kept elsewhere: what the logs must still begin with.

use std::path::{Path, PathBuf};

use lastlook_ledger::{Checkpoint, VerifierKey, open_checkpoint};
use serde_json::Value;

use crate::failure::Failure;

/// Larger than any receipt or list of checkpoints.
const LARGEST: u64 = 64 << 20;
/// How a signature's line begins (C2SP signed-note).
const SIGNATURE: &str = "\u{2014} ";

/// The checkpoints in these files: receipts, or what `lastlook log checkpoints` printed. A pinned key must vouch for each.
pub fn read(files: &[PathBuf], keys: &[VerifierKey]) -> Result<Vec<Checkpoint>, Failure> {
    Ok(read_notes(files, keys)?.into_iter().map(|older| older.checkpoint).collect())
}

/// A checkpoint that somebody kept, and the note it stands in.
pub struct Older {
    /// The note, as it was kept.
    pub note: String,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// Like [`read`], with the notes.
pub fn read_notes(files: &[PathBuf], keys: &[VerifierKey]) -> Result<Vec<Older>, Failure> {
    let mut all = Vec::new();
    for file in files {
        let name = file.display();
        let notes = notes(&text(file)?);
        if notes.is_empty() {
            return Err(Failure::usage(format!("`{name}` holds no checkpoint"))
                .hint("it must be a receipt, or what `lastlook log checkpoints` printed"));
        }
        for note in notes {
            let opened = open_checkpoint(&note, keys).map_err(|error| {
                Failure::usage(format!(
                    "the checkpoint in `{name}` proves nothing: {error} ({})",
                    error.code()
                ))
                .hint("pin the key that signed it with `--key FILE`")
            })?;
            all.push(Older { note, checkpoint: opened });
        }
    }
    Ok(all)
}

pub(super) fn text(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let wrong = |why: String| Failure::usage(format!("`{name}` cannot be read: {why}"));
    let size = std::fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    if size > LARGEST {
        return Err(wrong("it is larger than 64 MiB".to_owned()));
    }
    std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))
}

/// The signed notes in a file: a receipt's, or those that stand one after the other.
pub(super) fn notes(text: &str) -> Vec<String> {
    if let Ok(receipt) = serde_json::from_str::<Value>(text) {
        return receipt.get("checkpoint").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    }
    let mut notes: Vec<String> = Vec::new();
    let mut signed = true;
    for line in text.lines() {
        let is_signature = line.starts_with(SIGNATURE);
        match notes.last_mut() {
            Some(note) if is_signature || !signed => {
                note.push_str(line);
                note.push('\n');
            }
            // Between two notes nothing but empty lines may stand.
            _ if line.is_empty() => continue,
            _ => notes.push(format!("{line}\n")),
        }
        signed = is_signature;
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stand_one_after_the_other_or_in_a_receipt() {
        let one = "lastlook/a/1\n2\nroot\n\n\u{2014} key sig\n";
        let two = "lastlook/a/2\n3\nroot\n\n\u{2014} key sig\n\u{2014} witness sig\n";
        assert_eq!(notes(one), [one]);
        assert_eq!(notes(&format!("{one}{two}")), [one, two]);
        assert_eq!(notes(&format!("\n{two}\n\n{one}\n")), [two, one]);
        let receipt = serde_json::json!({"checkpoint": one}).to_string();
        assert_eq!(notes(&receipt), [one]);
        assert_eq!(notes("{}"), [""; 0]);
        assert_eq!(notes(""), [""; 0]);
    }
}
