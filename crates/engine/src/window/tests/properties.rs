//! Windows and periods against a walk along the clock, minute by minute.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, ToSpan};
use lastlook_kernel::{Per, Unit};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Zones, and an instant near which their clocks are set.
const ODD: &[(&str, &str)] = &[
    ("Europe/Paris", "2026-03-29T01:00Z"),
    ("Europe/Paris", "2026-10-25T01:00Z"),
    ("America/New_York", "2026-11-01T06:00Z"),
    ("Australia/Lord_Howe", "2026-04-04T15:00Z"),
    ("Australia/Lord_Howe", "2026-10-03T15:30Z"),
    ("America/Havana", "2024-03-10T05:00Z"),
    ("America/Havana", "2024-11-03T05:00Z"),
    ("Asia/Beirut", "2026-10-24T21:00Z"),
    ("Asia/Beirut", "2026-03-28T22:00Z"),
    ("Pacific/Apia", "2011-12-30T10:00Z"),
    ("America/St_Johns", "2010-11-07T02:31Z"),
    ("Asia/Pyongyang", "2015-08-14T15:00Z"),
    ("Antarctica/Troll", "2026-03-29T01:00Z"),
    ("UTC", "2028-02-29T12:00Z"),
];

/// A window as its parts, and a plain reading of them.
#[derive(Debug, Clone)]
struct Plain {
    zone: &'static str,
    near: Timestamp,
    /// First weekday (0 is Monday), how many more, begin and end in minutes.
    hours: Vec<(i8, i8, i32, i32)>,
    /// First day, counted from the one of `near`, and how many more.
    closed: Vec<(i64, i64)>,
    /// Minutes from `near`.
    first: Option<i64>,
    last: Option<i64>,
}

const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Plain {
    fn rules(&self) -> TimeZone {
        jiff::tz::TimeZoneDatabase::bundled().get(self.zone).unwrap()
    }

    fn closed_days(&self) -> Vec<(Date, Date)> {
        let day = self.rules().to_datetime(self.near).date();
        let after = |days: i64| day.checked_add(days.days()).unwrap();
        self.closed.iter().map(|(from, more)| (after(*from), after(from + more))).collect()
    }

    fn minutes_from(&self, minutes: i64) -> Timestamp {
        self.near.checked_add(SignedDuration::from_mins(minutes)).unwrap()
    }

    fn text(&self) -> String {
        let time = |minutes: i32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let day = |day: i8| NAMES[usize::try_from(day % 7).unwrap()];
        let hours = self.hours.iter().map(|(first, more, begin, end)| {
            let days = if *more == 0 {
                day(*first).to_owned()
            } else {
                format!("{}-{}", day(*first), day(first + more))
            };
            format!("{days} {}-{}", time(*begin), time(*end))
        });
        let closed = self.closed_days().into_iter().map(|(first, last)| format!("{first}..{last}"));
        let bound = |minutes: Option<i64>| minutes.map(|minutes| self.minutes_from(minutes).to_string());
        format!(
            "{} | {} | {} | {} | {}",
            self.zone,
            hours.collect::<Vec<_>>().join(" & "),
            closed.collect::<Vec<_>>().join(" & "),
            bound(self.first).unwrap_or_default(),
            bound(self.last).unwrap_or_default()
        )
    }

    fn oracle(&self) -> Oracle {
        Oracle { plain: self.clone(), rules: self.rules(), closed: self.closed_days() }
    }
}

struct Oracle {
    plain: Plain,
    rules: TimeZone,
    closed: Vec<(Date, Date)>,
}

impl Oracle {
    fn is_closed(&self, day: Date) -> bool {
        self.closed.iter().any(|(first, last)| *first <= day && day <= *last)
    }

    fn state(&self, at: Timestamp) -> State {
        if self.plain.first.is_some_and(|first| at < self.plain.minutes_from(first)) {
            return State::TooEarly;
        }
        if self.plain.last.is_some_and(|last| at >= self.plain.minutes_from(last)) {
            return State::TooLate;
        }
        let local = self.rules.to_datetime(at);
        if self.is_closed(local.date()) {
            return State::Closed;
        }
        if self.plain.hours.is_empty() || self.plain.hours.iter().any(|hours| self.is_on(*hours, local)) {
            State::Open
        } else {
            State::Outside
        }
    }

