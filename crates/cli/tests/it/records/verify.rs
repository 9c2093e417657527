//! `lastlook verify` on a whole state folder.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::rig::{Said, World, copy};
use crate::client::Client;

/// A record with an allowed, a refused and a resolved attempt, in two logs, and nobody at work on it.
fn recorded() -> (World, String) {
    let world = World::new();
    let (mut client, unknown) = world.unknown("x.md");
    world.edited(&mut client, "a.md");
    world.refused(&mut client, "b.md");
    world.ok(&["resolve", &unknown, "--as", "succeeded", "--reason", "seen"]);
    client.close();
    (world, unknown)
}

fn report(world: &World) -> Value {
    serde_json::from_str(&world.run(&["verify", "--json"]).out).unwrap()
}

#[test]
fn a_sound_record_verifies() {
    let (world, _) = recorded();
    let said = world.run(&["verify"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    for part in [
        "all 7 entries are those that were signed",
        "all 1 entries",
        "3 ended, 0 under way, 0 unknown",
        "the folder's own",
        "witness",
    ] {
        assert!(said.out.contains(part), "`{part}` is not in {}", said.out);
    }
    let pinned = world.ok(&["verify", "--key", &world.key()]);
    assert!(pinned.contains("pinned by you"), "{pinned}");
    let report = report(&world);
    assert_eq!(
        (&report["ok"], &report["pinned"], &report["problems"]),
        (&json!(true), &json!(false), &json!([]))
    );
    // And the roster, which lists the two.
    assert_eq!((report["logs"].as_array().unwrap().len(), &report["listed"]), (3, &json!(true)));
}

#[test]
fn another_key_proves_nothing() {
    let ((world, _), other) = (recorded(), World::new());
    other.client().close();
    let key = other.key();
    let said = world.run(&["verify", "--key", &key]);
    said.fails(1, "(checkpoint-unknown-key)");
    assert!(said.out.contains("does not verify") && said.out.contains("not compared"), "{said:?}");
    world.run(&["verify", "--key", "missing.pub"]).fails(2, "cannot be read");
}

#[test]
fn what_was_altered_is_found() {
    let (world, unknown) = recorded();
    let sound = world.path("sound");
    copy(&world.state(), &sound);
    let finds = |sql: &str, code: &str| {
        std::fs::remove_dir_all(world.state()).unwrap();
        copy(&sound, &world.state());
        world.tamper(sql);
        world.run(&["verify"]).fails(1, &format!("({code})"));
        let report = report(&world);
        assert_eq!(
            (&report["ok"], &report["problems"][0]["code"]),
            (&json!(false), &json!(code)),
            "{report}"
        );
    };
    // What stands in the logs: `tampering/`. Here, what is beside them.
    finds("UPDATE entries SET kind = 'outcome' WHERE kind = 'refused'", "entry-misfiled");
    finds("UPDATE entries SET leaf = zeroblob(32) WHERE kind = 'armed'", "entry-misfiled");
    finds("UPDATE \"values\" SET seed = zeroblob(32)", "value-does-not-open");
    finds("UPDATE attempts SET state = 'failed' WHERE state = 'succeeded'", "attempt-differs");
    finds("UPDATE attempts SET state = 'armed' WHERE state = 'refused'", "attempt-differs");
    finds("UPDATE attempts SET tool = 'read_note'", "attempt-differs");
    finds("DELETE FROM attempts", "attempt-differs");
    finds(
        "INSERT INTO attempts SELECT 'forged', writer, upstream, tool, action, 'unknown', opened_at_ns, detail FROM attempts LIMIT 1",
        "attempt-differs",
    );
    // A receipt is not given out of a record like these.
    world.run(&["receipt", "forged"]).fails(2, "no attempt");
    world.tamper("UPDATE entries SET leaf = zeroblob(32) WHERE kind = 'armed'");
    world.run(&["receipt", &unknown]).fails(1, "is not what the log's hash says");
}

#[test]
fn an_armed_attempt_without_an_end_is_said_to_be_open() {
    let world = World::new();
    world.put("a.md", "old\n");
    let mut dying = world.boundary(&[]);
    dying.env("LASTLOOK_CRASH_AT", "after:arm");
    let mut dying = world.client_of(dying);
    dying.ask("edit_note", super::rig::edit("a.md", "old", "new"));
    dying.wait();
    let said = world.run(&["verify"]);
    assert!(said.code == 0 && said.out.contains("0 ended, 1 under way, 0 unknown"), "{said:?}");
    let id = world.log(&[])[0]["receipt"].clone();
    assert_eq!(report(&world)["attempts"]["under_way"], json!([id]));
}

#[test]
fn a_record_that_cannot_be_opened_is_left_as_it_is() {
    let (world, _) = recorded();
    std::fs::write(world.state().join("lastlook.db"), "not a database, whatever its name says").unwrap();
    world.run(&["verify"]).fails(4, "is corrupt");
    std::fs::write(world.state().join("version"), "lastlook-state 99\n").unwrap();
    world.run(&["verify"]).fails(4, "of another version");
    let other = world.path("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("thesis.txt"), "mine").unwrap();
    let other = other.display().to_string();
    Said::of(world.bare(&["verify", "--state", &other]).output().unwrap()).fails(2, "there is no record at");
    let file = world.file("file", "mine");
    Said::of(world.bare(&["verify", "--state", &file]).output().unwrap()).fails(4, "is not a directory");
}

#[test]
fn a_copy_that_cannot_be_written_verifies_too() {
    let (world, _) = recorded();
    // Whoever runs as root can write everywhere: somebody else looks at it then.
    let nobody = rustix::process::getuid().is_root().then_some(65_534);
    let program = world.path("lastlook");
    std::fs::copy(env!("CARGO_BIN_EXE_lastlook"), &program).unwrap();
    give(world.temp.path(), nobody);
    std::fs::set_permissions(world.state(), std::fs::Permissions::from_mode(0o500)).unwrap();
    let verify = || {
        let mut command = std::process::Command::new(&program);
        command.args(["verify", "--state"]).arg(world.state()).env_clear().env("TMPDIR", world.path("notes"));
        if let Some(nobody) = nobody {
            command.uid(nobody).gid(nobody);
        }
        Said::of(command.output().unwrap())
    };
    let said = verify();
    std::fs::set_permissions(world.state(), std::fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("a copy of it is verified") && said.out.contains("3 ended"), "{said:?}");
    let left = std::fs::read_dir(world.path("notes")).unwrap().flatten();
    assert!(
        left.map(|file| file.file_name().into_string().unwrap()).all(|name| !name.starts_with("lastlook-"))
    );
}

fn give(path: &Path, to: Option<u32>) {
    let Some(owner) = to else { return };
    chown(path, to, Some(owner)).unwrap();
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().flatten().for_each(|item| give(&item.path(), to));
    }
}

/// What a command says of another record than the world's own.
fn of(world: &World, state: &str, words: &[&str]) -> Said {
    Said::of(world.bare(&[&["--heads", "", "--state", state], words].concat()).output().unwrap())
}

/// The record as it was at this instant, in a folder of its own.
fn kept_at(world: &World, name: &str) -> String {
    copy(&world.state(), &world.path(name));
    world.path(name).display().to_string()
}

#[test]
fn a_log_must_still_begin_with_what_was_signed_before() {
    let world = World::new();
    let mut client = world.client();
    let edited = world.edited(&mut client, "a.md");
    client.close();
    let before = world.file("before", world.ok(&["log", "checkpoints"]));
    let receipt = world.file("receipt", world.ok(&["receipt", &edited]));
    let past = kept_at(&world, "past");
    let mut client = world.client();
    world.edited(&mut client, "b.md");
    client.close();
    let after = world.file("after", world.ok(&["log", "checkpoints"]));
    for older in [&before, &receipt, &after] {
        let said = world.ok(&["verify", "--older", older]);
        assert!(said.contains("older checkpoints vouched for is still there"), "{said}");
    }
    let both: Value =
        serde_json::from_str(&world.ok(&["verify", "--older", &before, "--older", &after, "--json"]))
            .unwrap();
    assert_eq!((&both["ok"], &both["older"]), (&json!(true), &json!(4)), "{both}");
    // The record of then verifies by itself; whoever has seen more knows better.
    assert_eq!(of(&world, &past, &["verify"]).code, 0);
    of(&world, &past, &["verify", "--older", &after]).fails(1, "(log-cut-short)");
    // Other entries in the place of those that were cut off: as many, and more.
    for _ in 0..2 {
        let mut command =
            world.bare(&["--heads", "", "--state", &past, "mcp", "--", env!("CARGO_BIN_EXE_lastlook")]);
        command.arg("demo-notes-server").arg(world.path("notes"));
        let mut client = Client::spawn(&mut command);
        client.initialize();
        client.call("write_note", json!({"path": "c.md", "content": "other"}));
        client.call("read_note", json!({"path": "c.md"}));
        client.close();
        of(&world, &past, &["verify", "--older", &after]).fails(1, "(log-replaced)");
        assert_eq!(of(&world, &past, &["verify", "--older", &before]).code, 0);
    }
}

#[test]
fn a_log_that_is_gone_is_missed_by_whoever_has_its_checkpoint() {
    let world = World::new();
    let mut ada = world.client();
    world.edited(&mut ada, "a.md");
    let alone = kept_at(&world, "alone");
    let mut bob = world.client();
    world.edited(&mut bob, "b.md");
    ada.close();
    bob.close();
    let both = world.file("both", world.ok(&["log", "checkpoints"]));
    assert!(world.ok(&["verify", "--older", &both]).contains("3 older checkpoints"));
    of(&world, &alone, &["verify", "--older", &both]).fails(1, "(log-missing)");
}

#[test]
fn what_is_no_older_checkpoint_is_refused_before_anything_is_compared() {
    let (world, _) = recorded();
    let (other, _) = recorded();
    let stranger = world.file("stranger", other.ok(&["log", "checkpoints"]));
    world.run(&["verify", "--older", &stranger]).fails(2, "(checkpoint-unknown-key)");
    for (name, text) in [("empty", ""), ("json", "{}"), ("list", "[]")] {
        let file = world.file(name, text);
        world.run(&["verify", "--older", &file]).fails(2, "holds no checkpoint");
    }
    let torn = world.ok(&["log", "checkpoints"]);
    let torn = world.file("torn", torn.lines().next().unwrap());
    world.run(&["verify", "--older", &torn]).fails(2, "proves nothing");
    world.run(&["verify", "--older", "missing"]).fails(2, "cannot be read");
    world.run(&["verify", "--older", &stranger, "receipt.json"]).fails(2, "cannot be used with");
}

#[test]
fn logs_alone_can_be_verified() {
    let (world, _) = recorded();
    let said = world.ok(&["verify", "--logs"]);
    assert!(
        said.contains("all 7 entries are those that were signed") && said.contains("only the logs were"),
        "{said}"
    );
    // What only the attempts' part would find.
    world.tamper("UPDATE attempts SET state = 'failed'");
    world.ok(&["verify", "--logs"]);
    world.run(&["verify"]).fails(1, "(attempt-differs)");
}

#[test]
fn a_log_of_many_batches_is_verified_whole() {
    let world = World::new();
    let mut client = world.client();
    for _ in 0..40 {
        world.edited(&mut client, "a.md");
    }
    client.close();
    world.ok(&["verify"]);
    world.tamper(
        "UPDATE entries SET payload = CAST(replace(CAST(payload AS TEXT), 'edit_note', 'edit_nota') AS BLOB)
         WHERE \"index\" = 77",
    );
    world.run(&["verify"]).fails(1, "(log-root)");
}

#[test]
fn a_log_that_is_gone_or_cut_short_shows_without_anything_kept_elsewhere() {
    let (world, _) = recorded();
    assert!(world.ok(&["verify", "--logs"]).contains("roster    lists these logs and no others"));
    let gone = "DELETE FROM entries WHERE seq >> 40 = 2; DELETE FROM logs WHERE writer = 2";
    for (name, sql, code) in [
        ("one", gone, "(log-missing)"),
        (
            "roster",
            "DELETE FROM entries WHERE seq >> 40 = 0; DELETE FROM logs WHERE writer = 0",
            "(roster-missing)",
        ),
        ("unlisted", "DELETE FROM rostered", ""),
    ] {
        let copied = kept_at(&world, name);
        let database = rusqlite::Connection::open(world.path(name).join("lastlook.db")).unwrap();
        database.execute_batch(sql).unwrap();
        let said = of(&world, &copied, &["verify", "--logs"]);
        match code {
            "" => assert_eq!(said.code, 0, "{said:?}"),
            code => said.fails(1, code),
        }
    }
}

/// A log and its checkpoint are put back together to what they were; the roster has noted a later head since.
#[test]
fn a_log_that_was_put_back_shows_by_the_head_that_the_next_writer_noted() {
    let world = World::new();
    let mut client = world.client();
    world.edited(&mut client, "a.md");
    let earlier = kept_at(&world, "earlier");
    world.edited(&mut client, "b.md");
    client.close();
    let mut client = world.client();
    world.edited(&mut client, "c.md");
    client.close();
    world.ok(&["verify"]);
    world.tamper(&format!(
        "ATTACH '{earlier}/lastlook.db' AS earlier;
         DELETE FROM main.entries WHERE seq >> 40 = 1; DELETE FROM main.logs WHERE writer = 1;
         INSERT INTO main.entries (seq, attempt, kind, leaf, payload) SELECT seq, attempt, kind, leaf, payload FROM earlier.entries WHERE seq >> 40 = 1;
         INSERT INTO main.logs SELECT * FROM earlier.logs WHERE writer = 1;"
    ));
    world.run(&["verify", "--logs"]).fails(1, "(log-cut-short)");
    // Nor does anybody go on with it.
    let said = world.run(&["halt", "--all", "--reason", "test", "--heads", ""]);
    said.fails(4, "fewer entries than the roster tells of");
}
