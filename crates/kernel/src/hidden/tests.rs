use lastlook_canon::{Limits, parse};
use proptest::prelude::*;

use super::*;

fn check(text: &str, expect: Option<(usize, char)>) {
    assert_eq!(in_text(text), expect, "{text:?}");
}

#[test]
fn what_hides_is_found() {
    for c in [
        '\0',
        '\u{7}',
        '\u{8}',
        '\u{1b}',
        '\u{7f}',
        '\u{9b}',
        '\u{ad}',
        '\u{34f}',
        '\u{61c}',
        '\u{115f}',
        '\u{180e}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2064}',
        '\u{2066}',
        '\u{2069}',
        '\u{3164}',
        '\u{fe00}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{e0001}',
        '\u{e0041}',
        '\u{e0100}',
        '\u{e0fff}',
    ] {
        check(&format!("pay{c}100"), Some((3, c)));
        check(&c.to_string(), Some((0, c)));
    }
}

#[test]
fn ordinary_text_of_every_kind_passes() {
    for text in [
        "Grüße, 世界 \\ \"x\"\ta\r\nb\u{2028}c\u{a0}d",
        // Emoji of several, with colours, in text form, keycaps, flags.
        "👩‍👩‍👧 👩🏽‍🚀 🏳️‍🌈 ❤️‍🔥 🧔‍♂️ 🐦‍⬛ 🙂‍↔️ ☂︎ ☂️ 1️⃣ #️⃣ ©️ ‼️ ℹ️ 🇫🇷",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿🏴󠁧󠁢󠁷󠁬󠁳󠁿 🏴‍☠️",
        // Persian, Hindi, Sinhala, Malayalam, Bengali.
        "می‌خواهم خانه‌ها",
        "क्‍ष क्‌ष शक्‍ति",
        "ශ්‍රී ලංකා",
        "അവന്‍ വന്നു",
        "র‍্যাব",
        // Forms of ideographs, and of Mongolian.
        "葛\u{e0100}城 邊\u{e0101} 羽\u{fe00}",
        "ᠮᠣᠩᠭᠣᠯ\u{180e}ᠠ ᠠ\u{180b}",
    ] {
        check(text, None);
    }
}

#[test]
fn what_belongs_to_other_text_hides_in_this() {
    for (text, expect) in [
        ("a\u{200d}b", (1, '\u{200d}')),
        ("👩\u{200d}b", (1, '\u{200d}')),
        ("👩\u{200d}\u{200d}👧", (1, '\u{200d}')),
        ("می\u{200c}x", (2, '\u{200c}')),
        ("می\u{200c}\u{200c}خ", (2, '\u{200c}')),
        ("a\u{fe0f}", (1, '\u{fe0f}')),
        ("☂\u{fe0f}\u{fe0f}", (2, '\u{fe0f}')),
        ("葛\u{e0100}\u{e0101}", (2, '\u{e0101}')),
        ("a\u{e0100}", (1, '\u{e0100}')),
        // A flag that says more than a flag does.
        ("🏴\u{e0070}\u{e0061}\u{e0079}\u{e007f}", (1, '\u{e0070}')),
        ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}\u{e0041}", (7, '\u{e0041}')),
    ] {
        check(text, Some(expect));
    }
}

#[test]
fn the_place_is_told() {
    let at = |text: &str| {
        let document = parse(text.as_bytes(), &Limits::default()).unwrap();
        hidden(&document).map(|hidden| hidden.to_string())
    };
    assert_eq!(at(r#"{"a":[1,true,null,{"b/c":"x\ny"}]}"#), None);
    assert_eq!(
        at(r#"{"a":[1,{"b/c":"ok\u202e"}]}"#).as_deref(),
        Some("U+202E is character 3 of `/a/1/b~1c`")
    );
    assert_eq!(
        at(r#"{"to\u200b":1}"#).as_deref(),
        Some("U+200B is character 3 of the name of `/to\\u{200b}`")
    );
    let deep = at(&format!(r#"{{"{}":"\u0007"}}"#, "x".repeat(1000))).unwrap();
    assert!(deep.len() < 300 && deep.contains('…'), "{deep}");
}

proptest! {
    /// Whatever the text is, a place that is given holds the character that is named, and nothing is hidden in the words.
    #[test]
    fn a_place_holds_what_is_named(text in "[a-c\u{200c}-\u{200f}\u{202e}\u{fe0f}👩می葛\u{e0100}\u{e0067}🏴]{0,12}") {
        if let Some((at, c)) = in_text(&text) {
            prop_assert_eq!(text.chars().nth(at), Some(c));
        }
        let document = Json::Object(vec![(text.clone(), Json::String(text))]);
        if let Some(hidden) = hidden(&document) {
            prop_assert!(!hidden.to_string().chars().any(may_hide));
        }
    }
}
