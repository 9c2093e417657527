//! `[fact.NAME]`

mod command;
mod file;
mod http;
mod ledger;
mod mcp;
mod seen_as;
mod shape;
mod sql;

use std::collections::BTreeMap;

use lastlook_kernel::{FactSpec, Source};

use super::known::Known;
use super::names::member_name;
use crate::config::document::{Item, Section, Sink, Word};
use crate::config::value::{pointer, some_time};

/// The most bytes one reading may be allowed, 64 MiB: it is held in memory, and recorded.
const MOST_BYTES: u64 = 64 << 20;

pub(super) fn facts(table: &Section<'_>, known: &Known<'_>, sink: &mut Sink) -> BTreeMap<String, FactSpec> {
    let mut facts = BTreeMap::new();
    for (name, item) in table.entries() {
        member_name(&name, "a fact", sink);
        let Some(section) = item.section(format!("[fact.{}]", name.text), sink) else { continue };
        facts.extend(fact(&name, section, known, sink).map(|fact| (name.text.to_owned(), fact)));
    }
    facts
}

fn fact(name: &Word<'_>, mut section: Section<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<FactSpec> {
    let source = source(name, &mut section, known, sink);
    let select = section.take("select").and_then(|item| item.each("[\"/status\"]", sink, pointer));
    let select = select.unwrap_or_default();
    let version = one_pointer(section.take("version"), "\"/version\"", sink);
    let on_aba = section.take("on_aba").and_then(|i| i.one_of(&[("refuse", false), ("allow", true)], sink));
    let as_of_item = section.take("as_of");
    let as_of = one_pointer(as_of_item.clone(), "\"/updated_at\"", sink);
    let shape = section.take("shape").and_then(|item| shape::shape(&item, sink));
    let seen_as = section.take("seen_as").map(|item| seen_as::seen_as(name, &item, &select, known, sink));
    let timeout = section.take("timeout").and_then(|item| item.text("\"2s\"", sink));
    let max_bytes = section.take("max_bytes").and_then(|item| item.whole(1..=MOST_BYTES, "65536", sink));
    let show = section.take("show").and_then(|i| i.one_of(&[("operator", false), ("agent", true)], sink));
    if let (Some(Source::Ledger { .. }), Some(item)) = (&source, as_of_item) {
        sink.report(
            item.name.span,
            format!("fact `{}` has no time of its own", name.text),
            "the record is always as of now",
            "leave `as_of` out; how far back attempts count is `within` of its `ledger`",
        );
    }
    let spec = source.map(|source| FactSpec {
        name: name.text.to_owned(),
        source,
        select,
        version,
        aba_allowed: on_aba.unwrap_or(false),
        as_of,
        shape,
        seen_as: seen_as.unwrap_or_default(),
        timeout: timeout.and_then(|word| some_time("timeout", word, sink)),
        max_bytes: max_bytes.and_then(|bytes| usize::try_from(bytes).ok()),
        show_agent: show.unwrap_or(false),
    });
    if let Some(Source::Sql { version: Some(column), .. }) = spec.as_ref().map(|spec| &spec.source)
        && let Some(item) = section.peek("version")
    {
        sink.report(
            item.name.span,
            format!("fact `{}` has two versions", name.text),
            format!("its column `{column}` is one already"),
            "keep one of them",
        );
    }
    // Most often it is there, misspelt: one mistake, not two.
    if !section.has_any(&SOURCES.map(|(key, _)| key)) && !section.has_unknown() {
        sink.report(
            name.span.clone(),
            format!("fact `{}` has no source", name.text),
            "where is it read?",
            "write one of mcp, http, sql, file, command, ledger, such as \
             mcp = { tool = \"shop.get_order\", args = { id = \"${args.order_id}\" } }",
        );
    }
    section.finish(sink);
    spec
}

/// Reads one kind of source; `Item` is what stands under its key.
type ReadSource = fn(&str, &Item<'_>, &Known<'_>, &mut Sink) -> Option<Source>;

const SOURCES: [(&str, ReadSource); 6] = [
    ("mcp", mcp::mcp),
    ("http", http::http),
    ("sql", sql::sql),
    ("file", file::file),
    ("command", command::command),
    ("ledger", ledger::ledger),
];

fn source(name: &Word<'_>, section: &mut Section<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    let mut found: Vec<(Item<'_>, ReadSource)> = Vec::new();
    for (key, read) in SOURCES {
        found.extend(section.take(key).map(|item| (item, read)));
    }
    found.sort_by_key(|(item, _)| item.name.span.start);
    let mut sources = found.into_iter();
    let (first, read) = sources.next()?;
    for (other, _) in sources {
        sink.report(
            other.name.span.clone(),
            format!("fact `{}` has two sources, `{}` and `{}`", name.text, first.name.text, other.name.text),
            "a fact has one",
            "keep one of them, and make the other a fact of its own",
        );
    }
    read(&format!("fact.{}.{}", name.text, first.name.text), &first, known, sink)
}

fn one_pointer(item: Option<Item<'_>>, example: &str, sink: &mut Sink) -> Option<String> {
    pointer(item?.text(example, sink)?, sink)
}
