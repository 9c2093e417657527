//! Reads a receipt's JSON, strictly and without believing any of it.

use super::{Armed, FORMAT, Included, MAX_RECEIPT_BYTES, OpenedValue, Receipt};
use crate::commit::Salt;
use crate::entry::{Kind, MAX_INTEGER, PAYLOAD_TYPE};
use crate::error::{VerifyError, brief};
use crate::fields::FieldProof;
use crate::tree::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_canon::{Json, Limits};

pub(super) const LIMITS: Limits = Limits { max_bytes: MAX_RECEIPT_BYTES, max_depth: 64 };
/// More siblings than any tree has.
const MAX_PROOF: usize = 64;

/// What stands in the file, unverified. `of` of a value is kept as text until the entries are known.
pub(super) fn read(bytes: &[u8]) -> Result<Receipt, VerifyError> {
    let json = lastlook_canon::parse(bytes, &LIMITS).map_err(VerifyError::Json)?;
    let receipt = Members::of(&json, "")?;
    let format = receipt.text("format")?;
    if format != FORMAT {
        return Err(VerifyError::Format(brief(format)));
    }
    // `extensions` is the room for what later versions add beside the proof. It proves nothing.
    receipt.known(&[
        "format",
        "payload_type",
        "payload",
        "index",
        "inclusion",
        "checkpoint",
        "armed",
        "values",
        "extensions",
    ])?;
    if let Some(extensions) = receipt.get("extensions") {
        Members::of(extensions, "extensions")?;
    }
    let payload_type = receipt.text("payload_type")?;
    if payload_type != PAYLOAD_TYPE {
        return Err(VerifyError::PayloadType(brief(payload_type)));
    }
    Ok(Receipt {
        entry: included(&receipt)?,
        checkpoint: receipt.text("checkpoint")?.to_owned(),
        armed: receipt.get("armed").map(armed).transpose()?,
        values: receipt.get("values").map(values).transpose()?.unwrap_or_default(),
    })
}

fn included(members: &Members<'_>) -> Result<Included, VerifyError> {
    Ok(Included {
        payload: members.base64("payload")?,
        index: members.index()?,
        inclusion: members.hashes("inclusion")?,
    })
}

fn armed(json: &Json) -> Result<Armed, VerifyError> {
    let armed = Members::of(json, "armed")?;
    armed.known(&["payload", "index", "inclusion", "checkpoint"])?;
    let checkpoint =
        armed.get("checkpoint").map(|_| armed.text("checkpoint").map(str::to_owned)).transpose()?;
    Ok(Armed { entry: included(&armed)?, checkpoint })
}

fn values(json: &Json) -> Result<Vec<OpenedValue>, VerifyError> {
    let fault = |problem| VerifyError::Shape { member: "values".to_owned(), problem };
    let items = json.as_array().ok_or_else(|| fault("is not an array"))?;
    let values: Vec<_> = items.iter().map(value).collect::<Result<_, _>>()?;
    let mut places: Vec<_> = values.iter().map(|value| (value.of, value.label.as_str())).collect();
    places.sort_unstable();
    // Two values for one place: one of them would go unseen.
    if places.is_sorted_by(|a, b| a < b) { Ok(values) } else { Err(fault("opens one commitment twice")) }
}

fn value(json: &Json) -> Result<OpenedValue, VerifyError> {
    let value = Members::of(json, "values")?;
    value.known(&["of", "label", "salt", "value", "value_base64", "index", "proof"])?;
    let of = value.text("of")?;
    let salt: Option<[u8; 32]> = value.base64("salt")?.try_into().ok();
    Ok(OpenedValue {
        of: of.parse::<Kind>().map_err(|_| value.fault("of", "is not a kind of entry"))?,
        label: value.text("label")?.to_owned(),
        salt: Salt::from_bytes(salt.ok_or_else(|| value.fault("salt", "is not the base64 of 32 bytes"))?),
        value: match (value.get("value"), value.get("value_base64")) {
            (Some(_), None) => value.text("value")?.as_bytes().to_vec(),
            (None, Some(_)) => value.base64("value_base64")?,
            _ => return Err(value.fault("value", "must be given once: as `value` or as `value_base64`")),
        },
        field: match (value.get("index"), value.get("proof")) {
            (None, None) => None,
            _ => Some(FieldProof { index: value.index()?, proof: value.hashes("proof")? }),
        },
    })
}

/// The members of one object of the receipt, and where that object stands.
struct Members<'a> {
    object: &'a [(String, Json)],
    at: &'static str,
}

impl<'a> Members<'a> {
    fn of(json: &'a Json, at: &'static str) -> Result<Self, VerifyError> {
        let object = json.as_object();
        object
            .map(|object| Members { object, at })
            .ok_or(VerifyError::Shape { member: at.to_owned(), problem: "is not an object" })
    }

    fn get(&self, name: &str) -> Option<&'a Json> {
        self.object.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn need(&self, name: &str) -> Result<&'a Json, VerifyError> {
        self.get(name).ok_or_else(|| self.fault(name, "is missing"))
    }

    fn text(&self, name: &str) -> Result<&'a str, VerifyError> {
        self.need(name)?.as_str().ok_or_else(|| self.fault(name, "is not a string"))
    }

    fn base64(&self, name: &str) -> Result<Vec<u8>, VerifyError> {
        STANDARD.decode(self.text(name)?).map_err(|_| self.fault(name, "is not base64"))
    }

    fn index(&self) -> Result<u64, VerifyError> {
        let index = self.need("index")?.as_i64().filter(|index| (0..=MAX_INTEGER).contains(index));
        let index = index.and_then(|index| index.try_into().ok());
        index.ok_or_else(|| self.fault("index", "is not a count"))
    }

    fn hashes(&self, name: &str) -> Result<Vec<Hash>, VerifyError> {
        let hashes = self.need(name)?.as_array().filter(|hashes| hashes.len() <= MAX_PROOF);
        let hashes = hashes.ok_or_else(|| self.fault(name, "is not an array of at most 64 hashes"))?;
        let hash = |hash: &Json| {
            hash.as_str().and_then(|text| STANDARD.decode(text).ok()).and_then(|it| Hash::from_slice(&it))
        };
        let hashes = hashes.iter().map(hash).collect::<Option<_>>();
        hashes.ok_or_else(|| self.fault(name, "holds something that is not the base64 of 32 bytes"))
    }

    /// Refuses members that this version does not know: they would look proven and be unchecked.
    fn known(&self, names: &[&str]) -> Result<(), VerifyError> {
        match self.object.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            Some((name, _)) => Err(self.fault(&brief(name), "is unknown")),
            None => Ok(()),
        }
    }

    fn fault(&self, name: &str, problem: &'static str) -> VerifyError {
        let member = if self.at.is_empty() { name.to_owned() } else { format!("{}/{name}", self.at) };
        VerifyError::Shape { member, problem }
    }
}
