//! `seen_as`: in whose answers the agent sees a fact.

use lastlook_kernel::SeenAs;

use super::mcp::{args, read_tool};
use super::one_pointer;
use crate::config::document::{Item, Sink, Word};
use crate::config::read::known::Known;
use crate::config::value::pointer;

const EXAMPLE: &str = "{ tool = \"shop.get_order\", args = { id = \"${args.order_id}\" } }";

/// One view, or several in an array.
pub(super) fn seen_as(
    name: &Word<'_>,
    item: &Item<'_>,
    fact_select: &[String],
    known: &Known<'_>,
    sink: &mut Sink,
) -> Vec<SeenAs> {
    let title = format!("fact.{}.seen_as", name.text);
    let Some(views) = item.as_list() else {
        return view(name, item, title, fact_select, known, sink).into_iter().collect();
    };
    if views.is_empty() {
        let help = format!("write how the agent sees it: seen_as = {EXAMPLE}; or leave it out");
        sink.report(item.span(), "`seen_as` is empty", "nobody sees it", help);
    }
    let each = views.iter().enumerate();
    each.filter_map(|(n, one)| view(name, one, format!("{title}, entry {}", n + 1), fact_select, known, sink))
        .collect()
}

fn view(
    name: &Word<'_>,
    item: &Item<'_>,
    title: String,
    fact_select: &[String],
    known: &Known<'_>,
    sink: &mut Sink,
) -> Option<SeenAs> {
    if item.as_table().is_none() {
        item.mistyped("a table", &format!("seen_as = {EXAMPLE}"), sink);
        return None;
    }
    let mut section = item.section(title, sink)?;
    let read = read_tool(&mut section, known, sink);
    let args = args(&mut section, sink);
    let select_item = section.take("select");
    // Pointers pair up with the fact's own by order, so that one may come twice.
    let select = select_item.as_ref().and_then(|item| item.texts("[\"/status\"]", sink));
    let select: Option<Vec<String>> =
        select.map(|words| words.into_iter().filter_map(|word| pointer(word, sink)).collect());
    let version = one_pointer(section.take("version"), "\"/version\"", sink);
    section.finish(sink);
    let select = select.unwrap_or_default();
    if let Some(item) = select_item.filter(|_| !select.is_empty() && select.len() != fact_select.len()) {
        sink.report(
            item.span(),
            format!("`seen_as` selects {} values, fact `{}` {}", select.len(), name.text, fact_select.len()),
            "they are compared one by one",
            "write one pointer for each of the fact's `select`, in the same order; or none, where they are the same",
        );
    }
    // An effect's own answer shows a fact as well: the agent was given it.
    let (_, tool) = read?;
    Some(SeenAs { tool, args: args?, select, version })
}
