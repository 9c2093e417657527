use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lastlook_upstream::source::command::{CommandAsk, run as run_command};
use lastlook_upstream::source::{Bounds, Got, SourceError};

use crate::{BOUNDS, SHORT, refused, run, shown, value};

/// The stand-in for `lastlook child`: an example of this crate, which `cargo test` builds.
pub fn exe() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let exe = test.parent().unwrap().parent().unwrap().join("examples/child");
    assert!(exe.exists(), "`cargo test -p lastlook-upstream` builds the example `child`, which is not there");
    exe
}

fn ask(argv: &[&str]) -> CommandAsk {
    CommandAsk { argv: argv.iter().map(|word| (*word).to_owned()).collect(), cwd: None, env: Vec::new() }
}

fn ran(argv: &[&str], bounds: &Bounds) -> Result<Got, SourceError> {
    run(run_command(&exe(), &ask(argv), bounds))
}

fn check(argv: &[&str], expect: &str) {
    assert_eq!(value(ran(argv, &BOUNDS)), expect, "{argv:?}");
}

#[test]
fn output_is_json_when_it_parses_strictly_and_else_text() {
    check(&["printf", r#"{"a": 1.50}\n"#], r#"{"exit":0,"json":{"a":1.50}}"#);
    check(&["printf", r#"{"a":1,"a":2}\n"#], r#"{"exit":0,"text":"{\"a\":1,\"a\":2}"}"#);
    check(&["printf", "one\\ntwo\\n\\n"], r#"{"exit":0,"text":"one\ntwo"}"#);
    check(&["true"], r#"{"exit":0,"text":""}"#);
}

#[test]
fn an_exit_code_is_a_fact_and_a_signal_is_none() {
    check(&["sh", "-c", "echo no; exit 3"], r#"{"exit":3,"text":"no"}"#);
    let Err(SourceError::Gone(why)) = ran(&["sh", "-c", "echo out of luck >&2; kill -9 $$"], &BOUNDS) else {
        panic!()
    };
    assert_eq!(why, "`sh` was ended by signal 9, saying: out of luck");
}

#[test]
fn arguments_arrive_as_they_are() {
    check(
        &["printf", "%s", "$(id); `id` \"*\" 'x' && y\n"],
        r#"{"exit":0,"text":"$(id); `id` \"*\" 'x' && y"}"#,
    );
    assert_eq!(refused(ran(&["printf", "a\0b"], &BOUNDS)), "an argument holds NUL, which no argument can");
}

#[test]
fn the_environment_is_empty_but_for_what_is_named() {
    let mut ask = ask(&["env"]);
    let names = |got: Got| -> Vec<String> {
        let text = got.value.get("text").unwrap().as_str().unwrap().to_owned();
        text.lines().map(|line| line.split_once('=').unwrap().0.to_owned()).collect()
    };
    assert_eq!(names(run(run_command(&exe(), &ask, &BOUNDS)).unwrap()), ["PATH"]);
    ask.env = vec!["HOME".to_owned(), "LASTLOOK_NOT_SET".to_owned()];
    let mut seen = names(run(run_command(&exe(), &ask, &BOUNDS)).unwrap());
    seen.sort();
    assert_eq!(seen, ["HOME", "PATH"]);
}

#[test]
fn it_starts_where_it_is_told_and_reads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().canonicalize().unwrap();
    let mut ask = ask(&["sh", "-c", "pwd -P; cat"]);
    ask.cwd = Some(real.clone());
    let got = run(run_command(&exe(), &ask, &BOUNDS)).unwrap();
    assert_eq!(got.value.get("text").unwrap().as_str(), real.to_str());
    ask.cwd = Some(real.join("none"));
    assert!(refused(run(run_command(&exe(), &ask, &BOUNDS))).contains("is not there"));
}

#[test]
fn a_program_that_never_ran_has_no_exit_code() {
    assert_eq!(refused(ran(&[], &BOUNDS)), "there is no command");
    assert_eq!(refused(ran(&["no-such-program"], &BOUNDS)), "the program `no-such-program` was not found");
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    std::fs::write(&plain, "x").unwrap();
    let why = refused(ran(&[plain.to_str().unwrap()], &BOUNDS));
    assert!(why.contains("could not be started: Permission denied"), "{why}");
}

#[test]
fn a_flood_ends_at_the_bound_and_its_program_with_it() {
    let bounds = Bounds { max_bytes: 100_000, ..BOUNDS };
    assert_eq!(ran(&["yes"], &bounds), Err(SourceError::TooLarge { at_most: 100_000 }));
    let exactly = "head -c 100000 /dev/zero | tr '\\0' x";
    let got = ran(&["sh", "-c", exactly], &bounds).unwrap();
    assert_eq!(got.value.get("text").unwrap().as_str().unwrap().len(), 100_000);
    let one_more = "head -c 100001 /dev/zero | tr '\\0' x";
    assert_eq!(ran(&["sh", "-c", one_more], &bounds), Err(SourceError::TooLarge { at_most: 100_000 }));
}

#[test]
fn a_flood_of_complaints_stops_nobody() {
    check(&["sh", "-c", "head -c 1000000 /dev/zero >&2; echo done"], r#"{"exit":0,"text":"done"}"#);
}

#[test]
fn bytes_that_are_no_text_are_no_fact() {
    assert!(matches!(ran(&["printf", "\\377"], &BOUNDS), Err(SourceError::NotPlain(_))));
}

/// Waits until no process of this pid is left but zombies.
fn is_gone(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| matches!(rest.trim().chars().next(), Some('Z' | 'X')))
}

fn wait_until_gone(pids: &str) {
    for pid in pids.split_whitespace() {
        let begun = Instant::now();
        while !is_gone(pid) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{pid} lives on");
            std::thread::yield_now();
        }
    }
}

fn pids(file: &Path) -> String {
    let begun = Instant::now();
    loop {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if text.ends_with("all\n") {
            return text.trim_end_matches("all\n").to_owned();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing started");
        std::thread::yield_now();
    }
}

/// Ignores what can be ignored, and so does its child.
const STUBBORN: &str = "trap '' TERM INT HUP; sh -c 'trap \"\" TERM INT HUP; echo $$ >> \"$0\"; while :; do sleep 1000; done' \
    \"$0\" & echo $$ >> \"$0\"; while [ $(wc -l < \"$0\") -lt 2 ]; do :; done; echo all >> \"$0\"; wait; wait";

#[test]
fn a_stubborn_command_ends_with_its_children_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let bounds = Bounds { timeout: Duration::from_secs(3), ..BOUNDS };
    assert_eq!(ran(&["sh", "-c", STUBBORN, file.to_str().unwrap()], &bounds), Err(SourceError::Late));
    wait_until_gone(&pids(&file));
}

#[test]
fn a_command_ends_when_nobody_waits_for_it_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    run(async {
        let ask = ask(&["sh", "-c", STUBBORN, file.to_str().unwrap()]);
        let exe = exe();
        let waiting = tokio::spawn(async move { run_command(&exe, &ask, &BOUNDS).await });
        let at = file.clone();
        let pids = tokio::task::spawn_blocking(move || pids(&at)).await.unwrap();
        waiting.abort();
        tokio::task::spawn_blocking(move || wait_until_gone(&pids)).await.unwrap();
    });
}

#[test]
fn what_a_command_leaves_running_is_ended_with_it() {
    let script = "sleep 1000 & echo $!";
    let begun = Instant::now();
    let got = ran(&["sh", "-c", script], &BOUNDS).unwrap();
    assert!(begun.elapsed() < BOUNDS.timeout);
    wait_until_gone(&shown(got.value.get("json").unwrap()));
}

#[test]
fn an_escaped_child_that_holds_the_output_holds_up_nobody() {
    let script = "setsid sleep 1000 & echo $!";
    let begun = Instant::now();
    let got = ran(&["sh", "-c", script], &BOUNDS).unwrap();
    assert!(begun.elapsed() < BOUNDS.timeout);
    let pid: i32 = shown(got.value.get("json").unwrap()).parse().unwrap();
    // It left the group, as a program can; the test started it and ends it.
    let _ = rustix::process::kill_process(
        rustix::process::Pid::from_raw(pid).unwrap(),
        rustix::process::Signal::KILL,
    );
}

#[test]
fn a_command_that_closes_its_outputs_is_still_waited_for() {
    assert_eq!(ran(&["sh", "-c", "exec >&- 2>&-; exec sleep 1000"], &SHORT), Err(SourceError::Late));
    check(&["sh", "-c", "exec >&- 2>&-; exit 4"], r#"{"exit":4,"text":""}"#);
}

#[test]
fn git_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let git = |words: &[&str]| {
        let mut argv =
            vec!["git", "-C", folder.path().to_str().unwrap(), "-c", "user.name=a", "-c", "user.email=a@b"];
        argv.extend_from_slice(words);
        let got = ran(&argv, &BOUNDS).unwrap();
        (got.value.get("exit").unwrap().as_i64().unwrap(), shown(got.value.get("text").unwrap()))
    };
    assert_eq!(git(&["init", "--quiet"]).0, 0);
    assert_eq!(git(&["commit", "--quiet", "--allow-empty", "-m", "first"]).0, 0);
    let (exit, head) = git(&["rev-parse", "HEAD"]);
    assert_eq!((exit, head.len()), (0, 42));
    assert_eq!(git(&["rev-parse", "--verify", "--quiet", "none"]), (1, "\"\"".to_owned()));
}
