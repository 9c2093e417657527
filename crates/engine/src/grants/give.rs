//! Giving a grant: what is signed, and how it gets on record.

use lastlook_canon::Digest;
use lastlook_kernel::{Condition, Guard, Mode, Principal, Root, ToolName, entity_normal};
use lastlook_ledger::Kind;
use lastlook_ledger::approval::{Grant, GrantFault, SignedGrant, is_requester};
use lastlook_store::{Commit, GrantRow, NewEntry, Store, Write};

use super::{GrantError, LONGEST_NS, PREFIX, ROOTS};
use crate::approvers::{self, Registry, Why};
use crate::config::Config;
use crate::entry::{Draft, principal_json};
use crate::{clock, ids, standing};

/// What somebody wants to grant.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Who gives it: an approver's name.
    pub approver: String,
    /// Who may act on it.
    pub principal: String,
    /// What the client must call itself.
    pub agent: Option<String>,
    /// The tool.
    pub tool: ToolName,
    /// The digest of the tool's definition.
    pub definition: Digest,
    /// The resources it is about; none: whatever it acts on.
    pub resources: Vec<String>,
    /// A condition that must hold at the look.
    pub when: Option<String>,
    /// For how many actions it is good.
    pub uses: Option<u64>,
    /// The JSON Pointer of an argument that is summed up, and the most it may come to, a plain decimal.
    pub limit: Option<(String, String)>,
    /// How long it lasts, in nanoseconds.
    pub lasts_ns: i64,
    /// Why.
    pub reason: String,
}

/// What an approver signs to give a grant, under the guards of this configuration and in this state.
///
/// # Errors
///
/// It could never count: a sentence says why.
pub fn statement(
    store: &dyn Store,
    registry: &Registry,
    config: &Config,
    wanted: Wanted,
) -> Result<Grant, GrantError> {
    let Wanted {
        approver,
        principal,
        agent,
        tool,
        definition,
        resources,
        when,
        uses,
        limit,
        lasts_ns,
        reason,
    } = wanted;
    let known = registry.approver(&approver).ok_or_else(|| Why::Unknown(approver.clone()))?;
    if is_requester(&principal, &approver) {
        return Err(GrantError::Requester(approver));
    }
    let guards: Vec<&Guard> = config.guards.values().filter(|guard| guard.on.contains(&tool)).collect();
    let asking = guards.iter().filter(|guard| guard.mode != Some(Mode::Audit));
    let asking: Vec<(&Guard, &str)> =
        asking.filter_map(|guard| Some((*guard, guard.approve.as_ref()?.by.as_str()))).collect();
    if asking.is_empty() {
        return Err(GrantError::NobodyAsked(tool.to_string()));
    }
    let own: Vec<&Guard> =
        asking.iter().filter(|(_, by)| registry.may(known, by)).map(|(guard, _)| *guard).collect();
    if own.is_empty() {
        let asked: Vec<&str> = asking.iter().map(|(_, by)| *by).collect();
        return Err(GrantError::NotAsked { approver, tool: tool.to_string(), asked: asked.join(", ") });
    }
    if let Some(when) = &when {
        condition(when, &own)?;
    }
    for entity in resources.iter().chain([&principal]) {
        entity_normal(entity).ok_or_else(|| GrantError::Entity(entity.clone()))?;
    }
    if !(1..=LONGEST_NS).contains(&lasts_ns) {
        return Err(GrantError::Lasting);
    }
    let mut digests: Vec<Digest> = guards.iter().map(|guard| config.guard_digest(guard)).collect();
    digests.sort_unstable();
    digests.dedup();
    let now_ns = clock::unix_ns();
    let (sum, max) = limit.unzip();
    Ok(Grant {
        grant: format!("{PREFIX}{}", ids::attempt_id().map_err(crate::entry::DraftError::from)?),
        approver,
        principal,
        agent,
        upstream: tool.upstream,
        tool: tool.tool,
        definition,
        resources,
        when,
        uses,
        sum,
        max,
        guards: digests,
        epoch: standing::epoch(store)?,
        expires: clock::wall_at(now_ns.saturating_add(lasts_ns)),
        reason,
        state: registry.state().unwrap_or_default().to_owned(),
        time: clock::wall_at(now_ns),
    })
}

