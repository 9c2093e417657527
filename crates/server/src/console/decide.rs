//! What a form does: approve, reject, revoke.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use lastlook_engine::credential::{CredentialError, Passphrase, Sealed, usual_file};
use lastlook_engine::held::{self, Decided, Revoked, Word};
use lastlook_engine::notify::{Happened, Notice};
use lastlook_ledger::approval::Ruling;
use lastlook_store::{RequestState, SqliteStore};
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::form::Form;
use super::patience::Patience;
use super::request::{Page, Typed, exactly};
use super::trouble::answer;
use super::{App, Trouble, blocking, look};

/// The longest reason, in bytes.
const LONGEST_REASON: usize = 4096;

/// What a form says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Say(Ruling),
    Revoke,
}

pub(super) async fn take(
    State(app): State<Arc<App>>,
    Path((id, word)): Path<(String, String)>,
    request: Request,
) -> Response {
    let act = match word.as_str() {
        "approve" => Act::Say(Ruling::Approve),
        "reject" => Act::Say(Ruling::Reject),
        "revoke" => Act::Revoke,
        _ => return Trouble::missing("there is no such page").into_response(),
    };
    let form = match Form::read(request).await {
        Ok(form) => form,
        Err(trouble) => return trouble.into_response(),
    };
    let typed = |name: &str| form.field(name).map(|value| value.trim().to_owned()).unwrap_or_default();
    let again = Typed { word: word.clone(), name: typed("name"), reason: typed("reason") };
    let (own, about) = (Arc::clone(&app), id.clone());
    // Whoever hangs up has sent it all the same: it is done, and a wrong passphrase counted.
    let task = tokio::spawn(async move { done(&own, &about, &word, act, form).await });
    match task.await.unwrap_or_else(|_| Err(Trouble::unavailable("the form was not taken", "look again"))) {
        Ok(what) => {
            app.tell(&id, what);
            see(&id)
        }
        Err(trouble) => failed(app, id, trouble, again).await,
    }
}

/// Where a form was sent to there is nothing to see but the request.
pub(super) async fn back(Path((id, _)): Path<(String, String)>) -> Response {
    see(&id)
}

/// Leads to the request's page, so that loading it again does nothing twice.
fn see(id: &str) -> Response {
    match HeaderValue::from_str(&format!("/requests/{id}")) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    }
}

/// The page once more, with what was wrong.
async fn failed(app: Arc<App>, id: String, trouble: Trouble, typed: Typed) -> Response {
    let (status, why) = (trouble.status(), trouble.clone());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        return why.into_response();
    }
    match look(move || Page::of(&app, &id)).await {
        Ok(page) => answer(status, &page.after(trouble, typed)),
        Err(_) => why.into_response(),
    }
}

async fn done(app: &Arc<App>, id: &str, word: &str, act: Act, form: Form) -> Result<String, Trouble> {
    sealed(app, id, word, &form).await?;
    let reason = form.field("reason").map(|reason| reason.trim().to_owned()).unwrap_or_default();
    if !(1..=LONGEST_REASON).contains(&reason.len()) {
        let message = format!("the reason must have 1 to {LONGEST_REASON} bytes");
        return Err(Trouble::new(StatusCode::BAD_REQUEST, message, "say why, for whoever reads the record"));
    }
    match act {
        Act::Say(ruling) => {
            let name = form.field("name").map(|name| name.trim().to_owned()).unwrap_or_default();
            let passphrase = form.field("passphrase").cloned().unwrap_or_default();
            drop(form);
            say(app, id, ruling, name, passphrase, reason).await
        }
        Act::Revoke => revoke(app, id, reason).await,
    }
}

