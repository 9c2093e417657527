//! The store's trait and the rows it hands out.

use std::fmt;

use lastlook_canon::Digest;
use lastlook_ledger::{Kind, tree::Hash};

use crate::{
    ApproverRow, Commit, GrantRow, HaltRow, LimitWindow, RequestRow, RequestState, StepRow, StoreError,
    Ticket, VoteRow,
};

/// Durable rows and logs that several writers share.
///
/// Reads block the calling thread for a database read; commits are queued and answered by ticket. All calls may be
/// made from any thread. A read started after a ticket resolved sees that commit, in every process.
pub trait Store: Send + Sync + 'static {
    /// Who appends here, and under which log origin; nothing for a store that only reads.
    fn writer(&self) -> Option<&WriterId>;

    /// Queues one atomic change and returns the ticket that tells how it ended.
    ///
    /// The ticket resolves only after everything in the commit, and the checkpoint that covers its entries, is on
    /// stable storage. It never blocks. A ticket whose sender went away (`RecvError`) means that the writer stopped:
    /// whether the commit is durable is then unknown until the store is opened again.
    fn commit(&self, commit: Commit) -> Ticket;

    /// A number that is another one once anything was committed, by whatever writer; good for nothing but to be compared
    /// with an earlier one of the same store. It reads no row: this is what to ask often.
    fn version(&self) -> Result<u64, StoreError>;

    /// The attempt with this id, or the only one whose id starts so.
    fn attempt(&self, id_or_prefix: &str) -> Result<Lookup<AttemptRow>, StoreError>;

    /// Every attempt that is armed or unknown, of every writer, by id.
    fn open_attempts(&self) -> Result<Vec<AttemptRow>, StoreError>;

    /// The attempt that holds a subject, if one does.
    fn holder(&self, subject: &str) -> Result<Option<AttemptRow>, StoreError>;

    /// The origins of all logs in this state, by writer number; after them those of its rosters, which list the others.
    fn origins(&self) -> Result<Vec<String>, StoreError>;

    /// Up to `limit` entries of one log, from index `from` on, in order; empty past the end or for an unknown origin.
    fn entries(&self, origin: &str, from: u64, limit: usize) -> Result<Vec<StoredEntry>, StoreError>;

    /// Every entry about one attempt, by log and index. The id must be complete.
    fn entries_of(&self, attempt: &str) -> Result<Vec<StoredEntry>, StoreError>;

    /// Up to `limit` ids that entries of any log are about, in order, from behind `after` on: attempts, requests, and
    /// whatever else has entries. What rosters say of logs is about none of these.
    fn entry_ids(&self, after: &str, limit: usize) -> Result<Vec<String>, StoreError>;

    /// The leaf hashes of the first `upto` entries of one log; fewer when the log is shorter.
    fn leaf_hashes(&self, origin: &str, upto: u64) -> Result<Vec<Hash>, StoreError>;

    /// The latest signed checkpoint of one log.
    ///
    /// A live log grows between two calls: to verify one, read its checkpoint first, then as many entries as it covers.
    fn checkpoint(&self, origin: &str) -> Result<Option<String>, StoreError>;

    /// The values beside the newest entry of this kind about this attempt that has any; nothing when they were pruned.
    fn values(&self, attempt: &str, kind: Kind) -> Result<Option<Values>, StoreError>;

    /// Up to `limit` attempts of one tool, newest first by the time they were opened, then by id.
    ///
    /// `before` is the time and id of the last one of the page before.
    fn attempts_of(
        &self,
        upstream: &str,
        tool: &str,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<AttemptRow>, StoreError>;

    /// The names of the tools of one upstream of which there are attempts, in order. Reads every attempt of that upstream:
    /// for people who ask, not for the path of an action.
    fn tools_of(&self, upstream: &str) -> Result<Vec<String>, StoreError>;

    /// The steps noted under a key, newest first by the time they were armed, then by id.
    ///
    /// `before_ns` asks for those armed earlier than that. A page ends after `limit` of them, but never between two of
    /// the same instant, so that none is missed by going on from the last one's time.
    fn steps(&self, key: &str, limit: usize, before_ns: Option<i64>) -> Result<Vec<StepRow>, StoreError>;

    /// Up to `limit` steps noted under a key that were neither refused nor failed, and have not ended, or ended after
    /// `since_ns`: those that have not ended first, then the one that ended last.
    fn steps_since(&self, key: &str, since_ns: i64, limit: usize) -> Result<Vec<StepRow>, StoreError>;

    /// The attempt that has taken this key once, and until when (nothing: for ever), even if that has passed.
    fn once(&self, key: &str) -> Result<Option<(String, Option<i64>)>, StoreError>;

    /// What is spent and what is reserved under a limit's key at this instant, as a [`WithinLimit`] would count it.
    ///
    /// [`WithinLimit`]: crate::Precondition::WithinLimit
    fn limit(&self, key: &str, window: LimitWindow, at_ns: i64) -> Result<(u128, u128), StoreError>;

    /// The attempt that holds a lease, and its fencing token; nothing while nobody does.
    fn lease(&self, key: &str) -> Result<Option<(AttemptRow, u64)>, StoreError>;

    /// The value last set under this name.
    fn mark(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// The request with this id, or the only one whose id starts so.
    fn request(&self, id_or_prefix: &str) -> Result<Lookup<RequestRow>, StoreError>;

    /// Up to `limit` requests in any of these states, newest first by the time they were opened, then by id; none if no
    /// state is given.
    ///
    /// `before` is the time and id of the last one of the page before.
    fn requests(
        &self,
        states: &[RequestState],
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<RequestRow>, StoreError>;

    /// The requests of this principal for this action under this key, or under none, that are pending, approved or claimed,
    /// newest first.
    fn open_requests_of(
        &self,
        principal: &str,
        action: Digest,
        key: Option<&str>,
    ) -> Result<Vec<RequestRow>, StoreError>;

    /// The votes on one request, by the time they were cast, then by the approver's name. The id must be complete.
    fn votes(&self, request: &str) -> Result<Vec<VoteRow>, StoreError>;

    /// All approvers by name, also those who were removed.
    fn approvers(&self) -> Result<Vec<ApproverRow>, StoreError>;

    /// The grant with this id, or the only one whose id starts so.
    fn grant(&self, id_or_prefix: &str) -> Result<Lookup<GrantRow>, StoreError>;

    /// All grants there ever were, by the time they were given, then by id.
    fn grants(&self) -> Result<Vec<GrantRow>, StoreError>;

    /// The grants for one tool that were not taken back, and expire after `at_ns`: those that expire first come first, then
    /// by id.
    fn grants_for(&self, upstream: &str, tool: &str, at_ns: i64) -> Result<Vec<GrantRow>, StoreError>;

    /// The attempts that were ever armed on a grant, by id. The grant's id must be complete.
    fn uses_of(&self, grant: &str) -> Result<Vec<AttemptRow>, StoreError>;

    /// The halts by the time they began, then by id: those in force, or `all` there ever were.
    fn halts(&self, all: bool) -> Result<Vec<HaltRow>, StoreError>;
}

/// A writer's number and the origin of the log it appends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriterId {
    /// The slot in the state directory, from 1 on.
    pub n: u32,
    /// The log's origin, `lastlook/<state-id>/<n>`: what the writer's entries must name.
    pub origin: String,
}

/// What a search for one thing by the beginning of its name found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup<T> {
    /// Exactly one, or one whose name is exactly this.
    Found(T),
    /// None.
    Missing,
    /// Several: the first few names that fit, in order.
    Ambiguous(Vec<String>),
}

