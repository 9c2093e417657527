//! Text from elsewhere as a person may see it, on a terminal or on a page.

/// Text in which nothing can move a cursor, hide, or turn text around.
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

/// Whether a reader would not see this character, or see others elsewhere than they are.
///
/// Sources: Unicode general categories Cc, Cf, Zl and Zp as far as terminals and readers fall for them, and the property
/// Default_Ignorable_Code_Point; UTS #39 and the "Trojan Source" paper (CVE-2021-42574) for the bidirectional ones.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The lines of a text, each clean.
pub fn clean_lines(text: &str) -> Vec<String> {
    text.lines().map(clean).collect()
}

/// The clean lines of a JSON text, spread over several when it is long, nothing left out; what is no JSON stays as it is.
pub fn pretty(text: &str) -> Vec<String> {
    let value: Result<Box<serde_json::value::RawValue>, _> = serde_json::from_str(text);
    let short = text.len() <= 80 && !text.contains('\n');
    match value {
        Ok(_) if short => vec![clean(text)],
        Ok(_) => {
            let spread = serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .and_then(|value| serde_json::to_string_pretty(&value).ok());
            clean_lines(spread.as_deref().unwrap_or(text))
        }
        Err(_) => clean_lines(text),
    }
}

/// The first `most` characters, and a mark when there are more.
pub fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
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
        assert_eq!(clean("a\u{3164}b\u{fe0f}c\u{34f}"), r"a\u{3164}b\u{fe0f}c\u{34f}");
        assert_eq!(clean("Grüße, 世界 \\ \"x\"\ta\nb"), "Grüße, 世界 \\ \"x\"    a\\nb");
    }

    #[test]
    fn text_is_cut_at_characters() {
        assert_eq!(shortened("aéé", 3), "aéé");
        assert_eq!(shortened("aééé", 3), "aé…");
    }
}
