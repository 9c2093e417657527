//! Requests for approval: found, moved, voted on, and never more of them than was asked for.

use lastlook_canon::Digest;

use super::{Rig, samples::*};
use crate::{
    AttemptState, Commit, CommitError, Lookup, Precondition, RequestRow, RequestState, Store, VoteRow, Write,
};

fn ids(requests: Vec<RequestRow>) -> Vec<String> {
    requests.into_iter().map(|request| request.id).collect()
}

fn open(store: &dyn Store, row: RequestRow) {
    commit(store, Commit { writes: vec![Write::OpenRequest(row)], ..Commit::default() });
}

fn fewer_pending(principal: &str, most: u64) -> Precondition {
    Precondition::FewerPending { principal: principal.into(), most }
}

/// Whether this would hold now; if not, it must be this that is named, and nobody else.
fn holds(store: &dyn Store, which: Precondition) -> bool {
    match done(store.commit(Commit { when: vec![which.clone()], ..Commit::default() })) {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error, CommitError::Precondition { which, holder: None });
            false
        }
    }
}

/// A whole id is found even if others begin with it; a beginning only if one does.
pub fn requests_are_found_by_prefix(rig: &dyn Rig) {
    let mut store = rig.open(None);
    for id in ["ab", "abc", "abd", "b", "c_1"] {
        open(&*store, request(id));
    }
    let ambiguous = |ids: &[&str]| Lookup::Ambiguous(ids.iter().map(|id| (*id).to_owned()).collect());
    for _ in 0..2 {
        let found = |id: &str| Lookup::Found(request(id));
        assert_eq!(store.request("ab").unwrap(), found("ab"));
        assert_eq!(store.request("abd").unwrap(), found("abd"));
        assert_eq!(store.request("c").unwrap(), found("c_1"));
        assert_eq!(store.request("a").unwrap(), ambiguous(&["ab", "abc", "abd"]));
        assert_eq!(store.request("abcd").unwrap(), Lookup::Missing);
        assert_eq!(store.request("c%").unwrap(), Lookup::Missing);
        assert_eq!(store.request("").unwrap(), ambiguous(&["ab", "abc", "abd", "b", "c_1"]));
        drop(store);
        store = rig.open(None);
    }
    assert_eq!(store.attempt("ab").unwrap(), Lookup::Missing, "a request is no attempt");
}

/// By time and then by id, from any place on, whatever the mixture of states.
pub fn requests_are_listed_by_state_newest_first(rig: &dyn Rig) {
    use RequestState::{Approved, Expired, Pending, Used};
    let stores = [rig.open(None), rig.open(None)];
    let rows =
        [(30, Pending), (10, Used), (30, Approved), (20, Pending), (i64::MAX, Used), (i64::MIN, Pending)];
    for (n, (opened_at_ns, state)) in rows.into_iter().enumerate() {
        open(&*stores[n % 2], RequestRow { opened_at_ns, state, ..request(&format!("r{n}")) });
    }
    let store = &*stores[0];
    let found = |states: &[_], limit, before: Option<(i64, &str)>| {
        let before = before.map(|(at, id)| (at, id.to_owned()));
        ids(store.requests(states, limit, before).unwrap())
    };
    let all = found(&RequestState::ALL, 99, None);
    assert_eq!(all, ["r4", "r2", "r0", "r3", "r1", "r5"]);
    assert_eq!(found(&[Pending], 99, None), ["r0", "r3", "r5"]);
    assert_eq!(found(&[Used, Pending, Used], 2, None), ["r4", "r0"], "a state named twice is one");
    assert_eq!(found(&[Used, Pending], 2, Some((30, "r0"))), ["r3", "r1"]);
    assert_eq!(found(&[Pending, Approved], 9, Some((30, "r2"))), ["r0", "r3", "r5"]);
    assert_eq!(found(&[Expired], 9, None), [""; 0]);
    assert_eq!(found(&[], 9, None), [""; 0]);
    assert_eq!(found(&RequestState::ALL, 0, None), [""; 0]);
    for limit in 1..=6 {
        let (mut read, mut before) = (Vec::new(), None);
        loop {
            let page = store.requests(&RequestState::ALL, limit, before).unwrap();
            let Some(last) = page.last() else { break };
            assert!(page.len() == limit || read.len() + page.len() == 6);
            before = Some((last.opened_at_ns, last.id.clone()));
            read.extend(ids(page));
        }
        assert_eq!(read, all, "{limit} at a time");
    }
}

