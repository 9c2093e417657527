//! What people say of a request: yes, no, or not any more.

use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::Kind;
use lastlook_ledger::approval::{
    ApprovalError, ApproverKey, Ruling, SignedStatement, Statement, is_requester,
};
use lastlook_store::{
    AttemptState, Commit, CommitError, Lookup, NewEntry, Precondition, RequestRow, RequestState, StateDir,
    Store, StoreError, VoteRow, Write,
};

use super::tally::guard_digests;
use super::{Asked, Tally};
use crate::approvers::{self, Approver, Registry, RegistryError, Why};
use crate::clock;
use crate::entry::{Draft, DraftError, principal_json};
use crate::standing::{self, ShutError};

/// Why somebody's word was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SayError {
    /// No request has this id.
    #[error("no request has the id `{0}`")]
    Missing(String),
    /// Several requests begin like this.
    #[error("`{id}` is the beginning of several requests: {}", found.join(", "))]
    Ambiguous {
        /// What was given.
        id: String,
        /// Some of them.
        found: Vec<String>,
    },
    /// It is closed already.
    #[error("`{request}` is {state}: nothing more can be said of it")]
    Closed {
        /// The request.
        request: String,
        /// How it stands.
        state: RequestState,
    },
    /// It has run out.
    #[error("`{0}` has run out: nothing more can be said of it")]
    Expired(String),
    /// It was opened before a halt that was lifted since.
    #[error("`{0}` was opened before the last halt was lifted: it counts no more")]
    EarlierEpoch(String),
    /// What is stored of it cannot be read.
    #[error("what is stored of `{0}` is damaged")]
    Damaged(String),
    /// Nobody approves their own action.
    #[error("`{0}` asked for it: somebody else must decide")]
    Requester(String),
    /// No guard of the request asks this person.
    #[error("`{approver}` is not among those who are asked: {asked}")]
    NotAsked {
        /// Who.
        approver: String,
        /// Whom the guards ask.
        asked: String,
    },
    /// This person has said something already.
    #[error("`{approver}` has decided on `{request}` already")]
    Twice {
        /// Who.
        approver: String,
        /// The request.
        request: String,
    },
    /// The statement is not an approver's.
    #[error("the statement does not count: {0}")]
    Unproven(#[from] Why),
    /// The statement cannot be made or read.
    #[error(transparent)]
    Statement(#[from] ApprovalError),
    /// The approvers cannot be read.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The record cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The entry could not be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The state is open for reading only.
    #[error("the state is open for reading only")]
    ReadOnly,
    /// It is on record, and some process may not have seen it yet.
    #[error(transparent)]
    Gate(#[from] ShutError),
}

/// What a revocation achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// Nothing will run on it.
    Prevented,
    /// An attempt had passed the gate on it, or nobody knows that it had not: it is under way, or has ended since.
    InFlight(String),
}

/// The request with this id, or the only one whose id starts so.
///
/// # Errors
///
/// There is none, or there are several.
pub fn find(store: &dyn Store, id: &str) -> Result<(RequestRow, Asked), SayError> {
    let row = match store.request(id)? {
        Lookup::Found(row) => row,
        Lookup::Missing => return Err(SayError::Missing(id.to_owned())),
        Lookup::Ambiguous(found) => return Err(SayError::Ambiguous { id: id.to_owned(), found }),
    };
    let asked = Asked::of(&row).ok_or_else(|| SayError::Damaged(row.id.clone()))?;
    Ok((row, asked))
}

/// What an approver signs to decide on a request as it stands.
pub fn statement(
    row: &RequestRow,
    asked: &Asked,
    decision: Ruling,
    approver: &str,
    reason: &str,
) -> Statement {
    Statement {
        request: row.id.clone(),
        action: row.action,
        decision,
        reason: reason.to_owned(),
        guards: guard_digests(asked),
        epoch: asked.epoch,
        expires: row.expires_at_ns.map(clock::wall_at),
        approver: approver.to_owned(),
        time: clock::wall(),
    }
}

/// Whether this person may decide on this request now: to be asked before anybody types a passphrase.
///
/// # Errors
///
/// Why not.
pub fn may_say(
    store: &dyn Store,
    registry: &Registry,
    row: &RequestRow,
    asked: &Asked,
    approver: &str,
) -> Result<(), SayError> {
    if row.state != RequestState::Pending {
        return Err(SayError::Closed { request: row.id.clone(), state: row.state });
    }
    if row.expires_at_ns.is_some_and(|end| clock::unix_ns() >= end) {
        return Err(SayError::Expired(row.id.clone()));
    }
    if standing::epoch(store)? != asked.epoch {
        return Err(SayError::EarlierEpoch(row.id.clone()));
    }
    if is_requester(&row.principal, approver) {
        return Err(SayError::Requester(approver.to_owned()));
    }
    let known = registry.approver(approver).ok_or_else(|| Why::Unknown(approver.to_owned()))?;
    if !asked.guards.iter().any(|guard| registry.may(known, &guard.by)) {
        let asked: Vec<&str> = asked.guards.iter().map(|guard| guard.by.as_str()).collect();
        return Err(SayError::NotAsked { approver: approver.to_owned(), asked: asked.join(", ") });
    }
    Ok(())
}

/// What one person says of a request.
#[derive(Debug, Clone, Copy)]
pub struct Word<'a> {
    /// The request's id, or as much of its beginning as is unique.
    pub request: &'a str,
    /// The approver's name.
    pub approver: &'a str,
    /// Yes or no.
    pub ruling: Ruling,
    /// Why.
    pub reason: &'a str,
}

