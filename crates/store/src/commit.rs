//! One atomic change: what must hold, what is written, what is appended, and how it ended.

use std::fmt;

use lastlook_ledger::Kind;
use tokio::sync::oneshot;

use crate::{AttemptRow, AttemptState, Values};

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
    /// Frees every subject the attempt holds.
    ReleaseSubjects {
        /// Who held them.
        attempt: String,
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
}

/// Why a commit was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitError {
    /// A precondition did not hold; nothing was written.
    Precondition {
        /// The one that failed.
        which: Precondition,
        /// Whose attempt holds the subject, or the named attempt as it stands; nothing if there is no such attempt.
        holder: Option<Box<AttemptRow>>,
    },
    /// There is no room, or only the room kept for vital commits; nothing was written.
    Full,
    /// The store could not say that it is durable; it was not, unless the text says that it may have been.
    Unavailable(String),
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
            Self::Full => f.write_str("the disk that holds the state is full"),
            Self::Unavailable(why) => write!(f, "the state cannot be written: {why}"),
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
                for (i, state) in states.iter().enumerate() {
                    write!(f, "{}{state}", if i == 0 { "" } else { " or " })?;
                }
                Ok(())
            }
        }
    }
}
