//! An agent acts on what it read; meanwhile somebody else has changed it.

use serde_json::json;

use crate::demo::client::{Client, Era};
use crate::demo::stage::Stage;

const NOTE: &str = "plan.md";
const BEFORE: &str = "# Launch plan\n\nStatus: approved\nDay: to be set\n";
const CHANGED: &str = "# Launch plan\n\nStatus: CANCELLED, see Ada\nDay: to be set\n";

/// First without a boundary, then with one.
pub fn tell(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    without(stage)?;
    with(stage)
}

fn without(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.put("unguarded.md", BEFORE)?;
    let mut agent = stage.unguarded("agent", Era::Session)?;
    stage.timeline.does("", "First without lastlook:")?;
    stage.reads(&mut agent, "unguarded.md")?;
    stage.put("unguarded.md", CHANGED)?;
    stage.timeline.does("somebody", "cancels the launch in that file")?;
    stage.timeline.does("agent", "sets the day of the launch")?;
    let answer = agent.call("edit_note", set_day("unguarded.md"))?;
    stage.hears(&answer)?;
    let found = stage.note("unguarded.md")?;
    let scheduled = found.contains("CANCELLED") && found.contains("Day: Friday");
    stage.timeline.holds("a cancelled launch now has a day, and nobody was told", scheduled, || found)?;
    Ok(())
}

fn with(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    stage.put(NOTE, BEFORE)?;
    let done_before = stage.effects()?.len();
    let mut agent = stage.agent("agent", Era::Session)?;
    stage.timeline.does("", "The same with lastlook between the agent and the server:")?;
    stage.reads(&mut agent, NOTE)?;
    stage.put(NOTE, CHANGED)?;
    stage.timeline.does("somebody", "cancels the launch in that file")?;
    let refused = refused(stage, &mut agent, done_before)?;
    renewed(stage, &mut agent, done_before)?;

    let allowed = stage.log_until("the second edit is in the log", |line| line.outcome == "succeeded")?;
    let statement = stage.proven(&refused)?;
    let stated = statement.to_string();
    stage.timeline.holds(
        "it states that the action was refused because a fact changed",
        statement.get("verdict") == Some(&json!("deny")) && stated.contains("fact-changed"),
        || stated,
    )?;
    let statement = stage.proven(&allowed.receipt)?;
    stage.timeline.holds(
        "the other states that the action was allowed and succeeded",
        statement.get("outcome") == Some(&json!("succeeded")),
        || statement.to_string(),
    )
}

/// The stale edit; returns the receipt of its refusal.
fn refused(stage: &mut Stage<'_>, agent: &mut Client, done_before: usize) -> anyhow::Result<String> {
    stage.timeline.does("agent", "sets the day of the launch")?;
    let answer = agent.call("edit_note", set_day(NOTE))?;
    stage.hears(&answer)?;
    let told = "the agent is told which file changed, and how";
    let clear = answer.is_error && answer.text.contains(NOTE) && answer.text.contains("CANCELLED");
    stage.timeline.holds(told, clear, || answer.text)?;
    let found = stage.note(NOTE)?;
    stage.timeline.holds("the file is exactly what somebody wrote", found == CHANGED, || found)?;
    let reached = stage.effects()?.len() - done_before;
    stage.timeline.holds("the call never had an effect", reached == 0, || format!("{reached} effects"))?;
    let line = stage.log_until("the refusal is in the log", |line| line.verdict == "deny")?;
    let right = line.codes.iter().any(|code| code == "fact-changed");
    stage.timeline.holds("the log gives the reason `fact-changed`", right, || format!("{line:?}"))?;
    Ok(line.receipt)
}

/// Reading again and acting again: the boundary is in nobody's way.
fn renewed(stage: &mut Stage<'_>, agent: &mut Client, done_before: usize) -> anyhow::Result<()> {
    stage.reads(agent, NOTE)?;
    stage.timeline.does("agent", "notes that no day is needed")?;
    let edit = json!({"path": NOTE, "old_text": "Day: to be set", "new_text": "Day: none"});
    let answer = agent.call("edit_note", edit)?;
    stage.hears(&answer)?;
    let (found, done) = (stage.note(NOTE)?, stage.effects()?.len() - done_before);
    let as_told = !answer.is_error && found == CHANGED.replace("Day: to be set", "Day: none") && done == 1;
    stage
        .timeline
        .holds("this edit happened, once", as_told, || format!("{done} effects, and the file is\n{found}"))
}

fn set_day(note: &str) -> serde_json::Value {
    json!({"path": note, "old_text": "Day: to be set", "new_text": "Day: Friday"})
}
