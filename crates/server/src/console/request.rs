//! One request: the action in full, what was true when people were asked, what they said, and the forms to decide with.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use lastlook_engine::approvers;
use lastlook_engine::held::{self, Asked, SeenFact, Tally, Voice, is_late, stands, until};
use lastlook_store::{RequestRow, RequestState, Store};

use super::shown::{Shown, pretty, time};
use super::trouble::answer;
use super::{App, Trouble, events, look};

/// What a page shows of a request.
#[derive(Template)]
#[template(path = "console/request.html")]
pub(super) struct Page {
    seen: String,
    watched: String,
    id: Shown,
    stands: &'static str,
    until: Shown,
    opened: Shown,
    tool: Shown,
    arguments: Shown,
    principal: Shown,
    action: Shown,
    key: Option<Shown>,
    after: Option<Shown>,
    facts: Vec<Sides>,
    readings: Vec<Sides>,
    guards: Vec<Guard>,
    said: Vec<Said>,
    /// Why it is not known who has said what.
    uncounted: Option<Shown>,
    attempt: Option<Shown>,
    /// The names of those who may decide.
    eligible: Vec<Shown>,
    decides: Option<Decides>,
    revokes: Option<String>,
    /// What the last form achieved.
    told: Option<Shown>,
    /// Why the last form achieved nothing.
    trouble: Option<Trouble>,
    typed: Typed,
}

/// The seals of the two forms that are signed.
struct Decides {
    approve: String,
    reject: String,
}

/// What was typed into a form that achieved nothing: all of it but the passphrase.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) word: String,
    pub(super) name: String,
    pub(super) reason: String,
}

/// Something as it is, and as it was when people were asked before, if it was something else then.
struct Sides {
    name: Shown,
    version: Shown,
    now: Shown,
    was: Option<(Shown, Shown)>,
}

struct Guard {
    name: Shown,
    by: Shown,
    quorum: u32,
    left: Option<u32>,
}

struct Said {
    who: Shown,
    word: &'static str,
    reason: Shown,
}

pub(super) async fn page(State(app): State<Arc<App>>, Path(id): Path<String>) -> Response {
    let made = look(move || {
        let told = app.told(&id);
        let mut page = Page::of(&app, &id)?;
        page.told = told.map(Shown::new);
        Ok(page)
    });
    match made.await {
        Ok(page) => answer(StatusCode::OK, &page),
        Err(trouble) => trouble.into_response(),
    }
}

impl Page {
    pub(super) fn of(app: &App, id: &str) -> Result<Page, Trouble> {
        let store = (app.open)()?.reader()?;
        let seen = events::look(&store)?.one(id);
        let (row, asked) = exactly(&store, id)?;
        let before = asked.after.as_ref().and_then(|after| held::find(&store, after).ok());
        let before = before.as_ref().map(|(_, asked)| asked);
        let (tally, uncounted) = match Tally::of(&store, &row, &asked) {
            Ok(tally) => (Some(tally), None),
            Err(why) => (None, Some(Shown::new(why))),
        };
        let sealed = |word: &str| app.door.seal(&row.id, word, &row.detail);
        let decides = row.state == RequestState::Pending && !is_late(&row);
        Ok(Page {
            seen,
            watched: format!("/events/{id}"),
            id: Shown::new(&row.id),
            stands: stands(&row),
            until: Shown::new(if row.state.is_open() { until(&row) } else { String::new() }),
            opened: time(row.opened_at_ns),
            tool: Shown::new(format!("{}.{}", asked.upstream, asked.tool)),
            arguments: pretty(&asked.arguments),
            principal: Shown::new(&asked.principal),
            action: Shown::new(row.action.to_hex()),
            key: asked.key.as_ref().map(Shown::new),
            after: asked.after.as_ref().map(Shown::new),
            facts: facts(&asked, before),
            readings: readings(&asked, before),
            guards: guards(&asked, tally.as_ref()),
            said: tally.as_ref().map(said).unwrap_or_default(),
            uncounted,
            attempt: row.attempt.as_ref().map(Shown::new),
            eligible: eligible(&store, &row, &asked),
            decides: decides.then(|| Decides { approve: sealed("approve"), reject: sealed("reject") }),
            revokes: (row.state.is_open() && !is_late(&row)).then(|| sealed("revoke")),
            told: None,
            trouble: None,
            typed: Typed::default(),
        })
    }