    fn is_on(&self, (first, more, begin, end): (i8, i8, i32, i32), local: DateTime) -> bool {
        let has = |weekday: Weekday| (weekday.to_monday_zero_offset() - first).rem_euclid(7) <= more;
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        let yesterday = local.date().yesterday().unwrap();
        let left_out = self.plain.zone == "Pacific/Apia" && yesterday == jiff::civil::date(2011, 12, 30);
        if begin < end {
            return has(local.weekday()) && begin <= minute && minute < end;
        }
        has(local.weekday()) && begin <= minute
            || has(yesterday.weekday()) && minute < end && !left_out && !self.is_closed(yesterday)
    }

    /// The first instant after `at`, in steps of minutes, at which `found` holds, if it is near.
    fn walk(&self, at: Timestamp, step: i64, found: impl Fn(State) -> bool) -> Option<Timestamp> {
        let minute = at.as_second().div_euclid(60);
        (1..=4_000)
            .map(|steps| Timestamp::from_second((minute + steps * step) * 60).unwrap())
            .find(|instant| found(self.state(*instant)))
    }
}

const HORIZON: SignedDuration = SignedDuration::from_mins(4_000);

fn any_window() -> impl Strategy<Value = Plain> {
    let quarter = |from: i32| (from..=96).prop_map(|quarter| quarter * 15);
    let hours = (0_i8..7, 0_i8..7, quarter(0), quarter(1)).prop_filter_map(
        "empty hours",
        |(first, more, begin, end)| {
            let begin = begin % 1_440;
            (begin != end % 1_440 || begin == 0 && end == 1_440).then_some((first, more, begin, end))
        },
    );
    let hours = prop_oneof![
        4 => prop::collection::vec(hours, 0..3),
        1 => Just(vec![(0, 6, 360, 1_080), (0, 6, 1_080, 360)]),
        1 => Just(vec![(0, 6, 0, 1_440)]),
    ];
    let closed = prop::collection::vec((-4_i64..4, prop_oneof![0_i64..3, Just(400)]), 0..3);
    let bound = || prop::option::weighted(0.2, -5_000_i64..5_000);
    (select(ODD), hours, closed, bound(), bound()).prop_filter_map(
        "bounds in the wrong order",
        |((zone, near), hours, closed, first, last)| {
            let in_order = first.is_none() || last.is_none() || first < last;
            in_order.then(|| Plain { zone, near: near.parse().unwrap(), hours, closed, first, last })
        },
    )
}

/// Seconds from where clocks are set, half of them within two hours.
fn near_or_not(most: i64) -> impl Strategy<Value = i64> {
    prop_oneof![-7_200_i64..7_200, -most..most]
}

fn instant(ns: i64) -> Option<Timestamp> {
    (i64::MIN < ns && ns < i64::MAX).then(|| Timestamp::from_nanosecond(ns.into()).unwrap())
}