impl<T> Lookup<T> {
    /// Sorts out the things whose names begin with `prefix`, given in the order of their names.
    pub(crate) fn among(prefix: &str, found: Vec<T>, name: impl Fn(&T) -> &str) -> Self {
        let exact = found.first().is_some_and(|first| name(first) == prefix);
        if found.len() > 1 && !exact {
            return Self::Ambiguous(found.iter().map(|thing| name(thing).to_owned()).collect());
        }
        found.into_iter().next().map_or(Self::Missing, Self::Found)
    }
}

/// How many names an ambiguous lookup lists.
pub(crate) const AMBIGUOUS_LISTED: usize = 16;

/// One attempt as the store keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The attempt's id, which is also its receipt's.
    pub id: String,
    /// The number of the writer that opened it.
    pub writer: u32,
    /// The upstream the tool belongs to.
    pub upstream: String,
    /// The tool's name at that upstream.
    pub tool: String,
    /// The action's digest.
    pub action: Digest,
    /// How far it has come.
    pub state: AttemptState,
    /// When it was opened: nanoseconds since the Unix epoch.
    pub opened_at_ns: i64,
    /// JSON of the engine, opaque here: the child's identity, what settles it.
    pub detail: Vec<u8>,
}

/// How far an attempt has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttemptState {
    /// Recorded, perhaps acting: its outcome is not known yet.
    Armed,
    /// Refused; nothing was sent.
    Refused,
    /// The effect happened.
    Succeeded,
    /// The effect did not happen.
    Failed,
    /// It may have happened.
    Unknown,
}

impl AttemptState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Armed, Self::Refused, Self::Succeeded, Self::Failed, Self::Unknown];

    /// The state's name in lower case, as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Armed => "armed",
            Self::Refused => "refused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether the attempt's effect may still come or is not known: armed or unknown.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Armed | Self::Unknown)
    }
}

impl fmt::Display for AttemptState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One entry of a log, as it was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The log's origin.
    pub origin: String,
    /// The entry's place in that log, from 0 without gaps.
    pub index: u64,
    /// The attempt it is about.
    pub attempt: String,
    /// What it says.
    pub kind: Kind,
    /// Its leaf hash, as the log has it.
    pub leaf: Hash,
    /// The statement's bytes, exactly as hashed into the log.
    pub payload: Vec<u8>,
}

/// The values an entry only commits to, and the seed that opens the commitments.
///
/// They are kept beside the log and can be pruned without touching it; the seed goes with them, since with it a
/// guessed value could be confirmed.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Values {
    /// What the salts are derived from, fresh for each entry.
    pub seed: [u8; 32],
    /// Label (the member's path in the entry's body) and value, in the order given.
    pub rows: Vec<(String, Vec<u8>)>,
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels: Vec<_> =
            self.rows.iter().map(|(label, value)| format!("{label}: {} B", value.len())).collect();
        f.debug_struct("Values").field("rows", &labels).finish_non_exhaustive()
    }
}
