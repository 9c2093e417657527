//! Server-Sent Events: pages learn that what they show is not so any more. Nothing but a digest is sent.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use lastlook_canon::Digest;
use lastlook_engine::held::stands;
use lastlook_store::{RequestRow, RequestState, Store};
use tokio::sync::watch;

use super::list::{MOST_DECIDED, MOST_OPEN, OPEN};
use super::{App, Trouble};

/// How often the state is looked at, while anybody watches.
const EVERY: Duration = Duration::from_secs(1);
/// How many may watch.
const MOST_WATCHING: usize = 32;

/// What there is to see of what is not there. Browsers drop an event whose data is empty.
pub(super) const NOTHING: &str = "nothing";

/// What there is to see, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Of everything.
    pub(super) all: String,
    /// Of each request that was listed.
    pub(super) each: BTreeMap<String, String>,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { all: NOTHING.to_owned(), each: BTreeMap::new() }
    }
}

impl Seen {
    /// Of one request.
    pub(super) fn one(&self, id: &str) -> String {
        self.each.get(id).map_or(NOTHING, String::as_str).to_owned()
    }
}

/// Tells whoever watches.
pub(super) struct Watch(watch::Sender<Arc<Seen>>);

impl Watch {
    pub(super) fn new() -> Watch {
        Watch(watch::Sender::new(Arc::default()))
    }
}

/// Looks at the state in short.
pub(super) fn look(store: &dyn Store) -> Result<Seen, Trouble> {
    let mut rows = store.requests(&OPEN, MOST_OPEN, None)?;
    rows.extend(store.requests(&RequestState::ALL, MOST_DECIDED, None)?);
    let each: BTreeMap<String, String> =
        rows.into_iter().map(|row| Ok((row.id.clone(), of(store, &row)?))).collect::<Result<_, Trouble>>()?;
    let parts: Vec<&[u8]> = each.iter().flat_map(|(id, seen)| [id.as_bytes(), seen.as_bytes()]).collect();
    Ok(Seen { all: Digest::of("lastlook/console-seen/v1", &parts).to_hex(), each })
}

fn of(store: &dyn Store, row: &RequestRow) -> Result<String, Trouble> {
    let votes = if row.state == RequestState::Pending { store.votes(&row.id)?.len() } else { 0 };
    let attempt = row.attempt.clone().unwrap_or_default();
    let parts = [stands(row).as_bytes(), &votes.to_be_bytes(), attempt.as_bytes()];
    Ok(Digest::of("lastlook/console-seen-one/v1", &parts).to_hex())
}

/// What is there now; when it cannot be looked at, that is what is seen.
async fn now(app: &Arc<App>) -> Seen {
    let app = Arc::clone(app);
    super::look(move || look(&(app.open)()?.reader()?)).await.unwrap_or_default()
}

/// Looks while anybody watches, until the console ends.
pub(super) async fn keep_looking(app: Arc<App>) {
    loop {
        tokio::select! {
            () = app.ended.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        if app.watch.0.receiver_count() > 0 {
            let seen = Arc::new(now(&app).await);
            app.watch.0.send_if_modified(|last| {
                let moved = *last != seen;
                *last = seen;
                moved
            });
        }
    }
}

pub(super) async fn all(State(app): State<Arc<App>>) -> Response {
    follow(app, |seen| seen.all.clone()).await
}

pub(super) async fn one(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    follow(app, move |seen| seen.one(&id)).await
}

/// Sends what there is to see, and then whatever it becomes.
async fn follow(app: Arc<App>, part: impl Fn(&Seen) -> String + Send + 'static) -> Response {
    if app.watch.0.receiver_count() >= MOST_WATCHING {
        return Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "too many pages are watching", "")
            .into_response();
    }
    let watch = app.watch.0.subscribe();
    let first = part(&now(&app).await);
    let begin = (app.ended.clone(), watch, part, None, Some(first));
    let events = stream::unfold(begin, async |(ended, mut watch, part, mut last, mut next)| {
        loop {
            if let Some(seen) = next.take().filter(|seen| last.as_ref() != Some(seen)) {
                let event = Event::default().event("seen").data(&seen);
                last = Some(seen);
                return Some((Ok::<_, Infallible>(event), (ended, watch, part, last, None)));
            }
            tokio::select! {
                () = ended.cancelled() => return None,
                changed = watch.changed() => changed.ok()?,
            }
            next = Some(part(&watch.borrow_and_update()));
        }
    });
    Sse::new(Box::pin(events)).keep_alive(KeepAlive::default()).into_response()
}
