//! *Look* and *gate*: every fact read together, decided, and checked once more at the last instant.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lastlook_kernel::{
    Case, Class, Code, Comparable, Event, Fact, FactQuery, Mode, Permit, Reason, Snapshot, Unreadable, Value,
    Verdict, decide, required_facts,
};

use super::Run;
use super::record_case::Looked;
use crate::deciding::on_approval;
use crate::explain::Moved;
use crate::gate::Shut;
use crate::{answer, clock};

/// How long a look waits for the list of tools, when the server just said that it changed.
const RELISTING: Duration = Duration::from_secs(2);

/// How long the gate is tried while somebody shuts it: that takes microseconds, unless their process is stopped.
const SHUTTING: Duration = Duration::from_secs(5);

impl Run<'_> {
    /// Reads every touched reading again, together, and decides.
    pub(super) async fn look(&mut self) -> Event {
        self.looked = None;
        self.standing.epoch = self.boundary.gate.epoch();
        self.standing.cancelled = self.proposal.control.is_cancelled();
        // After the epoch: what was halted before it moved is seen here, what is halted later moves it again.
        if let Err(reason) = self.renew_halts() {
            return Event::Looked(Verdict::Deny(vec![reason]));
        }
        if let Err(reasons) = self.renew_rules() {
            return Event::Looked(Verdict::Deny(reasons));
        }
        let (read, taken) = futures_util::future::join(self.read_facts(), self.take_facts()).await;
        self.taken = taken;
        if self.as_if_read {
            self.take_now_for_was();
        }
        self.moved.clear();
        let basis = &self.proposal.touched.basis;
        let mut outdated = Vec::new();
        for ((fact, value), (was, order)) in
            read.iter().zip(basis.readings.iter().zip(&self.proposal.touched.orders))
        {
            if fact.now != Value::Read(was.was) {
                outdated.extend(matches!(fact.now, Value::Read(_)).then_some(*order));
                self.moved.push(Moved::new(was, fact.now, value.as_ref()));
            } else if was.outdated {
                self.moved.push(Moved::new(was, fact.now, value.as_ref()));
            }
        }
        self.snapshot = Snapshot {
            facts: read.into_iter().map(|(fact, _)| fact).collect(),
            also: self.taken.iter().map(|taken| (taken.asked_at, taken.answered_at)).collect(),
        };
        // The list may have moved while the facts were read.
        self.boundary.catalog.settled(RELISTING).await;
        self.standing.tool_changed = self.boundary.catalog.has_changed(&self.proposal.tool);
        let at = clock::moment();
        self.on_record = self.on_record();
        let (judgement, deadline) = self.judged(at);
        self.judgement = judgement;
        let basis = &self.proposal.touched.basis;
        let verdict = decide(&Case {
            action: &self.proposal.action,
            tool: &self.proposal.tool,
            basis,
            snapshot: &self.snapshot,
            standing: &self.standing,
            guards: &self.guard_set(),
            mode: self.boundary.settings.mode,
            at,
            judgement: self.judgement.as_ref(),
            deadline,
        });
        let request = self.claim.as_ref().map(|claim| claim.request.id.as_str());
        let verdict = on_approval(verdict, request, self.on_record.approved);
        self.looked = Some(Looked::new(&self.standing, self.claim.as_ref(), &verdict));
        match &verdict {
            Verdict::Allow(permit) => self.overridden = permit.overridden().to_vec(),
            Verdict::Deny(_) | Verdict::Hold(_) => self.boundary.reader.mark_outdated(&outdated),
        }
        Event::Looked(verdict)
    }

    /// Reads which halts stop it now. What only reads is stopped by none.
    pub(super) fn renew_halts(&mut self) -> Result<(), Reason> {
        if self.proposal.tool.class == Class::Read {
            return Ok(());
        }
        self.standing.halted = self.boundary.halted(&self.proposal).map_err(|error| {
            tracing::error!("whether it is halted cannot be read, so it is refused: {error}");
            Reason::about(Code::StoreUnavailable, "halts")
        })?;
        Ok(())
    }

    /// Takes the permit through the gate, if the record still says what the look found there: a step that was undone
    /// since, or an action that came between, is no less a change than one in the world, and costs no call to see.
    pub(super) async fn gate(&mut self, mut permit: Permit) -> Event {
        if !self.on_record().says_the_same(&self.on_record) {
            return Event::GateShut(Code::StandingChanged);
        }
        let began = Instant::now();
        loop {
            match self.boundary.gate.pass(&self.proposal.id, permit, &self.proposal.control) {
                Ok(passage) => {
                    self.note_passage(&passage);
                    return Event::Passed(passage);
                }
                Err(Shut::Cancelled) => return Event::Cancelled,
                Err(Shut::LookAgain(code)) => return Event::GateShut(code),
                Err(Shut::Busy(_)) if began.elapsed() >= SHUTTING => {
                    return Event::GateShut(Code::StandingChanged);
                }
                Err(Shut::Busy(unspent)) => permit = unspent,
            }
            tokio::time::sleep(Duration::from_millis(1)).await; // backoff: another process holds the gate's lock
        }
    }

    pub(super) async fn read_facts(&self) -> Vec<(Fact, Option<Comparable>)> {
        let basis = &self.proposal.touched.basis;
        let mut queries = required_facts(basis);
        queries.truncate(self.boundary.settings.guards.max_facts);
        let reads = queries.iter().zip(&basis.readings).map(|(query, was)| async move {
            let (mut fact, value) = self.read_fact(query).await;
            if self.boundary.settings.mode == Mode::Enforce
                && matches!(fact.now, Value::Read(now) if now != was.was)
            {
                // Twice different is unstable: nobody can act on something that moves by itself.
                fact.again = Some(self.read_fact(query).await.0.now);
            }
            (fact, value)
        });
        futures_util::future::join_all(reads).await
    }

    async fn read_fact(&self, query: &FactQuery) -> (Fact, Option<Comparable>) {
        let asked_at = clock::moment();
        let read = self.boundary.ask_again(&query.tool, &query.params).await;
        let answered_at = clock::moment();
        let (now, value) = match read {
            Ok(value) => (Value::Read(value.digest), Some(value)),
            Err(why) => (Value::Unreadable(why), None),
        };
        (Fact { index: query.index, now, again: None, asked_at, answered_at }, value)
    }
}

impl crate::boundary::Boundary {
    /// Repeats a reading: the client's own params, under an id of ours, without its progress token.
    pub(crate) async fn ask_again(&self, tool: &str, params: &Arc<[u8]>) -> Result<Comparable, Unreadable> {
        let params = lastlook_upstream::without_progress_token(params);
        let answered = self.link.call("tools/call", &params, self.settings.fact_timeout).await;
        let frame = answered.map_err(|error| match error {
            lastlook_upstream::CallError::Late => Unreadable::Late,
            lastlook_upstream::CallError::Gone => Unreadable::Gone,
        })?;
        let known = self.catalog.last_known(tool);
        let ignore = known.as_ref().map(|tool| tool.rules.ignore.as_slice()).unwrap_or_default();
        answer::of_reading(&frame, ignore)
    }
}
