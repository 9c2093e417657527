//! Servers that cannot be looked at, and looks that are cut short.

use std::process::Stdio;

use super::rig::Rig;
use crate::records::rig::until;

/// Fails with this code, saying this; and leaves nothing behind.
#[track_caller]
fn check(how: &str, options: &[&str], code: i32, says: &str) {
    let rig = Rig::new();
    let said = rig.init(options, &rig.specimen(how));
    said.fails(code, says);
    assert!(said.err.contains("hint: "), "{said:?}");
    assert!(!said.err.contains("\u{1b}[1m"), "{said:?}");
    assert!(!rig.world.path("home").exists(), "something was written");
}

#[test]
fn a_server_that_cannot_be_looked_at_says_why() {
    check("nonsense", &[], 4, "it printed `Welcome to \\u{1b}[1mspecimen");
    check("silent", &["--timeout", "1"], 4, "did not answer `initialize` within 1 s");
    check("refuses", &[], 4, "refuses `initialize`: no token");
    check("ends", &[], 4, "ended without answering `initialize`");
    let rig = Rig::new();
    rig.init(&[], &["no-such-program".to_owned()]).fails(2, "`no-such-program` was not found");
    rig.init(&["--upstream-name", "a.b"], &rig.notes()).fails(2, "`a.b` cannot name an upstream");
    rig.init(&[], &["true".to_owned()]).fails(4, "ended without answering");
}

#[test]
fn a_banner_before_the_first_message_is_no_obstacle() {
    let rig = Rig::new();
    rig.ok(&["--no-calls"], &rig.specimen("banner"));
    assert!(rig.default_file().exists());
}

#[test]
fn killed_before_the_end_it_leaves_no_file_and_no_server() {
    let rig = Rig::new();
    let mut words = vec!["init".to_owned(), "--".to_owned()];
    words.extend(rig.specimen(""));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut init = rig.world.bare(&words);
    let mut init = init.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // Between the two readings of each tool: the list is there, the file is not.
    until("a tool was called", || (!rig.called().is_empty()).then_some(()));
    init.kill().unwrap();
    init.wait().unwrap();
    assert!(!rig.world.path("home").exists(), "something was written");
    let log = rig.log().to_str().unwrap().to_owned();
    until("the server is gone", || (!commands().iter().any(|command| command.contains(&log))).then_some(()));
}

/// The command lines of every process there is (proc(5)).
fn commands() -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let texts = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    texts.map(|text| String::from_utf8_lossy(&text).replace('\0', " ")).collect()
}
