//! `after = [{ tool = … }, { procedure = … }]`

use lastlook_kernel::{Accept, After, Step, ToolName};

use crate::config::document::{Item, Section, Sink, Word};
use crate::config::read::condition::{OF_A_STEP, condition};
use crate::config::read::known::Known;
use crate::config::value::some_time;

const EXAMPLE: &str = "[{ tool = \"shop.verify_customer\", within = \"10m\" }]";
/// The keys of a step beside `tool`.
const OF_A_STEP_ONLY: &[&str] = &["where", "within", "accept", "none_since"];

pub(super) fn after(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Vec<After> {
    let Some(entries) = item.list(EXAMPLE, sink) else { return Vec::new() };
    let each = entries.iter().enumerate();
    each.filter_map(|(n, item)| entry(item, format!("{title}, entry {}", n + 1), known, sink)).collect()
}

/// One entry: a step, or all the steps of a procedure.
pub(in crate::config::read) fn entry(
    item: &Item<'_>,
    title: String,
    known: &Known<'_>,
    sink: &mut Sink,
) -> Option<After> {
    if item.as_table().is_none() {
        item.mistyped("an array of tables", &format!("{} = {EXAMPLE}", item.name.text), sink);
        return None;
    }
    let mut section = item.section(title, sink)?;
    let tool = section.take("tool").map(|item| item.text("\"shop.verify_customer\"", sink));
    let procedure = section.take("procedure").map(|item| item.text("\"release\"", sink));
    let entry = match (tool, procedure) {
        (Some(tool), None) => step(tool, &mut section, known, sink).map(After::Step),
        (None, Some(procedure)) => whole_procedure(procedure, &mut section, known, sink),
        (None, None) => {
            let help = "write { tool = \"shop.verify_customer\" } or { procedure = \"release\" }";
            sink.report(item.span(), "this names no step", "neither `tool` nor `procedure`", help);
            None
        }
        (Some(_), Some(procedure)) => {
            let span = procedure.map_or(item.span(), |word| word.span);
            sink.report(
                span,
                "a step and a procedure in one entry",
                "beside `tool`",
                "write them as two entries",
            );
            None
        }
    };
    if entry.is_some() {
        section.finish(sink);
    }
    entry
}

fn step(
    tool: Option<Word<'_>>,
    section: &mut Section<'_>,
    known: &Known<'_>,
    sink: &mut Sink,
) -> Option<Step> {
    let accepts = [("confirmed", Accept::Confirmed), ("succeeded", Accept::Succeeded)];
    let accept_item = section.take("accept");
    let accept_given = accept_item.is_some();
    let accept = accept_item.map_or(Some(Accept::Confirmed), |item| item.one_of(&accepts, sink));
    let matching =
        condition(section.take("where"), "step.args.id == args.customer_id", OF_A_STEP, known, sink);
    let within = section.take("within").and_then(|item| item.text("\"10m\"", sink));
    let within = within.and_then(|word| some_time("within", word, sink));
    let none_since: Option<Vec<ToolName>> = section
        .take("none_since")
        .and_then(|item| item.each("[\"shop.edit_customer\"]", sink, |word, sink| known.tool(&word, sink)));
    let word = tool?;
    let name = known.tool(&word, sink)?;
    if accept == Some(Accept::Confirmed) && !known.is_confirmed(&name) {
        let said = if accept_given {
            "its `accept` asks for more than anybody will know"
        } else {
            "nothing will prove it"
        };
        sink.report(
            word.span,
            format!("no guard confirms the effects of `{name}`"),
            said,
            "write accept = \"succeeded\" to take the tool's own word, or give a guard on it a `confirm`",
        );
    }
    Some(Step { tool: name, matching, within, accept: accept?, none_since: none_since.unwrap_or_default() })
}

fn whole_procedure(
    word: Option<Word<'_>>,
    section: &mut Section<'_>,
    known: &Known<'_>,
    sink: &mut Sink,
) -> Option<After> {
    for key in OF_A_STEP_ONLY {
        if let Some(item) = section.take(key) {
            sink.report(
                item.name.span,
                format!("`{key}` is said of a step, not of a procedure"),
                "beside `procedure`",
                format!(
                    "write it at the steps of [procedure.{}]",
                    word.as_ref().map_or("NAME", |word| word.text)
                ),
            );
        }
    }
    known.procedure(&word?, sink).map(After::Procedure)
}
