//! The witnesses somebody decided to trust.

use std::path::PathBuf;

use lastlook_ledger::witness::parse_witnesses;
use lastlook_ledger::{Cosigned, KeyError, WitnessKey, Witnesses};

use super::keys;
use crate::failure::Failure;
use crate::record::text::clean;

/// The witnesses given, as keys or in files, and how many of them must have cosigned: all of them, unless somebody says.
pub fn read(given: &[String], quorum: Option<usize>) -> Result<Witnesses, Failure> {
    let mut all: Vec<WitnessKey> = Vec::new();
    for given in given {
        match given.parse::<WitnessKey>() {
            Ok(key) => all.push(key),
            // What is no key in form may be a file.
            Err(KeyError::Form(_)) => all.extend(of_file(given)?),
            Err(error) => return Err(wrong(given, &error)),
        }
    }
    if all.is_empty() {
        return match quorum {
            None => Ok(Witnesses::none()),
            Some(_) => Err(Failure::usage("no witness is pinned of whom a quorum could be asked").hint(
                "`--witness KEY|FILE`, with what `lastlook witness --print-key` printed where it runs",
            )),
        };
    }
    let many = Witnesses::new(all.clone(), 1).map_or(0, |witnesses| witnesses.many());
    let quorum = quorum.unwrap_or(many);
    Witnesses::new(all, quorum).ok_or_else(|| {
        Failure::usage(format!("a quorum of {quorum} of {many} witnesses is none"))
            .hint("two names of one key are one witness; `--quorum` is at least 1 and no more than there are")
    })
}

fn of_file(name: &str) -> Result<Vec<WitnessKey>, Failure> {
    let bytes = keys::bytes(&PathBuf::from(name)).map_err(|error| {
        Failure::usage(format!(
            "`{}` is neither the key of a witness nor a file that can be read: {error}",
            clean(name)
        ))
        .hint("`lastlook witness --print-key` prints a key")
    })?;
    parse_witnesses(&bytes).map_err(|error| wrong(name, &error))
}

fn wrong(given: &str, error: &KeyError) -> Failure {
    Failure::usage(format!("`{}` does not name witnesses: {error} ({})", clean(given), error.code()))
        .hint("`lastlook witness --print-key` prints a witness's key; a log's key goes to `--key`")
}

/// Who has cosigned, and when, in words.
pub fn words(cosigned: &[Cosigned]) -> String {
    let one = |it: &Cosigned| format!("{} at {}", clean(&it.witness), time(it.time_s));
    cosigned.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// An instant as entries write it.
pub fn time(time_s: u64) -> String {
    let ns = i64::try_from(time_s).ok().and_then(|time_s| time_s.checked_mul(1_000_000_000));
    lastlook_engine::clock::wall_at(ns.unwrap_or(i64::MAX))
}

/// What is not proven of the end of a log, in words.
pub fn not_proven(quorum: usize) -> &'static str {
    match quorum {
        0 => {
            "  not proven: that nothing was cut off the end of a log, or that others see the same logs: without a\n            witness, truncation is not detectable"
        }
        _ => {
            "  not proven: that nothing was cut off which is newer than what the witnesses saw; ask them again for that"
        }
    }
}
