//! State directories that cannot be used: named, with a way out, and with nothing started.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::client::Client;
use super::rig::World;

/// A world whose state has been used once.
fn used() -> World {
    let world = World::new();
    let mut client = world.open(&[]);
    world.ran(&client.set("before", "alpha", "1"), "succeeded", "answer");
    client.end_quietly();
    fs::remove_file(world.folder().join("seen.log")).unwrap();
    world
}

/// Starts a session that must not come about: exit code 4, the place and the way out named, the server never asked.
fn unusable(world: &World, place: &Path, says: &str, way_out: &str) {
    unusable_by(world, world.boundary(&[]), place, says, way_out);
}

fn unusable_by(world: &World, command: Command, place: &Path, says: &str, way_out: &str) {
    let ended = Client::start(command).end_by_itself();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    let place = place.display().to_string();
    for expected in ["error: ", &place, says, "hint: ", way_out] {
        assert!(ended.stderr.contains(expected), "`{expected}` is not in: {}", ended.stderr);
    }
    assert!(ended.rest.is_empty(), "{ended:?}");
    assert!(world.seen().is_empty(), "the server was talked to");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

#[test]
fn a_directory_of_another_version() {
    let world = used();
    fs::write(world.state().join("version"), "lastlook-state 99\n").unwrap();
    unusable(&world, &world.state(), "lastlook-state 99", "program version that wrote it");
}

#[test]
fn a_directory_that_cannot_be_written() {
    let world = World::new();
    fs::create_dir(world.state()).unwrap();
    fs::set_permissions(world.state(), fs::Permissions::from_mode(0o555)).unwrap();
    let mut command = world.boundary(&[]);
    if rustix::process::geteuid().is_root() {
        // Permissions do not bind root: somebody else tries, with a program within their reach.
        let program = world.temp.path().join("lastlook");
        // By another process: a file this one has open for writing while it forks elsewhere could not be run.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_lastlook")).arg(&program).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(world.temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
        command = Command::new(program);
        command.args(["mcp", "--state"]).arg(world.state()).args(["--", "true"]);
        command.env("HOME", world.temp.path()).uid(65_534).gid(65_534);
    }
    unusable_by(&world, command, &world.state(), "cannot be written", "writable for this user");
}

#[test]
fn a_path_that_is_no_directory_or_holds_something_else() {
    let world = World::new();
    fs::write(world.state(), "a file").unwrap();
    unusable(&world, &world.state(), "is not a directory", "name a directory");
    let world = World::new();
    fs::create_dir(world.state()).unwrap();
    fs::write(world.state().join("thesis.tex"), "years of work").unwrap();
    unusable(&world, &world.state(), "`thesis.tex`", "name an empty directory");
}

#[test]
fn a_corrupt_database() {
    for damage in ["garbage", "half", "nothing"] {
        let world = used();
        let database = world.state().join("lastlook.db");
        let mut bytes = fs::read(&database).unwrap();
        match damage {
            "garbage" => bytes.iter_mut().skip(16).for_each(|byte| *byte ^= 0x5a),
            "half" => bytes.truncate(bytes.len() / 2 - 100),
            _ => bytes.clear(),
        }
        fs::write(&database, bytes).unwrap();
        let _ = fs::remove_file(world.state().join("lastlook.db-wal"));
        unusable(&world, &database, "corrupt", "from a back-up");
    }
    let world = used();
    let database = world.state().join("lastlook.db");
    fs::remove_file(&database).unwrap();
    unusable(&world, &database, "is missing", "from a back-up");
}

#[test]
fn a_key_that_is_truncated_foreign_exposed_or_missing() {
    let world = used();
    let key = world.state().join("key");
    let whole = fs::read_to_string(&key).unwrap();
    fs::write(&key, &whole[..whole.len() / 2]).unwrap();
    unusable(&world, &key, "is damaged", "back-up");
    fs::write(&key, "").unwrap();
    unusable(&world, &key, "is damaged", "back-up");
    fs::write(&key, [0xff; 100]).unwrap();
    unusable(&world, &key, "is damaged", "back-up");

    let foreign = fs::read_to_string(used().state().join("key")).unwrap();
    fs::write(&key, foreign).unwrap();
    unusable(&world, &key, "is not this state's", "back-up");

    fs::write(&key, &whole).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    unusable(&world, &key, "can be read by others (mode 644)", "chmod 600");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    fs::remove_file(&key).unwrap();
    unusable(&world, &key, "is missing", "back-up");

    // With its key back in place it is the same record as before.
    fs::write(&key, &whole).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let mut client = world.open(&[]);
    world.ran(&client.set("after", "alpha", "2"), "succeeded", "answer");
    client.end_quietly();
    world.check();
}

#[test]
fn a_state_that_another_writer_uses_is_shared() {
    let world = World::new();
    let (mut one, mut two) = (world.open(&[]), world.open(&[]));
    world.ran(&one.set("one", "alpha", "1"), "succeeded", "answer");
    world.ran(&two.set("two", "alpha", "2"), "succeeded", "answer");
    one.end_quietly();
    two.end_quietly();
    world.check();
}
