//! Halts: an operator's word that stops effects, in every process on a state, until an operator's word ends it.

use lastlook_canon::Digest;
use lastlook_kernel::{Mode, Principal};
use lastlook_ledger::Kind;
use lastlook_store::{
    AttemptRow, AttemptState, Commit, CommitError, HaltRow, Lookup, NewEntry, Precondition, StateDir, Store,
    StoreError, Write,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::entry::{Draft, DraftError, principal_json};
use crate::recovery::Detail;
use crate::standing::{self, EPOCH, ShutError};
use crate::{clock, ids};

/// How often a new epoch is tried for, when others begin one at the same time.
const TRIES: usize = 16;

/// What a halt stops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", content = "name", rename_all = "lowercase")]
pub enum Scope {
    /// Every effect of everybody.
    All,
    /// Every tool of this upstream.
    Upstream(String),
    /// One tool, as `UPSTREAM.TOOL`.
    Tool(String),
    /// Whatever this principal does.
    Principal(String),
    /// Whatever comes from clients that call themselves so.
    Agent(String),
}

/// What an action is, as far as a scope asks. What is not known is taken to be in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whom<'a> {
    pub(crate) upstream: &'a str,
    pub(crate) tool: &'a str,
    pub(crate) principal: Option<&'a str>,
    pub(crate) agent: Option<&'a str>,
}

impl Scope {
    /// Whether an action is in it.
    pub(crate) fn covers(&self, whom: &Whom<'_>) -> bool {
        match self {
            Scope::All => true,
            Scope::Upstream(name) => whom.upstream == name,
            // Not taken apart: an upstream that is named after its program may have a dot in its name.
            Scope::Tool(name) => name
                .strip_prefix(whom.upstream)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|tool| tool == whom.tool),
            Scope::Principal(id) => whom.principal.is_none_or(|principal| principal == id),
            Scope::Agent(name) => whom.agent.is_none_or(|agent| agent == name),
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Scope::All => f.write_str("everything"),
            Scope::Upstream(name) => write!(f, "every tool of upstream `{name}`"),
            Scope::Tool(name) => write!(f, "tool `{name}`"),
            Scope::Principal(id) => write!(f, "principal `{id}`"),
            Scope::Agent(name) => write!(f, "agent `{name}`"),
        }
    }
}

/// One halt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// Its id, `halt-` and twenty digits.
    pub id: String,
    /// Since when: nanoseconds since the Unix epoch.
    pub since_ns: i64,
    /// When it was ended; `None` while it holds.
    pub ended_ns: Option<i64>,
    /// What it stops.
    pub scope: Scope,
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
}

/// What the store keeps of a halt, as JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    scope: Scope,
    reason: String,
    by: String,
}

impl Halt {
    /// A halt that cannot be understood stops everything: it was written to stop something.
    fn of(row: HaltRow) -> Halt {
        let HaltRow { id, since_ns, ended_ns, detail } = row;
        let Kept { scope, reason, by } = serde_json::from_slice(&detail).unwrap_or_else(|_| Kept {
            scope: Scope::All,
            reason: "what it says cannot be read by this version".to_owned(),
            by: String::new(),
        });
        Halt { id, since_ns, ended_ns, scope, reason, by }
    }

    fn row(&self) -> HaltRow {
        let kept = Kept { scope: self.scope.clone(), reason: self.reason.clone(), by: self.by.clone() };
        HaltRow {
            id: self.id.clone(),
            since_ns: self.since_ns,
            ended_ns: self.ended_ns,
            detail: serde_json::to_vec(&kept).unwrap_or_default(),
        }
    }
}

/// The halts that hold now, oldest first.
///
/// # Errors
///
/// The store cannot be read: then nobody knows, and nothing may run.
pub fn active(store: &dyn Store) -> Result<Vec<Halt>, StoreError> {
    Ok(store.halts(false)?.into_iter().map(Halt::of).collect())
}

/// All halts there ever were, oldest first.
///
/// # Errors
///
/// The store cannot be read.
pub fn all(store: &dyn Store) -> Result<Vec<Halt>, StoreError> {
    Ok(store.halts(true)?.into_iter().map(Halt::of).collect())
}

