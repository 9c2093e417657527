//! Values and numbers as a person may see them.

use jiff::{Timestamp, tz::TimeZone};
use lastlook_engine::shown::is_unsafe;
pub use lastlook_engine::shown::{clean, clean_lines, pretty, shortened};

use crate::failure::Failure;

/// How wide text is where nobody says.
const WIDTH: usize = 100;

/// A value as one line of JSON that a terminal may get too: what [`clean`] would escape is escaped as `\uXXXX`.
pub fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let written = serde_json::to_string(value)
        .map_err(|error| Failure::unavailable(format!("the answer cannot be written as JSON: {error}")))?;
    let mut line = String::with_capacity(written.len() + 1);
    for c in written.chars() {
        // JSON escapes C0 controls itself; whatever else is unsafe can only stand inside of a string.
        if is_unsafe(c) && !c.is_ascii_whitespace() {
            line.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    Ok(line)
}

/// Text broken into pieces of at most `width` characters; at least one piece.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        if used == width.max(1) {
            pieces.push(String::new());
            used = 0;
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(c);
        }
        used += 1;
    }
    pieces
}

/// Text filled up with spaces to `width` characters.
pub fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    text.chars().chain(std::iter::repeat_n(' ', missing)).collect()
}

/// A duration with two or three digits that matter.
pub fn duration(ns: u64) -> String {
    let scaled = |unit: u64| (ns / unit, ns % unit * 10 / unit);
    let (value, tenths, unit) = match ns {
        0..1_000 => return format!("{ns} ns"),
        1_000..1_000_000 => (scaled(1_000).0, scaled(1_000).1, "µs"),
        1_000_000..1_000_000_000 => (scaled(1_000_000).0, scaled(1_000_000).1, "ms"),
        1_000_000_000..60_000_000_000 => (scaled(1_000_000_000).0, scaled(1_000_000_000).1, "s"),
        _ => return format!("{} min {} s", ns / 60_000_000_000, ns / 1_000_000_000 % 60),
    };
    if value < 10 { format!("{value}.{tenths} {unit}") } else { format!("{value} {unit}") }
}

/// An entry's time on the local clock, to the second; the time as it stands if it is none.
pub fn local_time(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(at) => at.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => clean(time),
    }
}

/// How wide to print: what was asked for, else the terminal's width, else 100 characters.
pub fn width(asked: Option<usize>) -> usize {
    let terminal =
        || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| usize::from(size.ws_col));
    asked.or_else(terminal).filter(|width| *width > 0).unwrap_or(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_escapes_what_a_terminal_obeys() {
        let line = json(&"\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{e0001}é").unwrap();
        assert_eq!(line, "\"\\u001b[2J\\u009b2J\\u007f\\u202e\\udb40\\udc01é\"\n");
    }

    #[test]
    fn durations_are_short() {
        for (ns, text) in [
            (0, "0 ns"),
            (999, "999 ns"),
            (1_000, "1.0 µs"),
            (85_400, "85 µs"),
            (1_250_000, "1.2 ms"),
            (999_999_999, "999 ms"),
            (3_460_000_000, "3.4 s"),
            (125_000_000_000, "2 min 5 s"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn text_is_broken_at_characters() {
        assert_eq!(wrapped("aéiou", 2), ["aé", "io", "u"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(padded("é", 3), "é  ");
    }

    #[test]
    fn what_is_no_time_is_shown_as_it_is() {
        assert_eq!(local_time("yesterday\u{1b}"), r"yesterday\u{1b}");
    }
}
