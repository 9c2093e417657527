//! `lastlook log consistency`: the proof that one checkpoint continues another.

use std::path::PathBuf;
use std::process::ExitCode;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_ledger::tree::{consistency_proof, root_of, verify_consistency};
use lastlook_ledger::{Checkpoint, Hash, open_checkpoint};
use lastlook_store::Store as _;
use serde_json::json;

use crate::commands::verify::older;
use crate::failure::Failure;
use crate::place::Place;
use crate::record::Record;
use crate::record::print::print;
use crate::record::text::{clean, json as line};

/// Prove that a log as it is, or as it was at NEW, continues what it was at OLD
///
/// OLD and NEW are files that hold a checkpoint of the log: a receipt, or what `lastlook log checkpoints` printed. The proof is
/// one of RFC 9162: whoever has both checkpoints can check it without the log. Exit code 1: there is none, since the log was cut
/// short or replaced.
#[derive(Debug, clap::Args)]
pub struct ConsistencyArgs {
    /// The older checkpoint
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The newer one [default: the log's latest]
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
}

/// Prints the proof, for each log of which OLD holds a checkpoint.
pub fn run(place: &Place, args: &ConsistencyArgs) -> Result<ExitCode, Failure> {
    let record = Record::open(place)?;
    let keys = lastlook_engine::keys::of(&record.state)?;
    let olds = older::read(std::slice::from_ref(&args.old), &keys)?;
    let news = match &args.new {
        Some(file) => older::read(std::slice::from_ref(file), &keys)?,
        None => Vec::new(),
    };
    let mut text = String::new();
    for old in &olds {
        let new = match &args.new {
            Some(file) => news.iter().find(|new| new.origin == old.origin).cloned().ok_or_else(|| {
                Failure::usage(format!(
                    "`{}` holds no checkpoint of log `{}`",
                    file.display(),
                    clean(&old.origin)
                ))
                .hint("both files must be of one log; leave NEW out for the log as it is")
            })?,
            None => latest(&record, old)?,
        };
        let proof = prove(&record, old, &new)?;
        text.push_str(&if place.json { as_json(old, &new, &proof)? } else { words(old, &new, &proof) });
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn latest(record: &Record, old: &Checkpoint) -> Result<Checkpoint, Failure> {
    let Some(note) = record.store.checkpoint(&old.origin)? else {
        return Err(Failure::refused(format!(
            "there is no log `{}` any more (log-missing)",
            clean(&old.origin)
        ))
        .hint("there was one when the older checkpoint was signed; `lastlook verify --older` says more"));
    };
    open_checkpoint(&note, &lastlook_engine::keys::of(&record.state)?)
        .map_err(|error| Failure::refused(error.to_string()).hint("`lastlook verify` says what is wrong"))
}

fn prove(record: &Record, old: &Checkpoint, new: &Checkpoint) -> Result<Vec<Hash>, Failure> {
    let origin = clean(&old.origin);
    if old.size > new.size {
        return Err(Failure::refused(format!(
            "log `{origin}` has {} entries, and had {} at the older checkpoint (log-cut-short)",
            new.size, old.size
        ))
        .hint("or the two files were exchanged: the older one comes first"));
    }
    let leaves = record.store.leaf_hashes(&old.origin, new.size)?;
    let root = |size: u64| leaves.get(..usize::try_from(size).ok()?).map(root_of);
    for checkpoint in [old, new] {
        if root(checkpoint.size) != Some(checkpoint.root) {
            return Err(Failure::refused(format!(
                "the first {} entries of log `{origin}` are not those of that checkpoint (log-replaced)",
                checkpoint.size
            ))
            .hint("there are two logs under this name, or one was rewritten; keep both checkpoints: they prove it"));
        }
    }
    let proof = consistency_proof(&leaves, old.size, new.size).unwrap_or_default();
    match verify_consistency(old.size, &old.root, new.size, &new.root, &proof) {
        true => Ok(proof),
        false => Err(Failure::refused(format!("log `{origin}` has no such proof (log-replaced)"))),
    }
}

fn as_json(old: &Checkpoint, new: &Checkpoint, proof: &[Hash]) -> Result<String, Failure> {
    let proof: Vec<String> = proof.iter().map(|hash| STANDARD.encode(hash.as_bytes())).collect();
    line(&json!({
        "origin": old.origin, "old_size": old.size, "old_root": old.root.to_hex(), "new_size": new.size,
        "new_root": new.root.to_hex(), "proof": proof,
    }))
}

fn words(old: &Checkpoint, new: &Checkpoint, proof: &[Hash]) -> String {
    let hashes: String =
        proof.iter().map(|hash| format!("  {}\n", STANDARD.encode(hash.as_bytes()))).collect();
    format!(
        "{}: {} entries continue the first {}; the proof has {} hashes\n{hashes}",
        clean(&old.origin),
        new.size,
        old.size,
        proof.len()
    )
}