/// Why a halt could not be opened or ended.
#[derive(Debug, thiserror::Error)]
pub enum HaltError {
    /// The entry could not be written.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store refused.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
    /// The store can only be read.
    #[error("the state is open for reading only")]
    ReadOnly,
    /// One of the halts does not hold any more, or never was.
    #[error("halt `{0}` does not hold")]
    NotActive(String),
}

/// An attempt that a halt came too late for, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Past {
    /// Its id, and its receipt's.
    pub receipt: String,
    /// Whose tool.
    pub upstream: String,
    /// The tool.
    pub tool: String,
    /// When it was armed: nanoseconds since the Unix epoch.
    #[serde(skip)]
    pub since_ns: i64,
}

/// What had passed the gate, in a halt's scope, when it was shut. Nothing else in its scope will have an effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// Effects under way: they may still happen.
    pub in_flight: Vec<Past>,
    /// Earlier ones whose outcome nobody knows: they have happened, may still happen, or never will.
    pub unknown: Vec<Past>,
}

/// Puts a halt on record. It holds from then on for every look that begins; [`shut`] makes it hold for all others.
///
/// # Errors
///
/// The store cannot write: then there is no halt.
pub async fn open(store: &dyn Store, scope: Scope, reason: &str, by: &Principal) -> Result<Halt, HaltError> {
    let halt = Halt {
        id: format!("halt-{}", ids::attempt_id().map_err(DraftError::from)?),
        since_ns: clock::unix_ns(),
        ended_ns: None,
        scope,
        reason: reason.to_owned(),
        by: by.id.clone(),
    };
    let entry = entry(store, "halted", &halt, reason, by)?;
    let writes = vec![Write::OpenHalt(halt.row())];
    commit(store, Commit { writes, entries: vec![entry], vital: true, ..Commit::default() }).await?;
    Ok(halt)
}

/// Shuts the gates of all processes on the state, and gives what had passed them in a halt's scope.
///
/// # Errors
///
/// A process did not leave its gate, or nobody can say what has passed. The halt holds all the same, but for what a
/// process that did not leave is about to do.
pub fn shut(store: &dyn Store, state: &StateDir, scope: &Scope) -> Result<Passed, ShutOrRead> {
    let past = standing::shut(state)?;
    let mut passed = Passed::default();
    for id in past {
        if let Lookup::Found(row) = store.attempt(&id)?
            && row.id == id
            && row.state == AttemptState::Armed
        {
            passed.in_flight.extend(in_scope(scope, row));
        }
    }
    // Read last: what was in flight a moment ago and ended unknown since is here.
    let open = store.open_attempts()?.into_iter().filter(|row| row.state == AttemptState::Unknown);
    passed.unknown = open.filter_map(|row| in_scope(scope, row)).collect();
    Ok(passed)
}

