//! A session from its first byte to its last.

use std::fs::File;
use std::io::Read;
use std::process::Child;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use lastlook_canon::Limits;
use lastlook_engine::{Boundary, ids, recovery, retention};
use lastlook_upstream::child::ProcessGroup;
use lastlook_upstream::pipe::Pipe;
use rustix::process::Signal;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use super::elicit::Asks;
use super::from_client::{self, Stopped};
use super::from_server;
use super::reads;
use super::session::Session;

/// How long effects in flight are waited for once the client is gone.
const EFFECTS_AFTER_CLIENT: Duration = Duration::from_secs(30);
/// How long effects in flight are waited for after a signal.
const EFFECTS_AFTER_SIGNAL: Duration = Duration::from_secs(2);
/// How long the server may take to end after its input was closed (MCP, stdio shutdown), and again after SIGTERM.
const SERVER_TO_END: Duration = Duration::from_secs(2);

/// What a session runs on.
#[derive(Debug)]
pub struct Serve {
    /// The boundary.
    pub boundary: Arc<Boundary>,
    /// The server's standard output.
    pub from_server: std::process::ChildStdout,
    /// The client's writing end: our standard input.
    pub from_client: File,
    /// The client's reading end: our standard output.
    pub to_client: File,
    /// The server's process.
    pub child: Child,
    /// Its process group.
    pub group: ProcessGroup,
    /// The largest frame and the deepest nesting that pass.
    pub limits: Limits,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The client closed its side.
    Client,
    /// The server ended first.
    Server,
    /// We were asked to stop.
    Signal,
}

/// What a session's threads tell the one that waits for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The client closed its side.
    ClientClosed,
    /// The server closed its side, and everybody who waited for it knows.
    ServerClosed,
    /// The server takes nothing any more; its last answers may still come.
    ServerDeaf,
    /// We were asked to stop.
    Signalled,
}

/// Why a session could not begin.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A thread or a signal handler could not be had.
    #[error("the session could not be set up: {0}")]
    Setup(#[from] std::io::Error),
}

/// Runs a session to its end: nothing that was sent is left without a record, as far as there is time.
pub fn serve(runtime: &Runtime, serve: Serve) -> Result<End, ServeError> {
    let Serve { boundary, from_server, from_client, to_client, mut child, group, limits } = serve;
    let client = Arc::new(Pipe::new(to_client));
    let asks = Asks::new(ids::random().map_err(std::io::Error::other)?);
    let session = Arc::new(Session::new(boundary, client, asks, runtime.handle().clone()));
    runtime.block_on(recovery::mark_own(&session.boundary));
    {
        let recovering = Arc::clone(&session);
        session.attempts.spawn_on(async move { recovering.recovered().await }, runtime.handle());
    }
    runtime.spawn(retention::keep_to(Arc::downgrade(&session.boundary)));

    runtime.spawn(reads::keep_recorded(Arc::clone(&session.boundary)));

    let (ended, ends) = mpsc::channel();
    let signalled = watch_signals(runtime, ended.clone())?;
    spawn("from-client", {
        let (session, ended) = (Arc::clone(&session), ended.clone());
        move || read_client(&session, from_client, limits, &ended)
    })?;
    spawn("from-server", {
        let session = Arc::clone(&session);
        move || {
            from_server::copy(&session, from_server, &limits);
            from_server::server_is_gone(&session);
            let _ = ended.send(Told::ServerClosed);
        }
    })?;

    let told = ends.recv().unwrap_or(Told::ServerClosed);
    session.ends.store(true, Ordering::SeqCst);
    session.attempts.spawn_on(reads::record_last(Arc::clone(&session.boundary)), runtime.handle());
    session.attempts.close();
    let all_ended = runtime.block_on(effects_have_ended(&session, signalled));
    if !all_ended {
        tracing::warn!(
            "some effects had not been answered; they are on record as armed and will be settled later"
        );
    }
    close(&session)?;
    let gone = told == Told::ServerClosed || wait_for_server(&ends);
    end_server(&mut child, &group);
    if !all_ended && (gone || wait_for_server(&ends)) {
        // What was still under way has just lost its answer: that goes on record as well.
        let _ = runtime
            .block_on(async { tokio::time::timeout(EFFECTS_AFTER_SIGNAL, session.attempts.wait()).await });
    }
    Ok(match told {
        Told::ClientClosed => End::Client,
        Told::ServerClosed | Told::ServerDeaf => End::Server,
        Told::Signalled => End::Signal,
    })
}

/// Closes the server's input. Not from this thread: one that does not read may hold up whoever is writing to it.
fn close(session: &Arc<Session>) -> std::io::Result<()> {
    let link = Arc::clone(session.boundary.link());
    spawn("close", move || link.close())
}

fn read_client(session: &Arc<Session>, from: impl Read, limits: Limits, ended: &mpsc::Sender<Told>) {
    let stopped = from_client::copy(session, from, &limits);
    if let Err(error) = &stopped {
        tracing::debug!("copying from the client ended: {error}");
    }
    let told = match stopped {
        Ok(()) | Err(Stopped::Client(_)) => Told::ClientClosed,
        Err(Stopped::Server(_)) => Told::ServerDeaf,
    };
    let _ = ended.send(told);
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body).map(drop)
}

/// Waits for the effects under way; a signal, whenever it comes, shortens the wait. False: some are still under way.
async fn effects_have_ended(session: &Session, mut signalled: watch::Receiver<bool>) -> bool {
    let patience = async {
        let signal = signalled.wait_for(|signalled| *signalled);
        if tokio::time::timeout(EFFECTS_AFTER_CLIENT, signal).await.is_ok() {
            tokio::time::sleep(EFFECTS_AFTER_SIGNAL).await;
        }
    };
    tokio::select! {
        () = session.attempts.wait() => true,
        () = patience => false,
    }
}

/// Tells of the signals that ask us to stop.
fn watch_signals(runtime: &Runtime, ended: mpsc::Sender<Told>) -> std::io::Result<watch::Receiver<bool>> {
    use tokio::signal::unix::{SignalKind, signal};
    let _inside = runtime.enter();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // A limit on file sizes is a full disk by another name: with the signal caught, the write fails, and that is dealt with.
    drop(signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?);
    let (tell, signalled) = watch::channel(false);
    runtime.spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = (tell.send(true), ended.send(Told::Signalled));
    });
    Ok(signalled)
}

/// The server has its input closed, or was ended; its last answers still pass. True when it is known to be gone.
fn wait_for_server(ends: &mpsc::Receiver<Told>) -> bool {
    while let Ok(told) = ends.recv_timeout(SERVER_TO_END) {
        if told == Told::ServerClosed {
            return true;
        }
    }
    false
}

fn end_server(child: &mut Child, group: &ProcessGroup) {
    for signal in [Signal::TERM, Signal::KILL] {
        if matches!(child.try_wait(), Ok(Some(_))) {
            break;
        }
        group.signal(signal);
        let deadline = std::time::Instant::now() + SERVER_TO_END;
        while std::time::Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5)); // backoff: std has no wait with a time limit
        }
    }
    let _ = child.wait();
}
