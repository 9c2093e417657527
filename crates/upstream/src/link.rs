//! One connection to an MCP server: the client's bytes in order, and the boundary's own calls beside them.

use std::collections::HashMap;
use std::io;
use std::process::ChildStdin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lastlook_canon::string_of;
use lastlook_kernel::Passage;
use tokio::sync::oneshot;

use crate::pipe::Pipe;

/// The connection to one server.
#[derive(Debug)]
pub struct Link {
    stdin: Arc<Pipe<ChildStdin>>,
    prefix: String,
    next: AtomicU64,
    own: Mutex<HashMap<u64, oneshot::Sender<Arc<[u8]>>>>,
    gone: AtomicBool,
}

/// Why one of the boundary's own calls brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No answer in time.
    #[error("no answer in time")]
    Late,
    /// The server is gone.
    #[error("the server is gone")]
    Gone,
}

impl Link {
    /// A link over a server's standard input. `nonce` keeps the boundary's ids apart from the client's.
    pub fn new(stdin: ChildStdin, nonce: [u8; 8]) -> Link {
        Link {
            stdin: Arc::new(Pipe::new(stdin)),
            prefix: format!("lastlook-{}-", hex::encode(nonce)),
            next: AtomicU64::new(1),
            own: Mutex::new(HashMap::new()),
            gone: AtomicBool::new(false),
        }
    }

    /// A link to no server: every call through it finds the server gone.
    pub fn none() -> Link {
        Link {
            stdin: Arc::new(Pipe::closed()),
            prefix: String::from("lastlook-none-"),
            next: AtomicU64::new(1),
            own: Mutex::new(HashMap::new()),
            gone: AtomicBool::new(true),
        }
    }

    /// Writes frames as they are, blocking: the pass-through path.
    pub fn pass(&self, frames: &[u8]) -> io::Result<()> {
        self.stdin.write(frames)
    }

    /// Sends an effect: the only way an effect's bytes leave, and it takes the passage.
    ///
    /// An error means that the bytes may have left in part: the outcome is not known.
    pub async fn execute(&self, passage: Passage, frame: Arc<[u8]>) -> io::Result<()> {
        let _spent = passage;
        self.stdin.send(frame).await
    }

    /// Sends a notification, in order with everything else.
    pub async fn notify(&self, frame: Arc<[u8]>) -> io::Result<()> {
        self.stdin.send(frame).await
    }

    /// Asks the server something for the boundary itself, and returns the whole answer frame.
    ///
    /// `params` are raw JSON. Nothing of the exchange reaches the client.
    pub async fn call(&self, method: &str, params: &[u8], limit: Duration) -> Result<Arc<[u8]>, CallError> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.own).insert(number, answer);
        if self.gone.load(Ordering::SeqCst) {
            lock(&self.own).remove(&number);
            return Err(CallError::Gone);
        }
        let mut frame =
            format!(r#"{{"jsonrpc":"2.0","id":"{}{number}","method":"{method}","params":"#, self.prefix)
                .into_bytes();
        frame.extend_from_slice(params);
        frame.extend_from_slice(b"}\n");
        let exchange = async {
            self.stdin.send(frame.into()).await.map_err(|_| CallError::Gone)?;
            answered.await.map_err(|_| CallError::Gone)
        };
        let answer = tokio::time::timeout(limit, exchange).await.unwrap_or(Err(CallError::Late));
        lock(&self.own).remove(&number);
        answer
    }

    /// Takes an answer if it is to one of the boundary's own calls.
    pub fn take_answer(&self, id: &[u8], frame: &[u8]) -> bool {
        let Some(number) = self.own_number(id) else { return false };
        if let Some(waiting) = lock(&self.own).remove(&number) {
            let _ = waiting.send(frame.into());
        }
        true
    }

    /// True for an id of the boundary's own making.
    pub fn is_own_id(&self, id: &[u8]) -> bool {
        self.own_number(id).is_some()
    }

    fn own_number(&self, id: &[u8]) -> Option<u64> {
        if id.first() != Some(&b'"') {
            return None;
        }
        string_of(id)?.strip_prefix(self.prefix.as_str())?.parse().ok()
    }

    /// How many of the boundary's own calls are waiting for an answer.
    pub fn own_in_flight(&self) -> usize {
        lock(&self.own).len()
    }

    /// The server is gone: every waiting call ends, and none will start.
    pub fn mark_gone(&self) {
        self.gone.store(true, Ordering::SeqCst);
        lock(&self.own).clear();
    }

    /// True once the server is gone.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// Closes the server's standard input: how an MCP client says goodbye.
    pub fn close(&self) {
        self.stdin.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
