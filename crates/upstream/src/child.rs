//! An MCP server as a child process that dies with its writer.
//!
//! The child is started through our own executable (`lastlook child …`), which asks the kernel for a signal at the
//! parent's death and then becomes the server by `exec`: no moment exists in which the server runs without it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal};

/// How to start a server.
#[derive(Debug, Clone)]
pub struct ChildSpec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Where it starts; ours when `None`.
    pub cwd: Option<PathBuf>,
    /// Added to our environment (which it gets without our own `LASTLOOK_…` variables).
    pub env: BTreeMap<String, String>,
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// There is no command.
    #[error("the upstream has no command")]
    Empty,
    /// The program is nowhere to be found.
    #[error("the upstream's program `{0}` was not found")]
    NotFound(String),
    /// The operating system refused.
    #[error("the upstream `{program}` could not be started: {source}")]
    Os {
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
}

/// A started server and its pipes.
#[derive(Debug)]
pub struct Started {
    /// The process.
    pub child: Child,
    /// Its standard input.
    pub stdin: ChildStdin,
    /// Its standard output.
    pub stdout: ChildStdout,
    /// Who it is, for whoever recovers after us.
    pub group: ProcessGroup,
}

/// A process group that can be recognized after its writer is dead.
///
/// A pid alone is no identity: it is reused. The leader's start time and the boot it started in make it one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessGroup {
    /// The group id, which is its leader's pid.
    pub pgid: i32,
    /// The leader's start time in clock ticks since boot, from `/proc/PID/stat`.
    pub start: u64,
    /// The boot id of the machine.
    pub boot: String,
}

/// Starts a server in a process group of its own. `exe` is our own executable.
///
/// Must be called on a thread that lives as long as the process: the parent-death signal follows the thread.
pub fn start(exe: &Path, spec: &ChildSpec) -> Result<Started, SpawnError> {
    let program = spec.command.first().ok_or(SpawnError::Empty)?;
    if !can_be_found(program, spec.cwd.as_deref()) {
        return Err(SpawnError::NotFound(program.clone()));
    }
    let os = |source| SpawnError::Os { program: program.clone(), source };
    let mut command = Command::new(exe);
    command.arg("child").arg("--parent").arg(std::process::id().to_string()).arg("--").args(&spec.command);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
    command.envs(&spec.env).process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
    if let Some(cwd) = &spec.cwd {
        command.current_dir(cwd);
    }
    let mut child = command.spawn().map_err(os)?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (stdin, stdout) = pipes.ok_or_else(|| os(io::Error::other("no pipes")))?;
    let group = ProcessGroup::led_by(child.id().cast_signed()).map_err(os)?;
    Ok(Started { child, stdin, stdout, group })
}

/// Becomes the server: the body of the hidden `child` subcommand. Returns only when that failed.
pub fn become_server(parent: u32, command: &[OsString]) -> io::Error {
    if let Err(error) = rustix::process::set_parent_process_death_signal(Some(Signal::KILL)) {
        return error.into();
    }
    // The parent may have died before the signal was asked for.
    let actual = rustix::process::getppid().map_or(0, |pid| pid.as_raw_nonzero().get());
    if actual != parent.cast_signed() {
        return io::Error::other("the parent is gone");
    }
    let Some((program, arguments)) = command.split_first() else {
        return io::Error::new(io::ErrorKind::InvalidInput, "no command");
    };
    Command::new(program).args(arguments).exec()
}

/// What the hidden `child` subcommand says on stderr, behind `error: `, when [`become_server`] returned.
///
/// The words are part of what [`command`](crate::source::command) goes by: a program that never ran has no exit code.
pub fn never_started(command: &[OsString], error: &io::Error) -> String {
    let program = command.first().map(|program| program.to_string_lossy()).unwrap_or_default();
    format!("{}{error}", could_not_start(&program))
}

pub(crate) fn could_not_start(program: &str) -> String {
    format!("the upstream `{program}` could not be started: ")
}

