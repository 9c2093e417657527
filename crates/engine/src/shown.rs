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
        Ok(_) => clean_lines(&spread(text)),
        Err(_) => clean_lines(text),
    }
}

/// A JSON text over several lines. Only the space between its tokens is another: every number and every string keeps its
/// source text, so that nothing is rounded and no escape is undone.
fn spread(json: &str) -> String {
    let mut out = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped, mut opened) = (0_usize, false, false, false);
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    };
    for c in json.chars() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        let empty = opened && matches!(c, '}' | ']');
        if opened && !empty && !c.is_ascii_whitespace() {
            line(&mut out, depth);
        }
        opened &= c.is_ascii_whitespace();
        match c {
            c if c.is_ascii_whitespace() => {}
            '{' | '[' => {
                out.push(c);
                (depth, opened) = (depth + 1, true);
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !empty {
                    line(&mut out, depth);
                }
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => {
                in_string = c == '"';
                out.push(c);
            }
        }
    }
    out
}

/// Deeper than this nothing is indented further: what nests a thousand times would fill pages with spaces.
const DEEPEST: usize = 32;

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
    fn json_is_spread_and_nothing_in_it_is_another() {
        let long = r#"{ "n" : 12345678901234567890123, "x":1.10,"e":1E2, "s":"a\"b\\\\,{[\u00e9é", "o":{},"l":[ ],"in":[1,[2,{"a":null}]]}"#;
        let lines = [
            "{",
            r#"  "n": 12345678901234567890123,"#,
            r#"  "x": 1.10,"#,
            r#"  "e": 1E2,"#,
            r#"  "s": "a\"b\\\\,{[\u00e9é","#,
            r#"  "o": {},"#,
            r#"  "l": [],"#,
            r#"  "in": ["#,
            "    1,",
            "    [",
            "      2,",
            "      {",
            r#"        "a": null"#,
            "      }",
            "    ]",
            "  ]",
            "}",
        ];
        assert_eq!(pretty(long), lines);
        assert_eq!(pretty("[1 , 2]"), ["[1 , 2]"], "what is short stays as it is");
        assert_eq!(pretty("{\n\"a\":1"), ["{", "\"a\":1"], "and so does what is no JSON");
    }

    proptest::proptest! {
        #[test]
        fn what_is_spread_says_the_same(numbers: Vec<i64>, texts: Vec<String>) {
            let value = serde_json::json!({"numbers": numbers, "texts": texts, "both": [[numbers], {"t": texts}]});
            let spread: serde_json::Value = serde_json::from_str(&spread(&value.to_string())).unwrap();
            proptest::prop_assert_eq!(spread, value);
        }
    }

    #[test]
    fn text_is_cut_at_characters() {
        assert_eq!(shortened("aéé", 3), "aéé");
        assert_eq!(shortened("aééé", 3), "aé…");
    }
}
