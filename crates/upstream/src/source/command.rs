//! One program, run to its end: its exit code and what it wrote to its standard output.
//!
//! The value is `{exit, json}` when the output is strict JSON, else `{exit, text}` with the line ends at its end taken
//! off. There is no shell: the arguments arrive as they are. The program starts through `lastlook child` (see
//! [`child`](crate::child)), so that it dies with its writer, in a process group of its own, which is ended as a whole
//! when the program ends, the time is over, the output is too large or nobody waits for the answer any more: a reading
//! leaves nothing running behind.

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use lastlook_canon::{Json, Limits, parse};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal};

use super::{Bounds, Got, SourceError, beside, quoted};
use crate::child::{can_be_found, could_not_start};

/// How much of the standard error is kept, from its beginning, for the operator's sentence.
const KEPT_ERROR: usize = 2 << 10;

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandAsk {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Where it starts; ours when `None`.
    pub cwd: Option<PathBuf>,
    /// The names of the variables it gets from our environment, beside `PATH`; it gets no others.
    pub env: Vec<String>,
}

/// Runs a program and waits for its end. `exe` is our own executable.
///
/// [`Bounds::max_bytes`] bounds its standard output. An exit code other than 0 is a value like any other; death by a
/// signal is [`SourceError::Gone`]. Its standard input is empty.
pub async fn run(exe: &Path, ask: &CommandAsk, bounds: &Bounds) -> Result<Got, SourceError> {
    let (exe, ask, at_most) = (exe.to_owned(), ask.clone(), bounds.max_bytes);
    let deadline = Instant::now() + bounds.timeout;
    // Dropped with this future: the other end then reads its end.
    let (wanted, _waiting) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)
        .map_err(|error| SourceError::Gone(format!("no pipe could be made: {error}")))?;
    // One thread from start to end: the parent-death signal follows the thread that starts a child.
    beside(bounds, move || {
        let mut running = Running::start(&exe, &ask, wanted)?;
        let status = running.attend(deadline, at_most)?;
        answer(&ask, status, &running.output, &running.errors)
    })
    .await
}

fn answer(ask: &CommandAsk, status: ExitStatus, output: &[u8], errors: &[u8]) -> Result<Got, SourceError> {
    let errors = String::from_utf8_lossy(errors);
    let program = ask.argv.first().map_or("", String::as_str);
    let Some(exit) = status.code() else {
        let signal = status.signal().unwrap_or_default();
        let said = if errors.is_empty() { String::new() } else { format!(", saying: {}", quoted(&errors)) };
        return Err(SourceError::Gone(format!("`{program}` was ended by signal {signal}{said}")));
    };
    if let Some((_, why)) = errors.split_once(&could_not_start(program)).filter(|_| exit != 0) {
        return Err(SourceError::Refused(format!("`{program}` could not be started: {}", quoted(why))));
    }
    let limits = Limits { max_bytes: usize::MAX, ..Limits::default() };
    let content = match parse(output, &limits) {
        Ok(json) => ("json", json),
        Err(_) => {
            let text = std::str::from_utf8(output);
            let text =
                text.map_err(|_| SourceError::NotPlain(format!("the output of `{program}` is not UTF-8")))?;
            ("text", text.trim_end_matches(['\n', '\r']).into())
        }
    };
    Ok(Got {
        value: Json::object([("exit", i64::from(exit).into()), content]),
        version: None,
        as_of_ns: None,
    })
}

/// A program under way. Dropping it ends its whole process group.
struct Running {
    child: Child,
    /// True once its number may be somebody else's.
    waited_for: bool,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// Readable when the program has ended.
    ended: OwnedFd,
    /// At its end when nobody waits any more.
    wanted: OwnedFd,
    output: Vec<u8>,
    errors: Vec<u8>,
}

