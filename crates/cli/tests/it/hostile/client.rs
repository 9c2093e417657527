//! A client that writes what it likes: whole frames as bytes, ids of the test's choice, nothing checked on their way out.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal};
use serde_json::{Value, json};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A raw client: whole frames as bytes, nothing checked on their way out, everything on their way in.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    frames: Receiver<Vec<u8>>,
    stderr: Option<JoinHandle<String>>,
    /// Frames that came in while another was waited for.
    kept: Vec<Value>,
}

/// What is left when a session has ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; nothing after a signal.
    pub code: Option<i32>,
    /// Frames nobody had asked for.
    pub rest: Vec<Value>,
    pub stderr: String,
}

impl Client {
    pub fn start(mut command: Command) -> Client {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (sender, frames) = channel();
        std::thread::spawn(move || {
            let mut from = BufReader::new(stdout);
            loop {
                let mut line = Vec::new();
                if from.read_until(b'\n', &mut line).unwrap_or(0) == 0 || sender.send(line).is_err() {
                    return;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = stderr.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Client { stdin: child.stdin.take(), child, frames, stderr: Some(stderr), kept: Vec::new() }
    }

    /// The handshake of 2025-11-25, and the list of tools.
    pub fn shake_hands(&mut self) {
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        self.send(
            &json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params}).to_string(),
        );
        self.answer("hello");
        self.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        self.send(r#"{"jsonrpc":"2.0","id":"list","method":"tools/list"}"#);
        self.answer("list");
    }

    /// Sends one line.
    pub fn send(&mut self, frame: &str) {
        self.send_bytes(format!("{frame}\n").as_bytes());
    }

    /// Sends one line to a boundary that may have ended.
    pub fn try_send(&mut self, frame: &str) {
        let _ = self.stdin.as_mut().unwrap().write_all(format!("{frame}\n").as_bytes());
    }

    /// Sends bytes as they are.
    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.stdin.as_mut().unwrap().write_all(bytes).unwrap();
    }

    /// Sends this again and again until the boundary takes no more.
    pub fn fill(&mut self, frame: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        let line = format!("{frame}\n");
        assert!(line.len() <= 4096, "a longer one might be written in part");
        let a_while = Timespec { tv_sec: 0, tv_nsec: 300_000_000 };
        let takes_more = |stdin: &ChildStdin| {
            let mut ready = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::OUT)];
            poll(&mut ready, Some(&a_while)).unwrap() > 0
        };
        let mut frames = 0;
        while takes_more(stdin) {
            stdin.write_all(line.as_bytes()).unwrap();
            frames += 1;
            assert!(frames < 100_000, "it takes everything");
        }
    }

    /// Calls a tool with an id of the test's choice (raw JSON), and does not wait.
    pub fn ask(&mut self, id: &str, tool: &str, arguments: Value) {
        self.send(&call(id, tool, &arguments));
    }

    /// Calls a tool and waits for the answer; the id is a string.
    pub fn call(&mut self, id: &str, tool: &str, arguments: Value) -> Value {
        self.ask(&json!(id).to_string(), tool, arguments);
        self.answer(id)
    }

    pub fn get(&mut self, id: &str, key: &str) -> Value {
        self.call(id, "get", json!({"key": key}))
    }

    pub fn set(&mut self, id: &str, key: &str, value: &str) -> Value {
        self.call(id, "set", json!({"key": key, "value": value}))
    }

