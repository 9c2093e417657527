//! The third story: a writer is killed with SIGKILL while another lives; nothing is sent twice, and nothing is stuck.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::oracle::Receipt;
use super::rig::{Rig, refused, text_of, worked};
use crate::client::{Client, PATIENCE};

/// How recovery records an attempt whose writer is gone.
const UNKNOWN: [&str; 2] = ["unknown", "writer-died"];
/// How it settles one whose effect would show and does not.
const FAILED: [&str; 2] = ["failed", "readings-unchanged"];

/// Killed at every command boundary before the bytes leave: nothing happened, and the next writer can prove it.
#[test]
fn killed_before_the_bytes_left_it_is_settled_as_failed_and_can_be_done_again() {
    let points = ["after:arm", "before:look", "after:look", "before:gate", "after:gate", "before:send"];
    let rig = Rig::new();
    let mut alive = rig.agent();
    for point in points {
        dies_at(&rig, &mut alive, point);
    }
    // Each writer takes the place of the one that died there, and settles what it left; this one the last.
    let mut agent = rig.agent();
    for point in points {
        let name = file_of(point);
        ended(&rig, &name, &[UNKNOWN, FAILED]);
        worked(&agent.call("read_text_file", rig.only(&name)));
        assert!(!rig.effects().contains(&name), "{point}");
        worked(&agent.call("edit_file", rig.edit(&name, "open", "sent")));
        assert_eq!(rig.text(&name).as_deref(), Some("sent"), "{point}");
    }
    rig.mediated();
}

/// Killed with the effect done and not on record: unknown, whatever the file shows; an operator's word ends it.
#[test]
fn killed_after_the_effect_it_stays_unknown_until_an_operator_says_so() {
    let points = ["before:rebase", "after:rebase", "before:record-outcome"];
    let rig = Rig::new();
    let mut alive = rig.agent();
    for point in points {
        dies_at(&rig, &mut alive, point);
    }
    let mut agent = rig.agent();
    for point in points {
        let name = file_of(point);
        let attempt = &ended(&rig, &name, &[UNKNOWN]);
        worked(&agent.call("read_text_file", rig.only(&name)));
        worked(&alive.call("read_text_file", rig.only(&name)));
        // The same again, and anything else on the same file: refused by both, naming the attempt.
        for (who, edit) in [(&mut agent, ("sent", "sent")), (&mut alive, ("sent", "twice"))] {
            let answer = who.call("edit_file", rig.edit(&name, edit.0, edit.1));
            refused(&answer, &["in-doubt"]);
            assert!(text_of(&answer).contains(attempt), "{answer}");
        }
        assert_eq!(times(&rig, &name), 1, "{point}");
        rig.lastlook_ok(&["resolve", attempt, "--as", "succeeded", "--reason", "it is in the file"]);
        assert_eq!(rig.receipt(attempt).says["reason"], "it is in the file");
        worked(&agent.call("edit_file", rig.edit(&name, "sent", "sent and checked")));
        assert_eq!(rig.text(&name).as_deref(), Some("sent and checked"), "{point}");
    }
    rig.mediated();
}

/// Killed with everything on record and only the answer not given: nothing is open.
#[test]
fn killed_after_the_record_nothing_is_unknown() {
    let points = ["after:record-outcome", "before:deliver"];
    let rig = Rig::new();
    let mut alive = rig.agent();
    for point in points {
        dies_at(&rig, &mut alive, point);
    }
    let mut agent = rig.agent();
    for point in points {
        let name = file_of(point);
        ended(&rig, &name, &[["succeeded", "answer"]]);
        worked(&agent.call("read_text_file", rig.only(&name)));
        worked(&agent.call("edit_file", rig.edit(&name, "sent", "sent and checked")));
    }
    rig.mediated();
}

