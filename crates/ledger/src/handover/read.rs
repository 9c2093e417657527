//! Reads a handover, in the order of `spec/log.md`.

use super::{FORMAT, Handover, HandoverError, MAX_HANDOVER_BYTES, Why};
use crate::entry::is_time;
use crate::error::brief;
use crate::key::{VerifierKey, valid_name};
use crate::note::{Checkpoint, Signature, decimal, signatures};
use crate::tree::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};

pub(super) fn open(note: &[u8]) -> Result<Handover, HandoverError> {
    let malformed = HandoverError::Malformed;
    if note.len() > MAX_HANDOVER_BYTES {
        return Err(malformed("it is larger than 256 KiB"));
    }
    if note.iter().any(|byte| *byte < 0x20 && *byte != b'\n') {
        return Err(malformed("it has control characters"));
    }
    let note = std::str::from_utf8(note).map_err(|_| malformed("it is not UTF-8"))?;
    let (body, lines) =
        note.rsplit_once("\n\n").ok_or(malformed("it has no blank line before the signatures"))?;
    let handover = parse(body)?;
    let signatures = signatures(lines).map_err(|_| malformed("a signature line is not in form"))?;
    let text = format!("{body}\n");
    for key in [&handover.old, &handover.new] {
        signed(key, &text, &signatures)?;
    }
    Ok(handover)
}

/// The text without its last newline.
fn parse(body: &str) -> Result<Handover, HandoverError> {
    let mut lines = body.split('\n');
    let format = lines.next().unwrap_or_default();
    if format != FORMAT {
        return Err(HandoverError::Format(brief(format)));
    }
    let (Some(why), Some(time), Some(old), Some(new)) =
        (lines.next(), lines.next(), lines.next(), lines.next())
    else {
        return Err(HandoverError::Malformed("it has fewer than five lines"));
    };
    let why = match why {
        "rotated" => Why::Rotated,
        "compromised" => Why::Compromised,
        _ => return Err(HandoverError::Malformed("its reason is neither `rotated` nor `compromised`")),
    };
    if !is_time(time) {
        return Err(HandoverError::Malformed("its time is not RFC 3339 in UTC with nine fractional digits"));
    }
    let (old, new): (VerifierKey, VerifierKey) = (old.parse()?, new.parse()?);
    if old.name() != new.name() || old.id() == new.id() {
        return Err(HandoverError::Keys);
    }
    let logs = lines.map(|line| log(line, &old)).collect::<Option<Vec<_>>>();
    let logs = logs.ok_or(HandoverError::Malformed("a log's line is not its origin, size and root"))?;
    if !logs.is_sorted_by(|one, next| one.origin < next.origin) {
        return Err(HandoverError::Malformed("its logs are not in the order of their origins"));
    }
    Ok(Handover { why, time: time.to_owned(), old, new, logs })
}

fn log(line: &str, key: &VerifierKey) -> Option<Checkpoint> {
    let mut words = line.split(' ');
    let (origin, size, root) = (words.next()?, decimal(words.next()?)?, words.next()?);
    let root = Hash::from_slice(&STANDARD.decode(root).ok()?)?;
    let sound = words.next().is_none() && size > 0 && valid_name(origin) && key.owns(origin);
    sound.then(|| Checkpoint { origin: origin.to_owned(), size, root })
}

/// Whether the key has signed, and every signature that carries its name and id is its own.
fn signed(key: &VerifierKey, text: &str, signatures: &[Signature<'_>]) -> Result<(), HandoverError> {
    let mut own = signatures.iter().filter(|signature| signature.names(key)).peekable();
    if own.peek().is_none() {
        return Err(HandoverError::Unsigned(key.to_string()));
    }
    match own.all(|signature| signature.holds(key, text)) {
        true => Ok(()),
        false => Err(HandoverError::BadSignature(key.to_string())),
    }
}