/// What became of a word that was taken.
#[derive(Debug)]
pub struct Decided {
    /// The request it was about.
    pub row: RequestRow,
    /// How it stands now.
    pub state: RequestState,
    /// What people have said of it.
    pub tally: Tally,
}

/// Signs one person's word with their key, and takes it.
///
/// `unlock` is called only once it is clear that the answer could be of use: nobody types a passphrase for nothing.
///
/// # Errors
///
/// The word would not count, the key is not to be had, or the store cannot write.
pub async fn decide<E: From<SayError>>(
    store: &dyn Store,
    word: Word<'_>,
    unlock: impl FnOnce(&Approver) -> Result<ApproverKey, E>,
) -> Result<Decided, E> {
    let Word { request, approver, ruling, reason } = word;
    let registry = approvers::load(store).map_err(SayError::from)?;
    let (row, asked) = find(store, request)?;
    may_say(store, &registry, &row, &asked, approver)?;
    let known =
        registry.approver(approver).ok_or_else(|| SayError::from(Why::Unknown(approver.to_owned())))?;
    let key = unlock(known)?;
    let signed = statement(&row, &asked, ruling, approver, reason).sign(&key).map_err(SayError::from)?;
    let (state, tally) = say(store, &signed).await?;
    Ok(Decided { row, state, tally })
}

/// Takes one person's signed word, durably; returns how the request stands then.
///
/// # Errors
///
/// The word does not count, or the store cannot write.
pub async fn say(store: &dyn Store, signed: &SignedStatement) -> Result<(RequestState, Tally), SayError> {
    let registry = approvers::load(store)?;
    registry.verify(signed, &clock::wall())?;
    let said = signed.claimed();
    let (row, asked) = find(store, &said.request)?;
    may_say(store, &registry, &row, &asked, &said.approver)?;
    let approves = said.decision == Ruling::Approve;
    let word = if approves { "approved" } else { "rejected" };
    let by = Principal { id: said.approver.clone(), asserted: false };
    let entry = entry(store, &row, word, &said.reason, &by, Some(signed))?;
    let mut commit = Commit {
        when: vec![
            pending(&row),
            Precondition::NoVote { request: row.id.clone(), approver: said.approver.clone() },
        ],
        writes: vec![Write::Vote(VoteRow {
            request: row.id.clone(),
            approver: said.approver.clone(),
            approves,
            at_ns: clock::unix_ns(),
            detail: signed.to_bytes(),
        })],
        entries: vec![entry],
        vital: true,
    };
    if !approves {
        let to = RequestState::Rejected;
        commit.writes.push(Write::MoveRequest { request: row.id.clone(), to, attempt: None });
    }
    match make_durable(store, commit).await {
        Ok(()) => {}
        Err(CommitError::Precondition { which: Precondition::NoVote { .. }, .. }) => {
            // Their word may be on record without what follows from it.
            let (state, tally) = settle(store, &row.id).await?;
            if approves && state == RequestState::Approved {
                return Ok((state, tally));
            }
            return Err(SayError::Twice { approver: said.approver.clone(), request: row.id });
        }
        Err(CommitError::Precondition { .. }) => {
            let (row, _) = find(store, &row.id)?;
            return Err(SayError::Closed { request: row.id, state: row.state });
        }
        Err(error) => return Err(error.into()),
    }
    settle(store, &row.id).await
}

