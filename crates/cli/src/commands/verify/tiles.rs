//! An export of logs as static files (`lastlook log export`), verified with pinned keys.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_ledger::log::LogVerifier;
use lastlook_ledger::tiles::{Tile, levels, new_tiles, payload_of, unbundle};
use lastlook_ledger::tree::leaf_hash;
use lastlook_ledger::{Cosigned, Hash, VerifierKey, Witnesses, open_witnessed};
use serde_json::json;

use super::state::Problem;
use super::witnesses;
use crate::failure::{Failure, REFUSED};
use crate::place::Place;
use crate::record::print::print;
use crate::record::text::{self, clean};

/// How deep a log's folder may lie: origins have two slashes.
const DEEPEST: usize = 6;
/// Larger than any file of an export can be.
const LARGEST: u64 = 32 << 20;

/// A log that verifies.
struct Log {
    origin: String,
    size: u64,
    root: Hash,
    cosigned: Vec<Cosigned>,
}

/// Verifies every log below a folder.
pub fn run(place: &Place, dir: &Path, keys: &[VerifierKey], pinned: &Witnesses) -> Result<ExitCode, Failure> {
    let mut folders = Vec::new();
    find(dir, 0, &mut folders)
        .map_err(|error| Failure::usage(format!("`{}` cannot be read: {error}", dir.display())))?;
    if folders.is_empty() {
        return Err(Failure::usage(format!("there is no export at `{}`", dir.display()))
            .hint("an export holds a file `checkpoint` for each log; `lastlook log export DIR` makes one"));
    }
    let (mut logs, mut problems) = (Vec::new(), Vec::new());
    for folder in &folders {
        match log(folder, keys, pinned) {
            Ok(log) => logs.push(log),
            Err(problem) => problems.push(problem),
        }
    }
    report(place, dir, &logs, &problems, pinned)
}

fn find(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if folder.join("checkpoint").is_file() {
        found.push(folder.to_owned());
        return Ok(());
    }
    let mut below = fs::read_dir(folder)?.map(|it| Ok(it?.path())).collect::<std::io::Result<Vec<_>>>()?;
    below.sort();
    for path in below.into_iter().filter(|path| path.is_dir() && depth < DEEPEST) {
        find(&path, depth + 1, found)?;
    }
    Ok(())
}

fn log(folder: &Path, keys: &[VerifierKey], pinned: &Witnesses) -> Result<Log, Problem> {
    let at = folder.display().to_string();
    let problem = |code: &'static str, message: String| Problem { code, at: at.clone(), message };
    let note = read(&folder.join("checkpoint")).map_err(|why| problem("tile-missing", why))?;
    let note = String::from_utf8(note)
        .map_err(|_| problem("checkpoint-malformed", "the checkpoint is not UTF-8".to_owned()))?;
    let (checkpoint, cosigned) =
        open_witnessed(&note, keys, pinned).map_err(|error| problem(error.code(), error.to_string()))?;
    let mut verifier =
        LogVerifier::new(&note, keys).map_err(|error| problem(error.code(), error.to_string()))?;
    let all = new_tiles(0, checkpoint.size);
    let mut leaves = Vec::new();
    for tile in all.iter().filter(|tile| tile.level.is_none()) {
        for entry in bundle(folder, tile, leaves.len() as u64).map_err(|(code, why)| problem(code, why))? {
            let payload = payload_of(&entry).ok_or_else(|| {
                problem("entry-statement", format!("`{tile}` holds something else than entries"))
            })?;
            verifier.push(payload).map_err(|error| problem(error.code(), error.to_string()))?;
            leaves.push(leaf_hash(&entry));
        }
    }
    verifier.finish().map_err(|error| problem(error.code(), error.to_string()))?;
    let levels = levels(leaves);
    for tile in all.iter().filter(|tile| tile.level.is_some()) {
        let expected: Vec<u8> =
            tile.hashes(&levels).unwrap_or_default().iter().flat_map(|it| *it.as_bytes()).collect();
        let found = hashes(folder, tile, expected.len()).map_err(|(code, why)| problem(code, why))?;
        if found != expected {
            let why = format!("the hashes in `{tile}` are not those of the entries");
            return Err(problem("tile-mismatch", why));
        }
    }
    Ok(Log { origin: checkpoint.origin, size: checkpoint.size, root: checkpoint.root, cosigned })
}