/// Its state and its attempt are what the last move said, reopened or not; the rest stays as it was opened.
pub fn a_request_moves_with_the_attempt_that_has_it(rig: &dyn Rig) {
    let store = rig.open(None);
    commit(&*store, arm(&*store, "a", &[]));
    let opened = RequestRow { expires_at_ns: Some(i64::MIN), ..request("r") };
    open(&*store, opened.clone());
    open(&*store, request("other"));
    let mut moves: Vec<_> = RequestState::ALL.map(|state| (state, Some("a"))).into();
    moves.extend([(RequestState::Approved, None), (RequestState::Claimed, Some("a"))]);
    for (state, attempt) in moves {
        commit(&*store, Commit { writes: vec![request_moved("r", state, attempt)], ..Commit::default() });
        let expect = RequestRow { state, attempt: attempt.map(String::from), ..opened.clone() };
        assert_eq!(store.request("r").unwrap(), Lookup::Found(expect.clone()));
        assert_eq!(store.requests(&[state], 1, Some((i64::MAX, String::new()))).unwrap()[0], expect);
    }
    assert_eq!(store.request("other").unwrap(), Lookup::Found(request("other")));
    drop(store);
    let expect = RequestRow { state: RequestState::Claimed, attempt: Some("a".into()), ..opened };
    assert_eq!(rig.open(None).request("r").unwrap(), Lookup::Found(expect));
}

