//! A short session with a server that nobody stands in front of yet: handshake, list, a few calls, goodbye.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use lastlook_canon::{Json, Limits, parse};
use lastlook_engine::ids;
use lastlook_upstream::child::{self, ChildSpec, ProcessGroup};
use lastlook_upstream::frames::{FrameReader, Incoming, lines};
use lastlook_upstream::message::{Message, read};
use lastlook_upstream::source::mcp::{KNOWN_REVISIONS, REVISION};
use lastlook_upstream::{CallError, Link};
use rustix::process::Signal;
use serde_json::json;

use crate::failure::Failure;
use crate::record::text::{clean, shortened};

/// How long the answer to a call may take.
const CALL: Duration = Duration::from_secs(10);
/// How long a server has to end after its input was closed, and again after each signal.
const TO_END: Duration = Duration::from_secs(3);
/// More pages than this are no list but a loop.
const MOST_PAGES: usize = 1000;
/// How much of a line that is no message is shown.
const SHOWN: usize = 120;

/// A server that was started and has said who it is. When it goes out of scope the server is ended.
#[derive(Debug)]
pub struct Session {
    link: Arc<Link>,
    child: Child,
    group: ProcessGroup,
    runtime: tokio::runtime::Runtime,
    /// The first line it printed that was no message.
    odd: Arc<Mutex<Option<String>>>,
    /// How long a list or a call may take.
    patience: Duration,
    /// Its name and version, as it says.
    pub server: String,
    has_tools: bool,
}

impl Session {
    /// Starts a server and shakes hands with it. `patience` bounds the start and each later answer.
    ///
    /// Whatever fails, no process of the server is left behind.
    pub fn open(spec: &ChildSpec, patience: Duration) -> Result<Session, Failure> {
        let exe = std::env::current_exe()?;
        let nonce = ids::random().map_err(|error| Failure::unavailable(error.to_string()))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let started = child::start(Path::new(&exe), spec).map_err(Failure::from)?;
        let link = Arc::new(Link::new(started.stdin, nonce));
        let odd = Arc::new(Mutex::new(None));
        let mut session = Session {
            link,
            child: started.child,
            group: started.group,
            runtime,
            odd,
            patience,
            server: String::new(),
            has_tools: false,
        };
        session.listen(started.stdout)?;
        session.shake_hands()?;
        Ok(session)
    }

    /// Hands answers to whoever waits for them, on a thread that lives until the server closes its output.
    fn listen(&self, stdout: ChildStdout) -> Result<(), Failure> {
        let (link, odd, limits) = (Arc::clone(&self.link), Arc::clone(&self.odd), Limits::default());
        let body = move || {
            let mut frames = FrameReader::new(stdout, limits.max_bytes);
            loop {
                let (run, last) = match frames.next_lines() {
                    Ok(Incoming::Lines(run)) => (run, false),
                    Ok(Incoming::TooLarge(_)) => continue,
                    Ok(Incoming::End(run)) => (run, true),
                    Err(_) => (0..0, true),
                };
                lines(frames.bytes(run)).for_each(|line| take(line, &link, &odd, &limits));
                if last {
                    break;
                }
            }
            link.mark_gone();
        };
        std::thread::Builder::new().name("from server".to_owned()).spawn(body)?;
        Ok(())
    }

