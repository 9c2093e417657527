//! The third story: a writer is killed with SIGKILL while another lives; nothing is sent twice, and nothing is stuck.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::rig::{Rig, refused, text_of, worked};
use crate::client::{Client, PATIENCE};

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
        worked(&agent.call("read_text_file", rig.only(&name)));
        assert_eq!(
            endings(&rig, point),
            [("unknown", "writer-died"), ("failed", "readings-unchanged")],
            "{point}"
        );
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
        worked(&agent.call("read_text_file", rig.only(&name)));
        worked(&alive.call("read_text_file", rig.only(&name)));
        assert_eq!(endings(&rig, point), [("unknown", "writer-died")], "{point}");
        let attempt = attempt_on(&rig, point);
        // The same again, and anything else on the same file: refused by both, naming the attempt.
        for (who, edit) in [(&mut agent, ("sent", "sent")), (&mut alive, ("sent", "twice"))] {
            let answer = who.call("edit_file", rig.edit(&name, edit.0, edit.1));
            refused(&answer, &["in-doubt"]);
            assert!(text_of(&answer).contains(&attempt), "{answer}");
        }
        assert_eq!(times(&rig, &name), 1, "{point}");
        rig.lastlook_ok(&["resolve", &attempt, "--as", "succeeded", "--reason", "it is in the file"]);
        assert_eq!(rig.receipt(&attempt).says["reason"], "it is in the file");
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
        worked(&agent.call("read_text_file", rig.only(&name)));
        assert_eq!(endings(&rig, point), [("succeeded", "answer")], "{point}");
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
        until("the server is gone", || {
            (!std::path::Path::new(&format!("/proc/{}", held.pid)).exists()).then_some(())
        });
        works_on(&rig, &mut alive, hold);

        let mut agent = rig.agent();
        worked(&agent.call("read_text_file", rig.only("payroll.md")));
        let ends: Vec<(String, String)> = ends_of(&rig, "payroll.md");
        let unknown = ("unknown".to_owned(), "writer-died".to_owned());
        match happened {
            false => {
                assert_eq!(ends, [unknown, ("failed".to_owned(), "readings-unchanged".to_owned())]);
                worked(&agent.call("edit_file", rig.edit("payroll.md", "open", "sent")));
            }
            true => {
                assert_eq!(ends, [unknown]);
                refused(&agent.call("edit_file", rig.edit("payroll.md", "open", "sent")), &["in-doubt"]);
                let attempt = attempt_with(&rig, "payroll.md");
                rig.lastlook_ok(&["resolve", &attempt, "--as", "succeeded", "--reason", "seen"]);
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
    let ends = endings(&rig, "after:send");
    let expected: &[_] = match rig.text(&name).as_deref() {
        Some("open") => &[("unknown", "writer-died"), ("failed", "readings-unchanged")],
        Some("sent") => &[("unknown", "writer-died")],
        other => panic!("{other:?}"),
    };
    assert_eq!(ends, expected);
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

fn attempt_on(rig: &Rig, point: &str) -> String {
    attempt_with(rig, &file_of(point))
}

/// The first attempt on a file.
fn attempt_with(rig: &Rig, name: &str) -> String {
    let attempts =
        rig.receipts().into_iter().filter(|receipt| receipt.arguments == rig.edit(name, "open", "sent"));
    attempts.map(|receipt| receipt.id).next().unwrap_or_else(|| panic!("no attempt on {name}"))
}

/// How an attempt ended, step by step: the outcomes on record, with their evidence.
fn ends_of(rig: &Rig, name: &str) -> Vec<(String, String)> {
    let attempt = attempt_with(rig, name);
    let lines =
        rig.log().into_iter().filter(|line| line["receipt"] == json!(attempt) && line["kind"] == "outcome");
    let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    lines.map(|line| (text(&line, "outcome"), text(&line, "evidence"))).collect()
}

#[track_caller]
fn endings(rig: &Rig, point: &str) -> Vec<(&'static str, &'static str)> {
    let known = ["unknown", "writer-died", "failed", "readings-unchanged", "succeeded", "answer"];
    let name = |text: String| *known.iter().find(|known| **known == text).unwrap_or_else(|| panic!("{text}"));
    ends_of(rig, &file_of(point)).into_iter().map(|(outcome, why)| (name(outcome), name(why))).collect()
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
