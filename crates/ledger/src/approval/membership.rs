//! Who is an approver: introduced by one who is, removed by one who is.

use lastlook_canon::Json;
use std::collections::BTreeSet;

use super::members::{self, Members, Signable, rule};
use super::{ApprovalError, ApproverKey, ApproverPublic, Signed};

/// The most groups one approver is in, and the longest of them in bytes.
const MAX_GROUPS: usize = 64;
const MAX_GROUP_BYTES: usize = 512;

/// A new approver, as an approver introduces them. The first of a state introduces themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    /// Their name: 1 to 64 of `A-Z a-z 0-9 - _ .`, a letter or digit first.
    pub name: String,
    /// Their key.
    pub key: ApproverPublic,
    /// The Cedar entities they belong to, such as `Role::"finance"`: at most 64, none twice.
    pub groups: Vec<String>,
    /// Who signs; the same as `name` for the first.
    pub by: String,
    /// The name of the key of the state they approve in: elsewhere the introduction means nothing.
    pub state: String,
    /// When: RFC 3339, UTC, nine fractional digits.
    pub time: String,
}

impl Introduction {
    /// Signs it with the key of the approver it names in `by`.
    ///
    /// # Errors
    ///
    /// A member is not what a reader would accept.
    pub fn sign(self, key: &ApproverKey) -> Result<Signed<Introduction>, ApprovalError> {
        Signed::sign(self, key)
    }
}

impl Signable for Introduction {
    const FORMAT: &'static str = "lastlook/introduction/v1";

    fn to_json(&self) -> Json {
        let Introduction { name, key, groups, by, state, time } = self;
        let groups: Vec<Json> = groups.iter().map(|group| Json::from(group.as_str())).collect();
        Json::object([
            ("by", Json::from(by.as_str())),
            ("groups", Json::from(groups)),
            ("key", Json::from(key.to_string())),
            ("name", Json::from(name.as_str())),
            ("state", Json::from(state.as_str())),
            ("time", Json::from(time.as_str())),
        ])
    }

    fn read(members: &Members<'_>) -> Result<Introduction, ApprovalError> {
        members.exactly(&["by", "groups", "key", "name", "state", "time"])?;
        let key = members.text("key")?.parse();
        Ok(Introduction {
            name: members.owned("name")?,
            key: key.map_err(|_| members.fault("key", "is not the base64 of a usable Ed25519 key"))?,
            groups: members
                .list("groups", "holds something that is not text", |text| Some(text.to_owned()))?,
            by: members.owned("by")?,
            state: members.owned("state")?,
            time: members.owned("time")?,
        })
    }

    fn check(&self) -> Result<(), ApprovalError> {
        let Introduction { name, key: _, groups, by, state, time } = self;
        members::name("name", name)?;
        rule(groups.len() <= MAX_GROUPS, "groups", "has more than 64 items")?;
        let fits = |group: &String| (1..=MAX_GROUP_BYTES).contains(&group.len());
        rule(groups.iter().all(fits), "groups", "holds a text that does not have 1 to 512 bytes")?;
        let different = groups.iter().collect::<BTreeSet<_>>().len();
        rule(different == groups.len(), "groups", "has one group twice")?;
        members::name("by", by)?;
        members::state("state", state)?;
        members::time("time", time)
    }
}

/// The end of an approver, as an approver says it. It is final: no name is used twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removal {
    /// Who is an approver no more.
    pub name: String,
    /// Why, 1 to 4096 bytes.
    pub reason: String,
    /// Who signs.
    pub by: String,
    /// The name of the state's key.
    pub state: String,
    /// When: RFC 3339, UTC, nine fractional digits.
    pub time: String,
}

impl Removal {
    /// Signs it with the key of the approver it names in `by`.
    ///
    /// # Errors
    ///
    /// A member is not what a reader would accept.
    pub fn sign(self, key: &ApproverKey) -> Result<Signed<Removal>, ApprovalError> {
        Signed::sign(self, key)
    }
}

impl Signable for Removal {
    const FORMAT: &'static str = "lastlook/removal/v1";

    fn to_json(&self) -> Json {
        let Removal { name, reason, by, state, time } = self;
        let members = [("by", by), ("name", name), ("reason", reason), ("state", state), ("time", time)];
        Json::object(members.map(|(name, text)| (name, Json::from(text.as_str()))))
    }

    fn read(members: &Members<'_>) -> Result<Removal, ApprovalError> {
        members.exactly(&["by", "name", "reason", "state", "time"])?;
        Ok(Removal {
            name: members.owned("name")?,
            reason: members.owned("reason")?,
            by: members.owned("by")?,
            state: members.owned("state")?,
            time: members.owned("time")?,
        })
    }

    fn check(&self) -> Result<(), ApprovalError> {
        let Removal { name, reason, by, state, time } = self;
        members::name("name", name)?;
        members::reason("reason", reason)?;
        rule(!reason.is_empty(), "reason", "is empty")?;
        members::name("by", by)?;
        members::state("state", state)?;
        members::time("time", time)
    }
}