impl ProcessGroup {
    pub(crate) fn led_by(pid: i32) -> io::Result<ProcessGroup> {
        // One that has ended already is still ours to wait for, and has a start time until then.
        let stat = Stat::of(&pid.to_string());
        let start = stat.ok_or_else(|| io::Error::other("the child cannot be seen in `/proc`"))?.start;
        Ok(ProcessGroup { pgid: pid, start, boot: boot_id() })
    }

    /// This process, for effects that it has itself. It need not lead a group.
    ///
    /// # Errors
    ///
    /// `/proc` cannot be read.
    pub fn own() -> io::Result<ProcessGroup> {
        ProcessGroup::led_by(std::process::id().cast_signed())
    }

    /// True when neither the leader nor any other process of the group is left.
    pub fn is_gone(&self) -> bool {
        let Some(pid) = Pid::from_raw(self.pgid) else { return true };
        if boot_id() != self.boot {
            return true;
        }
        match start_time(self.pgid) {
            Some(start) if start == self.start => return false,
            Some(_) => return true,
            None => {}
        }
        rustix::process::test_kill_process_group(pid) == Err(rustix::io::Errno::SRCH)
            || !has_living_member(self.pgid)
    }

    /// Ends the whole group. Only for a group that this process started.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = Pid::from_raw(self.pgid) {
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

fn is_ours(name: &OsString) -> bool {
    name.to_string_lossy().starts_with("LASTLOOK_")
}

/// Whether a program is where its name says, or in a folder of PATH.
pub fn can_be_found(program: &str, cwd: Option<&Path>) -> bool {
    if program.contains('/') {
        let path = Path::new(program);
        return cwd.map_or_else(|| path.exists(), |cwd| cwd.join(path).exists());
    }
    let Some(path) = std::env::var_os("PATH") else { return false };
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// When a process started. A zombie counts as gone: it can no longer act.
fn start_time(pid: i32) -> Option<u64> {
    let stat = Stat::of(&pid.to_string())?;
    stat.lives.then_some(stat.start)
}

/// Whether some process of the group is more than a zombie.
///
/// A signal finds zombies too, and a killed orphan stays one until it is reaped: for ever under a first process that
/// does not do so, as in many containers. Where `/proc` cannot be read everything counts as living.
fn has_living_member(pgid: i32) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else { return true };
    let mut stats = processes.flatten().filter_map(|process| Stat::of(process.file_name().to_str()?));
    stats.any(|stat| stat.pgid == pgid && stat.lives)
}

/// What `/proc/PID/stat` says of a process (proc(5)): fields 3, 5 and 22.
struct Stat {
    lives: bool,
    pgid: i32,
    start: u64,
}

impl Stat {
    fn of(pid: &str) -> Option<Stat> {
        if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Counted from behind the last `)`: a name may hold anything.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let lives = !matches!(fields.next()?, "Z" | "X");
        let pgid = fields.nth(1)?.parse().ok()?;
        let start = fields.nth(16)?.parse().ok()?;
        Some(Stat { lives, pgid, start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_leads_no_group_is_there_while_it_lives() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let process = ProcessGroup::led_by(child.id().cast_signed()).unwrap();
        assert!(!process.is_gone());
        assert!(!ProcessGroup::own().unwrap().is_gone());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(process.is_gone());
    }

    #[test]
    fn a_process_is_known_by_its_start_and_a_zombie_is_gone() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).process_group(0).spawn().unwrap();
        let group = ProcessGroup::led_by(child.id().cast_signed()).unwrap();
        assert!(!group.is_gone());
        assert!(ProcessGroup { start: group.start + 1, ..group.clone() }.is_gone());
        assert!(ProcessGroup { boot: "another".to_owned(), ..group.clone() }.is_gone());
        child.kill().unwrap();
        // Not waited for: it is a zombie from here on.
        while !group.is_gone() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(group.is_gone());
    }
}
