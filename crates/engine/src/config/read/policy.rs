//! `[policy]` and `[principal]`: who may, and who acts.

use std::path::PathBuf;

use crate::config::PolicyFiles;
use crate::config::document::{Item, Sink};
use crate::config::value::{entity, no_nul};

pub(super) fn policy(item: &Item<'_>, sink: &mut Sink) -> Option<PolicyFiles> {
    let mut section = item.section("[policy]", sink)?;
    let file = section.take("file");
    let entities = section.take("entities").and_then(|item| path(&item, "\"entities.json\"", sink));
    section.finish(sink);
    let Some(file) = file else {
        let help = "write where the policies are: file = \"policy.cedar\"";
        sink.report(item.name.span.clone(), "`[policy]` has no `file`", "no policies", help);
        return None;
    };
    Some(PolicyFiles { file: path(&file, "\"policy.cedar\"", sink)?, entities })
}

/// The principal's entity, and its groups.
pub(super) fn principal(item: &Item<'_>, sink: &mut Sink) -> (Option<String>, Vec<String>) {
    const EXAMPLE: &str = "'User::\"deploy-bot\"'";
    const GROUP: &str = "['Role::\"deployers\"']";
    let Some(mut section) = item.section("[principal]", sink) else { return (None, Vec::new()) };
    let id = section.take("id");
    let groups = section.take("groups").and_then(|item| {
        item.each(GROUP, sink, |word, sink| entity(word, "a group", &format!("groups = {GROUP}"), sink))
    });
    section.finish(sink);
    let groups = groups.unwrap_or_default();
    let Some(id) = id else {
        let help = format!("write who acts: id = {EXAMPLE}");
        sink.report(item.name.span.clone(), "`[principal]` has no `id`", "names nobody", help);
        return (None, groups);
    };
    let word = id.text(EXAMPLE, sink);
    (word.and_then(|word| entity(word, "a principal", "", sink)), groups)
}

fn path(item: &Item<'_>, example: &str, sink: &mut Sink) -> Option<PathBuf> {
    let word = item.text(example, sink)?;
    if word.text.is_empty() {
        let message = format!("`{}` is empty", item.name.text);
        sink.report(word.span, message, "names no file", format!("write {} = {example}", item.name.text));
        return None;
    }
    no_nul(&word, sink);
    Some(PathBuf::from(word.text))
}
