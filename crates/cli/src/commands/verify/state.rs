//! Every log of a state folder: each entry, the tree, the checkpoint, the values beside it, the attempts it tells of.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_ledger::log::{Leaf, LogVerifier};
use lastlook_ledger::roster::Walk;
use lastlook_ledger::{Checkpoint, Handover, LogSummary, VerifierKey, VerifyError, Witnesses};
use lastlook_store::{StateError, Store, StoredEntry};
use rayon::prelude::*;
use serde::Serialize;
use tempfile::TempDir;

use super::attempts::{self, Tally};
use super::older;
use super::roster::Gathered;
use super::witnessed::{self, Said, Seen};
use super::witnesses;
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::progress::Counted;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// How many entries are read at once.
const BATCH: usize = 1024;

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    ok: bool,
    state: PathBuf,
    /// The keys it was verified with.
    keys: Vec<String>,
    /// Whether somebody pinned them; else they are the folder's own.
    pinned: bool,
    /// The keys among them that handovers led to.
    followed: Vec<String>,
    logs: Vec<Log>,
    attempts: Option<Tally>,
    /// Whether a roster lists the logs; it is begun with the first entry that this version of the program writes.
    listed: bool,
    /// How many checkpoints from elsewhere the logs were compared with.
    older: usize,
    /// When the back-up was made that this is; nothing if it is none.
    copied: Option<String>,
    /// How many witnesses must have cosigned each log; 0 where none are pinned.
    quorum: usize,
    problems: Vec<Problem>,
}

