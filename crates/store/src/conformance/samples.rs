//! Commits to try a store with: real entries about made-up attempts.

use lastlook_canon::Digest;
use lastlook_ledger::{
    Commitment, Entry, Kind, Salt, VerifierKey, leaf_of_payload, open_checkpoint, tree::Tree, verify_log,
};
use serde_json::{Value, json};

use crate::{
    ApproverRow, AttemptRow, AttemptState, Commit, CommitError, Committed, GrantRow, HaltRow, LimitWindow,
    NewEntry, Precondition, RequestRow, RequestState, Store, Ticket, Values, VoteRow, Write,
};

/// The origin of the log this store appends to.
pub fn origin(store: &dyn Store) -> String {
    store.writer().expect("a store that appends").origin.clone()
}

/// The origins of all logs that a writer appends to: those that are no rosters.
pub fn logs(store: &dyn Store) -> Vec<String> {
    let mut origins = store.origins().unwrap();
    origins.retain(|origin| !lastlook_ledger::roster::is_roster(origin));
    origins
}

/// Waits for a commit's answer.
pub fn done(ticket: Ticket) -> Result<Committed, CommitError> {
    ticket.blocking_recv().expect("an answer")
}

/// Makes a commit that must succeed.
pub fn commit(store: &dyn Store, commit: Commit) -> Committed {
    done(store.commit(commit)).expect("a durable commit")
}

/// An armed attempt of the store's writer.
pub fn row(store: &dyn Store, id: &str) -> AttemptRow {
    AttemptRow {
        id: id.into(),
        writer: store.writer().map_or(0, |writer| writer.n),
        upstream: "shop".into(),
        tool: "refund".into(),
        action: Digest::of("sample", &[id.as_bytes()]),
        state: AttemptState::Armed,
        opened_at_ns: 1_767_225_600_000_000_000,
        detail: br#"{"settles":"child"}"#.to_vec(),
    }
}

/// Arms an attempt that needs these subjects free.
pub fn arm(store: &dyn Store, id: &str, subjects: &[&str]) -> Commit {
    let mut writes = vec![Write::OpenAttempt(row(store, id))];
    writes.extend(subjects.iter().map(|subject| take(subject, id, false)));
    Commit {
        when: subjects
            .iter()
            .map(|subject| Precondition::SubjectFree { subject: (*subject).into() })
            .collect(),
        writes,
        entries: vec![entry(store, id, Kind::Armed, Some("42"))],
        vital: false,
    }
}

/// Arms an attempt that takes a key once, as of `at_ns`.
pub fn arm_once(store: &dyn Store, id: &str, key: &str, at_ns: i64, until_ns: Option<i64>) -> Commit {
    let mut next = arm(store, id, &[]);
    next.when.push(Precondition::OnceFree { key: key.into(), at_ns });
    next.writes.push(Write::TakeOnce { key: key.into(), attempt: id.into(), until_ns });
    next
}

/// Arms an attempt that takes a lease.
pub fn arm_lease(store: &dyn Store, id: &str, key: &str) -> Commit {
    let mut next = arm(store, id, &[]);
    next.when.push(Precondition::LeaseFree { key: key.into() });
    next.writes.push(Write::TakeLease { key: key.into(), attempt: id.into() });
    next
}

/// One limit, and the most there may be.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The key.
    pub key: &'static str,
    /// The period.
    pub window: LimitWindow,
    /// The most.
    pub max: u128,
}

impl Bound {
    /// Asks for room at an instant.
    pub fn within(&self, at_ns: i64, amount: u128) -> Precondition {
        Precondition::WithinLimit { key: self.key.into(), window: self.window, at_ns, amount, max: self.max }
    }

    /// Reserves at an instant, room or not.
    pub fn reserve(&self, at_ns: i64, amount: u128, id: &str) -> Write {
        Write::Reserve { key: self.key.into(), window: self.window, at_ns, amount, attempt: id.into() }
    }

    /// Arms an attempt that reserves an amount if there is room, without an entry.
    pub fn arm(&self, store: &dyn Store, id: &str, at_ns: i64, amount: u128) -> Commit {
        Commit {
            when: vec![self.within(at_ns, amount)],
            writes: vec![Write::OpenAttempt(row(store, id)), self.reserve(at_ns, amount, id)],
            ..Commit::default()
        }
    }

