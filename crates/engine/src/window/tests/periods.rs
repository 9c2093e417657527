use std::time::Duration;

use lastlook_kernel::{Per, Unit};

use super::*;

fn calendar(unit: Unit, tz: &str) -> Per {
    Per::Calendar { unit, tz: tz.to_owned() }
}

fn check(unit: Unit, tz: &str, instant: &str, expect: &str) {
    let PeriodKey { key, from_ns, until_ns } = Period::of(&calendar(unit, tz), at(instant)).unwrap();
    let shown = |ns: i64| Timestamp::from_nanosecond(ns.into()).unwrap().to_string();
    assert_eq!(format!("{key} {} {}", shown(from_ns), shown(until_ns)), expect, "{instant}");
}

#[test]
fn units_begin_where_the_clock_says() {
    let paris = "Europe/Paris";
    let now = "2026-11-25T13:37:01.5Z";
    check(
        Unit::Hour,
        paris,
        now,
        "hour/2026-11-25T14/Europe/Paris 2026-11-25T13:00:00Z 2026-11-25T14:00:00Z",
    );
    check(Unit::Day, paris, now, "day/2026-11-25/Europe/Paris 2026-11-24T23:00:00Z 2026-11-25T23:00:00Z");
    check(Unit::Week, paris, now, "week/2026-W48/Europe/Paris 2026-11-22T23:00:00Z 2026-11-29T23:00:00Z");
    check(Unit::Month, paris, now, "month/2026-11/Europe/Paris 2026-10-31T23:00:00Z 2026-11-30T23:00:00Z");
    check(Unit::Year, paris, now, "year/2026/Europe/Paris 2025-12-31T23:00:00Z 2026-12-31T23:00:00Z");
    check(Unit::Day, "utc", now, "day/2026-11-25/UTC 2026-11-25T00:00:00Z 2026-11-26T00:00:00Z");
    check(
        Unit::Hour,
        "Asia/Kathmandu",
        now,
        "hour/2026-11-25T19/Asia/Kathmandu 2026-11-25T13:15:00Z 2026-11-25T14:15:00Z",
    );
}

#[test]
fn edges_belong_to_what_begins() {
    check(
        Unit::Day,
        "UTC",
        "2026-11-25T00:00:00Z",
        "day/2026-11-25/UTC 2026-11-25T00:00:00Z 2026-11-26T00:00:00Z",
    );
    check(
        Unit::Day,
        "UTC",
        "2026-11-24T23:59:59.999999999Z",
        "day/2026-11-24/UTC 2026-11-24T00:00:00Z 2026-11-25T00:00:00Z",
    );
}

#[test]
fn weeks_are_those_of_iso_8601() {
    check(
        Unit::Week,
        "UTC",
        "2027-01-03T00:00:00Z",
        "week/2026-W53/UTC 2026-12-28T00:00:00Z 2027-01-04T00:00:00Z",
    );
    check(
        Unit::Week,
        "UTC",
        "2024-12-30T00:00:00Z",
        "week/2025-W01/UTC 2024-12-30T00:00:00Z 2025-01-06T00:00:00Z",
    );
}

#[test]
fn months_and_years_know_leap_days() {
    check(
        Unit::Month,
        "UTC",
        "2028-02-29T12:00:00Z",
        "month/2028-02/UTC 2028-02-01T00:00:00Z 2028-03-01T00:00:00Z",
    );
    check(
        Unit::Month,
        "UTC",
        "2027-02-28T12:00:00Z",
        "month/2027-02/UTC 2027-02-01T00:00:00Z 2027-03-01T00:00:00Z",
    );
    check(
        Unit::Year,
        "UTC",
        "2028-12-31T12:00:00Z",
        "year/2028/UTC 2028-01-01T00:00:00Z 2029-01-01T00:00:00Z",
    );
    check(
        Unit::Month,
        "UTC",
        "2100-02-28T12:00:00Z",
        "month/2100-02/UTC 2100-02-01T00:00:00Z 2100-03-01T00:00:00Z",
    );
}