/// Moves a request on when enough people have said yes. Two who decide at the same time both ask, and one is first.
pub(crate) async fn settle(store: &dyn Store, id: &str) -> Result<(RequestState, Tally), SayError> {
    let (row, asked) = find(store, id)?;
    let tally = Tally::of(store, &row, &asked).map_err(|_| SayError::Damaged(row.id.clone()))?;
    if row.state != RequestState::Pending || !tally.is_enough() {
        return Ok((row.state, tally));
    }
    let to = RequestState::Approved;
    let commit = Commit {
        when: vec![pending(&row)],
        writes: vec![Write::MoveRequest { request: row.id.clone(), to, attempt: None }],
        vital: true,
        ..Commit::default()
    };
    match make_durable(store, commit).await {
        Ok(()) => Ok((to, tally)),
        Err(CommitError::Precondition { .. }) => Ok((find(store, id)?.0.state, tally)),
        Err(error) => Err(error.into()),
    }
}

/// Takes an approval back, or withdraws a request: durable first, then through every gate of this state.
///
/// Nobody has to prove who they are for it: it can only prevent.
///
/// # Errors
///
/// It is closed already, or the store cannot write.
pub async fn revoke(
    store: &dyn Store,
    state: &StateDir,
    id: &str,
    reason: &str,
    by: &Principal,
) -> Result<(RequestRow, Revoked), SayError> {
    loop {
        let (row, _) = find(store, id)?;
        // Said twice it is asked once more what has passed: the first time nobody may have been told.
        if row.state != RequestState::Revoked {
            if !row.state.is_open() {
                return Err(SayError::Closed { request: row.id, state: row.state });
            }
            let entry = entry(store, &row, "revoked", reason, by, None)?;
            let (request, attempt) = (row.id.clone(), row.attempt.clone());
            let commit = Commit {
                when: vec![Precondition::RequestIs {
                    request: request.clone(),
                    states: vec![row.state],
                    attempt: attempt.clone(),
                }],
                writes: vec![Write::MoveRequest { request, to: RequestState::Revoked, attempt }],
                entries: vec![entry],
                vital: true,
            };
            match make_durable(store, commit).await {
                Ok(()) => {}
                // Somebody claimed it, or decided, just now.
                Err(CommitError::Precondition { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
        }
        let past = standing::shut(state)?;
        let Some(attempt) = row.attempt.clone() else { return Ok((row, Revoked::Prevented)) };
        // After the list: what is on it no more has its end on record by now.
        let passed = past.contains(&attempt) || may_have_run(store, &attempt)?;
        return Ok((row, if passed { Revoked::InFlight(attempt) } else { Revoked::Prevented }));
    }
}

/// Whether an attempt that stands on no list has passed the gate before, or may have, by its own row.
pub(super) fn may_have_run(store: &dyn Store, attempt: &str) -> Result<bool, StoreError> {
    Ok(match store.attempt(attempt)? {
        Lookup::Found(row) => match row.state {
            AttemptState::Armed | AttemptState::Refused => false,
            AttemptState::Succeeded | AttemptState::Failed | AttemptState::Unknown => true,
        },
        // It was armed in the commit that claimed the request; what is not there proves nothing.
        Lookup::Missing | Lookup::Ambiguous(_) => true,
    })
}

fn pending(row: &RequestRow) -> Precondition {
    let request = row.id.clone();
    Precondition::RequestIs { request, states: vec![RequestState::Pending], attempt: None }
}

async fn make_durable(store: &dyn Store, commit: Commit) -> Result<(), CommitError> {
    let ended = || CommitError::Unavailable("the store's writer has ended".to_owned());
    store.commit(commit).await.unwrap_or_else(|_| Err(ended())).map(|_| ())
}

fn entry(
    store: &dyn Store,
    row: &RequestRow,
    word: &str,
    reason: &str,
    by: &Principal,
    signed: Option<&SignedStatement>,
) -> Result<NewEntry, SayError> {
    let origin = &store.writer().ok_or(SayError::ReadOnly)?.origin;
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.about_named(&row.upstream, &row.tool);
    draft.set("as", word);
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    let signed = signed.map(SignedStatement::to_bytes);
    draft.set_some("signed", signed.map(|signed| String::from_utf8_lossy(&signed).into_owned()));
    Ok(draft.finish(origin, &row.id, row.action)?)
}