    /// What is spent and what is reserved.
    pub fn used(&self, store: &dyn Store, at_ns: i64) -> (u128, u128) {
        store.limit(self.key, self.window, at_ns).unwrap()
    }
}

/// Settles an attempt, and nothing else.
pub fn settle(id: &str, kept: bool) -> Commit {
    Commit { writes: vec![Write::SettleAttempt { attempt: id.into(), kept }], ..Commit::default() }
}

/// Takes a subject for an attempt.
pub fn take(subject: &str, attempt: &str, if_free: bool) -> Write {
    Write::TakeSubject { subject: subject.into(), attempt: attempt.into(), if_free }
}

/// Ends an armed attempt and frees what it held.
pub fn finish(store: &dyn Store, id: &str, to: AttemptState) -> Commit {
    Commit {
        when: vec![is(id, &[AttemptState::Armed])],
        writes: vec![moved(id, to), Write::ReleaseSubjects { attempt: id.into() }],
        entries: vec![entry(store, id, Kind::Outcome, None)],
        vital: true,
    }
}

/// Requires an attempt to be in one of these states.
pub fn is(id: &str, states: &[AttemptState]) -> Precondition {
    Precondition::AttemptIs { attempt: id.into(), states: states.to_vec() }
}

/// Moves an attempt.
pub fn moved(id: &str, to: AttemptState) -> Write {
    Write::MoveAttempt { attempt: id.into(), to }
}

/// A pending request of `agent`.
pub fn request(id: &str) -> RequestRow {
    RequestRow {
        id: id.into(),
        principal: "agent".into(),
        upstream: "shop".into(),
        tool: "refund".into(),
        action: Digest::of("sample", &[id.as_bytes()]),
        key: None,
        state: RequestState::Pending,
        opened_at_ns: 1_767_225_600_000_000_000,
        expires_at_ns: None,
        attempt: None,
        detail: br#"{"groups":["finance"]}"#.to_vec(),
        over: None,
    }
}

/// Moves a request.
pub fn request_moved(id: &str, to: RequestState, attempt: Option<&str>) -> Write {
    Write::MoveRequest { request: id.into(), to, attempt: attempt.map(String::from) }
}

/// Requires a request to be in one of these states, and this attempt's if one is given.
pub fn request_is(id: &str, states: &[RequestState], attempt: Option<&str>) -> Precondition {
    let attempt = attempt.map(String::from);
    Precondition::RequestIs { request: id.into(), states: states.to_vec(), attempt }
}

/// A vote for a request.
pub fn vote(request: &str, approver: &str, at_ns: i64) -> VoteRow {
    let detail = format!("{approver} signed this").into_bytes();
    VoteRow { request: request.into(), approver: approver.into(), approves: true, at_ns, detail }
}

/// Somebody who may vote.
pub fn approver(name: &str) -> ApproverRow {
    let detail = format!("the key of {name}").into_bytes();
    ApproverRow { name: name.into(), since_ns: 10, removed_ns: None, detail }
}