#[test]
fn days_have_the_hours_they_have() {
    let paris = "Europe/Paris";
    check(
        Unit::Day,
        paris,
        "2026-03-29T12:00Z",
        "day/2026-03-29/Europe/Paris 2026-03-28T23:00:00Z 2026-03-29T22:00:00Z",
    );
    check(
        Unit::Day,
        paris,
        "2026-10-25T12:00Z",
        "day/2026-10-25/Europe/Paris 2026-10-24T22:00:00Z 2026-10-25T23:00:00Z",
    );
    check(
        Unit::Day,
        "America/Havana",
        "2024-03-10T12:00Z",
        "day/2024-03-10/America/Havana 2024-03-10T05:00:00Z 2024-03-11T04:00:00Z",
    );
    check(
        Unit::Day,
        "Pacific/Apia",
        "2011-12-30T10:00Z",
        "day/2011-12-31/Pacific/Apia 2011-12-30T10:00:00Z 2011-12-31T10:00:00Z",
    );
    check(
        Unit::Day,
        "Pacific/Apia",
        "2011-12-30T09:59:59Z",
        "day/2011-12-29/Pacific/Apia 2011-12-29T10:00:00Z 2011-12-30T10:00:00Z",
    );
}

#[test]
fn an_hour_that_the_clock_shows_twice_is_one_long_hour() {
    for instant in ["2026-10-25T00:30Z", "2026-10-25T01:30Z"] {
        check(
            Unit::Hour,
            "Europe/Paris",
            instant,
            "hour/2026-10-25T02/Europe/Paris 2026-10-25T00:00:00Z 2026-10-25T02:00:00Z",
        );
    }
    check(
        Unit::Hour,
        "Europe/Paris",
        "2026-03-29T01:30Z",
        "hour/2026-03-29T03/Europe/Paris 2026-03-29T01:00:00Z 2026-03-29T02:00:00Z",
    );
}

#[test]
fn a_day_that_has_begun_goes_on_when_clocks_are_set_back_before_it() {
    // 00:01 on Sunday became 23:01 on Saturday, at 02:31Z.
    let sunday = "day/2010-11-07/America/St_Johns 2010-11-07T02:30:00Z 2010-11-08T03:30:00Z";
    check(Unit::Day, "America/St_Johns", "2010-11-07T02:30:30Z", sunday);
    check(Unit::Day, "America/St_Johns", "2010-11-07T02:45:00Z", sunday);
}

#[test]
fn sliding_periods_reach_back_from_now() {
    let now = at("2026-11-25T12:00:00Z");
    let ns = i64::try_from(now.as_nanosecond()).unwrap();
    let day = Period::of(&Per::Sliding(Duration::from_secs(86_400)), now).unwrap();
    assert_eq!(day, PeriodKey { key: "last/86400s".into(), from_ns: ns - 86_400_000_000_000, until_ns: ns });
    let ever = Period::of(&Per::Sliding(Duration::MAX), now).unwrap();
    assert_eq!((ever.from_ns, ever.until_ns), (i64::MIN, ns));
    assert_eq!(Period::of(&Per::Sliding(Duration::from_millis(250)), now).unwrap().key, "last/250000000ns");
}

#[test]
fn a_zone_that_does_not_exist_has_no_days() {
    let problem = Period::parse(&calendar(Unit::Day, "CET")).unwrap_err();
    assert_eq!((problem.field, problem.index), ("tz", None));
    assert!(problem.help.contains("Europe/Paris"));
}

#[test]
fn the_ends_of_time_have_periods() {
    for unit in [Unit::Hour, Unit::Day, Unit::Week, Unit::Month, Unit::Year] {
        for tz in ["Pacific/Apia", "America/Los_Angeles"] {
            for instant in [Timestamp::MIN, Timestamp::MAX] {
                let period = Period::of(&calendar(unit, tz), instant).unwrap();
                assert!(period.from_ns < period.until_ns, "{period:?}");
            }
        }
    }
}
