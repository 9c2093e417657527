//! Steps are found under their keys, attempts by their tool, newest first; marks by their name.

use super::{Rig, samples::*};
use crate::{AttemptRow, AttemptState, Commit, Confirmation, StepRow, Store, Write};

fn note(store: &dyn Store, id: &str, keys: &[&str], armed_at_ns: i64) -> StepRow {
    let row = row(store, id);
    let arguments = format!("{{\"of\":\"{id}\"}}").into_bytes();
    let keys = keys.iter().map(|key| (*key).to_owned()).collect();
    let note = Write::NoteStep { keys, attempt: id.into(), armed_at_ns, arguments: arguments.clone() };
    let AttemptRow { upstream, tool, state, .. } = row.clone();
    commit(store, Commit { writes: vec![Write::OpenAttempt(row), note], ..Commit::default() });
    StepRow {
        attempt: id.into(),
        upstream,
        tool,
        armed_at_ns,
        ended_at_ns: None,
        state,
        confirmation: None,
        arguments,
    }
}

fn write(store: &dyn Store, write: Write) {
    commit(store, Commit { writes: vec![write], ..Commit::default() });
}

fn ids(steps: Vec<StepRow>) -> Vec<String> {
    steps.into_iter().map(|step| step.attempt).collect()
}

/// From when it is armed on, with what became of it, under every key it was noted under, reopened or not.
pub fn a_step_is_found_under_its_keys_as_it_stands(rig: &dyn Rig) {
    let store = rig.open(None);
    let mut a = note(&*store, "a", &["k", "j", "k"], 10);
    let b = note(&*store, "b", &["k"], 20);
    assert_eq!(store.steps("k", 9, None).unwrap(), [b.clone(), a.clone()]);
    let confirm = |confirmation| Write::ConfirmStep { attempt: "a".into(), confirmation };
    let end = |ended_at_ns| Write::EndStep { attempt: "a".into(), ended_at_ns };
    write(&*store, moved("a", AttemptState::Succeeded));
    write(&*store, end(15));
    write(&*store, confirm(Confirmation::Unconfirmed));
    (a.state, a.ended_at_ns, a.confirmation) =
        (AttemptState::Succeeded, Some(15), Some(Confirmation::Unconfirmed));
    assert_eq!(store.steps("j", 9, None).unwrap(), [a.clone()]);
    write(&*store, end(12));
    assert_eq!(store.steps("j", 9, None).unwrap(), [a.clone()], "an end moves no earlier");
    write(&*store, end(30));
    for confirmation in Confirmation::ALL {
        write(&*store, confirm(confirmation));
        (a.ended_at_ns, a.confirmation) = (Some(30), Some(confirmation));
        assert_eq!(store.steps("k", 9, None).unwrap(), [b.clone(), a.clone()]);
    }
    assert_eq!(store.steps("i", 9, None).unwrap(), []);
    drop(store);
    let store = rig.open(None);
    assert_eq!(store.steps("k", 9, None).unwrap(), [b, a]);
    write(&*store, Write::EndStep { attempt: "nobody".into(), ended_at_ns: 1 });
    write(&*store, Write::ConfirmStep { attempt: "nobody".into(), confirmation: Confirmation::Confirmed });
}

/// However many share an instant, going on from the last one's time misses none and repeats none.
pub fn steps_are_read_page_by_page_without_a_gap(rig: &dyn Rig) {
    let store = &*rig.open(None);
    for (n, at) in [30, 10, 30, 20, 30, 10, i64::MIN, i64::MAX].into_iter().enumerate() {
        note(store, &format!("a{n}"), if n == 3 { &["k", "j"] } else { &["k"] }, at);
    }
    let all = ids(store.steps("k", 99, None).unwrap());
    assert_eq!(all, ["a7", "a4", "a2", "a0", "a3", "a5", "a1", "a6"], "by time, then by id");
    for limit in 1..=8 {
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = store.steps("k", limit, before).unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() >= limit || read.len() + page.len() == 8);
            before = Some(last.armed_at_ns);
            read.extend(ids(page));
        }
        assert_eq!(read, all, "{limit} at a time");
    }
    assert_eq!(
        ids(store.steps("k", 1, Some(20)).unwrap()),
        ["a5", "a1"],
        "a page is not cut within an instant"
    );
    assert_eq!(store.steps("k", 0, None).unwrap(), []);
    assert_eq!(store.steps("k", 9, Some(i64::MIN)).unwrap(), []);
    assert_eq!(ids(store.steps("j", 9, None).unwrap()), ["a3"]);
}

