//! The thread that owns a server: starts it, reads what it says, and waits for its end.

use std::path::Path;
use std::process::{Child, ChildStdout};
use std::sync::Arc;

use lastlook_canon::Limits;
use rustix::process::Signal;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};

use crate::Link;
use crate::child::{ChildSpec, ProcessGroup, Started, start as start_child};
use crate::frames::{FrameReader, Incoming, lines};
use crate::message::{Message, read};
use crate::source::SourceError;

/// A started server. Dropping it ends its process group at once.
#[derive(Debug)]
pub(super) struct Server {
    pub link: Arc<Link>,
    pub ended: watch::Receiver<bool>,
    pub group: ProcessGroup,
}

impl Server {
    /// Ends the process group, unless it has ended: its number may then be another's.
    pub(super) fn kill(&self) {
        if !*self.ended.borrow() {
            self.group.signal(Signal::KILL);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a server on a thread of its own. The receiver says when it has ended and was waited for.
///
/// The thread starts it, and not the caller, because the parent-death signal follows the thread.
pub(super) async fn start(exe: &Path, spec: &ChildSpec) -> Result<Server, SourceError> {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(|error| SourceError::Gone(format!("no random bytes: {error}")))?;
    let (started, waiting) = oneshot::channel();
    let (exe, spec, runtime) = (exe.to_owned(), spec.clone(), Handle::current());
    let thread = std::thread::Builder::new().name("fact server".to_owned()).spawn(move || {
        match start_child(&exe, &spec) {
            Ok(Started { child, stdin, stdout, group }) => {
                let link = Arc::new(Link::new(stdin, nonce));
                let (tell, ended) = watch::channel(false);
                // When nobody waits any more, this drops it.
                drop(started.send(Ok(Server { link: Arc::clone(&link), ended, group: group.clone() })));
                own(child, stdout, &link, &group, &runtime);
                tell.send_replace(true);
            }
            Err(error) => drop(started.send(Err(SourceError::Gone(error.to_string())))),
        }
    });
    thread.map_err(|error| SourceError::Gone(format!("no thread could be started: {error}")))?;
    waiting.await.unwrap_or_else(|_| Err(SourceError::Gone("the server could not be started".to_owned())))
}

fn own(mut child: Child, stdout: ChildStdout, link: &Arc<Link>, group: &ProcessGroup, runtime: &Handle) {
    let mut frames = FrameReader::new(stdout, Limits::default().max_bytes);
    loop {
        match frames.next_lines() {
            Ok(Incoming::Lines(range)) => {
                lines(frames.bytes(range)).for_each(|frame| take(frame, link, runtime));
            }
            // An empty frame stands for one that was too large.
            Ok(Incoming::TooLarge(id)) => drop(id.map(|id| link.take_answer(&id, b""))),
            Ok(Incoming::End(_)) | Err(_) => break,
        }
    }
    link.mark_gone();
    // A server that says no more is of no use; one that was asked to end has closed its output by itself.
    link.close();
    group.signal(Signal::KILL);
    let _ = child.wait();
}

fn take(frame: &[u8], link: &Arc<Link>, runtime: &Handle) {
    match read(frame, &Limits::default()) {
        Ok(Message::Response { id: Some(id), .. }) => drop(link.take_answer(id, frame)),
        Ok(Message::Request { id, method, .. }) => {
            let answer = match method.as_ref() {
                "ping" => r#""result":{}"#,
                // Nothing was offered in the handshake.
                _ => r#""error":{"code":-32601,"message":"not offered by this client"}"#,
            };
            let id = String::from_utf8_lossy(id);
            let frame = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},{answer}}}\n").into_bytes();
            let link = Arc::clone(link);
            // Not on this thread: it must go on reading, or both sides could wait for each other.
            runtime.spawn(async move { link.notify(frame.into()).await });
        }
        Ok(Message::Notification { .. } | Message::Response { id: None, .. }) | Err(_) => {}
    }
}
