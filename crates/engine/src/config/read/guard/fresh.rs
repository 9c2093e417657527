//! `fresh = { rate = "30s" }`

use lastlook_kernel::{FactSpec, Fresh, Source};

use crate::config::document::{Item, Sink, Word};
use crate::config::read::known::Known;
use crate::config::value::some_time;

pub(super) fn fresh(title: &str, item: &Item<'_>, known: &Known<'_>, sink: &mut Sink) -> Vec<Fresh> {
    let Some(section) = item.section(title, sink) else { return Vec::new() };
    if section.entries().next().is_none() {
        let help = "write a fact and its greatest age: fresh = { rate = \"30s\" }";
        sink.report(item.span(), "`fresh` names no fact", "how fresh is what?", help);
    }
    let mut all = Vec::new();
    for (name, item) in section.entries() {
        let fact = known.fact(&name, sink);
        if let Some(spec) = fact.as_ref().and_then(|fact| known.specs.get(fact)) {
            has_time(spec, &name, sink);
        }
        let max_age = item.text("\"30s\"", sink).and_then(|word| some_time(name.text, word, sink));
        all.extend(fact.zip(max_age).map(|(fact, max_age)| Fresh { fact, max_age }));
    }
    all
}

/// Whether the source says of when its value is.
fn has_time(spec: &FactSpec, name: &Word<'_>, sink: &mut Sink) {
    let kind = match spec.source {
        Source::Http { .. } | Source::File { .. } => return,
        Source::Mcp { .. } => "mcp",
        Source::Sql { .. } => "sql",
        Source::Command { .. } => "command",
        Source::Ledger { .. } => {
            sink.report(
                name.span.clone(),
                format!("fact `{}` has no age", name.text),
                "the record is always as of now",
                "how far back attempts count is `within` of its `ledger`",
            );
            return;
        }
    };
    if spec.as_of.is_none() {
        sink.report(
            name.span.clone(),
            format!("nothing says how old fact `{}` is", name.text),
            format!("a source of kind `{kind}` has no time of its own"),
            format!(
                "say where its value holds the time: [fact.{}] as_of = \"/updated_at\" (RFC 3339 text or Unix seconds)",
                name.text
            ),
        );
    }
}
