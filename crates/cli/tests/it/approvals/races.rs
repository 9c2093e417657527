//! One approval, many who want it; those who take it back meanwhile; processes that die.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::{Child, Stdio};
use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use super::people::{approve, asks, finance, held, introduce, json_of, request_of, state_of, waiting};
use crate::client::{Asked, Client};
use crate::guards::world::{Lost, World, became, write_args};

/// The attempt that has, or had, this request.
fn winner_of(world: &World, request: &str) -> String {
    let said = world.lastlook(&["approvals", request, "--json"]).output().unwrap();
    json_of(&said)["attempt"].as_str().unwrap().to_owned()
}

#[test]
fn of_many_claims_of_one_approval_one_runs_and_the_others_learn_which() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    const PROCESSES: usize = 8;
    const EACH: usize = 8;
    let barrier = Barrier::new(PROCESSES);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..PROCESSES)
            .map(|_| {
                scope.spawn(|| {
                    let mut agent = world.agent();
                    barrier.wait();
                    let asked: Vec<_> = (0..EACH).map(|_| agent.ask("write_note", write_args(1))).collect();
                    asked.into_iter().map(|asked| agent.result(asked)).collect::<Vec<_>>()
                })
            })
            .collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(answers.len(), 64);
    let found: Vec<String> = answers.iter().map(became).collect();
    assert_eq!(world.effects().len(), 1, "{found:?}");
    assert_eq!(found.iter().filter(|one| *one == "ran").count(), 1, "{found:?}");
    assert_eq!(state_of(&world, &request), "used");
    let winner = winner_of(&world, &request);
    let mut anew = Vec::new();
    for answer in &answers {
        match became(answer).as_str() {
            "ran" => {}
            // Who comes while it runs learns so, and which attempt it is; who comes later asks anew.
            "in-doubt" => {
                let told = answer["content"][0]["text"].as_str().unwrap();
                assert!(told.contains(&winner), "{told}");
            }
            "approval-required" => anew.push(request_of(answer)),
            other => panic!("{other}: {found:?}"),
        }
    }
    anew.sort();
    anew.dedup();
    assert!(anew.len() <= 1 && !anew.contains(&request), "{anew:?}");
    assert_eq!(waiting(&world), anew);
    world.verifies();
}

/// `lastlook revoke`, under way.
fn revoking(world: &World, request: &str) -> Child {
    let mut revoke = world.lastlook(&["revoke", request, "--reason", "a mistake", "--json"]);
    revoke.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// What it answered: `prevented`, `in_flight`, or `closed` where there was nothing left to take back.
fn revoked(revoke: Child) -> String {
    let said = revoke.wait_with_output().unwrap();
    if said.status.success() {
        return json_of(&said)["outcome"].as_str().unwrap().to_owned();
    }
    let told = String::from_utf8(said.stderr).unwrap();
    assert!(told.contains("is used"), "{told}");
    "closed".to_owned()
}

/// What became of the calls of two agents.
fn learn(agents: &mut [Client; 2], asked: [Asked; 2]) -> Vec<String> {
    agents.iter_mut().zip(asked).map(|(agent, asked)| became(&agent.result(asked))).collect()
}

#[test]
fn whoever_takes_an_approval_back_while_it_is_claimed_is_told_what_the_world_saw() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    // Slow enough that some are caught in flight.
    let mut agents = [20, 60].map(|slow_ms: u64| {
        let mut command = world.lastlook(&["mcp", "--upstream", "notes"]);
        command.env("DEMO_NOTES_SLOW_BEFORE_MS", slow_ms.to_string());
        let mut agent = Client::spawn(&mut command);
        agent.initialize();
        agent
    });
    const ROUNDS: u64 = 20;
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..ROUNDS {
        let note = format!("note-{round}.md");
        let write = || json!({"path": note, "content": "x"});
        let request = request_of(&agents[0].call("write_note", write()));
        approve(&world, &request, "ada");
        let pause = || std::thread::sleep(Duration::from_millis(round * 3)); // backoff: the moment is the point
        let asks = |agents: &mut [Client; 2]| agents.each_mut().map(|agent| agent.ask("write_note", write()));
        // One after the other at first, so that both ends of the race are in it whatever the machine does.
        let (answer, learnt) = match round {
            0 => {
                let answer = revoked(revoking(&world, &request));
                let asked = asks(&mut agents);
                (answer, learn(&mut agents, asked))
            }
            1 => {
                let asked = asks(&mut agents);
                let learnt = learn(&mut agents, asked);
                (revoked(revoking(&world, &request)), learnt)
            }
            _ if round % 2 == 0 => {
                let revoke = revoking(&world, &request);
                pause();
                let asked = asks(&mut agents);
                let learnt = learn(&mut agents, asked);
                (revoked(revoke), learnt)
            }
            _ => {
                let asked = asks(&mut agents);
                pause();
                let revoke = revoking(&world, &request);
                let learnt = learn(&mut agents, asked);
                (revoked(revoke), learnt)
            }
        };
        let known = ["ran", "approval-revoked", "approval-required", "in-doubt"];
        assert!(learnt.iter().all(|one| known.contains(&one.as_str())), "{learnt:?}");
        let ran = learnt.iter().filter(|one| *one == "ran").count();
        let happened = world.effects().iter().filter(|effect| **effect == note).count();
        assert_eq!(happened, ran, "round {round}: {answer}");
        assert_eq!(happened, usize::from(answer != "prevented"), "round {round}: {answer}");
        // What was taken back or used is good for nobody any more.
        let next = became(&agents[1].call("write_note", write()));
        assert_eq!(next, "approval-required", "round {round}: {answer}");
        *answers.entry(answer).or_default() += 1;
    }
    println!("{answers:?}");
    assert!(answers.contains_key("prevented") && answers.contains_key("closed"), "{answers:?}");
    drop(agents);
    world.verifies();
}