    /// The same, after a form that achieved nothing.
    pub(super) fn after(mut self, trouble: Trouble, typed: Typed) -> Page {
        (self.trouble, self.typed) = (Some(trouble), typed);
        self
    }

    /// Whether this form is the one that somebody is at.
    fn at(&self, word: &str) -> bool {
        let typed = self.typed.word.as_str();
        if typed.is_empty() { word == "approve" } else { word == typed }
    }

    fn name(&self) -> &str {
        &self.typed.name
    }

    fn reason(&self, word: &str) -> &str {
        if self.typed.word == word { &self.typed.reason } else { "" }
    }
}

/// The request with just this id: a beginning will do on a command line, where somebody typed it.
pub(super) fn exactly(store: &dyn Store, id: &str) -> Result<(RequestRow, Asked), Trouble> {
    let found = held::find(store, id)?;
    if found.0.id == id { Ok(found) } else { Err(Trouble::missing("there is no such request")) }
}

fn facts(asked: &Asked, before: Option<&Asked>) -> Vec<Sides> {
    let version = |fact: &SeenFact| Shown::new(fact.version.as_deref().unwrap_or_default());
    let side = |fact: &SeenFact| (value(fact), version(fact));
    let one = |fact: &SeenFact| {
        let same = |other: &&SeenFact| other.fact == fact.fact && other.question == fact.question;
        let was = before.and_then(|before| before.facts.iter().find(same));
        let was = was.filter(|was| was.value != fact.value || was.version != fact.version);
        let (now, version) = side(fact);
        Sides { name: Shown::new(&fact.fact), version, now, was: was.map(side) }
    };
    asked.facts.iter().map(one).collect()
}

fn value(fact: &SeenFact) -> Shown {
    fact.value.as_deref().map_or_else(|| Shown::new("(there was none)"), pretty)
}

fn readings(asked: &Asked, before: Option<&Asked>) -> Vec<Sides> {
    let text = |value: Option<&str>| {
        value.map_or_else(|| Shown::new("(too large to keep; compared by its digest)"), pretty)
    };
    let one = |reading: &held::SeenReading| {
        let same = |other: &&held::SeenReading| other.tool == reading.tool && other.params == reading.params;
        let was = before.and_then(|before| before.readings.iter().find(same));
        let was = was.filter(|was| was.digest != reading.digest);
        Sides {
            name: Shown::new(format!("{} {}", reading.tool, reading.params)),
            version: Shown::new(""),
            now: text(reading.value.as_deref()),
            was: was.map(|was| (text(was.value.as_deref()), Shown::new(""))),
        }
    };
    asked.readings.iter().map(one).collect()
}

fn guards(asked: &Asked, tally: Option<&Tally>) -> Vec<Guard> {
    let one = |guard: &held::AskedGuard| {
        let missing = |tally: &Tally| {
            tally.missing.iter().find(|(missing, _)| missing == guard).map_or(0, |(_, left)| *left)
        };
        let (name, by) = (Shown::new(&guard.guard), Shown::new(&guard.by));
        Guard { name, by, quorum: guard.quorum, left: tally.map(missing) }
    };
    asked.guards.iter().map(one).collect()
}

fn said(tally: &Tally) -> Vec<Said> {
    let voice = |word: &'static str| {
        move |voice: &Voice| Said {
            who: Shown::new(&voice.approver),
            word,
            reason: Shown::new(&voice.reason),
        }
    };
    let void = |(who, why): &(String, String)| Said {
        who: Shown::new(who),
        word: "does not count",
        reason: Shown::new(why),
    };
    let (yes, no) = (tally.yes.iter().map(voice("yes")), tally.no.iter().map(voice("no")));
    yes.chain(no).chain(tally.void.iter().map(void)).collect()
}

/// Who may decide now; nobody when the list of approvers cannot be read.
fn eligible(store: &dyn Store, row: &RequestRow, asked: &Asked) -> Vec<Shown> {
    let Ok(registry) = approvers::load(store) else { return Vec::new() };
    let may = |name: &str| held::may_say(store, &registry, row, asked, name).is_ok();
    registry.active().filter(|one| may(&one.name)).map(|one| Shown::new(&one.name)).collect()
}
