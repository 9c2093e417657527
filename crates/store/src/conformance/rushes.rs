//! Many writers decide at the same time, each with several commits in flight.

use std::sync::{Arc, Barrier};
use std::thread;

use lastlook_canon::Digest;

use super::{Rig, samples::*};
use crate::{Commit, CommitError, Committed, Lookup, Precondition, RequestRow, RequestState, Store, Write};

const WRITERS: usize = 4;
const EACH: usize = 6;

type Answer = (String, Result<Committed, CommitError>);

/// Every writer asks for all its commits at once, and all writers do at the same time; the answers by the name each was
/// made for.
pub(super) fn rush(
    rig: &dyn Rig,
    make: impl Fn(&dyn Store, &str) -> Commit + Sync,
) -> (Arc<dyn Store>, Vec<Answer>) {
    let stores: Vec<_> = (0..WRITERS).map(|_| rig.open(None)).collect();
    let start = Barrier::new(WRITERS);
    let race = |store: &Arc<dyn Store>| {
        let n = store.writer().unwrap().n;
        let commits: Vec<_> = (0..EACH)
            .map(|each| {
                let id = format!("w{n}-{each}");
                let next = make(&**store, &id);
                (id, next)
            })
            .collect();
        start.wait();
        let tickets: Vec<_> = commits.into_iter().map(|(id, next)| (id, store.commit(next))).collect();
        tickets.into_iter().map(|(id, ticket)| (id, done(ticket))).collect::<Vec<_>>()
    };
    let answers = thread::scope(|scope| {
        let racers: Vec<_> = stores.iter().map(|store| scope.spawn(|| race(store))).collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    (Arc::clone(&stores[0]), answers)
}

/// The names of those that were made; all others were refused for a reason that passes.
pub(super) fn made(answers: Vec<Answer>, passes: impl Fn(&str, Precondition)) -> Vec<String> {
    let mut made = Vec::new();
    for (id, answer) in answers {
        match answer {
            Ok(_) => made.push(id),
            Err(CommitError::Precondition { which, holder: None }) => passes(&id, which),
            Err(other) => panic!("{other:?}"),
        }
    }
    made
}

/// An approval is good for one attempt; everybody else learns which, and has armed nothing.
pub fn one_of_many_writers_claims_an_approved_request(rig: &dyn Rig) {
    let approved = RequestRow { state: RequestState::Approved, ..request("r") };
    {
        let store = rig.open(None);
        commit(&*store, Commit { writes: vec![Write::OpenRequest(approved.clone())], ..Commit::default() });
    }
    let which = request_is("r", &[RequestState::Approved], None);
    let (store, answers) = rush(rig, |store, id| {
        let mut next = arm(store, id, &[]);
        next.when.push(which.clone());
        next.writes.push(request_moved("r", RequestState::Claimed, Some(id)));
        next
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|(_, answer)| answer.is_ok());
    assert_eq!((won.len(), lost.len()), (1, WRITERS * EACH - 1));
    let winner = &won[0].0;
    let Lookup::Found(holder) = store.attempt(winner).unwrap() else { panic!("no attempt of the winner") };
    for (id, answer) in lost {
        let refusal = CommitError::Precondition { which: which.clone(), holder: Some(holder.clone().into()) };
        assert_eq!(answer, Err(refusal), "{id}");
        assert_eq!(store.attempt(&id).unwrap(), Lookup::Missing);
    }
    let claimed = RequestRow { state: RequestState::Claimed, attempt: Some(winner.clone()), ..approved };
    assert_eq!(store.request("r").unwrap(), Lookup::Found(claimed));
    let of_others: u64 = logs(&*store).iter().map(|log| verified_size(&*store, &rig.verifier(), log)).sum();
    assert_eq!(of_others, 1, "one entry in all logs");
}

/// However often it is cast at once, an approver's vote is one.
pub fn one_of_many_votes_of_an_approver_counts(rig: &dyn Rig) {
    {
        let store = rig.open(None);
        commit(&*store, Commit { writes: vec![Write::OpenRequest(request("r"))], ..Commit::default() });
    }
    let (store, answers) = rush(rig, |_, id| {
        let vote = crate::VoteRow { detail: id.into(), ..vote("r", "ann", 10) };
        Commit { writes: vec![Write::Vote(vote)], ..Commit::default() }
    });
    let no_vote = Precondition::NoVote { request: "r".into(), approver: "ann".into() };
    let made = made(answers, |_, which| assert_eq!(which, no_vote));
    assert_eq!(made.len(), 1);
    let votes = store.votes("r").unwrap();
    assert_eq!(votes.len(), 1);
    assert_eq!(votes[0].detail, made[0].as_bytes(), "the vote that was answered for");
}

/// As many are opened as were asked for, and not one more.
pub fn many_writers_never_pass_a_bound_on_pending_requests(rig: &dyn Rig) {
    const MOST: u64 = 7;
    let few = Precondition::FewerPending { principal: "agent".into(), most: MOST };
    let (store, answers) = rush(rig, |_, id| Commit {
        when: vec![few.clone()],
        writes: vec![Write::OpenRequest(request(id))],
        ..Commit::default()
    });
    let mut made = made(answers, |_, which| assert_eq!(which, few));
    assert_eq!(made.len() as u64, MOST);
    let pending = store.requests(&[RequestState::Pending], 99, None).unwrap();
    let mut pending: Vec<_> = pending.into_iter().map(|request| request.id).collect();
    made.sort();
    pending.sort();
    assert_eq!(pending, made);
}

/// Whoever asks for the same thing at the same time finds the request of another.
pub fn one_of_many_writers_opens_a_request_for_an_action(rig: &dyn Rig) {
    let action = Digest::of("sample", &[b"raced for"]);
    let none = Precondition::NoOpenRequest { principal: "agent".into(), action, key: None };
    let (store, answers) = rush(rig, |_, id| Commit {
        when: vec![none.clone()],
        writes: vec![Write::OpenRequest(RequestRow { action, ..request(id) })],
        ..Commit::default()
    });
    let made = made(answers, |_, which| assert_eq!(which, none));
    let open = store.open_requests_of("agent", action, None).unwrap();
    assert_eq!(open.iter().map(|request| &request.id).collect::<Vec<_>>(), made.iter().collect::<Vec<_>>());
    assert_eq!(open.len(), 1);
}

/// A name is one person's, whoever gives it out at the same time.
pub fn one_of_many_writers_gives_out_an_approvers_name(rig: &dyn Rig) {
    let (store, answers) = rush(rig, |_, id| {
        let row = crate::ApproverRow { detail: id.into(), ..approver("ann") };
        Commit { writes: vec![Write::PutApprover(row)], ..Commit::default() }
    });
    let is = Precondition::ApproverIs { name: "ann".into(), known: false };
    let made = made(answers, |_, which| assert_eq!(which, is));
    let approvers = store.approvers().unwrap();
    assert_eq!((made.len(), approvers.len()), (1, 1));
    assert_eq!(approvers[0].detail, made[0].as_bytes());
}

/// Halts are told by a mark: whatever was armed under the mark before, was armed before the halt.
pub fn nothing_is_armed_after_a_mark_has_changed(rig: &dyn Rig) {
    let before = Precondition::MarkIs { name: "halts".into(), value: None };
    let halts = |id: &str| id == "w2-3";
    let (store, answers) = rush(rig, |store, id| {
        let mut next = arm(store, id, &[]);
        next.when.push(before.clone());
        if halts(id) {
            next.writes.push(Write::OpenHalt(halt(id, 10)));
            next.writes.push(Write::SetMark { name: "halts".into(), value: id.into() });
        }
        next
    });
    let made = made(answers, |id, which| {
        assert_eq!(which, before);
        assert!(!halts(id), "nothing was in its way");
    });
    assert_eq!(store.halts(false).unwrap(), [halt("w2-3", 10)]);
    // Of its own writer, exactly what came before it.
    let own: Vec<_> = made.iter().filter(|id| id.starts_with("w2-")).collect();
    assert_eq!(own, ["w2-0", "w2-1", "w2-2", "w2-3"]);
}

/// What is done by setting a mark that was never set, is done once, whoever tries.
pub fn one_of_many_writers_sets_a_mark_for_the_first_time(rig: &dyn Rig) {
    let never = Precondition::MarkIs { name: "slip/1".into(), value: None };
    let (store, answers) = rush(rig, |_, id| Commit {
        when: vec![never.clone()],
        writes: vec![Write::SetMark { name: "slip/1".into(), value: id.into() }],
        ..Commit::default()
    });
    let made = made(answers, |_, which| assert_eq!(which, never));
    assert_eq!(made.len(), 1);
    assert_eq!(store.mark("slip/1").unwrap().as_ref(), made.first());
    drop(store);
    let again = Commit {
        when: vec![never.clone()],
        writes: vec![Write::SetMark { name: "slip/1".into(), value: "later".into() }],
        ..Commit::default()
    };
    let said = done(rig.open(None).commit(again)).unwrap_err();
    assert_eq!(said, CommitError::Precondition { which: never, holder: None }, "reopened");
}