/// A halt that is in force.
pub fn halt(id: &str, since_ns: i64) -> HaltRow {
    HaltRow { id: id.into(), since_ns, ended_ns: None, detail: br#"{"reason":"seen"}"#.to_vec() }
}

/// A grant for `shop.refund`.
pub fn grant(id: &str) -> GrantRow {
    GrantRow {
        id: id.into(),
        upstream: "shop".into(),
        tool: "refund".into(),
        given_ns: 10,
        expires_ns: 100,
        revoked_ns: None,
        detail: format!("{id} is signed").into_bytes(),
    }
}

/// Notes that an attempt is armed on a grant.
pub fn used(grant: &str, attempt: &str) -> Write {
    Write::UseGrant { grant: grant.into(), attempt: attempt.into() }
}

/// Takes a grant back.
pub fn taken_back(grant: &str, at_ns: i64) -> Write {
    Write::RevokeGrant { grant: grant.into(), at_ns }
}

/// A commit of one entry and nothing else.
pub fn append(store: &dyn Store, id: &str) -> Commit {
    Commit { entries: vec![entry(store, id, Kind::Refused, None)], ..Commit::default() }
}

/// A valid entry of this writer's log, with one value beside it if asked.
pub fn entry(store: &dyn Store, id: &str, kind: Kind, value: Option<&str>) -> NewEntry {
    entry_in(origin(store), id, kind, value)
}

/// The same, of the log with this origin.
pub fn entry_in(origin: String, id: &str, kind: Kind, value: Option<&str>) -> NewEntry {
    let values = value.map(|value| values(id, value));
    let salt = Salt::derive(&seed(id), "arguments");
    let arguments = Commitment::of(&salt, value.unwrap_or_default().as_bytes()).to_json();
    let entry = Entry {
        kind,
        origin,
        attempt: id.into(),
        time: "2026-01-01T00:00:00.000000000Z".into(),
        action: Digest::of("sample", &[id.as_bytes()]),
        body: body(kind, arguments),
    };
    NewEntry { attempt: id.into(), kind, payload: entry.to_payload().expect("a valid entry"), values }
}

/// The values that [`entry`] puts beside an entry of this attempt.
pub fn values(id: &str, value: &str) -> Values {
    Values {
        seed: seed(id),
        rows: vec![("arguments".into(), value.into()), ("basis/0/was".into(), vec![0, 255, 10])],
    }
}

fn seed(id: &str) -> [u8; 32] {
    *Digest::of("sample-seed", &[id.as_bytes()]).as_bytes()
}

fn body(kind: Kind, arguments: Value) -> Value {
    let mut body = json!({
        "mode": "enforce", "principal": { "id": "agent", "asserted": true }, "upstream": "shop", "tool": "refund",
    });
    let own = match kind {
        Kind::Armed => json!({ "arguments": arguments, "basis": [] }),
        Kind::Refused => {
            json!({ "armed": false, "verdict": "deny", "reasons": [{ "code": "basis-missing" }] })
        }
        Kind::Outcome => json!({
            "verdict": "allow", "outcome": "succeeded", "evidence": "answer", "confirmation": "unconfirmed",
            "closure": "adjacent",
        }),
        Kind::Operator => json!({ "as": "failed", "reason": "seen", "by": { "id": "op", "asserted": true } }),
        Kind::Held | Kind::Confirmation | Kind::Reads => json!({}),
    };
    for (name, value) in own.as_object().expect("an object") {
        body[name] = value.clone();
    }
    body
}

/// Checks one log from its payloads, leaf hashes and signed checkpoint, entry by entry; returns its size.
pub fn verified_size(store: &dyn Store, key: &VerifierKey, origin: &str) -> u64 {
    let entries = store.entries(origin, 0, usize::MAX).unwrap();
    assert!(entries.iter().map(|entry| entry.index).eq(0..entries.len() as u64), "a gap in the log");
    let leaves = store.leaf_hashes(origin, u64::MAX).unwrap();
    assert!(entries.iter().map(|entry| leaf_of_payload(&entry.payload)).eq(leaves), "leaves differ");
    if let Some(note) = store.checkpoint(origin).unwrap() {
        let payloads = entries.into_iter().map(|entry| entry.payload);
        verify_log(payloads, &note, std::slice::from_ref(key)).unwrap();
    }
    signed_size(store, key, origin)
}

/// Checks one log's signed checkpoint against all its leaf hashes; returns its size.
pub fn signed_size(store: &dyn Store, key: &VerifierKey, origin: &str) -> u64 {
    let tree = Tree::from_leaf_hashes(store.leaf_hashes(origin, u64::MAX).unwrap());
    let Some(note) = store.checkpoint(origin).unwrap() else {
        assert_eq!(tree.size(), 0, "entries without a checkpoint");
        return 0;
    };
    let checkpoint = open_checkpoint(&note, std::slice::from_ref(key)).unwrap();
    assert_eq!(
        (checkpoint.origin.as_str(), checkpoint.size, checkpoint.root),
        (origin, tree.size(), tree.root())
    );
    checkpoint.size
}