/// One tool's, of every writer, by time and then by id, from any place on.
pub fn attempts_are_found_by_their_tool_newest_first(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let open = |n: usize, id: &str, tool: &str, opened_at_ns| {
        let store = &*stores[n % 2];
        let row = AttemptRow { tool: tool.into(), opened_at_ns, ..row(store, id) };
        write(store, Write::OpenAttempt(row));
    };
    for (n, at) in [30, 10, 30, 20, i64::MAX].into_iter().enumerate() {
        open(n, &format!("a{n}"), "refund", at);
    }
    open(0, "other", "refunds", 25);
    let store = &*stores[0];
    let found = |limit, before: Option<(i64, &str)>| -> Vec<String> {
        let before = before.map(|(at, id)| (at, id.to_owned()));
        store.attempts_of("shop", "refund", limit, before).unwrap().into_iter().map(|row| row.id).collect()
    };
    let all = found(99, None);
    assert_eq!(all, ["a4", "a2", "a0", "a3", "a1"]);
    assert_eq!(found(2, None), ["a4", "a2"]);
    assert_eq!(found(2, Some((30, "a2"))), ["a0", "a3"]);
    assert_eq!(found(9, Some((10, "a1"))), [""; 0]);
    assert_eq!(found(0, None), [""; 0]);
    assert_eq!(store.attempts_of("sho", "refund", 9, None).unwrap(), []);
    assert_eq!(store.attempts_of("shop", "refunds", 9, None).unwrap().len(), 1);
}

/// The last value set, of whichever writer, reopened or not.
pub fn a_mark_keeps_the_value_last_set(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    assert_eq!(stores[0].mark("configuration").unwrap(), None);
    for (n, value) in ["one", "two", ""].into_iter().enumerate() {
        write(&*stores[n % 2], Write::SetMark { name: "configuration".into(), value: value.into() });
        assert_eq!(stores[0].mark("configuration").unwrap().as_deref(), Some(value));
    }
    assert_eq!(stores[1].mark("policy").unwrap(), None);
    drop(stores);
    assert_eq!(rig.open(None).mark("configuration").unwrap().as_deref(), Some(""));
}

/// What has not ended, and what ended last, without what was refused or failed; never what ended before.
pub fn what_happened_since_is_found_by_its_end(rig: &dyn Rig) {
    let store = rig.open(None);
    for (id, armed_at_ns) in [("a", 10), ("b", 20), ("c", 30), ("d", 40)] {
        note(&*store, id, &["k"], armed_at_ns);
    }
    let end = |id: &str, to: AttemptState, ended_at_ns| {
        write(&*store, Write::MoveAttempt { attempt: id.into(), to });
        write(&*store, Write::EndStep { attempt: id.into(), ended_at_ns });
    };
    let since = |since_ns, limit| ids(store.steps_since("k", since_ns, limit).unwrap());
    assert_eq!(since(0, 9).len(), 4, "nothing has ended");
    end("b", AttemptState::Succeeded, 50);
    end("c", AttemptState::Succeeded, 45);
    end("d", AttemptState::Failed, 60);
    assert_eq!(since(0, 9), ["a", "b", "c"]);
    assert_eq!(since(0, 2), ["a", "b"]);
    assert_eq!(since(45, 9), ["a", "b"]);
    end("a", AttemptState::Succeeded, 70);
    assert_eq!(since(50, 9), ["a"]);
    assert_eq!(since(70, 9), [""; 0]);
    assert_eq!(ids(store.steps_since("other", 0, 9).unwrap()), [""; 0]);
}