/// Why nobody can say what had passed the gate.
#[derive(Debug, thiserror::Error)]
pub enum ShutOrRead {
    /// The gates could not be shut.
    #[error(transparent)]
    Shut(#[from] ShutError),
    /// The store cannot be read.
    #[error(transparent)]
    Read(#[from] StoreError),
}

impl ShutOrRead {
    /// What the reader of the message can do next.
    pub fn hint(&self) -> String {
        match self {
            ShutOrRead::Shut(error) => error.hint(),
            ShutOrRead::Read(error) => error.hint(),
        }
    }
}

fn in_scope(scope: &Scope, row: AttemptRow) -> Option<Past> {
    let detail = Detail::from_bytes(&row.detail);
    let reads = detail.as_ref().is_some_and(|detail| detail.reads);
    let whom = Whom {
        upstream: &row.upstream,
        tool: &row.tool,
        principal: detail.as_ref().and_then(|detail| detail.principal.as_deref()),
        // Whoever named nobody is no agent of any name; only what an earlier version wrote does not say.
        agent: match &detail {
            Some(Detail { principal: Some(_), agent, .. }) => Some(agent.as_deref().unwrap_or_default()),
            _ => None,
        },
    };
    (!reads && scope.covers(&whom)).then_some(Past {
        receipt: row.id,
        upstream: row.upstream,
        tool: row.tool,
        since_ns: row.opened_at_ns,
    })
}

/// Ends halts, and begins a new epoch: no approval that was given before counts any more.
///
/// Call [`standing::shut`] afterwards: what was looked at in the old epoch must be looked at again.
///
/// # Errors
///
/// One of them does not hold any more, or the store cannot write: then none is ended.
pub async fn end(
    store: &dyn Store,
    which: &[String],
    reason: &str,
    by: &Principal,
) -> Result<(Vec<Halt>, u64), HaltError> {
    for _ in 0..TRIES {
        // The mark first: whoever ends the same halts meanwhile moves it, and this is tried again.
        let mark = store.mark(EPOCH)?;
        let next = standing::epoch(store)?.saturating_add(1);
        let active = active(store)?;
        let mut ending = Vec::with_capacity(which.len());
        for id in which {
            let halt = active.iter().find(|halt| halt.id == *id);
            ending.push(halt.ok_or_else(|| HaltError::NotActive(id.clone()))?.clone());
        }
        let at_ns = clock::unix_ns();
        let mut commit_ = Commit { vital: true, ..Commit::default() };
        commit_.when.push(Precondition::MarkIs { name: EPOCH.to_owned(), value: mark });
        commit_.writes.push(Write::SetMark { name: EPOCH.to_owned(), value: next.to_string() });
        for halt in &mut ending {
            commit_.entries.push(entry(store, "resumed", halt, reason, by)?);
            commit_.writes.push(Write::EndHalt { id: halt.id.clone(), at_ns });
            halt.ended_ns = Some(at_ns);
        }
        match commit(store, commit_).await {
            Ok(()) => return Ok((ending, next)),
            Err(CommitError::Precondition { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(CommitError::Unavailable("others keep ending halts".to_owned()).into())
}

async fn commit(store: &dyn Store, commit: Commit) -> Result<(), CommitError> {
    let ticket = store.commit(commit);
    let done = ticket.await;
    done.unwrap_or_else(|_| Err(CommitError::Unavailable("the store's writer has ended".to_owned())))?;
    Ok(())
}

fn entry(
    store: &dyn Store,
    word: &str,
    halt: &Halt,
    reason: &str,
    by: &Principal,
) -> Result<NewEntry, HaltError> {
    let origin = store.writer().ok_or(HaltError::ReadOnly)?.origin.clone();
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.set("as", word);
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    draft.set("scope", json!(halt.scope));
    let about = Digest::of("lastlook/halt/v1", &[halt.id.as_bytes()]);
    Ok(draft.finish(&origin, &halt.id, about)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whom<'a>(upstream: &'a str, tool: &'a str, agent: Option<&'a str>) -> Whom<'a> {
        Whom { upstream, tool, principal: Some("User::\"ada\""), agent }
    }

    #[test]
    fn a_scope_covers_what_it_names_and_nothing_else() {
        let refund = whom("shop", "refund", Some("coder"));
        for (scope, covers) in [
            (Scope::All, true),
            (Scope::Upstream("shop".into()), true),
            (Scope::Upstream("shop2".into()), false),
            (Scope::Tool("shop.refund".into()), true),
            (Scope::Tool("shop.refund_all".into()), false),
            (Scope::Tool("shop.".into()), false),
            (Scope::Tool("refund".into()), false),
            (Scope::Principal("User::\"ada\"".into()), true),
            (Scope::Principal("User::\"eve\"".into()), false),
            (Scope::Agent("coder".into()), true),
            (Scope::Agent("Coder".into()), false),
        ] {
            assert_eq!(scope.covers(&refund), covers, "{scope}");
        }
        let dotted = whom("serve.py-1a2b3c4d", "a.b", None);
        assert!(Scope::Tool("serve.py-1a2b3c4d.a.b".into()).covers(&dotted));
    }

    #[test]
    fn what_is_not_known_is_taken_to_be_in_scope() {
        let nobody = Whom { upstream: "shop", tool: "refund", principal: None, agent: None };
        assert!(Scope::Principal("User::\"ada\"".into()).covers(&nobody));
        assert!(Scope::Agent("coder".into()).covers(&nobody));
    }

    #[test]
    fn a_halt_that_cannot_be_understood_stops_everything() {
        let row = HaltRow { id: "halt-1".into(), since_ns: 1, ended_ns: None, detail: b"{}".to_vec() };
        assert_eq!(Halt::of(row).scope, Scope::All);
        let kept = Halt {
            id: "halt-2".into(),
            since_ns: 1,
            ended_ns: None,
            scope: Scope::Tool("shop.refund".into()),
            reason: "why".into(),
            by: "User::\"ada\"".into(),
        };
        assert_eq!(Halt::of(kept.row()), kept);
    }
}
