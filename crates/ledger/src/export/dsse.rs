//! DSSE v1: the in-toto Statement that an entry is, in the envelope that in-toto's own tools read.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Serialize;

use super::{ExportError, owned};
use crate::entry::{PAYLOAD_TYPE, pre_auth_encoding};
use crate::key::VerifierKey;
use crate::receipt::Verified;
use crate::sign::{Signer, signature};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    payload: String,
    payload_type: &'a str,
    signatures: [Signature; 1],
}

#[derive(Serialize)]
struct Signature {
    keyid: String,
    sig: String,
}

/// The verified receipt's entry in a signed DSSE envelope: JSON with a final newline.
///
/// The envelope proves that the key's holder vouches for the statement. It holds neither the entry's place in the log nor
/// the armed entry; a receipt does.
pub fn dsse(verified: &Verified, signer: &dyn Signer) -> Result<Vec<u8>, ExportError> {
    let key = signer.verifier();
    owned(verified, &key)?;
    let payload = &verified.included.payload;
    let signature = signature(signer, &pre_auth_encoding(PAYLOAD_TYPE, payload))?;
    let envelope = Envelope {
        payload: STANDARD.encode(payload),
        payload_type: PAYLOAD_TYPE,
        signatures: [Signature { keyid: key_id(&key), sig: STANDARD.encode(signature) }],
    };
    let mut bytes =
        serde_json::to_vec_pretty(&envelope).map_err(|error| ExportError::Form(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// How a key is named in envelopes and in COSE headers, `lastlook/3f9a2c+1a2b3c4d`: its verifier key without the key itself.
/// It tells keys apart, and proves nothing.
pub fn key_id(key: &VerifierKey) -> String {
    format!("{}+{}", key.name(), hex::encode(key.id()))
}
