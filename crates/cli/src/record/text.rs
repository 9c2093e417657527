//! Values and numbers as a person may see them.

use jiff::{Timestamp, tz::TimeZone};

use crate::failure::Failure;

/// How wide text is where nobody says.
const WIDTH: usize = 100;

/// Text from elsewhere as a terminal may get it: nothing in it can move the cursor, hide or turn text around.
///
/// Control characters (escape sequences begin with one), bidirectional controls and invisible characters become
/// `\u{…}`; line breaks become `\n`, tabs four spaces. Everything else stays.
pub fn clean(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\t' => shown.push_str("    "),
            c if is_unsafe(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

/// Sources: Unicode general categories Cc, Cf, Zl and Zp as far as terminals and readers fall for them; UTS #39 and the
/// "Trojan Source" paper (CVE-2021-42574) for the bidirectional ones.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The lines of a text, each clean.
pub fn clean_lines(text: &str) -> Vec<String> {
    text.lines().map(clean).collect()
}

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

/// The first `most` characters, and a mark when there are more.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
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
    fn nothing_that_a_terminal_obeys_gets_through() {
        let clear_screen = "a\u{1b}[2J\u{7}b\u{9b}31m\r\u{0}";
        assert_eq!(clean(clear_screen), r"a\u{1b}[2J\u{7}b\u{9b}31m\u{d}\u{0}");
        assert_eq!(clean("pay \u{202e}001\u{2066}"), r"pay \u{202e}001\u{2066}");
        assert_eq!(clean("zero\u{200b}width\u{feff}"), r"zero\u{200b}width\u{feff}");
        assert_eq!(clean("Grüße, 世界 \\ \"x\"\ta\nb"), "Grüße, 世界 \\ \"x\"    a\\nb");
    }

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
    fn text_is_cut_and_broken_at_characters() {
        assert_eq!(shortened("aéé", 3), "aéé");
        assert_eq!(shortened("aééé", 3), "aé…");
        assert_eq!(wrapped("aéiou", 2), ["aé", "io", "u"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(padded("é", 3), "é  ");
    }

    #[test]
    fn what_is_no_time_is_shown_as_it_is() {
        assert_eq!(local_time("yesterday\u{1b}"), r"yesterday\u{1b}");
    }
}
