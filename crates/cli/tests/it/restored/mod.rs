//! A record that is put back to an earlier one: noticed, gone on with on somebody's word only, and in doubt about what it lacks.

mod people;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::client::Client;
use crate::guards::world::{Lost, World, became, write_args};

/// One guard that counts, on one tool; the other tool is free.
const ONCE: &str = "[guard.g]\non = [\"notes.write_note\"]\nonce = \"${args.path}\"\n";

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(copied.success());
}

/// Puts a copy of the state in its place, as somebody does who restores a back-up.
fn put_back(world: &World, from: &str) {
    std::fs::remove_dir_all(world.at("state")).unwrap();
    copy(&world.at(from), &world.at("state"));
}

fn said(world: &World, words: &[&str]) -> Output {
    world.lastlook(words).stdin(Stdio::null()).output().unwrap()
}

/// A command that must succeed; what it printed, as JSON.
#[track_caller]
fn json_of(world: &World, words: &[&str]) -> Value {
    let said = said(world, &[words, &["--json"]].concat());
    assert!(said.status.success(), "{words:?}: {said:?}");
    serde_json::from_slice(&said.stdout).unwrap()
}

/// A command that must not succeed; what it said.
#[track_caller]
fn fails(world: &World, words: &[&str], code: i32) -> String {
    let said = said(world, words);
    assert_eq!(said.status.code(), Some(code), "{words:?}: {said:?}");
    String::from_utf8(said.stderr).unwrap()
}

fn restored(world: &World) -> Value {
    json_of(world, &["restored", "--reason", "the disk broke"])
}

fn writes(agent: &mut Client, path: &str) -> String {
    let mut args = write_args(6);
    args["path"] = json!(path);
    became(&agent.call("write_note", args))
}

/// Writes `path` in a session of its own; what became of it.
fn once(world: &World, path: &str) -> String {
    let mut agent = world.agent();
    writes(&mut agent, path)
}

fn heads(world: &World) -> PathBuf {
    let folder = world.at("home/.local/state/lastlook-heads");
    std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}

/// A record with one act, a copy of it, and one act more that the copy does not know.
fn played() -> World {
    let world = World::new();
    world.configure(ONCE);
    assert_eq!(once(&world, "a.md"), "ran");
    copy(&world.at("state"), &world.at("copy"));
    assert_eq!(once(&world, "b.md"), "ran");
    world
}

#[test]
fn nothing_runs_on_a_record_that_was_put_back_and_whoever_looks_is_told() {
    let world = played();
    put_back(&world, "copy");
    let error = fails(&world, &["mcp", "--upstream", "notes"], 4);
    assert!(error.contains("is older than it was") && error.contains("lastlook restored"), "{error}");
    for words in [
        &["halt", "--all", "--reason", "x"][..],
        &["keys", "rotate", "--reason", "x"],
        &["check", "notes.write_note", "--args", "{}"],
    ] {
        assert!(fails(&world, words, 4).contains("is older than it was"), "{words:?}");
    }
    let verified = said(&world, &["verify", "--json"]);
    let report: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!((verified.status.code(), &report["problems"][0]["code"]), (Some(1), &json!("state-behind")));
    let doctor = said(&world, &["doctor", "--json"]);
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("is older than it was"), "{doctor:?}");
    assert_eq!(world.effects(), ["a.md", "b.md"]);
    // The newer one is the one that was: with it in its place everything goes on.
    let world = played();
    copy(&world.at("state"), &world.at("newer"));
    put_back(&world, "copy");
    fails(&world, &["mcp", "--upstream", "notes"], 4);
    put_back(&world, "newer");
    assert_eq!(once(&world, "b.md"), "once-done");
    world.verifies();
}

