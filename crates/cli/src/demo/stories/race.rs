//! Two agents, each with a boundary of its own on one state, act on the same reading at the same moment.

use serde_json::{Value, json};

use crate::demo::client::{Client, Era};
use crate::demo::stage::Stage;

/// How often they try: once could be luck.
const ROUNDS: usize = 6;
const EMPTY: &str = "# Trip\n\nBudget: 1000\nBooked:\n";

/// An agent and what it wants to spend the budget on.
struct Racer {
    client: Client,
    books: &'static str,
}

/// One agent of each MCP era, round after round on fresh notes, asked first in turn.
pub fn tell(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let mut first = Racer { client: stage.agent("ada", Era::Session)?, books: "flight" };
    let mut second = Racer { client: stage.agent("bob", Era::Stateless)?, books: "hotel" };
    for round in 1..=ROUNDS {
        let note = format!("trip-{round}.md");
        // The first round is told in full, the others in a line.
        stage.timeline.hush(round > 1);
        let loser = race(stage, &mut first, &mut second, &note)?;
        stage.timeline.hush(false);
        if round > 1 {
            stage
                .timeline
                .does(&format!("round {round}"), &format!("the same; {} is refused", loser.client.name))?;
        }
        if round == ROUNDS {
            after(stage, loser, &note)?;
        }
        std::mem::swap(&mut first, &mut second);
    }
    let refused: Vec<_> = stage.log()?.into_iter().filter(|line| line.verdict == "deny").collect();
    let changed = refused.iter().filter(|line| line.codes.iter().any(|code| code == "fact-changed")).count();
    let told = "the log has one refusal a round, each for `fact-changed`";
    let as_told = refused.len() == ROUNDS && changed == ROUNDS;
    stage.timeline.holds(told, as_told, || format!("{refused:?}"))?;
    refused.last().map_or(Ok(()), |line| stage.proven(&line.receipt).map(drop))
}

/// Lets both act at once; returns who lost.
fn race<'r>(
    stage: &mut Stage<'_>,
    first: &'r mut Racer,
    second: &'r mut Racer,
    note: &str,
) -> anyhow::Result<&'r mut Racer> {
    stage.put(note, EMPTY)?;
    stage.reads(&mut first.client, note)?;
    stage.reads(&mut second.client, note)?;
    stage.timeline.does("both", "book for 700 of the 1000, at once")?;
    let asked = (first.book(note)?, second.book(note)?);
    let answers = (first.client.answer(asked.0)?, second.client.answer(asked.1)?);
    let one_wins = answers.0.is_error != answers.1.is_error;
    stage.timeline.holds("exactly one of the two wins", one_wins, || {
        let (first, second) = (first.client.name, second.client.name);
        format!("{first} heard `{}`, {second} heard `{}`", answers.0.text, answers.1.text)
    })?;
    let (winner, loser, refusal) =
        if answers.1.is_error { (first, second, answers.1) } else { (second, first, answers.0) };
    stage.timeline.does(winner.client.name, &format!("has booked the {}", winner.books))?;
    stage.timeline.does(loser.client.name, "is refused")?;
    stage.hears(&refusal)?;
    let (found, done) = (stage.note(note)?, stage.effects_on(note)?.len());
    let as_told = done == 1 && found == format!("{EMPTY}- {}: 700\n", winner.books);
    stage.timeline.holds("one effect, and the file has only the winner's booking", as_told, || {
        format!("{done} effects, and the file is\n{found}")
    })?;
    let told = "the other is told that the file is not the one it read";
    stage.timeline.holds(told, refusal.text.contains(note), || refusal.text)?;
    Ok(loser)
}

/// The loser reads again, and may act again.
fn after(stage: &mut Stage<'_>, loser: &mut Racer, note: &str) -> anyhow::Result<()> {
    stage.reads(&mut loser.client, note)?;
    stage.timeline.does(loser.client.name, "sees what is left, and books for 300")?;
    let edit = json!({"path": note, "old_text": ": 700\n", "new_text": ": 700\n- train: 300\n"});
    let answer = loser.client.call("edit_note", edit)?;
    let (found, done) = (stage.note(note)?, stage.effects_on(note)?.len());
    let as_told = !answer.is_error && done == 2 && found.ends_with(": 700\n- train: 300\n");
    stage.timeline.holds("on what it has now read, it may act", as_told, || {
        format!("{}\n{done} effects, and the file is\n{found}", answer.text)
    })
}

impl Racer {
    fn book(&mut self, note: &str) -> anyhow::Result<crate::demo::client::Question> {
        let new = format!("Booked:\n- {}: 700\n", self.books);
        let edit: Value = json!({"path": note, "old_text": "Booked:\n", "new_text": new});
        self.client.ask("edit_note", edit)
    }
}
