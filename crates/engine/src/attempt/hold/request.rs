//! Requests on record: the one that counts for an action, and a new one.

use lastlook_kernel::{Code, Now, Reason, hidden};
use lastlook_ledger::Kind;
use lastlook_store::{
    AttemptState, Commit, CommitError, Lookup, Precondition, RequestRow, RequestState, StoreError, Write,
};
use serde_json::json;

use super::bytes::arguments_of;
use super::{Claim, Delivery, Found, Run};
use crate::attempt::SIGNING_KEY;
use crate::entry::DraftError;
use crate::held::{Asked, AskedGuard, SeenFact, SeenReading, Stands};
use crate::key::Key;
use crate::notify::{Happened, Notice};
use crate::{clock, held, ids, standing};

/// How many requests of one principal may wait.
const MOST_PENDING: u64 = 100;
/// How long a request waits when no guard says so: one day.
const LONGEST_WAIT_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// How many requests are read at once.
const PAGE: usize = 64;

impl Run<'_> {
    pub(super) async fn find_request(&self) -> Result<Found, StoreError> {
        let store = &self.boundary.store;
        let (principal, action) = (&self.proposal.action.principal().id, self.proposal.action.digest());
        let (now_ns, epoch) = (clock::unix_ns(), standing::epoch(&**store)?);
        let guards = self.asking_now();
        for row in store.open_requests_of(principal, action, self.key())? {
            let asked = Asked::of(&row).filter(|asked| {
                asked.epoch == epoch && asked.is_asked_by(&guards) && self.is_keyed(&row, asked)
            });
            let late = row.expires_at_ns.is_some_and(|end| now_ns >= end);
            let end = match (&asked, late) {
                (_, true) => Some(RequestState::Expired),
                (None, false) => Some(RequestState::Void),
                (Some(_), false) => None,
            };
            match (row.state, asked, end) {
                (RequestState::Claimed, ..) => {
                    let by = row.attempt.clone().unwrap_or_default();
                    let end = match store.attempt(&by)? {
                        Lookup::Found(attempt) => match attempt.state {
                            AttemptState::Armed | AttemptState::Unknown => {
                                return Ok(Found::UnderWay(by));
                            }
                            // Whoever ran on it died, and somebody has said since how that ended.
                            AttemptState::Succeeded | AttemptState::Failed => RequestState::Used,
                            // Whoever ran on it died between the refusal and giving it back.
                            AttemptState::Refused => RequestState::Void,
                        },
                        Lookup::Missing | Lookup::Ambiguous(_) => RequestState::Void,
                    };
                    self.end(&row, end).await;
                }
                (RequestState::Pending, Some(asked), None) => {
                    // The last word may be on record without what follows from it: its writer died in between.
                    match held::settle(&**store, &row.id).await {
                        Ok((RequestState::Approved, _)) => {
                            if let Ok(stands) = Stands::of(&**store, &row, &asked) {
                                return Ok(Found::Approved(Box::new(Claim { request: row, stands, asked })));
                            }
                        }
                        Ok(_) => {}
                        Err(error) => tracing::warn!("`{}` could not be settled: {error}", row.id),
                    }
                    return Ok(Found::Pending(row));
                }
                (RequestState::Approved, Some(asked), None) => match Stands::of(&**store, &row, &asked) {
                    Ok(stands) => {
                        return Ok(Found::Approved(Box::new(Claim { request: row, stands, asked })));
                    }
                    Err(why) => {
                        tracing::error!("the approval of `{}` does not stand: {why}", row.id);
                        self.end(&row, RequestState::Void).await;
                    }
                },
                (_, _, end) => self.end(&row, end.unwrap_or(RequestState::Void)).await,
            }
        }
        Ok(self.rejected(&guards)?.map_or(Found::Nothing, Found::Rejected))
    }

    fn key(&self) -> Option<&str> {
        self.proposal.key.as_ref().map(Key::as_str)
    }

    /// Whether a request is about what carries the caller's key, by its row, by what people were shown, and by the id that
    /// they signed.
    fn is_keyed(&self, row: &RequestRow, asked: &Asked) -> bool {
        let marked = row.id.rsplit_once('-').map(|(_, mark)| mark);
        let signed = match &self.proposal.key {
            Some(key) => marked == Some(key.mark().as_str()),
            None => true,
        };
        signed && row.key.as_deref() == self.key() && asked.key.as_deref() == self.key()
    }

    /// The last no to this very action under this key, for as long as its request would have waited. A halt that was lifted since voids a
    /// yes, and no no.
    fn rejected(&self, guards: &[AskedGuard]) -> Result<Option<RequestRow>, StoreError> {
        let (principal, action) = (&self.proposal.action.principal().id, self.proposal.action.digest());
        let now_ns = clock::unix_ns();
        let mut before = None;
        loop {
            let page = self.boundary.store.requests(&[RequestState::Rejected], PAGE, before)?;
            before = page.last().map(|row| (row.opened_at_ns, row.id.clone()));
            let ended = page.len() < PAGE;
            let found = page.into_iter().find(|row| {
                let end = row.expires_at_ns.unwrap_or(row.opened_at_ns.saturating_add(LONGEST_WAIT_NS));
                row.principal == *principal
                    && row.action == action
                    && row.key.as_deref() == self.key()
                    && now_ns < end
                    && Asked::of(row).is_some_and(|asked| asked.is_asked_by(guards))
            });
            if found.is_some() || ended {
                return Ok(found);
            }
        }
    }

    /// Closes a request that counts no more, if it is still open.
    async fn end(&self, row: &RequestRow, to: RequestState) {
        // What was used says by which attempt; everything else is nobody's any more.
        let attempt = row.attempt.clone().filter(|_| to == RequestState::Used);
        let commit = Commit {
            when: vec![Precondition::RequestIs {
                request: row.id.clone(),
                states: vec![row.state],
                attempt: row.attempt.clone(),
            }],
            writes: vec![Write::MoveRequest { request: row.id.clone(), to, attempt }],
            ..Commit::default()
        };
        if let Err(error) = self.boundary.commit(commit).await {
            tracing::warn!("request `{}` could not be closed: {error}", row.id);
        }
    }

    /// Opens a request, or joins one that somebody opened meanwhile.
    pub(super) async fn ask(&mut self, reasons: &[Reason], after: Option<&Claim>) -> Option<Delivery> {
        // INVARIANT(readable): nobody is asked to approve what they would not see as it is.
        if let Some(hidden) = hidden(self.proposal.action.arguments()) {
            let seen = "text that people see as it is";
            let reason =
                Reason::about(Code::TextHidden, &hidden.pointer).saying(seen, hidden.to_string(), true);
            self.barred.push(reason);
            return None;
        }
        let mut opened = self.open(reasons, after).await;
        if opened.as_ref().is_err_and(|why| why.code == Code::TooManyHeld) {
            // Some of them may have run out since.
            self.close_late().await;
            opened = self.open(reasons, after).await;
        }
        match opened {
            Ok(request) => request.map(|request| self.held(&request)),
            Err(why) => {
                self.barred.push(why);
                None
            }
        }
    }

    /// The request that was opened, or that somebody else opened meanwhile; `None` where nobody can be asked.
    async fn open(&self, reasons: &[Reason], after: Option<&Claim>) -> Result<Option<RequestRow>, Reason> {
        let unavailable = |error: &dyn std::fmt::Display| {
            tracing::error!("nobody was asked: {error}");
            Reason::of(Code::StoreUnavailable)
        };
        let opening = self.asking_commit(reasons, after).map_err(|error| unavailable(&error))?;
        let Some((request, commit)) = opening else { return Ok(None) };
        match self.boundary.commit(commit).await {
            Ok(_) => {
                self.tell_of(&request);
                Ok(Some(request))
            }
            Err(CommitError::Precondition { which: Precondition::NoOpenRequest { .. }, .. }) => {
                match self.find_request().await {
                    Ok(Found::Pending(request)) => Ok(Some(request)),
                    _ => Err(Reason::of(Code::StandingChanged)),
                }
            }
            Err(CommitError::Precondition { which: Precondition::FewerPending { .. }, .. }) => {
                Err(Reason::about(Code::TooManyHeld, MOST_PENDING.to_string()))
            }
            Err(CommitError::Unsigned(why)) => {
                unavailable(&why);
                Err(Reason::about(Code::StoreUnavailable, SIGNING_KEY))
            }
            Err(error) => Err(unavailable(&error)),
        }
    }

    /// Tells people, under the rules in force now, that it waits.
    fn tell_of(&self, request: &RequestRow) {
        let book = self.boundary.rulebook();
        let held = || Some(Notice::held(request, &Asked::of(request)?));
        self.boundary.notifier.tell(book.config.as_ref(), Happened::Held, held);
    }

    /// Closes what waits of this principal and has run out: until somebody looks it says that it is pending.
    async fn close_late(&self) {
        let principal = &self.proposal.action.principal().id;
        let mut before = None;
        while let Ok(page) = self.boundary.store.requests(&[RequestState::Pending], PAGE, before) {
            for row in page.iter().filter(|row| row.principal == *principal && held::is_late(row)) {
                self.end(row, RequestState::Expired).await;
            }
            if page.len() < PAGE {
                return;
            }
            before = page.last().map(|row| (row.opened_at_ns, row.id.clone()));
        }
    }

    fn asking_commit(
        &self,
        reasons: &[Reason],
        after: Option<&Claim>,
    ) -> Result<Option<(RequestRow, Commit)>, DraftError> {
        let (boundary, proposal) = (self.boundary, &self.proposal);
        let Some(guarding) = &proposal.guarding else { return Ok(None) };
        let Some(arguments) = arguments_of(&proposal.frame) else { return Ok(None) };
        let Ok(epoch) = standing::epoch(&*boundary.store) else { return Ok(None) };
        let facts = guarding.facts.iter().zip(&self.taken).map(|(fact, taken)| {
            let read = match &taken.now {
                Now::Read(read) => Some(read),
                Now::Absent | Now::Unreadable(_) | Now::Unstable => None,
            };
            SeenFact::new(fact, read)
        });
        let readings: Option<Vec<SeenReading>> =
            proposal.touched.basis.readings.iter().map(SeenReading::new).collect();
        // What is no text cannot be kept for people to see.
        let Some(readings) = readings else { return Ok(None) };
        let guards = guarding.asked_for(reasons);
        let asks = |name: &str| guards.iter().any(|asked: &AskedGuard| asked.guard == name);
        let plans = guarding.asking().filter(|plan| asks(&plan.rules.guard.name));
        let waits = plans.filter_map(|plan| plan.rules.guard.approve.as_ref()?.expires);
        let waits = waits.filter_map(|wait| i64::try_from(wait.as_nanos()).ok()).min();
        let asked = Asked {
            principal: proposal.action.principal().id.clone(),
            upstream: boundary.upstream.clone(),
            tool: proposal.tool.name.clone(),
            arguments,
            key: self.key().map(str::to_owned),
            guards,
            facts: facts.collect(),
            readings,
            epoch,
            redacted: false,
            after: after.map(|claim| claim.request.id.clone()),
        };
        let withhold = self.withhold();
        let (asked, over) = match &withhold {
            None => (asked, None),
            Some(withhold) => {
                // What people decide on must be there to be compared and asked again when they have.
                let Some((shown, over)) = self.without(withhold, asked) else { return Ok(None) };
                (shown, Some(over))
            }
        };
        let opened_at_ns = clock::unix_ns();
        let id = match &proposal.key {
            Some(key) => format!("ask-{}-{}", ids::attempt_id()?, key.mark()),
            None => format!("ask-{}", ids::attempt_id()?),
        };
        let row = RequestRow {
            id: id.clone(),
            principal: asked.principal.clone(),
            upstream: asked.upstream.clone(),
            tool: asked.tool.clone(),
            action: proposal.action.digest(),
            key: asked.key.clone(),
            state: RequestState::Pending,
            opened_at_ns,
            expires_at_ns: Some(opened_at_ns.saturating_add(waits.unwrap_or(LONGEST_WAIT_NS))),
            attempt: None,
            detail: asked.to_bytes(),
            over: over.as_ref().map(Asked::to_bytes),
        };
        let mut draft = self.draft(Kind::Held)?;
        draft.set("verdict", "hold");
        draft.set_reasons("reasons", reasons);
        let committed = draft.commit_as(proposal.arguments_are(), "arguments", asked.arguments.as_bytes());
        draft.set("arguments", committed);
        let basis = draft.commit("asked", row.over.as_ref().unwrap_or(&row.detail));
        draft.set("asked", basis);
        let asks: Vec<_> = asked.guards.iter().map(|guard| json!(guard)).collect();
        draft.set("asks", asks);
        draft.set("epoch", epoch);
        draft.set_some("after", asked.after.clone());
        self.set_rules(&mut draft);
        self.set_held_case(&mut draft);
        self.set_judged(&mut draft);
        let entry = draft.finish(boundary.origin(), &id, row.action)?;
        let commit = Commit {
            when: vec![
                Precondition::NoOpenRequest {
                    principal: row.principal.clone(),
                    action: row.action,
                    key: row.key.clone(),
                },
                Precondition::FewerPending { principal: row.principal.clone(), most: MOST_PENDING },
            ],
            writes: vec![Write::OpenRequest(row.clone())],
            entries: vec![entry],
            vital: false,
        };
        Ok(Some((row, commit)))
    }
}
