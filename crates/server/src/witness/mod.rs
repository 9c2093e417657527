//! A witness: cosigns the checkpoints of the logs it was given, and never two that are not consistent.
//!
//! It speaks the C2SP protocol tlog-witness over plain HTTP. Whoever may reach it can ask it; only what a trusted log key
//! signed is ever looked at closely, and only what continues the last checkpoint of that log is cosigned.
//!
//! - [`Memory`]: the folder in which it keeps its key and the last checkpoint of each log.
//! - [`Witness`]: the listener.

mod crash;
mod memory;
#[cfg(test)]
mod tests;

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use lastlook_ledger::VerifierKey;
use lastlook_ledger::witness::{AddCheckpoint, MAX_REQUEST_BYTES, Refusal, claimed};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

pub use memory::{Memory, MemoryError};

/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long requests under way may take to end once the witness is told to.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Why there is no witness.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The address is not to be had.
    #[error("cannot listen on `{address}`: {source}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Serving ended by itself.
    #[error("the witness ended: {0}")]
    Io(#[from] std::io::Error),
}

/// A witness that listens, and does not answer yet.
pub struct Witness {
    listener: TcpListener,
    app: Arc<App>,
    address: SocketAddr,
}

struct App {
    memory: Memory,
    logs: Vec<VerifierKey>,
    /// Takes what the operator should know.
    warn: fn(&str),
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Witness {
    /// Listens. `logs` are the keys whose logs it watches.
    ///
    /// # Errors
    ///
    /// The address is taken.
    pub async fn bind(
        listen: SocketAddr,
        memory: Memory,
        logs: Vec<VerifierKey>,
        warn: fn(&str),
    ) -> Result<Witness, WitnessError> {
        let bind = |source| WitnessError::Bind { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(bind)?;
        let address = listener.local_addr()?;
        Ok(Witness { listener, app: Arc::new(App { memory, logs, warn }), address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until the process is told to end. `ready` is called when it can be told so.
    ///
    /// # Errors
    ///
    /// It cannot listen to signals or connections any more.
    pub async fn serve(self, ready: impl FnOnce()) -> Result<(), WitnessError> {
        let (mut interrupt, mut terminate) =
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let Witness { listener, app, address: _ } = self;
        ready();
        let router = Router::new().route("/add-checkpoint", post(add_checkpoint)).with_state(app);
        let ended = tokio_util::sync::CancellationToken::new();
        let served = axum::serve(listener, router).with_graceful_shutdown(ended.clone().cancelled_owned());
        let mut served = std::pin::pin!(served.into_future());
        tokio::select! {
            served = &mut served => return Ok(served?),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        ended.cancel();
        match tokio::time::timeout(LAST_WORDS, served).await {
            Ok(served) => Ok(served?),
            Err(_) => Ok(()),
        }
    }
}

async fn add_checkpoint(State(app): State<Arc<App>>, body: Body) -> Response {
    let body = match tokio::time::timeout(PATIENCE, to_bytes(body, MAX_REQUEST_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return said(StatusCode::PAYLOAD_TOO_LARGE, "the request is too large"),
        Err(_) => return said(StatusCode::REQUEST_TIMEOUT, "the request did not come to its end"),
    };
    // It flushes files: nobody else has to wait for that.
    let judged = tokio::task::spawn_blocking(move || app.judge(&body)).await;
    judged.unwrap_or_else(|_| said(StatusCode::INTERNAL_SERVER_ERROR, "the witness could not judge it"))
}

impl App {
    fn judge(&self, body: &[u8]) -> Response {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(refusal) => return refused(&refusal),
        };
        match self.memory.add(&request, &self.logs) {
            Ok(Ok(line)) => {
                crash::point("witness:answer");
                line.into_response()
            }
            Ok(Err(refusal)) => {
                self.tell(&request, &refusal);
                refused(&refusal)
            }
            Err(error) => {
                (self.warn)(&error.to_string());
                said(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "the witness's memory does not work; see its own output",
                )
            }
        }
    }

    /// What a log's own key signed and the witness does not cosign may prove that the log was rewritten: its operator is told.
    fn tell(&self, request: &AddCheckpoint, refusal: &Refusal) {
        let signed = matches!(refusal, Refusal::Conflict { .. } | Refusal::Inconsistent(_));
        let Some(checkpoint) = claimed(&request.note).ok().filter(|_| signed) else { return };
        let lagging =
            matches!(refusal, Refusal::Conflict { seen } if request.old != *seen && checkpoint.size >= *seen);
        if !lagging {
            let lastlook_ledger::Checkpoint { origin, size, root } = checkpoint;
            (self.warn)(&format!("log `{origin}` was not cosigned at size {size}, root {root}: {refusal}"));
        }
    }
}

fn refused(refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match refusal {
        Refusal::Conflict { seen } => {
            (status, [(header::CONTENT_TYPE, "text/x.tlog.size")], format!("{seen}\n")).into_response()
        }
        _ => said(status, &refusal.to_string()),
    }
}

fn said(status: StatusCode, what: &str) -> Response {
    (status, format!("{what}\n")).into_response()
}
