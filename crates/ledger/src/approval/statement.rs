//! An approver's word on one request.

use lastlook_canon::{Digest, Json};
use std::fmt;

use super::members::{self, Members, NOT_A_DIGEST, Signable, rule};
use super::{ApprovalError, ApproverKey, Signed};
use crate::entry::MAX_INTEGER;

/// The most guards one statement is about.
const MAX_GUARDS: usize = 256;

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ruling {
    /// The action may run.
    Approve,
    /// It must not.
    Reject,
}

impl Ruling {
    /// Both.
    pub const ALL: [Ruling; 2] = [Ruling::Approve, Ruling::Reject];

    /// As statements spell it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ruling::Approve => "approve",
            Ruling::Reject => "reject",
        }
    }

    /// The ruling with this name.
    pub fn from_name(name: &str) -> Option<Ruling> {
        Ruling::ALL.into_iter().find(|ruling| ruling.as_str() == name)
    }
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An approver's word on one request, bound to the action, the guards and the epoch it was said under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The request's id: 1 to 128 of `A-Z a-z 0-9 - _ . :`.
    pub request: String,
    /// The digest of the action that was shown.
    pub action: Digest,
    /// Yes or no.
    pub decision: Ruling,
    /// Why, at most 4096 bytes; may be empty.
    pub reason: String,
    /// The digests of the guards that asked, at most 256.
    pub guards: Vec<Digest>,
    /// The standing epoch it was said under: a halt lifted since voids it. At most 2^53 − 1.
    pub epoch: u64,
    /// From when on it counts no more: RFC 3339, UTC, nine fractional digits, as entries have it.
    pub expires: Option<String>,
    /// The approver's name.
    pub approver: String,
    /// When it was said, in the same form.
    pub time: String,
}

impl Statement {
    /// Signs it.
    ///
    /// # Errors
    ///
    /// A member is not what a reader would accept.
    pub fn sign(self, key: &ApproverKey) -> Result<Signed<Statement>, ApprovalError> {
        Signed::sign(self, key)
    }

    /// Whether it counts no more at `now`, an instant in the form of an entry's time. What expires at an instant counts
    /// before it, and not at it.
    pub fn is_expired(&self, now: &str) -> bool {
        // One form with fixed places: the order of texts is the order of instants.
        self.expires.as_deref().is_some_and(|expires| expires <= now)
    }
}

impl Signable for Statement {
    const FORMAT: &'static str = "lastlook/approval/v1";

    fn to_json(&self) -> Json {
        let Statement { request, action, decision, reason, guards, epoch, expires, approver, time } = self;
        let guards: Vec<Json> = guards.iter().map(|digest| Json::from(digest.to_hex())).collect();
        Json::object([
            ("action", Json::from(action.to_hex())),
            ("approver", Json::from(approver.as_str())),
            ("decision", Json::from(decision.as_str())),
            ("epoch", Json::from(*epoch)),
            ("expires", expires.as_deref().map_or(Json::Null, Json::from)),
            ("guards", Json::from(guards)),
            ("reason", Json::from(reason.as_str())),
            ("request", Json::from(request.as_str())),
            ("time", Json::from(time.as_str())),
        ])
    }

    fn read(members: &Members<'_>) -> Result<Statement, ApprovalError> {
        members.exactly(&[
            "action", "approver", "decision", "epoch", "expires", "guards", "reason", "request", "time",
        ])?;
        Ok(Statement {
            request: members.owned("request")?,
            action: members.digest("action")?,
            decision: Ruling::from_name(members.text("decision")?)
                .ok_or_else(|| members.fault("decision", "is neither `approve` nor `reject`"))?,
            reason: members.owned("reason")?,
            guards: members.list("guards", NOT_A_DIGEST, Digest::from_hex)?,
            epoch: members.count("epoch")?,
            expires: members.text_or_null("expires")?,
            approver: members.owned("approver")?,
            time: members.owned("time")?,
        })
    }

    fn check(&self) -> Result<(), ApprovalError> {
        let Statement { request, action: _, decision: _, reason, guards, epoch, expires, approver, time } =
            self;
        members::id("request", request)?;
        members::reason("reason", reason)?;
        rule(guards.len() <= MAX_GUARDS, "guards", "has more than 256 items")?;
        rule(*epoch <= MAX_INTEGER.unsigned_abs(), "epoch", "is not a count")?;
        expires.iter().try_for_each(|expires| members::time("expires", expires))?;
        members::name("approver", approver)?;
        members::time("time", time)
    }
}
