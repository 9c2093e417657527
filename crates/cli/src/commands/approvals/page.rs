//! One request as people see it.

use lastlook_engine::held::{Asked, SeenFact, Tally, Voice, stands, until};
use lastlook_store::RequestRow;

use super::again::Again;
use crate::record::text::{clean, pretty};

/// The action in full, what was true when people were asked, and what they said.
pub(super) fn page(row: &RequestRow, asked: &Asked, tally: &Tally, before: Option<&Asked>) -> String {
    let left = if row.state.is_open() { format!(", {}", until(row)) } else { String::new() };
    let mut page = format!("{} is {}{left}\n\n", row.id, stands(row));
    page.push_str(&format!("{}.{}\n", clean(&asked.upstream), clean(&asked.tool)));
    for line in pretty(&asked.arguments) {
        page.push_str(&format!("  {line}\n"));
    }
    page.push_str(&format!("\nasked by {}\n", clean(&asked.principal)));
    page.push_str(&format!("action   {}\n", row.action.to_hex()));
    if let Some(key) = &asked.key {
        page.push_str(&format!("key      {}: good for what carries the same one\n", clean(key)));
    }
    facts(asked, before, &mut page);
    if !asked.readings.is_empty() {
        page.push_str("\nthe agent had read\n");
        for reading in &asked.readings {
            page.push_str(&format!("  {} {}\n", clean(&reading.tool), clean(&reading.params)));
            let value = reading.value.as_deref().unwrap_or("(too large to keep; compared by its digest)");
            pretty(value).iter().for_each(|line| page.push_str(&format!("    {line}\n")));
        }
    }
    page.push_str("\nwho is asked\n");
    for guard in &asked.guards {
        let left = tally.missing.iter().find(|(missing, _)| missing == guard).map_or(0, |(_, left)| *left);
        let wants = match left {
            0 => "nobody more".to_owned(),
            1 => "one more".to_owned(),
            more => format!("{more} more"),
        };
        page.push_str(&format!("  {} (guard {}): {wants}\n", clean(&guard.by), clean(&guard.guard)));
    }
    let mut said = |word: &str, voices: &[Voice]| {
        for voice in voices {
            let reason =
                if voice.reason.is_empty() { String::new() } else { format!(": {}", clean(&voice.reason)) };
            page.push_str(&format!("  {} {word}{reason}\n", clean(&voice.approver)));
        }
    };
    said("said yes", &tally.yes);
    said("said no", &tally.no);
    for (approver, why) in &tally.void {
        page.push_str(&format!("  the word of {} does not count: {}\n", clean(approver), clean(why)));
    }
    if let Some(attempt) = &row.attempt {
        page.push_str(&format!("\nattempt  {}: `lastlook show` tells how it ended\n", clean(attempt)));
    }
    page
}

/// What the facts are by now, beside what they were when people were asked.
pub(super) fn again(facts: &[Again]) -> String {
    let mut page = "\nread again just now\n".to_owned();
    if facts.is_empty() {
        page.push_str("  the guards name no facts\n");
    }
    for Again { fact, now } in facts {
        match now {
            Ok(_) if now_is(fact, now) => page.push_str(&format!("  {}: the same\n", clean(&fact.fact))),
            Ok(read) => {
                page.push_str(&format!("  {}: different\n", clean(&fact.fact)));
                shown(read).iter().for_each(|line| page.push_str(&format!("    {line}\n")));
            }
            Err(why) => page.push_str(&format!("  {}: {}\n", clean(&fact.fact), clean(why))),
        }
    }
    page
}

fn now_is(was: &SeenFact, now: &Result<SeenFact, String>) -> bool {
    now.as_ref().is_ok_and(|now| was.is_same(now))
}

/// The facts; beside each what it was when people were asked before, if it was something else then.
fn facts(asked: &Asked, before: Option<&Asked>, page: &mut String) {
    if asked.facts.is_empty() {
        return;
    }
    match before {
        Some(_) => page.push_str("\nwhat is true, and what was when it was approved before\n"),
        None => page.push_str("\nwhat was true when it was asked for\n"),
    }
    for fact in &asked.facts {
        let version =
            fact.version.as_deref().map(|it| format!(" (version {})", clean(it))).unwrap_or_default();
        page.push_str(&format!("  {}{version}\n", clean(&fact.fact)));
        shown(fact).iter().for_each(|line| page.push_str(&format!("    {line}\n")));
        let same = |other: &&SeenFact| other.fact == fact.fact && other.question == fact.question;
        let was = before.and_then(|before| before.facts.iter().find(same));
        if let Some(was) = was.filter(|was| !was.is_same(fact)) {
            page.push_str("    was\n");
            shown(was).iter().for_each(|line| page.push_str(&format!("      {line}\n")));
        }
    }
}

fn shown(fact: &SeenFact) -> Vec<String> {
    match &fact.value {
        Some(value) => pretty(value),
        None => vec!["(there was none)".to_owned()],
    }
}
