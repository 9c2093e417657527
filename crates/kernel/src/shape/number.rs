//! JSON numbers as the two kinds that Cedar has, exactly or not at all.
//!
//! A number is judged by its value, not by its spelling: `1`, `1.0` and `1e0` are one action (RFC 8785 gives them the
//! same bytes), so they must be one value to a policy as well.

use lastlook_canon::Number;

/// How many decimals a Cedar decimal has.
const DECIMALS: i64 = 4;

/// More digits than any 64-bit integer has.
const MOST_DIGITS: i64 = 19;

/// The value, when it is an integer within 64 bits, however it is spelt.
pub(crate) fn exact_integer(number: &Number) -> Option<i64> {
    let plain = Plain::of(number)?;
    plain.shifted(0)?.parse().ok()
}

/// Whether the value is an integer, of any size.
pub(crate) fn is_integer(number: &Number) -> bool {
    Plain::of(number).is_some_and(|plain| plain.exponent >= 0)
}

/// The text of the Cedar decimal with this value; `None` when it has more than four decimals or is out of range.
pub(crate) fn exact_decimal(number: &Number) -> Option<String> {
    let scaled: i64 = Plain::of(number)?.shifted(DECIMALS)?.parse().ok()?;
    let sign = if scaled < 0 { "-" } else { "" };
    let magnitude = scaled.unsigned_abs();
    Some(format!("{sign}{}.{:04}", magnitude / 10_000, magnitude % 10_000))
}

/// A number as digits × 10^exponent, without leading and trailing zeros; zero has no digits.
struct Plain {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Plain {
    /// `None` when the exponent does not fit 64 bits.
    fn of(number: &Number) -> Option<Plain> {
        let text = number.as_str();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let significant = digits.trim_end_matches('0');
        if significant.is_empty() {
            return Some(Plain { negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
        let decimals = i64::try_from(fraction.len()).ok()?;
        let exponent = exponent.parse::<i64>().ok()?.checked_add(zeros)?.checked_sub(decimals)?;
        Some(Plain { negative, digits: significant.to_owned(), exponent })
    }

    /// The digits of this × 10^places, with its sign; `None` when that is no integer, or far too long.
    fn shifted(&self, places: i64) -> Option<String> {
        if self.digits.is_empty() {
            return Some("0".to_owned());
        }
        let zeros = self.exponent.checked_add(places)?;
        if !(0..=MOST_DIGITS).contains(&zeros) || self.digits.len() > MOST_DIGITS as usize {
            return None;
        }
        let sign = if self.negative { "-" } else { "" };
        Some(format!("{sign}{}{}", self.digits, "0".repeat(usize::try_from(zeros).ok()?)))
    }
}
