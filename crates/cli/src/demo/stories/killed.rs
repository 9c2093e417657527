//! A boundary is killed with SIGKILL between the moment its attempt was armed and the moment its outcome would have been recorded.
//!
//! Once after the effect and once before it: the dead cannot tell which, so nobody may assume either, and nothing is sent again.

use std::ffi::OsStr;

use serde_json::{Value, json};

use crate::demo::client::{Client, Era};
use crate::demo::notes_server::{ARRIVALS, Effect, SLOW_BEFORE_MS, SLOW_MS};
use crate::demo::stage::{Stage, has_ended, short};

/// Far longer than the demo lives.
const FOR_EVER_MS: &str = "600000";

/// Killed after the effect, then killed before it; another boundary on the same state lives through both.
pub fn tell(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let mut witness = stage.agent("bob", Era::Stateless)?;
    after_the_effect(stage, &mut witness)?;
    before_the_effect(stage)?;
    let output = stage.lastlook(&["verify"])?;
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    stage.timeline.holds(
        "every log in the state verifies, the dead writers' too",
        output.status.success(),
        || printed,
    )
}

fn after_the_effect(stage: &mut Stage<'_>, witness: &mut Client) -> anyhow::Result<()> {
    const NOTE: &str = "payroll.md";
    stage.put(NOTE, "Pay Ada: open\n")?;
    let pay = || edit(NOTE, "Pay Ada: open", "Pay Ada: sent");
    let agent = started(stage, NOTE, pay(), &[(SLOW_MS, FOR_EVER_MS.as_ref())])?;
    let effect = stage.until("the effect has happened", || Ok(stage.effects_on(NOTE)?.into_iter().next()))?;
    kill(stage, agent, &effect, "after the effect, before its answer")?;
    untouched(stage, witness)?;

    let mut agent = restarted(stage)?;
    let unknown = stage.log_until("the attempt is unknown", |line| line.outcome == "unknown")?;
    stage.timeline.says("log", &format!("attempt {}: outcome unknown", short(&unknown.receipt)))?;
    in_doubt(stage, &mut agent, NOTE, pay(), &unknown.receipt)?;
    in_doubt(stage, witness, NOTE, edit(NOTE, "Ada: sent", "Ada: twice"), &unknown.receipt)?;
    let statement = stage.proven(&unknown.receipt)?;
    stage.timeline.holds(
        "it claims no more than is known",
        statement.get("outcome") == Some(&json!("unknown")),
        || statement.to_string(),
    )?;

    stage.timeline.does("operator", "looks at the file, and gives the attempt its outcome")?;
    stage.lastlook_ok(&[
        "resolve",
        &unknown.receipt,
        "--as",
        "succeeded",
        "--reason",
        "the payment is in the file",
    ])?;
    stage.reads(&mut agent, NOTE)?;
    let answer = agent.call("edit_note", edit(NOTE, "Ada: sent", "Ada: sent and checked"))?;
    let (found, done) = (stage.note(NOTE)?, stage.effects_on(NOTE)?.len());
    let as_told = !answer.is_error && done == 2 && found == "Pay Ada: sent and checked\n";
    stage.timeline.holds("work on that file goes on; the payment was made once", as_told, || {
        format!("{}\n{done} effects, and the file is\n{found}", answer.text)
    })
}

