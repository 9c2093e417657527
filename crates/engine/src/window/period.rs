//! Periods in which something is counted: the last so much time, or a calendar unit in a zone.

use jiff::Timestamp;
use lastlook_kernel::{Per, Unit, nanoseconds};

use super::WindowProblem;
use super::zone::{DAY, END, HOUR, Ns, START, Zone, date_of, day_of, saturated, weekday_of};

/// A period, its zone found.
#[derive(Debug, Clone)]
pub struct Period(Kind);

#[derive(Debug, Clone)]
enum Kind {
    Sliding(Ns),
    Calendar(Unit, Zone),
}

/// The period that an instant is in.
///
/// Calendar periods of one unit and zone follow each other without gap or overlap: each begins at the first instant at
/// which the clock reads its beginning or more. So an hour that the clock shows twice is one long period, and time that
/// was counted in a day stays in that day when clocks are set back over midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodKey {
    /// Its name, such as `day/2026-11-25/Europe/Paris`, `week/2026-W48/UTC`, or `last/86400s`.
    pub key: String,
    /// Its first instant, in nanoseconds of Unix time. Of a sliding period: the instant after which things count.
    pub from_ns: i64,
    /// The instant at which it ends. Of a sliding period: the instant it was asked for.
    pub until_ns: i64,
}

impl Period {
    /// Finds the zone of a period.
    ///
    /// # Errors
    ///
    /// A zone that is not in the bundled database.
    pub fn parse(per: &Per) -> Result<Period, WindowProblem> {
        Ok(Period(match per {
            Per::Sliding(length) => Kind::Sliding(Ns::from(nanoseconds(*length))),
            Per::Calendar { unit, tz } => {
                Kind::Calendar(*unit, Zone::find(tz).map_err(|wrong| wrong.at("tz", None))?)
            }
        }))
    }

    /// The period of an instant, in one step; where it is asked more than once, [`Period::parse`] first.
    ///
    /// # Errors
    ///
    /// Those of [`Period::parse`].
    pub fn of(per: &Per, at: Timestamp) -> Result<PeriodKey, WindowProblem> {
        Ok(Period::parse(per)?.at(at))
    }

    /// The period that an instant is in.
    pub fn at(&self, at: Timestamp) -> PeriodKey {
        let at = at.as_nanosecond().clamp(START, END - 1);
        match &self.0 {
            Kind::Sliding(length) => PeriodKey {
                key: sliding_key(*length),
                from_ns: saturated(at - length),
                until_ns: saturated(at),
            },
            Kind::Calendar(unit, zone) => calendar(*unit, zone, at),
        }
    }
}

fn sliding_key(length: Ns) -> String {
    let (seconds, below) = (length / 1_000_000_000, length % 1_000_000_000);
    if below == 0 { format!("last/{seconds}s") } else { format!("last/{length}ns") }
}

fn calendar(unit: Unit, zone: &Zone, at: Ns) -> PeriodKey {
    let (mut first, mut next) = bounds(unit, at + zone.segment(at).offset);
    let mut until = zone.first_reading(next);
    // The clock was set back: the next period has begun already.
    while until <= at {
        (first, next) = bounds(unit, next);
        until = zone.first_reading(next);
    }
    PeriodKey {
        key: format!("{}/{}", name(unit, first), zone.name()),
        from_ns: saturated(zone.first_reading(first)),
        until_ns: saturated(until),
    }
}

/// What the clock reads at the beginning of the unit that a reading is in, and of the one after it.
fn bounds(unit: Unit, local: Ns) -> (Ns, Ns) {
    let day = day_number(local);
    let midnight = |day: i64| Ns::from(day) * DAY;
    match unit {
        Unit::Hour => {
            let first = local.div_euclid(HOUR) * HOUR;
            (first, first + HOUR)
        }
        Unit::Day => (midnight(day), midnight(day + 1)),
        Unit::Week => {
            let monday = day - i64::from(weekday_of(day));
            (midnight(monday), midnight(monday + 7))
        }
        Unit::Month => {
            let date = date_of(day);
            let first = day_of(date.first_of_month());
            (midnight(first), midnight(first + i64::from(date.days_in_month())))
        }
        Unit::Year => {
            let date = date_of(day);
            let first = day_of(date.first_of_year());
            (midnight(first), midnight(first + i64::from(date.days_in_year())))
        }
    }
}

fn name(unit: Unit, first: Ns) -> String {
    let date = date_of(day_number(first));
    match unit {
        Unit::Hour => format!("hour/{date}T{:02}", first.rem_euclid(DAY) / HOUR),
        Unit::Day => format!("day/{date}"),
        Unit::Week => {
            let week = date.iso_week_date();
            format!("week/{:04}-W{:02}", week.year(), week.week())
        }
        Unit::Month => format!("month/{:04}-{:02}", date.year(), date.month()),
        Unit::Year => format!("year/{:04}", date.year()),
    }
}

fn day_number(local: Ns) -> i64 {
    i64::try_from(local.div_euclid(DAY)).unwrap_or(i64::MAX)
}