/// Killed while the server holds the call: the server dies with its writer, before the effect or after it.
#[test]
fn a_server_that_was_about_to_act_dies_with_its_writer() {
    for (hold, happened) in [("before", false), ("done", true)] {
        let rig = Rig::with("payroll.md", "open");
        let mut alive = rig.agent();
        let mut agent = rig.agent_with(&[], &[("WITNESS_HOLD", &format!("{hold}:payroll.md"))]);
        worked(&agent.call("read_text_file", rig.only("payroll.md")));
        agent.ask("edit_file", rig.edit("payroll.md", "open", "sent"));
        let held = until("the server holds the change", || {
            rig.changes().into_iter().find(|change| change.at == hold && change.file == "payroll.md")
        });
        agent.kill();
        until("the server is gone", || is_gone(held.pid).then_some(()));
        works_on(&rig, &mut alive, hold);

        let mut agent = rig.agent();
        worked(&agent.call("read_text_file", rig.only("payroll.md")));
        match happened {
            false => {
                ended(&rig, "payroll.md", &[UNKNOWN, FAILED]);
                worked(&agent.call("edit_file", rig.edit("payroll.md", "open", "sent")));
            }
            true => {
                let attempt = &ended(&rig, "payroll.md", &[UNKNOWN]);
                refused(&agent.call("edit_file", rig.edit("payroll.md", "open", "sent")), &["in-doubt"]);
                rig.lastlook_ok(&["resolve", attempt, "--as", "succeeded", "--reason", "seen"]);
            }
        }
        assert_eq!((rig.text("payroll.md").as_deref(), times(&rig, "payroll.md")), (Some("sent"), 1));
        rig.mediated();
    }
}

/// The writer died with the call on its way: whichever of the two it was, the record and the file agree.
#[test]
fn killed_right_after_sending_the_record_never_says_more_than_the_file() {
    let rig = Rig::new();
    let mut alive = rig.agent();
    dies_at(&rig, &mut alive, "after:send");
    let mut agent = rig.agent();
    let name = file_of("after:send");
    worked(&agent.call("read_text_file", rig.only(&name)));
    match rig.text(&name).as_deref() {
        Some("open") => ended(&rig, &name, &[UNKNOWN, FAILED]),
        Some("sent") => ended(&rig, &name, &[UNKNOWN]),
        other => panic!("{other:?}"),
    };
    assert!(times(&rig, &name) <= 1);
}

/// An agent reads a file of its own and edits it, and its boundary dies at `point`; the other boundary goes on.
fn dies_at(rig: &Rig, alive: &mut Client, point: &str) {
    let name = file_of(point);
    rig.put(&name, "open");
    let mut agent = rig.agent_with(&[], &[("LASTLOOK_CRASH_AT", point)]);
    worked(&agent.call("read_text_file", rig.only(&name)));
    agent.ask("edit_file", rig.edit(&name, "open", "sent"));
    let status = agent.wait();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{point}: {status}");
    works_on(rig, alive, point);
}

/// Another writer on the same state does not notice.
fn works_on(rig: &Rig, alive: &mut Client, point: &str) {
    let name = format!("other-{}", file_of(point));
    rig.put(&name, "open");
    worked(&alive.call("read_text_file", rig.only(&name)));
    worked(&alive.call("edit_file", rig.edit(&name, "open", "done")));
    assert_eq!(rig.text(&name).as_deref(), Some("done"));
}

fn file_of(point: &str) -> String {
    format!("{}.md", point.replace(':', "-"))
}

/// Waits until the first attempt on a file has ended in these steps: settling goes on beside the first calls.
fn ended(rig: &Rig, name: &str, steps: &[[&str; 2]]) -> String {
    let path = json!(rig.path(name));
    let first = |receipt: &Receipt| receipt.arguments["path"] == path;
    let Receipt { id, .. } =
        rig.receipts().into_iter().find(first).unwrap_or_else(|| panic!("none on {name}"));
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    until(&format!("the attempt on {name} went through {steps:?}"), || {
        let log =
            rig.log().into_iter().filter(|line| line["receipt"] == json!(id) && line["kind"] == "outcome");
        let done: Vec<_> = log.map(|line| [text(&line, "outcome"), text(&line, "evidence")]).collect();
        (done == steps).then_some(())
    });
    id
}

/// True when a process has ended, whether or not anybody has taken note of it.
fn is_gone(pid: u64) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['Z', 'X']))
}

fn times(rig: &Rig, name: &str) -> usize {
    rig.effects().iter().filter(|file| *file == name).count()
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(2)); // backoff: another process's doing
    }
}