    fn shake_hands(&mut self) -> Result<(), Failure> {
        let client = json!({"name": "lastlook init", "version": env!("CARGO_PKG_VERSION")});
        let params = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client});
        let answer = self.ask("initialize", &params, self.patience)?;
        let result = result_of(&answer, "initialize")?;
        let text = |pointer: &str| result.pointer(pointer).and_then(Json::as_str).unwrap_or_default();
        let revision = text("/protocolVersion");
        if !KNOWN_REVISIONS.contains(&revision) {
            let revision = clean(revision);
            return Err(Failure::unavailable(format!(
                "the server speaks MCP `{revision}`, which is not known here"
            ))
            .hint(format!("known are: {}", KNOWN_REVISIONS.join(", "))));
        }
        self.has_tools = result.pointer("/capabilities/tools").is_some();
        self.server =
            format!("{} {}", text("/serverInfo/name"), text("/serverInfo/version")).trim().to_owned();
        let _ = self.link.pass(b"{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
        Ok(())
    }

    /// Every tool it lists, all pages, as the server wrote them.
    pub fn tools(&self) -> Result<Vec<Json>, Failure> {
        let mut tools = Vec::new();
        if !self.has_tools {
            return Ok(tools);
        }
        let mut params = json!({});
        let mut seen = BTreeSet::new();
        let deadline = Instant::now() + self.patience;
        for _ in 0..MOST_PAGES {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = self.ask("tools/list", &params, left)?;
            let result = result_of(&answer, "tools/list")?;
            let Some(page) = result.get("tools").and_then(Json::as_array) else {
                return Err(broken("the server's answer to `tools/list` holds no list"));
            };
            tools.extend(page.iter().cloned());
            match result.get("nextCursor").and_then(Json::as_str) {
                Some(cursor) if seen.insert(cursor.to_owned()) => params = json!({"cursor": cursor}),
                Some(_) => break,
                None => return Ok(tools),
            }
        }
        Err(broken("the server's list of tools has no end"))
    }

    /// Calls a tool, and gives the whole answer; `None` when none came in time or it cannot be read.
    pub fn call(&self, tool: &str, arguments: &serde_json::Value) -> Option<Json> {
        let limit = self.patience.min(CALL);
        self.ask("tools/call", &json!({"name": tool, "arguments": arguments}), limit).ok()
    }

    fn ask(&self, method: &str, params: &serde_json::Value, limit: Duration) -> Result<Json, Failure> {
        let params = params.to_string();
        let asked = self.link.call(method, params.as_bytes(), limit);
        let frame = self.runtime.block_on(asked).map_err(|error| self.no_answer(method, error))?;
        parse(&frame, &Limits::default())
            .map_err(|error| broken(format!("the server's answer to `{method}` cannot be read: {error}")))
    }

    fn no_answer(&self, method: &str, error: CallError) -> Failure {
        let message = match error {
            CallError::Late => {
                format!("the server did not answer `{method}` within {} s", self.patience.as_secs())
            }
            CallError::Gone => format!("the server ended without answering `{method}`"),
        };
        let odd = self.odd.lock().unwrap_or_else(PoisonError::into_inner);
        match (odd.as_deref(), error) {
            (Some(line), _) => {
                Failure::unavailable(format!("{message}; it printed `{line}`, which is no MCP message"))
                    .hint("is the command that of an MCP server over standard input and output?")
            }
            (None, CallError::Gone) => Failure::unavailable(message)
                .hint("what it printed stands above; see whether the command runs by itself"),
            (None, CallError::Late) => Failure::unavailable(message).hint("give it longer with `--timeout`"),
        }
    }

    /// Closes its input, then terminates, then kills its whole group.
    fn end(&mut self) {
        // On a thread of its own: somebody may be writing to a server that does not read, until it is ended.
        let link = Arc::clone(&self.link);
        drop(std::thread::spawn(move || link.close()));
        for signal in [Signal::TERM, Signal::KILL] {
            if self.is_gone_within(TO_END) {
                break;
            }
            self.group.signal(signal);
        }
        let _ = self.child.wait();
    }

    fn is_gone_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            let _ = self.child.try_wait();
            if self.group.is_gone() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(5)); // backoff: std has no wait with a time limit
        }
        false
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.end();
    }
}

fn take(line: &[u8], link: &Link, odd: &Mutex<Option<String>>, limits: &Limits) {
    if line.trim_ascii().is_empty() {
        return;
    }
    match read(line, limits) {
        Ok(Message::Response { id: Some(id), .. }) => drop(link.take_answer(id, line)),
        Ok(Message::Request { id, method, .. }) => {
            // No capability was offered: a server may ask for a sign of life and for nothing else.
            let id = String::from_utf8_lossy(id);
            let answer = match method.as_ref() {
                "ping" => format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{{}}}}\n"),
                _ => format!(
                    "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{{\"code\":-32601,\"message\":\"method not found\"}}}}\n"
                ),
            };
            let _ = link.pass(answer.as_bytes());
        }
        Ok(Message::Notification { .. } | Message::Response { id: None, .. }) => {}
        Err(_) => {
            let line = shortened(&clean(String::from_utf8_lossy(line).trim()), SHOWN);
            odd.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(line);
        }
    }
}

fn result_of<'a>(answer: &'a Json, method: &str) -> Result<&'a Json, Failure> {
    answer.get("result").ok_or_else(|| {
        let said =
            answer.pointer("/error/message").and_then(Json::as_str).unwrap_or("an error without a message");
        Failure::unavailable(format!("the server refuses `{method}`: {}", shortened(&clean(said), SHOWN)))
            .hint("it may need arguments or variables of its own: see its documentation")
    })
}

fn broken(message: impl Into<String>) -> Failure {
    Failure::unavailable(message).hint("this is the server's fault, and `lastlook mcp` would meet it too")
}
