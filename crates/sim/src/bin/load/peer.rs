//! The started process, its pipes, and the few frames the generator needs to understand.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A process that has stood still for this long is killed, which ends the run with an error.
const PATIENCE: Duration = Duration::from_secs(20);

const INITIALIZE: &str = concat!(
    r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","#,
    r#""capabilities":{},"clientInfo":{"name":"load","version":"0"}}}"#,
    "\n"
);
const INITIALIZED: &str = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

/// An answer, as far as it matters here.
pub struct Answer {
    /// The call's id.
    pub id: u64,
    /// The whole answer, if it was an error of either kind.
    pub error: Option<String>,
}

/// An MCP server in its process.
pub struct Peer {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    received: Vec<u8>,
    progress: Arc<AtomicU64>,
}

impl Peer {
    /// Starts the command and opens a session with it.
    pub fn start(command: &[String]) -> anyhow::Result<Self> {
        let (program, arguments) = command.split_first().context("no command")?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start `{program}`"))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (stdin, stdout) = pipes.context("the process has no pipes")?;
        let progress = Arc::new(AtomicU64::new(0));
        let mut peer = Self { child, stdin, stdout, received: Vec::new(), progress };
        peer.watch();
        peer.send(INITIALIZE.as_bytes())?;
        let mut opened = Vec::new();
        while opened.is_empty() {
            peer.receive(&mut opened)?;
        }
        peer.send(INITIALIZED.as_bytes())?;
        Ok(peer)
    }

    /// The started process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends whole lines.
    pub fn send(&mut self, lines: &[u8]) -> anyhow::Result<()> {
        Ok(self.stdin.write_all(lines)?)
    }

    /// Waits for bytes, and appends the answers that are whole.
    pub fn receive(&mut self, answers: &mut Vec<Answer>) -> anyhow::Result<()> {
        let held = self.received.len();
        self.received.resize(held + (1 << 16), 0);
        let room = self.received.get_mut(held..).unwrap_or_default();
        let read = self.stdout.read(room)?;
        self.received.truncate(held + read);
        if read == 0 {
            bail!("the process ended, or stood still for {} s and was stopped", PATIENCE.as_secs());
        }
        self.progress.fetch_add(1, Ordering::Relaxed);
        // Only the new bytes can hold the end of a line.
        let Some(end) = self.received.iter().skip(held).rposition(|byte| *byte == b'\n') else {
            return Ok(());
        };
        let whole: Vec<u8> = self.received.drain(..=held + end).collect();
        for line in whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            answers.extend(understood(line)?);
        }
        Ok(())
    }

    /// Stops the process when it stands still, so that no run hangs.
    fn watch(&self) {
        let (pid, progress) = (self.child.id(), Arc::downgrade(&self.progress));
        std::thread::spawn(move || {
            let mut before = u64::MAX;
            while let Some(progress) = progress.upgrade() {
                let now = progress.load(Ordering::Relaxed);
                if now == before {
                    let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
                    return;
                }
                before = now;
                drop(progress);
                std::thread::sleep(PATIENCE);
            }
        });
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Deserialize)]
struct Frame<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    is_error: bool,
}

/// An answer, or nothing for what the server says of its own accord.
fn understood(line: &[u8]) -> anyhow::Result<Option<Answer>> {
    let text = || String::from_utf8_lossy(line).into_owned();
    let frame: Frame<'_> = serde_json::from_slice(line).with_context(|| format!("not MCP: `{}`", text()))?;
    let (Some(id), None) = (frame.id, frame.method) else { return Ok(None) };
    let outcome = frame.result.and_then(|result| serde_json::from_str::<Outcome>(result.get()).ok());
    let fine = outcome.is_some_and(|outcome| !outcome.is_error);
    Ok(Some(Answer { id, error: (!fine).then(text) }))
}
