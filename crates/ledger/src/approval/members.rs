//! The members of a signed statement, read strictly, and what all of its kinds must be able to do.

use lastlook_canon::{Digest, Json};

use super::{ApprovalError, MAX_REASON_BYTES};
use crate::entry::{MAX_INTEGER, is_time};
use crate::error::brief;

/// The longest name of an approver.
const MAX_NAME: usize = 64;
/// The longest id of a request.
const MAX_ID: usize = 128;

/// A kind of statement. Sealed: no other crate can bring one, or sign what is none.
pub trait Signable: Sized {
    /// Names the kind and its version, in the stored form and in the signed bytes.
    const FORMAT: &'static str;
    /// The statement, with all of its members.
    fn to_json(&self) -> Json;
    /// Reads the statement; its values are checked after.
    fn read(members: &Members<'_>) -> Result<Self, ApprovalError>;
    /// INVARIANT(statement): what is signed and what is read obey the same rules.
    fn check(&self) -> Result<(), ApprovalError>;
}

/// The members of one object, and where that object stands.
pub struct Members<'a> {
    object: &'a [(String, Json)],
    at: &'static str,
}

impl<'a> Members<'a> {
    pub(super) fn of(json: &'a Json, at: &'static str) -> Result<Self, ApprovalError> {
        let object = json.as_object();
        object
            .map(|object| Members { object, at })
            .ok_or(ApprovalError::Member { member: at.to_owned(), problem: "is not an object" })
    }

    pub(super) fn need(&self, name: &str) -> Result<&'a Json, ApprovalError> {
        let member = self.object.iter().find(|(key, _)| key == name);
        member.map(|(_, value)| value).ok_or_else(|| self.fault(name, "is missing"))
    }

    pub(super) fn text(&self, name: &str) -> Result<&'a str, ApprovalError> {
        self.need(name)?.as_str().ok_or_else(|| self.fault(name, "is not a string"))
    }

    pub(super) fn owned(&self, name: &str) -> Result<String, ApprovalError> {
        self.text(name).map(str::to_owned)
    }

    /// A text, or null for nothing.
    pub(super) fn text_or_null(&self, name: &str) -> Result<Option<String>, ApprovalError> {
        match self.need(name)? {
            Json::Null => Ok(None),
            _ => self.owned(name).map(Some),
        }
    }

    pub(super) fn count(&self, name: &str) -> Result<u64, ApprovalError> {
        let count = self.need(name)?.as_i64().filter(|count| (0..=MAX_INTEGER).contains(count));
        count.and_then(|count| count.try_into().ok()).ok_or_else(|| self.fault(name, "is not a count"))
    }

    /// A count, or null for nothing.
    pub(super) fn count_or_null(&self, name: &str) -> Result<Option<u64>, ApprovalError> {
        match self.need(name)? {
            Json::Null => Ok(None),
            _ => self.count(name).map(Some),
        }
    }

    pub(super) fn digest(&self, name: &str) -> Result<Digest, ApprovalError> {
        Digest::from_hex(self.text(name)?).ok_or_else(|| self.fault(name, NOT_A_DIGEST))
    }

    /// An array of texts, each read by `read`.
    pub(super) fn list<T>(
        &self,
        name: &str,
        problem: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Vec<T>, ApprovalError> {
        let items = self.need(name)?.as_array().ok_or_else(|| self.fault(name, "is not an array"))?;
        let items: Option<_> = items.iter().map(|item| read(item.as_str()?)).collect();
        items.ok_or_else(|| self.fault(name, problem))
    }

    /// Refuses members that this version does not know, and misses none that it does.
    pub(super) fn exactly(&self, names: &[&str]) -> Result<(), ApprovalError> {
        if let Some((name, _)) = self.object.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            return Err(self.fault(&brief(name), "is unknown"));
        }
        names.iter().try_for_each(|name| self.need(name).map(|_| ()))
    }

    pub(super) fn fault(&self, name: &str, problem: &'static str) -> ApprovalError {
        let member = if self.at.is_empty() { name.to_owned() } else { format!("{}/{name}", self.at) };
        ApprovalError::Member { member, problem }
    }
}

pub(super) const NOT_A_DIGEST: &str = "is not 64 lower-case hexadecimal digits";

/// Whether this may name an approver: 1 to 64 of `A-Z a-z 0-9 - _ .`, a letter or digit first.
pub fn valid_approver_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= MAX_NAME
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.bytes().all(allowed)
}

pub(super) fn name(member: &str, text: &str) -> Result<(), ApprovalError> {
    rule(valid_approver_name(text), member, "is not an approver's name")
}

pub(super) fn time(member: &str, text: &str) -> Result<(), ApprovalError> {
    rule(is_time(text), member, "is not RFC 3339 in UTC with nine fractional digits")
}

pub(super) fn reason(member: &str, text: &str) -> Result<(), ApprovalError> {
    rule(text.len() <= MAX_REASON_BYTES, member, "is longer than 4096 bytes")
}

pub(super) fn state(member: &str, text: &str) -> Result<(), ApprovalError> {
    rule(crate::key::valid_name(text), member, "is not the name of a state's key")
}

pub(super) fn id(member: &str, text: &str) -> Result<(), ApprovalError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    let fits = (1..=MAX_ID).contains(&text.len()) && text.bytes().all(allowed);
    rule(fits, member, "is not 1 to 128 of `A-Z a-z 0-9 - _ . :`")
}

/// `problem` unless it holds.
pub(super) fn rule(holds: bool, member: &str, problem: &'static str) -> Result<(), ApprovalError> {
    match holds {
        true => Ok(()),
        false => Err(ApprovalError::Member { member: format!("statement/{member}"), problem }),
    }
}
