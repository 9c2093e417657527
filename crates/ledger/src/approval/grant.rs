//! Standing permission, given in advance.

use lastlook_canon::{Digest, Json};
use std::collections::BTreeSet;

use super::members::{self, Members, NOT_A_DIGEST, Signable, rule};
use super::{ApprovalError, ApproverKey, Signed};
use crate::entry::MAX_INTEGER;

/// The most guards one grant was given under, and the most resources it names.
const MAX_GUARDS: usize = 256;
const MAX_RESOURCES: usize = 64;
/// The longest name of a principal, an agent, a resource, an upstream or a tool, and the longest pointer, in bytes.
const MAX_NAME_BYTES: usize = 1024;
/// The longest condition, in bytes.
const MAX_CONDITION_BYTES: usize = 16 * 1024;
/// The longest text of an amount: 21 digits, a point, 18 decimals.
const MAX_AMOUNT_BYTES: usize = 40;

/// One approver's yes, in advance, to the actions in its scope: it stands in place of asking them, and of nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Its id: 1 to 128 of `A-Z a-z 0-9 - _ . :`.
    pub grant: String,
    /// Who gives it.
    pub approver: String,
    /// Who may act on it: exactly this principal, 1 to 1024 bytes.
    pub principal: String,
    /// What the client must call itself, 1 to 1024 bytes; nothing: whatever it does.
    pub agent: Option<String>,
    /// The upstream, 1 to 1024 bytes.
    pub upstream: String,
    /// The tool's name at that upstream, 1 to 1024 bytes.
    pub tool: String,
    /// The digest of the tool's definition.
    pub definition: Digest,
    /// The resources it is about, Cedar entities of 1 to 1024 bytes, at most 64, none twice; none: whatever it acts on.
    pub resources: Vec<String>,
    /// A condition that must hold at the look, 1 to 16384 bytes.
    pub when: Option<String>,
    /// For how many actions it is good, at least one; nothing: as many as come.
    pub uses: Option<u64>,
    /// The JSON Pointer of the argument that is summed up, of 1 to 1024 bytes; there exactly if `max` is.
    pub sum: Option<String>,
    /// The most that may come to: a plain decimal of at most 40 bytes.
    pub max: Option<String>,
    /// The digests of the guards it was given under, at most 256.
    pub guards: Vec<Digest>,
    /// The standing epoch it was given in: a halt lifted since voids it. At most 2^53 − 1.
    pub epoch: u64,
    /// From when on it counts no more: RFC 3339, UTC, nine fractional digits. Later than `time`.
    pub expires: String,
    /// Why, 1 to 4096 bytes.
    pub reason: String,
    /// The name of the key of the state it is given in: elsewhere it means nothing.
    pub state: String,
    /// When it was given, in the same form.
    pub time: String,
}

impl Grant {
    /// Signs it.
    ///
    /// # Errors
    ///
    /// A member is not what a reader would accept.
    pub fn sign(self, key: &ApproverKey) -> Result<Signed<Grant>, ApprovalError> {
        Signed::sign(self, key)
    }

    /// Whether it counts no more at `now`, an instant in the form of an entry's time. What expires at an instant counts
    /// before it, and not at it.
    pub fn is_expired(&self, now: &str) -> bool {
        // One form with fixed places: the order of texts is the order of instants.
        self.expires.as_str() <= now
    }
}

impl Signable for Grant {
    const FORMAT: &'static str = "lastlook/grant/v1";

    fn to_json(&self) -> Json {
        let Grant {
            grant,
            approver,
            principal,
            agent,
            upstream,
            tool,
            definition,
            resources,
            when,
            uses,
            sum,
            max,
            guards,
            epoch,
            expires,
            reason,
            state,
            time,
        } = self;
        let text = |text: &String| Json::from(text.as_str());
        let or_null = |member: &Option<String>| member.as_ref().map_or(Json::Null, text);
        let guards: Vec<Json> = guards.iter().map(|digest| Json::from(digest.to_hex())).collect();
        Json::object([
            ("agent", or_null(agent)),
            ("approver", text(approver)),
            ("definition", Json::from(definition.to_hex())),
            ("epoch", Json::from(*epoch)),
            ("expires", text(expires)),
            ("grant", text(grant)),
            ("guards", Json::from(guards)),
            ("max", or_null(max)),
            ("principal", text(principal)),
            ("reason", text(reason)),
            ("resources", Json::from(resources.iter().map(text).collect::<Vec<_>>())),
            ("state", text(state)),
            ("sum", or_null(sum)),
            ("time", text(time)),
            ("tool", text(tool)),
            ("upstream", text(upstream)),
            ("uses", uses.map_or(Json::Null, Json::from)),
            ("when", or_null(when)),
        ])
    }

