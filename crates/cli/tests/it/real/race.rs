//! The second story: two agents, each at a boundary of its own on one state, act on one file at once.

use serde_json::Value;

use super::rig::{Rig, refused, text_of, worked};
use crate::client::Client;

/// How often they race with each tool.
const ROUNDS: usize = 10;

#[test]
fn of_two_agents_that_edit_the_same_file_at_once_one_wins_and_the_other_is_told() {
    let rig = Rig::new();
    let mut agents = [rig.agent(), rig.agent()];
    let mut won = [0, 0];
    for round in 0..ROUNDS {
        // An edit would fail at the server after another's; a whole file would be overwritten without a word.
        race(&rig, &mut agents, round, &mut won, "edit_file", |name, text| rig.edit(name, "nobody", text));
        race(&rig, &mut agents, round, &mut won, "write_file", |name, text| rig.whole(name, text));
    }
    assert_eq!(won.iter().sum::<usize>(), 2 * ROUNDS);
    let receipts = rig.mediated();
    assert_eq!(receipts.len(), 4 * ROUNDS);
    let refusals = receipts.iter().filter(|receipt| receipt.says["kind"] == "refused");
    assert_eq!(refusals.count(), 2 * ROUNDS);
}

fn race(
    rig: &Rig,
    agents: &mut [Client; 2],
    round: usize,
    won: &mut [usize; 2],
    tool: &str,
    arguments: impl Fn(&str, &str) -> Value,
) {
    let name = format!("{tool}-{round}.md");
    rig.put(&name, "nobody");
    for agent in &mut *agents {
        worked(&agent.call("read_text_file", rig.only(&name)));
    }
    let first = round % 2;
    let order = [first, 1 - first];
    let texts = ["agent 0", "agent 1"];
    let asked = order.map(|who| agents[who].ask(tool, arguments(&name, texts[who])));
    let answers = [0, 1].map(|at| (order[at], agents[order[at]].result(asked[at])));

    let winners: Vec<usize> =
        answers.iter().filter(|(_, answer)| answer["isError"] != true).map(|(who, _)| *who).collect();
    let [winner] = winners[..] else { panic!("round {round} of {tool}: {answers:?}") };
    won[winner] += 1;
    assert_eq!(rig.text(&name).as_deref(), Some(texts[winner]), "round {round} of {tool}");
    let (_, loser) = answers.iter().find(|(who, _)| *who != winner).unwrap();
    refused(loser, &["fact-changed"]);
    assert!(text_of(loser).contains(&format!("+{}", texts[winner])), "{loser}");
}
