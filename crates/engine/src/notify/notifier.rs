//! One queue for each hook, emptied in the background.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lastlook_upstream::hook::HookClient;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Happened, Hook, Notice};
use crate::config::{Config, HookConfig};

/// The most messages that wait for one hook.
const MOST_WAITING: usize = 64;

/// Tells hooks, and lets nobody wait for them.
///
/// A thread of its own sends, one message after the other for each hook. What is not delivered is a sentence for the
/// operator, which [`Notifier::new`] takes a way for.
pub struct Notifier {
    warn: fn(&str),
    running: Mutex<Option<Running>>,
}

struct Running {
    runtime: Option<Runtime>,
    client: Arc<HookClient>,
    workers: BTreeMap<String, Worker>,
}

struct Worker {
    queue: mpsc::Sender<Job>,
    /// How many messages are neither delivered nor given up.
    open: Arc<AtomicUsize>,
    ended: JoinHandle<()>,
}

struct Job {
    hook: HookConfig,
    notice: Arc<Notice>,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Notifier").finish_non_exhaustive()
    }
}

impl Notifier {
    /// Nothing runs before there is somebody to tell. `warn` takes what the operator should know, in a sentence without secrets.
    pub fn new(warn: fn(&str)) -> Notifier {
        Notifier { warn, running: Mutex::new(None) }
    }

    /// Tells every hook of this configuration that wants to know; never waits, and never fails. Without one `notice` is not
    /// asked for.
    pub fn tell(&self, config: Option<&Config>, happened: Happened, notice: impl FnOnce() -> Option<Notice>) {
        let Some(config) = config else { return };
        let hooks: Vec<(&String, &HookConfig)> =
            config.hooks.iter().filter(|(_, hook)| hook.on.contains(&happened)).collect();
        if hooks.is_empty() {
            return;
        }
        let Some(notice) = notice().map(Arc::new) else { return };
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() {
            match Running::start() {
                Ok(started) => *running = Some(started),
                Err(why) => return (self.warn)(&format!("nobody was told of `{}`: {why}", notice.request)),
            }
        }
        let Some(running) = running.as_mut() else { return };
        for (name, hook) in hooks {
            let job = Job { hook: hook.clone(), notice: Arc::clone(&notice) };
            if !running.enqueue(name, job, self.warn) {
                let waits = format!("{MOST_WAITING} messages wait for it already");
                (self.warn)(&undelivered(name, &notice, &waits));
            }
        }
    }

    /// Waits for what is under way, no longer than `patience`; says how much of it may not have arrived.
    ///
    /// Not to be called inside an asynchronous runtime.
    pub fn finish(&self, patience: Duration) {
        let taken = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut running) = taken else { return };
        let Some(runtime) = running.runtime.take() else { return };
        let workers = std::mem::take(&mut running.workers);
        let (mut open, mut ended) = (Vec::new(), Vec::new());
        for (name, Worker { queue, open: left, ended: worker }) in workers {
            // Without senders the queue ends, and its worker with it.
            drop(queue);
            open.push((name, left));
            ended.push(worker);
        }
        let _ = runtime
            .block_on(async { tokio::time::timeout(patience, futures_util::future::join_all(ended)).await });
        for (name, left) in open {
            match left.load(Ordering::Acquire) {
                0 => {}
                many => (self.warn)(&format!(
                    "hook `{name}` may not have been told of {many} {}: the process ended first",
                    if many == 1 { "message" } else { "messages" }
                )),
            }
        }
        runtime.shutdown_background();
    }
}

impl Running {
    fn start() -> Result<Running, String> {
        // One thread of its own: whoever tells is not slowed down by it.
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("notify")
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        let client = HookClient::new().map_err(|error| error.to_string())?;
        Ok(Running { runtime: Some(runtime), client: Arc::new(client), workers: BTreeMap::new() })
    }

    /// Puts a message into the hook's queue; false when it is full.
    fn enqueue(&mut self, name: &str, job: Job, warn: fn(&str)) -> bool {
        let Some(runtime) = &self.runtime else { return false };
        let worker = match self.workers.entry(name.to_owned()) {
            Entry::Occupied(worker) => worker.into_mut(),
            Entry::Vacant(place) => {
                let (queue, jobs) = mpsc::channel(MOST_WAITING);
                let open = Arc::new(AtomicUsize::new(0));
                let work = work(name.to_owned(), jobs, Arc::clone(&self.client), Arc::clone(&open), warn);
                place.insert(Worker { queue, open, ended: runtime.spawn(work) })
            }
        };
        worker.open.fetch_add(1, Ordering::AcqRel);
        let queued = worker.queue.try_send(job).is_ok();
        if !queued {
            worker.open.fetch_sub(1, Ordering::AcqRel);
        }
        queued
    }
}

impl Drop for Running {
    /// Without waiting: it may happen inside another runtime.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn work(
    name: String,
    mut jobs: mpsc::Receiver<Job>,
    client: Arc<HookClient>,
    open: Arc<AtomicUsize>,
    warn: fn(&str),
) {
    while let Some(Job { hook, notice }) = jobs.recv().await {
        let done = match Hook::new(&hook, |variable| std::env::var(variable).ok()) {
            Ok(hook) => match hook.deliver(&client, &notice).await {
                Ok(_) => Ok(()),
                Err(why) => Err(format!("{}: {why}", hook.host())),
            },
            Err(why) => Err(why),
        };
        if let Err(why) = done {
            warn(&undelivered(&name, &notice, &why));
        }
        open.fetch_sub(1, Ordering::AcqRel);
    }
}

fn undelivered(name: &str, notice: &Notice, why: &str) -> String {
    format!("hook `{name}` was not told that `{}` is {}: {why}", notice.request, notice.happened.as_str())
}
