//! Limits and keys that many processes want at once, and that die in the middle of it (I10, I23).

use serde_json::{Value, json};

use super::world::{Lost, World, became};
use crate::client::Client;

fn named(name: &str) -> Value {
    json!({"path": name, "content": "x"})
}

fn guarded(world: &World, parts: &str) {
    world.configure(&format!("[guard.g]\non = [\"notes.write_note\"]\n{parts}\n"));
}

/// What became of calls that were all sent before any answer was waited for.
fn all_at_once(agents: &mut [Client], calls: usize, name: impl Fn(usize, usize) -> String) -> Vec<String> {
    let asked: Vec<Vec<_>> = agents
        .iter_mut()
        .enumerate()
        .map(|(who, agent)| (0..calls).map(|n| agent.ask("write_note", named(&name(who, n)))).collect())
        .collect();
    let answers = agents.iter_mut().zip(asked).flat_map(|(agent, asked)| {
        asked.into_iter().map(|asked| became(&agent.result(asked))).collect::<Vec<_>>()
    });
    answers.collect()
}

#[test]
fn sixty_four_calls_in_four_processes_never_pass_a_limit_and_use_all_of_it() {
    let world = World::new();
    guarded(&world, "limit = [{ count = 10, per = \"1h\", by = \"guard\" }]");
    let mut agents: Vec<Client> = (0..4).map(|_| world.agent()).collect();
    let told = all_at_once(&mut agents, 16, |who, n| format!("{who}-{n}.md"));
    let count = |what: &str| told.iter().filter(|told| *told == what).count();
    assert_eq!(world.effects().len(), 10, "{told:?}");
    assert_eq!(count("ran"), 10, "{told:?}");
    assert_eq!(count("ran") + count("limit-exceeded") + count("limit-reserved"), 64, "{told:?}");
}

#[test]
fn sixty_four_calls_in_four_processes_do_a_thing_once() {
    let world = World::new();
    guarded(&world, "once = \"the one thing\"");
    let mut agents: Vec<Client> = (0..4).map(|_| world.agent()).collect();
    let told = all_at_once(&mut agents, 16, |who, n| format!("{who}-{n}.md"));
    assert_eq!(world.effects().len(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|told| *told == "ran").count(), 1, "{told:?}");
    let refused = agents[0].call("write_note", named("again.md"));
    assert_eq!(became(&refused), "once-done");
    // The refusal names the receipt that already did it.
    let log = world.lastlook(&["log", "--json"]).output().unwrap();
    let did = String::from_utf8(log.stdout).unwrap();
    let did = did.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let did = did.into_iter().find(|line| line["outcome"] == "succeeded").unwrap();
    let receipt = did["receipt"].as_str().unwrap().to_owned();
    assert!(refused["content"].to_string().contains(&receipt), "{refused}");
}

#[test]
fn a_sum_is_exact_over_calls_that_race() {
    let world = World::new();
    // Each call counts 0.1, which no binary fraction is: thirty of them are exactly three.
    guarded(
        &world,
        "limit = [{ sum = \"/content\", max = \"3\", per = \"day\", tz = \"UTC\", by = \"guard\" }]",
    );
    let mut agents: Vec<Client> = (0..2).map(|_| world.agent()).collect();
    let mut asked = Vec::new();
    for agent in &mut agents {
        for n in 0..20 {
            let args = json!({"path": format!("{}-{n}.md", asked.len()), "content": "0.1"});
            asked.push((asked.len() / 20, agent.ask("write_note", args)));
        }
    }
    let told: Vec<String> =
        asked.into_iter().map(|(who, asked)| became(&agents[who].result(asked))).collect();
    assert_eq!(world.effects().len(), 30, "{told:?}");
    for odd in [
        json!("-1"),
        json!("1e3"),
        json!(" 1"),
        json!("1.0000000000000000001"),
        json!("9".repeat(60)),
        json!(""),
    ] {
        let refused = agents[0].call("write_note", json!({"path": "odd.md", "content": odd}));
        assert_eq!(became(&refused), "limit-invalid", "{odd}");
    }
}

/// Killed at every command boundary: never over, never leaking.
///
/// Whatever the instant of death, the limit is not passed; and once somebody has said how the attempt ended, as the server's
/// own log has it, exactly what happened counts.
#[test]
fn killed_at_any_instant_a_limit_is_neither_passed_nor_lost() {
    for point in [
        "before:arm",
        "after:arm",
        "before:look",
        "after:look",
        "before:gate",
        "after:gate",
        "before:send",
        "after:send",
        "before:record-outcome",
        "after:record-outcome",
    ] {
        let world = World::new();
        guarded(&world, "limit = [{ count = 1, per = \"1h\", by = \"guard\" }]\nonce = \"${args.content}\"");
        let mut command = world.lastlook(&["mcp", "--upstream", "notes"]);
        command.env("LASTLOOK_CRASH_AT", point);
        let mut dies = Client::spawn(&mut command);
        dies.initialize();
        dies.ask("write_note", named("a.md"));
        dies.wait();
        drop(dies);
        let mut next = world.agent();
        let told = became(&next.call("write_note", json!({"path": "b.md", "content": "y"})));
        assert!(world.effects().len() <= 1, "{point}: {told}: {:?}", world.effects());
        if point == "before:arm" {
            assert_eq!(told, "ran", "{point}: nothing was reserved yet");
            continue;
        }
        let happened = world.effects().contains(&"a.md".to_owned());
        let unknown = world.lastlook(&["log", "--json", "--outcome", "unknown"]).output().unwrap();
        let unknown = String::from_utf8(unknown.stdout).unwrap();
        let receipt = unknown.lines().next().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["receipt"].as_str().unwrap().to_owned()
        });
        if let Some(receipt) = receipt {
            world.loses(Lost::Unsaid);
            assert_eq!(told, "limit-reserved", "{point}: what may have happened keeps its reservation");
            let word = if happened { "succeeded" } else { "failed" };
            let resolved =
                world.lastlook(&["resolve", &receipt, "--as", word, "--reason", "seen in the log"]);
            let resolved = { resolved }.output().unwrap();
            assert!(resolved.status.success(), "{point}: {resolved:?}");
        } else {
            assert_eq!(point, "after:record-outcome", "an outcome is on record only there");
        }
        let again = became(&next.call("write_note", json!({"path": "c.md", "content": "z"})));
        let expect = if happened { "limit-exceeded" } else { "ran" };
        assert_eq!(again, expect, "{point}");
        assert_eq!(world.effects().len(), 1, "{point}: {:?}", world.effects());
    }
}
