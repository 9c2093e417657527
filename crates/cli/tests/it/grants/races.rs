//! Many who use one grant; those who take it back meanwhile.

use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{call, finance, give, is_held, listed, receipt_of, revoke, revoking, stands, world};
use crate::approvals::people::{json_of, request_of};
use crate::client::Client;
use crate::guards::world::became;

#[test]
fn of_many_claims_over_many_processes_as_many_run_as_the_grant_is_good_for() {
    let world = world(&finance(""));
    let grant = give(&world, "ada", &["--uses", "5"]);
    const PROCESSES: usize = 8;
    const EACH: usize = 8;
    let barrier = Barrier::new(PROCESSES);
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..PROCESSES)
            .map(|process| {
                let (world, barrier) = (&world, &barrier);
                scope.spawn(move || {
                    let mut agent = world.agent();
                    barrier.wait();
                    let note = |each: usize| format!("note-{}.md", process * EACH + each);
                    let asked: Vec<_> = (0..EACH)
                        .map(|each| agent.ask("write_note", json!({"path": note(each), "content": "x"})))
                        .collect();
                    asked.into_iter().map(|asked| agent.result(asked)).collect::<Vec<_>>()
                })
            })
            .collect();
        racers.into_iter().flat_map(|racer| racer.join().unwrap()).collect()
    });
    let found: Vec<String> = answers.iter().map(became).collect();
    assert_eq!(found.len(), PROCESSES * EACH);
    assert_eq!(world.effects().len(), 5, "{found:?}");
    assert_eq!(found.iter().filter(|one| *one == "ran").count(), 5, "{found:?}");
    answers.iter().filter(|answer| became(answer) != "ran").for_each(is_held);
    let one = &listed(&world, &[&grant])[0];
    assert_eq!((&one["used"], &one["reserved"]), (&json!("5"), &json!("0")), "{one}");
    // After a restart too.
    is_held(&call(&mut world.agent(), 99));
    world.verifies();
}

#[test]
fn what_is_taken_back_between_look_and_gate_does_not_run() {
    for point in ["after:look", "before:gate", "after:arm"] {
        let world = world(&finance(""));
        let grant = give(&world, "ada", &[]);
        let mut agent = world.paused_at(point);
        let asked = agent.ask("write_note", json!({"path": "note-1.md", "content": "x"}));
        world.reached();
        assert_eq!(revoke(&world, &grant)["outcome"], json!("prevented"), "{point}");
        world.go();
        // People are asked instead.
        request_of(&agent.result(asked));
        assert_eq!(world.effects(), Vec::<String>::new(), "{point}");
        assert_eq!(stands(&world, &grant), "revoked: it was taken back");
        is_held(&call(&mut agent, 2));
        drop(agent);
        world.verifies();
    }
}

#[test]
fn what_had_passed_the_gate_is_told_to_whoever_takes_it_back() {
    let world = world(&finance(""));
    let grant = give(&world, "ada", &[]);
    assert_eq!(became(&call(&mut world.agent(), 0)), "ran");
    let mut agent = world.paused_at("before:send");
    let asked = agent.ask("write_note", json!({"path": "note-1.md", "content": "x"}));
    world.reached();
    let told = revoke(&world, &grant);
    assert_eq!(told["outcome"], json!("in_flight"), "{told}");
    world.go();
    let ran = agent.result(asked);
    assert_eq!(became(&ran), "ran");
    // That one, and not the one that had ended before.
    assert_eq!(told["attempts"], json!([receipt_of(&ran)]));
    is_held(&call(&mut agent, 2));
    assert_eq!(world.effects().len(), 2);
    assert_eq!(revoke(&world, &grant)["outcome"], json!("prevented"));
    drop(agent);
    world.verifies();
}

#[test]
fn whoever_takes_a_grant_back_while_it_is_used_is_told_what_the_world_saw() {
    let world = world(&finance(""));
    let mut agents = [10, 40].map(|slow_ms: u64| {
        let mut command = world.lastlook(&["mcp", "--upstream", "notes"]);
        command.env("DEMO_NOTES_SLOW_BEFORE_MS", slow_ms.to_string());
        let mut agent = Client::spawn(&mut command);
        agent.initialize();
        agent
    });
    const ROUNDS: u64 = 12;
    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..ROUNDS {
        let grant = give(&world, "ada", &[]);
        let notes = [format!("note-{round}-a.md"), format!("note-{round}-b.md")];
        let pause = || std::thread::sleep(Duration::from_millis(round * 4)); // backoff: the moment is the point
        let asked: Vec<_> = agents
            .iter_mut()
            .zip(&notes)
            .map(|(agent, note)| agent.ask("write_note", json!({"path": note, "content": "x"})))
            .collect();
        if round > 0 {
            pause();
        }
        let revoke = revoking(&world, &grant);
        let learnt: Vec<Value> =
            agents.iter_mut().zip(asked).map(|(agent, asked)| agent.result(asked)).collect();
        let told = json_of(&revoke.wait_with_output().unwrap());
        let told_of: Vec<String> = told["attempts"]
            .as_array()
            .map(|all| all.iter().map(|id| id.as_str().unwrap().to_owned()).collect())
            .unwrap_or_default();
        let effects = world.effects();
        for (answer, note) in learnt.iter().zip(&notes) {
            let ran = became(answer) == "ran";
            assert_eq!(effects.contains(note), ran, "round {round}: {answer}");
        }
        // Nothing ran after the answer that it does not name, or that had not ended before it was asked for.
        assert!(
            told_of
                .iter()
                .all(|id| learnt.iter().any(|answer| became(answer) == "ran" && receipt_of(answer) == *id))
        );
        for (agent, note) in agents.iter_mut().zip(&notes) {
            let next = agent.call("write_note", json!({"path": format!("later-{note}"), "content": "x"}));
            is_held(&next);
        }
        assert_eq!(world.effects().len(), effects.len(), "round {round}");
        *answers.entry(told["outcome"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    println!("{answers:?}");
    drop(agents);
    world.verifies();
}
