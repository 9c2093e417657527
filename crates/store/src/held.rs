//! What people decide: requests for their approval and the votes on them, the approvers, grants, and halts.

use std::fmt;

use lastlook_canon::Digest;

/// A request for approval as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// The request's id.
    pub id: String,
    /// Who wants to act.
    pub principal: String,
    /// The upstream the tool belongs to.
    pub upstream: String,
    /// The tool's name at that upstream.
    pub tool: String,
    /// The digest of the action that approval is asked for.
    pub action: Digest,
    /// The caller's own key for it: the same action under another key is another request.
    pub key: Option<String>,
    /// How far it has come.
    pub state: RequestState,
    /// When it was opened: nanoseconds since the Unix epoch.
    pub opened_at_ns: i64,
    /// When it expires, in nanoseconds since the Unix epoch; nothing: never. The store keeps it and does not act on it.
    pub expires_at_ns: Option<i64>,
    /// The attempt that has claimed or used it, if one has.
    pub attempt: Option<String>,
    /// JSON of the engine, opaque here.
    pub detail: Vec<u8>,
    /// What takes the place of `detail` once the request is over: what people had to see is not kept longer than that. It is
    /// handed in with a new request, and read back only then, as its detail; nothing: the detail stays.
    pub over: Option<Vec<u8>>,
}

/// How far a request for approval has come. Which moves make sense is the caller's to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RequestState {
    /// It waits for votes.
    Pending,
    /// It has the votes it needs, and nobody has acted on them yet.
    Approved,
    /// An attempt acts on it.
    Claimed,
    /// An attempt has acted on it: it is good for no other.
    Used,
    /// An approver voted against it.
    Rejected,
    /// Its approval was taken back.
    Revoked,
    /// What it was approved for is no longer so.
    Void,
    /// Its time is over.
    Expired,
}

impl RequestState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Approved,
        Self::Claimed,
        Self::Used,
        Self::Rejected,
        Self::Revoked,
        Self::Void,
        Self::Expired,
    ];

    /// The state's name in lower case, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Claimed => "claimed",
            Self::Used => "used",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
            Self::Void => "void",
            Self::Expired => "expired",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether something may still come of it: pending, approved or claimed.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Approved | Self::Claimed)
    }
}

impl fmt::Display for RequestState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One approver's vote on a request. There is one at most, and it is final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteRow {
    /// The request's id.
    pub request: String,
    /// The approver's name. Whether there is such an approver is [`Precondition::ApproverIs`]'s to say.
    ///
    /// [`Precondition::ApproverIs`]: crate::Precondition::ApproverIs
    pub approver: String,
    /// Whether it is a vote for the request or against it.
    pub approves: bool,
    /// When it was cast: nanoseconds since the Unix epoch.
    pub at_ns: i64,
    /// The signed statement, opaque here.
    pub detail: Vec<u8>,
}

/// Somebody who may vote, or might once. The row stays when the approver is removed, so that a name means one person for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApproverRow {
    /// The approver's name.
    pub name: String,
    /// Since when: nanoseconds since the Unix epoch.
    pub since_ns: i64,
    /// Since when no longer, in nanoseconds since the Unix epoch; nothing while the approver may vote.
    pub removed_ns: Option<i64>,
    /// JSON of the engine, opaque here: the public key, the groups.
    pub detail: Vec<u8>,
}

/// Standing permission that somebody gave in advance, and when it was taken back. Its row stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantRow {
    /// The grant's id.
    pub id: String,
    /// The upstream the tool belongs to.
    pub upstream: String,
    /// The tool's name at that upstream.
    pub tool: String,
    /// When it was given: nanoseconds since the Unix epoch.
    pub given_ns: i64,
    /// When it expires, in nanoseconds since the Unix epoch. The store keeps it and does not act on it.
    pub expires_ns: i64,
    /// When it was taken back, in nanoseconds since the Unix epoch; nothing while it was not.
    pub revoked_ns: Option<i64>,
    /// The signed statement, opaque here.
    pub detail: Vec<u8>,
}

/// An order to stop, and when it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HaltRow {
    /// The halt's id.
    pub id: String,
    /// Since when: nanoseconds since the Unix epoch.
    pub since_ns: i64,
    /// When it ended, in nanoseconds since the Unix epoch; nothing while it is in force.
    pub ended_ns: Option<i64>,
    /// JSON of the engine, opaque here: what is halted, why, by whom.
    pub detail: Vec<u8>,
}
