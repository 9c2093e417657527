//! `lastlook log export`: the logs as static files, each time only what is new.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_engine::witness::Kept;
use lastlook_ledger::tiles::{Tile, bundle, leaf_data, levels, new_tiles};
use lastlook_ledger::tree::root_of;
use lastlook_ledger::{Checkpoint, Hash, VerifierKey, open_checkpoint};
use lastlook_store::Store as _;
use serde_json::json;

use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{clean, json as line};

/// Write the logs as static files, to be served or kept elsewhere
///
/// Each log becomes a folder named by its origin, in the layout of C2SP tlog-tiles: a checkpoint, tiles of hashes, bundles of
/// entries. Done again, only what is new is written; full files never change. A log that does not continue what was exported is
/// refused, with exit code 1. `lastlook verify --tiles DIR` verifies an export, anywhere, with a pinned key.
///
/// Entries hold no values, only commitments to them.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The folder; made if it is not there
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Exports every log.
pub fn run(place: &Place, args: &ExportArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let mut text = String::new();
    for origin in record.store.origins()? {
        let Some(note) = record.store.checkpoint(&origin)? else { continue };
        let exported = export(&record, &origin, &note, &args.dir.join(&origin))?;
        text.push_str(&if place.json { exported.json(&origin)? } else { exported.words(&origin) });
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What was done for one log.
struct Exported {
    from: u64,
    size: u64,
    files: usize,
    /// Entries that no bundle can hold.
    large: usize,
}

fn export(record: &Record, origin: &str, note: &str, folder: &Path) -> Result<Exported, Failure> {
    let keys = lastlook_engine::keys::of(&record.state)?;
    let checkpoint = open_checkpoint(note, &keys)
        .map_err(|error| Failure::refused(error.to_string()).hint("`lastlook verify` says what is wrong"))?;
    if checkpoint.origin != origin {
        return Err(Failure::refused(format!("the checkpoint of log `{}` is of another log", clean(origin)))
            .hint("`lastlook verify` says what is wrong"));
    }
    let leaves = record.store.leaf_hashes(origin, checkpoint.size)?;
    let root_at = |size: u64| leaves.get(..usize::try_from(size).ok()?).map(root_of);
    if root_at(checkpoint.size) != Some(checkpoint.root) {
        return Err(Failure::refused(format!(
            "log `{}` does not have the signed root (log-root)",
            clean(origin)
        ))
        .hint("`lastlook verify` says what is wrong"));
    }
    let before = exported(folder, &keys)?;
    let from = before.as_ref().map_or(0, |before| before.size);
    if let Some(before) = &before
        && (before.origin != origin || root_at(before.size) != Some(before.root))
    {
        return Err(continues_not(folder, before, checkpoint.size));
    }
    let levels = levels(leaves);
    let (mut files, mut large) = (0, 0);
    for tile in new_tiles(from, checkpoint.size) {
        let bytes = match tile.level {
            Some(_) => {
                let hashes = tile.hashes(&levels).unwrap_or_default();
                hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
            }
            None => entries(record, origin, &tile, folder, &levels, &mut large)?,
        };
        put(&folder.join(tile.to_string()), &bytes)?;
        files += 1;
        if tile.is_full() {
            let partial = folder.join(Tile { width: 1, ..tile }.to_string());
            // The full file is there: what is left of the partial ones is only in the way.
            let _ = partial.parent().map(fs::remove_dir_all);
        }
    }
    // Last, so that whoever reads it finds all that it covers.
    let kept = Kept::of(&record.store, origin)?;
    let same = kept.notes.iter().find(|kept| text_of(kept) == text_of(note));
    put(&folder.join("checkpoint"), same.map_or(note, String::as_str).as_bytes())?;
    Ok(Exported { from, size: checkpoint.size, files, large })
}

fn text_of(note: &str) -> Option<&str> {
    note.rsplit_once("\n\n").map(|(text, _)| text)
}

/// What was exported before; it is the state's own, or nothing is written beside it.
fn exported(folder: &Path, keys: &[VerifierKey]) -> Result<Option<Checkpoint>, Failure> {
    let path = folder.join("checkpoint");
    let note = match fs::read_to_string(&path) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::usage(format!("`{}` cannot be read: {error}", path.display()))),
    };
    open_checkpoint(&note, keys).map(Some).map_err(|error| {
        Failure::refused(format!("what was exported to `{}` is not this state's: {error}", folder.display()))
            .hint("export to another folder")
    })
}

fn continues_not(folder: &Path, before: &Checkpoint, size: u64) -> Failure {
    let at = folder.display();
    let code = if before.size > size { "log-cut-short" } else { "log-replaced" };
    Failure::refused(format!(
        "log `{}` has {size} entries and does not continue the {} that were exported to `{at}` ({code})",
        clean(&before.origin),
        before.size
    ))
    .hint("the record was cut short, rewritten or brought back from a copy; keep both as they are")
}

/// The bytes of a bundle; entries that it cannot hold are written beside it.
fn entries(
    record: &Record,
    origin: &str,
    tile: &Tile,
    folder: &Path,
    levels: &[Vec<Hash>],
    large: &mut usize,
) -> Result<Vec<u8>, Failure> {
    let width = usize::try_from(tile.width).unwrap_or_default();
    let stored = record.store.entries(origin, tile.start(), width)?;
    let expected = Tile { level: Some(0), ..*tile };
    let expected = expected.hashes(levels).unwrap_or_default();
    if stored.len() != width || !stored.iter().map(|entry| entry.leaf).eq(expected.iter().copied()) {
        return Err(Failure::refused(format!(
            "entries of log `{}` are missing (log-shorter)",
            clean(origin)
        ))
        .hint("`lastlook verify` says what is wrong"));
    }
    let mut bytes = Vec::new();
    for entry in stored {
        if !bundle(&mut bytes, &entry.payload) {
            put(&folder.join("large").join(entry.index.to_string()), &leaf_data(&entry.payload))?;
            *large += 1;
        }
    }
    Ok(bytes)
}

/// Writes a file whole, in one step.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = (|| {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(bytes)?;
        new.as_file().sync_all()?;
        {
            use std::os::unix::fs::PermissionsExt as _;
            // It is there to be served.
            new.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        new.persist(path).map_err(|error| error.error)?;
        Ok(())
    })();
    written.map_err(|error: std::io::Error| {
        Failure::unavailable(format!("`{}` cannot be written: {error}", path.display()))
            .hint("what was exported before is still whole; do it again when there is room")
    })
}

impl Exported {
    fn json(&self, origin: &str) -> Result<String, Failure> {
        let Exported { from, size, files, large } = self;
        line(&json!({"origin": origin, "from": from, "size": size, "files": files, "large": large}))
    }

    fn words(&self, origin: &str) -> String {
        let Exported { from, size, files, large } = self;
        let new = size.saturating_sub(*from);
        let large = match large {
            0 => String::new(),
            many => format!("; {many} too large for a bundle, in `large`"),
        };
        format!("{}: {size} entries, {new} of them new, in {files} files{large}\n", clean(origin))
    }
}