impl Running {
    fn start(exe: &Path, ask: &CommandAsk, wanted: OwnedFd) -> Result<Running, SourceError> {
        let refused = |why: String| SourceError::Refused(why);
        let program = ask.argv.first().ok_or_else(|| refused("there is no command".to_owned()))?;
        if ask.argv.iter().any(|argument| argument.contains('\0')) {
            return Err(refused("an argument holds NUL, which no argument can".to_owned()));
        }
        if let Some(cwd) = ask.cwd.as_deref().filter(|cwd| !cwd.is_dir()) {
            return Err(refused(format!("the folder `{}` to start in is not there", cwd.display())));
        }
        if !can_be_found(program, ask.cwd.as_deref()) {
            return Err(refused(format!("the program `{program}` was not found")));
        }
        let gone =
            |error: std::io::Error| SourceError::Gone(format!("`{program}` could not be started: {error}"));
        let mut command = Command::new(exe);
        command.arg("child").arg("--parent").arg(std::process::id().to_string()).arg("--").args(&ask.argv);
        command.env_clear();
        for name in ask.env.iter().map(String::as_str).chain(["PATH"]) {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        if let Some(cwd) = &ask.cwd {
            command.current_dir(cwd);
        }
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(gone)?;
        let ended = pid_of(&child).and_then(|pid| rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok());
        let Some(ended) = ended else {
            end(&mut child);
            return Err(SourceError::Gone(format!("`{program}` cannot be watched on this system")));
        };
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = (Vec::new(), Vec::new());
        Ok(Running { child, waited_for: false, stdout, stderr, ended, wanted, output, errors })
    }

    /// Reads both outputs until the program has ended.
    fn attend(&mut self, deadline: Instant, at_most: usize) -> Result<ExitStatus, SourceError> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(SourceError::Late);
            }
            let ready = self.wait(left)?;
            if ready.unwanted {
                return Err(SourceError::Late);
            }
            self.take(&ready, at_most)?;
            if ready.ended {
                break;
            }
        }
        // Not waited for yet, so that the group's number is still its own. What its leader wrote is in the pipes, and
        // what is left of the group can add to it no more.
        kill_group(&self.child);
        loop {
            let ready = self.wait(Duration::ZERO)?;
            if !ready.stdout && !ready.stderr {
                break;
            }
            // One that left the group can still write.
            if Instant::now() >= deadline {
                return Err(SourceError::Late);
            }
            self.take(&ready, at_most)?;
        }
        self.waited_for = true;
        self.child.wait().map_err(|error| SourceError::Gone(format!("the command was lost: {error}")))
    }

    fn wait(&self, at_most: Duration) -> Result<Ready, SourceError> {
        let mut polled =
            vec![PollFd::new(&self.ended, PollFlags::IN), PollFd::new(&self.wanted, PollFlags::IN)];
        let (stdout, stderr) = (self.stdout.as_ref().map(AsFd::as_fd), self.stderr.as_ref().map(AsFd::as_fd));
        polled.extend(stdout.iter().chain(&stderr).map(|pipe| PollFd::new(pipe, PollFlags::IN)));
        let timeout = Timespec::try_from(at_most).unwrap_or(Timespec { tv_sec: 1, tv_nsec: 0 });
        match poll(&mut polled, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(SourceError::Gone(format!("the command was lost: {error}"))),
        }
        let mut answers = polled.iter().map(|polled| !polled.revents().is_empty());
        let mut next = |asked: bool| asked && answers.next().unwrap_or(false);
        Ok(Ready {
            ended: next(true),
            unwanted: next(true),
            stdout: next(stdout.is_some()),
            stderr: next(stderr.is_some()),
        })
    }

    fn take(&mut self, ready: &Ready, at_most: usize) -> Result<(), SourceError> {
        if ready.stdout && read_some(&mut self.stdout, &mut self.output, usize::MAX) {
            self.stdout = None;
        }
        if self.output.len() > at_most {
            return Err(SourceError::TooLarge { at_most });
        }
        // Read on beyond what is kept: a program must not stop because nobody listens.
        if ready.stderr && read_some(&mut self.stderr, &mut self.errors, KEPT_ERROR) {
            self.stderr = None;
        }
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.waited_for {
            end(&mut self.child);
        }
    }
}

/// What can be gone on with.
struct Ready {
    ended: bool,
    unwanted: bool,
    stdout: bool,
    stderr: bool,
}

/// Reads what is there and keeps it up to `room` bytes in all. True at the end.
fn read_some(from: &mut Option<impl Read>, into: &mut Vec<u8>, room: usize) -> bool {
    let mut buffer = [0; 16 << 10];
    let Some(pipe) = from else { return true };
    match pipe.read(&mut buffer) {
        Ok(0) => true,
        Ok(count) => {
            let keep = count.min(room.saturating_sub(into.len()));
            into.extend_from_slice(buffer.get(..keep).unwrap_or_default());
            false
        }
        Err(error) => error.kind() != std::io::ErrorKind::Interrupted,
    }
}

fn end(child: &mut Child) {
    kill_group(child);
    let _ = child.wait();
}

fn kill_group(child: &Child) {
    if let Some(pid) = pid_of(child) {
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    Pid::from_raw(child.id().cast_signed())
}
