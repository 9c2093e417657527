//! The console: pages on this machine's own loopback address, where people see what waits and decide on it.
//!
//! A session lets somebody look, and take back what was approved. It does not let anybody approve: that is signed with the
//! approver's own key, and the passphrase comes with every single form. So whoever steals a session, or makes a browser
//! act in it, has what a shell under this user id has, and no more.

mod decide;
mod door;
mod events;
mod fence;
mod form;
#[cfg(test)]
mod fuzz;
mod list;
mod patience;
mod request;
mod shown;
mod trouble;

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use lastlook_engine::ids::NoRandomness;
use lastlook_engine::notify::{Happened, Notice};
use lastlook_kernel::Principal;
use lastlook_store::{Announced, StateDir};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use trouble::Trouble;

use door::Door;
use events::Watch;
use fence::Fence;
use patience::Patience;
use trouble::answer;

/// How long open connections may take to end once the console is told to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long a page may take to be made.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the state anew, for every page: it may be gone, or another one, since the last.
pub type Opener = Box<dyn Fn() -> Result<StateDir, Trouble> + Send + Sync>;

/// Tells people what was decided. It is called when that is on record, and must not wait for anybody.
pub type Teller = Box<dyn Fn(Happened, Option<Notice>) + Send + Sync>;

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// Others than this machine could reach it.
    #[error("`{0}` is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address is not to be had.
    #[error("cannot listen on `{address}`: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// No randomness for tokens.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// Serving ended by itself.
    #[error("the console ended: {0}")]
    Io(#[from] std::io::Error),
}

impl ConsoleError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            ConsoleError::NotLoopback(_) => {
                "take `127.0.0.1:PORT` or `[::1]:PORT`; from another machine, reach it through `ssh -L`"
            }
            ConsoleError::Bind { .. } => "leave `--listen` out for a free port",
            ConsoleError::Randomness(_) | ConsoleError::Io(_) => "put that right, then start it again",
        }
    }
}

/// A console that listens, and does not answer yet.
pub struct Console {
    listener: TcpListener,
    app: Arc<App>,
    address: SocketAddr,
}

impl std::fmt::Debug for Console {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Console").field("address", &self.address).finish_non_exhaustive()
    }
}

/// What every page is made from.
struct App {
    open: Opener,
    teller: Teller,
    operator: Principal,
    fence: Fence,
    door: Door,
    patience: Arc<tokio::sync::Mutex<Patience>>,
    watch: Watch,
    /// What the last form of a request achieved, until it was shown.
    told: Mutex<Option<(String, String)>>,
    ended: CancellationToken,
}

