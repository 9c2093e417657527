//! On a terminal: what is asked, what an answer does, and what happens meanwhile.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use super::rig::{Rig, flavour};

/// Runs a command on a terminal of its own. Its standard output says what the terminal shows; each line on its
/// standard input is typed.
const TERMINAL: &str = "
import os, pty, sys, threading
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
def type():
    for line in sys.stdin.buffer:
        os.write(fd, line)
threading.Thread(target=type, daemon=True).start()
try:
    while data := os.read(fd, 4096):
        sys.stdout.buffer.write(data.replace(b'? [y/N] ', b'?\\n'))
        sys.stdout.flush()
except OSError:
    pass
sys.stdout.flush()
os._exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

struct Terminal {
    child: Child,
    shown: String,
}

impl Terminal {
    /// Starts `lastlook WORD FILE` and waits until it asks.
    fn asked(rig: &Rig, word: &str, words: &[&str]) -> Terminal {
        let mut command = Command::new("python3");
        command.args(["-c", TERMINAL, env!("CARGO_BIN_EXE_lastlook"), word]).arg(rig.file()).args(words);
        command.env("HOME", rig.world.path("home")).env("TERM", "xterm");
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if ["LASTLOOK_", "XDG_", "NO_COLOR"].iter().any(|ours| name_text.starts_with(ours)) {
                command.env_remove(name);
            }
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut shown = String::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        while lines.read_line(&mut shown).unwrap() > 0 && !shown.contains("write this?") {}
        child.stdout = Some(lines.into_inner());
        Terminal { child, shown }
    }

    /// Types a line; gives the exit code.
    fn type_in(mut self, line: &str) -> i32 {
        self.child.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).unwrap();
        self.child.wait_with_output().unwrap().status.code().unwrap()
    }
}

#[test]
fn yes_writes_and_the_difference_has_colours() {
    let rig = Rig::new(&flavour("cursor.mcp.json"));
    let terminal = Terminal::asked(&rig, "wrap", &[]);
    assert!(
        terminal.shown.contains("\u{1b}[32m+") && terminal.shown.contains("\u{1b}[31m-"),
        "{}",
        terminal.shown
    );
    assert_eq!(
        (rig.text(), rig.others().len()),
        (flavour("cursor.mcp.json"), 0),
        "nothing before the answer"
    );
    assert_eq!(terminal.type_in("y"), 0);
    assert!(rig.text().contains("\"--\", \"docker\""));
    assert_eq!(Terminal::asked(&rig, "unwrap", &[]).type_in("yes"), 0);
    assert_eq!(rig.text(), flavour("cursor.mcp.json"));
}

#[test]
fn anything_but_yes_writes_nothing() {
    for answer in ["n", "", "yess"] {
        let rig = Rig::new(&flavour("cursor.mcp.json"));
        assert_eq!(Terminal::asked(&rig, "wrap", &[]).type_in(answer), 1);
        assert_eq!((rig.text(), rig.others().len()), (flavour("cursor.mcp.json"), 0));
    }
}

#[test]
fn a_file_that_somebody_changes_while_it_is_shown_is_not_written() {
    let rig = Rig::new(&flavour("cursor.mcp.json"));
    let terminal = Terminal::asked(&rig, "wrap", &[]);
    let theirs = flavour("cursor.mcp.json").replace("docker", "podman");
    std::fs::write(rig.file(), &theirs).unwrap();
    assert_eq!(terminal.type_in("y"), 4);
    assert_eq!((rig.text(), rig.others().len()), (theirs, 0));
}
