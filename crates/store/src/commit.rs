//! One atomic change: what must hold, what is written, what is appended, and how it ended.

use std::fmt;

use lastlook_canon::Digest;
use lastlook_ledger::Kind;
use tokio::sync::oneshot;

use crate::{
    ApproverRow, AttemptRow, AttemptState, Confirmation, GrantRow, HaltRow, LimitWindow, RequestRow,
    RequestState, Values, VoteRow,
};

/// Where the answer to one commit arrives: await it, or `blocking_recv` it on a thread of one's own.
pub type Ticket = oneshot::Receiver<Result<Committed, CommitError>>;

/// One change, made durable as a whole or not at all.
///
/// All preconditions are checked, in order, before the first write; the writes follow in order, then the entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// What must hold, or nothing is written.
    pub when: Vec<Precondition>,
    /// Changes to rows, in order.
    pub writes: Vec<Write>,
    /// What is appended to this writer's log, in order.
    pub entries: Vec<NewEntry>,
    /// Whether this may use the room kept free on a full disk: outcomes, an operator's words.
    pub vital: bool,
}

/// What must hold for a commit to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// No attempt holds this subject.
    SubjectFree {
        /// The subject.
        subject: String,
    },
    /// The attempt exists and is in one of these states.
    AttemptIs {
        /// The attempt's id.
        attempt: String,
        /// The states that will do.
        states: Vec<AttemptState>,
    },
    /// Nobody has taken this key once, or whoever has took it only until an instant that has come.
    OnceFree {
        /// The key.
        key: String,
        /// Now, in nanoseconds since the Unix epoch: a key taken until this instant is free.
        at_ns: i64,
    },
    /// What is spent and reserved under a key, and this amount, come to no more than `max` in the window.
    ///
    /// Several of these about one key and window in one commit add up: each counts the amounts of those before it.
    /// It fails as [`CommitError::Limit`].
    WithinLimit {
        /// The key.
        key: String,
        /// The period it counts over.
        window: LimitWindow,
        /// Now, in nanoseconds since the Unix epoch. A clock behind the key's latest reservation is taken for that
        /// one's time: going backwards frees nothing.
        at_ns: i64,
        /// What is about to be reserved, in whole units.
        amount: u128,
        /// The most there may be, in the same units.
        max: u128,
    },
    /// No attempt holds this lease.
    LeaseFree {
        /// The lease's key.
        key: String,
    },
    /// The request exists and is in one of these states.
    RequestIs {
        /// The request's id.
        request: String,
        /// The states that will do.
        states: Vec<RequestState>,
        /// If there is one here, it must also be this attempt that has claimed or used the request.
        attempt: Option<String>,
    },
    /// This approver has not voted on this request.
    NoVote {
        /// The request's id.
        request: String,
        /// The approver's name.
        approver: String,
    },
    /// The value last set under this name is this one.
    MarkIs {
        /// The mark's name.
        name: String,
        /// Its value; nothing: it was never set.
        value: Option<String>,
    },
    /// There is an approver of this name, or there never was one.
    ApproverIs {
        /// The approver's name.
        name: String,
        /// If true, there must be one who was not removed; if false, there must not even be one who was.
        known: bool,
    },
    /// There are fewer pending requests of this principal than `most`.
    FewerPending {
        /// Whose.
        principal: String,
        /// As many are too many.
        most: u64,
    },
    /// No request of this principal for this action under this key is open: pending, approved or claimed.
    NoOpenRequest {
        /// Whose.
        principal: String,
        /// The action's digest.
        action: Digest,
        /// The caller's key; nothing asks for those that have none.
        key: Option<String>,
    },
    /// There is such a grant, and it was not taken back.
    GrantStands {
        /// The grant's id.
        grant: String,
    },
}