/// That a condition can be read, and names only what every guard it would stand for reads.
fn condition(text: &str, guards: &[&Guard]) -> Result<(), GrantError> {
    let condition = Condition::parse(text, ROOTS)
        .map_err(|problem| GrantError::Condition { message: problem.message, help: problem.help })?;
    for (root, fact) in condition.names() {
        if root != Root::Now {
            continue;
        }
        let fact = fact.ok_or_else(|| GrantError::Condition {
            message: "`now` alone names no fact".to_owned(),
            help: Some("write the fact after a dot: now.order".to_owned()),
        })?;
        if let Some(guard) = guards.iter().find(|guard| !guard.fact_names().contains(&fact)) {
            return Err(GrantError::Fact { fact, guard: guard.name.clone() });
        }
    }
    Ok(())
}

/// Takes a signed grant, durably. It counts from then on.
///
/// # Errors
///
/// The statement does not count, or the store cannot write.
pub async fn give(store: &dyn Store, signed: &SignedGrant) -> Result<GrantRow, GrantError> {
    let registry = approvers::load(store)?;
    let said = signed.claimed();
    registry.verify_grant(signed, standing::epoch(store)?, &clock::wall()).map_err(|fault| match fault {
        GrantFault::Word(why) => GrantError::Unproven(why),
        GrantFault::Own => GrantError::Requester(said.approver.clone()),
        GrantFault::Lasting | GrantFault::Expired => GrantError::Lasting,
        GrantFault::State
        | GrantFault::Epoch
        | GrantFault::Revoked
        | GrantFault::Unrecorded
        | GrantFault::Scope
        | GrantFault::Guards
        | GrantFault::OtherGuard => GrantError::Elsewhere,
    })?;
    let times = clock::ns_of(&said.time).zip(clock::ns_of(&said.expires));
    let (given_ns, expires_ns) = times.ok_or(GrantError::Lasting)?;
    let row = GrantRow {
        id: said.grant.clone(),
        upstream: said.upstream.clone(),
        tool: said.tool.clone(),
        given_ns,
        expires_ns,
        revoked_ns: None,
        detail: signed.to_bytes(),
    };
    let by = Principal { id: said.approver.clone(), asserted: false };
    let entry = entry(store, &row, "granted", &said.reason, &by, true)?;
    let commit = Commit {
        when: vec![standing::epoch_is(said.epoch)],
        writes: vec![Write::GiveGrant(row.clone())],
        entries: vec![entry],
        vital: true,
    };
    match super::revoke::make_durable(store, commit).await {
        Ok(()) => Ok(row),
        Err(lastlook_store::CommitError::Precondition { .. }) => Err(GrantError::Elsewhere),
        Err(error) => Err(error.into()),
    }
}

/// What goes on record of a grant.
pub(super) fn entry(
    store: &dyn Store,
    row: &GrantRow,
    word: &str,
    reason: &str,
    by: &Principal,
    signed: bool,
) -> Result<NewEntry, GrantError> {
    let origin = store.writer().ok_or(GrantError::ReadOnly)?.origin.clone();
    let mut draft = Draft::new(Kind::Operator, Mode::Enforce, by)?;
    draft.about_named(&row.upstream, &row.tool);
    draft.set("as", word);
    draft.set("reason", reason);
    draft.set("by", principal_json(by));
    draft.set_some("signed", signed.then(|| String::from_utf8_lossy(&row.detail).into_owned()));
    let about = Digest::of("lastlook/grant/v1", &[row.id.as_bytes()]);
    Ok(draft.finish(&origin, &row.id, about)?)
}
