//! Every log of a state folder: each entry, the tree, the checkpoint, the values beside it, the attempts it tells of.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_ledger::log::LogVerifier;
use lastlook_ledger::{LogSummary, VerifierKey, VerifyError, leaf_of_payload};
use lastlook_store::{StateDir, StateError, Store};
use serde::Serialize;
use tempfile::TempDir;

use super::attempts::{Attempts, Tally};
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    ok: bool,
    state: PathBuf,
    /// The keys it was verified with.
    keys: Vec<String>,
    /// Whether somebody pinned them; else they are the folder's own.
    pinned: bool,
    logs: Vec<Log>,
    attempts: Option<Tally>,
    problems: Vec<Problem>,
}

/// One log that verifies.
#[derive(Debug, Serialize)]
struct Log {
    origin: String,
    size: u64,
    root: String,
}

/// Something that does not add up.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// A stable code.
    pub code: &'static str,
    /// The log or attempt.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    fn of(at: &str, error: &VerifyError) -> Problem {
        Problem { code: error.code(), at: at.to_owned(), message: error.to_string() }
    }
}

/// Verifies the folder.
pub fn run(place: &Place, keys: Option<Vec<VerifierKey>>) -> Result<ExitCode, Failure> {
    let folder = place.existing_folder()?;
    let (record, _removed_at_the_end) = open(&folder)?;
    let pinned = keys.is_some();
    let keys = keys.unwrap_or_else(|| vec![record.state.verifier_key()]);
    let names = keys.iter().map(ToString::to_string).collect();
    let mut report = Report { state: folder, pinned, keys: names, ..Report::default() };
    let mut attempts = Attempts::default();
    for origin in record.store.origins()? {
        match log(&record, &origin, &keys, &mut attempts, &mut report.problems)? {
            Ok(LogSummary { checkpoint, .. }) => report.logs.push(Log {
                origin: checkpoint.origin,
                size: checkpoint.size,
                root: checkpoint.root.to_hex(),
            }),
            Err(error) => report.problems.push(Problem::of(&origin, &error)),
        }
    }
    // Attempts can only be compared with entries that are proven.
    if report.problems.is_empty() {
        report.attempts = Some(attempts.check(&record, &mut report.problems)?);
    }
    report.ok = report.problems.is_empty();
    print(&if place.json { text::json(&report)? } else { report.text() })?;
    if place.json || report.ok {
        return Ok(if report.ok { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) });
    }
    for Problem { code, at, message } in &report.problems {
        eprintln!("error: {}: {} ({code})", clean(at), clean(message));
    }
    Ok(ExitCode::from(REFUSED))
}

/// Opens the folder, or a copy of it when it cannot be written: opening it takes locks there.
fn open(folder: &Path) -> Result<(Record, Option<TempDir>), Failure> {
    match StateDir::open(folder) {
        Ok(state) => Ok((Record::of(state)?, None)),
        Err(StateError::ReadOnly { .. }) => {
            let copy = copy(folder).map_err(|error| {
                Failure::unavailable(format!("`{}` cannot be written, nor copied: {error}", folder.display()))
                    .hint("copy the folder yourself, key included, and verify the copy")
            })?;
            eprintln!("note: `{}` cannot be written; a copy of it is verified", folder.display());
            Ok((Record::of(StateDir::open(copy.path())?)?, Some(copy)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Copies what a state is made of, for its owner only; locks and ballast are made anew.
fn copy(folder: &Path) -> std::io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let copy = tempfile::Builder::new().prefix("lastlook-verify-").tempdir()?;
    // The write-ahead log first: entries that the database takes over meanwhile are then there twice, not missing.
    for name in ["lastlook.db-wal", "lastlook.db", "key", "version"] {
        let (from, to) = (folder.join(name), copy.path().join(name));
        match std::fs::copy(from, &to) {
            Ok(_) => std::fs::set_permissions(&to, std::fs::Permissions::from_mode(0o600))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(copy)
}

/// Verifies one log as far as its checkpoint went when it was read; others may append meanwhile.
fn log(
    record: &Record,
    origin: &str,
    keys: &[VerifierKey],
    attempts: &mut Attempts,
    problems: &mut Vec<Problem>,
) -> Result<Result<LogSummary, VerifyError>, Failure> {
    let note = record.store.checkpoint(origin)?.unwrap_or_default();
    let mut verifier = match LogVerifier::new(&note, keys) {
        Ok(verifier) => verifier,
        Err(error) => return Ok(Err(error)),
    };
    let checkpoint = verifier.checkpoint().clone();
    if checkpoint.origin != origin {
        return Ok(Err(VerifyError::OtherLog { entry: origin.to_owned(), checkpoint: checkpoint.origin }));
    }
    let leaves = record.store.leaf_hashes(origin, checkpoint.size)?;
    let mut misfiled = Vec::new();
    for page in record.pages(origin, 0, checkpoint.size) {
        for stored in page? {
            let entry = match verifier.push(&stored.payload) {
                Ok(entry) => entry,
                Err(error) => return Ok(Err(error)),
            };
            let leaf = usize::try_from(stored.index).ok().and_then(|index| leaves.get(index));
            let as_indexed = (stored.kind, stored.attempt.as_str()) == (entry.kind, entry.attempt.as_str());
            if !as_indexed || leaf != Some(&leaf_of_payload(&stored.payload)) {
                misfiled.push(Problem {
                    code: "entry-misfiled",
                    at: origin.to_owned(),
                    message: format!("entry {} is filed under what it does not say", stored.index),
                });
            }
            attempts.saw(entry.attempt);
        }
    }
    let beyond = record.store.entries(origin, checkpoint.size, 1)?;
    if !beyond.is_empty() && record.store.checkpoint(origin)?.as_ref() == Some(&note) {
        return Ok(Err(VerifyError::LogLonger { size: checkpoint.size }));
    }
    let finished = verifier.finish();
    // In a log that is not the signed one, nothing can be said of single entries.
    problems.extend(finished.is_ok().then_some(misfiled).into_iter().flatten());
    Ok(finished)
}

impl Report {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "{} {}",
            self.state.display(),
            if self.ok { "verifies" } else { "does not verify" }
        )];
        for Log { origin, size, .. } in &self.logs {
            lines.push(format!(
                "  log       {}: all {size} entries are those that were signed",
                clean(origin)
            ));
        }
        match &self.attempts {
            Some(tally) => lines.extend(tally.lines()),
            None => lines.push("  attempts  not compared, since a log does not verify".to_owned()),
        }
        lines.push(match self.pinned {
            true => "  key       pinned by you".to_owned(),
            false => "  key       the folder's own: whoever holds it could have made all of this; pin one with `--key FILE`".to_owned(),
        });
        lines.push(
            "  not proven: that nothing was cut off the end of a log, or that others see the same logs"
                .to_owned(),
        );
        lines
            .push("            (that takes a witness, or a receipt or checkpoint kept elsewhere)".to_owned());
        lines.join("\n") + "\n"
    }
}
