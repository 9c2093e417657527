//! What dead writers left behind: marked unknown, settled where the world gives positive evidence, never repeated.

use std::sync::Arc;
use std::time::Duration;

use lastlook_canon::Digest;
use lastlook_kernel::{Class, Mode, Principal};
use lastlook_ledger::Kind;
use lastlook_store::{AttemptRow, AttemptState, Commit, CommitError, Precondition, Store, Write};
use lastlook_upstream::child::ProcessGroup;
use serde::{Deserialize, Serialize};

use crate::attempt::Proposal;
use crate::boundary::Boundary;
use crate::entry::{Draft, RecordError, principal_json};
use crate::withhold::{What, Withhold};

/// How long recovery waits for dead writers' servers to be gone.
const WAIT_FOR_CHILD: Duration = Duration::from_secs(5);

/// How many unknown attempts are looked at when a session starts.
const MOST_SETTLED: usize = 64;
/// How long that may take in all.
const WAIT_FOR_SETTLING: Duration = Duration::from_secs(5);

/// What an attempt leaves for whoever finds it: who held its effect, and what would show it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Detail {
    child: Child,
    /// True when the effect cannot land after the child has ended.
    local: bool,
    /// True when it only reads: whatever became of it, nothing happened.
    #[serde(default)]
    pub(crate) reads: bool,
    /// Who acts; missing in what an earlier version wrote.
    #[serde(default)]
    pub(crate) principal: Option<String>,
    /// What the client called itself.
    #[serde(default)]
    pub(crate) agent: Option<String>,
    /// The caller's own key for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// The readings in which the effect would show, as they were when it was armed.
    shows: Vec<Shows>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Child {
    pgid: i32,
    start: u64,
    boot: String,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Shows {
    tool: String,
    params: String,
    was: String,
}

impl Detail {
    pub(crate) fn of(boundary: &Boundary, proposal: &Proposal) -> Detail {
        let withhold = Withhold::new(&proposal.book.withheld, &boundary.upstream, &proposal.tool.name);
        let withheld = |tool: &str, params: &[u8]| {
            withhold.as_ref().is_some_and(|withhold| withhold.touches(What::Params(tool), params))
        };
        let ProcessGroup { pgid, start, boot } = boundary.group.clone();
        let readings = &proposal.touched.basis.readings;
        // All of them or none: an effect may show in any. What must not be kept cannot be asked again.
        let asked_again = !readings.iter().any(|reading| withheld(&reading.tool, &reading.params));
        let shows = readings.iter().filter(|_| asked_again).map(|reading| Shows {
            tool: reading.tool.clone(),
            params: String::from_utf8_lossy(&reading.params).into_owned(),
            was: reading.was.to_hex(),
        });
        Detail {
            child: Child { pgid, start, boot },
            local: proposal.tool.rules.local,
            reads: proposal.tool.class == Class::Read,
            principal: Some(boundary.principal.id.clone()),
            agent: proposal.agent.as_deref().cloned(),
            key: proposal.key.as_ref().map(|key| key.as_str().to_owned()),
            shows: shows.collect(),
        }
    }

    /// The bytes the store keeps.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Detail> {
        serde_json::from_slice(bytes).ok()
    }

    fn child_is_gone(&self) -> bool {
        let Child { pgid, start, boot } = self.child.clone();
        ProcessGroup { pgid, start, boot }.is_gone()
    }
}

/// Marks what an earlier life of this process's own log left armed. Call once, before the first proposal.
pub async fn mark_own(boundary: &Boundary) {
    boundary.draw_private_key().await;
    let own = boundary.writer();
    mark(boundary, |row| row.writer == own).await;
    // What is still armed stays on the list: it had passed the gate, and nobody has said how it ended.
    let Ok(open) = boundary.store.open_attempts() else { return };
    let is_armed = |id: &String| open.iter().any(|row| row.id == *id && row.state == AttemptState::Armed);
    boundary.gate.past().iter().filter(|id| !is_armed(id)).for_each(|id| boundary.gate.leave(id));
}

