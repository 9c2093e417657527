//! `mcp = { tool = …, args = … }`

use lastlook_canon::Json;
use lastlook_kernel::{Source, Template, ToolName};

use crate::config::document::{Item, Section, Sink, Word};
use crate::config::read::kernel_api;
use crate::config::read::known::Known;

pub(super) fn mcp(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Option<Source> {
    let mut section = item.section(title, sink)?;
    let read = read_tool(&mut section, known, sink);
    let args = args(&mut section, sink);
    section.finish(sink);
    let (word, tool) = read?;
    if !known.is_read(&tool) {
        sink.report(
            word.span,
            format!("`{tool}` is not declared a read"),
            "a fact must not act",
            format!("if it changes nothing, say so: [tool.\"{tool}\"] class = \"read\""),
        );
    }
    Some(Source::Mcp { tool, args: args? })
}

/// The tool under `tool`, with its place.
pub(super) fn read_tool<'d>(
    section: &mut Section<'d>,
    known: &Known<'_>,
    sink: &mut Sink,
) -> Option<(Word<'d>, ToolName)> {
    let word = required(section, "tool", "\"shop.get_order\"", sink)?.text("\"shop.get_order\"", sink)?;
    let tool = known.tool(&word, sink)?;
    Some((word, tool))
}

/// The arguments under `args`; none is an empty object.
pub(super) fn args(section: &mut Section<'_>, sink: &mut Sink) -> Option<Template> {
    let Some(item) = section.take("args") else {
        return Template::from_json(Json::Object(Vec::new())).ok();
    };
    if item.as_table().is_none() {
        item.mistyped("a table", "args = { id = \"${args.order_id}\" }", sink);
        return None;
    }
    kernel_api::json(&item, sink)
}

/// What stands under a key that must be there.
pub(super) fn required<'d>(
    section: &mut Section<'d>,
    key: &'static str,
    example: &str,
    sink: &mut Sink,
) -> Option<Item<'d>> {
    let item = section.take(key);
    if item.is_none() {
        sink.report(
            section.place(),
            format!("`{}` has no `{key}`", section.title()),
            format!("`{key}` is needed"),
            format!("write it like this: {key} = {example}"),
        );
    }
    item
}
