//! The list: what waits, and what was decided lately.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lastlook_engine::held::{Asked, is_late, stands, until};
use lastlook_store::{RequestRow, RequestState, Store};

use super::shown::{Shown, time};
use super::trouble::answer;
use super::{App, Trouble, events, look};

/// How many requests are listed at most.
pub(super) const MOST_OPEN: usize = 1_000;
/// How many decided ones.
pub(super) const MOST_DECIDED: usize = 30;

/// What leads from the one-time address to the list.
#[derive(Template)]
#[template(path = "console/enter.html")]
pub(super) struct Enter;

#[derive(Template)]
#[template(path = "console/list.html")]
struct List {
    seen: String,
    watched: &'static str,
    waiting: Vec<Line>,
    running: Vec<Line>,
    decided: Vec<Line>,
    more: bool,
}

/// One request as one line.
struct Line {
    id: Shown,
    stands: &'static str,
    tool: Shown,
    arguments: Shown,
    principal: Shown,
    guards: Vec<(Shown, u32)>,
    opened: Shown,
    until: Shown,
}

pub(super) async fn page(State(app): State<Arc<App>>) -> Response {
    let made = look(move || {
        let store = (app.open)()?.reader()?;
        list(&store)
    });
    match made.await {
        Ok(list) => answer(StatusCode::OK, &list),
        Err(trouble) => trouble.into_response(),
    }
}

fn list(store: &dyn Store) -> Result<List, Trouble> {
    let seen = events::look(store)?.all;
    let open = store.requests(&OPEN, MOST_OPEN, None)?;
    let more = open.len() == MOST_OPEN;
    let newest = store.requests(&RequestState::ALL, MOST_OPEN, None)?;
    let is_decided = |row: &&RequestRow| !row.state.is_open() || is_late(row);
    let waits = |row: &&RequestRow| row.state == RequestState::Pending && !is_late(row);
    let runs = |row: &&RequestRow| row.state != RequestState::Pending && !is_late(row);
    Ok(List {
        seen,
        watched: "/events",
        waiting: open.iter().filter(waits).map(Line::of).collect(),
        running: open.iter().filter(runs).map(Line::of).collect(),
        decided: newest.iter().filter(is_decided).take(MOST_DECIDED).map(Line::of).collect(),
        more,
    })
}

/// What something may still come of.
pub(super) const OPEN: [RequestState; 3] =
    [RequestState::Pending, RequestState::Approved, RequestState::Claimed];

impl Line {
    fn of(row: &RequestRow) -> Line {
        let asked = Asked::of(row);
        let (arguments, guards) = asked.map(|asked| (asked.arguments, asked.guards)).unwrap_or_default();
        Line {
            id: Shown::new(&row.id),
            stands: stands(row),
            tool: Shown::new(format!("{}.{}", row.upstream, row.tool)),
            arguments: Shown::short(&arguments, 160),
            principal: Shown::new(&row.principal),
            guards: guards.iter().map(|guard| (Shown::new(&guard.by), guard.quorum)).collect(),
            opened: time(row.opened_at_ns),
            until: Shown::new(until(row)),
        }
    }
}
