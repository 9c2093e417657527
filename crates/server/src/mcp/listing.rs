//! The boundary's own listing of the server's tools: before the first call is judged, and again after `list_changed`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lastlook_canon::{Limits, parse};
use lastlook_engine::{catalog, recovery};
use lastlook_kernel::Definition;
use tokio::sync::Mutex;

use super::session::Session;

/// How long one page may take.
const PAGE: Duration = Duration::from_secs(30);
/// How many pages are read; a server that pages for ever lists nothing.
const MOST_PAGES: usize = 1000;

/// One listing at a time.
#[derive(Debug, Default)]
pub(super) struct Lister {
    running: Mutex<Progress>,
    /// How many listings failed.
    failures: AtomicU64,
}

#[derive(Debug, Default)]
struct Progress {
    /// Set once what dead writers left unknown has been looked at: that needs a server that answers.
    settled: bool,
}

impl Session {
    /// Lists the tools unless the list is current. Returns when the list is current, or the server would not say.
    pub(super) async fn ensure_listed(&self) {
        let failures = self.lister.failures.load(Ordering::SeqCst);
        let mut progress = self.lister.running.lock().await;
        // Whoever waited while the server would not say is not made to wait for another try.
        if self.lister.failures.load(Ordering::SeqCst) != failures {
            return;
        }
        // Bounded: a server that announces a change with every answer would keep us here for ever.
        for _ in 0..5 {
            if self.boundary.catalog().is_current() {
                break;
            }
            let generation = self.boundary.catalog().generation();
            match self.list_all().await {
                Ok(tools) => self.boundary.take_listing(generation, tools),
                Err(why) => {
                    tracing::warn!(
                        "the server's tools could not be listed ({why}): calls are refused until they can"
                    );
                    self.lister.failures.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
        }
        if !progress.settled {
            progress.settled = true;
            self.recovered().await;
            recovery::settle_unknown(&self.boundary).await;
        }
    }

    /// Starts a listing in the background, so that the first call need not wait for it.
    pub(super) fn list_soon(self: &Arc<Self>) {
        let session = Arc::clone(self);
        self.attempts.spawn_on(async move { session.ensure_listed().await }, &self.runtime);
    }

    async fn list_all(&self) -> Result<Vec<(String, Definition)>, String> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let params = self.own_params(cursor.as_deref());
            let answered = self.boundary.link().call("tools/list", &params, PAGE).await;
            let frame = answered.map_err(|error| error.to_string())?;
            let answer = parse(&frame, &Limits::default()).map_err(|error| error.to_string())?;
            let Some(result) = answer.get("result") else {
                let message = answer.pointer("/error/message").and_then(lastlook_canon::Json::as_str);
                return Err(message.unwrap_or("it answered with an error").to_owned());
            };
            let page = catalog::page(result).ok_or("its answer has no `tools`")?;
            all.extend(page.tools);
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(all),
            }
        }
        Err(format!("more than {MOST_PAGES} pages"))
    }
}
