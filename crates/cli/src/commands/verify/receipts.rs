//! Receipts, one by one, with nothing but their bytes and the pinned keys.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lastlook_ledger::receipt::{MAX_RECEIPT_BYTES, handovers};
use lastlook_ledger::{
    Handover, Kind, Verified, VerifierKey, VerifyError, Witnesses, follow, verify_receipt_witnessed,
};
use serde_json::{Value, json};

use super::witnesses;
use crate::failure::{Failure, REFUSED, USAGE};
use crate::place::Place;
use crate::record::print::{Audience, print};
use crate::record::text::{self, clean};

/// What was found of one file.
enum Found {
    /// With the keys that were pinned, or with one that they handed over to.
    Verifies(Box<Verified>, Vec<VerifierKey>),
    Fails(VerifyError),
    Unreadable(std::io::Error),
}

/// Verifies every file, and says of each what is proven.
pub fn run(
    place: &Place,
    files: &[PathBuf],
    keys: &[VerifierKey],
    pinned: &Witnesses,
    known: Option<&[Handover]>,
) -> Result<ExitCode, Failure> {
    let (mut fails, mut unreadable) = (false, false);
    let mut audience = Audience::There;
    for file in files {
        let found = match read(file) {
            Ok(bytes) => match verify(&bytes, keys, pinned, known) {
                Ok((verified, followed)) => Found::Verifies(Box::new(verified), followed),
                Err(error) => Found::Fails(error),
            },
            Err(error) => Found::Unreadable(error),
        };
        fails |= matches!(found, Found::Fails(_));
        unreadable |= matches!(found, Found::Unreadable(_));
        let name = if is_stdin(file) { "standard input".to_owned() } else { clean(&file.to_string_lossy()) };
        if audience == Audience::There {
            audience = report(place.json, &name, &found, (keys, pinned))?;
        }
    }
    Ok(match (fails, unreadable) {
        (true, _) => ExitCode::from(REFUSED),
        (false, true) => ExitCode::from(USAGE),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// Verifies a receipt, and gives the keys it took besides those that were pinned.
fn verify(
    bytes: &[u8],
    pinned: &[VerifierKey],
    witnesses: &Witnesses,
    known: Option<&[Handover]>,
) -> Result<(Verified, Vec<VerifierKey>), VerifyError> {
    let mut all = Vec::new();
    if let Some(known) = known {
        all.extend(handovers(bytes)?);
        all.extend_from_slice(known);
    }
    let keys = follow(pinned, &all)?;
    let (own, further) = keys.split_at(pinned.len().min(keys.len()));
    match verify_receipt_witnessed(bytes, own, witnesses) {
        Err(_) if !further.is_empty() => {
            Ok((verify_receipt_witnessed(bytes, &keys, witnesses)?, further.to_vec()))
        }
        found => Ok((found?, Vec::new())),
    }
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// The file's bytes; no more than one too many, since a receipt that large is refused anyway.
pub fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let most = MAX_RECEIPT_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    match is_stdin(file) {
        true => std::io::stdin().lock().take(most).read_to_end(&mut bytes)?,
        false => File::open(file)?.take(most).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// What verifies goes to standard output, complaints to standard error; as JSON, all of it is the answer.
fn report(
    json: bool,
    name: &str,
    found: &Found,
    pins: (&[VerifierKey], &Witnesses),
) -> Result<Audience, Failure> {
    if json {
        return print(&text::json(&as_json(name, found))?);
    }
    match found {
        Found::Verifies(verified, followed) => {
            return print(&statement(name, verified, pins, followed));
        }
        Found::Fails(error) => {
            let why = clean(&error.to_string());
            eprintln!("error: `{name}` does not verify: {why} ({})", error.code());
            if let Some(hint) = hint(error) {
                eprintln!("hint: {hint}");
            }
        }
        Found::Unreadable(error) => eprintln!("error: `{name}` cannot be read: {error}"),
    }
    Ok(Audience::There)
}

fn as_json(name: &str, found: &Found) -> Value {
    match found {
        Found::Verifies(verified, followed) => {
            let Verified { entry, index, checkpoint, witnessed, armed, values, .. } = &**verified;
            let witnessed: Vec<Value> =
                witnessed.iter().map(|it| json!({"witness": it.witness, "time": it.time_s})).collect();
            let values: Vec<Value> =
                values.iter().map(|value| json!({"of": value.of.as_str(), "label": value.label})).collect();
            json!({
                "file": name, "ok": true, "receipt": verified.receipt(), "kind": entry.kind.as_str(), "time": entry.time,
                "origin": checkpoint.origin, "index": index, "size": checkpoint.size,
                "root": checkpoint.root.to_hex(), "action": entry.action.to_hex(), "statement": entry.body,
                "armed": armed.as_ref().map(|armed| &armed.body), "values": values, "witnessed": witnessed,
                "followed": followed.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        }
        Found::Fails(error) => {
            json!({"file": name, "ok": false, "code": error.code(), "message": error.to_string()})
        }
        Found::Unreadable(error) => {
            json!({"file": name, "ok": false, "code": "unreadable", "message": error.to_string()})
        }
    }
}

fn statement(
    name: &str,
    verified: &Verified,
    (keys, pinned): (&[VerifierKey], &Witnesses),
    followed: &[VerifierKey],
) -> String {
    let Verified { entry, index, checkpoint, witnessed, armed, values, .. } = verified;
    let member = |name: &str| entry.body.get(name).and_then(Value::as_str).map(clean);
    let or = |name: &str| member(name).unwrap_or_else(|| "?".to_owned());
    let codes = entry.body.get("reasons").and_then(Value::as_array).into_iter().flatten();
    let codes: Vec<&str> = codes.filter_map(|reason| reason.get("code")?.as_str()).collect();
    let how = match entry.kind {
        Kind::Refused => format!("was refused ({}); nothing was sent", clean(&codes.join(", "))),
        Kind::Operator => format!("{}, by an operator's word: {}", or("as"), or("reason")),
        Kind::Outcome if codes.is_empty() => format!("{} ({})", or("outcome"), or("evidence")),
        Kind::Outcome => {
            let codes = clean(&codes.join(", "));
            format!("{} ({}), and would have been refused ({codes})", or("outcome"), or("evidence"))
        }
        Kind::Armed | Kind::Held | Kind::Confirmation | Kind::Reads => entry.kind.to_string(),
    };
    let key = keys.iter().find(|key| key.owns(&checkpoint.origin)).map_or("", VerifierKey::name);
    let mut lines = vec![
        format!("{name} verifies"),
        format!("  attempt   {}: {} {how}", verified.receipt(), or("tool")),
        format!("  recorded  {} as entry {index} of {}", entry.time, checkpoint.origin),
        match followed.is_empty() {
            true => format!("  signed    by the pinned key {key}, over {} entries", checkpoint.size),
            false => {
                format!("  signed    by a key of {key} that is not pinned, over {} entries", checkpoint.size)
            }
        },
    ];
    for key in followed {
        lines.push(format!("  followed  a handover that a pinned key signed, to {key}"));
    }
    if !witnessed.is_empty() {
        lines.push(format!("  witnessed by {}", witnesses::words(witnessed)));
    }
    if let Some(approved) = approved(&entry.body) {
        lines.push(format!("  approved  {approved}"));
    }
    if armed.is_some() {
        lines.push("  armed     the entry it began with is in the record too".to_owned());
    }
    if !values.is_empty() {
        let labels: Vec<String> = values.iter().map(|value| clean(&value.label)).collect();
        lines.push(format!("  values    are those committed to: {}", labels.join(", ")));
    }
    lines.push(witnesses::not_proven(pinned.quorum()).to_owned());
    lines.push("  not proven: that the record is true; that its clock was right".to_owned());
    lines.join("\n") + "\n"
}

/// Whose yes the attempt ran on, by the entry's word; each statement stands in the entry, signed by its approver.
fn approved(body: &Value) -> Option<String> {
    let approval = body.get("approval")?;
    let names = approval.get("by")?.as_array()?.iter().filter_map(|by| by.get("approver")?.as_str());
    let names = names.map(clean).collect::<Vec<_>>().join(", ");
    Some(format!("by {names}, on request {}", clean(approval.get("request")?.as_str()?)))
}

fn hint(error: &VerifyError) -> Option<&'static str> {
    match error.code() {
        "checkpoint-key-ended" => {
            Some("export the receipt again: the key that signs now will have signed it")
        }
        "checkpoint-key-compromised" => {
            Some("export the receipt again where the boundary runs, and pin the key that signs now")
        }
        "handover-conflict" => Some("ask, on a way you trust, which key signs now"),
        "checkpoint-unknown-key" => {
            Some("it is of another state folder, or the key was replaced; pin the right key, if you trust it")
        }
        "receipt-json" | "receipt-format" | "receipt-shape" => {
            Some("is it a whole file as `lastlook receipt` wrote it?")
        }
        "checkpoint-not-witnessed" => {
            Some("export it again once the witnesses have cosigned: `lastlook log witness` asks them")
        }
        "not-a-receipt" => Some("only a refused, outcome or operator entry says how an attempt ended"),
        _ => None,
    }
}