    /// Waits for the answer to this id.
    pub fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        self.wait_for(&format!("the answer to {id}"), |frame| {
            frame.get("id") == Some(&id) && frame.get("method").is_none()
        })
    }

    /// The next frame of all, as it came.
    pub fn next_bytes(&mut self) -> Vec<u8> {
        self.frames.recv_timeout(PATIENCE).unwrap()
    }

    /// Waits for an error about a frame whose id could not be told, and returns its message.
    pub fn error_to_nobody(&mut self) -> String {
        let frame = self.answer(Value::Null);
        frame["error"]["message"].as_str().unwrap_or_else(|| panic!("not an error: {frame}")).to_owned()
    }

    /// Waits for a request or notification of this method.
    pub fn heard(&mut self, method: &str) -> Value {
        self.wait_for(method, |frame| frame["method"] == method)
    }

    /// Waits until the server has a call that it will not answer yet.
    pub fn arrived(&mut self, key: &str) {
        let told = self.heard("notifications/arrived");
        assert_eq!(told["params"]["key"], key);
    }

    /// Waits until everything sent so far has been through the boundary and the server, both ways.
    pub fn settle(&mut self, id: &str) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": "ping"}).to_string());
        self.answer(id);
    }

    pub fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.frames.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    let frame = read_strictly(&line);
                    if wanted(&frame) {
                        return frame;
                    }
                    self.kept.push(frame);
                }
                Err(RecvTimeoutError::Timeout) => panic!("{what} did not come; instead: {:?}", self.kept),
                Err(RecvTimeoutError::Disconnected) => {
                    let kept = std::mem::take(&mut self.kept);
                    panic!("the boundary ended before {what} came; instead: {kept:?}; {}", self.stderr())
                }
            }
        }
    }

    /// True when frames of this kind came in and nobody asked for them.
    pub fn has_kept(&self, wanted: impl Fn(&Value) -> bool) -> bool {
        self.kept.iter().any(wanted)
    }

    /// Closes the boundary's standard input.
    pub fn close(&mut self) {
        self.stdin = None;
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Closes the input if it is open, and waits for the end.
    pub fn end(mut self) -> Ended {
        self.close();
        self.end_by_itself()
    }

    /// Waits for an end that the client did not ask for.
    pub fn end_by_itself(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let mut rest = std::mem::take(&mut self.kept);
        loop {
            match self.frames.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => rest.push(read_strictly(&line)),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    let _ = self.child.kill();
                    panic!("no end came; {}", self.stderr());
                }
            }
        }
        let code = self.child.wait().unwrap().code();
        Ended { code, rest, stderr: self.stderr() }
    }

    /// Ends a session in which nothing is under way: cleanly, and with nothing more to say.
    pub fn end_quietly(self) -> Ended {
        let ended = self.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.rest.iter().all(|frame| frame.get("id").is_none()), "{ended:?}");
        ended
    }

    fn stderr(&mut self) -> String {
        self.stderr.take().map(|stderr| stderr.join().unwrap()).unwrap_or_default()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client that never reads.
pub struct Unread {
    child: Child,
}

impl Unread {
    pub fn start(mut command: Command) -> Unread {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        Unread { child: command.spawn().unwrap() }
    }

    pub fn send(&mut self, frame: &str) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{frame}\n").as_bytes()).unwrap();
    }

    /// Waits until the boundary has written more than nobody reads.
    pub fn wait_until_full(&self) {
        let stdout = self.child.stdout.as_ref().unwrap();
        let mut before = 0;
        let deadline = Instant::now() + PATIENCE;
        while before < 60_000 {
            assert!(Instant::now() < deadline, "only {before} bytes came");
            before = rustix::io::ioctl_fionread(stdout).unwrap();
            std::thread::yield_now();
        }
    }

    pub fn signal(&self, signal: Signal) {
        rustix::process::kill_process(Pid::from_raw(self.child.id().cast_signed()).unwrap(), signal).unwrap();
    }

    /// Closes both pipes, as the system does for a client that died.
    pub fn vanish(&mut self) {
        drop((self.child.stdin.take(), self.child.stdout.take()));
    }

    /// Waits for the end.
    pub fn end(mut self) -> ExitStatus {
        let pipes = (self.child.stdin.take(), self.child.stdout.take());
        let status = self.child.wait().unwrap();
        drop(pipes);
        status
    }
}

/// Whatever the boundary writes is one strict JSON message a line, even when the server's was not.
fn read_strictly(line: &[u8]) -> Value {
    assert_eq!(line.last(), Some(&b'\n'), "a line was cut short: {}", String::from_utf8_lossy(line));
    let strict = lastlook_canon::scan(line, &lastlook_canon::Limits::default());
    assert!(strict.is_ok(), "{strict:?}: {}", String::from_utf8_lossy(line));
    serde_json::from_slice(line).unwrap()
}

/// The frame of a tool call; the id is raw JSON.
pub fn call(id: &str, tool: &str, arguments: &Value) -> String {
    let params = json!({"name": tool, "arguments": arguments});
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{params}}}"#)
}

/// All text of a tool's answer.
pub fn text_of(answer: &Value) -> String {
    let blocks = answer["result"]["content"].as_array().unwrap_or_else(|| panic!("no content: {answer}"));
    blocks.iter().filter_map(|block| block["text"].as_str()).collect::<Vec<_>>().join("\n")
}