fn before_the_effect(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    const NOTE: &str = "refund.md";
    stage.put(NOTE, "Refund Bob: open\n")?;
    let refund = || edit(NOTE, "Refund Bob: open", "Refund Bob: sent");
    let arrivals = stage.arrivals_file();
    let agent = started(
        stage,
        NOTE,
        refund(),
        &[(ARRIVALS, arrivals.as_ref()), (SLOW_BEFORE_MS, FOR_EVER_MS.as_ref())],
    )?;
    let arrival = stage.until("the call has arrived", || Ok(stage.arrivals()?.into_iter().next()))?;
    kill(stage, agent, &arrival, "after the call was sent, before its effect")?;
    let found = stage.note(NOTE)?;
    stage.timeline.holds("nothing has happened", found == "Refund Bob: open\n", || found)?;

    let mut agent = restarted(stage)?;
    let settled = stage.log_until("the attempt is settled", |line| line.outcome == "failed")?;
    stage.timeline.says(
        "log",
        &format!("attempt {}: failed; what it would have changed is unchanged", short(&settled.receipt)),
    )?;
    let statement = stage.proven(&settled.receipt)?;
    let evidence = statement.get("evidence") == Some(&json!("readings-unchanged"));
    stage.timeline.holds(
        "it names its evidence: the readings, taken again after the server's death",
        evidence,
        || statement.to_string(),
    )?;
    stage.reads(&mut agent, NOTE)?;
    stage.timeline.does(agent.name, "tries again")?;
    let answer = agent.call("edit_note", refund())?;
    let (found, done) = (stage.note(NOTE)?, stage.effects_on(NOTE)?.len());
    let as_told = !answer.is_error && done == 1 && found == "Refund Bob: sent\n";
    stage.timeline.holds("the refund was made once", as_told, || {
        format!("{}\n{done} effects, and the file is\n{found}", answer.text)
    })
}

/// An agent has read the note and sent its edit, to a server that will not answer.
fn started(
    stage: &mut Stage<'_>,
    note: &str,
    edit: Value,
    slow: &[(&str, &OsStr)],
) -> anyhow::Result<Client> {
    let mut agent = stage.slow_agent("ada", Era::Session, slow)?;
    stage.reads(&mut agent, note)?;
    stage.timeline.does("ada", &format!("edits {note}; the server is slow"))?;
    agent.ask("edit_note", edit)?;
    Ok(agent)
}

fn kill(stage: &mut Stage<'_>, agent: Client, seen: &Effect, when: &str) -> anyhow::Result<()> {
    agent.kill()?;
    stage.timeline.does("kill -9", &format!("ada's boundary, {when}"))?;
    stage.until("the server has ended", || Ok(has_ended(seen.pid).then_some(())))?;
    stage.timeline.holds("its server died with it", true, String::new)
}

/// The other boundary does not notice.
fn untouched(stage: &mut Stage<'_>, witness: &mut Client) -> anyhow::Result<()> {
    stage.put("other.md", "Rent: open\n")?;
    stage.reads(witness, "other.md")?;
    let answer = witness.call("edit_note", edit("other.md", "open", "paid"))?;
    let found = stage.note("other.md")?;
    let as_told = !answer.is_error && found == "Rent: paid\n";
    stage
        .timeline
        .holds("bob's boundary, on the same state, works on", as_told, || format!("{}\n{found}", answer.text))
}

fn restarted(stage: &mut Stage<'_>) -> anyhow::Result<Client> {
    stage.timeline.does("ada", "starts again, with a new boundary")?;
    stage.agent("ada", Era::Session)
}

/// Reads the note and tries an edit, which must be refused for the open attempt.
fn in_doubt(
    stage: &mut Stage<'_>,
    agent: &mut Client,
    note: &str,
    edit: Value,
    receipt: &str,
) -> anyhow::Result<()> {
    let done_before = stage.effects()?.len();
    stage.reads(agent, note)?;
    stage.timeline.does(agent.name, &format!("edits {note}"))?;
    let answer = agent.call("edit_note", edit)?;
    stage.hears(&answer)?;
    let new = stage.effects()?.len() - done_before;
    let as_told = answer.is_error && answer.text.contains(short(receipt)) && new == 0;
    stage.timeline.holds("refused, naming the attempt in doubt; nothing is sent", as_told, || {
        format!("{new} effects\n{}", answer.text)
    })
}

fn edit(note: &str, old: &str, new: &str) -> Value {
    json!({"path": note, "old_text": old, "new_text": new})
}