/// One log that verifies.
#[derive(Debug, Serialize)]
struct Log {
    origin: String,
    size: u64,
    root: String,
    /// How much of it enough witnesses saw, and when; nothing where none are pinned.
    witnessed: Option<Said>,
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
pub fn run(
    place: &Place,
    pinned_keys: Option<Vec<VerifierKey>>,
    older: &[PathBuf],
    pinned_witnesses: &Witnesses,
    only_logs: bool,
    known: Option<&[Handover]>,
) -> Result<ExitCode, Failure> {
    let folder = place.existing_folder()?;
    let (record, _removed_at_the_end) = open(place, &folder)?;
    let pinned = pinned_keys.is_some();
    let keys = pinned_keys.unwrap_or_else(|| vec![record.state.verifier_key()]);
    let own = keys.len();
    let handovers = if known.is_some() { super::keys::handed_over(&record.state)? } else { Vec::new() };
    let keys = super::keys::followed(&keys, &[&handovers, known.unwrap_or_default()].concat())?;
    let older = older::read_notes(older, &keys)?;
    let seen = witnessed::collect(&record, &older, &keys, pinned_witnesses)?;
    let mut older: Vec<Checkpoint> = older.into_iter().map(|older| older.checkpoint).collect();
    let older_given = older.len();
    // What witnesses saw must still be there, like whatever else somebody kept.
    older.extend(seen.iter().map(|seen| seen.checkpoint.clone()));
    let names = keys.iter().map(ToString::to_string).collect();
    let followed = keys.get(own..).unwrap_or_default().iter().map(ToString::to_string).collect();
    let mut report = Report { state: folder, pinned, keys: names, followed, ..Report::default() };
    let roster = Gathered::read(&record, &keys)?;
    report.problems.extend(missing(&roster.origins, &older));
    let mut walked = BTreeMap::new();
    for origin in &roster.origins {
        let older = older.iter().filter(|older| older.origin == *origin).collect();
        let walk = walked.entry(origin.clone()).or_insert_with(|| roster.said.walk(origin));
        match log(&record, origin, &keys, (older, walk), place.json, &mut report.problems)? {
            Ok(LogSummary { checkpoint, .. }) => {
                let seen = seen.iter().find(|seen| seen.checkpoint.origin == *origin);
                if seen.is_none() && checkpoint.size > 0 && pinned_witnesses.quorum() > 0 {
                    report.problems.push(witnessed::never(origin, pinned_witnesses));
                }
                report.logs.push(Log {
                    origin: checkpoint.origin,
                    size: checkpoint.size,
                    root: checkpoint.root.to_hex(),
                    witnessed: seen.map(Seen::said),
                });
            }
            Err(error) => report.problems.push(Problem::of(origin, &error)),
        }
    }
    // What rosters say counts once every log is the one that was signed.
    if report.problems.is_empty() {
        report.problems.extend(roster.compare(&record, &walked)?);
    }
    // What cannot be compared must not look as if it had been.
    if let Some((heads, Err(error))) = record.state.heads().map(|heads| (heads, heads.read())) {
        eprintln!(
            "note: the heads in `{}` cannot be read: {error}; whether this record was put back, nobody can tell",
            heads.folder().display()
        );
    }
    match record.state.check_was_not_put_back() {
        Ok(()) => {}
        // What it says of itself is no fault of a back-up; and it may well be older than what was kept since.
        Err(StateError::Copied { since, .. }) => report.copied = Some(since),
        Err(error @ StateError::Behind { .. }) => {
            let at = record.state.state_id().to_owned();
            report.problems.push(Problem { code: "state-behind", at, message: error.to_string() });
        }
        Err(error) => return Err(error.into()),
    }
    report.listed = roster.is_any();
    // Attempts can only be compared with entries that are proven.
    if report.problems.is_empty() && !only_logs {
        report.problems.extend(super::keys::unrecorded(&record, &handovers)?);
        report.attempts = Some(attempts::check(&record, place.json, &mut report.problems)?);
    }
    report.ok = report.problems.is_empty();
    report.older = older_given;
    report.quorum = pinned_witnesses.quorum();
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
fn open(place: &Place, folder: &Path) -> Result<(Record, Option<TempDir>), Failure> {
    match place.open_at(folder) {
        Ok(state) => Ok((Record::of(state)?, None)),
        Err(StateError::ReadOnly { .. }) => {
            let copy = copy(folder).map_err(|error| {
                Failure::unavailable(format!("`{}` cannot be written, nor copied: {error}", folder.display()))
                    .hint("copy the folder yourself, key included, and verify the copy")
            })?;
            eprintln!("note: `{}` cannot be written; a copy of it is verified", folder.display());
            Ok((Record::of(place.open_at(copy.path())?)?, Some(copy)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Copies what a state is made of, for its owner only; locks and ballast are made anew.
fn copy(folder: &Path) -> std::io::Result<TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let copy = tempfile::Builder::new().prefix("lastlook-verify-").tempdir()?;
    // The write-ahead log first: entries that the database takes over meanwhile are then there twice, not missing.
    for name in ["lastlook.db-wal", "lastlook.db", "key", "next-key", "version"] {
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
///
/// Entries are read in batches, on every core, while the next batch comes from the disk: memory does not grow with the log.
fn log(
    record: &Record,
    origin: &str,
    keys: &[VerifierKey],
    (mut older, walk): (Vec<&Checkpoint>, &mut Walk<'_>),
    quiet: bool,
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
    let mut progress = Counted::on(&format!("log {}", clean(origin)), checkpoint.size, quiet);
    let batch_from = |from: u64| {
        let wanted = usize::try_from(checkpoint.size.saturating_sub(from)).unwrap_or(BATCH).min(BATCH);
        if wanted == 0 { Ok(Vec::new()) } else { record.store.entries(origin, from, wanted) }
    };
    let mut misfiled = Vec::new();
    let mut batch = batch_from(0)?;
    while let Some(last) = batch.last() {
        let from = last.index.saturating_add(1);
        let read_all = || batch.par_iter().map(|stored| read(&verifier, stored)).collect::<Vec<_>>();
        let (entries, next) = rayon::join(read_all, || batch_from(from));
        for (stored, entry) in batch.iter().zip(entries) {
            let taken = match entry {
                Ok((leaf, as_filed)) => verifier.take(leaf).map(|()| {
                    walk.pass(leaf.hash, || verifier.root());
                    as_filed
                }),
                Err(error) => Err(verifier.at_next(error)),
            };
            older.retain(|older| older.size != verifier.size() || older.root != verifier.root());
            match taken {
                Ok(true) => {}
                Ok(false) => misfiled.push(Problem {
                    code: "entry-misfiled",
                    at: origin.to_owned(),
                    message: format!("entry {} is filed under what it does not say", stored.index),
                }),
                Err(error) => return Ok(Err(error)),
            }
        }
        progress.at(from);
        batch = next?;
    }
    let beyond = record.store.entries(origin, checkpoint.size, 1)?;
    if !beyond.is_empty() && record.store.checkpoint(origin)?.as_ref() == Some(&note) {
        return Ok(Err(VerifyError::LogLonger { size: checkpoint.size }));
    }
    // What is left was never passed: the empty log is what every log began with.
    older.retain(|older| older.size > 0);
    problems.extend(older.into_iter().map(|older| no_longer(older, checkpoint.size)));
    let finished = verifier.finish();
    // In a log that is not the signed one, nothing can be said of single entries.
    problems.extend(finished.is_ok().then_some(misfiled).into_iter().flatten());
    Ok(finished)
}

/// A checkpoint from elsewhere that the log does not lead back to.
fn no_longer(older: &Checkpoint, size: u64) -> Problem {
    let (code, message) = match older.size > size {
        true => (
            "log-cut-short",
            format!("it has {size} entries, and had {} when the older checkpoint was signed", older.size),
        ),
        false => (
            "log-replaced",
            format!("its first {} entries are not those of the older checkpoint", older.size),
        ),
    };
    Problem { code, at: older.origin.clone(), message }
}

/// The logs of which somebody has an older checkpoint, and that are not there.
fn missing<'a>(origins: &'a [String], older: &'a [Checkpoint]) -> impl Iterator<Item = Problem> + 'a {
    let gone = older.iter().filter(|older| older.size > 0 && !origins.contains(&older.origin));
    gone.map(|older| Problem {
        code: "log-missing",
        at: older.origin.clone(),
        message: "there is no such log any more, and there was one when the older checkpoint was signed"
            .to_owned(),
    })
}

/// Reads one entry, and whether it is filed under what it says.
fn read(verifier: &LogVerifier, stored: &StoredEntry) -> Result<(Leaf, bool), VerifyError> {
    let (head, leaf) = verifier.read_head(&stored.payload)?;
    let filed = (stored.kind, stored.attempt.as_str()) == (head.kind, head.attempt.as_str());
    Ok((leaf, filed && stored.leaf == leaf.hash))
}

impl Report {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "{} {}",
            self.state.display(),
            if self.ok { "verifies" } else { "does not verify" }
        )];
        for Log { origin, size, witnessed, .. } in &self.logs {
            lines.push(format!(
                "  log       {}: all {size} entries are those that were signed",
                clean(origin)
            ));
            lines.extend(witnessed.as_ref().map(|said| said.line(*size)));
        }
        lines.extend(match (self.ok, self.listed, self.logs.is_empty()) {
            (true, true, _) => Some("  roster    lists these logs and no others".to_owned()),
            (true, false, false) => Some(
                "  roster    none yet: nobody can tell whether a whole log is gone; the next writer begins it".to_owned(),
            ),
            _ => None,
        });
        lines.extend(self.copied.as_ref().map(|made| {
            format!("  back-up   made {}; nothing runs on it before `lastlook restored`", clean(made))
        }));
        match &self.attempts {
            Some(tally) => lines.extend(tally.lines()),
            None if self.ok => {
                lines.push("  attempts  not compared, nor any values: only the logs were".to_owned())
            }
            None => lines.push("  attempts  not compared, since a log does not verify".to_owned()),
        }
        lines.push(match self.pinned {
            true => "  key       pinned by you".to_owned(),
            false => "  key       the folder's own: whoever holds it could have made all of this; pin one with `--key FILE`".to_owned(),
        });
        for key in self.followed.iter().filter(|_| self.pinned) {
            lines.push(format!("  followed  handovers that a pinned key signed, to and from {key}"));
        }
        if self.older > 0 && self.ok {
            lines.push(format!(
                "  older     all that {} older checkpoints vouched for is still there, unaltered",
                self.older
            ));
        }
        if self.quorum > 0 || self.older == 0 {
            lines.push(witnesses::not_proven(self.quorum).to_owned());
        } else {
            lines.push("  not proven: that nothing was cut off that is newer than those, or that others see the same logs: without\n            a witness, truncation is not detectable".to_owned());
        }
        lines.join("\n") + "\n"
    }
}