/// Marks what other writers left armed, if their lock says that they are dead.
pub async fn mark_dead(boundary: &Boundary) {
    let dead = match boundary.state.dead_writers() {
        Ok(dead) => dead,
        Err(error) => {
            tracing::warn!("other writers could not be examined: {error}");
            return;
        }
    };
    // The locks are held until everything is marked: nobody else recovers the same writer meanwhile.
    let numbers: Vec<u32> = dead.iter().map(|writer| writer.n()).collect();
    // Nobody has a slot from before the state was put back.
    let earlier = boundary.state.earlier_writers().unwrap_or_else(|error| {
        tracing::warn!("what was under way in a state that was put back could not be examined: {error}");
        0
    });
    mark(boundary, |row| row.writer <= earlier || numbers.contains(&row.writer)).await;
    drop(dead);
}

async fn mark(boundary: &Boundary, is_dead: impl Fn(&AttemptRow) -> bool) {
    let mut dead = open_attempts(&*boundary.store, AttemptState::Armed);
    dead.retain(|row| is_dead(row));
    wait_for_ends(&dead).await;
    for row in dead {
        let reads = Detail::from_bytes(&row.detail).is_some_and(|detail| detail.reads);
        let outcome = if reads { "failed" } else { "unknown" };
        let ended = End { outcome, evidence: "writer-died", settles: reads };
        if let Err(error) = record(boundary, &row, AttemptState::Armed, ended).await {
            tracing::warn!("attempt {} could not be marked unknown: {error}", row.id);
        }
    }
}

/// Settles unknown attempts on this upstream whose effect would show in a reading, and does not.
///
/// Source of the rule: absence proves nothing while the request may still land; for a tool declared `local` it can no
/// longer land once the child that held it has ended (I26). What does show proves nothing either: somebody else may have
/// done it. That waits for `lastlook resolve`.
pub async fn settle_unknown(boundary: &Arc<Boundary>) {
    let mut rows = open_attempts(&*boundary.store, AttemptState::Unknown);
    rows.retain(|row| row.upstream == boundary.upstream);
    // The newest first, and not for long: the first call of a session waits for this.
    rows.sort_by_key(|row| std::cmp::Reverse(row.opened_at_ns));
    rows.truncate(MOST_SETTLED);
    let _ = tokio::time::timeout(WAIT_FOR_SETTLING, settle(boundary, rows)).await;
}

/// Settles those of these unknown attempts that positive evidence settles.
///
/// What was under way in a record that was put back is left to an operator: what was done after the copy was made, nobody knows,
/// and so nobody can say that a reading is as it was because nothing happened.
pub(crate) async fn settle(boundary: &Arc<Boundary>, rows: Vec<AttemptRow>) {
    let Ok(earlier) = boundary.state.earlier_writers() else { return };
    for row in rows.into_iter().filter(|row| row.writer > earlier) {
        let Some(detail) = Detail::from_bytes(&row.detail) else { continue };
        if !detail.local || detail.shows.is_empty() || !detail.child_is_gone() {
            continue;
        }
        if !unchanged(boundary, &detail).await {
            continue;
        }
        let ended = End { outcome: "failed", evidence: "readings-unchanged", settles: true };
        if let Err(error) = record(boundary, &row, AttemptState::Unknown, ended).await {
            tracing::warn!("attempt {} could not be settled: {error}", row.id);
        }
    }
}

async fn unchanged(boundary: &Arc<Boundary>, detail: &Detail) -> bool {
    for shows in &detail.shows {
        let params: Arc<[u8]> = shows.params.as_bytes().into();
        match boundary.ask_again(&shows.tool, &params).await {
            Ok(now) if now.digest.to_hex() == shows.was => {}
            Ok(_) | Err(_) => return false,
        }
    }
    true
}

