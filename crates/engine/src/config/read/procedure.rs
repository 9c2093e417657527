//! `[procedure.NAME]`

use std::collections::BTreeMap;

use lastlook_kernel::{After, Procedure, Step};

use super::guard::entry;
use super::known::Known;
use super::names::plain_name;
use crate::config::document::{Section, Sink, Word};

pub(super) fn procedures(
    table: &Section<'_>,
    known: &Known<'_>,
    sink: &mut Sink,
) -> BTreeMap<String, Procedure> {
    let mut procedures = BTreeMap::new();
    for (name, item) in table.entries() {
        plain_name(&name, "a procedure", sink);
        let Some(mut section) = item.section(format!("[procedure.{}]", name.text), sink) else { continue };
        let steps = steps(&name, &mut section, known, sink);
        section.finish(sink);
        procedures.insert(name.text.to_owned(), Procedure { name: name.text.to_owned(), steps });
    }
    procedures
}

fn steps(name: &Word<'_>, section: &mut Section<'_>, known: &Known<'_>, sink: &mut Sink) -> Vec<Step> {
    const EXAMPLE: &str = "[{ tool = \"ci.build\" }, { tool = \"ci.run_tests\" }]";
    let item = section.take("steps");
    let span = item.as_ref().map_or(name.span.clone(), |item| item.span());
    let entries = match &item {
        Some(item) => match item.list(EXAMPLE, sink) {
            Some(entries) => entries,
            None => return Vec::new(),
        },
        None => Vec::new(),
    };
    if entries.is_empty() {
        let message = format!("procedure `{}` has no steps", name.text);
        sink.report(span, message, "nothing to do", format!("write its steps in order: steps = {EXAMPLE}"));
    }
    let mut steps = Vec::new();
    for (n, item) in entries.iter().enumerate() {
        let title = format!("procedure.{}.steps, entry {}", name.text, n + 1);
        match entry(item, title, known, sink) {
            Some(After::Step(step)) => steps.push(step),
            Some(After::Procedure(inner)) => sink.report(
                item.span(),
                format!("procedure `{}` names procedure `{inner}`", name.text),
                "a procedure has steps only",
                "write the steps of that procedure here, each as { tool = … }",
            ),
            None => {}
        }
    }
    steps
}