/// What was found is where the walk says; or both lie past the horizon.
fn agrees(found: Option<Timestamp>, walked: Option<Timestamp>, at: Timestamp) -> bool {
    match walked {
        Some(walked) => found == Some(walked),
        None => {
            found.is_none_or(|found| found.duration_since(at).abs() >= HORIZON - SignedDuration::from_mins(2))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn windows_are_what_a_walk_along_the_clock_finds(plain in any_window(), seconds in near_or_not(260_000)) {
        let (window, oracle) = (window(&plain.text()), plain.oracle());
        let at = plain.near.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let resolved = window.resolve(at);
        let state = oracle.state(at);
        let (found, opens) = match resolved.why {
            None => (State::Open, None),
            Some(Why::TooEarly { .. }) => (State::TooEarly, None),
            Some(Why::TooLate { .. }) => (State::TooLate, None),
            Some(Why::Closed { .. }) => (State::Closed, None),
            Some(Why::OutsideHours { opens }) => (State::Outside, opens),
        };
        prop_assert_eq!(found, state);
        prop_assert_eq!(resolved.open, state == State::Open);
        let until = oracle.walk(at, 1, |other| other != state);
        prop_assert!(agrees(instant(resolved.until_ns), until, at), "until {:?}, {:?}", resolved, until);
        let before = oracle.walk(at, -1, |other| other != state);
        let from = before.map(|before| before + SignedDuration::from_mins(1));
        prop_assert!(agrees(instant(resolved.from_ns), from, at), "from {:?}, {:?}", resolved, from);
        if state == State::Outside {
            let walked = oracle.walk(at, 1, |other| other == State::Open);
            prop_assert!(agrees(opens, walked, at), "opens {:?}, {:?}", opens, walked);
        }
    }

    #[test]
    fn an_answer_is_the_same_all_through_and_another_at_its_edges(
        plain in any_window(),
        seconds in near_or_not(900_000),
        part in 0.0..1.0_f64,
    ) {
        let window = window(&plain.text());
        let at = plain.near.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let resolved = window.resolve(at);
        let Resolved { from_ns, until_ns, .. } = resolved;
        prop_assert!(from_ns < until_ns);
        let kind = |resolved: &Resolved| resolved.why.as_ref().map(std::mem::discriminant);
        if let Some(first) = instant(from_ns) {
            prop_assert_eq!(&window.resolve(first), &resolved);
            let before = window.resolve(instant(from_ns - 1).unwrap());
            prop_assert_ne!(kind(&before), kind(&resolved));
            prop_assert_eq!(before.until_ns, from_ns);
        }
        if let Some(end) = instant(until_ns) {
            prop_assert_eq!(&window.resolve(instant(until_ns - 1).unwrap()), &resolved);
            let after = window.resolve(end);
            prop_assert_ne!(kind(&after), kind(&resolved));
            prop_assert_eq!(after.from_ns, until_ns);
        }
        let length = (i128::from(until_ns) - i128::from(from_ns)) as f64;
        let inside = i128::from(from_ns) + (length * part) as i128;
        if inside < i128::from(until_ns) {
            prop_assert_eq!(&window.resolve(Timestamp::from_nanosecond(inside).unwrap()), &resolved);
        }
    }

    #[test]
    fn periods_follow_the_clock_and_never_go_back(
        (zone, near) in select(ODD),
        unit in select(vec![Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year]),
        seconds in near_or_not(400_000),
    ) {
        let near: Timestamp = near.parse().unwrap();
        let at = near.checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let period = Period::parse(&Per::Calendar { unit, tz: zone.to_owned() }).unwrap();
        let key = period.at(at);
        // The latest that the clock has read so far; clocks are never set back by more than a day.
        let rules = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        let minute = at.as_second().div_euclid(60) * 60;
        let readings = (0..1_500).map(|back| rules.to_datetime(Timestamp::from_second(minute - back * 60).unwrap()));
        let latest = readings.max().unwrap();
        let date = latest.date();
        let expect = match unit {
            Unit::Hour => format!("hour/{date}T{:02}", latest.hour()),
            Unit::Day => format!("day/{date}"),
            Unit::Week => format!("week/{}", date.strftime("%G-W%V")),
            Unit::Month => format!("month/{}", date.strftime("%Y-%m")),
            Unit::Year => format!("year/{}", date.strftime("%Y")),
        };
        prop_assert_eq!(&key.key, &format!("{expect}/{zone}"));
        let (first, end) = (instant(key.from_ns).unwrap(), instant(key.until_ns).unwrap());
        prop_assert!(first <= at && at < end);
        prop_assert_eq!(&period.at(first), &key);
        prop_assert_eq!(&period.at(instant(key.until_ns - 1).unwrap()), &key);
        prop_assert_eq!(period.at(end).from_ns, key.until_ns);
        prop_assert_ne!(&period.at(end).key, &key.key);
        let before = period.at(instant(key.from_ns - 1).unwrap());
        prop_assert_eq!(before.until_ns, key.from_ns);
    }
}