/// One in another state, or another attempt's, fails the commit and names whoever has it; so does one that does not exist.
pub fn a_request_must_be_in_one_of_the_states_asked_for(rig: &dyn Rig) {
    use RequestState::{Approved, Claimed, Pending, Used};
    let store = &*rig.open(None);
    for id in ["a", "b"] {
        commit(store, arm(store, id, &[]));
    }
    open(store, request("r"));
    let asked = |states: &[_], attempt| {
        let which = request_is("r", states, attempt);
        match done(store.commit(Commit { when: vec![which.clone()], ..Commit::default() })) {
            Ok(_) => Ok(()),
            Err(CommitError::Precondition { which: failed, holder }) if failed == which => Err(holder),
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(asked(&[Approved, Pending], None), Ok(()));
    assert_eq!(asked(&[Pending], Some("a")), Err(None), "no attempt has it");
    assert_eq!(asked(&[Approved, Claimed, Used], None), Err(None));
    assert_eq!(asked(&[], None), Err(None));
    commit(store, Commit { writes: vec![request_moved("r", Claimed, Some("a"))], ..Commit::default() });
    commit(store, Commit { writes: vec![moved("a", AttemptState::Unknown)], ..Commit::default() });
    let mut a = row(store, "a");
    a.state = AttemptState::Unknown;
    let by_a = Err(Some(Box::new(a)));
    assert_eq!(asked(&[Claimed], None), Ok(()));
    assert_eq!(asked(&[Used, Claimed], Some("a")), Ok(()));
    assert_eq!(asked(&[Claimed], Some("b")), by_a);
    assert_eq!(asked(&[Claimed], Some("")), by_a);
    assert_eq!(asked(&[Approved, Pending], None), by_a);
    assert_eq!(asked(&[Used], Some("a")), by_a);
    assert!(!holds(store, request_is("nothing", &RequestState::ALL, None)));
}

/// Once on each request, for or against, whether it asked or not; what was said first stands.
pub fn an_approver_votes_once_on_a_request(rig: &dyn Rig) {
    let store = rig.open(None);
    for id in ["r", "s"] {
        open(&*store, request(id));
    }
    let no_vote = |request: &str, approver: &str| Precondition::NoVote {
        request: request.into(),
        approver: approver.into(),
    };
    assert!(holds(&*store, no_vote("r", "ann")));
    let first = vote("r", "ann", 20);
    let against = VoteRow { approves: false, ..vote("r", "ann", 30) };
    let cast = |vote: &VoteRow| Commit { writes: vec![Write::Vote(vote.clone())], ..Commit::default() };
    commit(&*store, cast(&first));
    assert!(!holds(&*store, no_vote("r", "ann")));
    for mut second in [cast(&first), cast(&against)] {
        second.writes.push(request_moved("r", RequestState::Rejected, None));
        let refusal = CommitError::Precondition { which: no_vote("r", "ann"), holder: None };
        assert_eq!(done(store.commit(second)), Err(refusal));
        assert_eq!(store.request("r").unwrap(), Lookup::Found(request("r")));
    }
    assert_eq!(store.votes("r").unwrap(), std::slice::from_ref(&first));
    let others =
        [vote("r", "cy", 20), VoteRow { approves: false, ..vote("r", "bo", 20) }, vote("r", "dee", 10)];
    for other in &others {
        commit(&*store, cast(other));
    }
    commit(&*store, cast(&vote("s", "ann", 5)));
    assert!(holds(&*store, no_vote("s", "cy")));
    drop(store);
    let store = rig.open(None);
    let [cy, bo, dee] = others;
    assert_eq!(store.votes("r").unwrap(), [dee, first, bo, cy], "by time, then by name");
    assert_eq!(store.votes("s").unwrap(), [vote("s", "ann", 5)]);
    assert_eq!(store.votes("").unwrap(), []);
}

/// Only the pending ones of this principal count.
pub fn a_principal_has_fewer_pending_requests_than_asked(rig: &dyn Rig) {
    let store = &*rig.open(None);
    // The greatest bound there are not fewer than.
    let count = || (0..9).rev().find(|most| !holds(store, fewer_pending("agent", *most)));
    assert!(!holds(store, fewer_pending("agent", 0)), "there are never fewer than none");
    assert!(holds(store, fewer_pending("agent", 1)));
    for n in 0..3 {
        open(store, request(&format!("r{n}")));
    }
    open(store, RequestRow { principal: "agents".into(), ..request("another's") });
    assert_eq!(count(), Some(3));
    assert!(holds(store, fewer_pending("agent", u64::MAX)));
    for state in RequestState::ALL {
        commit(store, Commit { writes: vec![request_moved("r1", state, None)], ..Commit::default() });
        assert_eq!(count(), Some(if state == RequestState::Pending { 3 } else { 2 }), "{state}");
    }
}

/// Those that are pending, approved or claimed, of this principal and for this action.
pub fn an_open_request_for_an_action_is_known_as_such(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let action = Digest::of("sample", &[b"x"]);
    let no_open = |principal: &str, action| Precondition::NoOpenRequest {
        principal: principal.into(),
        action,
        key: None,
    };
    let found = || ids(store.open_requests_of("agent", action, None).unwrap());
    assert!(holds(store, no_open("agent", action)));
    open(store, RequestRow { principal: "agents".into(), action, ..request("another's") });
    open(store, request("for another"));
    assert!(holds(store, no_open("agent", action)));
    open(store, RequestRow { action, ..request("r") });
    for state in RequestState::ALL {
        commit(store, Commit { writes: vec![request_moved("r", state, None)], ..Commit::default() });
        assert_eq!(holds(store, no_open("agent", action)), !state.is_open(), "{state}");
        assert_eq!(found().len(), usize::from(state.is_open()), "{state}");
    }
    let open_states = RequestState::ALL.map(RequestState::is_open);
    assert_eq!(open_states, [true, true, true, false, false, false, false, false]);
    commit(
        store,
        Commit { writes: vec![request_moved("r", RequestState::Claimed, None)], ..Commit::default() },
    );
    let later = |id: &str, state, after| {
        let opened_at_ns = request(id).opened_at_ns + after;
        open(store, RequestRow { action, state, opened_at_ns, ..request(id) });
    };
    later("q", RequestState::Approved, 1);
    later("s", RequestState::Pending, 0);
    assert_eq!(found(), ["q", "s", "r"], "newest first");
}

/// The same action under another key is another request, and none under one key is the other's.
pub fn requests_of_one_action_are_told_apart_by_their_keys(rig: &dyn Rig) {
    let store = &*rig.open(None);
    let action = Digest::of("sample", &[b"x"]);
    let keys = [None, Some("a"), Some("b"), Some("")];
    let no_open = |key: Option<&str>| {
        let key = key.map(String::from);
        holds(store, Precondition::NoOpenRequest { principal: "agent".into(), action, key })
    };
    for (n, key) in keys.into_iter().enumerate() {
        assert!(no_open(key), "{key:?}");
        open(store, RequestRow { action, key: key.map(String::from), ..request(&format!("r{n}")) });
        assert!(!no_open(key), "{key:?}");
        for (m, other) in keys.into_iter().enumerate() {
            let found = store.open_requests_of("agent", action, other).unwrap();
            let expected = if m <= n { vec![format!("r{m}")] } else { vec![] };
            assert_eq!(found.iter().map(|row| row.id.clone()).collect::<Vec<_>>(), expected);
            assert!(found.iter().all(|row| row.key.as_deref() == other));
        }
    }
    assert_eq!(store.requests(&[RequestState::Pending], 9, None).unwrap().len(), keys.len());
}