/// Waits until the servers that held these attempts are gone, as long as that is reasonable.
async fn wait_for_ends(rows: &[AttemptRow]) {
    let ended = async {
        for detail in rows.iter().filter_map(|row| Detail::from_bytes(&row.detail)) {
            while !detail.child_is_gone() {
                tokio::time::sleep(Duration::from_millis(5)).await; // backoff: a process gives no event to a stranger
            }
        }
    };
    let _ = tokio::time::timeout(WAIT_FOR_CHILD, ended).await;
}

fn open_attempts(store: &dyn Store, state: AttemptState) -> Vec<AttemptRow> {
    match store.open_attempts() {
        Ok(rows) => rows.into_iter().filter(|row| row.state == state).collect(),
        Err(error) => {
            tracing::warn!("open attempts could not be read: {error}");
            Vec::new()
        }
    }
}

/// How a found attempt ends.
#[derive(Debug, Clone, Copy)]
struct End {
    outcome: &'static str,
    evidence: &'static str,
    settles: bool,
}

async fn record(
    boundary: &Boundary,
    row: &AttemptRow,
    from: AttemptState,
    end: End,
) -> Result<(), RecordError> {
    let mut draft = Draft::new(Kind::Outcome, boundary.settings.mode, &boundary.principal)?;
    draft.about_named(&row.upstream, &row.tool);
    draft.set_some("idempotency_key", Detail::from_bytes(&row.detail).and_then(|detail| detail.key));
    // What that writer's verdict was died with it.
    draft.set("verdict", serde_json::Value::Null);
    draft.set("outcome", end.outcome);
    draft.set("evidence", end.evidence);
    draft.set("confirmation", "unconfirmed");
    draft.set("settles", end.settles);
    let entry = draft.finish(boundary.origin(), &row.id, row.action)?;
    let to = if end.outcome == "failed" { AttemptState::Failed } else { AttemptState::Unknown };
    boundary.commit(ending(row, from, to, entry)).await?;
    Ok(())
}

/// Records an operator's word on how an unknown attempt ended, and frees what it held.
///
/// Errs when the attempt is not unknown (any more), or the store cannot write.
pub async fn resolve(
    store: &dyn Store,
    row: &AttemptRow,
    succeeded: bool,
    reason: &str,
    by: &Principal,
) -> Result<(), RecordError> {
    let origin = store.writer().ok_or(RecordError::ReadOnly)?.origin.clone();
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.about_named(&row.upstream, &row.tool);
    draft.set_some("idempotency_key", Detail::from_bytes(&row.detail).and_then(|detail| detail.key));
    draft.set("as", if succeeded { "succeeded" } else { "failed" });
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    let entry = draft.finish(&origin, &row.id, row.action)?;
    let to = if succeeded { AttemptState::Succeeded } else { AttemptState::Failed };
    let ticket = store.commit(ending(row, AttemptState::Unknown, to, entry));
    ticket
        .await
        .unwrap_or_else(|_| Err(CommitError::Unavailable("the store's writer has ended".to_owned())))?;
    Ok(())
}

fn ending(row: &AttemptRow, from: AttemptState, to: AttemptState, entry: lastlook_store::NewEntry) -> Commit {
    let mut writes = vec![Write::MoveAttempt { attempt: row.id.clone(), to }];
    if to != AttemptState::Unknown {
        let happened = to == AttemptState::Succeeded;
        writes.extend(crate::attempt::record::settling(&row.id, happened, crate::clock::unix_ns()));
    }
    let when = vec![Precondition::AttemptIs { attempt: row.id.clone(), states: vec![from] }];
    Commit { when, writes, entries: vec![entry], vital: true }
}

/// The digest under which a call's exact bytes stand in its receipt, as `sent`.
pub fn sent_digest(frame: &[u8]) -> Digest {
    Digest::of("lastlook/sent/v1", &[frame])
}
