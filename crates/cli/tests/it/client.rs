//! An MCP client by hand, one line a message: a library would hide a second answer, a stray line, a silence.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything that is waited for may take: far more than it ever does.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The name of a request whose answer has not been taken yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asked(pub u64);

/// A client with the process it talks to.
///
/// Whatever cannot be right panics, with what the process printed on its error stream: an answer nobody waits for, a
/// second answer, a line that is not JSON, silence.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    complaints: Arc<Mutex<String>>,
    asked: u64,
    open: Vec<u64>,
    arrived: HashMap<u64, Value>,
    told: Vec<Value>,
}

impl Client {
    /// Starts the process. Nothing is said to it yet.
    pub fn spawn(command: &mut Command) -> Client {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let complaints = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&complaints);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut buffer) {
                heard.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
            }
        });
        let stdin = child.stdin.take();
        Client {
            child,
            stdin,
            lines,
            complaints,
            asked: 0,
            open: Vec::new(),
            arrived: HashMap::new(),
            told: Vec::new(),
        }
    }

    /// Opens a session of 2025-11-25; gives the server's answer.
    pub fn initialize(&mut self) -> Value {
        let info = json!({"name": "a test", "version": "0"});
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": info});
        let asked = self.request("initialize", params);
        let answer = self.answer(asked);
        self.notify("notifications/initialized", json!({}));
        answer["result"].clone()
    }

    /// Calls a tool and gives its result.
    pub fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let asked = self.ask(tool, arguments);
        self.result(asked)
    }

    /// Calls a tool with arguments that are written out, and gives its result.
    pub fn call_written(&mut self, tool: &str, arguments: &str) -> Value {
        self.asked += 1;
        self.open.push(self.asked);
        let params = format!("{{\"name\":\"{tool}\",\"arguments\":{arguments}}}");
        let head = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"tools/call\"", self.asked);
        self.send(format!("{head},\"params\":{params}}}\n").as_bytes());
        self.result(Asked(self.asked))
    }

    /// Sends a call without waiting.
    pub fn ask(&mut self, tool: &str, arguments: Value) -> Asked {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// Sends a request without waiting.
    pub fn request(&mut self, method: &str, params: Value) -> Asked {
        self.asked += 1;
        self.open.push(self.asked);
        let message = json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params});
        self.send(format!("{message}\n").as_bytes());
        Asked(self.asked)
    }

    /// Sends a notification.
    pub fn notify(&mut self, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        self.send(format!("{message}\n").as_bytes());
    }

    /// Cancels a request: no answer is waited for any more.
    pub fn cancel(&mut self, Asked(id): Asked) {
        self.open.retain(|open| *open != id);
        self.notify("notifications/cancelled", json!({"requestId": id}));
    }

    /// Sends a request as it is, under this id, and waits for its answer.
    pub fn raw(&mut self, id: u64, line: &[u8]) -> Value {
        self.open.push(id);
        self.send(line);
        self.answer(Asked(id))
    }

    /// Whether a notification of this kind, or a request of the server's, has come by now and was not taken.
    pub fn has_told(&mut self, method: &str) -> bool {
        while let Ok(line) = self.lines.try_recv() {
            self.take(&line);
        }
        self.told.iter().any(|told| told["method"] == method)
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the input is closed");
        // A process that was killed takes nothing more: whoever waits for its answer notices.
        let _ = stdin.write_all(bytes).and_then(|()| stdin.flush());
    }

    /// Waits for the result of a request; an error instead of it panics.
    pub fn result(&mut self, asked: Asked) -> Value {
        let mut answer = self.answer(asked);
        assert!(answer.get("result").is_some(), "no result: {answer}\n{}", self.complaints());
        answer["result"].take()
    }

    /// Waits for the whole answer to a request.
    pub fn answer(&mut self, Asked(id): Asked) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(answer) = self.arrived.remove(&id) {
                return answer;
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.take(&line),
                Err(RecvTimeoutError::Timeout) => panic!("no answer to {id}\n{}", self.complaints()),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without answering {id}\n{}", self.complaints())
                }
            }
        }
    }

    /// Waits for a notification of this kind, or takes one that came before.
    pub fn notification(&mut self, method: &str) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.told.iter().position(|told| told["method"] == method) {
                return self.told.swap_remove(place);
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.take(&line),
                Err(error) => panic!("no `{method}`: {error}\n{}", self.complaints()),
            }
        }
    }

    fn take(&mut self, line: &str) {
        let message: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: `{line}`"));
        if message.get("method").is_some() {
            self.told.push(message);
            return;
        }
        let id =
            message.get("id").and_then(Value::as_u64).unwrap_or_else(|| panic!("whose answer? {message}"));
        let place = self.open.iter().position(|open| *open == id);
        self.open.swap_remove(place.unwrap_or_else(|| panic!("nobody waits for this: {message}")));
        self.arrived.insert(id, message);
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What the process printed on its error stream so far.
    pub fn complaints(&self) -> String {
        self.complaints.lock().unwrap().clone()
    }

    /// Ends it with SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until it has ended by itself. Its input stays open.
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end\n{}", self.complaints());
            std::thread::sleep(Duration::from_millis(2)); // backoff: std has no wait with a deadline
        }
    }

    /// Closes the connection as a client does, and waits for the process to end.
    pub fn close(mut self) -> ExitStatus {
        drop(self.stdin.take());
        self.wait()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.stdin.take());
        // Whoever cares how it ends says `close`; here it only must not outlive the test.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
