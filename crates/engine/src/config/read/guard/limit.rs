//! `limit = [{ sum = …, max = …, per = …, by = … }, { count = …, … }]`

use lastlook_kernel::{Amount, By, Limit};

use super::once::key_template;
use super::period::period;
use crate::config::document::{Item, Section, Sink, suggest};
use crate::config::read::kernel_api::amount;
use crate::config::value::pointer;

const EXAMPLE: &str = "[{ count = 20, per = \"1h\" }]";
const SUM: &str = "{ sum = \"/amount_cents\", max = 500000, per = \"1d\" }";
const COUNT: &str = "{ count = 20, per = \"1h\" }";

pub(super) fn limits(title: &str, item: &Item<'_>, sink: &mut Sink) -> Vec<Limit> {
    let Some(entries) = item.list(EXAMPLE, sink) else { return Vec::new() };
    let each = entries.iter().enumerate();
    each.filter_map(|(n, item)| limit(format!("{title}, entry {}", n + 1), item, sink)).collect()
}

fn limit(title: String, item: &Item<'_>, sink: &mut Sink) -> Option<Limit> {
    if item.as_table().is_none() {
        item.mistyped("an array of tables", &format!("limit = {EXAMPLE}"), sink);
        return None;
    }
    let mut section = item.section(title, sink)?;
    let counted = counted(item, &mut section, sink);
    let has_per = section.has_any(&["per"]);
    let per = period(&mut section, sink);
    let by = match section.take("by") {
        Some(item) => by(&item, sink),
        None => Some(By::Principal),
    };
    section.finish(sink);
    if !has_per {
        let help = "write per = \"1d\" for the time up to now, or per = \"day\" for the calendar's";
        sink.report(item.span(), "a limit needs a period", "how much in which time?", help);
    }
    let (sum, max) = counted?;
    Some(Limit { sum, max, per: per?, by: by? })
}

/// What is counted, and how much of it there may be.
fn counted(item: &Item<'_>, section: &mut Section<'_>, sink: &mut Sink) -> Option<(Option<String>, Amount)> {
    let (sum, max, count) = (section.take("sum"), section.take("max"), section.take("count"));
    match (sum, max, count) {
        (Some(sum), Some(max), None) => {
            let pointer = sum.text("\"/amount_cents\"", sink).and_then(|word| pointer(word, sink));
            let max = amount(&max, sink);
            Some((Some(pointer?), max?))
        }
        (None, None, Some(count)) => {
            let count = count.whole(1..=u64::MAX, "20", sink)?;
            Some((None, Amount::of_count(count)))
        }
        (Some(sum), _, Some(_)) => {
            let help = format!("write them as two limits: {SUM}, {COUNT}");
            sink.report(sum.name.span, "a limit counts calls or sums up, not both", "beside `count`", help);
            None
        }
        (Some(sum), None, None) => {
            let help = format!("write the most it may come to: {SUM}");
            sink.report(sum.name.span, "a sum needs a `max`", "how much?", help);
            None
        }
        (None, Some(max), _) => {
            let help = format!("write {SUM} for a sum, {COUNT} for calls");
            sink.report(max.name.span, "`max` is the most of a sum", "there is no `sum`", help);
            None
        }
        (None, None, None) => {
            let help = format!("write {COUNT} for calls, {SUM} for a sum");
            sink.report(item.span(), "this limits nothing", "neither `count` nor `sum`", help);
            None
        }
    }
}

fn by(item: &Item<'_>, sink: &mut Sink) -> Option<By> {
    const CHOICES: [&str; 4] = ["principal", "tool", "resource", "guard"];
    let word = item.text("\"principal\"", sink)?;
    if let Some(key) = word.text.strip_prefix("key:") {
        let start = word.text.len() - key.len();
        let span = sink.place_of(&word, start..word.text.len());
        let inner = crate::config::document::Word { text: key, span };
        return key_template(&inner, sink).map(By::Key);
    }
    match word.text {
        "principal" => Some(By::Principal),
        "tool" => Some(By::Tool),
        "resource" => Some(By::Resource),
        "guard" => Some(By::Guard),
        other => {
            sink.report(
                word.span,
                format!("`by` cannot be `{other}`"),
                "not one of the choices",
                format!(
                    "{}choose one of: {}, \"key:${{args.account}}\"",
                    suggest(other, CHOICES.into_iter()),
                    CHOICES.join(", ")
                ),
            );
            None
        }
    }
}
