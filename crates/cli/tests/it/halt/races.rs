//! Many effects in many processes, and a halt in the midst of them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use super::{halt, note_of, receipts, resume};
use crate::client::Client;
use crate::guards::world::{World, became};

/// How often everything is halted.
const ROUNDS: usize = 12;
/// How many processes act meanwhile.
const AGENTS: usize = 3;
/// How many calls each of them makes a round.
const CALLS: usize = 24;

/// An effect by the server's own log: which note, and when it had happened.
fn effects(world: &World) -> Vec<(String, String)> {
    let log = std::fs::read_to_string(world.at("effects.jsonl")).unwrap_or_default();
    let effects = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    effects.map(|effect| (text(&effect["path"]), text(&effect["time"]))).collect()
}

/// RFC 3339 in UTC as a number that can be compared, whatever the number of its digits.
fn instant(time: &str) -> String {
    let (seconds, fraction) = time.trim_end_matches('Z').split_once('.').unwrap_or((time, ""));
    format!("{seconds}.{fraction:0<9}")
}

#[test]
fn after_a_halt_is_answered_nothing_happens_but_what_it_lists() {
    let world = World::new();
    world.configure("");
    let mut agents: Vec<Client> = (0..AGENTS).map(|n| super::slow_agent(&world, [0, 3, 20][n % 3])).collect();
    let (mut ran, mut halted, mut listed_in_all) = (0, 0, 0);
    for round in 0..ROUNDS {
        let asked: Vec<Vec<_>> = agents
            .iter_mut()
            .enumerate()
            .map(|(who, agent)| {
                let write = |n| json!({"path": format!("{round}-{who}-{n}.md"), "content": "x"});
                (0..CALLS).map(|n| agent.ask("write_note", write(n))).collect()
            })
            .collect();
        // Not always at the same moment: some rounds halt before, some in the middle, some late.
        std::thread::sleep(Duration::from_millis((round * 7 % 40) as u64)); // backoff: the moment is the point
        let ack = halt(&world, &["--all"]);
        let at = instant(ack["at"].as_str().unwrap());
        let told: Vec<String> = agents
            .iter_mut()
            .zip(asked)
            .flat_map(|(agent, asked)| {
                asked.into_iter().map(|asked| became(&agent.result(asked))).collect::<Vec<_>>()
            })
            .collect();
        let odd: Vec<&String> =
            told.iter().filter(|told| !["ran", "halted"].contains(&told.as_str())).collect();
        assert!(odd.is_empty(), "round {round}: {odd:?}");
        ran += told.iter().filter(|told| *told == "ran").count();
        halted += told.iter().filter(|told| *told == "halted").count();
        let listed: BTreeSet<String> =
            receipts(&ack, "in_flight").iter().map(|receipt| note_of(&world, receipt)).collect();
        listed_in_all += listed.len();
        assert_eq!(receipts(&ack, "unknown"), Vec::<String>::new());
        let mine = effects(&world).into_iter().filter(|(note, _)| note.starts_with(&format!("{round}-")));
        let late: BTreeSet<String> =
            mine.filter(|(_, time)| instant(time) > at).map(|(note, _)| note).collect();
        assert!(
            late.is_subset(&listed),
            "round {round}: happened after the answer, and not listed: {late:?} {listed:?}"
        );
        resume(&world, &["--all"]);
    }
    assert_eq!(ran, effects(&world).len(), "every effect was answered for, and every answer had its effect");
    println!("{ran} ran, {halted} were halted, {listed_in_all} were in flight");
    assert!(ran > 0 && halted > 0 && listed_in_all > 0, "{ran} ran, {halted} halted, {listed_in_all} listed");
}

#[test]
fn halting_one_tool_over_and_over_holds_no_other_up() {
    let world = World::new();
    world.configure("");
    let mut agent = world.agent();
    let told: Vec<String> = std::thread::scope(|scope| {
        let halting = scope.spawn(|| {
            for _ in 0..6 {
                halt(&world, &["--tool", "notes.delete_note"]);
                resume(&world, &["--all"]);
            }
        });
        let mut told = Vec::new();
        while !halting.is_finished() {
            told.push(super::write(&mut agent, "a.md"));
        }
        halting.join().unwrap();
        told
    });
    assert!(told.iter().all(|told| told == "ran"), "{told:?}");
}