/// A change to the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Records a new attempt. Its id must be new.
    OpenAttempt(AttemptRow),
    /// Moves an attempt, which must exist, to another state.
    MoveAttempt {
        /// The attempt's id.
        attempt: String,
        /// Its new state.
        to: AttemptState,
    },
    /// Gives a subject to an attempt, which must exist, until the attempt releases it.
    TakeSubject {
        /// The subject.
        subject: String,
        /// Who takes it.
        attempt: String,
        /// What happens when another attempt holds it: if true it stays there and the commit goes on; if false the
        /// commit fails as if it had asked for [`Precondition::SubjectFree`].
        if_free: bool,
    },
    /// Frees every subject and every lease the attempt holds.
    ReleaseSubjects {
        /// Who held them.
        attempt: String,
    },
    /// Takes a key once for an attempt, which must exist, and replaces whoever had it until an instant that has come by
    /// the commit's [`Precondition::OnceFree`] about it. Without such a precondition only a key that nobody else has
    /// can be taken; else the commit fails as if it had asked for one. What one attempt takes twice stays taken for the
    /// longer of the two.
    TakeOnce {
        /// The key.
        key: String,
        /// Who takes it.
        attempt: String,
        /// Until when, in nanoseconds since the Unix epoch; nothing: for ever.
        until_ns: Option<i64>,
    },
    /// Reserves an amount for an attempt, which must exist, until the attempt is settled. Whether there is room is
    /// [`Precondition::WithinLimit`]'s to say.
    Reserve {
        /// The limit's key.
        key: String,
        /// The period it counts over.
        window: LimitWindow,
        /// Now, in nanoseconds since the Unix epoch; recorded as the key's latest reservation's time if that is later.
        at_ns: i64,
        /// How much, in whole units. All that is counted under a key must fit 128 bits.
        amount: u128,
        /// Who reserves it.
        attempt: String,
    },
    /// Settles what an attempt reserved and the keys it took once. The first settling is final; where there is nothing
    /// left to settle it does nothing.
    SettleAttempt {
        /// Whose.
        attempt: String,
        /// If true, what was reserved is spent and the keys stay taken; if false, all of it is given back.
        kept: bool,
    },
    /// Gives a lease to an attempt, which must exist, until [`Write::ReleaseSubjects`] frees it. If another attempt has
    /// it, the commit fails as if it had asked for [`Precondition::LeaseFree`].
    ///
    /// Its fencing token is in [`Committed::fences`]: greater than any this key ever had, or the one that the attempt
    /// holds already.
    TakeLease {
        /// The lease's key.
        key: String,
        /// Who takes it.
        attempt: String,
    },
    /// Notes an attempt, which must exist and not be noted yet, as a step under these keys.
    NoteStep {
        /// Where it can be found.
        keys: Vec<String>,
        /// The attempt.
        attempt: String,
        /// When it was armed, in nanoseconds since the Unix epoch.
        armed_at_ns: i64,
        /// The arguments, kept as they are.
        arguments: Vec<u8>,
    },
    /// Says when a step had ended, which a later word can only move later. Nothing for an attempt that is no step.
    EndStep {
        /// The attempt.
        attempt: String,
        /// When, in nanoseconds since the Unix epoch.
        ended_at_ns: i64,
    },
    /// Says what was seen of a step's effect; the last word counts. Nothing for an attempt that is no step.
    ConfirmStep {
        /// The attempt.
        attempt: String,
        /// What was seen.
        confirmation: Confirmation,
    },
    /// Sets a small named value.
    SetMark {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Records a new request for approval. Its id must be new; an attempt it names must exist.
    OpenRequest(RequestRow),
    /// Moves a request, which must exist, to another state. From which states it may come there is
    /// [`Precondition::RequestIs`]'s to say.
    MoveRequest {
        /// The request's id.
        request: String,
        /// Its new state.
        to: RequestState,
        /// The attempt that has claimed or used it, which must exist; nothing if none has any more.
        attempt: Option<String>,
    },
    /// Records a vote on a request, which must exist. If this approver has voted on it, however, the commit fails as if
    /// it had asked for [`Precondition::NoVote`].
    Vote(VoteRow),
    /// Records a new approver. If there is or was one of this name the commit fails as if it had asked for
    /// [`Precondition::ApproverIs`] not known.
    PutApprover(ApproverRow),
    /// Says since when an approver, who must exist, may no longer vote. Said twice, the first counts.
    RemoveApprover {
        /// The approver's name.
        name: String,
        /// When, in nanoseconds since the Unix epoch.
        at_ns: i64,
    },
    /// Records a new grant. Its id must be new.
    GiveGrant(GrantRow),
    /// Says when a grant, which must exist, was taken back. Said twice, the first counts.
    RevokeGrant {
        /// The grant's id.
        grant: String,
        /// When, in nanoseconds since the Unix epoch.
        at_ns: i64,
    },
    /// Notes that an attempt, which must exist, is armed on a grant. If the grant does not stand, the commit fails as if it
    /// had asked for [`Precondition::GrantStands`]: so nothing is armed on it any more once it was taken back.
    UseGrant {
        /// The grant's id.
        grant: String,
        /// The attempt.
        attempt: String,
    },
    /// Records a new halt. Its id must be new.
    OpenHalt(HaltRow),
    /// Says when a halt, which must exist, ended. Said twice, the first counts.
    EndHalt {
        /// The halt's id.
        id: String,
        /// When, in nanoseconds since the Unix epoch.
        at_ns: i64,
    },
}

