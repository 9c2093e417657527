//! On a terminal: what is asked, and that nothing of what is typed is shown.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::rig::{Rig, SECRET};

/// A command on a terminal of its own (`script` of util-linux): its standard output is what the terminal shows, and what
/// is written to its standard input is typed.
struct Terminal {
    child: Child,
    shown: ChildStdout,
}

impl Terminal {
    fn of(rig: &Rig, words: &[&str]) -> Terminal {
        let command = rig.world.lastlook(&[&["approvers"], words].concat());
        let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_str().unwrap());
        let line = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted);
        let line = format!(
            "stty -echoctl; {}; code=$?; stty -a | grep -o -- '-\\?echo '; exit $code",
            line.collect::<Vec<_>>().join(" ")
        );
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--flush", "--command", &line, "/dev/null"]);
        script.env("HOME", rig.world.path("home")).env("SHELL", "/bin/sh").env("TERM", "dumb");
        script.env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let shown = child.stdout.take().unwrap();
        Terminal { child, shown }
    }

    /// Waits until the terminal shows this; gives all that it showed since.
    fn until(&mut self, wanted: &str) -> String {
        let (mut shown, mut byte) = (Vec::new(), [0]);
        while self.shown.read(&mut byte).unwrap() == 1 {
            shown.extend(byte);
            if shown.ends_with(wanted.as_bytes()) {
                return String::from_utf8(shown).unwrap();
            }
        }
        panic!("it ended before `{wanted}`: {}", String::from_utf8_lossy(&shown));
    }

    fn types(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    /// The rest that is shown, and the exit code.
    fn end(mut self) -> (String, i32) {
        let mut rest = String::new();
        self.shown.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap().code().unwrap())
    }
}

#[test]
fn the_passphrase_is_asked_twice_and_never_shown() {
    let rig = Rig::new();
    let mut terminal = Terminal::of(&rig, &["add", "ada"]);
    let mut shown = terminal.until("new passphrase for ada: ");
    // Typed wrong, taken back whole; then a letter taken back, that has two bytes.
    terminal.types("wrong\u{15}correct horse battery staplé\u{7f}e\n");
    shown += &terminal.until("the same again: ");
    terminal.types(&format!("{SECRET}\n"));
    let (rest, code) = terminal.end();
    shown += &rest;
    assert_eq!(code, 0, "{shown}");
    for piece in ["wrong", "correct", "horse", "staple"] {
        assert!(!shown.contains(piece), "{shown}");
    }
    assert!(
        shown.trim_end().ends_with("echo") && !shown.contains("-echo"),
        "the terminal shows again: {shown}"
    );

    // The passphrase is the one that was typed: the file has it too.
    assert_eq!(rig.add_by("bob", "ada", &[]).code, 0);
    let mut terminal = Terminal::of(&rig, &["remove", "bob", "--by", "ada", "--reason", "left"]);
    terminal.until("passphrase of ada: ");
    terminal.types(&format!("{SECRET}\n"));
    assert_eq!(terminal.end().1, 0);
    assert!(!rig.listed()[1]["removed"].is_null());
}

#[test]
fn what_is_typed_wrong_does_nothing() {
    let rig = Rig::new();
    let mut terminal = Terminal::of(&rig, &["add", "ada"]);
    terminal.until("new passphrase for ada: ");
    terminal.types(&format!("{SECRET}\n"));
    terminal.until("the same again: ");
    terminal.types("correct horse battery stable\n");
    let (rest, code) = terminal.end();
    assert!(code == 2 && rest.contains("the two passphrases differ"), "{code}: {rest}");

    let mut terminal = Terminal::of(&rig, &["add", "ada"]);
    terminal.until("new passphrase for ada: ");
    terminal.types("1234567\n");
    let (rest, code) = terminal.end();
    assert!(code == 2 && rest.contains("fewer than 8"), "{code}: {rest}");

    // Control-C ends it, and the terminal is as it was.
    let mut terminal = Terminal::of(&rig, &["add", "ada"]);
    terminal.until("new passphrase for ada: ");
    terminal.types("correct\u{3}");
    let (rest, code) = terminal.end();
    assert!(code == 1 && rest.contains("stopped") && !rest.contains("-echo"), "{code}: {rest}");
    assert!(!rig.key("ada").exists());

    rig.add("ada", &[]);
    let mut terminal = Terminal::of(&rig, &["add", "eve", "--by", "ada"]);
    terminal.until("passphrase of ada: ");
    terminal.types("correct horse battery stable\n");
    let (rest, code) = terminal.end();
    assert!(code == 1 && rest.contains("does not open") && !rest.contains("eve:"), "{code}: {rest}");
    assert_eq!(rig.listed().len(), 1);
}