impl Console {
    /// Listens on a loopback address. `operator` is who revokes, by the operating system's word.
    ///
    /// # Errors
    ///
    /// Others could reach that address, or it is taken.
    pub async fn bind(
        listen: SocketAddr,
        open: Opener,
        teller: Teller,
        operator: Principal,
    ) -> Result<Console, ConsoleError> {
        if !listen.ip().is_loopback() {
            return Err(ConsoleError::NotLoopback(listen));
        }
        let bind = |source| ConsoleError::Bind { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(bind)?;
        let address = listener.local_addr()?;
        let app = App {
            open,
            teller,
            operator,
            fence: Fence::new(address),
            door: Door::new(address.port())?,
            patience: Arc::default(),
            watch: Watch::new(),
            told: Mutex::default(),
            ended: CancellationToken::new(),
        };
        Ok(Console { listener, app: Arc::new(app), address })
    }

    /// Where it is, with the token that opens it once.
    pub fn address(&self) -> String {
        format!("http://{}/?t={}", self.address, self.app.door.token())
    }

    /// Answers until the process is told to end. `ready` is called when it can be told so.
    ///
    /// # Errors
    ///
    /// It cannot listen to signals or connections any more.
    pub async fn serve(self, ready: impl FnOnce()) -> Result<(), ConsoleError> {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let Console { listener, app, address } = self;
        let _announced = announce(&app, address);
        ready();
        let ended = app.ended.clone();
        tokio::spawn(events::keep_looking(Arc::clone(&app)));
        let listener = listener.tap_io(|stream| {
            // Pages go out in one piece; waiting for more would only make them late.
            let _ = stream.set_nodelay(true);
        });
        let served =
            axum::serve(listener, router(app)).with_graceful_shutdown(ended.clone().cancelled_owned());
        let mut served = std::pin::pin!(served.into_future());
        tokio::select! {
            served = &mut served => return Ok(served?),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        ended.cancel();
        // Whoever is in the middle of a form may finish; whoever hangs is not waited for.
        match tokio::time::timeout(LAST_WORDS, served).await {
            Ok(served) => Ok(served?),
            Err(_) => Ok(()),
        }
    }
}

/// Says in the state where this console is, so that clients can send their users there; without it, it is a console all
/// the same.
fn announce(app: &App, address: SocketAddr) -> Option<Announced> {
    let said = match (app.open)() {
        Ok(state) => state.announce_console(address),
        Err(trouble) => {
            tracing::warn!("clients are not told of this page: {}", trouble.message);
            return None;
        }
    };
    match said {
        Ok(Some(announced)) => return Some(announced),
        Ok(None) => tracing::warn!("clients are told of another console's page, which runs already"),
        Err(error) => tracing::warn!("clients are not told of this page: {error}"),
    }
    None
}

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(list::page))
        .route("/requests/{id}", get(request::page))
        .route("/requests/{id}/{word}", get(decide::back).post(decide::take))
        .route("/events", get(events::all))
        .route("/events/{id}", get(events::one))
        .route("/style.css", get(|| async { asset("text/css", include_str!("assets/style.css")) }))
        .route("/script.js", get(|| async { asset("text/javascript", include_str!("assets/script.js")) }))
        .fallback(|| async { Trouble::missing("there is no such page").into_response() })
        .layer(middleware::from_fn_with_state(Arc::clone(&app), admit))
        .with_state(app)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, format!("{kind}; charset=utf-8"))], text).into_response()
}

/// The one way in: what every request must be, and what every answer says.
async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = match app.fence.check(&request) {
        Err(why) => Trouble::refused(why).into_response(),
        Ok(()) => pass(&app, request, next).await,
    };
    fence::protect(response.headers_mut());
    response
}

async fn pass(app: &App, request: Request, next: Next) -> Response {
    // Neither says anything about anybody; a page that refuses may look like the others.
    if matches!(request.uri().path(), "/style.css" | "/script.js") {
        return next.run(request).await;
    }
    let token = request.uri().query().and_then(|query| query.strip_prefix("t="));
    match token {
        Some(token) if request.uri().path() == "/" && request.method() == Method::GET => {
            match app.door.exchange(token) {
                // By a page that goes on by itself, and not by a redirect: a browser that came here from elsewhere
                // would not send a strict cookie along that one.
                Some(cookie) => {
                    ([(header::SET_COOKIE, cookie)], answer(StatusCode::OK, &list::Enter)).into_response()
                }
                // Clicked twice, in the same browser.
                None if app.door.admits(request.headers()) => answer(StatusCode::OK, &list::Enter),
                None => Trouble::refused("this address was used already, or is not this console's")
                    .into_response(),
            }
        }
        _ if app.door.admits(request.headers()) => next.run(request).await,
        _ => Trouble::refused("there is no session").into_response(),
    }
}

impl App {
    fn tell(&self, request: &str, what: String) {
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some((request.to_owned(), what));
    }

    fn told(&self, request: &str) -> Option<String> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.take_if(|(about, _)| about == request).map(|(_, what)| what)
    }
}

/// Looks at the state, where nobody else has to wait for it, and not for longer than people do.
async fn look<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let busy =
        || Trouble::unavailable("the state is busy: somebody holds it", "this page looks again by itself");
    tokio::time::timeout(PATIENCE, blocking(work)).await.unwrap_or_else(|_| Err(busy()))
}

/// Does what blocks, a commit or a key derivation, where nobody else has to wait for it.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Trouble> + Send + 'static,
) -> Result<T, Trouble> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Trouble::unavailable("the page could not be made", "try again")))
}
