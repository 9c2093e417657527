//! The handovers that a receipt brings along, for verifiers that follow.

use super::read;
use crate::handover::{Handover, HandoverError};
use lastlook_canon::Json;

/// The most handovers that are looked at.
const MAX_HANDOVERS: usize = 64;

/// The handovers that a receipt brings along, each signed by its two keys. Whom to believe is for
/// [`follow`](crate::handover::follow).
///
/// A file that is no receipt brings none; what is wrong with it is for [`verify_receipt`](super::verify_receipt) to say.
///
/// # Errors
///
/// One of them is none.
pub fn handovers(receipt: &[u8]) -> Result<Vec<Handover>, HandoverError> {
    let Ok(json) = lastlook_canon::parse(receipt, &read::LIMITS) else { return Ok(Vec::new()) };
    let member = |json: &Json, name: &str| -> Option<Json> {
        json.as_object()?.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
    };
    let brought = member(&json, "extensions").and_then(|extensions| member(&extensions, "handovers"));
    let Some(texts) = brought.as_ref().and_then(Json::as_array) else { return Ok(Vec::new()) };
    if texts.len() > MAX_HANDOVERS {
        return Err(HandoverError::Malformed("there are more than 64 of them"));
    }
    let open = |json: &Json| {
        let text = json.as_str().ok_or(HandoverError::Malformed("it is not a text"))?;
        Handover::open(text.as_bytes())
    };
    texts.iter().map(open).collect()
}
