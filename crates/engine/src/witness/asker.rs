//! A thread that has a boundary's log, and the roster that lists it, cosigned while they grow.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lastlook_ledger::roster;
use lastlook_upstream::hook::HookClient;

use super::kept::{Said, Stands};
use super::round::{Asked, Round, round};
use crate::boundary::Boundary;
use crate::config::WitnessesConfig;

/// How often the log is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// The longest pause after witnesses did not answer.
const LONGEST: Duration = Duration::from_secs(60);
/// How long a log with a million entries is not shown again: a proof costs one hash for each entry.
const A_MILLION: Duration = Duration::from_secs(20);

/// Asks the witnesses of the configuration in force, on a thread of its own.
///
/// No action waits for it, and nothing depends on it. What the operator should know is a sentence for `warn`.
#[derive(Debug)]
pub struct Asker {
    stop: Sender<()>,
    ended: Receiver<()>,
}

impl Asker {
    /// Starts asking.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(boundary: Arc<Boundary>, warn: fn(&str)) -> std::io::Result<Asker> {
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let origin = boundary.origin().to_owned();
        let logs = vec![Log::new(roster::listing(&origin)), Log::new(origin)];
        let work = Work { boundary, warn, client: None, logs };
        std::thread::Builder::new().name("witnesses".to_owned()).spawn(move || {
            work.run(&stopped);
            let _ = end.send(());
        })?;
        Ok(Asker { stop, ended })
    }

    /// Has the witnesses asked once more, and waits for that no longer than `patience`.
    pub fn finish(self, patience: Duration) {
        let Asker { stop, ended } = self;
        drop(stop);
        // Whoever is not done by then ends with the process; the next one asks for what is missing.
        let _ = ended.recv_timeout(patience);
    }
}

struct Work {
    boundary: Arc<Boundary>,
    warn: fn(&str),
    client: Option<HookClient>,
    logs: Vec<Log>,
}

/// One log, and what the witnesses were asked about it.
struct Log {
    origin: String,
    /// The note that all of them were asked about last; nothing: none was yet, so that all are asked.
    asked: Option<String>,
    /// Who did not cosign: how often in a row, and when to ask them again.
    failing: BTreeMap<String, (u32, Instant)>,
    next: Instant,
    /// What the operator was told last.
    said: Vec<String>,
}

impl Work {
    fn run(mut self, stopped: &Receiver<()>) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return (self.warn)(&format!("no witness is asked: {error}")),
        };
        loop {
            let last = match stopped.recv_timeout(EVERY) {
                Err(RecvTimeoutError::Timeout) => false,
                Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
            };
            runtime.block_on(self.look(last));
            if last {
                runtime.shutdown_background();
                return;
            }
        }
    }

    /// Asks about every log of which there is anything to ask.
    async fn look(&mut self, last: bool) {
        let rulebook = self.boundary.rulebook();
        let Some(config) = rulebook.config.as_ref().filter(|config| !config.witnesses.each.is_empty()) else {
            return;
        };
        if self.client.is_none() {
            match HookClient::new() {
                Ok(client) => self.client = Some(client),
                Err(error) => tracing::error!("no witness is asked: {error}"),
            }
        }
        let Work { boundary, warn, client, logs } = self;
        // Beside each other: a witness that hangs on one log keeps nobody from the other.
        let due = logs.iter_mut().filter(|log| last || Instant::now() >= log.next);
        join_all(due.map(|log| log.look(boundary, &config.witnesses, client.as_ref(), last, *warn))).await;
    }
}

impl Log {
    fn new(origin: String) -> Log {
        Log { origin, asked: None, failing: BTreeMap::new(), next: Instant::now(), said: Vec::new() }
    }

    /// Asks, if there is anything to ask.
    async fn look(
        &mut self,
        boundary: &Boundary,
        witnesses: &WitnessesConfig,
        client: Option<&HookClient>,
        last: bool,
        warn: fn(&str),
    ) {
        let store = &*boundary.store;
        let note = store.checkpoint(&self.origin).ok().flatten();
        // Whoever does not answer keeps nobody else from being asked, and is not asked all the time.
        let now = Instant::now();
        let resting = self.failing.iter().filter(|(_, (_, next))| !last && *next > now);
        let resting: BTreeSet<String> = resting.map(|(name, _)| name.clone()).collect();
        let somebody = self.failing.len() > resting.len();
        if note.is_none() || (note == self.asked && !somebody) {
            return;
        }
        let Some(client) = client else {
            return self.tell(vec!["no witness is asked: nothing can be sent from here".to_owned()], warn);
        };
        let keys = match crate::keys::of(&boundary.state) {
            Ok(keys) => keys,
            Err(error) => return self.tell(vec![format!("no witness is asked: {error}")], warn),
        };
        let whom = Asked { again: self.asked.is_none(), but: &resting };
        let done = round(store, client, &keys, witnesses, &self.origin, whom).await;
        let size = done.as_ref().ok().and_then(Option::as_ref).map_or(0, |round| round.size);
        let costs = A_MILLION.saturating_mul(u32::try_from(size / 1000).unwrap_or(u32::MAX)) / 1000;
        self.next = Instant::now() + costs.clamp(EVERY, LONGEST);
        // What could not be read or kept is tried again.
        if done.is_ok() {
            self.asked = note;
        }
        if let Ok(Some(round)) = &done {
            self.rest(round, &resting);
        }
        match done {
            Ok(Some(round)) => self.tell(sentences(&self.origin, &round), warn),
            Ok(None) => {}
            Err(error) => self.tell(vec![format!("log `{}` is not cosigned: {error}", self.origin)], warn),
        }
    }

    /// Who was asked in vain is left alone for a while, each time longer.
    fn rest(&mut self, round: &Round, resting: &BTreeSet<String>) {
        self.failing.retain(|name, _| round.kept.witnesses.contains_key(name));
        for (name, said) in round.kept.witnesses.iter().filter(|(name, _)| !resting.contains(*name)) {
            if said.stands == Stands::Signed {
                self.failing.remove(name);
                continue;
            }
            let times = self.failing.get(name).map_or(0, |(times, _)| *times).saturating_add(1);
            let pause = EVERY.saturating_mul(1 << times.saturating_add(1).min(6)).min(LONGEST);
            self.failing.insert(name.clone(), (times, Instant::now() + pause));
        }
    }

    /// Tells the operator what was not told just before.
    fn tell(&mut self, now: Vec<String>, warn: fn(&str)) {
        now.iter().filter(|sentence| !self.said.contains(sentence)).for_each(|sentence| warn(sentence));
        self.said = now;
    }
}

fn sentences(origin: &str, round: &Round) -> Vec<String> {
    let one = |(name, said): (&String, &Said)| {
        let why = said.why.as_deref()?;
        Some(match said.stands {
            Stands::Signed => return None,
            Stands::Missing => format!("witness `{name}` has not cosigned log `{origin}`: {why}"),
            Stands::Contradicts => format!(
                "witness `{name}` contradicts log `{origin}`: {why}\nhint: keep a copy of the state as it is; `lastlook log witness`"
            ),
        })
    };
    round.kept.witnesses.iter().filter_map(one).collect()
}
