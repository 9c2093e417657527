//! `[tool."UPSTREAM.TOOL"]`

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use lastlook_kernel::Class;

use super::known::Known;
use super::withhold::{self, Spans};
use crate::config::document::{Item, Section, Sink, Word, suggest};
use crate::config::value::{ignore, pointer};
use crate::config::{ErrorAnswers, FieldPlace, ToolConfig, ToolKey};

pub(super) fn tools(
    table: &Section<'_>,
    known: &Known<'_>,
    spans: &mut Spans,
    sink: &mut Sink,
) -> BTreeMap<ToolKey, ToolConfig> {
    let mut tools = BTreeMap::new();
    for (name, item) in table.entries() {
        let Some(key) = key(&name, &item, known.upstreams(), sink) else { continue };
        let Some(section) = item.section(format!("[tool.\"{}\"]", name.text), sink) else { continue };
        let mut withheld = Vec::new();
        let config = tool(section, Some((&key.upstream, known)), &mut withheld, sink);
        spans.extend(withheld.into_iter().map(|(text, span)| ((key.clone(), text), span)));
        tools.insert(key, config);
    }
    tools
}

/// Reads what is said of one tool; `place` is the upstream it belongs to, and what the file declares, unless it stands
/// in a profile. `withheld` takes in where each place that is not kept is written.
pub(super) fn tool(
    mut section: Section<'_>,
    place: Option<(&str, &Known<'_>)>,
    withheld: &mut Vec<(String, Range<usize>)>,
    sink: &mut Sink,
) -> ToolConfig {
    let upstream = place.map(|(upstream, _)| upstream);
    // A profile does not know what other upstreams there are.
    let undoes = place.and_then(|(_, known)| {
        section.take("undoes")?.each("[\"shop.verify_customer\"]", sink, |word, sink| known.tool(&word, sink))
    });
    let undoes = undoes.unwrap_or_default();
    let classes = [("read", Class::Read), ("write", Class::Write), ("destructive", Class::Destructive)];
    let errors = [("no-effect", ErrorAnswers::NoEffect), ("unknown", ErrorAnswers::Unknown)];
    let mut places = |key, sink: &mut Sink| -> Vec<FieldPlace> {
        let read = |word: Word<'_>, sink: &mut Sink| {
            let span = word.span.clone();
            if withheld.iter().any(|(text, _)| text == word.text) {
                let message = format!("`{}` is both redacted and kept as a digest", word.text);
                sink.report(span, message, "named in `redact` already", "keep one of them");
                return None;
            }
            let found = withhold::place(word, place.map(|(_, known)| known), sink)?;
            withheld.push((found.text.clone(), span));
            Some(found)
        };
        section.take(key).and_then(|item| item.each("[\"/args/password\"]", sink, read)).unwrap_or_default()
    };
    let redact = places("redact", sink);
    let digest_only = places("digest_only", sink);
    let config = ToolConfig {
        class: section.take("class").and_then(|item| item.one_of(&classes, sink)),
        subjects: section.take("subjects").and_then(|item| item.each("[\"/path\"]", sink, pointer)),
        touches: section.take("touches").and_then(|item| {
            item.each("[\"list_directory\"]", sink, |word, sink| sibling(&word, upstream, sink))
        }),
        ignore: section
            .take("ignore")
            .and_then(|item| item.each("[\"/structuredContent/accessed\"]", sink, ignore)),
        retake: section.take("retake").and_then(|item| item.flag(sink)),
        local: section.take("local").and_then(|item| item.flag(sink)),
        errors: section.take("errors").and_then(|item| item.one_of(&errors, sink)),
        undoes,
        redact,
        digest_only,
    };
    section.finish(sink);
    config
}

/// A tool of the same upstream, by its own name.
fn sibling(word: &Word<'_>, upstream: Option<&str>, sink: &mut Sink) -> Option<String> {
    let own = upstream.and_then(|name| word.text.strip_prefix(name)?.strip_prefix('.'));
    if let Some(own) = own {
        sink.report(
            word.span.clone(),
            format!("`{}` is named with its upstream", word.text),
            "only tools of the same upstream can be meant",
            format!("write the tool's own name: \"{own}\""),
        );
        return None;
    }
    Some(word.text.to_owned())
}

fn key(name: &Word<'_>, item: &Item<'_>, declared: &BTreeSet<&str>, sink: &mut Sink) -> Option<ToolKey> {
    let (upstream, tool) = name.text.split_once('.').unwrap_or(("", name.text));
    if upstream.is_empty() || tool.is_empty() {
        sink.report(
            name.span.clone(),
            format!("`{}` does not say which tool of which upstream", name.text),
            "no upstream and tool",
            way_to_name(name.text, item, declared),
        );
        return None;
    }
    if !declared.contains(upstream) {
        let suggestion = suggest(upstream, declared.iter().copied());
        let names = declared.iter().copied().collect::<Vec<_>>().join(", ");
        sink.report(
            name.span.clone(),
            format!("tool `{}` belongs to an upstream that is not declared", name.text),
            format!("there is no `[upstream.{upstream}]`"),
            if names.is_empty() {
                format!("declare it: [upstream.{upstream}] with its command")
            } else {
                format!("{suggestion}declared upstreams: {names}")
            },
        );
        return None;
    }
    Some(ToolKey { upstream: upstream.to_owned(), tool: tool.to_owned() })
}

/// Most often the quotes were forgotten: `[tool.notes.edit_file]` is a table in a table in TOML.
fn way_to_name(name: &str, item: &Item<'_>, declared: &BTreeSet<&str>) -> String {
    let inner = item.as_table().and_then(|table| table.iter().find(|(_, value)| value.get_ref().is_table()));
    match (inner, declared.first()) {
        (Some((tool, _)), _) if declared.contains(name) => {
            format!("quote the whole name: [tool.\"{name}.{}\"]", tool.get_ref())
        }
        (_, Some(upstream)) if !name.contains('.') && !declared.contains(name) => {
            format!(
                "write the upstream, a dot and the tool's own name in quotes: [tool.\"{upstream}.{name}\"]"
            )
        }
        _ => "write the upstream, a dot and the tool's own name in quotes: [tool.\"notes.edit_file\"]"
            .to_owned(),
    }
}
