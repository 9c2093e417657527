//! `[defaults]`

use lastlook_kernel::{BlindWrites, Mode};

use crate::config::Defaults;
use crate::config::document::{Section, Sink};
use crate::config::value::{duration, some_time};

pub(super) fn defaults(mut section: Section<'_>, sink: &mut Sink) -> Defaults {
    let mut defaults = Defaults::default();
    if let Some(item) = section.take("blind_writes") {
        let choices = [("allow", BlindWrites::Allow), ("refuse", BlindWrites::Refuse)];
        defaults.blind_writes = item.one_of(&choices, sink).unwrap_or(defaults.blind_writes);
    }
    if let Some(names) = section.take("not_subjects").and_then(|item| item.texts("[\"limit\"]", sink)) {
        defaults.not_subjects = names.iter().map(|name| name.text.to_owned()).collect();
    }
    if let Some(names) = section.take("not_subjects_add").and_then(|item| item.texts("[\"trace_id\"]", sink))
    {
        defaults.not_subjects.extend(names.iter().map(|name| name.text.to_owned()));
    }
    if let Some(item) = section.take("receipt_meta") {
        defaults.receipt_meta = item.flag(sink).unwrap_or(defaults.receipt_meta);
    }
    if let Some(item) = section.take("elicit") {
        defaults.elicit = item.flag(sink).unwrap_or(defaults.elicit);
    }
    if let Some(item) = section.take("mode") {
        let choices = [("enforce", Mode::Enforce), ("audit", Mode::Audit)];
        defaults.mode = item.one_of(&choices, sink).unwrap_or(defaults.mode);
    }
    for (key, target, parse) in [
        ("fact_timeout", &mut defaults.fact_timeout, some_time as fn(&str, _, &mut Sink) -> _),
        ("max_gap", &mut defaults.max_gap, some_time),
        ("wait_for_subject", &mut defaults.wait_for_subject, duration),
        ("wait_for_approval", &mut defaults.wait_for_approval, duration),
    ] {
        let word = section.take(key).and_then(|item| item.text("\"5s\"", sink));
        *target = word.and_then(|word| parse(key, word, sink)).unwrap_or(*target);
    }
    section.finish(sink);
    defaults
}
