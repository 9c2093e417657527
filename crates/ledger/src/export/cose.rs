//! COSE: the entry as a signed statement that carries a receipt of its inclusion (RFC 9942), shaped like SCITT's transparent
//! statements (RFC 9943).

use coset::cbor::{ser::into_writer, value::Value};
use coset::iana::EnumI64 as _;
use coset::{CoseSign1, CoseSign1Builder, HeaderBuilder, TaggedCborSerializable as _, iana};

use super::{ExportError, key_id, owned};
use crate::entry::PAYLOAD_TYPE;
use crate::key::VerifierKey;
use crate::receipt::Verified;
use crate::sign::{SignError, Signer, signature};

/// The header that holds receipts (RFC 9942 §7).
const RECEIPTS: i64 = 394;
/// The header that names the verifiable data structure.
const DATA_STRUCTURE: i64 = 395;
/// The header that holds its proofs.
const PROOFS: i64 = 396;
/// The header that holds CWT claims (RFC 9597).
const CLAIMS: i64 = 15;
/// The tree of RFC 9162 with SHA-256, which is the tree of our logs.
const RFC9162_SHA256: i64 = 1;
/// The key of inclusion proofs among the proofs of that tree.
const INCLUSION: i64 = -1;

/// The verified receipt's entry as a tagged COSE_Sign1, with a receipt of its inclusion in the header `394`.
///
/// The receipt's root is the one of the checkpoint that was verified. The tree's leaves are the DSSE pre-authentication
/// encodings of payloads, not COSE messages: whoever verifies the receipt makes the leaf from the payload.
pub fn cose(verified: &Verified, signer: &dyn Signer) -> Result<Vec<u8>, ExportError> {
    let key = signer.verifier();
    owned(verified, &key)?;
    let receipt = tagged(receipt(verified, signer)?)?;
    let about = format!("attempt/{}", verified.entry.attempt);
    let protected = headers(&key, &about).content_type(PAYLOAD_TYPE.to_owned()).build();
    let receipts = HeaderBuilder::new().value(RECEIPTS, Value::Array(vec![Value::Bytes(receipt)])).build();
    let statement = CoseSign1Builder::new()
        .protected(protected)
        .unprotected(receipts)
        .payload(verified.included.payload.clone())
        .try_create_signature(&[], |bytes| sign(signer, bytes))?
        .build();
    tagged(statement)
}

/// A COSE receipt: the proof in the open, the root that it leads to signed and left out.
fn receipt(verified: &Verified, signer: &dyn Signer) -> Result<CoseSign1, ExportError> {
    let path = verified.included.inclusion.iter().map(|hash| Value::Bytes(hash.as_bytes().to_vec()));
    let proof = Value::Array(vec![
        Value::from(verified.checkpoint.size),
        Value::from(verified.included.index),
        Value::Array(path.collect()),
    ]);
    let proofs =
        Value::Map(vec![(Value::from(INCLUSION), Value::Array(vec![Value::Bytes(bytes_of(&proof)?)]))]);
    let protected = headers(&signer.verifier(), &verified.checkpoint.origin)
        .value(DATA_STRUCTURE, Value::from(RFC9162_SHA256))
        .build();
    Ok(CoseSign1Builder::new()
        .protected(protected)
        .unprotected(HeaderBuilder::new().value(PROOFS, proofs).build())
        .try_create_detached_signature(verified.checkpoint.root.as_bytes(), &[], |bytes| sign(signer, bytes))?
        .build())
}

/// What both messages protect: the algorithm, the key's id, who says it (`iss`) and of what (`sub`).
fn headers(key: &VerifierKey, about: &str) -> HeaderBuilder {
    let (issuer, subject) = (Value::from(key.name()), Value::from(about));
    let claims = [(iana::CwtClaimName::Iss, issuer), (iana::CwtClaimName::Sub, subject)];
    let claims = claims.into_iter().map(|(name, value)| (Value::from(name.to_i64()), value)).collect();
    HeaderBuilder::new()
        .algorithm(iana::Algorithm::EdDSA)
        .key_id(key_id(key).into_bytes())
        .value(CLAIMS, Value::Map(claims))
}

fn sign(signer: &dyn Signer, bytes: &[u8]) -> Result<Vec<u8>, SignError> {
    Ok(signature(signer, bytes)?.to_vec())
}

fn tagged(message: CoseSign1) -> Result<Vec<u8>, ExportError> {
    message.to_tagged_vec().map_err(|error| ExportError::Form(error.to_string()))
}

fn bytes_of(value: &Value) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    into_writer(value, &mut bytes).map_err(|error| ExportError::Form(error.to_string()))?;
    Ok(bytes)
}
