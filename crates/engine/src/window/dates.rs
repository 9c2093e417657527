//! Dates and instants as people write them.

use jiff::civil::{Date, DateTime, Time};

use super::problem::Wrong;
use super::zone::{END, Ns, SECOND, START, Zone, day_of};

const DATES: &str = "write a date as in \"2026-12-24\", or a range as in \"2026-12-24..2027-01-02\"";
const INSTANTS: &str = "write an instant as in \"2026-01-01T00:00:00Z\" (RFC 3339), or a time in the window's zone as in \
                        \"2026-01-01T08:00\"";

/// Reads `2026-12-24` or `2026-12-24..2027-01-02`: the first and the last day.
pub(super) fn closed(text: &str) -> Result<(i64, i64), Wrong> {
    let (first, last) =
        text.split_once("..").map_or((text, text), |(first, last)| (first.trim(), last.trim()));
    let (first, last) = (date(first, text)?, date(last, text)?);
    if last < first {
        return Err(Wrong::new(
            format!("`{text}` ends before it begins"),
            format!("write \"{last}..{first}\""),
        ));
    }
    Ok((day_of(first), day_of(last)))
}

/// Reads an instant (RFC 3339), or a time by the zone's clock.
pub(super) fn instant(text: &str, zone: Option<&Zone>) -> Result<Ns, Wrong> {
    let wrong = || Wrong::new(format!("`{text}` is not an instant"), INSTANTS);
    let Some((day, rest)) = text.split_once('T') else {
        let is_date = date(text, text).is_ok();
        let help =
            if is_date { format!("write a time too, as in \"{text}T00:00\"") } else { INSTANTS.to_owned() };
        return Err(Wrong::new(format!("`{text}` is not an instant"), help));
    };
    let day = date(day, text)?;
    let (clock, offset) = match rest.find(['Z', '+', '-']) {
        Some(at) => rest.split_at_checked(at).ok_or_else(wrong)?,
        None => (rest, ""),
    };
    let local = DateTime::from_parts(day, time(clock).ok_or_else(wrong)?);
    let at = match (offset, zone) {
        ("", None) => {
            return Err(Wrong::new(
                format!("`{text}` is a time without a zone"),
                "name the window's zone (`tz`), or write an instant: end it with `Z` or an offset such as `+02:00`",
            ));
        }
        ("", Some(zone)) => zone.instant(local, text)?,
        (offset, _) => {
            let offset = seconds_of(offset).ok_or_else(wrong)?;
            Zone::utc().instant(local, text)? - offset * SECOND
        }
    };
    if START < at && at < END {
        Ok(at)
    } else {
        Err(Wrong::new(format!("`{text}` is out of range"), "write a year from 1678 to 2261"))
    }
}

/// `YYYY-MM-DD`, if there is such a day.
fn date(text: &str, whole: &str) -> Result<Date, Wrong> {
    let mut parts = text.split('-');
    let mut next = |length| number(parts.next()?, length);
    let (Some(year), Some(month), Some(day), None) = (next(4), next(2), next(2), parts.next()) else {
        return Err(Wrong::new(format!("`{whole}` is not a date"), DATES));
    };
    Date::new(year, i8::try_from(month).unwrap_or(0), i8::try_from(day).unwrap_or(0)).map_err(|_| {
        Wrong::new(format!("there is no day `{text}`"), "check the month, and how many days it has")
    })
}

/// `HH:MM`, with seconds and their fraction or without.
fn time(text: &str) -> Option<Time> {
    let (hour, rest) = text.split_once(':')?;
    let (minute, seconds) = rest.split_once(':').unwrap_or((rest, "00"));
    let (second, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let is_fraction =
        !fraction.is_empty() && fraction.len() <= 9 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let nanoseconds = if is_fraction { format!("{fraction:0<9}").parse().ok()? } else { return None };
    let two = |text| i8::try_from(number(text, 2)?).ok();
    Time::new(two(hour)?, two(minute)?, two(second)?, nanoseconds).ok()
}

/// `Z`, `+02:00`.
fn seconds_of(offset: &str) -> Option<Ns> {
    if offset == "Z" {
        return Some(0);
    }
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then(|| sign * Ns::from(hours * 60 + minutes) * 60)
}

fn number(text: &str, length: usize) -> Option<i16> {
    let plain = text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}
