//! `window = { open = …, tz = …, … }`

use lastlook_kernel::WindowSpec;

use crate::config::document::{Item, Section, Sink};
use crate::config::read::kernel_api;
use crate::config::value::some_time;

pub(super) fn window(title: &str, item: &Item<'_>, sink: &mut Sink) -> Option<WindowSpec> {
    let mut section = item.section(title, sink)?;
    let before = sink.problems.len();
    let spec = WindowSpec {
        open: several(&mut section, "open", "\"Mon-Fri 09:00-17:30\"", sink),
        tz: one(&mut section, "tz", "\"Europe/Paris\"", sink),
        closed: several(&mut section, "closed", "[\"2026-12-24..2027-01-02\"]", sink),
        not_before: one(&mut section, "not_before", "\"2026-01-01T00:00:00Z\"", sink),
        not_after: one(&mut section, "not_after", "\"2027-01-01T00:00:00Z\"", sink),
        max_age: time(&mut section, "max_age", sink),
        min_spacing: time(&mut section, "min_spacing", sink),
    };
    if sink.problems.len() == before {
        if spec == WindowSpec::default() {
            let help = "write when it may run: open = \"Mon-Fri 09:00-17:30\", tz = \"Europe/Paris\"";
            sink.report(item.span(), "the window says nothing", "always open", help);
        }
        kernel_api::check_window(&spec, item, &section, sink);
    }
    section.finish(sink);
    Some(spec)
}

/// Text, or several in an array.
fn several(section: &mut Section<'_>, key: &'static str, example: &str, sink: &mut Sink) -> Vec<String> {
    let Some(item) = section.take(key) else { return Vec::new() };
    if let Some(word) = item.as_text() {
        return vec![word.text.to_owned()];
    }
    if item.as_list().is_none() {
        item.mistyped("text or an array of text", &format!("{key} = {example}"), sink);
        return Vec::new();
    }
    item.each(example, sink, |word, _| Some(word.text.to_owned())).unwrap_or_default()
}

fn one(section: &mut Section<'_>, key: &'static str, example: &str, sink: &mut Sink) -> Option<String> {
    section.take(key)?.text(example, sink).map(|word| word.text.to_owned())
}

fn time(section: &mut Section<'_>, key: &'static str, sink: &mut Sink) -> Option<std::time::Duration> {
    let word = section.take(key)?.text("\"15m\"", sink)?;
    some_time(key, word, sink)
}
