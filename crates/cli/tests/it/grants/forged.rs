//! Rows that somebody put into the store by hand: whoever has no approver's key cannot make a grant.

use std::path::Path;

use rusqlite::Connection;

use super::rig::{call, finance, give, is_held, revoke, stands, world};
use crate::client::Client;
use crate::guards::world::{World, became};

fn store(world: &World) -> Connection {
    let store = Connection::open(world.at("state/lastlook.db")).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    store
}

fn alter(world: &World, sql: &str) {
    let changed = store(world).execute(sql, []).unwrap();
    assert!(changed > 0, "{sql}");
}

/// No call runs on it, and the log says why.
#[track_caller]
fn counts_for_nothing(world: &World, agent: &mut Client, why: &str) {
    let (effects, before) = (world.effects().len(), agent.complaints().len());
    is_held(&call(agent, 1));
    let told = || agent.complaints().split_off(before);
    let deadline = std::time::Instant::now() + crate::client::PATIENCE;
    while !told().contains(why) {
        assert!(std::time::Instant::now() < deadline, "{why}: {}", told());
        std::thread::sleep(std::time::Duration::from_millis(2)); // backoff: another process writes its log
    }
    assert_eq!(world.effects().len(), effects);
}

fn replaced(from: &str, to: &str) -> String {
    format!("UPDATE grants SET detail = CAST(replace(CAST(detail AS TEXT), '{from}', '{to}') AS BLOB)")
}

#[test]
fn an_altered_grant_does_not_count() {
    let world = world(&finance(""));
    give(&world, "ada", &["--uses", "5"]);
    let store = store(&world);
    store.execute_batch("CREATE TABLE kept AS SELECT * FROM grants").unwrap();
    let mut agent = world.agent();
    for (sql, why) in [
        (&*replaced("\"uses\":5", "\"uses\":50"), "did not sign this"),
        (&replaced("\"uses\":5", "\"uses\":null"), "did not sign this"),
        (&replaced("\"approver\":\"ada\"", "\"approver\":\"agent\""), "there is no approver"),
        (&replaced("\"when\":null", "\"when\":null,\"x\":1"), "is unknown"),
        ("UPDATE grants SET detail = x'7b7d'", "signed statement"),
        ("UPDATE grants SET expires_ns = expires_ns + 1", "says otherwise than what was signed"),
        ("UPDATE grants SET given_ns = given_ns + 1", "says otherwise than what was signed"),
        ("UPDATE grants SET id = 'grant-0'", "says otherwise than what was signed"),
    ] {
        alter(&world, sql);
        counts_for_nothing(&world, &mut agent, why);
        store.execute_batch("DELETE FROM grants; INSERT INTO grants SELECT * FROM kept").unwrap();
    }
    assert_eq!(world.effects(), Vec::<String>::new());
    // As it was, it counts.
    assert_eq!(became(&call(&mut agent, 1)), "ran");
}

#[test]
fn a_grant_for_another_tool_does_not_become_one_for_this() {
    let guard =
        finance("").replace("[\"notes.write_note\"]", "[\"notes.write_note\", \"notes.delete_note\"]");
    let world = world(&guard);
    give(&world, "ada", &["--tool", "notes.delete_note"]);
    alter(&world, "UPDATE grants SET tool = 'write_note'");
    counts_for_nothing(&world, &mut world.agent(), "says otherwise than what was signed");
}

#[test]
fn a_grant_that_was_taken_back_does_not_come_back() {
    let world = world(&finance(""));
    let grant = give(&world, "ada", &[]);
    revoke(&world, &grant);
    alter(&world, "UPDATE grants SET revoked_ns = NULL");
    counts_for_nothing(&world, &mut world.agent(), "by the log it was taken back");
    assert!(stands(&world, &grant).contains("by the log it was taken back"));
}

const COPY: &str = "INSERT INTO grants (id, upstream, tool, given_ns, expires_ns, revoked_ns, detail)
    SELECT id, upstream, tool, given_ns, expires_ns, revoked_ns, detail FROM other.grants";

fn attached(world: &World, other: &Path) -> Connection {
    let own = store(world);
    own.execute("ATTACH ?1 AS other", [other.to_str().unwrap()]).unwrap();
    own
}

/// An approver of that name somewhere else is somebody else.
#[test]
fn a_grant_of_another_of_the_same_name_does_not_count() {
    let (world, other) = (world(&finance("")), world(&finance("")));
    give(&other, "ada", &[]);
    assert_eq!(attached(&world, &other.at("state/lastlook.db")).execute(COPY, []).unwrap(), 1);
    counts_for_nothing(&world, &mut world.agent(), "did not sign this");
}

/// What its giver signed and nobody took, or what was taken out of the log, is not on record here.
#[test]
fn a_grant_that_the_log_does_not_know_does_not_count() {
    let world = world(&finance(""));
    give(&world, "ada", &[]);
    alter(&world, "UPDATE entries SET attempt = 'elsewhere' WHERE attempt LIKE 'grant-%'");
    counts_for_nothing(&world, &mut world.agent(), "the log does not say that it was given");
    assert!(!world.lastlook(&["verify"]).output().unwrap().status.success());
}

/// The very same people in another state: what was given in the one is nothing in the other.
#[test]
fn a_grant_of_another_state_is_none_here() {
    let world = world(&finance(""));
    give(&world, "ada", &[]);
    let kept = world.at("kept");
    std::fs::rename(world.at("state"), &kept).unwrap();
    is_held(&call(&mut world.agent(), 1));
    let own = attached(&world, &kept.join("lastlook.db"));
    for table in ["grants", "approvers", "marks"] {
        own.execute(&format!("INSERT OR REPLACE INTO {table} SELECT * FROM other.{table}"), []).unwrap();
    }
    counts_for_nothing(&world, &mut world.agent(), "another state directory");
}