#[test]
fn what_ended_while_it_was_being_taken_back_was_not_prevented() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let request = held(&mut world.agent());
    approve(&world, &request, "ada");
    let mut agent = world.paused_at("before:send");
    let asked = agent.ask("write_note", write_args(1));
    world.reached();
    // Somebody is inside the gate, so that the revocation, which is durable already, has to wait there.
    let gate = File::open(world.at("state/gate")).unwrap();
    gate.lock_shared().unwrap();
    let revoke = revoking(&world, &request);
    while state_of(&world, &request) != "revoked" {
        std::thread::sleep(Duration::from_millis(2)); // backoff: another process writes
    }
    // Meanwhile it is sent, answered, and on record: it stands on no list of what is in flight any more.
    world.go();
    assert_eq!(became(&agent.result(asked)), "ran");
    drop(gate);
    assert_eq!(revoked(revoke), "in_flight");
    assert_eq!(world.effects().len(), 1);
    drop(agent);
    world.verifies();
}

#[test]
fn requests_survive_whoever_asked_for_them() {
    let world = World::new();
    world.configure(&finance());
    introduce(&world, "ada", "finance", None);
    let mut asked = Vec::new();
    for n in 0..10 {
        let mut agent = world.agent();
        asked.push(request_of(&agent.call("write_note", write_args(n))));
        agent.kill();
    }
    let mut waits = waiting(&world);
    waits.sort();
    let mut expected = asked.clone();
    expected.sort();
    assert_eq!(waits, expected);
    approve(&world, &asked[3], "ada");
    let mut agent = world.agent();
    assert_eq!(became(&agent.call("write_note", write_args(3))), "ran");
    assert_eq!(world.effects().len(), 1);
    drop(agent);
    world.verifies();
}

#[test]
fn killed_between_the_claim_and_the_gate_it_never_runs_twice() {
    let world = World::new();
    world.configure(&finance());
    world.loses(Lost::Unsaid);
    introduce(&world, "ada", "finance", None);
    for (n, point) in ["after:arm", "after:look", "before:send"].into_iter().enumerate() {
        // Each about a note of its own: what died holds its subject.
        let write = || json!({"path": format!("note-{n}.md"), "content": "x"});
        let request = request_of(&world.agent().call("write_note", write()));
        approve(&world, &request, "ada");
        let mut agent = world.paused_at(point);
        agent.ask("write_note", write());
        world.reached();
        agent.kill();
        world.unpause();
        // Whatever became of it: the approval is not good for another one.
        let next = became(&world.agent().call("write_note", write()));
        assert!(["in-doubt", "approval-required"].contains(&next.as_str()), "{point}: {next}");
    }
    assert_eq!(world.effects(), Vec::<String>::new());
}