    fn read(members: &Members<'_>) -> Result<Grant, ApprovalError> {
        members.exactly(&[
            "agent",
            "approver",
            "definition",
            "epoch",
            "expires",
            "grant",
            "guards",
            "max",
            "principal",
            "reason",
            "resources",
            "state",
            "sum",
            "time",
            "tool",
            "upstream",
            "uses",
            "when",
        ])?;
        Ok(Grant {
            grant: members.owned("grant")?,
            approver: members.owned("approver")?,
            principal: members.owned("principal")?,
            agent: members.text_or_null("agent")?,
            upstream: members.owned("upstream")?,
            tool: members.owned("tool")?,
            definition: members.digest("definition")?,
            resources: members
                .list("resources", "holds something that is not text", |text| Some(text.to_owned()))?,
            when: members.text_or_null("when")?,
            uses: members.count_or_null("uses")?,
            sum: members.text_or_null("sum")?,
            max: members.text_or_null("max")?,
            guards: members.list("guards", NOT_A_DIGEST, Digest::from_hex)?,
            epoch: members.count("epoch")?,
            expires: members.owned("expires")?,
            reason: members.owned("reason")?,
            state: members.owned("state")?,
            time: members.owned("time")?,
        })
    }

    fn check(&self) -> Result<(), ApprovalError> {
        let Grant {
            grant,
            approver,
            principal,
            agent,
            upstream,
            tool,
            definition: _,
            resources,
            when,
            uses,
            sum,
            max,
            guards,
            epoch,
            expires,
            reason,
            state,
            time,
        } = self;
        members::id("grant", grant)?;
        members::name("approver", approver)?;
        let named = [("principal", principal), ("upstream", upstream), ("tool", tool)];
        named.into_iter().try_for_each(|(member, text)| sized(member, text, MAX_NAME_BYTES))?;
        agent.iter().try_for_each(|agent| sized("agent", agent, MAX_NAME_BYTES))?;
        rule(resources.len() <= MAX_RESOURCES, "resources", "has more than 64 items")?;
        resources.iter().try_for_each(|resource| sized("resources", resource, MAX_NAME_BYTES))?;
        let different = resources.iter().collect::<BTreeSet<_>>().len();
        rule(different == resources.len(), "resources", "has one resource twice")?;
        when.iter().try_for_each(|when| sized("when", when, MAX_CONDITION_BYTES))?;
        rule(
            uses.is_none_or(|uses| (1..=MAX_INTEGER.unsigned_abs()).contains(&uses)),
            "uses",
            "is not a count from 1",
        )?;
        rule(sum.is_some() == max.is_some(), "max", "is not there exactly if `sum` is")?;
        if let Some(sum) = sum {
            sized("sum", sum, MAX_NAME_BYTES)?;
            rule(sum.starts_with('/'), "sum", "is not a JSON Pointer below the whole")?;
        }
        rule(max.as_deref().is_none_or(is_amount), "max", "is not a plain decimal")?;
        rule(guards.len() <= MAX_GUARDS, "guards", "has more than 256 items")?;
        rule(*epoch <= MAX_INTEGER.unsigned_abs(), "epoch", "is not a count")?;
        members::time("expires", expires)?;
        members::reason("reason", reason)?;
        rule(!reason.is_empty(), "reason", "is empty")?;
        members::state("state", state)?;
        members::time("time", time)?;
        rule(time < expires, "expires", "is not later than `time`")
    }
}

fn sized(member: &str, text: &str, most: usize) -> Result<(), ApprovalError> {
    rule(!text.is_empty(), member, "is empty")?;
    rule(text.len() <= most, member, "is too long")
}

/// Digits, perhaps a point and digits.
fn is_amount(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    text.len() <= MAX_AMOUNT_BYTES && digits(whole) && digits(decimals)
}
