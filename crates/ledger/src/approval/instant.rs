//! Instants of statements as numbers, where more than their order is asked.

/// The instant of a time as statements write it, in nanoseconds since the Unix epoch (RFC 3339, proleptic Gregorian calendar).
///
/// `time` has the form that reading has checked; of anything else nothing is said.
pub(super) fn nanoseconds(time: &str) -> Option<i128> {
    let part = |from: usize, to: usize| time.get(from..to)?.parse::<i128>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second, fraction) = (part(11, 13)?, part(14, 16)?, part(17, 19)?, part(20, 29)?);
    // Years begin in March, so that the day that comes and goes is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = 365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - DAYS_TO_1970;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000_000 + fraction)
}

/// From 1 March of the year 0 to 1 January 1970.
const DAYS_TO_1970: i128 = 719_468;
