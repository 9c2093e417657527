//! Approvers, halts, and a mark that a commit depends on.

use super::{Rig, samples::*};
use crate::{
    ApproverRow, Commit, CommitError, HaltRow, Lookup, Precondition, RequestState, Store, VoteRow, Write,
};

fn write(store: &dyn Store, write: Write) {
    commit(store, Commit { writes: vec![write], ..Commit::default() });
}

/// Nothing, or what this was refused for.
fn refused(store: &dyn Store, next: Commit) -> Option<Precondition> {
    match done(store.commit(next)) {
        Ok(_) => None,
        Err(CommitError::Precondition { which, holder: None }) => Some(which),
        Err(other) => panic!("{other:?}"),
    }
}

fn asking(which: Precondition) -> Commit {
    Commit { when: vec![which], ..Commit::default() }
}

/// Not while there is one, not after there was; whoever removes one twice changes nothing.
pub fn an_approvers_name_is_never_given_twice(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let store = &*stores[0];
    let is = |known| Precondition::ApproverIs { name: "ann".into(), known };
    let known = || [true, false].map(|known| refused(store, asking(is(known))).is_none());
    let remove = |at_ns| Write::RemoveApprover { name: "ann".into(), at_ns };
    assert_eq!(store.approvers().unwrap(), []);
    assert_eq!(known(), [false, true]);
    write(store, Write::PutApprover(approver("ann")));
    write(&*stores[1], Write::PutApprover(approver("a")));
    assert_eq!(known(), [true, false]);
    let again = ApproverRow { detail: b"another key".to_vec(), ..approver("ann") };
    let put = || Commit {
        writes: vec![
            Write::SetMark { name: "m".into(), value: "x".into() },
            Write::PutApprover(again.clone()),
        ],
        ..Commit::default()
    };
    assert_eq!(refused(store, put()), Some(is(false)));
    write(&*stores[1], remove(30));
    assert_eq!(known(), [false, false]);
    assert_eq!(refused(store, put()), Some(is(false)));
    write(store, remove(20));
    assert_eq!(store.mark("m").unwrap(), None);
    let all = [approver("a"), ApproverRow { removed_ns: Some(30), ..approver("ann") }];
    assert_eq!(store.approvers().unwrap(), all);
    drop(stores);
    assert_eq!(rig.open(None).approvers().unwrap(), all);
}

/// In the order they began; the first end counts.
pub fn a_halt_is_in_force_until_it_ends(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let store = &*stores[0];
    assert_eq!(store.halts(true).unwrap(), []);
    for (n, (id, since_ns)) in [("c", 20), ("b", 10), ("a", 20)].into_iter().enumerate() {
        write(&*stores[n % 2], Write::OpenHalt(halt(id, since_ns)));
    }
    let all = || [halt("b", 10), halt("a", 20), halt("c", 20)];
    assert_eq!(store.halts(false).unwrap(), all());
    let end = |at_ns| Write::EndHalt { id: "a".into(), at_ns };
    write(&*stores[1], end(40));
    write(store, end(30));
    assert_eq!(store.halts(false).unwrap(), [halt("b", 10), halt("c", 20)]);
    let mut all = all();
    all[1].ended_ns = Some(40);
    assert_eq!(store.halts(true).unwrap(), all);
    drop(stores);
    let store = rig.open(None);
    assert_eq!(store.halts(true).unwrap(), all);
    assert_eq!(store.halts(false).unwrap().len(), 2);
}

/// It is made only while the mark is as it was read, so that what the mark stands for has not changed either.
pub fn a_commit_depends_on_a_mark(rig: &dyn Rig) {
    let stores = [rig.open(None), rig.open(None)];
    let is =
        |value: Option<&str>| Precondition::MarkIs { name: "halts".into(), value: value.map(String::from) };
    let values = [None, Some(""), Some("1"), Some("10")];
    for (n, now) in values.into_iter().enumerate() {
        if let Some(value) = now {
            write(&*stores[n % 2], Write::SetMark { name: "halts".into(), value: value.into() });
        }
        write(&*stores[0], Write::SetMark { name: "halt".into(), value: "another".into() });
        for (m, asked) in values.into_iter().enumerate() {
            let mut next = arm(&*stores[0], &format!("a{n}{m}"), &[]);
            next.when.push(is(asked));
            let expect = if asked == now { None } else { Some(is(asked)) };
            assert_eq!(refused(&*stores[0], next), expect, "it is {now:?}");
        }
    }
    assert_eq!(stores[0].open_attempts().unwrap().len(), values.len());
}

/// What is there already, or what nothing is said about, takes back the whole commit.
pub fn a_senseless_decision_is_taken_back_whole(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let pair = |id: &str| {
        [
            Write::OpenRequest(request(id)),
            Write::PutApprover(approver(id)),
            Write::OpenHalt(halt(id, 10)),
            Write::Vote(vote(id, "somebody", 10)),
        ]
    };
    commit(store, Commit { writes: pair("first").into(), ..Commit::default() });
    let against = VoteRow { approves: false, ..vote("second", "somebody", 10) };
    let senseless = [
        Write::OpenRequest(request("first")),
        Write::OpenRequest(request("second")),
        Write::OpenRequest(crate::RequestRow { attempt: Some("nobody".into()), ..request("third") }),
        request_moved("nothing", RequestState::Void, None),
        request_moved("first", RequestState::Claimed, Some("nobody")),
        Write::Vote(vote("nothing", "ann", 10)),
        Write::Vote(against),
        Write::PutApprover(approver("second")),
        Write::RemoveApprover { name: "nobody".into(), at_ns: 10 },
        Write::OpenHalt(halt("first", 20)),
        Write::OpenHalt(halt("second", 20)),
        Write::EndHalt { id: "nothing".into(), at_ns: 10 },
    ];
    for last in senseless {
        let mut bad = arm(store, "a", &[]);
        bad.writes.extend(pair("second"));
        bad.writes.extend([
            request_moved("first", RequestState::Claimed, Some("a")),
            Write::Vote(vote("first", "a", 10)),
            Write::RemoveApprover { name: "first".into(), at_ns: 10 },
            Write::EndHalt { id: "first".into(), at_ns: 10 },
            last.clone(),
        ]);
        let said = done(store.commit(bad));
        assert!(matches!(said, Err(CommitError::Unavailable(_))), "{last:?}: {said:?}");
        assert_eq!(store.attempt("a").unwrap(), Lookup::Missing);
        assert_eq!(store.requests(&RequestState::ALL, 9, None).unwrap(), [request("first")]);
        assert_eq!(store.votes("first").unwrap(), [vote("first", "somebody", 10)]);
        assert_eq!(store.votes("second").unwrap(), []);
        assert_eq!(store.approvers().unwrap(), [approver("first")]);
        assert_eq!(store.halts(true).unwrap(), [halt("first", 10)] as [HaltRow; 1]);
    }
    commit(store, Commit { writes: pair("second").into(), ..Commit::default() });
}
