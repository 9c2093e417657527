//! What approvers sign: their word on one request, standing permission, and who is an approver at all.
//!
//! Each is JSON in canonical form under a line of its own, so that a signature made for one purpose never stands for another:
//! not for a checkpoint, not for a statement of another kind, not for one of another version. The normative text is
//! `spec/approval.md`.

mod entity;
mod grant;
mod instant;
mod key;
mod members;
mod membership;
mod registry;
mod scope;
mod statement;
#[cfg(test)]
mod tests;
mod word;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lastlook_canon::{Json, JsonError, Limits, lexical};
use std::fmt;
use thiserror::Error;

use crate::error::brief;
use members::{Members, Signable};

pub use entity::{Entity, is_requester, same_principal};
pub use grant::Grant;
pub use key::{ApproverKey, ApproverPublic};
pub use members::valid_approver_name;
pub use membership::{Introduction, Removal};
pub use registry::{Approver, Registry, RegistryFault, Removed};
pub use scope::{GrantFault, LONGEST_GRANT_NS, Scope};
pub use statement::{Ruling, Statement};
pub use word::{AHEAD_TOLERATED_NS, About, Why};

/// The largest signed statement, in bytes.
pub const MAX_SIGNED_BYTES: usize = 128 * 1024;
/// The longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 4096;
const LIMITS: Limits = Limits { max_bytes: MAX_SIGNED_BYTES, max_depth: 8 };

/// An approver's word on one request, signed.
pub type SignedStatement = Signed<Statement>;
/// Standing permission, signed by whoever gives it.
pub type SignedGrant = Signed<Grant>;
/// Who is an approver from now on, signed by one who is.
pub type SignedIntroduction = Signed<Introduction>;
/// Who is none any more, signed by an approver.
pub type SignedRemoval = Signed<Removal>;

/// Why something is no statement of an approver.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ApprovalError {
    /// It is larger than [`MAX_SIGNED_BYTES`].
    #[error("signed statement has {0} bytes; at most {MAX_SIGNED_BYTES} are allowed")]
    Size(usize),
    /// It is not strict JSON.
    #[error("signed statement is not strict JSON: {0}")]
    Json(JsonError),
    /// It is another kind of statement, or of another version.
    #[error("signed statement has format `{found}`, not `{expected}`")]
    Format {
        /// What it says it is.
        found: String,
        /// What is read here.
        expected: &'static str,
    },
    /// A member is missing, unknown or malformed.
    #[error("member `{member}` of the signed statement {problem}")]
    Member {
        /// Where.
        member: String,
        /// What is wrong, a verb first.
        problem: &'static str,
    },
    /// The bytes are not the canonical ones (RFC 8785) of what they say.
    #[error("signed statement is not in canonical form (RFC 8785)")]
    NotCanonical,
    /// The signature is not that key's over this statement.
    #[error("the signature is not this key's: the statement was altered, or somebody else signed it")]
    Signature,
}

impl ApprovalError {
    /// The stable code of this error, as `spec/` lists them.
    pub fn code(&self) -> &'static str {
        match self {
            ApprovalError::Size(_) => "approval-too-large",
            ApprovalError::Json(_) => "approval-json",
            ApprovalError::Format { .. } => "approval-format",
            ApprovalError::Member { .. } => "approval-member",
            ApprovalError::NotCanonical => "approval-not-canonical",
            ApprovalError::Signature => "approval-signature",
        }
    }
}

/// A statement with a signature that somebody made, or did not make: nothing is proven before [`verify`](Signed::verify).
#[derive(Clone, PartialEq, Eq)]
pub struct Signed<T> {
    claimed: T,
    signature: [u8; 64],
}

impl<T: Signable> Signed<T> {
    /// Signs a statement; refuses one that nobody could read back.
    fn sign(claimed: T, key: &ApproverKey) -> Result<Signed<T>, ApprovalError> {
        claimed.check()?;
        let signature = key.sign(&signed_bytes(&claimed));
        let signed = Signed { claimed, signature };
        match signed.to_bytes().len() {
            size if size > MAX_SIGNED_BYTES => Err(ApprovalError::Size(size)),
            _ => Ok(signed),
        }
    }

    /// The statement, if this key signed exactly it: strict Ed25519, so that one statement has one signature.
    ///
    /// Whose key it is, and whether the statement names that person, is for whoever knows the approvers to say.
    pub fn verify(&self, key: &ApproverPublic) -> Result<&T, ApprovalError> {
        match key.verifies(&signed_bytes(&self.claimed), &self.signature) {
            true => Ok(&self.claimed),
            false => Err(ApprovalError::Signature),
        }
    }

    /// What it says, unproven: to learn whose key to verify it with.
    pub fn claimed(&self) -> &T {
        &self.claimed
    }

    /// The bytes that are stored: canonical JSON of `format`, `signature` and `statement`.
    pub fn to_bytes(&self) -> Vec<u8> {
        lexical(&Json::object([
            ("format", Json::from(T::FORMAT)),
            ("signature", Json::from(STANDARD.encode(self.signature))),
            ("statement", self.claimed.to_json()),
        ]))
    }

    /// Reads stored bytes, strictly: no unknown member, no other version, no other spelling.
    pub fn from_bytes(bytes: &[u8]) -> Result<Signed<T>, ApprovalError> {
        if bytes.len() > MAX_SIGNED_BYTES {
            return Err(ApprovalError::Size(bytes.len()));
        }
        let json = lastlook_canon::parse(bytes, &LIMITS).map_err(ApprovalError::Json)?;
        let whole = Members::of(&json, "")?;
        let format = whole.text("format")?;
        if format != T::FORMAT {
            return Err(ApprovalError::Format { found: brief(format), expected: T::FORMAT });
        }
        whole.exactly(&["format", "signature", "statement"])?;
        let signature = STANDARD.decode(whole.text("signature")?).ok().and_then(|it| it.try_into().ok());
        let signature = signature.ok_or_else(|| whole.fault("signature", "is not the base64 of 64 bytes"))?;
        let claimed = T::read(&Members::of(whole.need("statement")?, "statement")?)?;
        claimed.check()?;
        let signed = Signed { claimed, signature };
        // INVARIANT(canonical): what is read is what would be written, so that one statement has one spelling.
        if signed.to_bytes() == bytes { Ok(signed) } else { Err(ApprovalError::NotCanonical) }
    }
}

impl<T: fmt::Debug> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signed").field(&self.claimed).finish()
    }
}

/// The exact bytes that are signed: the format as a line of its own, then the statement's canonical JSON.
fn signed_bytes<T: Signable>(claimed: &T) -> Vec<u8> {
    let mut bytes = format!("{}\n", T::FORMAT).into_bytes();
    bytes.extend(lexical(&claimed.to_json()));
    bytes
}
