//! Keeps calls in flight and takes the times.
//!
//! One thread: nothing stands between an answer and the next call but this loop. Every call is a write of its own, as real clients
//! do it; calls that leave in one write arrive in one read, all along the way, and would flatter whatever is measured.

use std::collections::HashMap;
use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::memory::resident_kb;
use crate::peer::{Answer, Peer};

/// What to do.
pub struct Plan {
    pub tool: String,
    pub touched: bool,
    pub in_flight: usize,
    pub calls: Option<u64>,
    pub time: Option<Duration>,
    pub warm_up: u64,
    pub arguments: String,
    pub among: u64,
}

/// What was seen.
#[derive(Default)]
pub struct Driven {
    pub latencies_ns: Vec<u64>,
    pub errors: u64,
    pub first_error: Option<String>,
    pub elapsed: Duration,
    pub rss_kb_start: u64,
    pub rss_kb_half: u64,
}

/// A call under way.
struct Call {
    /// Its number among all calls of the tool; the `look` before it has the same.
    number: u64,
    /// The `look` before the call itself.
    preparing: bool,
    sent: Instant,
}

struct Run<'a> {
    plan: &'a Plan,
    /// Ids of this run start after the handshake's.
    next_id: u64,
    started: u64,
    finished: u64,
    open: HashMap<u64, Call>,
    /// The frame being sent; kept for its room.
    outgoing: Vec<u8>,
    measuring_since: Option<Instant>,
    seen: Driven,
}

/// Runs the plan to its end; every call that was started is waited for.
pub fn drive(peer: &mut Peer, plan: &Plan) -> anyhow::Result<Driven> {
    anyhow::ensure!(
        plan.in_flight * (plan.arguments.len() + 128) <= 32 * 1024,
        "that many calls of that size do not fit into a pipe at once"
    );
    let mut run = Run {
        plan,
        next_id: 1,
        started: 0,
        finished: 0,
        open: HashMap::new(),
        outgoing: Vec::new(),
        measuring_since: None,
        seen: Driven::default(),
    };
    let mut answers = Vec::new();
    for _ in 0..plan.in_flight {
        run.start(peer)?;
    }
    while !run.open.is_empty() {
        peer.receive(&mut answers)?;
        let now = Instant::now();
        for answer in answers.drain(..) {
            run.answered(peer, &answer, now)?;
        }
    }
    run.seen.elapsed = run.measuring_since.map_or(Duration::ZERO, |since| since.elapsed());
    Ok(run.seen)
}

impl Run<'_> {
    fn start(&mut self, peer: &mut Peer) -> anyhow::Result<()> {
        let number = self.started;
        self.started += 1;
        self.send(peer, number, self.plan.touched)
    }

    fn send(&mut self, peer: &mut Peer, number: u64, preparing: bool) -> anyhow::Result<()> {
        let tool = if preparing { "look" } else { &self.plan.tool };
        let shown = if self.plan.among == 0 { number } else { number % self.plan.among };
        let arguments = self.plan.arguments.replace("{n}", &shown.to_string());
        let id = self.next_id;
        self.next_id += 1;
        self.outgoing.clear();
        writeln!(
            self.outgoing,
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
        )?;
        self.open.insert(id, Call { number, preparing, sent: Instant::now() });
        peer.send(&self.outgoing)
    }

    fn answered(&mut self, peer: &mut Peer, answer: &Answer, now: Instant) -> anyhow::Result<()> {
        let Some(call) = self.open.remove(&answer.id) else { return Ok(()) };
        if let Some(error) = &answer.error {
            self.seen.errors += 1;
            self.seen.first_error.get_or_insert_with(|| error.clone());
        }
        if call.preparing {
            return self.send(peer, call.number, false);
        }
        self.finished += 1;
        if self.measuring_since.is_some() {
            self.seen.latencies_ns.push(now.duration_since(call.sent).as_nanos() as u64);
        }
        if self.finished == self.plan.warm_up {
            self.measuring_since = Some(Instant::now());
            self.seen.rss_kb_start = resident_kb(peer.pid());
        }
        if self.plan.calls.is_some_and(|calls| self.finished == self.plan.warm_up + calls / 2) {
            self.seen.rss_kb_half = resident_kb(peer.pid());
        }
        if self.is_over(now) { Ok(()) } else { self.start(peer) }
    }

    fn is_over(&self, now: Instant) -> bool {
        let enough = self.plan.calls.is_some_and(|calls| self.started >= self.plan.warm_up + calls);
        let since = self.measuring_since.map(|since| now.saturating_duration_since(since));
        enough || since.zip(self.plan.time).is_some_and(|(since, time)| since >= time)
    }
}
