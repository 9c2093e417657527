use super::*;

/// Both texts mean the same hours.
fn check_same(one: &str, other: &str) {
    let sorted = |text: &str| {
        let mut hours: Vec<String> =
            window(&format!("UTC | {text}")).weekly.iter().map(|hours| format!("{hours:?}")).collect();
        hours.sort();
        hours
    };
    assert_eq!(sorted(one), sorted(other), "`{one}` and `{other}`");
}

fn check_wrong(text: &str, field: &str, index: Option<usize>, message: &str, help: &str) {
    let problems = Window::parse(&spec(text)).expect_err(text);
    let [problem] = problems.as_slice() else { panic!("{text}: {problems:?}") };
    assert_eq!((problem.field, problem.index), (field, index), "{text}");
    assert!(problem.message.contains(message), "{text}: {}", problem.message);
    assert!(problem.help.contains(help), "{text}: {}", problem.help);
}

#[test]
fn hours_have_many_spellings() {
    check_same("Mon-Wed 09:00-17:30", "Mon,Tue,Wed 09:00-17:30");
    check_same("monday-WEDNESDAY 09:00-17:30", "Mon-Wed 09:00-17:30");
    check_same("  Mon - Wed   09:00 - 17:30 ", "Mon-Wed 09:00-17:30");
    check_same("Mon-Wed09:00-17:30", "Mon-Wed 09:00-17:30");
    check_same("Fri-Mon 00:00-24:00", "Fri,Sat,Sun,Mon 00:00-24:00");
    check_same("Sun-Sat 08:00-09:00", "08:00-09:00");
    check_same("Mon-Tue,Thu 08:00-09:00", "Mon,Tue,Thu 08:00-09:00");
    check_same("Mon 08:00-09:00 & Tue 10:00-11:00", "Mon 08:00-09:00; Tue 10:00-11:00");
    check_same("Mon 08:00-09:00, Tue 10:00-11:00", "Mon 08:00-09:00; Tue 10:00-11:00");
    check_same("22:00-00:00", "22:00-24:00");
}

#[test]
fn hours_after_a_comma_keep_the_days_and_after_a_semicolon_are_for_every_day() {
    check_same("Mon-Tue 08:00-12:00, 13:00-17:00", "Mon-Tue 08:00-12:00; Mon-Tue 13:00-17:00");
    check_same("Mon 08:00-12:00; 13:00-17:00", "Mon 08:00-12:00; Mon-Sun 13:00-17:00");
    check_same("08:00-12:00, 13:00-17:00", "08:00-12:00; 13:00-17:00");
}

#[test]
fn hours_that_mean_nothing_or_two_things_are_refused() {
    let wrong = |open: &str, message: &str, help: &str| {
        check_wrong(&format!("UTC | {open}"), "open", Some(0), message, help);
    };
    wrong("Mon-Fri", "ends too early", "write days and hours");
    wrong("Mon-Fri 09:00", "ends too early", "write days and hours");
    wrong("Mon-Fri 09:00-", "ends too early", "");
    wrong("Mon- 09:00-17:00", "`09:00` is in the wrong place", "");
    wrong("Mon, 09:00-17:00", "`09:00` is in the wrong place", "");
    wrong("Mon-Fri 09:00-17:30;", "ends too early", "");
    wrong("Mon-Fri 09:00-17:30 Sat", "`Sat` is in the wrong place", "");
    wrong("Mon-Fri 9:00-17:30", "`9:00` is not a time of day", "two digits");
    wrong("Mon-Fri 9-17", "`9` is not a time of day", "`09:00`");
    wrong("Mon-Fri 09:00-17:60", "`17:60` is not a time of day", "");
    wrong("Mon-Fri 09:00-24:01", "`24:01` is not a time of day", "24:00");
    wrong("Mon-Fri 09:00-25:00", "`25:00` is not a time of day", "");
    wrong("Mon-Fri 09:00:00-17:00", "`09:00:00` is not a time of day", "");
    wrong("Mon-Fri 09:00am-05:00pm", "`am` is not understood", "00:00 to 24:00");
    wrong("Mon-Fri 24:00-06:00", "cannot begin at 24:00", "00:00 of the next day");
    wrong("Mon-Fri 09:00-09:00", "begin and end at the same time", "00:00-24:00");
    wrong("00:00-00:00", "begin and end at the same time", "00:00-24:00");
    wrong("Mon–Fri 09:00-17:00", "has a dash", "plain `-`");
    wrong("Mon-Mon 09:00-17:00", "from a day to itself", "name the day once");
    wrong("Tues 09:00-17:00", "`Tues` is not a day of the week", "`Tue` or `Tuesday`");
    wrong("Lun-Ven 09:00-17:00", "`Lun` is not a day of the week", "Mon, Tue");
    wrong("Mon+Tue 09:00-17:00", "has a `+` in it", "");
    wrong("Mon\u{202e} 09:00-17:00", "has a `\\u{202e}` in it", "");
    wrong("Mon 09:00–17:00", "has a dash", "");
    wrong("Ｍon 09:00-17:00", "is not a day of the week", "");
    wrong("Mon ０9:00-17:00", "in it", "");
}