/// An entry to append to this writer's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// The attempt it is about.
    pub attempt: String,
    /// What it says; must be the kind inside the payload.
    pub kind: Kind,
    /// The statement's bytes.
    pub payload: Vec<u8>,
    /// What the payload only commits to.
    pub values: Option<Values>,
}

/// What a durable commit was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The places of the commit's entries in this writer's log, in the order they were given.
    pub indices: Vec<u64>,
    /// The log's size under the checkpoint that was made durable with them.
    pub size: u64,
    /// The key and the fencing token of each lease it took, in the order they were given.
    pub fences: Vec<(String, u64)>,
}

/// Why a commit was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// A precondition did not hold; nothing was written.
    Precondition {
        /// The one that failed.
        which: Precondition,
        /// Whose attempt holds the subject or the lease, has taken the key, or has claimed or used the request, or the
        /// named attempt as it stands; nothing if there is no such attempt.
        holder: Option<Box<AttemptRow>>,
    },
    /// A [`Precondition::WithinLimit`] did not hold; nothing was written.
    Limit {
        /// The limit's key.
        key: String,
        /// What counts as spent at that instant.
        spent: u128,
        /// What is reserved by attempts that are not settled.
        reserved: u128,
        /// The most there may be.
        max: u128,
        /// The earliest instant at which there will be room if nobody else reserves or settles anything; nothing if time
        /// alone makes none.
        free_at_ns: Option<i64>,
    },
    /// There is no room, or only the room kept for vital commits; nothing was written.
    Full,
    /// The store could not say that it is durable; it was not, unless the text says that it may have been.
    Unavailable(String),
    /// Whoever holds the signing key did not sign; nothing was written. The text says which key, and the way out.
    Unsigned(String),
}

impl fmt::Display for CommitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Precondition { which, holder } => {
                which.fmt(f)?;
                match holder {
                    Some(row) => write!(f, "; attempt `{}` is {}", row.id, row.state),
                    None => Ok(()),
                }
            }
            Self::Limit { key, spent, reserved, max, free_at_ns: _ } => {
                write!(f, "limit `{key}` has no room: {spent} spent and {reserved} reserved of {max}")
            }
            Self::Full => f.write_str("the disk that holds the state is full"),
            Self::Unavailable(why) => write!(f, "the state cannot be written: {why}"),
            Self::Unsigned(why) => write!(f, "nothing can be signed: {why}"),
        }
    }
}

impl std::error::Error for CommitError {}

impl fmt::Display for Precondition {
    /// Says what is wrong when it does not hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SubjectFree { subject } => write!(f, "`{subject}` is held by another attempt"),
            Self::AttemptIs { attempt, states } => {
                write!(f, "attempt `{attempt}` is not ")?;
                one_of(f, states)
            }
            Self::OnceFree { key, .. } => write!(f, "`{key}` was done already"),
            Self::WithinLimit { key, .. } => write!(f, "limit `{key}` has no room"),
            Self::LeaseFree { key } => write!(f, "lease `{key}` is held by another attempt"),
            Self::RequestIs { request, states, attempt } => {
                write!(f, "request `{request}` is not ")?;
                one_of(f, states)?;
                match attempt {
                    Some(attempt) => write!(f, ", or not by attempt `{attempt}`"),
                    None => Ok(()),
                }
            }
            Self::NoVote { request, approver } => {
                write!(f, "`{approver}` has voted on request `{request}` already")
            }
            Self::MarkIs { name, value: Some(value) } => write!(f, "mark `{name}` is not `{value}`"),
            Self::MarkIs { name, value: None } => write!(f, "mark `{name}` was set already"),
            Self::ApproverIs { name, known: true } => write!(f, "`{name}` is not an approver"),
            Self::ApproverIs { name, known: false } => {
                write!(f, "there is or was an approver `{name}` already")
            }
            Self::FewerPending { principal, most } => {
                write!(f, "`{principal}` has {most} or more pending requests")
            }
            Self::NoOpenRequest { principal, action, key } => {
                write!(f, "`{principal}` has an open request for action `{action}`")?;
                key.iter().try_for_each(|key| write!(f, " under key `{key}`"))?;
                f.write_str(" already")
            }
            Self::GrantStands { grant } => write!(f, "grant `{grant}` does not stand"),
        }
    }
}

fn one_of(f: &mut fmt::Formatter<'_>, states: &[impl fmt::Display]) -> fmt::Result {
    for (i, state) in states.iter().enumerate() {
        write!(f, "{}{state}", if i == 0 { "" } else { " or " })?;
    }
    Ok(())
}