/// Whether the form is one that this session was shown, beside the very request that is there now.
async fn sealed(app: &Arc<App>, id: &str, word: &str, form: &Form) -> Result<(), Trouble> {
    let (own, about) = (Arc::clone(app), id.to_owned());
    let row = look(move || Ok(exactly(&(own.open)()?.reader()?, &about)?.0)).await?;
    let seal = form.field("seal").map(|seal| seal.as_str()).unwrap_or_default();
    if app.door.is_sealed(id, word, &row.detail, seal) {
        return Ok(());
    }
    Err(Trouble::new(
        StatusCode::FORBIDDEN,
        "the form is not one of this page",
        "look at it again, then decide",
    ))
}

async fn say(
    app: &Arc<App>,
    id: &str,
    ruling: Ruling,
    name: String,
    passphrase: Zeroizing<String>,
    reason: String,
) -> Result<String, Trouble> {
    let mut patience = Arc::clone(&app.patience).lock_owned().await;
    let (app, id) = (Arc::clone(app), id.to_owned());
    blocking(move || {
        if let Some(wait) = patience.wait(Instant::now()) {
            let message = format!("too many wrong passphrases: nobody can try for {} s", wait.as_secs() + 1);
            return Err(Trouble::new(
                StatusCode::TOO_MANY_REQUESTS,
                message,
                "`lastlook approve` asks on a terminal",
            ));
        }
        let word = Word { request: &id, approver: &name, ruling, reason: &reason };
        let decided = signed(&app, word, passphrase, &mut patience)?;
        (app.teller)(Happened::of(ruling), Notice::said(&decided, ruling, &name));
        Ok(outcome(ruling, &decided))
    })
    .await
}

/// Unlocks the approver's key, signs and says it: what `lastlook approve` does.
fn signed(
    app: &App,
    word: Word<'_>,
    passphrase: Zeroizing<String>,
    patience: &mut Patience,
) -> Result<Decided, Trouble> {
    let state = (app.open)()?;
    let store = SqliteStore::open(&state, state.writer()?, None)?;
    let decided = held::decide(&store, word, |approver| {
        let file = usual_file(&approver.name).ok_or_else(|| {
            let hint = "set one where `lastlook console` is started";
            Trouble::unavailable("there is no folder for keys: neither XDG_CONFIG_HOME nor HOME is set", hint)
        })?;
        let passphrase = Passphrase::new(passphrase).map_err(CredentialError::from)?;
        Ok::<_, Trouble>(Sealed::read(&file)?.open_as(approver, &passphrase)?)
    });
    let decided = Handle::current().block_on(decided);
    if decided.as_ref().is_err_and(|trouble| trouble.wrong_passphrase) {
        patience.wrong(Instant::now());
    }
    decided
}

fn outcome(ruling: Ruling, decided: &Decided) -> String {
    let left: u32 = decided.tally.missing.iter().map(|(_, left)| *left).sum();
    match (ruling, decided.state) {
        (Ruling::Reject, _) => "rejected: nothing runs on it".to_owned(),
        (Ruling::Approve, RequestState::Pending) => {
            format!("your word is on record; {left} more must say yes")
        }
        (Ruling::Approve, _) => {
            "approved: the next call with exactly these arguments runs, once, if nothing has \
                                 changed"
                .to_owned()
        }
    }
}

async fn revoke(app: &Arc<App>, id: &str, reason: String) -> Result<String, Trouble> {
    let (app, id) = (Arc::clone(app), id.to_owned());
    blocking(move || {
        let state = (app.open)()?;
        let store = SqliteStore::open(&state, state.writer()?, None)?;
        let revoked = held::revoke(&store, &state, &id, &reason, &app.operator);
        let (row, revoked) = Handle::current().block_on(revoked)?;
        (app.teller)(Happened::Revoked, Notice::revoked(&row, &app.operator.id));
        Ok(match revoked {
            Revoked::Prevented => "revoked: prevented, nothing runs on it".to_owned(),
            Revoked::InFlight(attempt) => format!(
                "revoked, and attempt {attempt} had passed the gate on it already: `lastlook show {attempt}` tells how it ended"
            ),
        })
    })
    .await
}
