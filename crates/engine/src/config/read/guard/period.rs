//! `per = "1d"` or `per = "day"`, and the zone of the latter.

use jiff::tz::TimeZone;
use lastlook_kernel::{Per, Unit};

use crate::config::document::{Section, Sink, Word, suggest};
use crate::config::value::{parse_duration, some_time};

const UNITS: [(&str, Unit); 5] = [
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("month", Unit::Month),
    ("year", Unit::Year),
];

/// Reads `per` and `tz`; `None` when there is no `per`, or it is none.
pub(super) fn period(section: &mut Section<'_>, sink: &mut Sink) -> Option<Per> {
    let per_item = section.take("per");
    let per = per_item.as_ref().and_then(|item| item.text("\"1d\"", sink));
    let tz_item = section.take("tz");
    let tz = tz_item.as_ref().and_then(|item| item.text("\"Europe/Paris\"", sink));
    let tz_fits = tz.as_ref().is_none_or(|word| is_zone(word, sink));
    let unit = per.as_ref().and_then(|word| UNITS.iter().find(|(name, _)| *name == word.text));
    if let (Some(item), None) = (&tz_item, unit) {
        sink.report(
            item.name.span.clone(),
            "only calendar periods have a zone",
            "beside a period without one",
            "write per = \"day\" (hour, week, month, year) for calendar days, or leave `tz` out",
        );
    }
    let word = per?;
    match unit {
        Some((_, unit)) if tz_fits => {
            let tz = tz.map_or("UTC", |word| word.text).to_owned();
            Some(Per::Calendar { unit: *unit, tz })
        }
        Some(_) => None,
        None => sliding(word, sink).map(Per::Sliding),
    }
}

fn sliding(word: Word<'_>, sink: &mut Sink) -> Option<std::time::Duration> {
    if parse_duration(word.text).is_some() {
        return some_time("per", word, sink);
    }
    let names = || UNITS.iter().map(|(name, _)| *name);
    sink.report(
        word.span,
        format!("`{}` is not a period", word.text),
        "neither a duration nor a calendar unit",
        format!(
            "{}write a duration for the time up to now (\"1h\", \"7d\"), or one of: {}",
            suggest(word.text, names()),
            names().collect::<Vec<_>>().join(", ")
        ),
    );
    None
}

/// Whether there is a zone of this name.
pub(super) fn is_zone(word: &Word<'_>, sink: &mut Sink) -> bool {
    if TimeZone::get(word.text).is_ok() {
        return true;
    }
    let names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    sink.report(
        word.span.clone(),
        format!("there is no time zone `{}`", word.text),
        "not in the zone data",
        format!(
            "{}write its IANA name, such as \"Europe/Paris\"",
            suggest(word.text, names.iter().map(String::as_str))
        ),
    );
    false
}