type Trouble = (&'static str, String);

/// A file, and whether it is the full one in the place of the partial one.
fn file(folder: &Path, tile: &Tile) -> Result<(Vec<u8>, bool), Trouble> {
    let path = folder.join(tile.to_string());
    let instead = !path.exists() && !tile.is_full();
    let path = if instead { folder.join(tile.full().to_string()) } else { path };
    read(&path).map(|bytes| (bytes, instead)).map_err(|why| ("tile-missing", why))
}

fn hashes(folder: &Path, tile: &Tile, expected: usize) -> Result<Vec<u8>, Trouble> {
    const FULL: usize = 8192;
    let (mut bytes, instead) = file(folder, tile)?;
    let wanted = if instead { FULL } else { expected };
    if bytes.len() != wanted {
        return Err(("tile-size", format!("`{tile}` has {} bytes; it must have {wanted}", bytes.len())));
    }
    bytes.truncate(expected);
    Ok(bytes)
}

/// The entries of a bundle, those that it could not hold included; `first` is the place of the first one.
fn bundle(folder: &Path, tile: &Tile, first: u64) -> Result<Vec<Vec<u8>>, Trouble> {
    let (bytes, instead) = file(folder, tile)?;
    let entries =
        unbundle(&bytes).ok_or_else(|| ("tile-size", format!("`{tile}` does not end with an entry")))?;
    let width = usize::try_from(tile.width).unwrap_or(usize::MAX);
    if entries.len() != width && !(instead && entries.len() > width) {
        return Err(("tile-size", format!("`{tile}` holds {} entries; it must hold {width}", entries.len())));
    }
    (first..)
        .zip(entries.into_iter().take(width))
        .map(|(index, entry)| match entry {
            [] => read(&folder.join("large").join(index.to_string())).map_err(|why| ("tile-missing", why)),
            entry => Ok(entry.to_vec()),
        })
        .collect()
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let done = fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    done.map(|_| bytes).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

fn report(
    place: &Place,
    dir: &Path,
    logs: &[Log],
    problems: &[Problem],
    pinned: &Witnesses,
) -> Result<ExitCode, Failure> {
    let ok = problems.is_empty();
    let code = if ok { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) };
    if place.json {
        let each: Vec<_> = logs
            .iter()
            .map(|Log { origin, size, root, cosigned }| {
                let cosigned: Vec<_> =
                    cosigned.iter().map(|it| json!({"witness": it.witness, "time": it.time_s})).collect();
                json!({"origin": origin, "size": size, "root": root.to_hex(), "witnessed": cosigned})
            })
            .collect();
        print(&text::json(&json!({"ok": ok, "tiles": dir, "logs": each, "problems": problems}))?)?;
        return Ok(code);
    }
    let mut lines = vec![format!(
        "{} {}",
        clean(&dir.display().to_string()),
        if ok { "verifies" } else { "does not verify" }
    )];
    for Log { origin, size, cosigned, .. } in logs {
        let origin = clean(origin);
        lines.push(format!(
            "  log       {origin}: all {size} entries are those that were signed, and every tile is theirs"
        ));
        if !cosigned.is_empty() {
            lines.push(format!("  witnessed {}", witnesses::words(cosigned)));
        }
    }
    lines.push(witnesses::not_proven(pinned.quorum()).to_owned());
    print(&(lines.join("\n") + "\n"))?;
    for Problem { code, at, message } in problems {
        eprintln!("error: {}: {} ({code})", clean(at), clean(message));
    }
    Ok(code)
}
