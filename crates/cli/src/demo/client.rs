//! A scripted MCP client: one child process, one line of JSON a message, by hand.
//!
//! By hand, because a client library would hide what a demo must see: a second answer to one question, a malformed line, silence.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// How long an answer may take before the demo gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Which of MCP's two lifecycles a client uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// 2025-11-25: `initialize` opens a session.
    Session,
    /// 2026-07-28: every request carries its own version and capabilities.
    Stateless,
}

/// The name of a question whose answer has not been taken yet.
#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub struct Question(u64);

/// What came back from a tool call.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The tool, or the boundary in its place, says that it did not work.
    pub is_error: bool,
    /// All text of the answer.
    pub text: String,
}

/// A client with its server process.
#[derive(Debug)]
pub struct Client {
    /// Who this client plays.
    pub name: &'static str,
    era: Era,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<std::io::Result<String>>,
    asked: u64,
    /// Answers that have arrived and nobody has taken.
    arrived: HashMap<u64, Value>,
    /// Questions without an answer yet.
    open: Vec<u64>,
}

impl Client {
    /// Starts the server and agrees on a protocol version; what the server prints on its error stream goes to `stderr`.
    pub fn start(name: &'static str, era: Era, command: &mut Command, stderr: &Path) -> anyhow::Result<Self> {
        let errors = File::options().create(true).append(true).open(stderr)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start `{}`", command.get_program().display()))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the server has no standard output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || BufReader::new(stdout).lines().try_for_each(|line| sender.send(line)));
        let mut client =
            Self { name, era, child, stdin, lines, asked: 0, arrived: HashMap::new(), open: Vec::new() };
        client.open().with_context(|| format!("{name} got no connection"))?;
        Ok(client)
    }

    /// Calls a tool and waits for its answer.
    pub fn call(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Answer> {
        let question = self.ask(tool, arguments)?;
        self.answer(question)
    }

    /// Sends a tool call without waiting.
    pub fn ask(&mut self, tool: &str, arguments: Value) -> anyhow::Result<Question> {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// Waits for the answer to a tool call.
    pub fn answer(&mut self, question: Question) -> anyhow::Result<Answer> {
        let result = self.result(question)?;
        if self.era == Era::Stateless && result.get("resultType").is_none() {
            bail!("an answer of the stateless era has no `resultType`: {result}");
        }
        let content = result.get("content").and_then(Value::as_array).context("an answer without content")?;
        let texts: Vec<&str> =
            content.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect();
        let is_error = result.get("isError").and_then(Value::as_bool).unwrap_or(false);
        Ok(Answer { is_error, text: texts.join("\n") })
    }

    /// Kills the process with SIGKILL, as a crash would, and waits until it is gone.
    pub fn kill(mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    fn open(&mut self) -> anyhow::Result<()> {
        match self.era {
            Era::Session => {
                let params =
                    json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": self.info()});
                let question = self.request("initialize", params)?;
                self.result(question)?;
                self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            }
            Era::Stateless => {
                let question = self.request("server/discover", json!({}))?;
                self.result(question).map(drop)
            }
        }
    }

    fn info(&self) -> Value {
        json!({"name": self.name, "version": env!("CARGO_PKG_VERSION")})
    }

    fn request(&mut self, method: &str, mut params: Value) -> anyhow::Result<Question> {
        if let (Era::Stateless, Some(members)) = (self.era, params.as_object_mut()) {
            let meta = json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": self.info(),
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            members.insert("_meta".to_owned(), meta);
        }
        self.asked += 1;
        self.open.push(self.asked);
        self.send(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}))?;
        Ok(Question(self.asked))
    }

    fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("the server's input is closed")?;
        Ok(stdin.write_all(format!("{message}\n").as_bytes())?)
    }

    fn result(&mut self, Question(id): Question) -> anyhow::Result<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(mut message) = self.arrived.remove(&id) {
                let result = message.get_mut("result").map(Value::take);
                return result.with_context(|| format!("the server answered with an error: {message}"));
            }
            self.receive(deadline.saturating_duration_since(Instant::now()))?;
        }
    }

    fn receive(&mut self, patience: Duration) -> anyhow::Result<()> {
        let line = match self.lines.recv_timeout(patience) {
            Ok(line) => line?,
            Err(RecvTimeoutError::Timeout) => bail!("no answer within {} s", PATIENCE.as_secs()),
            Err(RecvTimeoutError::Disconnected) => bail!("the server ended without an answer"),
        };
        let message: Value = serde_json::from_str(&line).with_context(|| format!("not JSON: `{line}`"))?;
        let Some(id) = message.get("id").and_then(Value::as_u64) else { return Ok(()) };
        let Some(place) = self.open.iter().position(|open| *open == id) else {
            bail!("{} got an answer nobody waits for: {message}", self.name);
        };
        self.open.swap_remove(place);
        self.arrived.insert(id, message);
        Ok(())
    }
}

impl Drop for Client {
    /// Closes the connection as a client does: its end of the pipe first, force only for who does not listen.
    fn drop(&mut self) {
        drop(self.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
