//! `once = "refund:${args.order_id}"` and `lease = "order:${args.order_id}"`

use std::time::Duration;

use lastlook_kernel::{Lease, Once, Template};

use super::period::period;
use crate::config::document::{Item, Section, Sink, Word};
use crate::config::read::kernel_api::template;
use crate::config::value::{duration, some_time};

const WAIT: Duration = Duration::from_secs(10);
const HOLD: Duration = Duration::from_secs(30);

pub(super) fn once(title: &str, item: &Item<'_>, sink: &mut Sink) -> Option<Once> {
    if let Some(word) = item.as_text() {
        return Some(Once { key: key_template(&word, sink)?, per: None });
    }
    let mut section = table(title, item, "\"refund:${args.order_id}\"", sink)?;
    let key = key(&mut section, item, sink);
    let per = period(&mut section, sink);
    section.finish(sink);
    Some(Once { key: key?, per })
}

pub(super) fn lease(title: &str, item: &Item<'_>, sink: &mut Sink) -> Option<Lease> {
    if let Some(word) = item.as_text() {
        return Some(Lease { key: key_template(&word, sink)?, wait: WAIT, hold: HOLD });
    }
    let mut section = table(title, item, "\"order:${args.order_id}\"", sink)?;
    let key = key(&mut section, item, sink);
    let wait = section.take("wait").and_then(|item| item.text("\"10s\"", sink));
    let hold = section.take("hold").and_then(|item| item.text("\"30s\"", sink));
    section.finish(sink);
    Some(Lease {
        key: key?,
        wait: wait.and_then(|word| duration("wait", word, sink)).unwrap_or(WAIT),
        hold: hold.and_then(|word| some_time("hold", word, sink)).unwrap_or(HOLD),
    })
}

/// A key: some text, most often with a hole.
pub(super) fn key_template(word: &Word<'_>, sink: &mut Sink) -> Option<Template> {
    if word.text.is_empty() {
        let help = "write what tells one from another: \"refund:${args.order_id}\"";
        sink.report(word.span.clone(), "the key is empty", "the same for everything", help);
        return None;
    }
    template(word, sink)
}

fn table<'d>(title: &str, item: &Item<'d>, example: &str, sink: &mut Sink) -> Option<Section<'d>> {
    if item.as_table().is_none() {
        let example = format!("{0} = {example} or {0} = {{ key = {example} }}", item.name.text);
        item.mistyped("text or a table", &example, sink);
        return None;
    }
    item.section(title, sink)
}

fn key(section: &mut Section<'_>, item: &Item<'_>, sink: &mut Sink) -> Option<Template> {
    const EXAMPLE: &str = "\"order:${args.order_id}\"";
    let Some(key) = section.take("key") else {
        let message = format!("`{}` has no key", section.title());
        sink.report(item.span(), message, "`key` is needed", format!("write it like this: key = {EXAMPLE}"));
        return None;
    };
    key_template(&key.text(EXAMPLE, sink)?, sink)
}