#[test]
fn zones_are_places() {
    let wrong = |tz: &str, message: &str, help: &str| check_wrong(tz, "tz", None, message, help);
    wrong("EST", "`EST` is not the name of a zone", "\"America/New_York\"");
    wrong("cet", "`cet` is not the name of a zone", "\"Europe/Paris\"");
    wrong("PST8PDT", "`PST8PDT` is not the name of a zone", "\"America/Los_Angeles\"");
    wrong("Japan", "`Japan` is not the name of a zone", "\"Asia/Tokyo\"");
    for offset in ["+02:00", "-5", "UTC+2", "utc-05:00", "GMT+1", "gmt0"] {
        wrong(offset, "is an offset from UTC", "name a place");
    }
    wrong("Paris", "is not a zone", "did you mean \"Europe/Paris\"?");
    wrong("new york", "is not a zone", "did you mean \"America/New_York\"?");
    wrong("Europe/Pariss", "is not a zone", "did you mean \"Europe/Paris\"?");
    wrong("Etc/Unknown", "is not a zone", "");
    wrong("../../etc/passwd", "is not a zone", "");
    wrong("/etc/localtime", "is not a zone", "");
    wrong("local", "is not a zone", "Europe/Paris");
    for (name, canonical) in
        [("europe/paris", "Europe/Paris"), ("utc", "UTC"), ("Asia/Kolkata", "Asia/Kolkata")]
    {
        assert_eq!(window(name).zone(), canonical);
    }
    assert_eq!(window("").zone(), "UTC");
    assert!(tz_version().starts_with("20"), "{}", tz_version());
}

#[test]
fn hours_and_days_need_a_zone() {
    check_wrong("| 09:00-17:00", "tz", None, "`open` needs a zone", "tz = \"Europe/Paris\"");
    check_wrong("|| 2026-12-24", "tz", None, "`closed` needs a zone", "");
    check_wrong("||| 2026-12-24T08:00", "not_before", None, "a time without a zone", "`tz`");
}

#[test]
fn closed_days_are_days() {
    let wrong = |closed: &str, message: &str, help: &str| {
        check_wrong(&format!("UTC | | 2026-01-01 & {closed}"), "closed", Some(1), message, help);
    };
    wrong("2026-12-24..2026-12-23", "ends before it begins", "\"2026-12-23..2026-12-24\"");
    wrong("2027-02-29", "there is no day `2027-02-29`", "how many days");
    wrong("2026-13-01", "there is no day", "");
    wrong("2026-12-24...2026-12-25", "is not a date", "");
    wrong("2026-12-24/2026-12-25", "is not a date", "2026-12-24..2027-01-02");
    wrong("2026-12-24..", "is not a date", "");
    wrong("24.12.2026", "is not a date", "\"2026-12-24\"");
    wrong("26-12-24", "is not a date", "");
    wrong("2026-12-24T00:00", "is not a date", "");
    wrong("+2026-12-24", "is not a date", "");
    wrong("２026-12-24", "is not a date", "");
    assert_eq!(window("UTC || 2026-12-24 .. 2027-01-02 & 2027-01-03 & 2026-12-30").closed.len(), 1);
    assert_eq!(window("UTC || 2028-02-29 & 2028-03-02").closed.len(), 2);
}

#[test]
fn bounds_are_instants_or_times_of_the_zone() {
    let bound = |tz: &str, text: &str| {
        let from = window(&format!("{tz} ||| {text}")).resolve(at("2020-01-01T00:00Z")).until_ns;
        Timestamp::from_nanosecond(from.into()).unwrap().to_string()
    };
    assert_eq!(bound("", "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00Z");
    assert_eq!(bound("", "2026-01-01T00:00:00.25+02:00"), "2025-12-31T22:00:00.25Z");
    assert_eq!(bound("", "2026-01-01T00:00-00:30"), "2026-01-01T00:30:00Z");
    assert_eq!(bound("Europe/Paris", "2026-07-01T08:00"), "2026-07-01T06:00:00Z");
    assert_eq!(bound("Europe/Paris", "2026-01-01T08:00:01"), "2026-01-01T07:00:01Z");
    assert_eq!(bound("Europe/Paris", "2026-01-01T08:00:01Z"), "2026-01-01T08:00:01Z");
    let wrong = |text: &str, message: &str, help: &str| {
        check_wrong(&format!("Europe/Paris ||| {text}"), "not_before", None, message, help);
    };
    wrong("2026-12-24", "is not an instant", "\"2026-12-24T00:00\"");
    wrong("tomorrow", "is not an instant", "RFC 3339");
    wrong("2026-12-24T24:00", "is not an instant", "");
    wrong("2026-12-24T8:00", "is not an instant", "");
    wrong("2026-12-24T08:00+2", "is not an instant", "");
    wrong("2026-12-24T08:00+02:00[Europe/Paris]", "is not an instant", "");
    wrong("2026-12-24T08:00:60Z", "is not an instant", "");
    wrong("2026-02-29T08:00Z", "there is no day", "");
    wrong("9999-01-01T00:00Z", "is out of range", "from 1678 to 2261");
    wrong(
        "2026-03-29T02:30",
        "does not exist in Europe/Paris",
        "\"2026-03-29T02:30:00+01:00\" or \"2026-03-29T02:30:00+02:00\"",
    );
    wrong(
        "2026-10-25T02:30",
        "happens twice in Europe/Paris",
        "\"2026-10-25T02:30:00+02:00\" or \"2026-10-25T02:30:00+01:00\"",
    );
    check_wrong(
        "Pacific/Apia ||| 2011-12-30T12:00",
        "not_before",
        None,
        "does not exist in Pacific/Apia",
        "+14:00",
    );
    check_wrong(
        "UTC ||| 2026-01-02T00:00 | 2026-01-01T00:00",
        "not_after",
        None,
        "not later than `not_before`",
        "never be open",
    );
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    let text = "Mars/Base | Mon 09:00-10:00 & Mon & x 1 | 2026-02-30 | 2026-03-29T02:30 | never";
    let problems = Window::parse(&spec(text)).unwrap_err();
    let places: Vec<_> = problems.iter().map(|problem| (problem.field, problem.index)).collect();
    assert_eq!(
        places,
        [("open", Some(1)), ("open", Some(2)), ("tz", None), ("closed", Some(0)), ("not_after", None)]
    );
}
