//! A state that an operator has put back from a back-up: what it goes on with, and what it does not know.
//!
//! What was approved in it before is void, what was given is taken back. Attempts that were under way become unknown when the
//! next boundary starts. And whatever asks the record whether something was done stays *in doubt*, until an operator has looked
//! and says so: the record ends where the back-up was made, and the world went on.

use std::cell::RefCell;

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::{Checkpoint, Kind};
use lastlook_store::{
    Commit, CommitError, Precondition, RequestState, Restoration, Restored, StateDir, StateError, Store,
    StoreError, Write, WriterId,
};
use serde_json::{Value, json};

use crate::entry::{Draft, DraftError, principal_json};
use crate::keys::crash_after;
use crate::standing::{self, EPOCH, ShutError};
use crate::{clock, ids};

/// The store's name for the restoration whose doubt has not ended.
const DOUBT: &str = "doubt";

/// What ACTION of the entries is the digest of.
const DOMAIN: &str = "lastlook/restored/v1";

/// How many heads stand in the entry; the roster that begins with it has all.
const HEADS: usize = 1024;

/// How many requests are read at once.
const PAGE: usize = 1000;

/// What was done.
#[derive(Debug)]
pub struct Outcome {
    /// What the state was like, and the log that begins.
    pub restored: Restored,
    /// The id under which it is recorded.
    pub id: String,
    /// The requests that are void.
    pub requests: Vec<String>,
    /// The grants that were taken back.
    pub grants: Vec<String>,
    /// The epoch that begins.
    pub epoch: u64,
}

/// Why a restoration, or the end of its doubt, was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The state's answer.
    #[error(transparent)]
    State(#[from] StateError),
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be written.
    #[error("it was not recorded: {0}")]
    Commit(#[from] CommitError),
    /// No entry could be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// There is no new tag.
    #[error(transparent)]
    Randomness(#[from] ids::NoRandomness),
    /// Nothing is in doubt.
    #[error(
        "nothing is in doubt: this state was not put back, or somebody has said that the doubt has ended"
    )]
    NoDoubt,
    /// The record is durable; the gates of other processes were not shut.
    #[error("it is recorded, but: {0}")]
    Shut(#[from] ShutError),
}

/// The restoration whose doubt has not ended, if there is one: `restored-TAG`.
///
/// # Errors
///
/// The store cannot be read.
pub fn doubt(store: &dyn Store) -> Result<Option<String>, StoreError> {
    Ok(store.mark(DOUBT)?.filter(|id| !id.is_empty()))
}

/// Goes on with a state that was put back, on an operator's word.
///
/// # Errors
///
/// A process uses the state, or it cannot be written: then nothing changed.
pub fn restore(state: &StateDir, reason: &str, by: &Principal) -> Result<Outcome, RestoreError> {
    let tag = hex::encode(ids::random::<4>()?);
    let id = format!("restored-{tag}");
    let at_ns = clock::unix_ns();
    let voided = RefCell::new(Voided::default());
    // Asked once nobody else writes any more.
    let commit = |writer: &WriterId, found: &lastlook_store::Found| {
        let found_open = Voided::of(state).map_err(|error| error.to_string())?;
        let Voided { epoch, requests, grants } = &found_open;
        let entry = || {
            let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
            draft.set("as", "restored");
            draft.set("reason", reason);
            draft.set("by", principal_json(by));
            draft.set("heads", heads(&found.heads));
            draft.set("lost", heads(&found.lost));
            draft.finish(&writer.origin, &id, Digest::of(DOMAIN, &[id.as_bytes()]))
        };
        let mut commit = Commit { vital: true, ..Commit::default() };
        commit.entries.push(entry().map_err(|error: DraftError| error.to_string())?);
        commit.writes.push(Write::SetMark { name: EPOCH.to_owned(), value: epoch.to_string() });
        commit.writes.push(Write::SetMark { name: DOUBT.to_owned(), value: id.clone() });
        for request in requests {
            let request = request.clone();
            commit.writes.push(Write::MoveRequest { request, to: RequestState::Void, attempt: None });
        }
        for grant in grants {
            commit.writes.push(Write::RevokeGrant { grant: grant.clone(), at_ns });
        }
        voided.replace(found_open);
        Ok(commit)
    };
    let restored = state.restore(&Restoration { tag: &tag, commit: &commit, after: &crash_after })?;
    // Nobody is in front of it, but for who opened the directory meanwhile and has not begun to write.
    standing::shut(state)?;
    let Voided { epoch, requests, grants } = voided.into_inner();
    Ok(Outcome { restored, id, requests, grants, epoch })
}

/// What a restoration takes back.
#[derive(Default)]
struct Voided {
    epoch: u64,
    requests: Vec<String>,
    grants: Vec<String>,
}

impl Voided {
    fn of(state: &StateDir) -> Result<Voided, RestoreError> {
        let reader = state.reader()?;
        let epoch = standing::epoch(&reader)?.saturating_add(1);
        let mut requests = Vec::new();
        let open = [RequestState::Pending, RequestState::Approved];
        let mut before = None;
        loop {
            let page = reader.requests(&open, PAGE, before.take())?;
            before = page.last().map(|last| (last.opened_at_ns, last.id.clone()));
            requests.extend(page.into_iter().map(|row| row.id));
            if before.is_none() {
                break;
            }
        }
        let grants = reader.grants()?.into_iter().filter(|row| row.revoked_ns.is_none());
        Ok(Voided { epoch, requests, grants: grants.map(|row| row.id).collect() })
    }
}

/// Ends the doubt, on an operator's word: what the record does not know of was looked at. Gives the restoration's id.
///
/// # Errors
///
/// Nothing is in doubt, or it could not be recorded.
pub async fn end_doubt(store: &dyn Store, reason: &str, by: &Principal) -> Result<String, RestoreError> {
    let id = doubt(store)?.ok_or(RestoreError::NoDoubt)?;
    let origin = store.writer().map(|writer| writer.origin.clone()).unwrap_or_default();
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.set("as", "doubt-ended");
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    let entry = draft.finish(&origin, &id, Digest::of(DOMAIN, &[id.as_bytes()]))?;
    let commit = Commit {
        when: vec![Precondition::MarkIs { name: DOUBT.to_owned(), value: Some(id.clone()) }],
        writes: vec![Write::SetMark { name: DOUBT.to_owned(), value: String::new() }],
        entries: vec![entry],
        vital: true,
    };
    let done = store.commit(commit).await;
    match done.unwrap_or_else(|_| Err(CommitError::Unavailable("the store's writer has ended".to_owned()))) {
        Ok(_) => Ok(id),
        Err(CommitError::Precondition { .. }) => Err(RestoreError::NoDoubt),
        Err(error) => Err(error.into()),
    }
}

fn heads(heads: &[Checkpoint]) -> Value {
    let heads = heads.iter().take(HEADS);
    heads.map(|head| json!({"origin": head.origin, "size": head.size, "root": head.root.to_hex()})).collect()
}