#[test]
fn what_the_record_lacks_is_in_doubt_until_somebody_has_looked() {
    let world = played();
    put_back(&world, "copy");
    let report = restored(&world);
    assert!(report["lost"][0]["size"].as_u64() > report["heads"][0]["size"].as_u64(), "{report}");
    // Done and forgotten, done and known, never done: nobody knows.
    let mut agent = world.agent();
    for path in ["b.md", "a.md", "c.md"] {
        assert_eq!(writes(&mut agent, path), "in-doubt", "{path}");
    }
    let answer = agent.call("write_note", write_args(6));
    assert!(answer["content"][0]["text"].as_str().unwrap().contains("put back from a back-up"), "{answer}");
    // What rests on no count runs.
    assert_eq!(became(&agent.call("delete_note", json!({"path": "a.md"}))), "ran");
    let checked = said(&world, &["check", "notes.write_note", "--args", r#"{"path":"c.md","content":"x"}"#]);
    assert!(String::from_utf8_lossy(&checked.stdout).contains("in-doubt"), "{checked:?}");
    assert_eq!(world.effects(), ["a.md", "b.md", "a.md"]);

    let ended = json_of(&world, &["restored", "--doubt-ended", "--reason", "b.md is there"]);
    assert_eq!(ended["doubt_ended"], report["restored"]);
    // The boundary that runs goes on at once; what the record knows still counts.
    assert_eq!(writes(&mut agent, "a.md"), "once-done");
    assert_eq!(writes(&mut agent, "c.md"), "ran");
    drop(agent);
    let error = fails(&world, &["restored", "--doubt-ended", "--reason", "again"], 2);
    assert!(error.contains("nothing is in doubt"), "{error}");
    world.verifies();

    let log = said(&world, &["log", "--json", "--kind", "operator"]);
    let log: Vec<Value> = String::from_utf8(log.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ids: Vec<&Value> = log.iter().map(|line| &line["receipt"]).collect();
    assert_eq!(ids, [&report["restored"], &report["restored"]], "{log:?}");
    let origin = report["log"].as_str().unwrap();
    let tag = report["restored"].as_str().unwrap().strip_prefix("restored-").unwrap();
    assert!(origin.contains(&format!("/{tag}/")), "{origin}");
}

#[test]
fn a_callers_own_key_a_step_that_must_have_been_and_a_spacing_are_in_doubt_too() {
    let world = World::new();
    world.configure(
        "[guard.g]\non = [\"notes.edit_note\"]\n\
         after = [{ tool = \"notes.write_note\", where = 'step.args.path == args.path', accept = \"succeeded\" }]\n\
         [guard.s]\non = [\"notes.delete_note\"]\nwindow = { min_spacing = \"1ms\" }\n",
    );
    assert_eq!(once(&world, "a.md"), "ran");
    copy(&world.at("state"), &world.at("copy"));
    assert_eq!(once(&world, "b.md"), "ran");
    put_back(&world, "copy");
    restored(&world);
    let mut agent = world.agent();
    let edit = json!({"path": "a.md", "old": "paid", "new": "open"});
    assert!(became(&agent.call("edit_note", edit)).contains("in-doubt"));
    assert_eq!(became(&agent.call("delete_note", json!({"path": "a.md"}))), "in-doubt");
    let asked = agent.request(
        "tools/call",
        json!({"name": "write_note", "arguments": write_args(7), "_meta": {"dev.lastlook/idempotency-key": "k1"}}),
    );
    assert_eq!(became(&agent.result(asked)), "in-doubt");
    assert_eq!(writes(&mut agent, "plan.md"), "ran");
}

#[test]
fn what_was_under_way_is_unknown_and_not_repeated() {
    let world = World::new();
    let file = world.configure("");
    let local = std::fs::read_to_string(&file)
        .unwrap()
        .replace("class = \"write\"", "class = \"write\"\nlocal = true");
    world.file("lastlook.toml", &local);
    let mut agent = world.paused_at("before:gate");
    agent.call("read_note", json!({"path": "plan.md"}));
    let asked = agent.ask("write_note", write_args(6));
    world.reached();
    json_of(&world, &["backup", world.at("copy").to_str().unwrap()]);
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
    drop(agent);
    put_back(&world, "copy");
    let error = fails(&world, &["mcp", "--upstream", "notes"], 4);
    assert!(error.contains("is a back-up, made"), "{error}");
    // A copy has no locks of the writers that were; the start that was refused has made one.
    std::fs::remove_dir_all(world.at("state/writers")).unwrap();
    restored(&world);
    // It writes ahead, as any record does: a commit is durable when it returns.
    assert_eq!(std::fs::read(world.at("state/lastlook.db")).unwrap()[18..20], [2, 2]);
    // Somebody undid it since: that the note reads as before shows nothing.
    world.note("plan.md", r#"{"status":"paid","n":5}"#);
    let mut agent = world.agent();
    agent.call("read_note", json!({"path": "plan.md"}));
    assert_eq!(became(&agent.call("write_note", write_args(6))), "in-doubt");
    drop(agent);
    let log = said(&world, &["log", "--json", "--outcome", "unknown"]);
    let log: Value = serde_json::from_slice(&log.stdout).unwrap();
    assert_eq!((&log["outcome"], &log["evidence"]), (&json!("unknown"), &json!("writer-died")), "{log}");
    assert_eq!(world.effects(), ["plan.md"]);
    world.verifies();
    world.loses(Lost::Unsaid);
}

#[test]
fn a_back_up_is_whole_while_others_write_and_nothing_runs_on_it() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    let folders: Vec<PathBuf> = (0..3).map(|n| world.at(&format!("copy{n}"))).collect();
    for (n, folder) in folders.iter().enumerate() {
        assert_eq!(writes(&mut agent, &format!("{n}.md")), "ran");
        let done = json_of(&world, &["backup", folder.to_str().unwrap()]);
        assert_eq!(done["logs"][0]["size"], json!(2 * (n + 1)), "{done}");
        use std::os::unix::fs::PermissionsExt as _;
        for name in ["", "key", "lastlook.db", "version"] {
            let mode = std::fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }
    for folder in &folders {
        let there = |words: &[&str]| {
            let mut command = world.lastlook(words);
            command.env("LASTLOOK_STATE", folder);
            let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
            let mut named = Command::new(command.get_program());
            let skip = words.iter().position(|word| word == "--state").unwrap();
            named.args(
                words
                    .iter()
                    .enumerate()
                    .filter(|(at, _)| *at != skip && *at != skip + 1)
                    .map(|(_, word)| word),
            );
            named.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            named.stdin(Stdio::null()).output().unwrap()
        };
        let verified = there(&["verify"]);
        assert!(verified.status.success(), "{verified:?}");
        assert!(String::from_utf8_lossy(&verified.stdout).contains("back-up   made"), "{verified:?}");
        assert_eq!(there(&["mcp", "--upstream", "notes"]).status.code(), Some(4));
    }
    let error = fails(&world, &["backup", folders[0].to_str().unwrap()], 4);
    assert!(error.contains("is not empty") && error.contains("name a new folder"), "{error}");
    std::fs::write(world.at("file"), "").unwrap();
    assert!(fails(&world, &["backup", world.at("file/x").to_str().unwrap()], 4).contains("cannot make"));
}

#[test]
fn nobody_restores_under_a_boundary_that_lives_and_a_kill_changes_nothing_by_half() {
    let world = played();
    put_back(&world, "copy");
    let at = |step: &str| {
        let mut command = world.lastlook(&["restored", "--reason", "x"]);
        command.env("LASTLOOK_CRASH_AT", format!("after:{step}")).output().unwrap()
    };
    assert_eq!(at("restored-written").status.code(), None);
    let error = fails(&world, &["mcp", "--upstream", "notes"], 4);
    assert!(error.contains("is older than it was"), "{error}");
    assert_eq!(at("restored-durable").status.code(), None);
    let agent = world.agent();
    let error = fails(&world, &["restored", "--reason", "x"], 4);
    assert!(error.contains("lives") && error.contains("end every program"), "{error}");
    drop(agent);
    // A second time over: everything before it is there, and in the roster.
    let report = restored(&world);
    assert_eq!(report["lost"], json!([]), "{report}");
    assert_eq!(
        json_of(&world, &["restored", "--doubt-ended", "--reason", "x"])["doubt_ended"],
        report["restored"]
    );
    assert_eq!(once(&world, "c.md"), "ran");
    world.verifies();
    // Nothing is missing but an era that the record does not know: a later one began it.
    copy(&world.at("state"), &world.at("second"));
    restored(&world);
    put_back(&world, "second");
    let error = fails(&world, &["mcp", "--upstream", "notes"], 4);
    assert!(error.contains("it is not there"), "{error}");
    // It can be accepted, any number of times, and so can one that lacks more.
    for _ in 0..2 {
        put_back(&world, "copy");
        fails(&world, &["mcp", "--upstream", "notes"], 4);
        assert_ne!(restored(&world)["lost"], json!([]));
        assert_eq!(once(&world, "d.md"), "in-doubt");
        world.verifies();
    }
}

#[test]
fn a_head_says_something_only_if_it_is_ahead() {
    let world = played();
    let heads = heads(&world);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&heads).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    let of_log = &files[0];
    let newest = std::fs::read(of_log).unwrap();
    assert_eq!(newest.len() % 512, 0);
    // It verifies as the checkpoint that it is.
    let older = said(&world, &["verify", "--older", of_log.to_str().unwrap()]);
    assert!(older.status.success(), "{older:?}");
    // Behind, cut off, empty, of another state: they say nothing.
    let text = String::from_utf8(newest.clone()).unwrap();
    for (file, bytes) in [
        (of_log, Vec::new()),
        (of_log, vec![0; 512]),
        (of_log, newest[..40].to_vec()),
        (&heads.join("stray"), newest.clone()),
        (of_log, text.replacen("\n4\n", "\n0\n", 1).into_bytes()),
    ] {
        std::fs::write(file, bytes).unwrap();
        assert_eq!(once(&world, "a.md"), "once-done");
        let _ = std::fs::remove_file(heads.join("stray"));
    }
    // The same size and another root: two records of one state.
    let kept = String::from_utf8(std::fs::read(of_log).unwrap()).unwrap();
    let root = kept.lines().nth(2).unwrap();
    std::fs::write(of_log, kept.replace(root, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")).unwrap();
    let error = fails(&world, &["mcp", "--upstream", "notes"], 4);
    assert!(error.contains("its first entries are others"), "{error}");
    std::fs::write(of_log, kept).unwrap();

    // Where nothing can be kept, or nobody wants it, everything runs, and is said.
    std::fs::remove_dir_all(&heads).unwrap();
    std::fs::write(&heads, "").unwrap();
    assert_eq!(once(&world, "d.md"), "ran");
    let verified = said(&world, &["verify"]);
    assert!(verified.status.success(), "{verified:?}");
    assert!(String::from_utf8_lossy(&verified.stderr).contains("nobody can tell"), "{verified:?}");
    let nowhere = said(&world, &["doctor", "--heads", ""]);
    assert!(String::from_utf8_lossy(&nowhere.stdout).contains("kept nowhere"), "{nowhere:?}");
}
