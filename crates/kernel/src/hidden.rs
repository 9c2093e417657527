//! Text that a person would not see as it is: invisible characters, and such as turn text around.
//!
//! An action that people are asked about must not say more than they can see. Which characters hide is Unicode's word:
//! general category Cc but for tab and line ends, and the property Default_Ignorable_Code_Point (DerivedCoreProperties),
//! which has the bidirectional controls, the zero-width characters, fillers, variation selectors and tags in it. See also
//! UTS #39 and CVE-2021-42574.
//!
//! Some of these belong to ordinary text, and refusing them would refuse whole languages: what [`is_ordinary`] says stays.

mod script;

use lastlook_canon::Json;

use script::{is_cjk, is_joining, is_mongolian, is_pictograph, is_virama};

/// The longest pointer that is given, in characters.
const LONGEST: usize = 200;

/// Where text hides something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// The place as a JSON Pointer (RFC 6901), itself with nothing hidden in it, shortened when it is long.
    pub pointer: String,
    /// Whether it is in the name of the member there, not in its value.
    pub in_name: bool,
    /// How many characters stand before it.
    pub at: usize,
    /// The character.
    pub character: char,
}

impl std::fmt::Display for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.in_name { "the name of " } else { "" };
        let at = self.at.saturating_add(1);
        write!(f, "U+{:04X} is character {at} of {what}`{}`", u32::from(self.character), self.pointer)
    }
}

/// The first place in a document, names of members included, that a reader would not see as it is.
pub fn hidden(document: &Json) -> Option<Hidden> {
    find(document, "")
}

fn find(value: &Json, pointer: &str) -> Option<Hidden> {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
        Json::String(text) => in_text(text).map(|(at, character)| found(pointer, false, at, character)),
        Json::Array(items) => {
            items.iter().enumerate().find_map(|(n, item)| find(item, &format!("{pointer}/{n}")))
        }
        Json::Object(members) => members.iter().find_map(|(name, value)| {
            let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            let in_name = in_text(name).map(|(at, character)| found(&pointer, true, at, character));
            in_name.or_else(|| find(value, &pointer))
        }),
    }
}

fn found(pointer: &str, in_name: bool, at: usize, character: char) -> Hidden {
    let mut shown = String::new();
    for c in pointer.chars().take(LONGEST) {
        match may_hide(c) {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    if pointer.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    Hidden { pointer: shown, in_name, at, character }
}

/// The first character of a text that hides, and how many stand before it.
fn in_text(text: &str) -> Option<(usize, char)> {
    // Most text has none of them.
    if !text.chars().any(may_hide) {
        return None;
    }
    let text: Vec<char> = text.chars().collect();
    let mut at = 0;
    while let Some(c) = text.get(at) {
        let (before, after) = text.split_at_checked(at)?;
        if let Some(flag) = flag(after) {
            at = at.saturating_add(flag);
        } else if may_hide(*c) && !is_ordinary(*c, before, after.get(1..).unwrap_or_default()) {
            return Some((at, *c));
        } else {
            at = at.saturating_add(1);
        }
    }
    None
}

/// Whether a character hides, where it does not belong to ordinary text.
fn may_hide(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => false,
        c if c.is_control() => true,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => false,
    }
}

/// Whether a character that may hide belongs to the text around it.
///
/// - The zero-width joiner between two pictographs: an emoji of several.
/// - Joiner and non-joiner after a virama, or between letters of a script that joins them (Arabic, the scripts of India, …).
/// - The variation selectors for text and emoji after a pictograph, a keycap's digit or a sign that has both forms.
/// - One variation selector after an ideograph.
/// - The variation selectors and the vowel separator of Mongolian after a letter of it.
fn is_ordinary(c: char, before: &[char], after: &[char]) -> bool {
    let (last, next) = (before.last().copied(), after.first().copied());
    let is = |c: Option<char>, kind: fn(char) -> bool| c.is_some_and(kind);
    match c {
        '\u{200c}' | '\u{200d}' if is(last, is_virama) => true,
        '\u{200c}' | '\u{200d}' if is(last, is_joining) && is(next, is_joining) => true,
        '\u{200d}' => {
            // An emoji ends with its pictograph, or with what says how that looks.
            let base = before.iter().rev().find(|c| !matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}'));
            is(base.copied(), is_pictograph) && is(next, is_pictograph)
        }
        '\u{fe0e}' | '\u{fe0f}' => is(last, |c| {
            is_pictograph(c)
                || matches!(
                    c,
                    '0'..='9' | '#' | '*' | '©' | '®' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
                )
        }),
        '\u{fe00}'..='\u{fe0d}' | '\u{e0100}'..='\u{e01ef}' => is(last, is_cjk),
        '\u{180b}'..='\u{180f}' => is(last, is_mongolian),
        _ => false,
    }
}

/// How long the flag is that a text begins with: of the sequences made of tags the three that are in use (UTS #51, RGI).
fn flag(text: &[char]) -> Option<usize> {
    let tag = |c: char| char::from_u32(u32::from(c).saturating_add(0xe0000));
    ["gbeng", "gbsct", "gbwls"].into_iter().find_map(|region| {
        let tags = region.chars().filter_map(tag);
        let whole: Vec<char> = std::iter::once('\u{1f3f4}').chain(tags).chain(['\u{e007f}']).collect();
        text.starts_with(&whole).then_some(whole.len())
    })
}

#[cfg(test)]
mod tests;