#[test]
fn whoever_is_removed_while_an_attempt_runs_on_their_word_has_said_nothing() {
    for point in ["after:arm", "after:look"] {
        let world = World::new();
        world.configure(&finance());
        introduce(&world, "ada", "finance", None);
        introduce(&world, "bob", "finance", Some("ada"));
        let request = held(&mut world.agent());
        approve(&world, &request, "bob");
        let mut agent = world.paused_at(point);
        let asked = agent.ask("write_note", write_args(1));
        world.reached();
        let pass = world.at("ada.pass");
        let removal = ["approvers", "remove", "bob", "--by", "ada", "--reason", "left"];
        let mut remove = world.lastlook(&removal);
        let removed = remove.arg("--by-passphrase-file").arg(pass).output().unwrap();
        assert!(removed.status.success(), "{removed:?}");
        world.go();
        assert_eq!(became(&agent.result(asked)), "approval-revoked", "{point}");
        assert_eq!(world.effects(), Vec::<String>::new(), "{point}");
        assert_eq!(state_of(&world, &request), "void", "{point}");
        drop(agent);
        world.verifies();
    }
}

#[test]
fn a_thousand_requests_survive_kills_and_none_is_there_twice() {
    const PRINCIPALS: usize = 10;
    const EACH: usize = 100;
    let world = World::new();
    let configure = |who: usize| {
        let guard = asks("approve = { by = 'Role::\"finance\"' }");
        world.configure(&format!("[principal]\nid = 'User::\"agent-{who}\"'\n{guard}"));
    };
    let mut known: Vec<String> = Vec::new();
    for who in 0..PRINCIPALS {
        configure(who);
        // Killed while it is asked, after this many answers; what was answered is there.
        let answered = EACH * who / (PRINCIPALS - 1);
        let mut agent = world.agent();
        let asked: Vec<_> = (0..EACH).map(|n| agent.ask("write_note", write_args(n as u64))).collect();
        let told: Vec<String> =
            asked.into_iter().take(answered).map(|asked| request_of(&agent.result(asked))).collect();
        agent.kill();
        let mut agent = world.agent();
        let asked: Vec<_> = (0..EACH).map(|n| agent.ask("write_note", write_args(n as u64))).collect();
        let again: Vec<String> = asked.into_iter().map(|asked| request_of(&agent.result(asked))).collect();
        assert_eq!(again[..answered], told, "of agent {who}");
        known.extend(again);
        agent.kill();
    }
    known.sort();
    known.dedup();
    assert_eq!(known.len(), PRINCIPALS * EACH);
    let mut listed = waiting(&world);
    listed.sort();
    assert_eq!(listed, known);
    assert_eq!(world.effects(), Vec::<String>::new());
    world.verifies();
}

#[test]
fn once_somebody_knows_how_a_claim_ended_people_can_be_asked_again() {
    for word in ["failed", "succeeded"] {
        let world = World::new();
        world.configure(&finance());
        world.loses(Lost::Unsaid);
        introduce(&world, "ada", "finance", None);
        let request = held(&mut world.agent());
        approve(&world, &request, "ada");
        let mut agent = world.paused_at("before:send");
        agent.ask("write_note", write_args(1));
        world.reached();
        agent.kill();
        world.unpause();
        let attempt = winner_of(&world, &request);
        assert_eq!(became(&world.agent().call("write_note", write_args(1))), "in-doubt");
        let said =
            world.lastlook(&["resolve", &attempt, "--as", word, "--reason", "looked"]).output().unwrap();
        assert!(said.status.success(), "{said:?}");
        let next = held(&mut world.agent());
        assert_ne!(next, request, "{word}");
        assert_eq!(state_of(&world, &request), "used", "{word}");
        assert_eq!(world.effects(), Vec::<String>::new());
        world.verifies();
    }
}
