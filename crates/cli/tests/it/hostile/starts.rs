//! Sessions that do not begin: the command line, the configuration, the server's program.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::client::{Client, Ended};
use super::rig::World;

/// Runs a command that must fail with this code, saying all this.
fn fails(command: Command, code: i32, says: &[&str]) -> Ended {
    let ended = Client::start(command).end_by_itself();
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for expected in says {
        assert!(ended.stderr.contains(expected), "`{expected}` is not in: {}", ended.stderr);
    }
    assert!(ended.rest.is_empty(), "{ended:?}");
    ended
}

#[test]
fn a_program_that_is_nowhere_is_a_mistake_in_the_command() {
    for program in ["no-such-mcp-server", "/nowhere/no-such-mcp-server", "./no-such-mcp-server"] {
        let world = World::new();
        let mut command = world.lastlook(&["mcp"]);
        command.args(["--", program]);
        fails(command, 2, &[&format!("`{program}` was not found"), "hint: ", "spelling"]);
    }
}

#[test]
fn a_program_that_cannot_be_run_is_unavailable() {
    let world = World::new();
    let plain = world.temp.path().join("plain");
    fs::write(&plain, "not a program").unwrap();
    for (mode, says) in [(0o644, "plain` could not be started"), (0o755, "ended")] {
        fs::set_permissions(&plain, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = world.lastlook(&["mcp"]);
        command.arg("--").arg(&plain);
        fails(command, 4, &[says, "hint: "]);
    }
    let mut command = world.lastlook(&["mcp"]);
    command.arg("--").arg(world.folder());
    fails(command, 4, &["could not be started", "hint: "]);
}

#[test]
fn a_program_that_ends_at_once_is_unavailable() {
    let world = World::new();
    for _ in 0..5 {
        fails(world.boundary(&["die"]), 4, &["the upstream `", "ended", "hint: "]);
    }
    // A client that was faster gets its answer or the end; never silence.
    let mut client = world.start(&["die"]);
    client.try_send(r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#);
    let ended = client.end_by_itself();
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.rest.iter().all(|frame| frame["error"]["message"].is_string()), "{ended:?}");
    world.check();
}

#[test]
fn a_command_line_that_says_too_little_or_too_much() {
    let world = World::new();
    fails(world.lastlook(&["mcp"]), 2, &["COMMAND", "--upstream", "Usage"]);
    // A command beside a name is that upstream's: a name nobody declared is a mistake all the same.
    let mut both = world.lastlook(&["mcp", "--upstream", "x"]);
    both.args(["--", "true"]);
    fails(both, 2, &["no configuration", "`x`", "hint: "]);
    let mut unknown = world.lastlook(&["mcp", "--adit"]);
    unknown.args(["--", "true"]);
    fails(unknown, 2, &["--adit", "--audit"]);
    // Without `--` a word is not a command: nothing is guessed.
    fails(world.lastlook(&["mcp", "true"]), 2, &["true", "Usage"]);
    fails(world.lastlook(&["mcp", "--upstream", "x"]), 2, &["no configuration", "`x`", "hint: ", "--config"]);
    assert!(!world.state().exists(), "a mistake leaves nothing behind");
}

#[test]
fn a_configuration_that_cannot_be_believed() {
    let world = World::new();
    let file = world.temp.path().join("lastlook.toml");
    let place = file.display().to_string();
    let with_config = || {
        let mut command = world.lastlook(&["mcp", "--upstream", "notes", "--config"]);
        command.arg(&file);
        command
    };
    fails(with_config(), 2, &[&place, "no configuration file", "`--config`"]);
    for (text, says) in [
        ("[upstream.notes\n", vec!["lastlook.toml:1"]),
        (
            "[upstream.notes]\ncommand = [\"true\"]\n[defaults]\nfact_timout = \"2s\"\n",
            vec!["fact_timout", "fact_timeout", "lastlook.toml:4"],
        ),
        ("[upstream.notes]\ncommand = \"true\"\n", vec!["command", "lastlook.toml:2"]),
        (
            "[upstream.notes]\ncommand = [\"true\"]\n[tool.\"notes.set\"]\nclass = \"reed\"\n",
            vec!["reed", "read", "lastlook.toml:4"],
        ),
        ("[upstream.other]\ncommand = [\"true\"]\n", vec!["declares no upstream `notes`", "other"]),
        ("[upstream.notes]\ncommand = [\"true\"]\n[guard.refund]\non = [\"notes.set\"]\n", vec!["guard"]),
    ] {
        fs::write(&file, text).unwrap();
        fails(with_config(), 2, &says);
    }
    fs::write(&file, [b'#', 0xff, b'\n']).unwrap();
    fails(with_config(), 2, &[&place]);
    fs::write(&file, "[upstream.notes]\ncommand = [\"true\"]\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    fails(with_config(), 2, &[&place, "666"]);
    let mut relative = world.lastlook(&["mcp"]);
    relative.args(["--", "true"]).env("LASTLOOK_CONFIG", "lastlook.toml");
    fails(relative, 2, &["LASTLOOK_CONFIG", "lastlook.toml"]);
    assert!(!world.state().exists(), "a mistake leaves nothing behind");
}

/// A cloned repository must not bring commands, nor loosen what holds.
#[test]
fn a_configuration_in_the_working_directory_is_not_looked_at() {
    let world = World::new();
    fs::write(world.temp.path().join("lastlook.toml"), "this is not even TOML [").unwrap();
    let mut command = world.boundary(&[]);
    command.current_dir(world.temp.path());
    let mut client = Client::start(command);
    client.shake_hands();
    client.end_quietly();
}
