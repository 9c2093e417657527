//! One question to one witness about one checkpoint.

use std::time::Duration;

use lastlook_ledger::tree::consistency_proof;
use lastlook_ledger::witness::{AddCheckpoint, with_cosignature};
use lastlook_ledger::{Checkpoint, Hash};
use lastlook_upstream::hook::{HookClient, HookUrl};
use lastlook_upstream::source::Bounds;

use crate::config::WitnessConfig;

/// How long one answer may take, and how large it may be: a cosignature has a few hundred bytes.
const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(5), max_bytes: 16 << 10 };

/// A log as it stands.
pub(super) struct Log {
    pub(super) note: String,
    pub(super) checkpoint: Checkpoint,
    pub(super) leaves: Vec<Hash>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The note with the witness's cosignature, which was verified.
    Cosigned(String),
    /// No cosignature, and why.
    Missing(String),
    /// The witness has cosigned what this log does not continue.
    Contradicts(String),
    /// The witness has cosigned this many entries already, which are more than there are here.
    Ahead(u64),
}

/// Asks a witness, which is believed to have cosigned `old` entries; if it says another number, once more.
pub(super) async fn ask(client: &HookClient, witness: &WitnessConfig, log: &Log, old: u64) -> Answer {
    let url = match HookUrl::parse(&witness.url, witness.private) {
        Ok(url) => url.below("add-checkpoint"),
        Err(why) => return Answer::Missing(why.to_string()),
    };
    let size = log.checkpoint.size;
    let mut old = old.min(size);
    let mut corrected = false;
    loop {
        let Some(proof) = consistency_proof(&log.leaves, old, size) else {
            return Answer::Missing("this log has not the entries that its checkpoint covers".to_owned());
        };
        let body = AddCheckpoint { old, proof, note: log.note.clone() }.to_body();
        let (status, body) = match client.ask(&url, body, &BOUNDS).await {
            Ok(answer) => answer,
            Err(why) => return Answer::Missing(format!("{}: {why}", url.host())),
        };
        match (status, seen(&body)) {
            (200, _) => return cosigned(log, witness, &body),
            (409, Some(seen)) if seen > size => return Answer::Ahead(seen),
            (409, Some(seen)) if seen != old && !corrected => (old, corrected) = (seen, true),
            (409, Some(seen)) if seen == old => {
                return Answer::Contradicts(format!("it has cosigned other entries than these {seen}"));
            }
            (422, _) => {
                return Answer::Contradicts(format!(
                    "it has cosigned {old} entries which are not those that this log begins with"
                ));
            }
            (403, _) => return Answer::Missing("it does not trust the key that signs this log".to_owned()),
            (404, _) => return Answer::Missing("this log is not one of those it was given".to_owned()),
            (status, _) => return Answer::Missing(format!("it answered {status}, which makes no sense")),
        }
    }
}

/// The size in an answer of the status 409 (tlog-witness).
fn seen(body: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(body).ok()?.strip_suffix('\n')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

fn cosigned(log: &Log, witness: &WitnessConfig, body: &[u8]) -> Answer {
    let lines = String::from_utf8_lossy(body);
    match with_cosignature(&log.note, &lines, &witness.key) {
        Ok(note) => Answer::Cosigned(note),
        Err(_) => {
            Answer::Missing("what it answered is no cosignature of its key over this checkpoint".to_owned())
        }
    }
}
